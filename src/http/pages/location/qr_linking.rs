//! Links the phone of a known number again, by QR code: `POST …/relink` starts, `…/link` shows the code until a phone
//! has scanned it.
//!
//! If another phone is linked, the page asks first, because people decide whether that link ends. Only the known number
//! is accepted, and no page holds its keys.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tracing::{info, warn};

use crate::accounts::connect::{ConnectError, open_credentials};
use crate::accounts::qr_linking;
use crate::accounts::qr_linking::Progress;
use crate::clients::waapify::Credentials;
use crate::db::history::incidents;
use crate::db::numbers;
use crate::db::numbers::holds;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::connect as connecting;
use crate::http::pages::layout::qr::Said;
use crate::http::pages::layout::{Frame, qr};
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::see;
use crate::http::pages::location::tabs::framed_as;
use crate::model::language::{Language, Text};

/// The form field that permits ending another phone's link.
const ENDS_OTHER: &str = "ends_other";

/// The number in the address, if it is the location's own and its keys can be opened.
async fn find(
    state: &HttpState,
    visitor: &LocationUser,
) -> Result<(String, Credentials), PageError> {
    let (location, number) = (&visitor.location, visitor.path_param("number"));
    // Postgres takes no NUL, and a number has digits only.
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

fn page_of(visitor: &LocationUser, number: &str) -> String {
    visitor.address(&format!("/numbers/{number}/link"))
}

/// Ends the number's old session at Waapify, so that a code can be shown.
pub(super) async fn begin(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let (number, credentials) = find(&state, visitor).await?;
    let ends_other = sent.is_ticked(ENDS_OTHER);
    let progress = qr_linking::begin_again(&state.waapify, &credentials, &number, ends_other).await;
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
    visitor: LocationUser,
) -> Result<Response, PageError> {
    let (number, credentials) = find(&state, &visitor).await?;
    let progress = qr_linking::state(&state.waapify, &credentials, Some(&number)).await;
    Ok(match progress {
        Progress::Linked(_) => return finish(&state, &visitor, &number, &credentials).await,
        Progress::Waiting => scan(language, &visitor, &number, None).into_response(),
        Progress::Stopped(ConnectError::OtherNumber { linked }) => {
            ask(language, &visitor, &number, &linked).into_response()
        }
        Progress::Stopped(error) => {
            scan(language, &visitor, &number, Some(&error.text())).into_response()
        }
    })
}

/// The code. `problem` is what Waapify said instead of linking.
fn scan(
    language: Language,
    visitor: &LocationUser,
    number: &str,
    problem: Option<&Text>,
) -> Markup {
    let title = format!(
        "{} +{number}",
        language.pick(
            "Scan this code with the phone of",
            "Imbas kod ini dengan telefon"
        ),
    );
    let page = page_of(visitor, number);
    let body = html! {
        section.panel {
            @if let Some(problem) = problem { p.notice.bad role="alert" { (problem.of(language)) } }
            (qr::code(language, &format!("{page}/qr.png"), &format!("{page}/state")))
            p { a href=(visitor.address("")) { (language.pick("Back", "Kembali")) } }
        }
    };
    let frame = Frame {
        scripts: &["/assets/connect.js"],
        refresh: Some(connecting::REFRESH_SECONDS),
        ..Frame::default()
    };
    framed_as(language, visitor, None, &title, frame, &body)
}

/// The text if the phone of another number is linked.
fn other_phone(number: &str, linked: &str) -> Text {
    Text::new(
        format!("The phone of +{linked} is linked in Waapify where +{number} should be."),
        format!("Telefon +{linked} dipautkan dalam Waapify di tempat +{number}."),
    )
}

/// Asks whether the other phone's link may end.
fn ask(language: Language, visitor: &LocationUser, number: &str, linked: &str) -> Markup {
    let title = language.pick("Another phone is linked", "Telefon lain dipautkan");
    let body = html! {
        section.panel {
            p.notice.bad role="alert" { (other_phone(number, linked).of(language)) }
            p {
                (language.pick("To link the phone of +", "Untuk memautkan telefon +")) (number)
                (language.pick(", the link of +", ", pautan +")) (linked)
                (language.pick(
                    " has to end. Its own WhatsApp goes on; it only stops sending and receiving through Waapify. Then a QR code appears here.",
                    " perlu ditamatkan. WhatsApp pada telefonnya tetap berfungsi; ia hanya berhenti menghantar dan menerima melalui Waapify. Kemudian kod QR akan muncul di sini.",
                ))
            }
            .actions {
                form method="post" action=(visitor.address(&format!("/numbers/{number}/relink"))) {
                    (visitor.token())
                    button type="submit" name=(ENDS_OTHER) value="1" {
                        (language.pick("End that link and show the QR code", "Tamatkan pautan itu dan tunjukkan kod QR"))
                    }
                }
                a href=(visitor.address("")) { (language.pick("Back", "Kembali")) }
            }
            p.hint { (language.pick(
                "To send from the linked number instead, go back and connect it as another number.",
                "Untuk menghantar dari nombor yang dipautkan itu, kembali dan sambungkannya sebagai nombor lain.",
            )) }
        }
    };
    framed_as(language, visitor, None, title, Frame::default(), &body)
}

/// The number works again: releases its waiting messages, and has its incident checked again.
async fn finish(
    state: &HttpState,
    visitor: &LocationUser,
    number: &str,
    credentials: &Credentials,
) -> Result<Response, PageError> {
    let (location, now) = (&visitor.location, state.clock.now());
    if let Err(error) = state.connector.settle_webhook(credentials).await {
        warn!(%location, %error, "the webhook may point elsewhere");
    }
    let mut connection = state.pool.acquire().await?;
    holds::release_number(&mut connection, location, number, now, true).await?;
    incidents::check_soon(&state.pool, location, now).await?;
    info!(%location, "a phone is linked again");
    state.signals.outbound.notify_one();
    state.signals.monitor.notify_one();
    Ok(see(&visitor.address(&format!("/numbers/{number}?linked"))))
}

/// The QR code.
pub(super) async fn picture(
    State(state): State<HttpState>,
    visitor: LocationUser,
) -> Result<Response, PageError> {
    let (_, credentials) = find(&state, &visitor).await?;
    Ok(connecting::picture_of(&state, &credentials).await)
}

/// Reports the progress to the page's script.
pub(super) async fn progress(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Json<Said>, PageError> {
    let (number, credentials) = find(&state, &visitor).await?;
    let progress = qr_linking::state(&state.waapify, &credentials, Some(&number)).await;
    Ok(Json(match &progress {
        Progress::Stopped(ConnectError::OtherNumber { linked }) => {
            Said::stopped(language, &other_phone(&number, linked))
        }
        progress => Said::of(language, progress),
    }))
}
