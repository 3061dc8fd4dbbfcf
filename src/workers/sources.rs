//! Asks GHL who wrote messages that name a user and have to wait: a person's go first, a campaign's last.
//!
//! Decides about whom GHL is asked, and how often. One look for each message; where GHL does not say, its order stays as the
//! delivery told.

use std::sync::Arc;

use time::Duration;
use tracing::{debug, info};

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::opt_outs::ending;
use crate::db::outbound::sources;
use crate::db::outbound::sources::SourceJob;
use crate::db::queue::{Capacity, location_key};
use crate::model::retry_schedule::LOOK;
use crate::model::states::Source;
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// A call is cut off at 30 s, and a refresh before it may take as long.
const LEASE: Duration = Duration::seconds(90);
/// What leaves within this time needs no look.
const WAITS: Duration = Duration::seconds(2);

/// The worker.
#[derive(Clone, Debug)]
pub struct Sources(pub Arc<Context>);

impl Worker for Sources {
    type Job = SourceJob;
    const NAME: &'static str = "sources";
    const CONCURRENCY: usize = 16;
    /// A campaign's messages are looked at within seconds, and leave most of a location's calls to what must be told.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.sources
    }

    fn holder(job: &SourceJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<SourceJob>> {
        let now = self.0.clock.now();
        sources::ask_about_waiting(&self.0.pool, now - WAITS, now).await?;
        self.claim_ready(capacity).await
    }

    async fn claim_ready(
        &self,
        capacity: impl Into<Capacity> + Send,
    ) -> sqlx::Result<Vec<SourceJob>> {
        let capacity = capacity.into();
        sources::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, job: SourceJob) -> sqlx::Result<()> {
        let ask = |ghl: ghl::Client, token| {
            let message = &job.ghl_message_id;
            async move { ghl.find_source(&token, message).await }
        };
        let owner = Owner::Location(&job.location_id);
        let asked = self.0.tokens.call_as(owner, CallPriority::Look, ask).await;
        match asked {
            Ok(source) => self.finish(&job, source).await,
            Err(TokenError::Database(error)) => Err(error),
            Err(error) => self.put_back(&job, &error).await,
        }
    }

    async fn release(&self, jobs: &[SourceJob]) -> sqlx::Result<()> {
        sources::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl Sources {
    async fn finish(&self, job: &SourceJob, source: Source) -> sqlx::Result<()> {
        debug!(location = %job.location_id, message_id = %job.message_id, source = source.as_str(), "GHL says who wrote it");
        let pool = &self.0.pool;
        let now = self.0.clock.now();
        let is_persons = source.is_persons(job.has_sender);
        sources::finish(pool, job, source, is_persons, now).await?;
        if source != Source::App {
            ending::end_if_opted_out(pool, &job.location_id, &job.contact_id, now).await?;
            self.0.signals.status_updates.notify_one();
        }
        self.0.signals.outbound.notify_one();
        Ok(())
    }

    /// GHL may not show a message yet, or be down. After some tries nobody asks any more.
    async fn put_back(&self, job: &SourceJob, error: &TokenError) -> sqlx::Result<()> {
        let Some(pause) = LOOK.pause(job.failures, rand::random()) else {
            info!(location = %job.location_id, message_id = %job.message_id, %error, "GHL does not say who wrote it");
            return self.finish(job, Source::Unknown).await;
        };
        let pause = error.wait().map_or(pause, |wait| pause.max(wait));
        sources::put_back(&self.0.pool, job, self.0.clock.now() + pause).await
    }
}
