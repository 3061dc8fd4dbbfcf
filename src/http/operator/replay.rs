//! A failed message back into its queue. What may have arrived is asked about first, as the command does.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::html;
use serde::Deserialize;
use tracing::info;

use super::{Operator, Place, foreign_form, messages};
use crate::db::messages::Direction;
use crate::db::replays::{self, Doubt, Replay};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::language::Language;

#[derive(Deserialize)]
pub(super) struct Entered {
    #[serde(default)]
    csrf: String,
    /// Set: also if it may have arrived.
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
    let why = match replay {
        Replay::Queued => {
            info!(location = %row.location_id, message_id = %row.id, "replayed by the operator");
            match row.direction {
                Direction::Outbound => state.wake.outbound.notify_one(),
                Direction::Inbound => state.wake.inbound.notify_one(),
            }
            return Ok(Redirect::to(&format!("{address}?replayed=1")).into_response());
        }
        Replay::InDoubt(doubt) => {
            return Ok(ask(&operator, language, &address, doubt).into_response());
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
    Ok((StatusCode::CONFLICT, page).into_response())
}

fn ask(operator: &Operator, language: Language, address: &str, doubt: Doubt) -> Response {
    let (what, button) = question(language, doubt);
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

fn question(language: Language, doubt: Doubt) -> (String, &'static str) {
    let again = language.pick("Send it again all the same", "Hantar juga sekali lagi");
    match doubt {
        Doubt::Unconfirmed => (
            language
                .pick(
                    "Nobody knows whether it left. Look at the chat on the phone: if it is there, leave it as it is.",
                    "Tidak diketahui sama ada ia telah dihantar. Lihat sembang di telefon: jika ada, biarkan begitu.",
                )
                .to_owned(),
            again,
        ),
        Doubt::Refused => (
            language
                .pick(
                    "WhatsApp refused a part of it. That part and all behind it go again.",
                    "WhatsApp menolak sebahagiannya. Bahagian itu dan semua selepasnya dihantar lagi.",
                )
                .to_owned(),
            again,
        ),
        Doubt::PartsLeft { sent } => (
            language.pick(
                format!("{sent} of its parts have left already. Only the rest goes.").as_str(),
                format!("{sent} bahagiannya sudah dihantar. Hanya bakinya dihantar.").as_str(),
            )
            .to_owned(),
            language.pick("Send the rest", "Hantar bakinya"),
        ),
        Doubt::AnswerLost => (
            language
                .pick(
                    "GHL may have it already: its answer was lost. Look at the conversation in GHL first.",
                    "GHL mungkin sudah menerimanya: jawapannya hilang. Lihat perbualan dalam GHL dahulu.",
                )
                .to_owned(),
            language.pick("Post it again all the same", "Pos juga sekali lagi"),
        ),
    }
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
        Replay::NotFailed(state, reason) => {
            let reason = reason
                .map(|reason| format!(": {reason}"))
                .unwrap_or_default();
            let what = language.pick("It has not failed", "Ia tidak gagal");
            format!("{what} ({state}{reason}).")
        }
        Replay::Queued | Replay::InDoubt(_) | Replay::Unknown => language
            .pick(
                "There is no such message any more.",
                "Mesej itu tiada lagi.",
            )
            .to_owned(),
    }
}
