//! What the gateway answered to a send.
//!
//! Owns the one exhaustive match on the result of an attempt, and the hold of a number.

use time::Duration;
use tracing::{Span, info, warn};

use crate::clients::waapify::{SendFailure, Trouble};
use crate::db::numbers::protection::Of;
use crate::db::numbers::{holds, restrictions};
use crate::db::outbound::outcomes::Outcome;
use crate::db::outbound::receipts::{KnownFrom, SentPart};
use crate::db::outbound::{OutboundJob, outcomes, receipts};
use crate::model::ids::WaMessageId;
use crate::model::reason::{Failure, Hold, Reason, Step};
use crate::model::retry_schedule::{ATTEMPT_FAILED, SAME_TEXT};
use crate::model::states::FailureKind;
use crate::runtime::traces;
use crate::workers::outbound::plan::Part;
use crate::workers::outbound::{ECHO_WINDOW, Outbound, retries, routes};
use crate::workers::recording::until_recorded;

/// Sends with an unknown outcome: the first and one more. A third could be the third copy on a customer's phone.
const MAX_UNCONFIRMED_SENDS: i32 = 2;
/// A number on hold is tried again this often: once its owner has fixed it, messages are sent within minutes.
const HOLD: Duration = Duration::minutes(5);

/// The span of an attempt at the next part, which may end before anything is sent.
pub(super) fn attempt_span(job: &OutboundJob) -> Span {
    let (location, message) = (job.location_id.as_str(), job.ghl_message_id.as_str());
    traces::attempt_span(location, message, job.parts_sent + 1, job.attempt)
}

/// The span of a wait for an echo that ends.
pub(super) fn wait_span(job: &OutboundJob) -> Span {
    traces::wait_span(job.location_id.as_str(), job.ghl_message_id.as_str())
}

/// The span of a call that sends the next part.
pub(super) fn send_span(job: &OutboundJob) -> Span {
    let (location, message) = (job.location_id.as_str(), job.ghl_message_id.as_str());
    traces::send_span(location, message, job.parts_sent + 1, job.attempt)
}

/// A send's failure in a trace.
pub(super) const fn failure_code(failure: &SendFailure) -> &'static str {
    match failure {
        SendFailure::Unknown(_) => "outcome_unknown",
        SendFailure::GatewayDown(_) => "gateway_down",
        SendFailure::AttemptFailed(_) => "not_taken",
        SendFailure::SameText(_) => "same_text",
        SendFailure::NumberStopped(_) => "number_stopped",
        SendFailure::Rejected(_) => "rejected",
        SendFailure::TooLong => "too_long",
    }
}

impl Outbound {
    pub(super) async fn record_sent(
        &self,
        job: &OutboundJob,
        number: &str,
        id: &WaMessageId,
    ) -> sqlx::Result<()> {
        let sent = SentPart {
            location: &job.location_id,
            message: job.id,
            number,
            part: job.parts_sent,
            wa_message_id: id,
            known_from: KnownFrom::Answer,
        };
        self.note_sent(sent).await?;
        self.close_circuits(job, number).await?;
        if job.is_held {
            holds::end_hold(&self.0.pool, &job.location_id, number).await?;
        }
        info!(location = %job.location_id, message_id = %job.id, part = job.parts_sent, "sent");
        Ok(())
    }

    /// A sent part that is not recorded would have to wait for its echo.
    async fn note_sent(&self, sent: SentPart<'_>) -> sqlx::Result<()> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let cause = Step::Taken.into();
        let moved = until_recorded(|| receipts::record_sent(pool, sent, &cause, now)).await?;
        self.0.count_sent(moved.as_ref());
        routes::tell_number(&self.0, sent, moved.as_ref()).await
    }

    pub(super) async fn record_failure(
        &self,
        job: &OutboundJob,
        number: &str,
        part: &Part,
        failure: SendFailure,
    ) -> sqlx::Result<()> {
        info!(location = %job.location_id, message_id = %job.id, ?failure, "not sent");
        self.note_circuit(job, number, &failure).await?;
        match failure {
            SendFailure::Unknown(Trouble { cause, .. }) => {
                let wait_until = self.0.clock.now() + ECHO_WINDOW;
                self.finish(job, Outcome::Unconfirmed(wait_until), &cause)
                    .await
            }
            SendFailure::GatewayDown(Trouble { cause, .. }) => {
                self.retry_gateway(job, &cause).await
            }
            SendFailure::AttemptFailed(cause) => {
                let (kind, end) = (FailureKind::NotTaken, retries::attempt_failed(part));
                self.retry(job, kind, ATTEMPT_FAILED, &cause, end).await
            }
            SendFailure::SameText(cause) => self.wait_for_window(job, &cause).await,
            SendFailure::NumberStopped(stop) => self.hold(job, number, &stop.hold()).await,
            SendFailure::Rejected(words) => {
                self.fail(job, Failure::Rejected { words }.into()).await
            }
            SendFailure::TooLong => self.fail(job, Failure::TooLong.into()).await,
        }
    }

    /// The gateway had the same text for the same number in the last minutes. If that was this message, its outcome is
    /// still unknown, and a third send could be the second copy; otherwise it is sent when the window is over.
    async fn wait_for_window(&self, job: &OutboundJob, cause: &Reason) -> sqlx::Result<()> {
        if job.unconfirmed_sends > 0 {
            let outcome = Outcome::Unconfirmed(self.0.clock.now() + ECHO_WINDOW);
            return self.finish(job, outcome, cause).await;
        }
        let words = cause.english();
        let (kind, end) = (FailureKind::NotTaken, Failure::Rejected { words });
        self.retry(job, kind, SAME_TEXT, cause, end).await
    }

    /// Holds the whole number, because its problem concerns every message.
    pub(super) async fn hold(
        &self,
        job: &OutboundJob,
        number: &str,
        hold: &Hold,
    ) -> sqlx::Result<()> {
        let now = self.0.clock.now();
        warn!(location = %job.location_id, reason = hold.code(), "the number is on hold");
        let reason = Reason::from(hold.clone());
        let outcome = Outcome::Snooze(now);
        let mut tx = self.0.pool.begin().await?;
        holds::hold_number(&mut tx, &job.location_id, number, hold, now + HOLD).await?;
        outcomes::finish(&mut tx, job, outcome, &reason, now).await?;
        tx.commit().await?;
        if *hold == Hold::LinkLost {
            let (location, is_on) = (&job.location_id, self.0.protects_numbers);
            let of = Of { location, number };
            restrictions::note_lost_link(&self.0.pool, of, is_on, now).await?;
        }
        Ok(())
    }

    /// No echo arrived in time: the part is sent once more, or the message fails.
    pub(super) async fn end_wait(&self, job: &OutboundJob) -> sqlx::Result<()> {
        if job.unconfirmed_sends < MAX_UNCONFIRMED_SENDS {
            let now = self.0.clock.now();
            let cause = Step::OnceMore.into();
            return self.finish(job, Outcome::Snooze(now), &cause).await;
        }
        self.fail(job, Failure::Unconfirmed.into()).await
    }
}
