//! The workers: each claims work from Postgres, calls a vendor, and records the outcome.
//!
//! Owns: the loop that all workers share, and what they are built from. Refuses: HTTP routes; routes and workers meet
//! in the database only.
//!
//! * [`ghl_events`]: what GHL posted about the app → installs and uninstalls
//! * [`token_upkeep`]: tokens renewed, locations listed, Waapify told of an uninstall
//! * [`monitor`]: what stops a location that worked, noticed
//! * [`outbound`]: deliveries of GHL → Waapify, planned by `plan`
//! * [`waapify_events`]: what Waapify posted → inbound messages, receipts, link state
//! * [`inbound`]: customers' messages, and those written on the business's phone → GHL; [`inbound_media`]: their files
//! * [`status_updates`]: how far a message got → GHL

pub mod ghl_events;
pub mod inbound;
pub mod inbound_media;
pub mod monitor;
pub mod outbound;
mod running_jobs;
pub mod status_updates;
pub mod token_upkeep;
pub mod waapify_events;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use running_jobs::RunningJobs;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

use crate::accounts::services::Services;
use crate::doctor::Doctor;
use crate::runtime::stop::Stop;

/// How often a worker polls without a signal: for retries that are due, and for work of other processes.
const POLL_INTERVAL: StdDuration = StdDuration::from_secs(1);
/// Least pause after a claim that found something. Under load one claim then serves many signals, and no worker is idle
/// for longer than its jobs take.
const BUSY_GAP: StdDuration = StdDuration::from_millis(2);
/// Least pause after a claim that found nothing. Pacing delays most messages, so that most signals find nothing to claim.
const IDLE_GAP: StdDuration = StdDuration::from_millis(10);
/// Pause after a database error, so that an outage does not spin.
const DATABASE_PAUSE: StdDuration = StdDuration::from_secs(1);

/// What all workers share.
#[derive(Clone, Debug)]
pub struct Context {
    /// The services, which the routes use too.
    pub services: Services,
    /// Knows what is wrong.
    pub doctor: Doctor,
}

impl Deref for Context {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

/// One kind of work.
pub trait Worker: Send + Sync + 'static {
    /// What is claimed.
    type Job: Clone + Send + Sync + 'static;
    /// Its name in logs.
    const NAME: &'static str;
    /// Jobs that run at once: a slow one then holds up few others, and the vendors are not flooded.
    const CONCURRENCY: usize;

    /// Fires when there may be work.
    fn signal(&self) -> &Notify;

    /// Takes at most `limit` due jobs.
    fn claim(&self, limit: i64) -> impl Future<Output = sqlx::Result<Vec<Self::Job>>> + Send;

    /// Claims at most `limit` jobs that may have just come or become free. Called between two polls: signals come often, and
    /// what only time makes due can wait for the next poll.
    fn claim_ready(&self, limit: i64) -> impl Future<Output = sqlx::Result<Vec<Self::Job>>> + Send {
        self.claim(limit)
    }

    /// How long the next look may wait if nobody rings: until something falls due, `POLL_INTERVAL` at most.
    fn pause(&self) -> impl Future<Output = StdDuration> + Send {
        async { POLL_INTERVAL }
    }

    /// Does one job and records its outcome. An error leaves the job to its lease.
    fn process(&self, job: Self::Job) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Makes jobs due that are still this owner's and that nobody works on any more, because the process stops. What
    /// came of them is not known: one may have been done a moment ago.
    fn release(&self, jobs: &[Self::Job]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Claims once and does what was claimed, all at once; gives the number of jobs. Tests drive a worker with this.
///
/// # Errors
/// When the database fails.
pub async fn step<W: Worker>(worker: &Arc<W>) -> sqlx::Result<usize> {
    let jobs = worker
        .claim(i64::try_from(W::CONCURRENCY).unwrap_or(i64::MAX))
        .await?;
    let count = jobs.len();
    let mut tasks = JoinSet::new();
    for job in jobs {
        let worker = Arc::clone(worker);
        tasks.spawn(async move { worker.process(job).await });
    }
    while let Some(ended) = tasks.join_next().await {
        // A panic of a job is a test's failure.
        ended.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))??;
    }
    Ok(count)
}

/// Runs a worker until a stop is requested. No job is taken from then on; jobs that still run when the stop is overdue are
/// cut off and given back ([`Worker::release`]).
pub async fn run<W: Worker>(worker: Arc<W>, stop: Stop) {
    let mut running_jobs = RunningJobs::new(Arc::clone(&worker));
    let mut next_poll = Instant::now();
    while !stop.requested.is_cancelled() {
        let free =
            i64::try_from(W::CONCURRENCY.saturating_sub(running_jobs.len())).unwrap_or(i64::MAX);
        let claimed = if free == 0 {
            Ok(Vec::new())
        } else if Instant::now() < next_poll {
            worker.claim_ready(free).await
        } else {
            next_poll = Instant::now() + POLL_INTERVAL;
            worker.claim(free).await
        };
        let gap = match claimed {
            Ok(jobs) => {
                let found_none = jobs.is_empty() && free > 0;
                for job in jobs {
                    running_jobs.start(job);
                }
                if found_none { IDLE_GAP } else { BUSY_GAP }
            }
            Err(error) => {
                warn!(worker = W::NAME, %error, "the database failed");
                DATABASE_PAUSE
            }
        };
        tokio::time::sleep(gap).await;
        wait_for_work(&*worker, &mut running_jobs, &stop).await;
    }
    running_jobs.finish(&stop.overdue).await;
}

/// Returns when something came or became free, is due, or a stop was asked for.
async fn wait_for_work<W: Worker>(worker: &W, running_jobs: &mut RunningJobs<W>, stop: &Stop) {
    let has_ended = running_jobs.notice_ended();
    // A signal that came meanwhile was kept. When there is work already, the next due time does not matter.
    let has_work = tokio::select! {
        biased;
        () = worker.signal().notified() => true,
        () = std::future::ready(()) => has_ended,
    };
    if has_work {
        return;
    }
    let pause = worker.pause().await;
    tokio::select! {
        // A signal during the query above is kept, and ends this wait at once.
        () = worker.signal().notified() => {}
        // What ended may have freed the next of its conversation.
        () = running_jobs.next_ended() => {}
        () = tokio::time::sleep(pause) => {}
        () = stop.requested.cancelled() => {}
    }
}
