//! When a message is tried again that was not posted, and when it fails.

use time::{Duration, OffsetDateTime};
use tracing::{info, warn};

use crate::accounts::tokens::TokenError;
use crate::clients::ghl::{Advice, CallError};
use crate::db::accounts::vendor_outages;
use crate::db::contacts::phones;
use crate::db::inbound;
use crate::db::inbound::{InboundJob, posts};
use crate::model::phone_forms;
use crate::model::reason::{Reason, Wait};
use crate::model::retry_schedule::{INBOUND, KEPT};
use crate::workers::inbound::Inbound;

impl Inbound {
    /// Ends a try that did not post the message, or whose outcome is unknown.
    pub(super) async fn reschedule(
        &self,
        job: &InboundJob,
        error: TokenError,
        rest: Duration,
    ) -> sqlx::Result<()> {
        match error {
            TokenError::Database(error) => Err(error),
            TokenError::Uninstalled => self.fail(job, &Wait::EndedByUninstall.into()).await,
            // While it is unknown whether GHL has the message, a refused look-up says nothing about it.
            TokenError::Call(error) if error.is_final && !job.unconfirmed => {
                self.rejected(job, &error).await
            }
            error => match error.wait() {
                Some(pause) => self.wait(job, &error, pause).await,
                None => self.retry(job, &error, rest).await,
            },
        }
    }

    /// GHL refuses the message for its content. The first time, our stored contact may be the true reason, so it is
    /// looked up again.
    async fn rejected(&self, job: &InboundJob, error: &CallError) -> sqlx::Result<()> {
        if job.failures > 0 {
            return self.fail(job, &error.detail).await;
        }
        self.doubt_contact(job).await?;
        let now = self.0.clock.now();
        let pause = INBOUND.pause(0, rand::random()).unwrap_or_default();
        inbound::finish_retry(&self.0.pool, job, &error.detail, false, now + pause, now).await
    }

    /// A refusal that is not about the message may be about its contact, which is looked up again.
    async fn look_contact_up_again(
        &self,
        job: &InboundJob,
        error: &TokenError,
    ) -> sqlx::Result<()> {
        match error {
            TokenError::Call(call) if call.says_contact_is_gone() => self.forget_contact(job).await,
            TokenError::Call(call) if call.advice == Advice::Reject && !job.unconfirmed => {
                self.doubt_contact(job).await
            }
            _ => Ok(()),
        }
    }

    /// Other refusals do not say that the contact is another one: GHL is asked whether it still has the phone.
    pub(super) async fn doubt_contact(&self, job: &InboundJob) -> sqlx::Result<()> {
        let forms = phone_forms::forms(&job.phone);
        phones::doubt(&self.0.pool, &job.location_id, &forms).await
    }

    async fn forget_contact(&self, job: &InboundJob) -> sqlx::Result<()> {
        let forms = phone_forms::forms(&job.phone);
        posts::forget_contact(&self.0.pool, job).await?;
        phones::forget(&self.0.pool, &job.location_id, &forms).await
    }

    /// The location has no token, which says nothing about the message: it waits without a limit.
    async fn wait(
        &self,
        job: &InboundJob,
        error: &TokenError,
        pause: Duration,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        inbound::snooze(&self.0.pool, job, &error.reason(), now + pause, now).await
    }

    /// `rest`: how long GHL may take until it shows a message whose post had no answer.
    async fn retry(
        &self,
        job: &InboundJob,
        error: &TokenError,
        rest: Duration,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        if INBOUND.is_over(job.failures) && now - job.accepted_at >= KEPT {
            return self.fail(job, &error.reason()).await;
        }
        self.look_contact_up_again(job, error).await?;
        let pause = self.pause(job, error, now).await?;
        let pause = error.least_pause().map_or(pause, |least| pause.max(least));
        let pause = if job.unconfirmed {
            pause.max(rest)
        } else {
            pause
        };
        info!(location = %job.location_id, message_id = %job.id, %error, "not posted yet");
        let (pool, is_down) = (&self.0.pool, error.is_outage());
        inbound::finish_retry(pool, job, &error.reason(), is_down, now + pause, now).await
    }

    /// The pause by the schedule; a shorter one for the message that looks whether GHL is back.
    async fn pause(
        &self,
        job: &InboundJob,
        error: &TokenError,
        now: OffsetDateTime,
    ) -> sqlx::Result<Duration> {
        let pause = INBOUND.endless(job.failures, rand::random());
        if !error.is_outage() {
            return Ok(pause);
        }
        let probe = vendor_outages::record_outage(&self.0.pool, &job.location_id, now).await?;
        Ok(probe.map_or(pause, |at| pause.min(at - now)))
    }

    pub(super) async fn fail(&self, job: &InboundJob, why: &Reason) -> sqlx::Result<()> {
        warn!(location = %job.location_id, message_id = %job.id, %why, "GHL does not take the message");
        self.0.counters.inbound_ended("failed");
        inbound::finish_failed(&self.0.pool, job, why, self.0.clock.now()).await
    }
}
