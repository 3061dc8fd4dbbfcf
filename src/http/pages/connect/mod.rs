//! `/connect/{token}`: where an installer connects a WhatsApp number, by a QR code, or by Waapify's keys if a phone is
//! linked already.
//!
//! The link is the proof: one location, one use, 24 hours, ten tries of keys. A link that was made outside GHL replaces a
//! connected number only when told so. No handler reads a location from anywhere else.
//!
//! ```text
//! show ─▶ qr (asks for an instance, shows its code) ─┬─▶ confirm ("Is this your number?") ─▶ done, test_message
//!      ─▶ keys (asks which number they have) ────────┘
//! ```
//!
//! `links` makes links; `pending` keeps what waits; `recorded` says in the audit what is done; `holder` warns of who would lose the number; `scan` shows the code alone, at an address to share; `framing` lets GHL show the pages of a link that was made inside
//! it; `looks` asks GHL now and then; `views` renders the form.

mod code;
mod confirm;
mod done;
mod framing;
mod holder;
mod keys;
mod links;
mod looks;
mod pending;
mod qr;
mod recorded;
mod scan;
mod test_message;
mod views;

use std::fmt::Write as _;

use axum::extract::{DefaultBodyLimit, Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
pub(in crate::http) use links::{Maker, link_address, list_link, new_link};
pub use looks::ProviderLooks;
pub(in crate::http) use qr::picture_of;
use time::Duration;
use tracing::warn;
pub(in crate::http) use views::REFRESH_SECONDS;
use views::{Known, Typed};

use crate::accounts::agency_tokens;
use crate::accounts::agency_tokens::AgencyToken;
use crate::accounts::connect::LinkUse;
use crate::crypto::{derive_secret, hash_secret};
use crate::db::accounts::account_names::Names;
use crate::db::accounts::connect_links::ConnectLink;
use crate::db::accounts::linking::ASKING;
use crate::db::accounts::{account_names, connect_links};
use crate::db::numbers;
use crate::http::error::PageError;
use crate::http::pages::layout::checklist;
use crate::http::{HttpState, MAX_FORM_BYTES, lost};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::{Language, Text};

/// How long a used link still opens its last page. An agency admin, who may have to make the last click in GHL, gets
/// the address from the installer. The page shows the number and the state of that click, and connects nothing.
const DONE_LIFE: Duration = Duration::hours(24);
/// The query with which the form does not begin by itself: a person wants to enter keys.
const KEYS: &str = "keys";
/// The query with which a list leads to the form of a sub-account that has a number.
pub(in crate::http) const ANOTHER: &str = "another";
/// The query of the page of a link whose location Waapify is being asked for.
const WAIT: &str = "wait";
/// How often keys may be tried with a link: more than a person mistypes, and too few to guess any.
const MAX_TRIES: i32 = 10;

/// The routes.
pub(in crate::http) fn routes(state: HttpState) -> Router<HttpState> {
    Router::new()
        .route("/connect/{token}", get(show).post(keys::submit))
        .route("/connect/{token}/", get(lost::parent))
        .route("/connect/{token}/qr", post(qr::begin).get(lost::parent))
        .route("/connect/{token}/qr.png", get(qr::picture))
        .route("/connect/{token}/state", get(qr::progress))
        .route(
            "/connect/{token}/cancel",
            post(qr::cancel).get(lost::parent),
        )
        .route(
            "/connect/{token}/confirm",
            post(confirm::confirm).get(lost::parent),
        )
        .route(
            "/connect/{token}/again",
            post(confirm::again).get(lost::parent),
        )
        .route("/scan/{token}", get(scan::show))
        .route("/scan/{token}/qr.png", get(scan::picture))
        .route("/scan/{token}/state", get(scan::progress))
        .route(
            "/connect/{token}/test",
            post(test_message::send).get(lost::parent),
        )
        .route("/connect/{token}/provider", get(provider))
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn_with_state(state, framing::frame))
}

/// A link that still opens a page.
#[derive(Clone)]
struct Opened {
    hash: Vec<u8>,
    /// The page's own path.
    path: String,
    /// The secret of the page that shows the code alone.
    scan: String,
    link: ConnectLink,
    names: Names,
}

impl Opened {
    fn location(&self) -> &LocationId {
        &self.link.location_id
    }

    /// The agency whose admin the link was made for, if the location is its own still.
    fn agency(&self) -> Option<&CompanyId> {
        let company = self.names.company_id.as_deref();
        let agency = self.link.agency_id.as_ref();
        agency.filter(|agency| company == Some(agency.as_str()))
    }

    /// The right to connect a number, in place of another one only if that is wanted.
    fn used_to_connect(&self, may_replace: bool) -> LinkUse {
        LinkUse {
            hash: self.hash.clone(),
            made_inside: self.link.made_inside,
            made_by: self.link.made_by.clone(),
            may_replace,
        }
    }

    /// The place that the pending instance's token is sealed for.
    fn place(&self) -> String {
        place_of(&self.link.location_id, &self.hash)
    }
}

/// The place that the token of a link's pending instance is sealed for.
fn place_of(location: &LocationId, hash: &[u8]) -> String {
    let mut place = format!("connect_links/{location}/");
    for byte in hash {
        // Writing to a `String` cannot fail.
        let _ = write!(place, "{byte:02x}");
    }
    place + "/token"
}

/// The secret of the page that shows the code of the link with this token.
fn scan_secret(token: &str) -> String {
    derive_secret(token, "scan")
}

/// The address of the page that shows a link's code.
fn scan_address(state: &HttpState, opened: &Opened) -> String {
    let base = state.public_url.as_str().trim_end_matches('/');
    format!("{base}/scan/{}", opened.scan)
}

/// Shows the next step: the form, the QR code, the number that was found, or the last page.
async fn show(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let opened = find_any(&state, &token).await?;
    if opened.link.used_at.is_some() {
        let page = done::page(&state, language, &opened, &done::TestForm::default()).await?;
        return Ok(page.into_response());
    }
    if opened.link.pending_instance.is_some() {
        return qr::show(&state, language, &opened).await;
    }
    let query = query.as_deref();
    if is_asked(&state, &opened) || query == Some(WAIT) {
        return Ok(views::asking(language, &opened).into_response());
    }
    let known = find_known(&state, &opened).await?;
    // The page's script asks GHL. A browser without JavaScript asks by this address, and waits.
    let finding = match query {
        Some(checklist::ASKED) => {
            let looks = &state.provider_looks;
            checklist::in_time(looks.look(&state, opened.location())).await
        }
        _ => None,
    };
    let wants_keys = query == Some(KEYS);
    // Whether a number may be replaced has to be asked first, outside GHL.
    let begins = known.has_token && (known.connected.is_none() || opened.link.made_inside);
    let typed = Typed {
        // For a location that was connected before, the form already has what was not destroyed.
        instance: &known.instance,
        finding: finding.as_ref(),
        is_asked: known.connected.is_some() && !opened.link.made_inside,
        wants_keys,
        begins: begins && !wants_keys,
        wants_another: wants_another(&opened, query),
        ..Typed::default()
    };
    Ok(views::form(language, &opened, &known, typed, None).into_response())
}

/// Whether the person came for another number than the connected one: by the button inside GHL, or by the link of a list.
fn wants_another(opened: &Opened, query: Option<&str>) -> bool {
    opened.link.made_inside || query == Some(ANOTHER)
}

/// Whether Waapify is being asked for an instance with this link.
fn is_asked(state: &HttpState, opened: &Opened) -> bool {
    let asked_at = opened.link.asked_at;
    asked_at.is_some_and(|asked_at| state.clock.now() < asked_at + ASKING)
}

/// What the form needs to know.
async fn find_known(state: &HttpState, opened: &Opened) -> sqlx::Result<Known> {
    let last = numbers::find_last(&state.pool, opened.location()).await?;
    let token = agency_tokens::find(&state.pool, &state.sealer, opened.location()).await?;
    let (instance, connected) = last.map_or_else(Default::default, |last| {
        (last.instance_id, last.is_connected.then_some(last.number))
    });
    Ok(Known {
        instance,
        connected,
        has_token: matches!(token, AgencyToken::Stored(_)),
        may_keep: matches!(token, AgencyToken::None) && opened.agency().is_some(),
        is_agency: opened.agency().is_some(),
    })
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
    method: Method,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let opened = find_any(&state, &token).await?;
    // A person who opens the address wants the page that it is a part of.
    if lost::is_reader(&method, &headers) {
        return Ok(Redirect::to(&opened.path).into_response());
    }
    let finding = state.provider_looks.look(&state, opened.location()).await;
    let answer = if opened.link.used_at.is_some() {
        checklist::first_answer(language, finding.as_ref())
    } else {
        checklist::answer(language, finding.as_ref())
    };
    Ok(answer.into_response())
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
        scan: scan_secret(token),
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
