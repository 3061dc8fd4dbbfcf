//! Accepts connections and serves the routes on them.
//!
//! Owns what a connection may cost: how many there are, how long its next request may take to arrive, how long it may be
//! idle, and what happens when the process has no file descriptor left. What a request may cost is the routes' own
//! ([`crate::http::layers`]).

mod serving;
mod silence;

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::runtime::counters::Counters;

/// Most connections at a time. Each costs some 20 kB, so that all of them fit into 80 MB; a thousand tenants' vendors
/// keep some dozens open.
const MAX_CONNECTIONS: usize = 4096;
/// File descriptors that are kept for the database, the vendors and customers' files, of those the process may have:
/// strangers' connections never stop the work.
const KEPT_DESCRIPTORS: usize = 256;
/// A process may have so few descriptors that nothing is left beside the kept ones; then a half is for callers.
const LEAST_SHARE: usize = 2;
/// Pause after an accept that failed because descriptors or memory were used up: connections end meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);
/// Pause between two lines of the log that say that no permit is free: it may happen hundreds of times a second.
const LOGGED_EVERY: Duration = Duration::from_mins(1);

/// Time limits of a connection.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Longest time from a request's first byte, or from the connection's beginning, to the end of its head.
    head: Duration,
    /// Longest time without a request after an answer.
    idle: Duration,
}

/// A phone's browser sends a head in one packet; one that takes ten seconds holds the connection for its own sake. Proxies
/// in front of services commonly keep a connection for a minute, and must end it before we do.
const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(75),
};

/// Serves `routes` until `stop`; then answers what has begun, and returns when every connection has ended.
pub async fn serve(
    listener: TcpListener,
    routes: Router,
    counters: Counters,
    stop: CancellationToken,
) {
    let most = max_connections();
    let acceptor = Acceptor {
        permits: Arc::new(Semaphore::new(most)),
        crowded: Arc::new(Notify::new()),
        full_logged_at: Arc::default(),
        counters,
        stop: stop.clone(),
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = acceptor.accept_all(&listener, &routes) => {}
    }
    drop(listener);
    // All permits are free when all connections have ended.
    let all = u32::try_from(most).unwrap_or(u32::MAX);
    let _ = acceptor.permits.acquire_many(all).await;
}

/// As many as the process has descriptors for, beside those that its work needs.
fn max_connections() -> usize {
    let allowed = descriptors();
    let rest = allowed.saturating_sub(KEPT_DESCRIPTORS);
    rest.max(allowed / LEAST_SHARE).clamp(1, MAX_CONNECTIONS)
}

/// How many descriptors the process may have. Systems commonly give 1,024 and allow any process more that asks.
fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let count = |limit: Option<u64>| {
        limit.map_or(usize::MAX, |limit| {
            usize::try_from(limit).unwrap_or(usize::MAX)
        })
    };
    let (allowed, most) = (count(limit.current), count(limit.maximum));
    let wanted = (MAX_CONNECTIONS + KEPT_DESCRIPTORS).min(most);
    let more = Rlimit {
        current: Some(wanted as u64),
        ..limit
    };
    if allowed >= wanted || setrlimit(Resource::Nofile, more).is_err() {
        return allowed;
    }
    wanted
}

/// What all connections share.
#[derive(Clone, Debug)]
struct Acceptor {
    /// One for each connection that may be open.
    permits: Arc<Semaphore>,
    /// Notified when no permit is free: idle connections then end.
    crowded: Arc<Notify>,
    /// When the log last said that no permit is free.
    full_logged_at: Arc<Mutex<Option<Instant>>>,
    counters: Counters,
    stop: CancellationToken,
}

impl Acceptor {
    async fn accept_all(&self, listener: &TcpListener, routes: &Router) {
        loop {
            let Some(permit) = self.permit().await else {
                return;
            };
            let stream = self.accept(listener).await;
            let (acceptor, routes) = (self.clone(), routes.clone());
            tokio::spawn(async move {
                acceptor.counters.connection_opened();
                let end = serving::serve(stream, routes, &acceptor, LIMITS).await;
                acceptor.counters.connection_ended(end.code());
                drop(permit);
            });
        }
    }

    /// A permit for one more connection. If none is free, the idle ones are ended first.
    async fn permit(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Some(permit);
        }
        if self.is_worth_a_line() {
            warn!("no more connections are taken; those that are idle are ended");
        }
        self.counters.connections_were_full();
        self.crowded.notify_waiters();
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    /// Whether the last line about used-up permits is old enough for another.
    fn is_worth_a_line(&self) -> bool {
        let mut logged_at = self
            .full_logged_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_due = logged_at.is_none_or(|at| at.elapsed() >= LOGGED_EVERY);
        if is_due {
            *logged_at = Some(Instant::now());
        }
        is_due
    }

    async fn accept(&self, listener: &TcpListener) -> TcpStream {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) if is_callers(&error) => {}
                Err(error) => {
                    self.counters.accept_failed();
                    error!(%error, "a connection cannot be taken: {}", cause_of(&error));
                    self.crowded.notify_waiters();
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Whether the caller was gone before the connection was taken.
fn is_callers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

fn cause_of(error: &io::Error) -> &'static str {
    let of = |errno: rustix::io::Errno| error.raw_os_error() == Some(errno.raw_os_error());
    if of(rustix::io::Errno::MFILE) || of(rustix::io::Errno::NFILE) {
        "no file descriptor is left (raise LimitNOFILE or `ulimit -n`)"
    } else {
        "the system refuses it"
    }
}
