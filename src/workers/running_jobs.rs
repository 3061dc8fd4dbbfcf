//! The jobs that a worker is running, and their end when the process stops.
//!
//! Owns their tasks, and a copy of each job to give it back. It claims nothing.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use crate::workers::Worker;

/// Longest wait for the database while jobs are given back, which takes a few statements. If it fails, the leases
/// expire.
const RELEASE_TIMEOUT: Duration = Duration::from_secs(2);

type Ended = Result<(Id, sqlx::Result<()>), JoinError>;

/// The jobs of one worker.
pub(super) struct RunningJobs<W: Worker> {
    worker: Arc<W>,
    tasks: JoinSet<sqlx::Result<()>>,
    jobs: HashMap<Id, W::Job>,
}

impl<W: Worker> RunningJobs<W> {
    pub(super) fn new(worker: Arc<W>) -> Self {
        Self {
            worker,
            tasks: JoinSet::new(),
            jobs: HashMap::new(),
        }
    }

    /// Jobs that run, or ended without being noticed yet.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn start(&mut self, job: W::Job) {
        let (worker, taken) = (Arc::clone(&self.worker), job.clone());
        let task = self.tasks.spawn(async move { worker.process(taken).await });
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
        self.jobs.remove(&id_of(ended));
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
