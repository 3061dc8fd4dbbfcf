//! How long a message is tried again.
//!
//! Compares the count of each kind of failure with its schedule, and ends a message that crashes its workers. What
//! failed is decided elsewhere.

use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::{Failure, Reason};
use crate::model::retry_schedule::Schedule;
use crate::model::states::FailureKind;
use crate::workers::outbound::{MAX_WAIT, Outbound};

/// Claims in a row that may end with their process before a send: a deploy or another crash costs one or two, but a
/// message that crashes its worker costs every one. The other queues have the same limit.
const MAX_LOST_CLAIMS: i32 = 20;

/// Whether a message seems to crash every process that claims it.
pub(super) const fn is_poison(job: &OutboundJob) -> bool {
    job.crashed_attempts > MAX_LOST_CLAIMS
}

/// Failures of this kind in a row.
pub(super) fn failures(job: &OutboundJob, kind: FailureKind) -> i32 {
    if job.failing == Some(kind) {
        job.failures
    } else {
        0
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
        // Each change of kind starts its schedule again, but not for more than a day.
        let begins_anew_too_late = failures < job.failures && now - job.accepted_at > MAX_WAIT;
        match schedule.pause(failures, rand::random()) {
            Some(pause) if !begins_anew_too_late => {
                let outcome = Outcome::Retry(now + pause, kind);
                self.finish(job, outcome, cause).await
            }
            _ => self.fail(job, end.into()).await,
        }
    }

    /// Fails a message without an attempt, so that its conversation continues.
    pub(super) async fn discard(&self, job: &OutboundJob) -> sqlx::Result<()> {
        self.fail(job, Failure::Lost.into()).await?;
        self.refund_pacing_slot(job).await
    }
}
