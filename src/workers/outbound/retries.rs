//! How long a message is tried again.
//!
//! Owns: the count of each kind of failure against its schedule, and the end of a message that stops whoever claims it.
//! Refuses: saying what failed.

use crate::db::outbound::OutboundJob;
use crate::db::outbound::outcomes::Outcome;
use crate::model::reason::{Failure, Reason};
use crate::model::retry_schedule::Schedule;
use crate::model::states::FailureKind;
use crate::workers::outbound::{MAX_WAIT, Outbound};

/// Claims in a row that ended with their process before anything left: a deploy or a crash beside it costs one or two,
/// the message itself every one. As in the other queues.
const MAX_LOST_CLAIMS: i32 = 20;

/// Whether a message seems to stop every process that claims it.
pub(super) const fn is_poison(job: &OutboundJob) -> bool {
    job.crashed_attempts > MAX_LOST_CLAIMS
}

/// Failures of this kind since the last of another.
pub(super) fn failures(job: &OutboundJob, kind: FailureKind) -> i32 {
    if job.failing == Some(kind) {
        job.failures
    } else {
        0
    }
}

impl Outbound {
    /// Tries again by the schedule of this kind of failure, or ends as `end` where it is over.
    pub(super) async fn retry(
        &self,
        job: &OutboundJob,
        kind: FailureKind,
        schedule: Schedule,
        cause: &Reason,
        end: Failure,
    ) -> sqlx::Result<()> {
        let (failures, now) = (failures(job, kind), self.0.clock.now());
        // Kinds that take turns begin anew each time, but not for more than a day.
        let begins_anew_too_late = failures < job.failures && now - job.accepted_at > MAX_WAIT;
        match schedule.pause(failures, rand::random()) {
            Some(pause) if !begins_anew_too_late => {
                let outcome = Outcome::Retry(now + pause, kind);
                self.finish(job, outcome, cause).await
            }
            _ => self.fail(job, end.into()).await,
        }
    }

    /// Ends a message before its attempt, so that its conversation goes on.
    pub(super) async fn discard(&self, job: &OutboundJob) -> sqlx::Result<()> {
        self.fail(job, Failure::Lost.into()).await?;
        self.refund_pacing_slot(job).await
    }
}
