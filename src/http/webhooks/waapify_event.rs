//! `POST /hooks/waapify/{secret}`: the gateway's events about one number. The secret in the address is the proof.
//!
//! Waapify posts each event once, without a time limit of its own (`docs/vendors/waapify.md#webhooks`). So this is the
//! only route where a caller waits while the database is down.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, warn};

use crate::crypto::hash_secret;
use crate::db;
use crate::db::numbers::webhook_secrets;
use crate::db::webhooks::waapify_events;
use crate::http::HttpState;
use crate::http::error::{HookError, stored};
use crate::http::webhooks::verified::body_error;

/// How long an event waits for the database. A restart or a failover of Postgres takes less, and routers in front of
/// services commonly cut off at 30 s.
const PATIENCE: Duration = Duration::from_secs(25);
/// Longest try. A connection that died without an error is given up, and the next one may work.
const TRY: Duration = Duration::from_secs(5);
/// Pause between two tries. An event is stored soon after the database is back, and hundreds of waiting events do not
/// overload it.
const PAUSE: Duration = Duration::from_millis(200);
/// Most bytes of all waiting events. The limit is needed because no caller's secret can be checked without the
/// database.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Bytes that a waiting event counts at least: its connection and task cost that much, however short it is.
const MIN_BYTES: usize = 16 * 1024;

/// Holds events while the database is down. Clones share one limit.
#[derive(Clone, Debug)]
pub struct OutageBuffer(Arc<Semaphore>);

impl Default for OutageBuffer {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_WAITING_BYTES)))
    }
}

impl OutageBuffer {
    /// Repeats `store`, which may run twice, until it succeeds, if there is room for so many bytes. `error` is why it
    /// failed the first time.
    async fn wait<T, F>(
        &self,
        bytes: usize,
        mut error: sqlx::Error,
        store: impl Fn() -> F,
    ) -> Result<T, HookError>
    where
        F: Future<Output = sqlx::Result<T>>,
    {
        let bytes = u32::try_from(bytes.max(MIN_BYTES)).unwrap_or(u32::MAX);
        let Ok(_room) = self.0.try_acquire_many(bytes) else {
            warn!("too many events wait for the store");
            return Err(error.into());
        };
        warn!(%error, "the store is down, an event waits for it");
        let end = Instant::now() + PATIENCE;
        while is_transient(&error) && Instant::now() + PAUSE < end {
            sleep(PAUSE).await;
            let limit = end.min(Instant::now() + TRY);
            match timeout_at(limit, store()).await {
                Ok(Ok(stored)) => return Ok(stored),
                Ok(Err(failure)) => error = failure,
                Err(_) => error = sqlx::Error::PoolTimedOut,
            }
        }
        Err(error.into())
    }
}

/// Whether waiting can help.
fn is_transient(error: &sqlx::Error) -> bool {
    !db::is_row_error(error) && !matches!(error, sqlx::Error::PoolClosed)
}

/// Stores an event. Waapify never posts it again, so only a body that is not JSON is refused.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    Path(secret): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, HookError> {
    let hash = &hash_secret(&secret);
    let body = match body.map_err(body_error) {
        Ok(body) if whatsapp_events::json::parse(&body).is_ok() => body,
        // Only a caller that knows the secret learns what is wrong.
        refused => {
            let now = state.clock.now();
            let found = || webhook_secrets::find_by_webhook_secret(&state.pool, hash, now);
            let found = stored(found).await?;
            found.ok_or(HookError::UnknownSecret)?;
            return Err(refused
                .err()
                .unwrap_or(HookError::Malformed("the body is not JSON")));
        }
    };
    let now = state.clock.now();
    // If a connection dies and the event is stored twice, the second time changes nothing.
    let store = || waapify_events::accept_event(&state.pool, hash, &body, now);
    let location = match stored(store).await {
        Err(HookError::StoreDown(error)) => {
            state.outage_buffer.wait(body.len(), error, store).await?
        }
        answer => answer?,
    };
    let location = location.ok_or(HookError::UnknownSecret)?;
    debug!(%location, "event stored");
    state.signals.waapify_events.notify_one();
    Ok(StatusCode::OK)
}
