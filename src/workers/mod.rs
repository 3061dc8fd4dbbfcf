//! The workers: each claims work from the database, may call a vendor, and records the outcome.
//!
//! Owns the loop that all workers share, their context, and `running_jobs`. Workers must not know HTTP routes: both
//! meet only in the database. Functions that return `sqlx::Result` fail when the database does.
//!
//! * [`ghl_events`]: GHL's events about the app → installs and uninstalls
//! * [`token_upkeep`]: renews tokens, lists locations, disconnects numbers after an uninstall
//! * [`monitor`]: notices what stops a location that worked
//! * `customer_names`: asks, at a look of the monitor, what GHL calls contacts that nobody named
//! * [`alerts`]: tells people what the monitor and the service notice
//! * [`outbound`]: GHL's deliveries → Waapify, planned by `plan`
//! * [`waapify_events`]: Waapify's events → inbound messages, receipts, link state
//! * [`inbound`]: customers' messages, and those written on the business's phone → GHL; [`inbound_media`]: their files
//! * [`phone_checks`]: whose LID a held message has, asked from Waapify
//! * [`opt_outs`]: who wants no more messages → GHL
//! * [`sources`]: who wrote a message that waits, asked from GHL; [`tags`]: which tags its contact has
//! * [`status_updates`]: how far a message got → GHL
//! * [`hour_counts`]: messages counted by hour, for charts

pub mod alerts;
mod customer_names;
pub mod ghl_events;
pub mod hour_counts;
pub mod inbound;
pub mod inbound_media;
mod lease;
pub mod monitor;
pub mod opt_outs;
pub mod outbound;
pub mod phone_checks;
mod recording;
mod running_jobs;
pub mod sources;
pub mod status_updates;
pub mod tags;
pub mod token_upkeep;
pub mod waapify_events;

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use running_jobs::RunningJobs;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::warn;

use crate::accounts::services::Services;
use crate::db::outbound::receipts::Moved;
use crate::db::queue::Capacity;
use crate::db::webhooks::waapify_events::Place;
use crate::doctor::Doctor;
use crate::runtime::counters::Leg;
use crate::runtime::notify::Signal;
use crate::runtime::stop::Stop;
use crate::workers::inbound_media::FetchedFiles;

/// How often a worker polls without a signal: for retries that are due, and for work of other processes.
const POLL_INTERVAL: StdDuration = StdDuration::from_secs(1);
/// Least pause after a claim that found something. Under load one claim then serves many signals.
const BUSY_GAP: StdDuration = StdDuration::from_millis(2);
/// Least pause after a claim that found nothing, as after most signals, because pacing delays most messages.
const IDLE_GAP: StdDuration = StdDuration::from_millis(10);
/// Pause after a database error, so that workers do not spin during an outage.
const DATABASE_PAUSE: StdDuration = StdDuration::from_secs(1);

/// What all workers share.
#[derive(Clone, Debug)]
pub struct Context {
    /// The services, which the routes use too.
    pub services: Services,
    /// Finds what is wrong with a location or number.
    pub doctor: Doctor,
    /// Customers' files on their way to GHL.
    pub fetched_files: FetchedFiles,
    /// After which number the next claim of Waapify's events begins its look.
    pub events_place: Arc<Mutex<Place>>,
}

impl Context {
    /// Counts a part that is newly known to be sent, by the gateway's answer or by its echo.
    pub(crate) fn count_sent(&self, moved: Option<&Moved>) {
        let Some(moved) = moved else {
            return;
        };
        self.counters.part_sent();
        if moved.is_whole {
            self.counters.outbound_ended("sent");
            let took = self.clock.now() - moved.accepted_at;
            self.counters.message_took(Leg::Sent, took);
        }
    }
}

impl Deref for Context {
    type Target = Services;

    fn deref(&self) -> &Services {
        &self.services
    }
}

/// One kind of work.
pub trait Worker: Send + Sync + 'static {
    /// What it claims.
    type Job: Clone + Send + Sync + 'static;
    /// Its name in logs.
    const NAME: &'static str;
    /// Jobs that run at once: enough that a slow one delays few others, few enough not to flood the vendors.
    const CONCURRENCY: usize;

    /// Jobs of one holder at once, so that one whose vendor hangs leaves hands for all others.
    const SHARE: usize = Self::CONCURRENCY;
    /// Whether a holder whose jobs end quickly may have more than its share (`running_jobs`).
    const CAN_EARN: bool = true;

    /// Fires when there may be work.
    fn signal(&self) -> &Signal;

    /// Whose share a job uses: a number ([`crate::db::queue::number_key`]) or a location ([`crate::db::queue::location_key`]); nobody's where
    /// jobs have no shares.
    fn holder(_job: &Self::Job) -> Option<String> {
        None
    }

    /// Claims due jobs for which there is capacity.
    fn claim(
        &self,
        capacity: impl Into<Capacity> + Send,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Job>>> + Send;

    /// Claims jobs that may be new or newly unblocked. Called after signals, between two polls: work that becomes due
    /// only by time can wait for the next poll.
    fn claim_ready(
        &self,
        capacity: impl Into<Capacity> + Send,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Job>>> + Send {
        self.claim(capacity)
    }

    /// How long the next claim may wait without a signal: until something is due, `POLL_INTERVAL` at most.
    fn pause(&self) -> impl Future<Output = StdDuration> + Send {
        async { POLL_INTERVAL }
    }

    /// Does one job and records its outcome. An error leaves the job to its lease.
    fn process(&self, job: Self::Job) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Makes due the jobs whose claims are still held, because the process stops and nobody works on them any more.
    /// Their outcome is unknown: one may have been done a moment ago.
    fn release(&self, jobs: &[Self::Job]) -> impl Future<Output = sqlx::Result<()>> + Send;
}

/// Claims once and does all claimed jobs at the same time. Returns their number. Tests run a worker with this.
pub async fn step<W: Worker>(worker: &Arc<W>) -> sqlx::Result<usize> {
    let jobs = worker
        .claim(RunningJobs::new(Arc::clone(worker)).capacity())
        .await?;
    let count = jobs.len();
    let mut tasks = JoinSet::new();
    for job in jobs {
        let worker = Arc::clone(worker);
        tasks.spawn(async move { worker.process(job).await });
    }
    while let Some(ended) = tasks.join_next().await {
        // A panic in a job fails the test.
        ended.map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))??;
    }
    Ok(count)
}

/// Runs a worker until a stop is requested. No job is taken from then on; jobs that still run when the stop is overdue are
/// cut off and given back ([`Worker::release`]).
pub async fn run<W: Worker>(worker: Arc<W>, stop: Stop) {
    let mut running_jobs = RunningJobs::new(Arc::clone(&worker));
    let mut next_poll = Instant::now();
    worker.signal().record_step(true);
    while !stop.requested.is_cancelled() {
        let capacity = running_jobs.capacity();
        let free = capacity.limit;
        let claimed = if free == 0 {
            Ok(Vec::new())
        } else if Instant::now() < next_poll {
            worker.claim_ready(capacity).await
        } else {
            next_poll = Instant::now() + POLL_INTERVAL;
            worker.claim(capacity).await
        };
        let gap = match claimed {
            Ok(jobs) => {
                worker.signal().record_step(true);
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
    worker.signal().record_step(false);
    running_jobs.finish(&stop.overdue).await;
}

/// Returns when something came or became free, is due, or a stop was asked for.
async fn wait_for_work<W: Worker>(worker: &W, running_jobs: &mut RunningJobs<W>, stop: &Stop) {
    let has_ended = running_jobs.notice_ended();
    // A signal that arrived meanwhile was kept. When there is work already, the next due time does not matter.
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
        // A job that ended may have unblocked the next one of its conversation.
        () = running_jobs.next_ended() => {}
        () = tokio::time::sleep(pause) => {}
        () = stop.requested.cancelled() => {}
    }
}
