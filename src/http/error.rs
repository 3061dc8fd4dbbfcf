//! What callers see when something is wrong: one enum, causes logged once and never shown.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{error, warn};

use crate::crypto::SignatureError;
use crate::db;
use crate::http::pages::layout;
use crate::model::language::{Language, Text};
use crate::runtime::batcher::NotServed;

/// Seconds after which a refused webhook may come again: a restart of Postgres takes about that long.
const RETRY_AFTER_SECONDS: &str = "5";

/// An answer to a machine that is not 200.
#[derive(Debug, thiserror::Error)]
pub(super) enum HookError {
    /// The caller did not prove itself.
    #[error("{0}")]
    Unproven(#[from] SignatureError),
    /// GHL means another app.
    #[error("this event is about another app")]
    OtherApp,
    /// The address names no number of ours.
    #[error("no such address")]
    UnknownSecret,
    /// The body is larger than this route takes.
    #[error("the body is too large")]
    TooLarge,
    /// The body did not arrive whole.
    #[error("the body did not arrive")]
    Cut,
    /// The body is not what belongs here.
    #[error("{0}")]
    Malformed(&'static str),
    /// The store is down: 429 is the one status that every known retry policy of GHL retries
    /// (`docs/vendors/ghl.md#webhook-retries`).
    #[error("the message cannot be stored right now, send it again")]
    StoreDown(#[from] sqlx::Error),
    /// The same, its cause logged already.
    #[error("the message cannot be stored right now, send it again")]
    NotServed(#[from] NotServed),
}

/// Longest wait for the store, a connection included: whoever calls is asked to come again within a second or so.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Before the next connection is tried: all of a pool can be tried in time, and an error that stays does not spin.
const RETRY_PAUSE: Duration = Duration::from_millis(10);

/// Awaits the store; one that hangs counts as down. What it stores all the same is recognised when it comes again.
pub(super) async fn in_time<T>(store: impl Future<Output = T>) -> Result<T, HookError> {
    let answer = tokio::time::timeout(STORE_TIMEOUT, store).await;
    answer.map_err(|_| HookError::StoreDown(sqlx::Error::PoolTimedOut))
}

/// As [`in_time`], asking anew for as long as connections turn out dead, as they all do when Postgres was restarted:
/// only for what may be done twice.
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
            Self::UnknownSecret => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::StoreDown(_) | Self::NotServed(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        let text = self.to_string();
        if let Self::StoreDown(error) = &self {
            error!(%error, "the store is down, the caller is asked to come again");
        }
        if matches!(self, Self::StoreDown(_) | Self::NotServed(_)) {
            return (status, [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], text).into_response();
        }
        warn!(status = status.as_u16(), text, "refused");
        (status, text).into_response()
    }
}

/// An answer to a person that is not the page they asked for.
#[derive(Clone, Debug)]
pub(super) struct PageError {
    /// The status.
    pub status: StatusCode,
    /// What happened.
    pub title: Text,
    /// Why, and what to do next.
    pub text: Text,
}

impl PageError {
    /// The store is down.
    pub(super) fn store_down(error: &sqlx::Error) -> Self {
        error!(%error, "the store is down");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: Text::new("Please try again in a minute", "Sila cuba lagi sebentar"),
            text: Text::new(
                "The service cannot reach its database right now. Nothing was changed.",
                "Perkhidmatan ini tidak dapat mencapai pangkalan datanya sekarang. Tiada apa-apa diubah.",
            ),
        }
    }

    /// As the caller reads it.
    pub(super) fn page(&self, language: Language) -> Response {
        let page = layout::message(language, self.title.of(language), self.text.of(language));
        (self.status, page).into_response()
    }
}

impl From<sqlx::Error> for PageError {
    fn from(error: sqlx::Error) -> Self {
        Self::store_down(&error)
    }
}

/// In English, until [`localize`] says it in the caller's language.
impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.page(Language::English);
        response.extensions_mut().insert(self);
        response
    }
}

/// Says a [`PageError`] in the caller's language. Every route that shows pages has this around it.
pub(super) async fn localize(language: Language, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<PageError>() {
        Some(error) => error.page(language),
        None => response,
    }
}
