//! How a claimed file is put back: after a failed try, to wait, or because its process stops.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
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
            failures = failures + 1
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
    due: OffsetDateTime,
    message_due: OffsetDateTime,
    longest: Duration,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with waiting as (
            update inbound_media
            set due_at = $4,
                reason_code = $5::jsonb->>'code',
                reason_args = $5::jsonb->'args',
                waits = waits + 1
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
