//! Starts a session: `GET /app` asks GHL's page around it for its user, and `POST /app/session` exchanges GHL's
//! encrypted answer, once, for a session of the location that is open there.

use std::collections::HashMap;

use axum::Extension;
use axum::extract::{Form, FromRequest as _, Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use maud::Markup;
use secrecy::{ExposeSecret, SecretString};
use tracing::{info, warn};

use crate::accounts::names;
use crate::crypto::{SsoError, SsoUser, open_user, random_secret};
use crate::db::accounts::{locations, sso_payloads, user_names, white_label_domains};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::frame_ancestors::seal;
use crate::http::pages::location::location_user::{
    AGENCY_PATH, FIRST, check_origin, check_standing, path_of,
};
use crate::http::pages::location::shown_in::ShownIn;
use crate::http::pages::location::{login_page, see};
use crate::http::pages::session::{Holder, Session};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::{Language, Text};

/// The page that asks GHL.
pub(super) async fn ask(
    State(state): State<HttpState>,
    Extension(shown_in): Extension<ShownIn>,
    language: Language,
) -> Result<Markup, PageError> {
    secret(&state)?;
    Ok(login_page::page(language, &shown_in))
}

/// The form's address, where a reload of a refused answer ends up: asks GHL again, and keeps the site that shows it.
pub(super) async fn ask_again(uri: Uri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}"));
    Redirect::to(&format!("/app{}", query.unwrap_or_default()))
}

/// Exchanges a payload for a session.
pub(super) async fn begin(
    State(state): State<HttpState>,
    request: Request,
) -> Result<Response, PageError> {
    let (parts, body) = request.into_parts();
    check_origin(&parts, &state)?;
    let request = Request::from_parts(parts, body);
    let form = Form::<HashMap<String, String>>::from_request(request, &state).await;
    let Form(mut form) = form.map_err(|_| refused())?;
    let payload = form.remove("payload").unwrap_or_default();
    let user = prove(&state, &payload).await?;
    let may_change = user.is_admin || state.allow_users_to_change;
    let agency = user.is_agency_admin.then(|| user.company.clone());
    let name = user.described();
    let Some(location) = user.active_location else {
        // Users of a sub-account have no business with its neighbours.
        if !user.is_of_agency {
            return Err(no_location());
        }
        return Ok(start_agency(&state, user.company, agency.is_some(), name).await?);
    };
    check_standing(&state, &location).await?;
    let company = locations::find_company(&state.pool, &location).await?;
    if company.is_some_and(|company| company != user.company) {
        warn!(%location, "an SSO payload names another agency than the location's");
        return Err(refused());
    }
    let visitor = Visitor {
        may_change,
        agency,
        name,
    };
    Ok(start(&state, location, visitor, "").await?)
}

/// The user that a payload names. Each payload works once.
async fn prove(state: &HttpState, payload: &str) -> Result<SsoUser, PageError> {
    let user = match open_user(secret(state)?, payload) {
        Ok(user) => user,
        Err(error) => {
            warn!(%error, "an SSO payload is refused");
            return Err(match error {
                SsoError::NoAgency { salt } => no_agency(state, salt).await?,
                _ => refused(),
            });
        }
    };
    if !sso_payloads::use_payload(&state.pool, &user.salt, state.clock.now()).await? {
        warn!("an SSO payload came a second time");
        return Err(refused());
    }
    if let Some(name) = &user.name {
        user_names::save(&state.pool, &user.user_id, name, state.clock.now()).await?;
    }
    Ok(user)
}

/// Whose session begins.
pub(super) struct Visitor {
    /// Whether the user may change something.
    pub may_change: bool,
    /// The agency whose admin the user is.
    pub agency: Option<CompanyId>,
    /// For the audit.
    pub name: String,
}

/// Starts a session and leads to its page at `rest`, which is empty or begins with a slash.
pub(super) async fn start(
    state: &HttpState,
    location: LocationId,
    visitor: Visitor,
    rest: &str,
) -> sqlx::Result<Response> {
    info!(%location, "a session begins");
    names::refresh_for_page(&state.services, std::slice::from_ref(&location)).await;
    // When the session is over its address still says in which site it was shown.
    let domain = white_label_domains::find_domain_of(&state.pool, &location).await?;
    let id = match domain {
        Some(domain) => seal(&state.sealer, &domain),
        None => random_secret().expose_secret().to_owned(),
    };
    let path = path_of(&id);
    let mut session = Session::begin(Holder::Location(location), &path, state.clock.now());
    session.may_change = visitor.may_change;
    session.agency = visitor.agency;
    session.user = Some(visitor.name);
    let cookies = CookieJar::new().add(session.cookie(&state.sealer));
    Ok((cookies, see(&format!("{path}{rest}?{FIRST}"))).into_response())
}

/// Starts a session of a user of an agency.
async fn start_agency(
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
    let path = format!("{AGENCY_PATH}{id}");
    let mut session = Session::begin(Holder::Agency(company), &path, state.clock.now());
    session.may_change = may_change;
    session.user = Some(name);
    let cookies = CookieJar::new().add(session.cookie(&state.sealer));
    Ok((cookies, see(&format!("{path}?{FIRST}"))).into_response())
}

fn secret(state: &HttpState) -> Result<&SecretString, PageError> {
    state.ghl.shared_secret.as_ref().ok_or_else(|| {
        warn!("the page inside GHL is asked for, and GHL_SHARED_SECRET is not set");
        PageError {
            status: StatusCode::NOT_FOUND,
            title: Text::new("This page is switched off", "Halaman ini dimatikan"),
            text: Text::new(
                "The operator of this service has not given it the app's shared secret (GHL_SHARED_SECRET). Messages go on all the same. Please tell whoever gave you the app.",
                "Pengendali perkhidmatan ini belum memberikannya rahsia kongsi aplikasi (GHL_SHARED_SECRET). Mesej tetap berjalan. Sila beritahu orang yang memberi anda aplikasi ini.",
            ),
        }
    })
}

/// One answer for everything that does not prove itself, so that nobody learns why.
fn refused() -> PageError {
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "We could not tell who you are",
            "Kami tidak dapat mengenal pasti anda",
        ),
        text: Text::new(
            "What came from GHL could not be used, or was used before. Please open the page again in GHL's menu. If you see this again, tell whoever gave you the app: its shared secret here may not be GHL's.",
            "Apa yang datang dari GHL tidak boleh digunakan, atau sudah digunakan. Sila buka halaman ini sekali lagi dalam menu GHL. Jika anda melihat ini lagi, beritahu orang yang memberi anda aplikasi ini: rahsia kongsinya di sini mungkin tidak sama dengan GHL.",
        ),
    }
}

/// The shared secret is right, and GHL did not name the agency. Said once for each payload: see [`SsoError::NoAgency`].
async fn no_agency(state: &HttpState, salt: [u8; 8]) -> sqlx::Result<PageError> {
    if !sso_payloads::use_payload(&state.pool, &salt, state.clock.now()).await? {
        return Ok(refused());
    }
    Ok(PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "GHL did not tell us your agency",
            "GHL tidak memberitahu kami agensi anda",
        ),
        text: Text::new(
            "What came from GHL names you and no agency. Please open the page again in GHL's menu. If you see this again, tell whoever gave you the app: GHL may have changed what it sends.",
            "Apa yang datang dari GHL menamakan anda tanpa agensi. Sila buka halaman ini sekali lagi dalam menu GHL. Jika anda melihat ini lagi, beritahu orang yang memberi anda aplikasi ini: GHL mungkin telah mengubah apa yang dihantarnya.",
        ),
    })
}

fn no_location() -> PageError {
    PageError {
        status: StatusCode::FORBIDDEN,
        title: Text::new(
            "Open this from a sub-account",
            "Buka halaman ini dari sub-akaun",
        ),
        text: Text::new(
            "No sub-account is open, and each sub-account has its own WhatsApp number. In GHL, switch to the sub-account that you want to look at, and choose this app in its menu.",
            "Tiada sub-akaun yang dibuka, dan setiap sub-akaun mempunyai nombor WhatsApp sendiri. Dalam GHL, tukar ke sub-akaun yang anda mahu lihat, dan pilih aplikasi ini dalam menunya.",
        ),
    }
}
