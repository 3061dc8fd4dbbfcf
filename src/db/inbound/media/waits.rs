//! How a claimed file is put back: after a failed try, to wait, or because its process stops.
//!
//! A file that is held waits for its location's token, as long as that takes, and its message with it.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::inbound::InboundJob;
use crate::db::inbound::media::MediaJob;
use crate::db::queue::set_due;
use crate::model::reason::Reason;

/// Puts a claimed file back until `due`, after a failure.
pub async fn finish_retry(
    pool: &Pool,
    job: &MediaJob,
    cause: &Reason,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set due_at = $4,
            reason_code = $5::jsonb->>'code',
            reason_args = $5::jsonb->'args',
            failures = failures + 1,
            is_held = false
        where location_id = $1 and message_id = $2 and attempt = $3 and state = 'wanted'
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
        cause as &Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a file back until `due`, for which its message waits until `message_due`, unless it is older than `longest` by
/// then.
pub async fn snooze(
    pool: &Pool,
    job: &MediaJob,
    cause: &Reason,
    (due, message_due): (OffsetDateTime, OffsetDateTime),
    longest: Duration,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with waiting as (
            update inbound_media
            set due_at = $4,
                reason_code = $5::jsonb->>'code',
                reason_args = $5::jsonb->'args',
                waits = waits + 1,
                opened_at = case when is_held then $8 else opened_at end,
                is_held = false
            where location_id = $1 and message_id = $2 and attempt = $3 and state = 'wanted'
            returning location_id, message_id
        )
        update inbound i
        set due_at = greatest(i.due_at, least($6, i.accepted_at + $7::interval))
        from waiting
        where i.location_id = any (array[waiting.location_id]) and i.id = waiting.message_id
            and i.state = 'accepted' and i.attempt = 0
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
        cause as &Reason,
        message_due,
        longest as Duration,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Holds a file until the token of its location works; it is tried again at `due` in any case.
pub async fn hold(
    pool: &Pool,
    job: &MediaJob,
    cause: &Reason,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set due_at = $4,
            reason_code = $5::jsonb->>'code',
            reason_args = $5::jsonb->'args',
            waits = waits + 1,
            is_held = true
        where location_id = $1 and message_id = $2 and attempt = $3 and state = 'wanted'
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
        cause as &Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Makes the held file of a message due, because the token works again. Not one that a worker has in hand.
pub async fn open(pool: &Pool, job: &InboundJob, now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound_media
        set is_held = false, opened_at = $3, due_at = least(due_at, $3)
        where location_id = $1
            and message_id = $2
            and state = 'wanted'
            and is_held
            and attempt = failures + waits
        "#,
        job.location_id.as_str(),
        job.id.0,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[MediaJob], now: OffsetDateTime) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs,
        now,
        "inbound_media",
        "q.location_id = any (array[c.location_id]) and q.message_id = c.id and q.state = 'wanted'"
    )
    .map(|_| ())
}
