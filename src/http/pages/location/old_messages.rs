//! Old messages that WhatsApp gave us, on the first page: how many there are, and what shall become of them.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use time::OffsetDateTime;
use tracing::info;

use crate::db::inbound::late;
use crate::db::inbound::late::OldMessages;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::{labels, see};
use crate::model::ids::MessageId;
use crate::model::language::Language;

/// The field with the last message that the page counted.
const LAST: &str = "last";

/// The panel; nothing where there are none.
pub(super) fn panel(
    language: Language,
    visitor: &LocationUser,
    old: &OldMessages,
    now: OffsetDateTime,
) -> Markup {
    html! {
        @if old.asked > 0 || old.shown > 0 {
            section.panel data-key="old" {
                h2 { (language.pick("Old messages", "Mesej lama")) }
                @if let Some(last) = old.last { (question(language, visitor, old, last, now)) }
                @if old.shown > 0 {
                    p role="status" { strong { (old.shown) } " " (language.pick(
                        "old messages are on their way to GHL. New messages go first.",
                        "mesej lama sedang dihantar ke GHL. Mesej baharu didahulukan.",
                    )) }
                }
            }
        }
    }
}

fn question(
    language: Language,
    visitor: &LocationUser,
    old: &OldMessages,
    last: MessageId,
    now: OffsetDateTime,
) -> Markup {
    html! {
        p { strong { (old.asked) } " " (language.pick(
            "messages came from WhatsApp that were written more than three days before, as happens after a phone is linked again. They are not shown in GHL, so that no workflow answers them.",
            "mesej diterima daripada WhatsApp yang ditulis lebih tiga hari sebelumnya, seperti yang berlaku selepas telefon dipautkan semula. Ia tidak dipaparkan dalam GHL supaya tiada workflow menjawabnya.",
        )) }
        @if let Some(oldest) = old.oldest {
            p.hint { (language.pick("The oldest was written ", "Yang paling lama ditulis ")) (labels::ago(language, visitor, oldest, now)) "." }
        }
        @if visitor.may_change() { .actions {
            (form(visitor, last, "show", language.pick("Show them in GHL", "Paparkan dalam GHL")))
            (form(visitor, last, "forget", language.pick("Forget them", "Abaikan")))
        } }
        p.hint { (language.pick(
            "Shown messages keep their dates, but workflows for new replies will run. Forgotten ones stay on the phone only.",
            "Mesej yang dipaparkan mengekalkan tarikhnya, tetapi workflow untuk balasan baharu akan berjalan. Mesej yang diabaikan kekal pada telefon sahaja.",
        )) }
    }
}

fn form(visitor: &LocationUser, last: MessageId, what: &str, label: &str) -> Markup {
    html! {
        form method="post" action=(visitor.address(&format!("/old-messages/{what}"))) {
            (visitor.token())
            input type="hidden" name=(LAST) value=(last);
            button.quiet[what == "forget"] type="submit" { (label) }
        }
    }
}

pub(super) async fn show(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let (location, last) = (&sent.visitor.location, last_of(&sent)?);
    let shown = late::show(&state.pool, location, last, state.clock.now()).await?;
    info!(%location, shown, "old messages are to be shown");
    state.signals.inbound.notify_one();
    Ok(see(&sent.visitor.address("")))
}

pub(super) async fn forget(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let (location, last) = (&sent.visitor.location, last_of(&sent)?);
    let forgotten = late::forget(&state.pool, location, last, state.clock.now()).await?;
    info!(%location, forgotten, "old messages are forgotten");
    Ok(see(&sent.visitor.address("")))
}

/// The last message that the page counted: what came since then is not meant.
fn last_of(sent: &VerifiedForm) -> Result<MessageId, PageError> {
    let last = sent.field(LAST).parse();
    last.map(MessageId).map_err(|_| not_here())
}
