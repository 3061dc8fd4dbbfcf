//! Error answers to callers. Causes are logged once and never shown.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{error, warn};

use crate::crypto::SignatureError;
use crate::db;
use crate::http::home::home;
use crate::http::pages::layout;
use crate::model::language::{Language, Text};
use crate::runtime::batcher::NotServed;

/// Seconds after which a refused webhook may be sent again: a restart of Postgres takes about that long.
const RETRY_AFTER_SECONDS: &str = "5";

/// An error answer to a machine.
#[derive(Debug, thiserror::Error)]
pub(super) enum HookError {
    /// The signature is missing or wrong.
    #[error("{0}")]
    Unproven(#[from] SignatureError),
    /// The event is about another app.
    #[error("this event is about another app")]
    OtherApp,
    /// The address belongs to no number of ours.
    #[error("no such address")]
    UnknownSecret,
    /// The address lacks its last part.
    #[error(
        "this address is not complete: `waapify-ghl marketplace --show-secrets` prints the whole one, to be entered in GHL's developer portal"
    )]
    PlainAddress,
    /// A delivery at the address of events about the app.
    #[error(
        "this is a message to deliver, and this address is for events about the app: enter the Delivery URL that `waapify-ghl marketplace --show-secrets` prints in the conversation provider"
    )]
    DeliveryAtApp,
    /// The body is larger than this route takes.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive completely.
    #[error("the body did not arrive")]
    Cut,
    /// The body is not valid for this route.
    #[error("{0}")]
    Malformed(&'static str),
    /// The database is down. 429 is the one status that every known retry policy of GHL retries
    /// (`docs/vendors/ghl.md#webhook-retries`).
    #[error("the message cannot be stored right now, send it again")]
    DatabaseDown(#[from] sqlx::Error),
    /// The same, with its cause already logged.
    #[error("the message cannot be stored right now, send it again")]
    NotServed(#[from] NotServed),
}

/// Longest wait for the database, including a connection: a caller that is refused learns it within about a second.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Pause before the next connection is tried. All of a pool can be tried in time, and a lasting error does not spin.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Awaits the database; one that hangs counts as down. What it stores anyway is recognised when it is sent again.
pub(super) async fn in_time<T>(store: impl Future<Output = T>) -> Result<T, HookError> {
    let answer = tokio::time::timeout(STORE_TIMEOUT, store).await;
    answer.map_err(|_| HookError::DatabaseDown(sqlx::Error::PoolTimedOut))
}

/// As [`in_time`], but tries again while connections turn out dead, as all do after a restart of Postgres. Only for
/// what may be done twice.
pub(super) async fn stored<T, F>(store: impl Fn() -> F) -> Result<T, HookError>
where
    F: Future<Output = sqlx::Result<T>>,
{
    let asked = in_time(async {
        loop {
            match store().await {
                Err(error) if db::is_disconnect(&error) => {
                    warn!(%error, "a connection was dead");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                answer => return answer,
            }
        }
    });
    Ok(asked.await??)
}

impl IntoResponse for HookError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            Self::OtherApp => StatusCode::FORBIDDEN,
            Self::UnknownSecret | Self::PlainAddress => StatusCode::NOT_FOUND,
            Self::DeliveryAtApp => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::DatabaseDown(_) | Self::NotServed(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        let text = self.to_string();
        if let Self::DatabaseDown(error) = &self {
            error!(%error, "the database is down, the caller is asked to come again");
        }
        if matches!(self, Self::DatabaseDown(_) | Self::NotServed(_)) {
            return (status, [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], text).into_response();
        }
        warn!(status = status.as_u16(), text, "refused");
        (status, text).into_response()
    }
}

/// An error page for a person.
#[derive(Clone, Debug)]
pub(super) struct PageError {
    /// The HTTP status.
    pub status: StatusCode,
    /// What happened.
    pub title: Text,
    /// Why, and what to do next.
    pub text: Text,
}

impl PageError {
    /// The database is down.
    pub(super) fn database_down(error: &sqlx::Error) -> Self {
        error!(%error, "the database is down");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: Text::new("Please try again in a minute", "Sila cuba lagi sebentar"),
            text: Text::new(
                "The service cannot reach its database right now. Nothing was changed.",
                "Perkhidmatan ini tidak dapat mencapai pangkalan datanya sekarang. Tiada apa-apa diubah.",
            ),
        }
    }

    /// The page in this language, with a link to where its reader belongs.
    pub(super) fn page(&self, language: Language, home: Option<&str>) -> Response {
        let (title, text) = (self.title.of(language), self.text.of(language));
        let page = layout::message(language, title, text, home);
        (self.status, page).into_response()
    }
}

impl From<sqlx::Error> for PageError {
    fn from(error: sqlx::Error) -> Self {
        Self::database_down(&error)
    }
}

/// In English, until [`localize`] replaces it.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.page(Language::English, None);
        response.extensions_mut().insert(self);
        response
    }
}

/// Renders a [`PageError`] in the caller's language, and keeps the language that the caller chose. Wraps every route that
/// shows pages.
pub(super) async fn localize(language: Language, request: Request, next: Next) -> Response {
    if let Some(detour) = layout::language::detour(&request) {
        return detour;
    }
    let choice = layout::language::Choice::of(&request);
    let home = home(request.uri().path());
    let mut response = next.run(request).await;
    if let Some(error) = response.extensions_mut().remove::<PageError>() {
        response = with_headers_of(&response, error.page(language, home.as_deref()));
    }
    choice.keep(&mut response);
    response
}

/// What the handler set stays: cookies, for instance.
fn with_headers_of(before: &Response, mut page: Response) -> Response {
    for (name, value) in before.headers() {
        if *name == header::SET_COOKIE || !page.headers().contains_key(name) {
            page.headers_mut().append(name, value.clone());
        }
    }
    page
}
