//! The jobs that a worker is running, and their end when the process stops.
//!
//! Owns their tasks, a copy of each job to give it back, and who has how many of them. It claims nothing.
//!
//! A holder (a number, or a location) may have [`Worker::SHARE`] jobs at once. One whose jobs end quickly earns capacity for
//! more, at most half of what is free; a job that takes long ends that. So an instance that hangs keeps few of the jobs,
//! and the next caller finds some.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::db::queue::Capacity;
use crate::workers::Worker;

/// A job that takes longer than this is slow: a vendor that is well answers within a second.
const QUICK: Duration = Duration::from_secs(2);
/// How long it is remembered that a holder's jobs ended quickly, so that it need not earn it again at each message.
const REMEMBERED: Duration = Duration::from_secs(10);

/// Longest wait for the database while jobs are given back, which takes a few statements. If it fails, the leases
/// expire.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

type Ended = Result<(Id, sqlx::Result<()>), JoinError>;

/// The jobs of one worker.
pub(super) struct RunningJobs<W: Worker> {
    worker: Arc<W>,
    tasks: JoinSet<sqlx::Result<()>>,
    jobs: HashMap<Id, W::Job>,
    started: HashMap<Id, Instant>,
    holders: HashMap<String, Holding>,
}

/// What runs for one holder.
#[derive(Debug)]
struct Holding {
    jobs: usize,
    /// Jobs that ended quickly since the last one that did not.
    quick: usize,
    /// When a job of it began or ended last.
    changed: Instant,
}

impl Holding {
    fn new(now: Instant) -> Self {
        Self {
            jobs: 0,
            quick: 0,
            changed: now,
        }
    }

    fn begin(&mut self, now: Instant) {
        self.jobs += 1;
        self.changed = now;
    }

    fn end(&mut self, was_quick: bool, now: Instant) {
        self.jobs = self.jobs.saturating_sub(1);
        self.quick = if was_quick { self.quick + 1 } else { 0 };
        self.changed = now;
    }
}

impl<W: Worker> RunningJobs<W> {
    pub(super) fn new(worker: Arc<W>) -> Self {
        Self {
            worker,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
            started: HashMap::new(),
            holders: HashMap::new(),
        }
    }

    /// What may be claimed now.
    pub(super) fn capacity(&mut self) -> Capacity {
        let now = Instant::now();
        self.notice_slow(now);
        self.holders
            .retain(|_, holding| holding.jobs > 0 || now - holding.changed < REMEMBERED);
        let free = W::CONCURRENCY.saturating_sub(self.len());
        let mut left = BTreeMap::new();
        // Who has nothing in hand begins with the share, so that a claim hears of as many holders as jobs run, not of all
        // that were served lately. What it has earned counts at the next claim, some milliseconds later.
        for (holder, holding) in self.holders.iter().filter(|(_, holding)| holding.jobs > 0) {
            let earned = if W::CAN_EARN {
                holding.quick.min(free / 2)
            } else {
                0
            };
            let capacity = (W::SHARE + earned).saturating_sub(holding.jobs);
            if capacity != W::SHARE {
                left.insert(holder.clone(), to_i64(capacity));
            }
        }
        Capacity {
            limit: to_i64(free),
            share: to_i64(W::SHARE),
            left,
            place: rand::random_range(0..usize::MAX),
        }
    }

    /// Takes back what holders have earned whose jobs take long now.
    fn notice_slow(&mut self, now: Instant) {
        for (id, started) in &self.started {
            if now - *started > QUICK
                && let Some(holder) = self.jobs.get(id).and_then(W::holder)
                && let Some(holding) = self.holders.get_mut(&holder)
            {
                holding.quick = 0;
            }
        }
    }

    /// Jobs that run, or ended without being noticed yet.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn start(&mut self, job: W::Job) {
        let (worker, taken) = (Arc::clone(&self.worker), job.clone());
        let task = self.tasks.spawn(async move { worker.process(taken).await });
        let now = Instant::now();
        if let Some(holder) = W::holder(&job) {
            let holding = self.holders.entry(holder);
            holding.or_insert_with(|| Holding::new(now)).begin(now);
        }
        self.started.insert(task.id(), now);
        self.jobs.insert(task.id(), job);
    }

    /// Removes the jobs that have ended. True if there was any.
    pub(super) fn notice_ended(&mut self) -> bool {
        let mut has_ended = false;
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(&ended);
            has_ended = true;
        }
        has_ended
    }

    /// Returns when a job has ended; never if none is running.
    pub(super) async fn next_ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.forget(&ended),
            None => std::future::pending().await,
        }
    }

    fn forget(&mut self, ended: &Ended) {
        note_end::<W>(ended);
        let (id, now) = (id_of(ended), Instant::now());
        let started = self.started.remove(&id);
        let was_quick = started.is_some_and(|started| now - started <= QUICK);
        let holder = self.jobs.remove(&id).as_ref().and_then(W::holder);
        if let Some(holding) = holder.and_then(|holder| self.holders.get_mut(&holder)) {
            holding.end(was_quick, now);
        }
    }

    /// Lets jobs end until the stop is overdue. A job that has not ended, or could not record its outcome, is given back:
    /// it is due at once, for whichever process polls next.
    pub(super) async fn finish(mut self, overdue: &CancellationToken) {
        debug!(worker = W::NAME, running_jobs = self.len(), "finishing");
        while let Some(Some(ended)) = overdue
            .run_until_cancelled(self.tasks.join_next_with_id())
            .await
        {
            note_end::<W>(&ended);
            if matches!(ended, Ok((_, Ok(())))) {
                self.jobs.remove(&id_of(&ended));
            }
        }
        // Stop all of them before they are given back.
        self.tasks.shutdown().await;
        let jobs: Vec<_> = self.jobs.into_values().collect();
        if jobs.is_empty() {
            return;
        }
        match timeout(RELEASE_TIMEOUT, self.worker.release(&jobs)).await {
            Ok(Ok(())) => info!(
                worker = W::NAME,
                jobs = jobs.len(),
                "not ended in time, given back"
            ),
            Ok(Err(error)) => {
                warn!(worker = W::NAME, %error, "not given back; the lease will bring it back");
            }
            Err(_) => warn!(
                worker = W::NAME,
                "not given back in time; the lease will bring it back"
            ),
        }
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn id_of(ended: &Ended) -> Id {
    match ended {
        Ok((id, _)) => *id,
        Err(error) => error.id(),
    }
}

fn note_end<W: Worker>(ended: &Ended) {
    let worker = W::NAME;
    match ended {
        Ok((_, Ok(()))) => {}
        Ok((_, Err(error))) => {
            warn!(worker, %error, "the outcome could not be recorded; the lease will bring it back");
        }
        Err(error) => {
            error!(worker, %error, "a job ended unexpectedly; the lease will bring it back");
        }
    }
}
