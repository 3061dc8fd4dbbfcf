//! Removes a number that the location does not send from.
//!
//! The number that messages are sent from cannot be removed: another must take its place first.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use tracing::info;

use crate::db::numbers::removals;
use crate::db::views::overview::NumberState;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::see;
use crate::model::language::Language;

/// The button below a number's settings; nothing for a number that cannot be removed.
pub(super) fn panel(language: Language, visitor: &LocationUser, row: &NumberState) -> Markup {
    let address = visitor.address(&format!("/numbers/{}/remove", row.number));
    html! {
        @if visitor.may_change() && row.is_connected && !row.is_default {
            section.panel {
                h2 { (language.pick("Remove this number", "Buang nombor ini")) }
                p { (language.pick(
                    "What customers write to it no longer comes to GHL, and it is no longer checked. Its messages stay in GHL. You can connect it again at any time.",
                    "Apa yang pelanggan tulis kepadanya tidak lagi masuk ke GHL, dan ia tidak lagi diperiksa. Mesejnya kekal dalam GHL. Anda boleh menyambungkannya semula pada bila-bila masa.",
                )) }
                form.actions method="post" action=(address) {
                    (visitor.token())
                    button.quiet type="submit" { (language.pick("Remove this number", "Buang nombor ini")) }
                }
            }
        }
    }
}

pub(super) async fn remove(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let location = &sent.visitor.location;
    let row = sent.visitor.find_number(&state).await?;
    if !removals::remove_number(&state.pool, location, &row.number, state.clock.now()).await? {
        return Err(not_here());
    }
    info!(%location, "a number is removed");
    state.signals.token_upkeep.notify_one();
    Ok(see(&sent.visitor.address("")))
}
