//! What callers see when something is wrong: one enum, causes logged once and never shown.

use std::time::Duration;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tracing::{error, warn};

use super::page;
use crate::crypto::SignatureError;

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
    /// The store is down: 429 is the one status that every known retry policy of GHL retries (design, promise 1).
    #[error("the message cannot be stored right now, send it again")]
    StoreDown(#[from] sqlx::Error),
}

/// Longest wait for the store, a connection included: whoever calls is asked to come again within a second or so.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);

/// Awaits the store; one that hangs counts as down. What it stores all the same is recognised when it comes again.
pub(super) async fn stored<T>(
    store: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, HookError> {
    let answer = tokio::time::timeout(STORE_TIMEOUT, store).await;
    Ok(answer.unwrap_or(Err(sqlx::Error::PoolTimedOut))?)
}

impl IntoResponse for HookError {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Unproven(_) => StatusCode::UNAUTHORIZED,
            Self::OtherApp => StatusCode::FORBIDDEN,
            Self::UnknownSecret => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Cut | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::StoreDown(_) => StatusCode::TOO_MANY_REQUESTS,
        };
        let text = self.to_string();
        if let Self::StoreDown(error) = self {
            error!(%error, "the store is down, the caller is asked to come again");
            return (status, [(header::RETRY_AFTER, RETRY_AFTER_SECONDS)], text).into_response();
        }
        warn!(status = status.as_u16(), text, "refused");
        (status, text).into_response()
    }
}

/// An answer to a person that is not the page they asked for.
#[derive(Debug)]
pub(super) struct PageError {
    /// The status.
    pub status: StatusCode,
    /// What happened.
    pub title: &'static str,
    /// Why, and what to do next.
    pub text: String,
}

impl PageError {
    /// The store is down.
    pub(super) fn store_down(error: &sqlx::Error) -> Self {
        error!(%error, "the store is down");
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: "Please try again in a minute",
            text: "The service cannot reach its database right now. Nothing was changed."
                .to_owned(),
        }
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        (self.status, page::message(self.title, &self.text)).into_response()
    }
}
