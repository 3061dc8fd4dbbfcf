//! The page inside GHL for a whole agency, in GHL's own view of it: the sub-accounts with their states and the way to
//! each, and the agency's Waapify token.
//!
//! Every handler queries the database for the session's agency, and checks that a sub-account that a form names is one of
//! its own. Every user of the agency may look; its admins may change something. `user` proves who asks; `token` keeps the
//! token, `token_panel` shows it; `list` shows the page.

mod list;
mod token;
mod token_panel;
mod user;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use crate::db::accounts::locations;
use crate::http::error::PageError;
use crate::http::pages::connect as connecting;
use crate::http::pages::location::agency::user::AgencyForm;
use crate::http::pages::location::location_user::{check_standing, not_here};
use crate::http::pages::location::{see, sso_login};
use crate::http::{HttpState, lost};
use crate::model::ids::LocationId;

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
    let maker = connecting::Maker {
        user: Some(sent.user.name()),
        agency: Some(&sent.user.company),
    };
    let link = connecting::new_link(&state, &location, maker).await?;
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
