//! How an attempt at an outbound message ends: each way one function, and none of them does anything for a stale owner.

use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

use crate::db::outbound::{Failure, OutboundJob};
use crate::db::{receipts, status_updates, timeline};
use crate::ids::{LocationId, MessageId, WaMessageId};

/// A part of a message that WhatsApp took, and the id it got there.
#[derive(Clone, Copy, Debug)]
pub struct SentPart<'a> {
    /// Whose message.
    pub location: &'a LocationId,
    /// Our id.
    pub message: MessageId,
    /// The number it left from.
    pub number: &'a str,
    /// Which part, from 0.
    pub part: i32,
    /// WhatsApp's id.
    pub wa_message_id: &'a WaMessageId,
}

/// Notes that a part left. The id is kept whoever reports it, the sender or an echo, first or late; the message
/// moves on only once for each part, and stays as it is when it has ended otherwise.
///
/// # Errors
/// When the database fails.
pub async fn record_sent(
    pool: &PgPool,
    sent: SentPart<'_>,
    cause: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    receipts::record_owner(&mut tx, sent, now).await?;
    let state: Option<String> = sqlx::query_scalar(
        "update outbound set parts_sent = parts_sent + 1, failures = 0, unconfirmed_sends = 0, due_at = $4,
            state = case when parts_sent + 1 < parts then 'accepted' else 'sent' end
         where location_id = $1 and id = $2 and parts_sent = $3 and state in ('accepted', 'sending', 'unconfirmed')
         returning state",
    )
    .bind(sent.location)
    .bind(sent.message)
    .bind(sent.part)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(state) = state {
        timeline::record_step(
            &mut tx,
            sent.location,
            sent.message,
            &state,
            Some(cause),
            now,
        )
        .await?;
        receipts::advance(&mut tx, sent.location, sent.message, now).await?;
    }
    tx.commit().await
}

/// Ends an attempt of which nobody knows whether it reached WhatsApp: waits for its echo until `wait_until`.
///
/// # Errors
/// When the database fails.
pub async fn finish_unconfirmed(
    pool: &PgPool,
    job: &OutboundJob,
    cause: &str,
    wait_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query(
        "update outbound set state = 'unconfirmed', unconfirmed_sends = unconfirmed_sends + 1, due_at = $4
         where location_id = $1 and id = $2 and claims = $3 and state = 'sending'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(wait_until)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(
            &mut tx,
            &job.location_id,
            job.id,
            "unconfirmed",
            Some(cause),
            now,
        )
        .await?;
    }
    tx.commit().await
}

/// Ends an attempt that surely sent nothing: back to the queue until `due`. `counts` says whether it was the
/// message's own failure, or the number's (which is waited out without limit).
///
/// # Errors
/// When the database fails.
pub async fn finish_retry(
    tx: &mut PgConnection,
    job: &OutboundJob,
    cause: &str,
    counts: bool,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let done = sqlx::query(
        "update outbound set state = 'accepted', failures = failures + $4, due_at = $5
         where location_id = $1 and id = $2 and claims = $3 and state = 'sending'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(i32::from(counts))
    .bind(due)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(tx, &job.location_id, job.id, "accepted", Some(cause), now).await?;
    }
    Ok(())
}

/// Ends a claimed message as `failed`, and has GHL told.
///
/// # Errors
/// When the database fails.
pub async fn finish_failed(
    pool: &PgPool,
    job: &OutboundJob,
    failure: &Failure,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let current: Option<i32> = sqlx::query_scalar(
        "select claims from outbound
         where location_id = $1 and id = $2 and state in ('sending', 'unconfirmed') for update",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .fetch_optional(&mut *tx)
    .await?;
    if current == Some(job.claims) {
        fail(&mut tx, &job.location_id, job.id, failure, now).await?;
    }
    tx.commit().await
}

/// Ends a claimed message as `ignored`: it is not for WhatsApp.
///
/// # Errors
/// When the database fails.
pub async fn finish_ignored(
    pool: &PgPool,
    job: &OutboundJob,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query(
        "update outbound set state = 'ignored', reason = $4
         where location_id = $1 and id = $2 and claims = $3 and state = 'sending'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(reason)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(
            &mut tx,
            &job.location_id,
            job.id,
            "ignored",
            Some(reason),
            now,
        )
        .await?;
    }
    tx.commit().await
}

/// Makes a message `failed` within a transaction that holds its row, and has GHL told.
///
/// # Errors
/// When the database fails.
pub(super) async fn fail(
    tx: &mut PgConnection,
    location: &LocationId,
    message: MessageId,
    failure: &Failure,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update outbound set state = 'failed', reason = $3 where location_id = $1 and id = $2",
    )
    .bind(location)
    .bind(message)
    .bind(failure.code)
    .execute(&mut *tx)
    .await?;
    timeline::record_step(tx, location, message, "failed", Some(&failure.message), now).await?;
    status_updates::queue(
        tx,
        location,
        message,
        status_updates::Status::Failed(failure),
        now,
    )
    .await
}

/// Lets an unconfirmed message be tried again.
///
/// # Errors
/// When the database fails.
pub async fn finish_wait(
    pool: &PgPool,
    job: &OutboundJob,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query(
        "update outbound set state = 'accepted', due_at = $4
         where location_id = $1 and id = $2 and claims = $3 and state = 'unconfirmed'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        let cause = "no sign of it came from WhatsApp; trying once more";
        timeline::record_step(
            &mut tx,
            &job.location_id,
            job.id,
            "accepted",
            Some(cause),
            now,
        )
        .await?;
    }
    tx.commit().await
}
