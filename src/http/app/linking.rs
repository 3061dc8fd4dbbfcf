//! Linking the phone of a known number again, by QR code: `POST …/relink` begins, `…/link` shows the code until a phone has
//! scanned it.
//!
//! Refuses: another number than the known one, and its keys in any page.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::html;
use tracing::{info, warn};

use super::super::HttpState;
use super::super::connect as connecting;
use super::super::error::PageError;
use super::super::page::Frame;
use super::super::page::qr::{self, Said};
use super::overview::framed_as;
use super::see;
use super::visitor::{Sent, Visitor, not_here};
use crate::clients::waapify::Credentials;
use crate::connect::open_credentials;
use crate::db::{numbers, troubles};
use crate::language::Language;
use crate::linking::{self, Progress};

/// The number in the address, if it is the location's own and has its keys.
async fn find(state: &HttpState, visitor: &Visitor) -> Result<(String, Credentials), PageError> {
    let (location, number) = (&visitor.location, visitor.named("number"));
    // Postgres takes no NUL, and no number is written otherwise.
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(not_here());
    }
    let row = numbers::find_number(&state.pool, location, number).await?;
    let row = row.ok_or_else(not_here)?;
    let credentials = open_credentials(&state.sealer, location, &row).map_err(|error| {
        warn!(%location, %error, "a number's keys cannot be opened");
        not_here()
    })?;
    Ok((row.number, credentials))
}

fn page_of(visitor: &Visitor, number: &str) -> String {
    visitor.address(&format!("/numbers/{number}/link"))
}

/// Ends what is left of the number's session, so that a code can be had.
pub(super) async fn begin(
    State(state): State<HttpState>,
    sent: Sent,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let (number, credentials) = find(&state, visitor).await?;
    let progress = linking::begin_again(&state.gateway, &credentials, &number).await;
    if matches!(progress, Progress::Linked(_)) {
        return finish(&state, visitor, &number, &credentials).await;
    }
    info!(location = %visitor.location, "a phone is to be linked again");
    Ok(see(&page_of(visitor, &number)))
}

/// Shows the code, or that the phone is linked.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let (number, credentials) = find(&state, &visitor).await?;
    let progress = linking::state(&state.gateway, &credentials, Some(&number)).await;
    let problem = match progress {
        Progress::Linked(_) => return finish(&state, &visitor, &number, &credentials).await,
        Progress::Waiting => None,
        Progress::Stopped(error) => Some(error.text()),
    };
    let title = format!(
        "{} +{number}",
        language.pick(
            "Scan this code with the phone of",
            "Imbas kod ini dengan telefon"
        ),
    );
    let page = page_of(&visitor, &number);
    let body = html! {
        section.panel {
            @if let Some(problem) = &problem { p.notice.bad role="alert" { (problem.of(language)) } }
            (qr::code(language, &format!("{page}/qr.png"), &format!("{page}/state")))
            p { a href=(visitor.address("")) { (language.pick("Back", "Kembali")) } }
        }
    };
    let frame = Frame {
        scripts: &["/assets/connect.js"],
        refresh: Some(connecting::REFRESH_SECONDS),
        ..Frame::default()
    };
    Ok(framed_as(language, &visitor, None, &title, frame, &body).into_response())
}

/// The number works again: what waits may leave, and its trouble is looked at anew.
async fn finish(
    state: &HttpState,
    visitor: &Visitor,
    number: &str,
    credentials: &Credentials,
) -> Result<Response, PageError> {
    let (location, now) = (&visitor.location, state.clock.now());
    if let Err(error) = state.connector.settle_webhook(credentials).await {
        warn!(%location, %error, "the webhook may point elsewhere");
    }
    let mut connection = state.pool.acquire().await?;
    numbers::release_number(&mut connection, location, number, now, true).await?;
    troubles::watch_now(&state.pool, location, now).await?;
    info!(%location, "a phone is linked again");
    state.wake.outbound.notify_one();
    state.wake.watch.notify_one();
    Ok(see(&visitor.address(&format!("/numbers/{number}?linked"))))
}

/// The picture to scan.
pub(super) async fn picture(
    State(state): State<HttpState>,
    visitor: Visitor,
) -> Result<Response, PageError> {
    let (_, credentials) = find(&state, &visitor).await?;
    Ok(connecting::picture_of(&state, &credentials).await)
}

/// How far it is, for the page's script.
pub(super) async fn progress(
    State(state): State<HttpState>,
    language: Language,
    visitor: Visitor,
) -> Result<Json<Said>, PageError> {
    let (number, credentials) = find(&state, &visitor).await?;
    let progress = linking::state(&state.gateway, &credentials, Some(&number)).await;
    Ok(Json(Said::of(language, &progress)))
}
