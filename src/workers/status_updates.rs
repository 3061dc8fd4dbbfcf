//! Status updates of outbound messages → GHL.

use std::sync::Arc;

use time::Duration;
use tracing::{Instrument as _, info, warn};

use crate::accounts::tokens::{Owner, TokenError};
use crate::clients::ghl;
use crate::clients::ghl::{CallError, StatusError};
use crate::db::accounts::rate_limits::CallPriority;
use crate::db::accounts::vendor_outages;
use crate::db::outbound::status_updates;
use crate::db::outbound::status_updates::{Back, StatusJob};
use crate::db::queue::{Capacity, location_key};
use crate::model::reason::{Failure, Reason, Step};
use crate::model::retry_schedule::STATUS_UPDATE;
use crate::model::states::StatusName;
use crate::runtime::counters::Leg;
use crate::runtime::notify::Signal;
use crate::runtime::traces;
use crate::workers::{Context, Worker};

/// A call is cut off at 30 s, and a refresh before it may take as long.
const LEASE: Duration = Duration::seconds(90);
/// Attempts that a failure of the database or a killed process may end. After more, the job itself is taken as the
/// cause.
const MAX_CRASHED_ATTEMPTS: i32 = 20;
/// The source of a failure, in GHL's `error.type`.
const ERROR_TYPE: &str = "whatsapp";

/// The worker.
#[derive(Clone, Debug)]
pub struct StatusUpdates(pub Arc<Context>);

impl Worker for StatusUpdates {
    type Job = StatusJob;
    const NAME: &'static str = "status_updates";
    const CONCURRENCY: usize = 32;
    /// More than GHL's limit on calls lets a location use, unless GHL is slow.
    const SHARE: usize = 4;

    fn signal(&self) -> &Signal {
        &self.0.signals.status_updates
    }

    fn holder(job: &StatusJob) -> Option<String> {
        Some(location_key(&job.location_id))
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<StatusJob>> {
        let capacity = capacity.into();
        status_updates::claim(&self.0.pool, self.0.clock.now(), LEASE, capacity).await
    }

    async fn process(&self, job: StatusJob) -> sqlx::Result<()> {
        if job.attempt - job.failures - job.waits > MAX_CRASHED_ATTEMPTS {
            return self.give_up(&job, &Step::Poison.into()).await;
        }
        let (location, status) = (job.location_id.as_str(), job.status.as_str());
        let span = traces::tell_span(location, job.ghl_message_id.as_str(), status);
        let told = self.tell(&job).instrument(span.clone()).await;
        if told.is_err() {
            traces::mark_failed(&span, "not_told");
        }
        drop(span);
        match told {
            Ok(()) => {
                self.count_told(&job);
                info!(location = %job.location_id, message_id = %job.message_id, status = job.status.as_str(), "GHL knows");
                status_updates::finish(&self.0.pool, &job, self.0.clock.now()).await
            }
            Err(TokenError::Database(error)) => Err(error),
            Err(TokenError::Call(error))
                if error.is_final || error.lacks_scope() || is_unknown_email(&job, &error) =>
            {
                self.give_up(&job, &error.detail).await
            }
            Err(error @ TokenError::Uninstalled) => self.give_up(&job, &error.reason()).await,
            Err(error) => match error.wait() {
                Some(pause) => {
                    let due = self.0.clock.now() + pause;
                    status_updates::finish_retry(&self.0.pool, &job, Back::Waits, due).await
                }
                None => self.retry(&job, &error).await,
            },
        }
    }

    async fn release(&self, jobs: &[StatusJob]) -> sqlx::Result<()> {
        status_updates::release(&self.0.pool, jobs, self.0.clock.now()).await
    }
}

impl StatusUpdates {
    fn count_told(&self, job: &StatusJob) {
        self.0.counters.status_update_ended("told");
        let leg = match job.status {
            StatusName::Delivered => Leg::Delivered,
            StatusName::Read => Leg::Read,
            StatusName::Failed => return,
        };
        if let Some(accepted_at) = job.accepted_at {
            let took = self.0.clock.now() - accepted_at;
            self.0.counters.message_took(leg, took);
        }
    }

    async fn tell(&self, job: &StatusJob) -> Result<(), TokenError> {
        let message = job.reason.as_ref().map(Reason::english);
        let error = job.reason.as_ref().zip(message.as_deref());
        let error = error.map(|(reason, message)| StatusError {
            code: reason.error_code(),
            r#type: ERROR_TYPE,
            message,
        });
        let tell = |ghl: ghl::Client, token| async move {
            let status = job.status.as_str();
            ghl.put_status(&token, &job.ghl_message_id, status, error)
                .await
        };
        let owner = Owner::Location(&job.location_id);
        self.0
            .tokens
            .call_as(owner, CallPriority::StatusUpdate, tell)
            .await
    }

    async fn retry(&self, job: &StatusJob, error: &TokenError) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        if error.is_outage()
            && let Some(at) =
                vendor_outages::record_outage(&self.0.pool, &job.location_id, now).await?
        {
            return status_updates::finish_retry(&self.0.pool, job, Back::Probes, at).await;
        }
        let Some(pause) = STATUS_UPDATE.pause(job.failures, rand::random()) else {
            return self.give_up(job, &error.reason()).await;
        };
        let pause = error.least_pause().map_or(pause, |least| pause.max(least));
        info!(location = %job.location_id, message_id = %job.message_id, %error, "GHL does not know yet");
        let back = if error.is_outage() {
            Back::Down
        } else {
            Back::Failed
        };
        status_updates::finish_retry(&self.0.pool, job, back, now + pause).await
    }

    async fn give_up(&self, job: &StatusJob, why: &Reason) -> sqlx::Result<()> {
        warn!(location = %job.location_id, message_id = %job.message_id, status = job.status.as_str(), %why, "GHL was not told");
        self.0.counters.status_update_ended("given_up");
        status_updates::abandon(&self.0.pool, job, why, self.0.clock.now()).await
    }
}

/// Whether GHL has no message under the id of an e-mail. It answers so for e-mails for good, not only in the first
/// seconds (`docs/vendors/ghl.md#status-updates`).
fn is_unknown_email(job: &StatusJob, error: &CallError) -> bool {
    job.reason == Some(Failure::Email.into()) && error.knows_no_message()
}
