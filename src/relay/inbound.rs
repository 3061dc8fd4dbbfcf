//! Customers' messages → GHL: the contact is found or made, the message posted into its conversation.

use std::sync::Arc;

use time::Duration;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::{Context, Worker};
use crate::clients::ghl::{self, Advice, CallError, InboundMessage};
use crate::db::inbound::{self, InboundJob};
use crate::db::locations;
use crate::db::uninstalls::UNINSTALLED;
use crate::ids::{ContactId, GhlMessageId};
use crate::schedule::INBOUND;
use crate::tokens::TokenError;

/// Three calls of at most 30 s, and a refresh.
const LEASE: Duration = Duration::seconds(150);
/// Failures of the database or a killed process come on top of the schedule's; beyond this the job itself kills.
const MAX_CLAIMS_BEYOND_FAILURES: i32 = 20;

/// The worker.
#[derive(Clone, Debug)]
pub struct Inbound(pub Arc<Context>);

impl Worker for Inbound {
    type Job = InboundJob;
    const NAME: &'static str = "inbound";
    const CONCURRENCY: usize = 32;

    fn bell(&self) -> &Notify {
        &self.0.wake.inbound
    }

    async fn claim(&self, limit: i64) -> sqlx::Result<Vec<InboundJob>> {
        inbound::claim(&self.0.pool, self.0.clock.now(), LEASE, limit).await
    }

    async fn process(&self, job: InboundJob) -> sqlx::Result<()> {
        if job.claims - job.failures - job.waits > MAX_CLAIMS_BEYOND_FAILURES {
            return self.fail(&job, "it kept ending its worker").await;
        }
        match self.post(&job).await {
            Ok(message) => {
                info!(location = %job.location_id, message_id = %job.id, ghl_message_id = %message, "posted to GHL");
                inbound::finish_posted(&self.0.pool, &job, &message, self.0.clock.now()).await
            }
            Err(TokenError::Database(error)) => Err(error),
            Err(TokenError::Call(error)) if error.advice == Advice::Reject => {
                self.rejected(&job, &error).await
            }
            Err(TokenError::Uninstalled) => self.fail(&job, UNINSTALLED).await,
            Err(error) => match error.wait() {
                Some(pause) => self.wait(&job, &error, pause).await,
                None => self.retry(&job, &error).await,
            },
        }
    }
}

impl Inbound {
    async fn post(&self, job: &InboundJob) -> Result<GhlMessageId, TokenError> {
        let contact = self.contact(job).await?;
        let message = InboundMessage {
            contact_id: &contact,
            message: &job.text,
            alt_id: job.wa_message_id.as_str(),
            date: job.sent_at,
        };
        self.0
            .tokens
            .call(&job.location_id, |ghl, token| {
                let message = &message;
                async move { ghl.post_inbound(&token, message).await }
            })
            .await
    }

    /// The sender's contact. One that GHL has is used as it is, so that a name the business gave it stays; a new one
    /// gets the WhatsApp name.
    async fn contact(&self, job: &InboundJob) -> Result<ContactId, TokenError> {
        let (pool, location) = (&self.0.pool, &job.location_id);
        if let Some(known) = locations::find_contact(pool, location, &job.phone).await? {
            return Ok(known);
        }
        let phone = format!("+{}", job.phone);
        let (phone, name) = (phone.as_str(), job.sender_name.as_deref());
        let find_or_make = |ghl: ghl::Client, token| async move {
            match ghl.find_contact(&token, location, phone).await {
                Ok(Some(contact)) => Ok(contact),
                // Where the look-up is refused, making it is still safe: GHL knows contacts by phone.
                Err(error) if error.advice != Advice::Reject => Err(error),
                Ok(None) | Err(_) => ghl.upsert_contact(&token, location, phone, name).await,
            }
        };
        let contact = self.0.tokens.call(location, find_or_make).await?;
        locations::record_contact(pool, location, &job.phone, &contact).await?;
        Ok(contact)
    }

    /// GHL refuses the message. The first time the contact we remember may be gone, so it is looked up afresh.
    async fn rejected(&self, job: &InboundJob, error: &CallError) -> sqlx::Result<()> {
        if job.failures > 0 {
            return self.fail(job, &error.detail).await;
        }
        locations::forget_contact(&self.0.pool, &job.location_id, &job.phone).await?;
        let now = self.0.clock.now();
        let pause = INBOUND.pause(0, rand::random()).unwrap_or_default();
        inbound::finish_retry(&self.0.pool, job, &error.detail, now + pause, now).await
    }

    /// The location has no token, which says nothing about the message: it waits as long as it takes.
    async fn wait(
        &self,
        job: &InboundJob,
        error: &TokenError,
        pause: Duration,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        inbound::finish_wait(&self.0.pool, job, &error.to_string(), now + pause, now).await
    }

    async fn retry(&self, job: &InboundJob, error: &TokenError) -> sqlx::Result<()> {
        let Some(pause) = INBOUND.pause(job.failures, rand::random()) else {
            return self.fail(job, &error.to_string()).await;
        };
        let pause = error.least_pause().map_or(pause, |least| pause.max(least));
        info!(location = %job.location_id, message_id = %job.id, %error, "not posted yet");
        let now = self.0.clock.now();
        inbound::finish_retry(&self.0.pool, job, &error.to_string(), now + pause, now).await
    }

    async fn fail(&self, job: &InboundJob, why: &str) -> sqlx::Result<()> {
        warn!(location = %job.location_id, message_id = %job.id, why, "GHL does not take the message");
        inbound::finish_failed(&self.0.pool, job, why, self.0.clock.now()).await
    }
}
