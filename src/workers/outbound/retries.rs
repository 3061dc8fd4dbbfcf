//! How long a message is tried again.
//!
//! Compares the count of each kind of failure with its schedule, and ends a message that crashes its workers. What
//! failed is decided elsewhere.

use std::time::Duration as StdDuration;

use time::Duration;
use tracing::info;

use crate::db::outbound::aged::MaxAges;
use crate::db::outbound::outcomes::Outcome;
use crate::db::outbound::{OutboundJob, aged};
use crate::model::reason::{Failure, Reason};
use crate::model::retry_schedule::{GATEWAY_DOWN, GATEWAY_DOWN_PAUSE, Schedule, lengthened};
use crate::model::states::FailureKind;
use crate::workers::outbound::Outbound;
use crate::workers::outbound::plan::Part;

/// Claims in a row that may end with their process before a send: a deploy or another crash costs one or two, but a
/// message that crashes its worker costs every one. The other queues have the same limit.
const MAX_CRASHED_ATTEMPTS: i32 = 20;

/// Whether a message seems to crash every process that claims it.
pub(super) const fn is_poison(job: &OutboundJob) -> bool {
    job.crashed_attempts > MAX_CRASHED_ATTEMPTS
}

/// Failures of this kind in a row.
pub(super) fn failures(job: &OutboundJob, kind: FailureKind) -> i32 {
    if job.failing == Some(kind) {
        job.failures
    } else {
        0
    }
}

/// Why a message failed that the gateway did not take. One that may have been sent before that says so.
pub(super) const fn ended_without_gateway(job: &OutboundJob) -> Failure {
    if job.unconfirmed_sends > 0 {
        Failure::Unconfirmed
    } else {
        Failure::GatewayDown
    }
}

/// Why a message failed that WhatsApp did not take.
pub(super) const fn attempt_failed(part: &Part) -> Failure {
    if part.media.is_some() {
        Failure::FileNotTaken
    } else {
        Failure::TextNotTaken
    }
}

impl Outbound {
    /// Tries again by the schedule of this kind of failure; when that is over, fails the message with `end`.
    pub(super) async fn retry(
        &self,
        job: &OutboundJob,
        kind: FailureKind,
        schedule: Schedule,
        cause: &Reason,
        end: Failure,
    ) -> sqlx::Result<()> {
        let (failures, now) = (failures(job, kind), self.0.clock.now());
        // Each change of kind starts its schedule again; the message's age ends that.
        match schedule.pause(failures, rand::random()) {
            Some(pause) => {
                let outcome = Outcome::Retry(now + pause, kind);
                self.finish(job, outcome, cause).await
            }
            None => self.fail(job, end.into()).await,
        }
    }

    /// Tries again while the gateway is down, at most a minute or so later, for as long as the schedule is: the gateway's
    /// return is noticed soon, and no kind of failure that takes turns with this one shortens it.
    pub(super) async fn retry_gateway(
        &self,
        job: &OutboundJob,
        cause: &Reason,
    ) -> sqlx::Result<()> {
        let kind = FailureKind::GatewayDown;
        let (failures, now) = (failures(job, kind), self.0.clock.now());
        let since = job.failing_since.filter(|_| failures > 0).unwrap_or(now);
        if now - since >= GATEWAY_DOWN.total() {
            return self.fail(job, ended_without_gateway(job).into()).await;
        }
        let (pause, longest) = (
            GATEWAY_DOWN.endless(failures, rand::random()),
            lengthened(GATEWAY_DOWN_PAUSE, rand::random()),
        );
        let outcome = Outcome::Retry(now + pause.min(longest), kind);
        self.finish(job, outcome, cause).await
    }

    /// Fails the messages that have waited too long, tried or not.
    pub(super) async fn fail_aged(&self) -> sqlx::Result<()> {
        let age = |age: StdDuration| Duration::try_from(age).unwrap_or(Duration::MAX);
        let ages = MaxAges {
            person: age(self.0.max_age_person),
            automated: age(self.0.max_age_automated),
        };
        let failed = aged::fail_aged(&self.0.pool, ages, self.0.clock.now()).await?;
        if failed.is_empty() {
            return Ok(());
        }
        info!(
            messages = failed.len(),
            "failed, because they waited too long"
        );
        for reason in &failed {
            self.count(Outcome::Failed(reason));
        }
        self.0.signals.status_updates.notify_one();
        Ok(())
    }

    /// Fails a message without an attempt, so that its conversation continues.
    pub(super) async fn discard(&self, job: &OutboundJob) -> sqlx::Result<()> {
        self.fail(job, Failure::Lost.into()).await?;
        self.refund_pacing_slot(job).await
    }
}
