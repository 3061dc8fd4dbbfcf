//! Asks GHL for the tags of contacts for which a message waits, because they decide from which number it leaves.
//!
//! Decides whom GHL is asked about, and for how long: until no message waits for the answer. A message is due without it after
//! half a minute.

use std::sync::Arc;

use time::Duration;
use tracing::{debug, info};

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::contacts::tags;
use crate::db::contacts::tags::TagJob;
use crate::db::queue::{Capacity, location_key};
use crate::model::retry_schedule::LOOK;
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// A call is cut off at 30 s, and a refresh before it may take as long.
const LEASE: Duration = Duration::seconds(90);

/// The worker.
#[derive(Clone, Debug)]
pub struct Tags(pub Arc<Context>);

impl Worker for Tags {
    type Job = TagJob;
    const NAME: &'static str = "tags";
    const CONCURRENCY: usize = 16;
    /// A campaign's contacts are looked at within seconds, and leave most of a location's calls to what must be told.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.tags
    }

    fn holder(job: &TagJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<TagJob>> {
        let capacity = capacity.into();
        tags::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, job: TagJob) -> sqlx::Result<()> {
        if !tags::is_wanted(&self.0.pool, &job).await? {
            return Ok(());
        }
        let ask = |ghl: ghl::Client, token| {
            let contact = &job.contact_id;
            async move { ghl.find_phones_of_contact(&token, contact).await }
        };
        let owner = Owner::Location(&job.location_id);
        match (self.0.tokens)
            .call_as(owner, CallPriority::Look, ask)
            .await
        {
            Ok(contact) => {
                // An answer without tags is the answer of a contact without tags.
                self.finish(&job, contact.tags.unwrap_or_default()).await
            }
            Err(TokenError::Database(error)) => Err(error),
            Err(TokenError::Call(error)) if error.says_contact_is_gone() => {
                self.finish(&job, Vec::new()).await
            }
            Err(error) => self.put_back(&job, &error).await,
        }
    }

    async fn release(&self, jobs: &[TagJob]) -> sqlx::Result<()> {
        tags::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl Tags {
    async fn finish(&self, job: &TagJob, tags: Vec<String>) -> sqlx::Result<()> {
        debug!(location = %job.location_id, tags = tags.len(), "GHL says a contact's tags");
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        tags::record(pool, &job.location_id, &job.contact_id, &tags, now).await?;
        self.0.signals.outbound.notify_one();
        Ok(())
    }

    async fn put_back(&self, job: &TagJob, error: &TokenError) -> sqlx::Result<()> {
        let pause = LOOK.endless(job.failures, rand::random());
        let pause = error.wait().map_or(pause, |wait| pause.max(wait));
        info!(location = %job.location_id, %error, "GHL does not say a contact's tags");
        tags::put_back(&self.0.pool, job, self.0.clock.now() + pause).await
    }
}
