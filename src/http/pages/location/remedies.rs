//! What a person can do about a failed message: the button that sends it again stands only where that may help and the user may
//! do it; else there are words.

use maud::{Markup, html};

use crate::db::views::messages::MessageRow;
use crate::db::views::overview::Entry;
use crate::http::pages::ghl_links::GhlLinks;
use crate::http::pages::location::location_user::LocationUser;
use crate::model::ids::MessageId;
use crate::model::language::Language;
use crate::model::reason::{Reason, Remedy};
use crate::model::states::{Direction, MessageState};

/// What may help.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Help {
    /// Send it again.
    Again,
    /// Connect a number first: there is none that it could leave from.
    Connect,
    /// What its reason asks for.
    Else(Remedy),
}

impl Help {
    fn find(direction: Direction, remedy: Remedy, has_number: bool) -> Self {
        match remedy {
            Remedy::SendAgain if direction == Direction::Outbound && !has_number => Self::Connect,
            Remedy::SendAgain => Self::Again,
            other => Self::Else(other),
        }
    }
}

/// The cell of a list. `has_number`: whether the location has a number that messages can leave from.
pub(super) fn cell(
    language: Language,
    visitor: &LocationUser,
    entry: &Entry,
    has_number: bool,
) -> Markup {
    if entry.state != MessageState::Failed {
        return html! {};
    }
    let remedy = entry.why.as_ref().map_or(Remedy::SendAgain, Reason::remedy);
    match Help::find(entry.direction, remedy, has_number) {
        Help::Again => retry(language, visitor, entry.id),
        Help::Connect => connect(language, visitor),
        Help::Else(remedy) => html! { (words(language, remedy)) },
    }
}

/// The part of a failed message's page.
pub(super) fn part(
    language: Language,
    visitor: &LocationUser,
    row: &MessageRow,
    ghl: Option<&GhlLinks>,
    has_number: bool,
) -> Markup {
    let Some(remedy) = row.remedy() else {
        return html! {};
    };
    let open = match remedy {
        Remedy::CorrectContact => {
            language.pick("Correct the contact in GHL", "Betulkan kenalan dalam GHL")
        }
        _ => language.pick("Open the contact in GHL", "Buka kenalan dalam GHL"),
    };
    html! {
        @if remedy == Remedy::CorrectContact {
            p.note { (language.pick(
                "Sending this message again would not help: it keeps the number that it was written to. Correct the contact, then write anew.",
                "Menghantar mesej ini semula tidak membantu: ia kekal dengan nombor asalnya. Betulkan kenalan itu, kemudian tulis semula.",
            )) }
        }
        .actions {
            @match Help::find(row.direction, remedy, has_number) {
                Help::Again => { (retry(language, visitor, row.id)) }
                Help::Connect => { (connect(language, visitor)) }
                Help::Else(_) => {}
            }
            @if let Some(ghl) = ghl {
                a.button.quiet href=(ghl.contact) target="_blank" rel="noopener" { (open) }
            }
        }
    }
}

fn retry(language: Language, visitor: &LocationUser, id: MessageId) -> Markup {
    if !visitor.may_change() {
        return html! { span.note { (language.pick("An admin can send it again", "Admin boleh menghantarnya semula")) } };
    }
    html! {
        form method="post" action=(visitor.address(&format!("/messages/{id}/retry"))) {
            (visitor.token())
            button.small.quiet type="submit" { (language.pick("Try again", "Cuba lagi")) }
        }
    }
}

fn connect(language: Language, visitor: &LocationUser) -> Markup {
    html! {
        a href=(visitor.address("#numbers")) { (language.pick("Connect a number first", "Sambungkan nombor dahulu")) }
    }
}

const fn words(language: Language, remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::SendAgain => "",
        Remedy::CorrectContact => language.pick(
            "Correct the contact, then write anew",
            "Betulkan kenalan, kemudian tulis semula",
        ),
        Remedy::WriteAnew => language.pick("Write it anew in GHL", "Tulis semula dalam GHL"),
        Remedy::Elsewhere => language.pick(
            "Go on where the reason says",
            "Teruskan di tempat yang dinyatakan",
        ),
        Remedy::LeaveAlone => language.pick(
            "Nothing: the customer does not want it",
            "Tiada apa-apa: pelanggan tidak mahukannya",
        ),
    }
}
