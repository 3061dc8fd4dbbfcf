//! How deliveries get into the database: those that come while one commit is under way share the next.
//!
//! Owns: the line of deliveries that wait, and the one connection that commits them. A disk's sync is what accepting
//! costs; shared, it is paid once for many, without a timer: the busier, the larger the batches. One connection alone
//! keeps the order: ids ascend as deliveries came, and no later one can be seen before an earlier one. It is not one
//! of the pool's, and has a thread of its own, so that neither busy workers nor checks of signatures stand in the way: while
//! it waits for its turn, everybody waits.
//!
//! Refuses: keeping a delivery whose caller has gone, and more waiting bytes than [`MAX_WAITING_BYTES`].

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection, PgPool};
use tokio::runtime::Builder;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;
use tracing::{error, warn};

use crate::db;
use crate::db::outbound::deliveries;
use crate::db::outbound::deliveries::Delivery;

/// Rows of one commit: past some dozens a larger batch saves nothing more, and its callers wait longer.
const MAX_BATCH_ROWS: usize = 256;
/// Bytes of one commit, unless a single delivery has more; Postgres needs a few times as much while it stores them.
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Bytes that may wait in line; at a usual kilobyte a delivery, far more than arrives before callers give up.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// A commit that takes longer lost its connection without a word, as when a machine dies. Callers have long been asked
/// to come again; until then it is awaited, since a new connection would only wait for the same lock.
const HUNG_AFTER: Duration = Duration::from_secs(10);

/// A delivery is not stored; the cause is logged once for the whole batch.
#[derive(Debug, thiserror::Error)]
#[error("not stored")]
pub(in crate::http) struct NotStored;

/// Stores deliveries. Clones share one line, which is served until the last of them is dropped.
#[derive(Clone, Debug)]
pub struct InsertBatcher {
    queue: Arc<Queue>,
    open: Arc<watch::Sender<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    line: Mutex<Line>,
    /// Rings when somebody lines up.
    bell: Notify,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

#[derive(Debug)]
struct Waiting {
    delivery: Delivery,
    /// Takes whether the delivery is new.
    answer: oneshot::Sender<bool>,
}

impl InsertBatcher {
    /// An intake into the database of `pool`; connects when the first delivery comes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(pool: &PgPool) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let (open, closed) = watch::channel(());
        let store = Store {
            queue: Arc::clone(&queue),
            options: pool.connect_options(),
            connection: None,
        };
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("insert_batcher".to_owned())
            .spawn(move || runtime.block_on(store.serve(closed)))?;
        Ok(Self {
            queue,
            open: Arc::new(open),
        })
    }

    /// Returns when the delivery is committed; false when it was stored before. Anyone who stops waiting may find it
    /// stored all the same.
    pub(in crate::http) async fn store(&self, delivery: Delivery) -> Result<bool, NotStored> {
        let (answer, answered) = oneshot::channel();
        if !self.queue.line().push(Waiting { delivery, answer }) {
            warn!("too many deliveries wait for the store");
            return Err(NotStored);
        }
        self.queue.bell.notify_one();
        answered.await.map_err(|_| NotStored)
    }

    /// Returns when nobody serves the line any more, which nothing but a fault of ours can bring about.
    pub async fn ended(&self) {
        self.open.closed().await;
    }
}

impl Line {
    fn push(&mut self, waiting: Waiting) -> bool {
        let bytes = self.bytes + waiting.delivery.body.len();
        if bytes > MAX_WAITING_BYTES {
            return false;
        }
        self.bytes = bytes;
        self.waiting.push_back(waiting);
        true
    }

    /// The next batch, without those whose callers have gone.
    fn take_batch(&mut self) -> Vec<Waiting> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < MAX_BATCH_ROWS
            && let Some(next) = self.waiting.front()
            && (batch.is_empty() || bytes + next.delivery.body.len() <= MAX_BATCH_BYTES)
            && let Some(next) = self.waiting.pop_front()
        {
            self.bytes -= next.delivery.body.len();
            if !next.answer.is_closed() {
                bytes += next.delivery.body.len();
                batch.push(next);
            }
        }
        batch
    }
}

impl Queue {
    fn line(&self) -> std::sync::MutexGuard<'_, Line> {
        // Nothing panics while it holds the line.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Anyone who commits.
struct Store {
    queue: Arc<Queue>,
    options: Arc<PgConnectOptions>,
    /// Opened when it is first needed.
    connection: Option<PgConnection>,
}

impl Store {
    /// Commits batch after batch until the last intake is dropped.
    async fn serve(mut self, mut closed: watch::Receiver<()>) {
        loop {
            let batch = self.queue.line().take_batch();
            if !batch.is_empty() {
                self.commit(batch).await;
                continue;
            }
            // A ring of meanwhile was kept.
            tokio::select! {
                () = self.queue.bell.notified() => {}
                _ = closed.changed() => return,
            }
        }
    }

    /// Commits a batch and answers its callers; who gets no answer is asked to come again.
    async fn commit(&mut self, batch: Vec<Waiting>) {
        let (deliveries, answers): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.delivery, waiting.answer))
            .unzip();
        match self.try_commit(&deliveries).await {
            Ok(new) => {
                for (answer, new) in answers.into_iter().zip(new) {
                    let _ = answer.send(new);
                }
            }
            // Somebody's row is at fault: the others must not suffer.
            Err(error) if deliveries.len() > 1 && db::is_row_error(&error) => {
                warn!(%error, "a batch was refused, its deliveries are stored one by one");
                for (delivery, answer) in deliveries.iter().zip(answers) {
                    match self.try_commit(std::slice::from_ref(delivery)).await {
                        Ok(new) => drop(answer.send(new == [true])),
                        Err(error) => error!(%error, "a delivery cannot be stored"),
                    }
                }
            }
            Err(error) => {
                error!(%error, waiting = answers.len(), "the store is down, the callers are asked to come again");
            }
        }
    }

    /// Commits once, and once more over a new connection when the old one turns out dead: what it may have stored
    /// already is recognised.
    async fn try_commit(&mut self, deliveries: &[Delivery]) -> sqlx::Result<Vec<bool>> {
        let was_open = self.connection.is_some();
        match self.commit_over(deliveries).await {
            Err(error) if was_open && db::is_disconnect(&error) => {
                self.commit_over(deliveries).await
            }
            other => other,
        }
    }

    async fn commit_over(&mut self, deliveries: &[Delivery]) -> sqlx::Result<Vec<bool>> {
        let stored = timeout(HUNG_AFTER, async {
            // Out of its slot while it is in use, so that a broken one is not used again.
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => self.options.connect().await?,
            };
            let stored = deliveries::accept_deliveries(&mut connection, deliveries).await;
            if !matches!(&stored, Err(error) if db::is_disconnect(error)) {
                self.connection = Some(connection);
            }
            stored
        });
        stored.await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }
}
