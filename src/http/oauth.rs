//! `GET /oauth/callback`: the browser after an install. The code is the proof, exchanged server to server; nothing
//! else in the address is believed, and nothing is bound to the browser.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use maud::{Markup, html};
use secrecy::ExposeSecret;
use serde::Deserialize;
use time::Duration;
use tracing::{error, warn};

use super::HttpState;
use super::error::PageError;
use super::page;
use crate::clients::ghl::Advice;
use crate::crypto::{hash_secret, random_secret};
use crate::db::locations;
use crate::ids::LocationId;
use crate::tokens::{Install, TokenError};

/// A connect link lasts for a working day: time to find the credentials, not to leave it lying about.
const LINK_LIFE: Duration = Duration::hours(24);

#[derive(Deserialize)]
pub(super) struct Callback {
    code: Option<String>,
}

/// Exchanges the code and shows what to do next.
pub(super) async fn callback(
    State(state): State<HttpState>,
    Query(callback): Query<Callback>,
) -> Result<Markup, PageError> {
    let code = callback
        .code
        .filter(|code| !code.trim().is_empty())
        .ok_or_else(no_code)?;
    let install = state
        .tokens
        .install(&code)
        .await
        .map_err(|cause| not_installed(&cause))?;
    let mut links = Vec::new();
    for location in &install.locations {
        let link = new_link(&state, location)
            .await
            .map_err(|error| PageError::store_down(&error))?;
        links.push((location, link));
    }
    Ok(next_steps(&install, &links))
}

async fn new_link(state: &HttpState, location: &LocationId) -> sqlx::Result<String> {
    let token = random_secret();
    let hash = hash_secret(token.expose_secret());
    locations::record_connect_link(&state.pool, &hash, location, state.clock.now() + LINK_LIFE)
        .await?;
    let base = state.public_url.as_str().trim_end_matches('/');
    Ok(format!("{base}/connect/{}", token.expose_secret()))
}

fn next_steps(install: &Install, links: &[(&LocationId, String)]) -> Markup {
    page::page(
        "The app is installed",
        &html! {
            @if links.is_empty() {
                p { "No sub-account has the app yet. In GHL, open the agency's app list, choose this app, and install it in the sub-accounts that should use WhatsApp." }
            } @else {
                h2 { "Next: connect your WhatsApp number" }
                p { "You need three things from Waapify: the instance id, the access token, and the number." }
                ul.links {
                    @for (location, link) in links {
                        li { a.button href=(link) { "Connect WhatsApp for sub-account " (location) } }
                    }
                }
                p.note { "Each link works once, for 24 hours. To get a new one, uninstall the app and install it again." }
                h2 { "Then: choose it in GHL" }
                p {
                    "In the sub-account, open Settings › Phone Numbers › Advanced Settings › SMS Provider, choose this app and save. "
                    "Only an agency admin sees that setting."
                }
            }
            @if !install.failed.is_empty() {
                p.note { "GHL gave no access yet for these sub-accounts. Install the app again when they are active." }
                ul { @for location in &install.failed { li { (location) } } }
            }
        },
    )
}

fn no_code() -> PageError {
    PageError {
        status: StatusCode::BAD_REQUEST,
        title: "This page opens after an install",
        text: "GHL sends you here with a code when you install the app. Open the app in the GHL marketplace and install it from there.".to_owned(),
    }
}

fn not_installed(cause: &TokenError) -> PageError {
    let refused = matches!(cause, TokenError::Call(call) if matches!(call.advice, Advice::Reject | Advice::Reauthorize));
    if let TokenError::Database(error) = cause {
        return PageError::store_down(error);
    }
    if refused {
        warn!(%cause, "GHL refused an install code");
        return PageError {
            status: StatusCode::BAD_REQUEST,
            title: "GHL did not accept this install",
            text: "The code in the link was used before or is too old. Please install the app once more from the GHL marketplace.".to_owned(),
        };
    }
    error!(%cause, "an install could not be finished");
    PageError {
        status: StatusCode::BAD_GATEWAY,
        title: "GHL did not answer",
        text: "The install could not be finished because GHL did not answer. Please install the app once more in a few minutes.".to_owned(),
    }
}
