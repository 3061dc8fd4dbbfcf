//! Puts a failed message back into its queue. If it may have arrived, the page asks first, as the command does.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use tracing::info;

use crate::db::replays;
use crate::db::replays::{MayHaveArrived, Replay};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::audited::Audited;
use crate::http::pages::layout::components::may_have_arrived as wording;
use crate::http::pages::operator::{Operator, Place, foreign_form, messages};
use crate::model::language::Language;
use crate::model::states::Direction;

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    csrf: String,
    /// If set, replays the message even if it may have arrived.
    anyway: Option<String>,
}

/// Replays it, or asks, or says why not.
pub(super) async fn submit(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    headers: HeaderMap,
    Path(id): Path<String>,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, PageError> {
    let Ok(Form(entered)) = entered else {
        return Err(foreign_form());
    };
    operator.check_form(&state, &headers, &entered.csrf)?;
    let row = messages::find(&state, &id).await?;
    let anyway = entered.anyway.is_some();
    let replay = replays::replay(&state.pool, row.id, anyway, state.clock.now()).await?;
    let address = format!("/operator/messages/{}", row.id);
    let audited = Audited {
        location: Some(row.location_id.clone()),
        ..Audited::default()
    };
    let why = match replay {
        Replay::Queued => {
            info!(location = %row.location_id, message_id = %row.id, "replayed by the operator");
            match row.direction {
                Direction::Outbound => state.signals.outbound.notify_one(),
                Direction::Inbound => state.signals.inbound.notify_one(),
            }
            let to = Redirect::to(&format!("{address}?replayed=1"));
            return Ok((audited, to).into_response());
        }
        Replay::MayHaveArrived(how) => {
            return Ok((audited, ask(&operator, language, &address, how)).into_response());
        }
        other => refusal(language, other),
    };
    let body = html! {
        section.panel {
            p.notice.warn role="alert" { (why) }
            p { a href=(address) { (language.pick("Back to the message", "Kembali ke mesej")) } }
        }
    };
    let title = language.pick("It was not replayed", "Ia tidak diulang");
    let page = operator.page(language, Place::Failures, title, &body);
    Ok((StatusCode::CONFLICT, audited, page).into_response())
}

fn ask(operator: &Operator, language: Language, address: &str, how: MayHaveArrived) -> Response {
    let (what, button) = wording(language, how);
    let body = html! {
        section.panel {
            p.notice.warn role="alert" { (what) }
            form.actions method="post" action={ (address) "/replay" } {
                input type="hidden" name="csrf" value=(operator.csrf());
                input type="hidden" name="anyway" value="1";
                button type="submit" { (button) }
                a.button.quiet href=(address) { (language.pick("Leave it as it is", "Biarkan begitu")) }
            }
        }
    };
    let title = language.pick("It may have arrived", "Ia mungkin sudah sampai");
    let page = operator.page(language, Place::Failures, title, &body);
    (StatusCode::CONFLICT, page).into_response()
}

/// Why it was not replayed.
fn refusal(language: Language, replay: Replay) -> String {
    match replay {
        Replay::Uninstalled => language
            .pick(
                "The app was uninstalled from its sub-account. Install it again first.",
                "Aplikasi ini telah dinyahpasang daripada sub-akaunnya. Pasang semula dahulu.",
            )
            .to_owned(),
        Replay::NoNumber => language
            .pick(
                "Its sub-account has no WhatsApp number: one has to be connected first.",
                "Sub-akaunnya tiada nombor WhatsApp: satu nombor perlu disambungkan dahulu.",
            )
            .to_owned(),
        Replay::NotFailed(state, reason) => {
            let reason = reason
                .map(|reason| format!(": {}", reason.text(language)))
                .unwrap_or_default();
            let what = language.pick("It has not failed", "Ia tidak gagal");
            format!("{what} ({state}{reason}).")
        }
        Replay::Queued | Replay::MayHaveArrived(_) | Replay::Unknown => language
            .pick(
                "There is no such message any more.",
                "Mesej itu tiada lagi.",
            )
            .to_owned(),
    }
}
