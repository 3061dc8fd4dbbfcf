//! The language of a page: the one that its address names, else the one that the reader chose before, else the one that
//! the browser likes best.
//!
//! A link on every page switches it. The choice is kept in a cookie; where a browser keeps none, it holds for the address.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Request};
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, REFERER, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, SameSite};
use maud::{Markup, html};
use time::Duration;
use url::{Url, form_urlencoded};

use crate::http::pages::layout::live;
use crate::model::language::Language;

/// The query, and the cookie.
const NAME: &str = "lang";
/// How long a choice is kept: browsers cap it at about a year.
const KEPT: Duration = Duration::days(365);

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let said = named(&parts.uri).or_else(|| kept(&parts.headers));
        Ok(said.unwrap_or_else(|| {
            let header = parts.headers.get(ACCEPT_LANGUAGE);
            Self::preferred(header.and_then(|value| value.to_str().ok()).unwrap_or(""))
        }))
    }
}

/// The language that an address names.
fn named(uri: &Uri) -> Option<Language> {
    let query = uri.query()?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(name, tag)| (name == NAME).then(|| Language::find(&tag))?)
}

/// The language that was chosen before.
fn kept(headers: &HeaderMap) -> Option<Language> {
    let texts = headers.get_all(COOKIE).into_iter();
    let cookies = texts
        .filter_map(|text| text.to_str().ok())
        .flat_map(|text| text.split(';'));
    let mut values =
        cookies.filter_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='));
    values.find_map(Language::find)
}

/// What a request chose, to be kept with its answer. A script that asks for a page again chooses nothing.
pub(in crate::http) struct Choice(Option<Language>);

impl Choice {
    /// The choice of a request.
    pub(in crate::http) fn of(request: &Request) -> Self {
        let is_person = !live::is_live(request.headers());
        Self(is_person.then(|| named(request.uri())).flatten())
    }

    /// Keeps it in the browser. In a frame of another site, browsers keep only a partitioned cookie with
    /// `SameSite=None`, which has to be `Secure`.
    pub(in crate::http) fn keep(&self, response: &mut Response) {
        let Some(language) = self.0 else { return };
        let mut cookie = Cookie::new(NAME, language.tag());
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_secure(true);
        cookie.set_max_age(KEPT);
        cookie.set_same_site(SameSite::None);
        cookie.set_partitioned(true);
        if let Ok(value) = cookie.to_string().parse() {
            response.headers_mut().append(SET_COOKIE, value);
        }
    }
}

/// Where a switch has to lead that lost the page's query, such as a filter: the browser names the page it came from.
/// Relative, so that it leads to no other site.
pub(in crate::http) fn detour(request: &Request) -> Option<Response> {
    if request.method() != Method::GET {
        return None;
    }
    let language = named(request.uri())?;
    let is_bare =
        request.uri().query()?.strip_prefix(NAME)?.strip_prefix('=') == Some(language.tag());
    let from = Url::parse(request.headers().get(REFERER)?.to_str().ok()?).ok()?;
    let rest: Vec<_> = from
        .query_pairs()
        .filter(|(name, _)| name != NAME)
        .collect();
    if !is_bare || from.path() != request.uri().path() || rest.is_empty() {
        return None;
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(rest).append_pair(NAME, language.tag());
    Some(Redirect::to(&format!("?{}", query.finish())).into_response())
}

/// The link to the same page in the other language. `kept` is the query that the address must keep.
pub(super) fn switch(language: Language, kept: Option<(&str, &str)>) -> Markup {
    let other = language.pick(Language::Malay, Language::English);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair(NAME, other.tag());
    html! {
        a.language href={ "?" (query.finish()) } lang=(other.tag()) hreflang=(other.tag()) rel="nofollow" { (other.name()) }
    }
}
