//! "I have these already": Waapify's instance id and access token of a phone that is linked. The number is Waapify's to
//! name and a person's to confirm; it is entered only where Waapify does not name it.

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::ExposeSecret;
use serde::Deserialize;
use tracing::info;

use crate::accounts::agency_tokens;
use crate::accounts::agency_tokens::AgencyToken;
use crate::accounts::connect;
use crate::accounts::connect::{ConnectError, Entered, Field};
use crate::clients::waapify::CheckError;
use crate::db::accounts::connect_links::Waits;
use crate::http::pages::connect::pending::record_pending;
use crate::http::pages::connect::views::{Fault, Typed};
use crate::http::pages::connect::{
    HttpState, Language, Opened, PageError, Text, count_try, find_known, find_unused, holder,
    link_gone, views,
};
use crate::model::phone_forms;

/// The fields of the form.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(flatten)]
    entered: Entered,
    /// The box that says that a connected number may be replaced.
    replace: Option<String>,
}

/// Asks Waapify about the keys and then the person about the number; or shows the form again with what is wrong.
pub(super) async fn submit(
    State(state): State<HttpState>,
    language: Language,
    Path(token): Path<String>,
    sent: Result<Form<Sent>, FormRejection>,
) -> Result<Response, PageError> {
    let opened = find_unused(&state, &token).await?;
    let Ok(Form(sent)) = sent else {
        let fault = Fault::of_form(Text::new(
            "Please fill in the instance id and the access token.",
            "Sila isi ID sambungan dan token akses.",
        ));
        return again(&state, language, &opened, Typed::default(), &fault).await;
    };
    count_try(&state, &opened).await?;
    let entered = with_token(&state, &opened, sent.entered).await?;
    let may_replace = sent.replace.is_some();
    let done = if asks_about(&state, &opened, &entered).await? {
        read_number(&state, &opened, &entered, may_replace).await
    } else {
        let link = opened.used_to_connect(may_replace);
        let location = opened.location();
        let connected = state.connector.connect(location, &entered, Some(link));
        connected.await.map(|_| ())
    };
    match done {
        // A redirect, so that a reload does not connect again.
        Ok(()) => Ok(Redirect::to(&opened.path).into_response()),
        Err(error) => {
            let fault = fault(&opened, error)?;
            let typed = Typed {
                instance: &entered.instance_id,
                number: &entered.number,
                is_asked: may_replace || fault.asks_to_replace,
                wants_another: true,
                ..Typed::default()
            };
            again(&state, language, &opened, typed, &fault).await
        }
    }
}

/// The form with what is wrong.
async fn again(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    typed: Typed<'_>,
    fault: &Fault,
) -> Result<Response, PageError> {
    let known = find_known(state, opened).await?;
    let page = views::form(language, opened, &known, typed, Some(fault));
    Ok((fault.status, page).into_response())
}

/// Without a token, that of the agency counts: for a link of its own admin, because with an instance id alone anyone else
/// could take another sub-account's number.
async fn with_token(
    state: &HttpState,
    opened: &Opened,
    entered: Entered,
) -> Result<Entered, PageError> {
    let is_given = !entered.access_token.expose_secret().trim().is_empty();
    if is_given || opened.agency().is_none() {
        return Ok(entered);
    }
    let stored = agency_tokens::find(&state.pool, &state.sealer, opened.location()).await?;
    Ok(match stored {
        AgencyToken::Stored(access_token) => Entered {
            access_token,
            ..entered
        },
        AgencyToken::None | AgencyToken::Unreadable => entered,
    })
}

/// Whether the person is asked about the number: Waapify is to name it, or another sub-account would lose it.
async fn asks_about(
    state: &HttpState,
    opened: &Opened,
    entered: &Entered,
) -> Result<bool, PageError> {
    let Ok(number) = connect::digits(&entered.number) else {
        return Ok(entered.number.trim().is_empty());
    };
    let other = holder::find(state, opened, &number, entered.instance_id.trim()).await?;
    Ok(other.is_some())
}

/// Keeps the keys with the number that Waapify names, or else with the entered one, until the person has confirmed it.
async fn read_number(
    state: &HttpState,
    opened: &Opened,
    entered: &Entered,
    may_replace: bool,
) -> Result<(), ConnectError> {
    let (credentials, linked) = state.connector.find_linked(entered).await?;
    let typed = Some(entered.number.as_str()).filter(|number| !number.trim().is_empty());
    let typed = typed.map(connect::digits).transpose()?;
    if let (Some(typed), Some(linked)) = (&typed, &linked)
        && !phone_forms::is_same(typed, linked)
    {
        let linked = linked.clone();
        return Err(ConnectError::OtherNumber { linked });
    }
    let number = linked.or(typed).ok_or(ConnectError::Unnamed)?;
    let same = (number.as_str(), credentials.instance_id.as_str());
    let replaced = state.connector.find_replaced(opened.location(), Some(same));
    if let Some(connected) = replaced
        .await?
        .filter(|_| !may_replace && !opened.link.made_inside)
    {
        return Err(ConnectError::WouldReplace { connected });
    }
    match record_pending(state, opened, &credentials, Some(&number)).await? {
        Waits::Here => Ok(()),
        Waits::Gone => Err(ConnectError::LinkGone),
        Waits::Elsewhere => Err(ConnectError::Busy),
    }
}

/// What a person can fix in the form. Other failures are pages of their own.
fn fault(opened: &Opened, error: ConnectError) -> Result<Fault, PageError> {
    match error {
        ConnectError::Database(error) => Err(error.into()),
        ConnectError::LinkGone => Err(link_gone()),
        error => {
            info!(location = %opened.location(), "a number was not connected");
            Ok(Fault {
                field: error.field(),
                text: error.text(),
                status: status_of(&error),
                is_of_qr: false,
                asks_to_replace: matches!(error, ConnectError::WouldReplace { .. }),
            })
        }
    }
}

/// The status of the page that tells this.
pub(super) const fn status_of(error: &ConnectError) -> StatusCode {
    match error {
        ConnectError::Check(CheckError::Unreachable(_))
        | ConnectError::Webhook(CheckError::Unreachable(_)) => StatusCode::BAD_GATEWAY,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// What is wrong with the form for the QR code.
pub(super) fn qr_fault(error: &ConnectError) -> Fault {
    Fault {
        field: error.blames_token().then_some(Field::AccessToken),
        text: error.text(),
        status: status_of(error),
        is_of_qr: true,
        asks_to_replace: matches!(error, ConnectError::WouldReplace { .. }),
    }
}
