//! How deliveries get into the database: those that arrive while one commit is under way share the next.
//!
//! Owns: the one connection that commits them. A disk's sync is what accepting costs; shared, it is paid once for many.
//! One connection alone keeps the order: ids ascend as deliveries arrived, and no later one can be seen before an earlier
//! one. It is not one of the pool's, and has a thread of its own, so that neither busy workers nor checks of signatures
//! delay it: while it waits for its turn, everybody waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::runtime::Builder;
use tokio::time::timeout;
use tracing::{error, warn};

use crate::db;
use crate::db::connection::Pool;
use crate::db::outbound::deliveries;
use crate::db::outbound::deliveries::Delivery;
use crate::runtime::batcher::{Batcher, Batches, NotServed, Pending, batcher};

/// Rows of one commit: past some dozens a larger batch saves nothing more, and its callers wait longer.
const MAX_BATCH_ROWS: usize = 256;
/// Bytes of one commit, unless a single delivery has more; Postgres needs a few times as much while it stores them.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that may wait; at a usual kilobyte a delivery, far more than arrives before callers give up.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// A commit that takes longer lost its connection without a word, as when a machine dies. Callers have long been asked
/// to come again; until then it is awaited, since a new connection would only wait for the same lock.
const HUNG_AFTER: Duration = Duration::from_secs(10);
/// How long a failed commit is remembered for `/readyz`: two or three rounds of a usual probe.
const FAILURE_MEMORY: Duration = Duration::from_secs(15);

/// Stores deliveries. Clones share one queue, which is served until the last of them is dropped.
#[derive(Clone, Debug)]
pub struct InsertBatcher {
    requests: Batcher<Delivery, bool>,
    last_failure: Arc<Mutex<Option<Instant>>>,
}

impl InsertBatcher {
    /// Stores into the database of `pool`; connects when the first delivery arrives.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(pool: &Pool) -> io::Result<Self> {
        let (requests, batches) = batcher(MAX_WAITING_BYTES);
        let inserter = Inserter {
            options: pool.connect_options(),
            connection: None,
            last_failure: Arc::default(),
        };
        let last_failure = Arc::clone(&inserter.last_failure);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("insert_batcher".to_owned())
            .spawn(move || runtime.block_on(inserter.serve(batches)))?;
        Ok(Self {
            requests,
            last_failure,
        })
    }

    /// Returns when the delivery is committed; false when it was stored before. A caller that stops waiting may find it
    /// stored all the same.
    pub(in crate::http) async fn store(&self, delivery: Delivery) -> Result<bool, NotServed> {
        let bytes = delivery.body.len();
        self.requests.submit(delivery, bytes).await
    }

    /// Whether deliveries cannot be stored at present: a commit failed a moment ago, and none has succeeded since. It is
    /// not known for longer, because without a delivery nothing is tried.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let last_failure = self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        last_failure.is_some_and(|at| at.elapsed() < FAILURE_MEMORY)
    }

    /// Returns when nobody serves the queue any more, which only a defect can bring about.
    pub async fn ended(&self) {
        self.requests.closed().await;
    }
}

type Insert = Pending<Delivery, bool>;

/// Commits batches, one at a time.
struct Inserter {
    options: Arc<PgConnectOptions>,
    /// Opened when it is first needed.
    connection: Option<PgConnection>,
    /// When a commit failed, if none has succeeded since.
    last_failure: Arc<Mutex<Option<Instant>>>,
}

impl Inserter {
    async fn serve(mut self, mut batches: Batches<Delivery, bool>) {
        while let Some(batch) = batches.next(MAX_BATCH_ROWS).await {
            for commit in split(batch) {
                self.commit(commit).await;
            }
        }
    }

    /// Commits a batch and answers its callers. Those that get no answer are asked to come again.
    async fn commit(&mut self, batch: Vec<Insert>) {
        let committed = self.try_commit(&batch).await;
        let is_down = committed
            .as_ref()
            .is_err_and(|error| !db::is_row_error(error));
        *self
            .last_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = is_down.then(Instant::now);
        match committed {
            Ok(new) => {
                for (insert, new) in batch.into_iter().zip(new) {
                    insert.answer(new);
                }
            }
            // One row is at fault: the others must not suffer.
            Err(error) if batch.len() > 1 && db::is_row_error(&error) => {
                warn!(%error, "a batch was refused, its deliveries are stored one by one");
                for insert in batch {
                    match self.try_commit(std::slice::from_ref(&insert)).await {
                        Ok(new) => insert.answer(new == [true]),
                        Err(error) => error!(%error, "a delivery cannot be stored"),
                    }
                }
            }
            Err(error) => {
                let waiting = batch.len();
                error!(%error, waiting, "the database is down, the callers are asked to come again");
            }
        }
    }

    /// Commits once, and once more over a new connection when the old one turns out dead: what it may have stored
    /// already is recognised.
    async fn try_commit(&mut self, batch: &[Insert]) -> sqlx::Result<Vec<bool>> {
        let was_open = self.connection.is_some();
        match self.commit_over(batch).await {
            Err(error) if was_open && db::is_disconnect(&error) => self.commit_over(batch).await,
            other => other,
        }
    }

    async fn commit_over(&mut self, batch: &[Insert]) -> sqlx::Result<Vec<bool>> {
        let deliveries: Vec<_> = batch.iter().map(|insert| &insert.request).collect();
        let stored = timeout(HUNG_AFTER, async {
            // Out of its slot while it is in use, so that a broken one is not used again.
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let stored = deliveries::accept_deliveries(&mut connection, &deliveries).await;
            if !matches!(&stored, Err(error) if db::is_disconnect(error)) {
                self.connection = Some(connection);
            }
            stored
        });
        stored.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}

/// Cuts what arrived together into commits of at most [`MAX_BATCH_BYTES`].
fn split(batch: Vec<Insert>) -> Vec<Vec<Insert>> {
    let mut commits: Vec<Vec<Insert>> = Vec::new();
    let mut room = 0;
    for insert in batch {
        let bytes = insert.request.body.len();
        match commits.last_mut() {
            Some(commit) if bytes <= room => {
                room -= bytes;
                commit.push(insert);
            }
            _ => {
                room = MAX_BATCH_BYTES.saturating_sub(bytes);
                commits.push(vec![insert]);
            }
        }
    }
    commits
}
