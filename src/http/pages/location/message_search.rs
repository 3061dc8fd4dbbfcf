//! What the list of messages can be searched for: states, and a customer.

use maud::{Markup, html};

use crate::http::pages::location::location_user::LocationUser;
use crate::model::language::Language;
use crate::model::states::MessageState;

/// The filters: the word in the address, and the states.
const SEARCHES: [(&str, &[MessageState]); 9] = [
    ("", &[]),
    (
        "waiting",
        &[
            MessageState::Accepted,
            MessageState::Sending,
            MessageState::Unconfirmed,
        ],
    ),
    ("sent", &[MessageState::Sent]),
    ("delivered", &[MessageState::Delivered]),
    ("read", &[MessageState::Read]),
    ("posted", &[MessageState::Posted]),
    ("held", &[MessageState::Held]),
    ("failed", &[MessageState::Failed]),
    ("ignored", &[MessageState::Ignored]),
];

/// The filter with this word, and its states.
pub(super) fn find(word: &str) -> Option<(&'static str, &'static [MessageState])> {
    SEARCHES.into_iter().find(|(name, _)| *name == word)
}

/// The form. `chosen`: the word of the filter; `customer`: what was searched for.
pub(super) fn form(
    language: Language,
    visitor: &LocationUser,
    chosen: &str,
    customer: &str,
) -> Markup {
    html! {
        form method="get" action=(visitor.address("/messages")) {
            label for="state" { (language.pick("Show", "Papar")) }
            select #state name="state" {
                @for (name, states) in SEARCHES {
                    option value=(name) selected[name == chosen] { (search_label(language, states)) }
                }
            }
            label for="customer" { (language.pick("Customer", "Pelanggan")) }
            input #customer name="customer" type="search" autocomplete="off" value=(customer)
                placeholder=(language.pick("name or last digits", "nama atau digit terakhir"));
            .actions { button.quiet type="submit" { (language.pick("Show", "Papar")) } }
        }
    }
}

/// The name of a filter. Ignored messages have their own name in each direction, and this filter shows both.
const fn search_label(language: Language, states: &[MessageState]) -> &'static str {
    match states {
        [] => language.pick("All", "Semua"),
        [MessageState::Ignored] => language.pick("Left out", "Diabaikan"),
        [state] => state.label(language),
        _ => language.pick("On their way", "Dalam perjalanan"),
    }
}
