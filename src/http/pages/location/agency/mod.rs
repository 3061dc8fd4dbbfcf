//! The page inside GHL for a whole agency, in GHL's own view of it: the sub-accounts with their states and the way to
//! each, and the agency's Waapify token.
//!
//! Every handler queries the database for the session's agency, and checks that a sub-account that a form names is one of
//! its own. Every user of the agency may look; its admins may change something. `user` proves who asks; `token` keeps the
//! token; `list` shows the page.

mod list;
mod token;
mod user;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use secrecy::ExposeSecret;
use tracing::info;

use crate::crypto::random_secret;
use crate::db::accounts::{locations, white_label_domains};
use crate::http::error::PageError;
use crate::http::pages::connect as connecting;
use crate::http::pages::location::agency::user::AgencyForm;
use crate::http::pages::location::frame_ancestors::seal;
use crate::http::pages::location::location_user::{FIRST, check_standing, find_at, not_here};
use crate::http::pages::location::{see, sso_login};
use crate::http::pages::session::{Holder, Session};
use crate::http::{HttpState, lost};
use crate::model::ids::{CompanyId, LocationId};

/// What the paths of these pages begin with.
pub(in crate::http::pages) const PATH: &str = "/app/agency/";

/// The routes.
pub(super) fn routes() -> Router<HttpState> {
    Router::new()
        .route("/app/agency/{session}", get(list::show))
        .route("/app/agency/{session}/", get(lost::parent))
        .route(
            "/app/agency/{session}/token",
            post(token::save).get(lost::parent),
        )
        .route(
            "/app/agency/{session}/token/remove",
            post(token::remove).get(lost::grandparent),
        )
        .route("/app/agency/{session}/open", post(open).get(lost::parent))
        .route(
            "/app/agency/{session}/connect",
            post(connect).get(lost::parent),
        )
}

/// Starts a session of a user of an agency.
pub(super) async fn start(
    state: &HttpState,
    company: CompanyId,
    may_change: bool,
    name: String,
) -> sqlx::Result<Response> {
    info!(%company, "a session of an agency begins");
    // When the session is over its address still says in which site it was shown.
    let domain = white_label_domains::find_domain(&state.pool, &company).await?;
    let id = match domain {
        Some(domain) => seal(&state.sealer, &domain),
        None => random_secret().expose_secret().to_owned(),
    };
    let path = path_of(&id);
    let mut session = Session::begin(Holder::Agency(company), &path, state.clock.now());
    session.may_change = may_change;
    session.user = Some(name);
    let cookies = CookieJar::new().add(session.cookie(&state.sealer));
    Ok((cookies, see(&format!("{path}?{FIRST}"))).into_response())
}

/// The path of a session's page, and of its cookie.
fn path_of(id: &str) -> String {
    format!("{PATH}{id}")
}

/// The session with this id in the browser's cookies, and its agency.
fn find_session(state: &HttpState, headers: &HeaderMap, id: &str) -> Option<(CompanyId, Session)> {
    let session = find_at(state, headers, &path_of(id))?;
    match session.holder.clone() {
        Holder::Agency(company) => Some((company, session)),
        Holder::Location(_) | Holder::Operator => None,
    }
}

/// The agency of the session with this id, and its user's name for the audit.
pub(in crate::http::pages) fn find_user(
    state: &HttpState,
    headers: &HeaderMap,
    id: &str,
) -> Option<(CompanyId, Option<String>)> {
    find_session(state, headers, id).map(|(company, session)| (company, session.user))
}

/// The agency of the session with this id.
pub(super) fn find_company(state: &HttpState, headers: &HeaderMap, id: &str) -> Option<CompanyId> {
    find_session(state, headers, id).map(|(company, _)| company)
}

/// Opens the page of a sub-account, or the agency's alerts, which are set there.
async fn open(State(state): State<HttpState>, sent: AgencyForm) -> Result<Response, PageError> {
    let location = own_location(&state, &sent).await?;
    let rest = if sent.field("to") == "alerts" {
        "/alerts"
    } else {
        ""
    };
    let visitor = sent.user.visitor();
    Ok(sso_login::start(&state, location, visitor, rest).await?)
}

/// Leads to the form that connects a sub-account's number.
async fn connect(State(state): State<HttpState>, sent: AgencyForm) -> Result<Response, PageError> {
    let location = own_location(&state, &sent).await?;
    let agency = Some(&sent.user.company);
    let link = connecting::new_link(&state, &location, true, agency).await?;
    Ok(see(&link))
}

/// The sub-account that a form names, if it is the agency's own and has the app.
async fn own_location(state: &HttpState, sent: &AgencyForm) -> Result<LocationId, PageError> {
    // Postgres takes no NUL.
    let id = sent.field("location").replace('\0', "");
    let location = LocationId(id);
    let company = locations::find_company(&state.pool, &location).await?;
    if company.as_ref() != Some(&sent.user.company) {
        return Err(not_here());
    }
    check_standing(state, &location).await?;
    Ok(location)
}
