//! `/operator`: every location, number and failure, for anyone who holds `ADMIN_TOKEN`; 404 everywhere if none is set.
//!
//! Every handler except sign-in takes [`Operator`], which is the proof. Never shows the text of a message, and only the
//! end of a customer's number until one message is opened.
//!
//! * `sign_in`: the token in a form, for a session of an hour
//! * `overview`: the service as a whole; `locations` (one with `location_panels`), `numbers`: page by page
//! * `wrong` with `causes`: what is wrong now, the worst first; `search`: by name, number, id or reason; `agencies`
//! * `messages`: a location's messages, one message with its steps; `replay`: sends a failed one again
//! * `failures`: what failed, by reason and time; `replay_many`: sends many of them again
//! * `protection`: how a location's numbers are doing, and what lets them go on
//! * `queues`: whose rows wait; `audits`: who did what; `export`: the lists as CSV; `since`: times in addresses
//! * `components`, `labels`: parts and words that these pages share

mod agencies;
mod audits;
mod causes;
mod components;
mod export;
mod failures;
mod labels;
mod location_panels;
mod locations;
mod messages;
mod numbers;
mod overview;
mod protection;
mod queues;
mod replay;
mod replay_many;
mod search;
mod sign_in;
mod since;
mod wrong;

use axum::extract::{DefaultBodyLimit, FromRequestParts};
use axum::http::header::{HeaderMap, HeaderValue, REFERRER_POLICY};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use axum_extra::extract::CookieJar;
use maud::{Markup, html};
use tracing::warn;
use url::form_urlencoded;

use crate::db::accounts::ended_sessions;
use crate::http::admin::bearer;
use crate::http::error::PageError;
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, live};
use crate::http::pages::session::{Session, is_own_origin};
use crate::http::{HttpState, MAX_FORM_BYTES, lost};
use crate::model::language::{Language, Text};
use crate::model::zone::Zone;

/// The path of the pages, and of the session's cookie.
const PATH: &str = "/operator";
const SIGN_IN: &str = "/operator/sign-in";

pub(in crate::http) fn routes() -> Router<HttpState> {
    Router::new()
        .route(PATH, get(overview::show))
        .route("/operator/", get(lost::parent))
        .route(SIGN_IN, get(sign_in::show).post(sign_in::submit))
        .route("/operator/sign-out", post(sign_in::end).get(lost::parent))
        .route("/operator/locations", get(locations::list))
        .route("/operator/locations/{location}", get(locations::show))
        .route(
            "/operator/locations/{location}/messages",
            get(messages::list),
        )
        .route(
            "/operator/locations/{location}/numbers/{number}/go-on",
            post(protection::go_on).get(lost::great_grandparent),
        )
        .route("/operator/numbers", get(numbers::list))
        .route("/operator/failures", get(failures::list))
        .route("/operator/failures.csv", get(export::failures))
        .route("/operator/locations.csv", get(export::locations))
        .route("/operator/numbers.csv", get(export::numbers))
        .route("/operator/audit.csv", get(export::audit))
        .route("/operator/agencies", get(agencies::list))
        .route("/operator/audit", get(audits::list))
        .route("/operator/queues", get(queues::list))
        .route("/operator/search", get(search::show))
        .route(
            "/operator/replay",
            get(replay_many::show).post(replay_many::submit),
        )
        .route("/operator/messages/{id}", get(messages::show))
        .route(
            "/operator/messages/{id}/replay",
            post(replay::submit).get(lost::parent),
        )
        .layer(DefaultBodyLimit::max(MAX_FORM_BYTES))
        .layer(middleware::map_response(with_referrer))
}

/// With `no-referrer`, browsers hide a form's origin even from its own site. No address here is a secret.
async fn with_referrer(mut response: Response) -> Response {
    let policy = HeaderValue::from_static("same-origin");
    response.headers_mut().insert(REFERRER_POLICY, policy);
    response
}

/// A caller that holds the operator's token.
pub(in crate::http) struct Operator {
    /// The browser's session; none if the token came in a header.
    session: Option<Session>,
    /// The reader's time zone, as the script that shows times told in a cookie; else UTC. Charts are in its days.
    zone: Zone,
}

/// The cookie in which the script tells the reader's zone.
const ZONE_COOKIE: &str = "zone";

fn zone_of(jar: &CookieJar) -> Zone {
    let told = jar.get(ZONE_COOKIE).and_then(|one| Zone::find(one.value()));
    told.unwrap_or_default()
}

impl FromRequestParts<HttpState> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Response> {
        let Some(token) = &state.admin_token else {
            return Err(lost::no_page().into_response());
        };
        if bearer(&parts.headers).is_some() {
            let checked = state.admin.check_header(token, &parts.headers).await;
            return checked
                .map(|()| Self {
                    session: None,
                    zone: Zone::utc(),
                })
                .map_err(IntoResponse::into_response);
        }
        let jar = CookieJar::from_headers(&parts.headers);
        let session = Session::find(jar.iter(), PATH, &state.sealer, state.clock.now());
        let Some(session) = session.filter(|session| session.is_of(token)) else {
            return Err(to_sign_in(parts));
        };
        match ended_sessions::is_ended(&state.pool, &session.hash()).await {
            Ok(false) => Ok(Self {
                session: Some(session),
                zone: zone_of(&jar),
            }),
            Ok(true) => Err(to_sign_in(parts)),
            Err(error) => Err(PageError::database_down(&error).into_response()),
        }
    }
}

/// Leads to the sign-in form, which leads back to the page that was asked for. A form's address is none.
fn to_sign_in(parts: &Parts) -> Response {
    let wanted = parts.uri.path_and_query().map_or("", |path| path.as_str());
    if parts.method != Method::GET || !sign_in::is_own_page(wanted) {
        return Redirect::to(SIGN_IN).into_response();
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair(sign_in::TO, wanted)
        .finish();
    Redirect::to(&format!("{SIGN_IN}?{query}")).into_response()
}

impl Operator {
    /// The token of the operator's forms. A program with the header needs none.
    fn csrf(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.csrf)
    }

    /// Checks that a form is from one of the operator's pages.
    fn check_form(
        &self,
        state: &HttpState,
        headers: &HeaderMap,
        csrf: &str,
    ) -> Result<(), PageError> {
        let wrote = self
            .session
            .as_ref()
            .is_none_or(|session| session.wrote(csrf));
        if wrote && is_own_origin(headers, &state.public_url) {
            return Ok(());
        }
        Err(foreign_form())
    }

    /// A page with the operator's tabs.
    fn page(&self, language: Language, place: Place, title: &str, body: &Markup) -> Markup {
        let frame = Frame {
            scripts: &[live::SCRIPT],
            is_wide: true,
            zone: Some(&components::UTC),
            whose: Some(language.pick("Operator", "Pengendali")),
            ..Frame::default()
        };
        layout::framed(
            language,
            title,
            frame,
            &html! {
                (layout::components::tabs(language, TABS.map(|(tab, address, name)| (address.to_owned(), language.pick(name.0, name.1), tab == place))))
                div #operator data-live=[(place == Place::Overview).then_some(REFRESH_SECONDS)] { (body) }
                @if self.session.is_some() {
                    form.actions method="post" action="/operator/sign-out" {
                        input type="hidden" name="csrf" value=(self.csrf());
                        button.quiet.small type="submit" { (language.pick("Sign out", "Log keluar")) }
                    }
                }
            },
        )
    }
}

/// Seconds between two looks at the overview, which checks the whole service.
const REFRESH_SECONDS: u32 = 60;

/// A tab of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Overview,
    Locations,
    Numbers,
    Failures,
    Audit,
}

/// The tabs with their addresses and their names in English and Malay.
const TABS: [(Place, &str, (&str, &str)); 5] = [
    (Place::Overview, PATH, ("Overview", "Ringkasan")),
    (
        Place::Locations,
        "/operator/locations",
        ("Sub-accounts", "Sub-akaun"),
    ),
    (Place::Numbers, "/operator/numbers", ("Numbers", "Nombor")),
    (
        Place::Failures,
        "/operator/failures",
        ("Failures", "Kegagalan"),
    ),
    (
        Place::Audit,
        "/operator/audit",
        ("Who did what", "Siapa buat apa"),
    ),
];

fn foreign_form() -> PageError {
    warn!("a form of the operator's pages that another page wrote");
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new("Please open the page again", "Sila buka halaman itu semula"),
        text: Text::new(
            "This form is too old, or it came from another website. Nothing was changed. Go back, load the page again and repeat it.",
            "Borang ini terlalu lama, atau datang dari laman web lain. Tiada apa-apa diubah. Kembali, muat semula halaman dan ulangi.",
        ),
    }
}

fn not_found() -> PageError {
    PageError {
        status: StatusCode::NOT_FOUND,
        title: Text::new("There is no such thing here", "Tiada perkara itu di sini"),
        text: Text::new(
            "No sub-account or message has this name. Check the address, or look for it in the lists.",
            "Tiada sub-akaun atau mesej dengan nama ini. Semak alamatnya, atau cari dalam senarai.",
        ),
    }
}
