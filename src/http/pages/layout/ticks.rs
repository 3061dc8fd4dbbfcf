//! A message's ticks, as WhatsApp draws them: a clock, one tick, two, two in blue, and a mark where it failed.
//!
//! They stand beside the word for the state, so that they need no words of their own.

use maud::{Markup, html};

use crate::model::states::MessageState;

/// The ticks of a message to WhatsApp; nothing where WhatsApp has none.
pub(in crate::http) fn ticks(state: MessageState) -> Markup {
    const ONE: &str = "M2 6.5 5.5 10 13 2";
    const SECOND: &str = "M8 10 15.5 2";
    match state {
        MessageState::Accepted | MessageState::Sending | MessageState::Unconfirmed => drawing(
            "",
            &html! { circle cx="9" cy="6" r="4.6" {} path d="M9 3.4V6l2 1.3" {} },
        ),
        MessageState::Sent => drawing("", &html! { path d=(ONE) {} }),
        MessageState::Delivered => drawing("", &html! { path d=(ONE) {} path d=(SECOND) {} }),
        MessageState::Read => drawing("blue", &html! { path d=(ONE) {} path d=(SECOND) {} }),
        MessageState::Failed => drawing(
            "red",
            &html! { circle cx="9" cy="6" r="4.6" {} path d="M9 3.4v3.2M9 8.3v.2" {} },
        ),
        MessageState::Posted | MessageState::Held | MessageState::Ignored => html! {},
    }
}

fn drawing(colour: &str, lines: &Markup) -> Markup {
    html! { svg.ticks.(colour)[!colour.is_empty()] aria-hidden="true" viewBox="0 0 18 12" { (lines) } }
}
