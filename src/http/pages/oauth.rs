//! `GET /oauth/callback`: the browser after an install. The code, exchanged server to server, is the only proof;
//! nothing else in the address is believed. `GET /oauth/install` starts an install here: then the same browser has to
//! come back with the `state` that it was given.

use std::time::Duration as StdDuration;

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use secrecy::ExposeSecret;
use time::Duration;
use tracing::{error, warn};
use url::{Url, form_urlencoded};

use crate::accounts::installs::Installed;
use crate::accounts::names;
use crate::accounts::tokens::TokenError;
use crate::clients::ghl::Advice;
use crate::config::install_link::install_link;
use crate::crypto::{hash_secret, random_secret};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::connect::{Maker, new_link};
use crate::http::pages::install_codes::is_code;
use crate::http::pages::installed;
use crate::model::ids::LocationId;
use crate::model::language::Text;

/// Time to log in to GHL and choose a sub-account.
const STATE_LIFE: Duration = Duration::minutes(30);
/// How long a browser waits until numbers from the install form are connected.
const PENDING_PATIENCE: StdDuration = StdDuration::from_secs(10);
const STATE_COOKIE: &str = "install_state";
/// Between the states of several tabs; no state has it.
const SEPARATOR: &str = ".";
/// Tabs that may be installing at once: more than somebody with many sub-accounts opens. Their states take half of what
/// every browser keeps in a cookie.
const MAX_STATES: usize = 40;

/// The query with which GHL sends the browser back.
struct Callback {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// Stands for values that contradict each other; no state and no code has it.
const CONTRADICTION: &str = "?";

impl Callback {
    /// Reads what browsers and relays make of it: a name may stand there twice, and an empty value is none.
    fn read(query: Option<&str>) -> Self {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        let value = |name: &str| {
            let mut given = pairs.iter().filter(|(key, _)| key == name);
            let first = given.next()?.1.trim();
            let is_one = given.all(|(_, other)| other.trim() == first);
            let value = if is_one { first } else { CONTRADICTION };
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        Self {
            code: value("code"),
            state: value("state"),
            error: value("error"),
        }
    }
}

/// Sends the browser to GHL to choose where the app is installed.
pub(in crate::http) async fn install(State(state): State<HttpState>, jar: CookieJar) -> Response {
    let secret = random_secret();
    // Several tabs may be installing.
    let mut states = states_of(&jar);
    states.push(secret.expose_secret().to_owned());
    let newest = states.len().saturating_sub(MAX_STATES);
    let mut cookie = state_cookie(&state.public_url, &states[newest..].join(SEPARATOR));
    cookie.set_max_age(STATE_LIFE);
    let ghl = &state.ghl;
    let mut address = install_link(&ghl.marketplace_base, &state.public_url, &ghl.client_id);
    address
        .query_pairs_mut()
        .append_pair("state", secret.expose_secret());
    (jar.add(cookie), Redirect::to(address.as_str())).into_response()
}

fn state_cookie(public_url: &Url, value: &str) -> Cookie<'static> {
    Cookie::build((STATE_COOKIE, value.to_owned()))
        .path("/oauth")
        .http_only(true)
        .secure(public_url.scheme() == "https")
        // The browser comes back through a link on GHL's site.
        .same_site(SameSite::Lax)
        .build()
}

/// Exchanges the code and shows what to do next.
pub(in crate::http) async fn callback(
    State(state): State<HttpState>,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Response {
    let callback = Callback::read(query.as_deref());
    let given = callback.state.clone();
    let page = finish(&state, &jar, callback).await.into_response();
    let mut left = states_of(&jar);
    match &given {
        // Another tab's install goes on.
        Some(given) => left.retain(|kept| kept != given),
        // An install from the marketplace ends what this browser began.
        None => left.clear(),
    }
    let mut cookie = state_cookie(&state.public_url, &left.join(SEPARATOR));
    let jar = if left.is_empty() {
        jar.remove(cookie)
    } else {
        cookie.set_max_age(STATE_LIFE);
        jar.add(cookie)
    };
    // Also where the install was refused.
    let mut response = page;
    let cookies = jar.into_response();
    for cookie in cookies.headers().get_all(SET_COOKIE) {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    response
}

/// `HEAD` asks whether there is a page, and uses no code.
pub(in crate::http) async fn head() -> StatusCode {
    StatusCode::OK
}

/// The states of the installs that this browser has begun, the oldest first.
fn states_of(jar: &CookieJar) -> Vec<String> {
    let kept = jar.get(STATE_COOKIE).map_or("", Cookie::value);
    let states = kept.split(SEPARATOR).filter(|state| !state.is_empty());
    states.map(ToOwned::to_owned).collect()
}

async fn finish(
    state: &HttpState,
    jar: &CookieJar,
    callback: Callback,
) -> Result<Response, PageError> {
    if callback.error.is_some() {
        return Err(refused_by_ghl());
    }
    check_state(jar, callback.state.as_deref())?;
    let code = callback.code.filter(|code| is_code(code.trim()));
    let code = code.ok_or_else(no_code)?.trim().to_owned();
    if state.install_codes.was_refused(&code) {
        return Err(code_refused());
    }
    let turn = state.install_codes.turn().await.ok_or_else(busy)?;
    // Runs in its own task: a code works once, so its result must not be lost if the browser leaves.
    let (installs, codes) = (state.installs.clone(), state.install_codes.clone());
    let installing = tokio::spawn(async move {
        let asked_at = installs.now();
        let grant = installs.exchange(&code).await;
        // A code that may be used up is not tried again, when the page is loaded again.
        if grant
            .as_ref()
            .is_err_and(|cause| is_refusal(cause) || may_be_used(cause))
        {
            codes.refuse(&code, turn);
        } else {
            drop(turn);
        }
        installs.install(&grant?, asked_at).await
    });
    let installed = installing
        .await
        .map_err(|ended| internal(&ended))?
        .map_err(|cause| not_installed(&cause))?;
    state.signals.token_upkeep.notify_one();
    Ok(next_step(state, &installed).await?)
}

/// An install that started here must come back with a state that its browser was given. One that started in the
/// marketplace has no state, whatever else this browser has begun (`docs/vendors/ghl.md#install-links`).
fn check_state(jar: &CookieJar, given: Option<&str>) -> Result<(), PageError> {
    let Some(given) = given.map(hash_secret) else {
        return Ok(());
    };
    // Compares hashes, so that the time tells nothing.
    if states_of(jar).iter().any(|kept| hash_secret(kept) == given) {
        return Ok(());
    }
    warn!("an install came back with another state than it began with");
    Err(PageError {
        status: StatusCode::BAD_REQUEST,
        title: Text::new(
            "This install began somewhere else",
            "Pemasangan ini bermula di tempat lain",
        ),
        text: Text::new(
            "It was started in another browser or window, or too long ago. Nothing was changed. Please open the app in the GHL marketplace and install it from there.",
            "Ia dimulakan dalam pelayar atau tetingkap lain, atau sudah terlalu lama. Tiada apa-apa diubah. Sila buka aplikasi ini di marketplace GHL dan pasang dari situ.",
        ),
    })
}

/// A single location goes straight to its connect page; of several, each gets its link in a list. Both have addresses of
/// their own, because this one works only once.
async fn next_step(state: &HttpState, installed: &Installed) -> sqlx::Result<Response> {
    take_up_pending(state, &installed.ready).await;
    names::refresh_for_page(&state.services, &installed.ready).await;
    let agency = installed.agency.as_ref();
    let maker = Maker { user: None, agency };
    let address = match (installed.ready.as_slice(), installed.waiting.as_slice()) {
        ([], []) => installed::address(state),
        ([only], []) => new_link(state, only, maker).await?,
        (ready, waiting) => installed::new_list(state, ready.iter().chain(waiting), agency).await?,
    };
    Ok(Redirect::to(&address).into_response())
}

/// Connects the numbers from GHL's install form. The browser waits a short time for it.
async fn take_up_pending(state: &HttpState, ready: &[LocationId]) {
    let (connector, ready) = (state.connector.clone(), ready.to_vec());
    // Runs in its own task, which continues when the browser stops waiting.
    let taking_up = tokio::spawn(async move {
        for location in &ready {
            if let Err(error) = connector.claim_and_connect_pending(location).await {
                error!(%location, %error, "the number of the install form waits");
            }
        }
    });
    let _ = tokio::time::timeout(PENDING_PATIENCE, taking_up).await;
}

fn no_code() -> PageError {
    PageError {
        status: StatusCode::BAD_REQUEST,
        title: Text::new(
            "This page opens after an install",
            "Halaman ini dibuka selepas pemasangan",
        ),
        text: Text::new(
            "GHL sends you here with a code when you install the app. Open the app in the GHL marketplace and install it from there.",
            "GHL menghantar anda ke sini dengan satu kod apabila anda memasang aplikasi ini. Buka aplikasi ini di marketplace GHL dan pasang dari situ.",
        ),
    }
}

fn refused_by_ghl() -> PageError {
    warn!("GHL ended an install with an error");
    PageError {
        status: StatusCode::BAD_REQUEST,
        title: Text::new("The install was not finished", "Pemasangan belum selesai"),
        text: Text::new(
            "GHL stopped it, or somebody cancelled it. Nothing was changed. Please install the app once more from the GHL marketplace, as an admin of the agency or the sub-account.",
            "GHL menghentikannya, atau seseorang membatalkannya. Tiada apa-apa diubah. Sila pasang aplikasi ini sekali lagi dari marketplace GHL, sebagai admin agensi atau sub-akaun.",
        ),
    }
}

fn internal(ended: &tokio::task::JoinError) -> PageError {
    error!(%ended, "an install ended unexpectedly");
    no_answer()
}

fn no_answer() -> PageError {
    PageError {
        status: StatusCode::BAD_GATEWAY,
        title: Text::new("GHL did not answer", "GHL tidak menjawab"),
        text: Text::new(
            "The install could not be finished because GHL did not answer, and the code in the link may be used up: loading this page again does not help. Please start again in a few minutes: open the app in the GHL marketplace and install it from there. If it is in your list of installed apps and works, all is well.",
            "Pemasangan tidak dapat diselesaikan kerana GHL tidak menjawab, dan kod dalam pautan mungkin sudah digunakan: memuat semula halaman ini tidak membantu. Sila mula semula dalam beberapa minit: buka aplikasi ini di marketplace GHL dan pasang dari situ. Jika aplikasi ini ada dalam senarai aplikasi anda dan berfungsi, semuanya baik.",
        ),
    }
}

/// Whether GHL knows the code and will never take it.
fn is_refusal(cause: &TokenError) -> bool {
    let TokenError::Call(call) = cause else {
        return false;
    };
    matches!(
        call.advice,
        Advice::Reject | Advice::Reauthorize | Advice::Reinstall
    )
}

/// Whether GHL may have taken the code although no answer said so.
const fn may_be_used(cause: &TokenError) -> bool {
    matches!(cause, TokenError::Call(call) if call.may_have_arrived)
}

fn code_refused() -> PageError {
    PageError {
        status: StatusCode::BAD_REQUEST,
        title: Text::new(
            "GHL did not accept this install",
            "GHL tidak menerima pemasangan ini",
        ),
        text: Text::new(
            "The code in the link was used before or is too old. If the app is in your list of installed apps and works, all is well. If not, please install it once more from the GHL marketplace.",
            "Kod dalam pautan itu sudah digunakan atau terlalu lama. Jika aplikasi ini ada dalam senarai aplikasi anda dan berfungsi, semuanya baik. Jika tidak, sila pasang sekali lagi dari marketplace GHL.",
        ),
    }
}

fn busy() -> PageError {
    warn!("so many install codes come in that one did not get its turn");
    PageError {
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: Text::new(
            "Please load this page again in a minute",
            "Sila muat semula halaman ini sebentar lagi",
        ),
        text: Text::new(
            "Many installs arrive right now. Yours was not begun, and its code still works: load this page again.",
            "Banyak pemasangan tiba serentak sekarang. Pemasangan anda belum dimulakan dan kodnya masih sah: muat semula halaman ini.",
        ),
    }
}

fn not_installed(cause: &TokenError) -> PageError {
    match cause {
        TokenError::Database(error) => PageError::database_down(error),
        cause if is_refusal(cause) => {
            warn!(%cause, "GHL refused an install code");
            code_refused()
        }
        _ => {
            error!(%cause, "an install could not be finished");
            no_answer()
        }
    }
}
