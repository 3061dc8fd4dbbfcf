//! How an attempt at an outbound message ends. [`finish`] and [`snooze`] change nothing for a caller that has lost the
//! claim.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::history::timeline;
use crate::db::outbound::{OutboundJob, status_updates};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::{FailureKind, MessageState};

/// What happens to a claimed message.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// It is unknown whether the part was sent: wait for its echo until this time.
    Unconfirmed(OffsetDateTime),
    /// The part was not sent; try again at this time. Counts as a failure of this kind; a new kind starts the count
    /// again.
    Retry(OffsetDateTime, FailureKind),
    /// The part was not sent, for a reason outside the message; try again at this time.
    Snooze(OffsetDateTime),
    /// The message cannot be sent; GHL gets a status update.
    Failed(&'a Reason),
    /// The message is not for WhatsApp.
    Ignored,
}

/// Ends a claim. `cause` is for the timeline; [`Outcome::Failed`] has its own.
pub async fn finish(
    tx: &mut Connection,
    job: &OutboundJob,
    outcome: Outcome<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let (state, due, failing, unconfirmed) = match outcome {
        Outcome::Unconfirmed(until) => (MessageState::Unconfirmed, until, None, 1),
        Outcome::Retry(due, kind) => (MessageState::Accepted, due, Some(kind), 0),
        Outcome::Snooze(due) => (MessageState::Accepted, due, None, 0),
        Outcome::Failed(_) => (MessageState::Failed, now, None, 0),
        Outcome::Ignored => (MessageState::Ignored, now, None, 0),
    };
    let ended = sqlx::query!(
        r#"
        update outbound
        set state = $4, due_at = $5, crashed_attempts = 0,
            -- Failures in a row of one kind are counted; another kind starts the count again.
            failing = coalesce($6::text, failing),
            failures = case
                when $6::text is null then failures
                when $6::text = failing then failures + 1
                else 1
            end,
            failing_since = case
                when $6::text is null then failing_since
                when $6::text = failing and failures > 0 then coalesce(failing_since, $9)
                else $9
            end,
            unconfirmed_sends = unconfirmed_sends + $7,
            -- What may have been sent stays with its number.
            route = case when $7 > 0 then coalesce(number, route) else route end,
            -- A failure's reason is written by `fail`.
            reason_code = case when $4 = 'ignored' then $8::jsonb->>'code' end,
            reason_args = case when $4 = 'ignored' then $8::jsonb->'args' end
        -- Only for the owner of this attempt.
        where location_id = $1 and id = $2 and attempt = $3 and state in ('sending', 'unconfirmed')
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        state as MessageState,
        due,
        failing as Option<FailureKind>,
        unconfirmed,
        cause as &Reason,
        now,
    )
    .execute(&mut *tx)
    .await?;
    match outcome {
        _ if ended.rows_affected() == 0 => Ok(()),
        Outcome::Failed(failure) => fail(tx, &job.location_id, job.id, failure, now).await,
        _ => timeline::record_step(tx, &job.location_id, job.id, state, Some(cause), now).await,
    }
}

/// As [`finish`], in a transaction of its own.
pub async fn finish_alone(
    pool: &Pool,
    job: &OutboundJob,
    outcome: Outcome<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    finish(&mut tx, job, outcome, cause, now).await?;
    tx.commit().await
}

/// Puts a claimed message back until `due`, because its location is not known yet. `reason` is shown while it waits.
pub async fn snooze(
    pool: &Pool,
    job: &OutboundJob,
    reason: &Reason,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with waiting as (
            update outbound o
            set state = 'accepted', due_at = $4, is_waiting = true, crashed_attempts = 0,
                reason_code = $5::jsonb->>'code', reason_args = $5::jsonb->'args'
            -- The row as it was, for the comparison below.
            from outbound before
            where o.location_id = $1 and o.id = $2 and o.attempt = $3 and o.state is not distinct from 'sending'
              and before.location_id = o.location_id and before.id = o.id
            returning o.location_id, o.id,
                (before.reason_code, before.reason_args)
                    is distinct from ($5::jsonb->>'code', $5::jsonb->'args') as is_news
        )
        -- A long wait for one thing is one step of the timeline.
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $6, 'accepted', $5::jsonb->>'code', $5::jsonb->'args'
        from waiting
        where is_news
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        due,
        reason as &Reason,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Makes a message `failed` in a transaction that has locked its row, and queues the status update for GHL.
pub(in crate::db) async fn fail(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    failure: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update outbound
        set state = 'failed', reason_code = $3::jsonb->>'code', reason_args = $3::jsonb->'args'
        where location_id = $1 and id = $2
        "#,
        location.as_str(),
        message.0,
        failure as &Reason,
    )
    .execute(&mut *tx)
    .await?;
    timeline::record_step(
        tx,
        location,
        message,
        MessageState::Failed,
        Some(failure),
        now,
    )
    .await?;
    status_updates::queue(
        tx,
        location,
        message,
        status_updates::Status::Failed(failure),
        now,
    )
    .await
}
