//! Links a phone by QR code on the connect page. The pending instance is stored with the link, its token sealed, so
//! that a reload continues and no page holds the token.
//!
//! An instance is asked for once: by a script or a button (never by loading a page, which robots do), and not while
//! another request asks for the same location. The first request after the scan, from the page or its script, stores the
//! number; `confirm` asks the person about it. Waapify returns the same free instance to all callers of one account, so an
//! instance that waits for another location's phone is refused while somebody has its page open.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tracing::info;

use crate::accounts::agency_tokens;
use crate::accounts::agency_tokens::AgencyToken;
use crate::accounts::connect::{ConnectError, Field};
use crate::accounts::qr_linking;
use crate::accounts::qr_linking::Progress;
use crate::clients::waapify::{Credentials, QrCode};
use crate::db::accounts::connect_links::Waits;
use crate::db::accounts::{connect_links, gateway_tokens, linking};
use crate::http::pages::connect::code;
use crate::http::pages::connect::confirm::Asked;
use crate::http::pages::connect::keys::qr_fault;
use crate::http::pages::connect::pending::{pending, record_pending};
use crate::http::pages::connect::recorded::record;
use crate::http::pages::connect::{
    HttpState, KEYS, Language, Opened, PageError, Typed, WAIT, confirm, count_try, find_any,
    find_known, find_unused, link_gone, place_of, views,
};
use crate::http::pages::layout::qr::Said;
use crate::model::audit::Action;

/// The fields of the short form.
#[derive(Default, Deserialize)]
pub(super) struct Begin {
    /// Empty: the agency's.
    #[serde(default)]
    access_token: SecretString,
    /// The box that says that a connected number may be replaced.
    replace: Option<String>,
    /// The box that says that the agency keeps the token.
    keep: Option<String>,
}

/// Asks Waapify for an instance, and stores it with this link.
pub(super) async fn begin(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    given: Result<Form<Begin>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let Form(given) = given.unwrap_or_default();
    let begun = if opened.link.pending_instance.is_some() {
        // A second click, a step back, another tab.
        Ok(Begun::Waits)
    } else {
        if !is_empty(&given.access_token) {
            count_try(&state, &opened).await?;
        }
        try_begin(&state, &opened, &given).await
    };
    match begun {
        Ok(Begun::Waits) => Ok(Redirect::to(&opened.path).into_response()),
        Ok(Begun::Elsewhere) => {
            let page = format!("{}?{WAIT}", opened.path);
            Ok(Redirect::to(&page).into_response())
        }
        Err(ConnectError::Database(error)) => Err(error.into()),
        Err(ConnectError::LinkGone) => Err(link_gone()),
        Err(error) => refused(&state, language, &opened, &error).await,
    }
}

/// The form with what is wrong.
async fn refused(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    error: &ConnectError,
) -> Result<Response, PageError> {
    info!(location = %opened.location(), "no instance for a QR code");
    let fault = qr_fault(error);
    let known = find_known(state, opened).await?;
    let typed = Typed {
        instance: &known.instance,
        is_asked: known.connected.is_some() && !opened.link.made_inside,
        wants_another: true,
        ..Typed::default()
    };
    let page = views::form(language, opened, &known, typed, Some(&fault));
    Ok((fault.status, page).into_response())
}

/// What came of a beginning.
enum Begun {
    /// The link's instance waits for a phone.
    Waits,
    /// Another request asks for an instance of this location.
    Elsewhere,
}

async fn try_begin(
    state: &HttpState,
    opened: &Opened,
    given: &Begin,
) -> Result<Begun, ConnectError> {
    let replaced = state.connector.find_replaced(opened.location(), None);
    let replaced = replaced.await?.filter(|_| !opened.link.made_inside);
    if let Some(connected) = replaced.filter(|_| given.replace.is_none()) {
        return Err(ConnectError::WouldReplace { connected });
    }
    let token = find_token(state, opened, &given.access_token).await?;
    let location = opened.location();
    let now = state.clock.now();
    if !linking::claim_asking(&state.pool, &opened.hash, location, now).await? {
        return Ok(Begun::Elsewhere);
    }
    // Runs in its own task: what Waapify has made must be stored even if the caller leaves.
    let making = tokio::spawn(make_instance(state.clone(), opened.clone(), token.clone()));
    let made = making.await;
    let made = made.unwrap_or(Err(ConnectError::Database(sqlx::Error::WorkerCrashed)));
    let keeper = opened.agency().filter(|_| given.keep.is_some());
    match made? {
        Waits::Here => {}
        Waits::Gone => return Err(ConnectError::LinkGone),
        Waits::Elsewhere => return Err(ConnectError::Busy),
    }
    if is_empty(&given.access_token) {
        gateway_tokens::note_taken(&state.pool, location).await?;
    }
    // Only a token that Waapify has just taken.
    if let Some(company) = keeper
        && agency_tokens::store(&state.pool, &state.sealer, company, &token, false, now).await?
    {
        info!(%company, "an agency's token is kept");
        record(state, opened, Action::KeepToken, company.as_str()).await;
    }
    Ok(Begun::Waits)
}

/// The entered token, or the agency's.
async fn find_token(
    state: &HttpState,
    opened: &Opened,
    entered: &SecretString,
) -> Result<SecretString, ConnectError> {
    if is_empty(entered) {
        let stored = agency_tokens::find(&state.pool, &state.sealer, opened.location()).await?;
        return match stored {
            AgencyToken::Stored(token) => Ok(token),
            AgencyToken::None | AgencyToken::Unreadable => {
                Err(ConnectError::Field(Field::AccessToken))
            }
        };
    }
    let token = agency_tokens::entered(entered.expose_secret());
    token.ok_or(ConnectError::Field(Field::AccessToken))
}

fn is_empty(token: &SecretString) -> bool {
    token.expose_secret().trim().is_empty()
}

/// Gets an instance and stores it, and lets others ask again.
async fn make_instance(
    state: HttpState,
    opened: Opened,
    token: SecretString,
) -> Result<Waits, ConnectError> {
    let made = match find_waiting(&state, &opened, &token).await? {
        Some(waiting) => Ok(waiting),
        None => qr_linking::begin(&state.waapify, &token).await,
    };
    let stored = match made {
        Ok(credentials) => record_pending(&state, &opened, &credentials, None)
            .await
            .map_err(ConnectError::from),
        Err(error) => Err(ConnectError::from(error)),
    };
    linking::release_asking(&state.pool, &opened.hash).await?;
    stored
}

/// The instance for which another link of the location waits with the same token: a new one would be one too many.
async fn find_waiting(
    state: &HttpState,
    opened: &Opened,
    token: &SecretString,
) -> sqlx::Result<Option<Credentials>> {
    let (location, now) = (opened.location(), state.clock.now());
    let found = linking::find_sibling(&state.pool, &opened.hash, location, now).await?;
    Ok(found.and_then(|(hash, link)| {
        let place = place_of(location, &hash);
        let access_token = state.sealer.open(&place, &link.pending_token?).ok()?;
        let is_same = access_token.expose_secret() == token.expose_secret();
        let instance_id = link.pending_instance.filter(|_| is_same)?;
        Some(Credentials {
            instance_id,
            access_token,
        })
    }))
}

/// Shows the code, or asks about the number that was found.
pub(super) async fn show(
    state: &HttpState,
    language: Language,
    opened: &Opened,
) -> Result<Response, PageError> {
    let Some(credentials) = pending(state, opened) else {
        // The token cannot be opened any more, so the person has to start again.
        connect_links::forget_pending(&state.pool, &opened.hash).await?;
        let page = format!("{}?{KEYS}", opened.path);
        return Ok(Redirect::to(&page).into_response());
    };
    let ask = async |number: Option<&str>| {
        let asked = Asked {
            number,
            ..Asked::default()
        };
        confirm::page(state, language, opened, &asked).await
    };
    if let Some(number) = &opened.link.pending_number {
        return Ok(ask(Some(number)).await?.into_response());
    }
    Ok(match advance(state, opened, &credentials).await? {
        Progress::Linked(number) => ask(Some(&number)).await?.into_response(),
        Progress::Stopped(ConnectError::Unnamed) => ask(None).await?.into_response(),
        Progress::Waiting => code::scan(language, state, opened, None).into_response(),
        Progress::Stopped(error) => {
            code::scan(language, state, opened, Some(&error.text())).into_response()
        }
    })
}

/// The QR code of the link's pending instance.
pub(super) async fn picture(
    State(state): State<HttpState>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    picture_for(&state, &opened).await
}

/// The QR code of an opened link's pending instance.
pub(super) async fn picture_for(state: &HttpState, opened: &Opened) -> Result<Response, PageError> {
    let Some(credentials) = pending(state, opened) else {
        return Err(link_gone());
    };
    Ok(picture_of(state, &credentials).await)
}

/// The QR code of an instance.
pub(in crate::http) async fn picture_of(state: &HttpState, credentials: &Credentials) -> Response {
    match qr_linking::picture(&state.waapify, credentials).await {
        Ok(QrCode::Png(bytes)) => ([(CONTENT_TYPE, "image/png")], bytes).into_response(),
        // The page's script asks again.
        Ok(QrCode::NotReady | QrCode::InUse) => {
            (StatusCode::NOT_FOUND, [RETRY_AFTER]).into_response()
        }
        Err(_) => (StatusCode::BAD_GATEWAY, [RETRY_AFTER]).into_response(),
    }
}

const RETRY_AFTER: (HeaderName, &str) = (axum::http::header::RETRY_AFTER, "3");

/// Reports the progress to the page's script.
pub(super) async fn progress(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Json<Said>, PageError> {
    let opened = find_any(&state, &token).await?;
    progress_of(&state, language, &opened).await
}

/// The progress of an opened link: linked as soon as there is a number to ask about.
pub(super) async fn progress_of(
    state: &HttpState,
    language: Language,
    opened: &Opened,
) -> Result<Json<Said>, PageError> {
    let link = &opened.link;
    if link.used_at.is_some() || link.pending_number.is_some() {
        return Ok(Json(Said::linked()));
    }
    let Some(credentials) = pending(state, opened) else {
        return Err(link_gone());
    };
    Ok(Json(match advance(state, opened, &credentials).await? {
        Progress::Stopped(ConnectError::Unnamed) => Said::linked(),
        progress => Said::of(language, &progress),
    }))
}

/// Gives up the pending instance and shows the form again.
pub(super) async fn cancel(
    State(state): State<HttpState>,
    Path(token): Path<String>,
) -> Result<Redirect, PageError> {
    let opened = find_unused(&state, &token).await?;
    connect_links::forget_pending(&state.pool, &opened.hash).await?;
    Ok(Redirect::to(&format!("{}?{KEYS}", opened.path)))
}

/// Asks whether a phone is linked. If so, stores its number for the person to confirm.
async fn advance(
    state: &HttpState,
    opened: &Opened,
    credentials: &Credentials,
) -> Result<Progress, PageError> {
    linking::note_seen(&state.pool, &opened.hash, state.clock.now()).await?;
    let progress = qr_linking::state(&state.waapify, credentials, None).await;
    if let Progress::Linked(number) = &progress {
        let (pool, instance) = (&state.pool, &credentials.instance_id);
        linking::record_number(pool, &opened.hash, instance, Some(number)).await?;
    }
    Ok(progress)
}
