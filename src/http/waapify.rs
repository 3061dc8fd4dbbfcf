//! `POST /hooks/waapify/{secret}`: what the gateway tells about one number. The secret in the address is the proof.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tracing::debug;

use super::HttpState;
use super::error::{HookError, stored};
use super::verified::body_error;
use crate::crypto::hash_secret;
use crate::db::{gateway_events, numbers};

/// Stores an event. Waapify posts once and never again, so only what is no JSON at all is refused.
pub(super) async fn accept(
    State(state): State<HttpState>,
    Path(secret): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, HookError> {
    let found = stored(numbers::find_by_webhook_secret(
        &state.pool,
        &hash_secret(&secret),
    ))
    .await?;
    let (location, number) = found.ok_or(HookError::UnknownSecret)?;
    let body = body.map_err(body_error)?;
    if crate::json::parse(&body).is_err() {
        return Err(HookError::Malformed("the body is not JSON"));
    }
    let now = state.clock.now();
    stored(gateway_events::accept_event(
        &state.pool,
        &location,
        &number,
        &body,
        now,
    ))
    .await?;
    debug!(%location, "event stored");
    state.wake.gateway_events.notify_one();
    Ok(StatusCode::OK)
}
