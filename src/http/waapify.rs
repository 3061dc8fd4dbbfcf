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
    let hash = &hash_secret(&secret);
    let body = match body.map_err(body_error) {
        Ok(body) if crate::json::parse(&body).is_ok() => body,
        // Only who knows the secret is told what is wrong.
        refused => {
            let found = stored(|| numbers::find_by_webhook_secret(&state.pool, hash)).await?;
            found.ok_or(HookError::UnknownSecret)?;
            return Err(refused
                .err()
                .unwrap_or(HookError::Malformed("the body is not JSON")));
        }
    };
    let now = state.clock.now();
    // Stored twice over a connection that died, an event changes nothing the second time.
    let location = stored(|| gateway_events::accept_event(&state.pool, hash, &body, now)).await?;
    let location = location.ok_or(HookError::UnknownSecret)?;
    debug!(%location, "event stored");
    state.wake.gateway_events.notify_one();
    Ok(StatusCode::OK)
}
