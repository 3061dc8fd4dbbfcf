//! What GHL posts about the app itself (INSTALL, UNINSTALL and others), byte for byte, until it has been applied.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::model::ids::{ContactId, LocationId};
use crate::model::reason::Reason;

/// An event to keep.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// GHL's id; older events have none.
    pub webhook_id: Option<&'a str>,
    /// GHL's `type`.
    pub event_type: &'a str,
    /// The sub-account, where it names one.
    pub location: Option<&'a LocationId>,
    /// The contact whose message it is about.
    pub contact: Option<&'a ContactId>,
    /// The signed bytes.
    pub body: &'a [u8],
    /// Whether there is something to do about it; else it is only noted.
    pub concerns_us: bool,
}

/// A claimed event.
#[derive(Clone, Debug, FromRow)]
pub struct GhlEventJob {
    /// Its place in line.
    pub id: i64,
    /// The signed bytes.
    pub body: Vec<u8>,
    /// The fence, and how often it was tried.
    pub attempt: i32,
}

/// Keeps an event; false when it came before.
///
/// # Errors
/// When the database fails; nothing is kept then.
pub async fn accept_event(
    pool: &PgPool,
    event: NewEvent<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let state = if event.concerns_us {
        "accepted"
    } else {
        "ignored"
    };
    let inserted = sqlx::query(
        "insert into ghl_events (webhook_id, event_type, body, state, due_at, received_at, location_id, contact_id)
         values ($1, $2, $3, $4, $5, $5, $6, $7) on conflict (webhook_id) do nothing",
    )
    .bind(event.webhook_id)
    .bind(event.event_type)
    .bind(event.body)
    .bind(state)
    .bind(now)
    .bind(event.location)
    .bind(event.contact)
    .execute(pool)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Claims the first waiting event. They are applied one after the other, in the order they came, because an install
/// and an uninstall of one location must not change places; none of them takes long.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<Option<GhlEventJob>> {
    sqlx::query_as(
        "with head as (select ctid, attempt from ghl_events where state = 'accepted' order by id limit 1)
         update ghl_events e set attempt = e.attempt + 1, due_at = $2
         from head where e.ctid = head.ctid and e.attempt = head.attempt and e.due_at <= $1
         returning e.id, e.body, e.attempt",
    )
    .bind(now)
    .bind(now + lease)
    .fetch_optional(pool)
    .await
}

/// Ends an event: applied (`reason` none), or why it cannot be.
///
/// # Errors
/// When the database fails.
pub async fn finish(pool: &PgPool, job: &GhlEventJob, reason: Option<&Reason>) -> sqlx::Result<()> {
    sqlx::query(
        "update ghl_events set state = $3, reason_code = $4::jsonb->>'code', reason_args = $4::jsonb->'args'
         where id = $1 and attempt = $2 and state = 'accepted'",
    )
    .bind(job.id)
    .bind(job.attempt)
    .bind(if reason.is_some() { "failed" } else { "done" })
    .bind(reason)
    .execute(pool)
    .await
    .map(|_| ())
}

/// GHL's events of messages that it stored for a contact, as they came after `place`, oldest first: the customer's, or
/// the business's where it is `from_me`.
///
/// # Errors
/// When the database fails.
pub async fn list_stored_messages(
    pool: &PgPool,
    location: &LocationId,
    contact: &ContactId,
    from_me: bool,
    after_sequence: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar(
        "select body from ghl_events where location_id = $1 and contact_id = $2
            and event_type = $4 and sequence > $3 order by id",
    )
    .bind(location)
    .bind(contact)
    .bind(after_sequence)
    .bind(if from_me {
        "OutboundMessage"
    } else {
        "InboundMessage"
    })
    .fetch_all(pool)
    .await
}

/// Whether GHL posts events of what it stores for this location: whether one ever came.
///
/// # Errors
/// When the database fails.
pub async fn are_told_of(pool: &PgPool, location: &LocationId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select 1 from ghl_events where location_id = $1 and contact_id is not null
            and event_type in ('InboundMessage', 'OutboundMessage'))",
    )
    .bind(location)
    .fetch_one(pool)
    .await
}

/// Ends the leases of claims that are still held.
///
/// # Errors
/// When the database fails.
pub async fn release(pool: &PgPool, jobs: &[GhlEventJob], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "update ghl_events e set due_at = $3 from unnest($1::bigint[], $2::int[]) as j (id, attempt)
         where e.id = j.id and e.attempt = j.attempt and e.state = 'accepted'",
    )
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.attempt).collect::<Vec<_>>())
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}
