//! The page inside GHL: what a location's users see of their numbers and messages, and what they may change.
//!
//! Every handler queries the database for the session's location, never for one from an address or a form.
//!
//! * `sso_login`: `GET /app`, `POST /app/session`: GHL's payload → a session; `login_page`: what a browser sees before
//! * `location_user`: the user of a request, proven each time; the token of forms
//! * `frame_ancestors`: who may show these pages in a frame
//! * `agency`: the same for a whole agency: its sub-accounts, and its Waapify token
//! * `overview`, `numbers`, `number_rules`, `removal`, `protection`, `qr_linking`, `messages`, `remedies`, `message_search`, `old_messages`, `checks`, `opt_out`, `alerts`: the pages; `labels`: times and numbers in
//!   them

mod agency;
mod alerts;
mod checks;
mod frame_ancestors;
mod labels;
mod location_user;
mod login_page;
mod message_search;
mod messages;
mod number_rules;
mod numbers;
mod old_messages;
mod opt_out;
mod overview;
mod protection;
mod qr_linking;
mod remedies;
mod removal;
mod shown_in;
mod sso_login;
mod tabs;

pub(super) use location_user::{AGENCY_PATH, find_agency_session, find_session};

use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::http::{HttpState, MAX_FORM_BYTES, error, lost};

/// The routes. The path of a session's pages has its id, so that two tabs of one browser can show two locations.
pub(in crate::http) fn routes(state: HttpState) -> Router<HttpState> {
    Router::new()
        .route("/app", get(sso_login::ask))
        .route("/app/", get(lost::parent))
        .route(
            "/app/session",
            post(sso_login::begin).get(sso_login::ask_again),
        )
        .route("/app/{session}/", get(lost::parent))
        .route("/app/{session}", get(overview::show))
        .route("/app/{session}/messages", get(messages::list))
        .route("/app/{session}/messages/{id}", get(messages::show))
        .route(
            "/app/{session}/messages/{id}/retry",
            post(messages::retry).get(lost::parent),
        )
        .route(
            "/app/{session}/numbers/{number}",
            get(numbers::show).post(numbers::change),
        )
        .route(
            "/app/{session}/numbers/{number}/default",
            post(numbers::make_default).get(lost::parent),
        )
        .route(
            "/app/{session}/numbers/{number}/protection",
            get(protection::show).post(protection::save),
        )
        .route(
            "/app/{session}/numbers/{number}/go-on",
            post(protection::go_on).get(lost::parent),
        )
        .route(
            "/app/{session}/numbers/{number}/remove",
            post(removal::remove).get(lost::parent),
        )
        .route(
            "/app/{session}/numbers/{number}/relink",
            post(qr_linking::begin).get(lost::parent),
        )
        .route(
            "/app/{session}/numbers/{number}/link",
            get(qr_linking::show),
        )
        .route(
            "/app/{session}/numbers/{number}/link/qr.png",
            get(qr_linking::picture),
        )
        .route(
            "/app/{session}/numbers/{number}/link/state",
            get(qr_linking::progress),
        )
        .route(
            "/app/{session}/old-messages/show",
            post(old_messages::show).get(lost::grandparent),
        )
        .route(
            "/app/{session}/old-messages/forget",
            post(old_messages::forget).get(lost::grandparent),
        )
        .route(
            "/app/{session}/opt-out",
            get(opt_out::show)
                .post(opt_out::save)
                .layer(DefaultBodyLimit::max(opt_out::MAX_WORDS_FORM)),
        )
        .route(
            "/app/{session}/number-rules",
            get(number_rules::show)
                .post(number_rules::save)
                .layer(DefaultBodyLimit::max(number_rules::MAX_RULES_FORM)),
        )
        .route(
            "/app/{session}/alerts",
            get(alerts::show).post(alerts::save),
        )
        .route(
            "/app/{session}/alerts/remove",
            post(alerts::remove).get(lost::parent),
        )
        .route("/app/{session}/checks", get(checks::show))
        .route("/app/{session}/provider", get(checks::provider))
        .route(
            "/app/{session}/connect",
            post(numbers::connect).get(lost::parent),
        )
        .merge(agency::routes())
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::from_fn(error::localize))
        .layer(middleware::from_fn_with_state(
            state,
            frame_ancestors::frame,
        ))
}

/// Redirects after a form, so that a reload repeats nothing.
fn see(address: &str) -> Response {
    Redirect::to(address).into_response()
}
