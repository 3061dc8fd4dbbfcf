//! How a message ends that does not leave: it fails, with its reason, or waits for an install.

use tracing::{Span, info};

use crate::db::accounts::{installs, token_requests};
use crate::db::contacts::names;
use crate::db::numbers;
use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::{Failure, NUMBER_STOPPED, Reason, Remedy, Wait};
use crate::model::states::InstallStatus;
use crate::runtime::traces;
use crate::workers::outbound::{INSTALL_PAUSE, MAX_WAIT, Outbound};
use crate::workers::recording::until_recorded;

impl Outbound {
    /// Ends a message that cannot be sent.
    pub(super) async fn fail_plan(&self, job: &OutboundJob, failure: Failure) -> sqlx::Result<()> {
        if failure.remedy() == Remedy::CorrectContact {
            let (pool, now) = (&self.0.pool, self.0.clock.now());
            names::note_without_phone(pool, &job.location_id, job.id, now).await?;
        }
        self.fail(job, failure.into()).await?;
        self.refund_pacing_slot(job).await
    }

    /// A message that is not sent does not use its number's pause.
    pub(super) async fn refund_pacing_slot(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let Some(number) = &job.number else {
            return Ok(());
        };
        numbers::refund_pacing_slot(&self.0.pool, &job.location_id, number, self.0.clock.now())
            .await
    }

    /// Ends a message of a location without a number. If we do not know the location, its agency may know it: then the
    /// message waits until that is clear, so that GHL can get its status.
    pub(super) async fn end_without_number(&self, job: &OutboundJob) -> sqlx::Result<()> {
        let (pool, location, now) = (&self.0.pool, &job.location_id, self.0.clock.now());
        let failure = match installs::find_install_status(pool, location).await? {
            InstallStatus::Unknown | InstallStatus::Pending if now - job.accepted_at < MAX_WAIT => {
                token_requests::request_token(pool, location, now).await?;
                self.0.signals.token_upkeep.notify_one();
                let asked = token_requests::find_token_request_time(pool, location).await?;
                let due = asked.unwrap_or(now).max(now) + INSTALL_PAUSE;
                let cause = Wait::InstallStatus.into();
                return outcomes::snooze(pool, job, &cause, due, now).await;
            }
            InstallStatus::Unknown | InstallStatus::Pending | InstallStatus::NotInstalled => {
                Failure::NotInstalled
            }
            InstallStatus::Uninstalled => Failure::Uninstalled,
            InstallStatus::Installed | InstallStatus::Inactive | InstallStatus::NeedsReinstall => {
                Failure::NotConnected
            }
        };
        self.fail(job, failure.into()).await
    }

    pub(super) async fn fail(&self, job: &OutboundJob, why: Reason) -> sqlx::Result<()> {
        info!(location = %job.location_id, message_id = %job.id, code = why.error_code(), "failed");
        traces::mark_failed(&Span::current(), why.error_code());
        self.finish(job, Outcome::Failed(&why), &why).await?;
        self.0.signals.status_updates.notify_one();
        Ok(())
    }

    pub(super) async fn finish(
        &self,
        job: &OutboundJob,
        outcome: Outcome<'_>,
        cause: &Reason,
    ) -> sqlx::Result<()> {
        self.count(outcome);
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        until_recorded(|| outcomes::finish_alone(pool, job, outcome, cause, now)).await
    }

    pub(super) fn count(&self, outcome: Outcome<'_>) {
        match outcome {
            Outcome::Failed(Reason::Failure(why)) => {
                self.0.counters.outbound_failed(why.error_code());
            }
            Outcome::Failed(_) => self.0.counters.outbound_failed(NUMBER_STOPPED),
            Outcome::Ignored => self.0.counters.outbound_ended("ignored"),
            Outcome::Unconfirmed(_) | Outcome::Retry(..) | Outcome::Snooze(_) => {}
        }
    }
}
