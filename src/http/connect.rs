//! `/connect/{token}`: the form where an installer enters the Waapify credentials. The link is the proof: one
//! location, one use, 24 hours.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tracing::{info, warn};

use super::HttpState;
use super::error::PageError;
use super::page;
use crate::clients::waapify::CheckError;
use crate::connect::{ConnectError, Connected, Entered};
use crate::crypto::hash_secret;
use crate::db::{locations, numbers};
use crate::ids::LocationId;
use crate::language::{Language, Text};

/// Shows the empty form.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Markup, PageError> {
    let location = find_location(&state, &token).await?;
    // Of a location that was here before, only what was destroyed is asked for again.
    let last = numbers::find_last(&state.pool, &location).await?;
    let known = last
        .as_ref()
        .map_or(("", ""), |last| (&last.instance_id, &last.number));
    Ok(form(language, &location, known, None))
}

/// Connects the number, or shows the form again with what is wrong.
pub(super) async fn submit(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, PageError> {
    let location = find_location(&state, &token).await?;
    let Ok(Form(entered)) = entered else {
        let page = form(
            language,
            &location,
            ("", ""),
            Some("Please fill in all three fields."),
        );
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    let link = hash_secret(&token);
    match state
        .connector
        .connect(&location, &entered, Some(&link))
        .await
    {
        Ok(connected) => Ok(done(language, &connected).into_response()),
        Err(ConnectError::Database(error)) => Err(error.into()),
        Err(ConnectError::LinkGone) => Err(link_gone()),
        Err(error) => {
            info!(%location, "a number was not connected");
            let status = match &error {
                ConnectError::Check(CheckError::Unreachable(_)) => StatusCode::BAD_GATEWAY,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            Ok((
                status,
                form(
                    language,
                    &location,
                    (&entered.instance_id, &entered.number),
                    Some(&sentence(&error)),
                ),
            )
                .into_response())
        }
    }
}

async fn find_location(state: &HttpState, token: &str) -> Result<LocationId, PageError> {
    let found =
        locations::find_connect_link(&state.pool, &hash_secret(token), state.clock.now()).await?;
    found.ok_or_else(link_gone)
}

fn link_gone() -> PageError {
    warn!("a connect link that is unknown, used or expired");
    PageError {
        status: StatusCode::NOT_FOUND,
        title: Text::new(
            "This link does not work any more",
            "Pautan ini tidak berfungsi lagi",
        ),
        text: Text::new(
            "Each link works once, for 24 hours. If your number is connected already, all is well. If not, install the app again to get a new link: whoever gave you the app has the address for that.",
            "Setiap pautan berfungsi sekali, selama 24 jam. Jika nombor anda sudah disambungkan, semuanya baik. Jika tidak, pasang aplikasi ini sekali lagi untuk mendapat pautan baharu: orang yang memberi anda aplikasi ini mempunyai alamatnya.",
        ),
    }
}

/// An error as a sentence of its own.
fn sentence(error: &ConnectError) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first = chars
        .next()
        .map(|c| c.to_uppercase().to_string())
        .unwrap_or_default();
    format!("{first}{}", chars.as_str())
}

/// The access token is never shown again.
fn form(
    language: Language,
    location: &LocationId,
    (instance, number): (&str, &str),
    fault: Option<&str>,
) -> Markup {
    page::page(
        language,
        "Connect your WhatsApp number",
        &html! {
            @if let Some(fault) = fault {
                p.notice.bad role="alert" { (fault) }
            }
            p.note { "For sub-account " (location) "." }
            form method="post" autocomplete="off" {
                label for="instance_id" { "Instance id" }
                input #instance_id name="instance_id" value=(instance) required;
                p.hint { "In Waapify: the account's page shows it under the linked number." }
                label for="access_token" { "Access token" }
                input #access_token name="access_token" type="password" required;
                p.hint { "In Waapify: your profile shows it under API." }
                label for="number" { "WhatsApp number" }
                input #number name="number" value=(number) inputmode="tel" placeholder="60123456789" required;
                p.hint { "The number that is linked to this instance, with its country code." }
                button type="submit" { "Check and connect" }
            }
        },
    )
}

fn done(language: Language, connected: &Connected) -> Markup {
    page::page(
        language,
        "Your WhatsApp number is connected",
        &html! {
            p.notice.good { "+" (connected.number) " now sends what you write in GHL, and replies come back into the same conversation." }
            @if !connected.sharers.is_empty() {
                p.notice.warn { "Another sub-account is connected to the same number. Its replies now come to this one." }
            }
            h2 { "One click is left, in GHL" }
            p {
                "In the sub-account, open Settings › Phone Numbers › Advanced Settings › SMS Provider, choose this app and save. "
                "Only an agency admin sees that setting. You can close this page."
            }
        },
    )
}
