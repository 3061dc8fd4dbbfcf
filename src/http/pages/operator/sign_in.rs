//! Signing in with `ADMIN_TOKEN`, and signing out. [`crate::http::admin`] compares the token and limits guesses.

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use maud::{Markup, html};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tracing::info;

use crate::db::accounts::ended_sessions;
use crate::http::admin::Refused;
use crate::http::error::PageError;
use crate::http::pages::audited::Audited;
use crate::http::pages::layout;
use crate::http::pages::layout::Frame;
use crate::http::pages::operator::{Operator, PATH, SIGN_IN, foreign_form};
use crate::http::pages::session::{Holder, Session, is_own_origin};
use crate::http::{HttpState, lost};
use crate::model::language::Language;

#[derive(Deserialize)]
pub(super) struct Entered {
    token: SecretString,
    /// Where to go then.
    #[serde(default)]
    to: String,
}

/// The part of the query, and the form field, with the page that was asked for.
pub(super) const TO: &str = "to";
/// Longest address that is kept: those of lists with every filter are shorter.
const MAX_TO: usize = 1_000;

/// The query of the form.
#[derive(Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    to: String,
}

/// Whether an address, which anyone may have written, is a page of the operator behind the form: it leads to no other site, because
/// it begins with a path of ours.
pub(super) fn is_own_page(address: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && c != '\\';
    let path = address.split(['?', '#']).next().unwrap_or_default();
    address.len() <= MAX_TO
        && address.starts_with("/operator/")
        && address.chars().all(is_plain)
        && !path.contains("//")
        && !path.contains("/.")
        && !["/operator/sign-in", "/operator/sign-out"].contains(&path)
}

/// A form with no field but its token.
#[derive(Deserialize)]
pub(super) struct Bare {
    csrf: String,
}

/// Shows the empty form.
pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response {
    if state.admin_token.is_none() {
        return lost::no_page().into_response();
    }
    let Query(wanted) = wanted.unwrap_or_default();
    form(language, &wanted.to, None).into_response()
}

/// Starts a session, or shows the form again with what is wrong.
pub(super) async fn submit(
    State(state): State<HttpState>,
    language: Language,
    headers: HeaderMap,
    entered: Result<Form<Entered>, FormRejection>,
) -> Result<Response, PageError> {
    let Some(token) = &state.admin_token else {
        return Err(lost::no_page());
    };
    if !is_own_origin(&headers, &state.public_url) {
        return Err(foreign_form());
    }
    let given = entered
        .as_ref()
        .map_or("", |Form(entered)| entered.token.expose_secret());
    let to = entered.as_ref().map_or("", |Form(entered)| &entered.to);
    let (status, fault) = match state.admin.check_form(token, given.trim()).await {
        Ok(()) => {
            info!("the operator signed in");
            let session = Session::of_operator(token, PATH, state.clock.now());
            let jar = CookieJar::new().add(session.cookie(&state.sealer));
            let to = if is_own_page(to) { to } else { PATH };
            return Ok((jar, Audited::default(), Redirect::to(to)).into_response());
        }
        Err(Refused::Wrong) => (
            StatusCode::UNAUTHORIZED,
            language.pick(
                "This is not the operator's token. It is ADMIN_TOKEN in the service's settings.",
                "Ini bukan token pengendali. Ia ialah ADMIN_TOKEN dalam tetapan perkhidmatan.",
            ),
        ),
        Err(Refused::Busy) => (
            StatusCode::TOO_MANY_REQUESTS,
            language.pick(
                "So many wrong tokens come in that nobody looked at yours. Try again in a minute; a browser that is signed in already goes on working.",
                "Terlalu banyak token salah diterima sehingga token anda tidak sempat disemak. Cuba lagi sebentar; pelayar yang sudah log masuk terus berfungsi.",
            ),
        ),
    };
    Ok((status, form(language, to, Some(fault))).into_response())
}

/// Ends the session, also for anyone who has a copy of its cookie.
pub(super) async fn end(
    State(state): State<HttpState>,
    operator: Operator,
    headers: HeaderMap,
    entered: Result<Form<Bare>, FormRejection>,
) -> Result<Response, PageError> {
    let csrf = entered.map(|Form(bare)| bare.csrf).unwrap_or_default();
    operator.check_form(&state, &headers, &csrf)?;
    let now = state.clock.now();
    if let Some(session) = &operator.session {
        ended_sessions::end_session(&state.pool, &session.hash(), session.ends_at(), now).await?;
    }
    // Sends the same cookie again, expired: a browser replaces only a cookie with the same attributes.
    let mut cookie = Session::begin(Holder::Operator, PATH, now).cookie(&state.sealer);
    cookie.set_value("");
    cookie.set_max_age(time::Duration::ZERO);
    let jar = CookieJar::new().add(cookie);
    Ok((jar, Audited::default(), Redirect::to(SIGN_IN)).into_response())
}

fn form(language: Language, to: &str, fault: Option<&str>) -> Markup {
    layout::framed(
        language,
        language.pick("Operator's pages", "Halaman pengendali"),
        // It tells the pages behind the reader's time zone.
        Frame::with_scripts(&["/assets/times.js"]),
        &html! {
            @if let Some(fault) = fault { p.notice.bad #fault role="alert" { (fault) } }
            form method="post" action=(SIGN_IN) {
                @if is_own_page(to) { input type="hidden" name=(TO) value=(to); }
                label for="token" { (language.pick("Operator's token", "Token pengendali")) }
                input #token name="token" type="password" autocomplete="current-password" required
                    aria-invalid=[fault.map(|_| "true")] aria-describedby=[fault.map(|_| "fault")];
                p.hint { (language.pick("ADMIN_TOKEN of the service's settings.", "ADMIN_TOKEN dalam tetapan perkhidmatan.")) }
                button type="submit" { (language.pick("Sign in", "Log masuk")) }
            }
        },
    )
}
