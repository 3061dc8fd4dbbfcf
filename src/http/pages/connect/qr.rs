//! Links a phone by QR code on the connect page. The pending instance is stored with the link, its token sealed, so
//! that a reload continues and no page holds the token.
//!
//! The first request after the scan, from the page or its script, connects the number, once. Waapify returns the same
//! free instance to all callers of one account, so an instance that waits for another location's phone is refused.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tracing::info;

use crate::accounts::connect::{ConnectError, Entered, Field};
use crate::accounts::qr_linking;
use crate::accounts::qr_linking::Progress;
use crate::clients::waapify::{Credentials, QrCode};
use crate::db::accounts::connect_links;
use crate::db::accounts::connect_links::Waits;
use crate::http::pages::connect::{
    Fault, HttpState, Language, Opened, PageError, Text, Typed, count_try, find_any, find_unused,
    link_gone, qr_fault, views,
};
use crate::http::pages::layout::qr::Said;

/// The fields of the short form.
#[derive(Deserialize)]
pub(super) struct Begin {
    access_token: SecretString,
    /// The box that says that a connected number may be replaced.
    replace: Option<String>,
}

/// Asks Waapify for an instance, and stores it with this link.
pub(super) async fn begin(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    given: Result<Form<Begin>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let given = given.ok().map(|Form(given)| given);
    let replaced = find_replaced(&state, &opened).await?;
    let refused = |fault: &Fault| {
        let typed = Typed {
            is_asked: replaced.is_some(),
            ..Typed::default()
        };
        let page = views::form(language, &opened, typed, Some(fault));
        Ok((fault.status, page).into_response())
    };
    let may_replace = given.as_ref().is_some_and(|given| given.replace.is_some());
    if let Some(connected) = replaced.clone().filter(|_| !may_replace) {
        let text = ConnectError::WouldReplace { connected }.text();
        return refused(&Fault {
            is_of_qr: true,
            ..Fault::of_form(text)
        });
    }
    let Some(access_token) = given.and_then(|given| trimmed(&given.access_token)) else {
        let text = ConnectError::Field(Field::AccessToken).text();
        return refused(&Fault::of_qr(Field::AccessToken, text));
    };
    count_try(&state, &opened).await?;
    let instance = match qr_linking::begin(&state.waapify, &access_token).await {
        Ok(credentials) => credentials.instance_id,
        Err(error) => return refused(&qr_fault(&error)),
    };
    match record_pending(&state, &opened, &instance, &access_token).await? {
        Waits::Here => Ok(Redirect::to(&opened.path).into_response()),
        Waits::Gone => Err(link_gone()),
        Waits::Elsewhere => {
            info!(location = %opened.location(), "the account's free instance belongs to another location");
            refused(&Fault::of_qr(Field::AccessToken, taken()))
        }
    }
}

/// The connected number that this link would replace; none where nobody has to be asked about it.
async fn find_replaced(state: &HttpState, opened: &Opened) -> Result<Option<String>, PageError> {
    let found = state.connector.find_replaced(opened.location(), None);
    let replaced = found.await.map_err(PageError::from)?;
    Ok(replaced.filter(|_| !opened.link.made_inside))
}

/// The entered token without the blanks around it; none if nothing is left.
fn trimmed(token: &SecretString) -> Option<SecretString> {
    let token = token.expose_secret().trim();
    (!token.is_empty()).then(|| SecretString::from(token))
}

/// Stores the instance that waits for its QR code, with its sealed token.
async fn record_pending(
    state: &HttpState,
    opened: &Opened,
    instance: &str,
    access_token: &SecretString,
) -> sqlx::Result<Waits> {
    let sealed = state.sealer.seal(&opened.place(), access_token);
    connect_links::record_pending(
        &state.pool,
        &opened.hash,
        opened.location(),
        instance,
        &sealed,
        state.clock.now(),
    )
    .await
}

fn taken() -> Text {
    Text::new(
        "This Waapify account is linking another number right now: a number of another sub-account waits for its QR code. Link that one first, or remove it in Waapify, then try again.",
        "Akaun Waapify ini sedang memautkan nombor lain: nombor sub-akaun lain masih menunggu kod QR diimbas. Pautkan nombor itu dahulu, atau buang ia dalam Waapify, kemudian cuba lagi.",
    )
}

/// Shows the code, or the result.
pub(super) async fn show(
    state: &HttpState,
    language: Language,
    opened: &Opened,
) -> Result<Response, PageError> {
    let Some(credentials) = pending(state, opened) else {
        // The token cannot be opened any more, so the person has to start again.
        connect_links::forget_pending(&state.pool, &opened.hash).await?;
        return Ok(Redirect::to(&opened.path).into_response());
    };
    Ok(match advance(state, opened, &credentials).await? {
        Progress::Linked(_) => Redirect::to(&opened.path).into_response(),
        Progress::Waiting => views::scan(language, opened, None).into_response(),
        Progress::Stopped(error) => {
            views::scan(language, opened, Some(&error.text())).into_response()
        }
    })
}

/// The QR code of the link's pending instance.
pub(super) async fn picture(
    State(state): State<HttpState>,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let Some(credentials) = pending(&state, &opened) else {
        return Err(link_gone());
    };
    Ok(picture_of(&state, &credentials).await)
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

/// Reports the progress. Connects the number if a phone is linked.
pub(super) async fn progress(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
) -> Result<Json<Said>, PageError> {
    let opened = find_any(&state, &token).await?;
    if opened.link.used_at.is_some() {
        return Ok(Json(Said::linked()));
    }
    let Some(credentials) = pending(&state, &opened) else {
        return Err(link_gone());
    };
    let progress = advance(&state, &opened, &credentials).await?;
    Ok(Json(Said::of(language, &progress)))
}

/// Gives up the pending instance and shows the form again.
pub(super) async fn cancel(
    State(state): State<HttpState>,
    Path(token): Path<String>,
) -> Result<Redirect, PageError> {
    let opened = find_unused(&state, &token).await?;
    connect_links::forget_pending(&state.pool, &opened.hash).await?;
    Ok(Redirect::to(&opened.path))
}

/// The keys of the link's pending instance, if they can be opened.
fn pending(state: &HttpState, opened: &Opened) -> Option<Credentials> {
    let sealed = opened.link.pending_token.as_ref()?;
    Some(Credentials {
        instance_id: opened.link.pending_instance.clone()?,
        access_token: state.sealer.open(&opened.place(), sealed).ok()?,
    })
}

/// Asks whether a phone is linked. If so, connects its number, which uses up the link.
async fn advance(
    state: &HttpState,
    opened: &Opened,
    credentials: &Credentials,
) -> Result<Progress, PageError> {
    let progress = qr_linking::state(&state.waapify, credentials, None).await;
    let Progress::Linked(number) = progress else {
        return Ok(progress);
    };
    let entered = Entered {
        instance_id: credentials.instance_id.clone(),
        access_token: credentials.access_token.clone(),
        number: number.clone(),
    };
    // The person who began was asked then.
    let link = opened.used_to_connect(true);
    let connected = state
        .connector
        .connect(opened.location(), &entered, Some(link));
    match connected.await {
        Ok(_) => Ok(Progress::Linked(number)),
        Err(ConnectError::Database(error)) => Err(error.into()),
        // The page and its script ask at the same time, and the other request was first.
        Err(ConnectError::LinkGone) => {
            let link = connect_links::find_link(&state.pool, &opened.hash).await?;
            let is_done = link.is_some_and(|link| link.used_at.is_some());
            is_done
                .then_some(Progress::Linked(number))
                .ok_or_else(link_gone)
        }
        Err(error) => Ok(Progress::Stopped(error)),
    }
}
