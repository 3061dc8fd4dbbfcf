//! `/connect/{token}`: where an installer connects a WhatsApp number, by Waapify's keys, or by a QR code if no phone is
//! linked yet.
//!
//! The link is the proof: one location, one use, 24 hours, ten tries of keys. A link that was made outside GHL replaces a
//! connected number only when told so. No handler reads a location from anywhere else. `framing` lets GHL show the pages
//! of a link that was made inside it, `qr` links a phone, `test_message` sends a test, `looks` asks GHL now and then,
//! `views` renders the pages.

mod framing;
mod looks;
mod qr;
mod test_message;
mod views;

use std::fmt::Write as _;

use axum::extract::DefaultBodyLimit;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
pub use looks::ProviderLooks;
use maud::Markup;
pub(in crate::http) use qr::picture_of;
use secrecy::ExposeSecret;
use serde::Deserialize;
use time::Duration;
use tracing::{info, warn};
pub(in crate::http) use views::REFRESH_SECONDS;
use views::{Done, Fault, Typed};

use crate::accounts::connect::{ConnectError, Entered, Field, LinkUse};
use crate::clients::waapify::CheckError;
use crate::crypto::{derive_secret, hash_secret, random_secret};
use crate::db::accounts::account_names::Names;
use crate::db::accounts::connect_links::ConnectLink;
use crate::db::accounts::{account_names, connect_links};
use crate::db::numbers;
use crate::http::error::PageError;
use crate::http::pages::layout::checklist;
use crate::http::{HttpState, MAX_FORM_BYTES, lost};
use crate::model::ids::LocationId;
use crate::model::language::{Language, Text};

/// How long a connect link works: time to find the credentials, but no longer.
const LINK_LIFE: Duration = Duration::hours(24);
/// How long a used link still opens its last page. An agency admin, who may have to make the last click in GHL, gets
/// the address from the installer. The page shows the number and the state of that click, and connects nothing.
const DONE_LIFE: Duration = Duration::hours(24);
/// How often keys may be tried with a link: more than a person mistypes, and too few to guess any.
const MAX_TRIES: i32 = 10;

/// The routes.
pub(in crate::http) fn routes(state: HttpState) -> Router<HttpState> {
    Router::new()
        .route("/connect/{token}", get(show).post(submit))
        .route("/connect/{token}/", get(lost::parent))
        .route("/connect/{token}/qr", post(qr::begin).get(lost::parent))
        .route("/connect/{token}/qr.png", get(qr::picture))
        .route("/connect/{token}/state", get(qr::progress))
        .route(
            "/connect/{token}/cancel",
            post(qr::cancel).get(lost::parent),
        )
        .route(
            "/connect/{token}/test",
            post(test_message::send).get(lost::parent),
        )
        .route("/connect/{token}/provider", get(provider))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn_with_state(state, framing::frame))
}

/// A link that still opens a page.
struct Opened {
    hash: Vec<u8>,
    /// The page's own path.
    path: String,
    link: ConnectLink,
    names: Names,
}

impl Opened {
    fn location(&self) -> &LocationId {
        &self.link.location_id
    }

    /// The right to connect a number, in place of another one only if that is wanted.
    fn used_to_connect(&self, may_replace: bool) -> LinkUse {
        LinkUse {
            hash: self.hash.clone(),
            made_inside: self.link.made_inside,
            may_replace,
        }
    }

    /// The place that the pending instance's token is sealed for.
    fn place(&self) -> String {
        let mut place = format!("connect_links/{}/", self.link.location_id);
        for byte in &self.hash {
            // Writing to a `String` cannot fail.
            let _ = write!(place, "{byte:02x}");
        }
        place + "/token"
    }
}

/// Makes a link for a location and returns its address; `made_inside`: for a user whom GHL proved.
pub(in crate::http) async fn new_link(
    state: &HttpState,
    location: &LocationId,
    made_inside: bool,
) -> sqlx::Result<String> {
    let token = random_secret();
    let hash = hash_secret(token.expose_secret());
    let end = state.clock.now() + LINK_LIFE;
    connect_links::record_link(&state.pool, &hash, location, made_inside, end).await?;
    Ok(address(state, token.expose_secret()))
}

/// Makes a location's link for the list with this token, from which its address is derived, so that it can be shown
/// again.
pub(in crate::http) async fn list_link(
    state: &HttpState,
    location: &LocationId,
    list: &str,
) -> sqlx::Result<()> {
    let hash = hash_secret(&derive_secret(list, location.as_str()));
    let end = state.clock.now() + LINK_LIFE;
    connect_links::record_listed_link(&state.pool, &hash, location, &hash_secret(list), end).await
}

/// The address of a location's link in the list with this token.
pub(in crate::http) fn link_address(
    state: &HttpState,
    location: &LocationId,
    list: &str,
) -> String {
    address(state, &derive_secret(list, location.as_str()))
}

fn address(state: &HttpState, token: &str) -> String {
    let base = state.public_url.as_str().trim_end_matches('/');
    format!("{base}/connect/{token}")
}

/// Shows the next step: the form, the QR code, or the last page.
async fn show(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let opened = find_any(&state, &token).await?;
    if opened.link.used_at.is_some() {
        let page = done(&state, language, &opened, &views::TestForm::default()).await?;
        return Ok(page.into_response());
    }
    if opened.link.pending_instance.is_some() {
        return qr::show(&state, language, &opened).await;
    }
    // For a location that was connected before, the form already has what was not destroyed.
    let last = numbers::find_last(&state.pool, opened.location()).await?;
    // The page's script asks GHL. A browser without JavaScript asks by this address, and waits.
    let finding = match query.as_deref() {
        Some(checklist::ASKED) => {
            let looks = &state.provider_looks;
            checklist::in_time(looks.look(&state, opened.location())).await
        }
        _ => None,
    };
    let typed = last.as_ref().map_or(Typed::default(), |last| Typed {
        instance: &last.instance_id,
        number: &last.number,
        connected: last.is_connected.then_some(last.number.as_str()),
        finding: finding.as_ref(),
        is_asked: last.is_connected && !opened.link.made_inside,
    });
    Ok(views::form(language, &opened, typed, None).into_response())
}

/// Connects the number, or shows the form again with what is wrong.
async fn submit(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let Ok(Form(Sent { entered, replace })) = sent else {
        let fault = Fault::of_form(Text::new(
            "Please fill in all three fields.",
            "Sila isi ketiga-tiga ruangan.",
        ));
        let page = views::form(language, &opened, Typed::default(), Some(&fault));
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
    };
    count_try(&state, &opened).await?;
    let link = opened.used_to_connect(replace.is_some());
    let connected = state
        .connector
        .connect(opened.location(), &entered, Some(link));
    match connected.await {
        // A redirect, so that a reload does not connect again.
        Ok(_) => Ok(Redirect::to(&opened.path).into_response()),
        Err(error) => {
            let is_asked = replace.is_some() || matches!(error, ConnectError::WouldReplace { .. });
            let fault = fault(&opened, error)?;
            let typed = Typed {
                instance: &entered.instance_id,
                number: &entered.number,
                is_asked,
                ..Typed::default()
            };
            let page = views::form(language, &opened, typed, Some(&fault));
            Ok((fault.status, page).into_response())
        }
    }
}

/// The fields of the form.
#[derive(Deserialize)]
struct Sent {
    #[serde(flatten)]
    entered: Entered,
    /// The box that says that a connected number may be replaced.
    replace: Option<String>,
}

/// Counts a try of keys, before Waapify is asked.
async fn count_try(state: &HttpState, opened: &Opened) -> Result<(), PageError> {
    if connect_links::count_try(&state.pool, &opened.hash, MAX_TRIES).await? {
        return Ok(());
    }
    warn!(location = %opened.location(), "a connect link has tried keys too often");
    Err(PageError {
        status: StatusCode::TOO_MANY_REQUESTS,
        title: Text::new(
            "This link has been tried ten times",
            "Pautan ini sudah dicuba sepuluh kali",
        ),
        text: Text::new(
            "No more keys can be tried with it. Get a new one: open the app in GHL's menu and press \"Connect a number\".",
            "Tiada lagi maklumat boleh dicuba dengannya. Dapatkan pautan baharu: buka aplikasi ini dalam menu GHL dan tekan \"Sambungkan nombor\".",
        ),
    })
}

/// Whether GHL names us as the SMS provider now, as a part of the page.
async fn provider(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Markup, PageError> {
    let opened = find_any(&state, &token).await?;
    let finding = state.provider_looks.look(&state, opened.location()).await;
    Ok(checklist::answer(language, finding.as_ref()))
}

/// What a person can fix in the form. Other failures are pages of their own.
fn fault(opened: &Opened, error: ConnectError) -> Result<Fault, PageError> {
    match error {
        ConnectError::Database(error) => Err(error.into()),
        ConnectError::LinkGone => Err(link_gone()),
        error => {
            info!(location = %opened.location(), "a number was not connected");
            Ok(Fault {
                field: error.field(),
                text: error.text(),
                status: match &error {
                    ConnectError::Check(CheckError::Unreachable(_)) => StatusCode::BAD_GATEWAY,
                    _ => StatusCode::UNPROCESSABLE_ENTITY,
                },
                is_of_qr: false,
            })
        }
    }
}

async fn done(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    test: &views::TestForm<'_>,
) -> Result<Markup, PageError> {
    let location = opened.location();
    let number = opened.link.number.as_deref().unwrap_or_default();
    let found = numbers::find_number(&state.pool, location, number).await?;
    let found = found.ok_or_else(link_gone)?;
    let sharers = numbers::list_sharers(&state.pool, location, number, &found.instance_id).await?;
    let finding = checklist::in_time(state.provider_looks.look(state, location)).await;
    let done = Done {
        number,
        is_shared: !sharers.is_empty(),
        finding: finding.as_ref(),
        offers_test: test_message::is_offered(opened, state.clock.now()),
    };
    Ok(views::done(language, opened, &done, test))
}

/// A token's link, if it still opens a page: unused, or used not long ago.
async fn find_any(state: &HttpState, token: &str) -> Result<Opened, PageError> {
    let hash = hash_secret(token);
    let now = state.clock.now();
    let found = connect_links::find_link(&state.pool, &hash).await?;
    let found = found.filter(|link| match link.used_at {
        Some(used_at) => now < used_at + DONE_LIFE && link.number.is_some(),
        None => now < link.expires_at,
    });
    let link = found.ok_or_else(link_gone)?;
    Ok(Opened {
        hash,
        path: format!("/connect/{token}"),
        names: account_names::find_names(&state.pool, &link.location_id).await?,
        link,
    })
}

async fn find_unused(state: &HttpState, token: &str) -> Result<Opened, PageError> {
    let opened = find_any(state, token).await?;
    if opened.link.used_at.is_some() {
        return Err(link_gone());
    }
    Ok(opened)
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
            "Each link works once, for 24 hours. If your number is connected already, all is well. If not, get a new one: open the app in GHL's menu and press \"Connect a number\". If it has no page there, install the app again.",
            "Setiap pautan berfungsi sekali, selama 24 jam. Jika nombor anda sudah disambungkan, semuanya baik. Jika tidak, dapatkan pautan baharu: buka aplikasi ini dalam menu GHL dan tekan \"Sambungkan nombor\". Jika ia tiada halaman di situ, pasang aplikasi ini sekali lagi.",
        ),
    }
}

/// What is wrong with the only field of the QR form.
fn qr_fault(error: &CheckError) -> Fault {
    Fault {
        field: match error {
            CheckError::Unreachable(_) => None,
            _ => Some(Field::AccessToken),
        },
        text: crate::accounts::connect::check_text(error),
        status: match error {
            CheckError::Unreachable(_) => StatusCode::BAD_GATEWAY,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        },
        is_of_qr: true,
    }
}
