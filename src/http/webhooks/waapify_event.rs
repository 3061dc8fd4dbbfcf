//! `POST /hooks/waapify/{secret}`: the gateway's events about one number. The secret in the address is the proof, and it
//! is checked before the body is read: strangers cost no memory.
//!
//! Waapify posts each event once, without a time limit of its own (`docs/vendors/waapify.md#webhooks`). So this is the
//! only route where a caller waits while the database is down.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, warn};

use crate::crypto::hash_secret;
use crate::db;
use crate::db::numbers::webhook_secrets;
use crate::db::webhooks::waapify_events;
use crate::http::HttpState;
use crate::http::error::{HookError, stored};

/// How long an event waits for the database. A restart or a failover of Postgres takes less, and routers in front of
/// services commonly cut off at 30 s.
const PATIENCE: Duration = Duration::from_secs(25);
/// Longest try. A connection that died without an error is given up, and the next one may work.
const TRY: Duration = Duration::from_secs(5);
/// Pause between two tries. An event is stored soon after the database is back, and hundreds of waiting events do not
/// overload it.
const PAUSE: Duration = Duration::from_millis(200);
/// Most bytes of all events that wait. Their callers' secrets were good, lately or in this very request.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Most callers with unknown secrets that wait, with their bodies unread: none costs more than its connection.
const MAX_UNKNOWN: usize = 1_000;
/// Bytes that a waiting event counts at least: its connection and task cost that much, however short it is.
const MIN_BYTES: usize = 16 * 1024;
/// A longer body is proven on a thread of its own: this one takes about 100 µs.
const MAX_SMALL_BODY: usize = 64 * 1024;

/// Holds callers while the database is down, those with known secrets apart from the others. Clones share the limits.
#[derive(Clone, Debug)]
pub struct OutageBuffer {
    /// Bytes of events.
    events: Arc<Semaphore>,
    /// Callers that nobody knows.
    unknown: Arc<Semaphore>,
}

impl Default for OutageBuffer {
    fn default() -> Self {
        Self {
            events: Arc::new(Semaphore::new(MAX_WAITING_BYTES)),
            unknown: Arc::new(Semaphore::new(MAX_UNKNOWN)),
        }
    }
}

/// Repeats `store`, which may run twice, until it succeeds or `end` has come, if there is `room` for so much. `error` is
/// why it failed the first time.
async fn wait<T, F>(
    room: &Semaphore,
    cost: usize,
    end: Instant,
    mut error: sqlx::Error,
    store: impl Fn() -> F,
) -> Result<T, HookError>
where
    F: Future<Output = sqlx::Result<T>>,
{
    let cost = u32::try_from(cost).unwrap_or(u32::MAX);
    let Ok(_room) = room.try_acquire_many(cost) else {
        warn!("too many events wait for the database");
        return Err(error.into());
    };
    warn!(%error, "the database is down, an event waits for it");
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

/// Whether waiting can help.
fn is_transient(error: &sqlx::Error) -> bool {
    !db::is_row_error(error) && !matches!(error, sqlx::Error::PoolClosed)
}

/// Stores an event. Waapify never posts it again, so only a body that can never be read is refused.
pub(in crate::http) async fn accept(
    State(state): State<HttpState>,
    Path(secret): Path<String>,
    request: Request,
) -> Result<StatusCode, HookError> {
    let hash = &hash_secret(&secret);
    let end = Instant::now() + PATIENCE;
    check(&state, hash, end).await?;
    // Only a caller that knows the secret learns what is wrong.
    let body = state.body_budgets.gateway.read(request.into_body()).await?;
    if !is_readable(body.bytes.clone()).await {
        return Err(HookError::Malformed(
            "the body is neither JSON nor a form with an event in it",
        ));
    }
    store(&state, hash, &body.bytes, end).await
}

/// Lets a caller in whose secret is good, or was lately: then the statement that stores the event decides.
async fn check(state: &HttpState, hash: &[u8], end: Instant) -> Result<(), HookError> {
    let known = &state.known_secrets;
    if known.contains(hash) {
        return Ok(());
    }
    let now = state.clock.now();
    if let Err(refused) = known.ask(&state.pool, hash, now).await {
        let HookError::DatabaseDown(error) = refused else {
            return Err(refused);
        };
        let ask = || webhook_secrets::find_by_webhook_secret(&state.pool, hash, now);
        let found = wait(&state.outage_buffer.unknown, 1, end, error, ask).await?;
        found.ok_or(HookError::UnknownSecret)?;
    }
    known.remember(hash);
    Ok(())
}

/// Whether a body is JSON, or JSON in what a relay made of it.
async fn is_readable(body: Bytes) -> bool {
    let is_small = body.len() <= MAX_SMALL_BODY;
    let prove = move || whatsapp_events::is_readable(&body);
    if is_small {
        prove()
    } else {
        spawn_blocking(prove).await.unwrap_or(false)
    }
}

async fn store(
    state: &HttpState,
    hash: &[u8],
    body: &Bytes,
    end: Instant,
) -> Result<StatusCode, HookError> {
    let now = state.clock.now();
    // If a connection dies and the event is stored twice, the second time changes nothing.
    let store = || waapify_events::accept_event(&state.pool, hash, body, now);
    let location = match stored(store).await {
        Err(HookError::DatabaseDown(error)) => {
            let cost = body.len().max(MIN_BYTES);
            wait(&state.outage_buffer.events, cost, end, error, store).await?
        }
        answer => answer?,
    };
    let Some(location) = location else {
        state.known_secrets.forget(hash);
        return Err(HookError::UnknownSecret);
    };
    debug!(%location, "event stored");
    state.signals.waapify_events.notify_one();
    Ok(StatusCode::OK)
}
