//! The user of a session's page, and the forms of such pages. A value of these types is the proof.

use std::collections::HashMap;

use axum::RequestPartsExt as _;
use axum::extract::{Form, FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::COOKIE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::Cookie;
use maud::{Markup, html};
use tracing::warn;

use crate::db::accounts::account_names::Names;
use crate::db::accounts::{account_names, installs, locations};
use crate::db::views::overview;
use crate::db::views::overview::NumberState;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::live;
use crate::http::pages::location::login_page;
use crate::http::pages::location::shown_in::ShownIn;
use crate::http::pages::session::{Holder, Session, is_own_origin};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::{Language, Text};
use crate::model::states::InstallStatus;

/// The form field with the session's token.
pub(super) const TOKEN: &str = "csrf";
/// Query of a session's first address. A browser that opens it without the cookie does not keep cookies.
pub(super) const FIRST: &str = "begin";

/// A user to whom GHL shows this location, with the app installed in it.
#[derive(Debug)]
pub(super) struct LocationUser {
    /// The only location whose rows the user may see.
    pub location: LocationId,
    /// What GHL calls it, and its time zone.
    pub names: Names,
    /// Whether `/assets/live.js` asks, and no person.
    pub is_live: bool,
    session: Session,
    params: HashMap<String, String>,
    query: HashMap<String, String>,
}

impl LocationUser {
    /// An address of this session's pages; `rest` is empty or begins with a slash.
    pub(super) fn address(&self, rest: &str) -> String {
        format!("{}{rest}", self.session.path)
    }

    /// The part of the path that the route calls `name`. Not checked.
    pub(super) fn path_param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// A part of the query. Not checked.
    pub(super) fn query_param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// Whether the user may change something: an admin, unless the operator allows everyone.
    pub(super) const fn may_change(&self) -> bool {
        self.session.may_change
    }

    /// Who it is, as the audit names him; empty in a session of another version.
    pub(super) fn user(&self) -> &str {
        self.session.user.as_deref().unwrap_or_default()
    }

    /// The agency of the sub-account, if the user is its admin.
    pub(super) async fn find_agency(&self, state: &HttpState) -> sqlx::Result<Option<CompanyId>> {
        let Some(agency) = &self.session.agency else {
            return Ok(None);
        };
        let company = locations::find_company(&state.pool, &self.location).await?;
        Ok(company.filter(|company| company == agency))
    }

    /// Whether the user says to be an agency's admin; [`LocationUser::find_agency`] proves whose.
    pub(super) const fn is_of_agency(&self) -> bool {
        self.session.agency.is_some()
    }

    /// The number in the address, if it is the location's own.
    pub(super) async fn find_number(&self, state: &HttpState) -> Result<NumberState, PageError> {
        let rows = overview::list_numbers(&state.pool, &self.location).await?;
        let number = self.path_param("number");
        rows.into_iter()
            .find(|row| row.number == number)
            .ok_or_else(not_here)
    }

    /// The hidden field of every form.
    pub(super) fn token(&self) -> Markup {
        html! { input type="hidden" name=(TOKEN) value=(self.session.csrf); }
    }
}

/// The session with this id in the browser's cookies, and its location.
pub(in crate::http) fn find_session(
    state: &HttpState,
    headers: &HeaderMap,
    id: &str,
) -> Option<(LocationId, Session)> {
    let session = find_at(state, headers, &path_of(id))?;
    match session.holder.clone() {
        Holder::Location(location) => Some((location, session)),
        Holder::Agency(_) | Holder::Operator => None,
    }
}

/// What the paths of an agency's pages begin with.
pub(in crate::http::pages) const AGENCY_PATH: &str = "/app/agency/";

/// The session of an agency with this id in the browser's cookies, and its agency.
pub(in crate::http::pages) fn find_agency_session(
    state: &HttpState,
    headers: &HeaderMap,
    id: &str,
) -> Option<(CompanyId, Session)> {
    let session = find_at(state, headers, &format!("{AGENCY_PATH}{id}"))?;
    match session.holder.clone() {
        Holder::Agency(company) => Some((company, session)),
        Holder::Location(_) | Holder::Operator => None,
    }
}

/// The session for the pages under `path` in the browser's cookies.
fn find_at(state: &HttpState, headers: &HeaderMap, path: &str) -> Option<Session> {
    // Reads all cookies, even of one name, so that no other cookie can hide the session's own.
    let texts = headers.get_all(COOKIE).into_iter();
    let texts = texts.filter_map(|text| text.to_str().ok());
    let cookies = texts.flat_map(|text| text.split(';'));
    let cookies: Vec<_> = cookies
        .filter_map(|cookie| Cookie::parse(cookie.trim().to_owned()).ok())
        .collect();
    let now = state.clock.now();
    Session::find(cookies.iter(), path, &state.sealer, now)
}

/// The path of a session's first page, and of its cookie.
pub(super) fn path_of(id: &str) -> String {
    format!("/app/{id}")
}

impl FromRequestParts<HttpState> for LocationUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Response> {
        let params = parts.extract::<Path<HashMap<String, String>>>().await;
        let Path(params) = params.map_err(|_| not_here().into_response())?;
        let query = parts.extract::<Query<HashMap<String, String>>>().await;
        let Query(query) = query.unwrap_or_default();
        let id = params.get("session").map_or("", String::as_str);
        let Some((location, session)) = find_session(state, &parts.headers, id) else {
            return Err(without_session(parts, query.contains_key(FIRST)).await);
        };
        check_standing(state, &location)
            .await
            .map_err(IntoResponse::into_response)?;
        let names = account_names::find_names(&state.pool, &location).await;
        Ok(Self {
            names: names.map_err(|error| PageError::from(error).into_response())?,
            is_live: live::is_live(&parts.headers),
            location,
            session,
            params,
            query,
        })
    }
}

/// The answer without a valid session: a page that starts one, unless that would repeat forever.
pub(super) async fn without_session(parts: &mut Parts, is_first: bool) -> Response {
    let Ok(language) = parts.extract::<Language>().await;
    if is_first {
        warn!("a browser did not keep the session's cookie");
        return login_page::no_cookies().into_response();
    }
    let shown_in = parts.extensions.get::<ShownIn>().cloned();
    let page = login_page::page(language, &shown_in.unwrap_or(ShownIn(None)));
    (StatusCode::UNAUTHORIZED, page).into_response()
}

/// Checks that the app is still installed. If its token has lapsed, the user still sees the page, which says what to
/// do.
pub(super) async fn check_standing(
    state: &HttpState,
    location: &LocationId,
) -> Result<(), PageError> {
    match installs::find_install_status(&state.pool, location).await? {
        InstallStatus::Installed | InstallStatus::Inactive | InstallStatus::NeedsReinstall => {
            Ok(())
        }
        InstallStatus::Unknown
        | InstallStatus::Pending
        | InstallStatus::NotInstalled
        | InstallStatus::Uninstalled => Err(PageError {
            status: StatusCode::FORBIDDEN,
            title: Text::new(
                "The app is not installed in this sub-account",
                "Aplikasi ini tidak dipasang dalam sub-akaun ini",
            ),
            text: Text::new(
                "It was uninstalled, or GHL has not told us of its install yet. Install it from the GHL marketplace. If you just did, open this page again in a minute.",
                "Ia telah dinyahpasang, atau GHL belum memberitahu kami tentang pemasangannya. Pasang ia dari marketplace GHL. Jika anda baru memasangnya, buka halaman ini sekali lagi dalam seminit.",
            ),
        }),
    }
}

/// A form that was sent by one of the session's own pages, by a user who may change something.
#[derive(Debug)]
pub(super) struct VerifiedForm {
    /// The user who sent it.
    pub visitor: LocationUser,
    fields: HashMap<String, String>,
}

impl VerifiedForm {
    /// A field, trimmed; empty if it is missing.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", |text| text.trim())
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// Whether a box was ticked.
    pub(super) fn is_ticked(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }
}

impl FromRequest<HttpState> for VerifiedForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = LocationUser::from_request_parts(&mut parts, state).await?;
        check_origin(&parts, state).map_err(IntoResponse::into_response)?;
        let request = Request::from_parts(parts, body);
        let form = Form::<HashMap<String, String>>::from_request(request, state).await;
        let Form(fields) = form.map_err(|_| not_ours().into_response())?;
        let token = fields.get(TOKEN).map_or("", String::as_str);
        if !visitor.session.wrote(token) {
            return Err(not_ours().into_response());
        }
        if !visitor.may_change() {
            return Err(only_admins().into_response());
        }
        Ok(Self { visitor, fields })
    }
}

/// Refuses requests from another site's page.
pub(super) fn check_origin(parts: &Parts, state: &HttpState) -> Result<(), PageError> {
    if is_own_origin(&parts.headers, &state.public_url) {
        Ok(())
    } else {
        Err(not_ours())
    }
}

/// One answer for what does not exist and for what is another location's.
pub(super) fn not_here() -> PageError {
    PageError {
        status: StatusCode::NOT_FOUND,
        title: Text::new("There is nothing here", "Tiada apa-apa di sini"),
        text: Text::new(
            "What you are looking for does not exist in this sub-account, or not any more. Go back, or open the page again in GHL.",
            "Apa yang anda cari tidak wujud dalam sub-akaun ini, atau tidak lagi. Kembali, atau buka halaman ini sekali lagi dalam GHL.",
        ),
    }
}

fn only_admins() -> PageError {
    warn!("a user who is no admin wanted to change something");
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "Only an admin may change this",
            "Hanya admin boleh mengubah ini",
        ),
        text: Text::new(
            "Nothing was changed. An admin of this sub-account or of its agency can do it, on this page in GHL. If you were made one just now, open the page again in GHL.",
            "Tiada apa-apa diubah. Admin sub-akaun ini atau agensinya boleh melakukannya, di halaman ini dalam GHL. Jika anda baru dijadikan admin, buka halaman ini sekali lagi dalam GHL.",
        ),
    }
}

pub(super) fn not_ours() -> PageError {
    warn!("a form that is none of its session's");
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new("Nothing was changed", "Tiada apa-apa diubah"),
        text: Text::new(
            "This form was not sent from the page as we show it, or not whole. Please open the page again in GHL and try once more.",
            "Borang ini tidak dihantar dari halaman kami, atau tidak lengkap. Sila buka halaman ini sekali lagi dalam GHL dan cuba lagi.",
        ),
    }
}
