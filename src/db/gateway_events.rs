//! What Waapify posted, byte for byte, until it has been read.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::ids::LocationId;

/// A claimed event.
#[derive(Clone, Debug, FromRow)]
pub struct EventJob {
    /// Whose number.
    pub location_id: LocationId,
    /// Its place in line.
    pub id: i64,
    /// The number whose webhook it came to.
    pub number: String,
    /// The bytes.
    pub body: Vec<u8>,
    /// The fence, and how often it was tried.
    pub claims: i32,
    /// When it came.
    pub received_at: OffsetDateTime,
}

/// Keeps an event of the number whose webhook address ends in the secret with this hash; whose number that is, none
/// when there is none.
///
/// # Errors
/// When the database fails; nothing is kept then.
pub async fn accept_event(
    pool: &PgPool,
    secret_hash: &[u8],
    body: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<Option<LocationId>> {
    sqlx::query_scalar(
        "insert into gateway_events (location_id, number, body, due_at, received_at)
         select location_id, number, $2, $3, $3 from numbers where webhook_secret_hash = $1
         returning location_id",
    )
    .bind(secret_hash)
    .bind(body)
    .bind(now)
    .fetch_optional(pool)
    .await
}

/// Claims the first waiting event of each of some numbers: events of one number are read in the order they came.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<EventJob>> {
    // The heads are found number by number, so that a long backlog costs no more than a short one.
    sqlx::query_as(
        "with heads as (
            select head.location_id, head.id
            from numbers n cross join lateral (
                select e.location_id, e.id, e.due_at from gateway_events e
                where e.location_id = n.location_id and e.number = n.number and e.state = 'accepted'
                order by e.id limit 1
            ) head
            where head.due_at <= $1 order by head.id limit $3
         ), locked as (
            select e.location_id, e.id from gateway_events e join heads using (location_id, id)
            where e.state = 'accepted' and e.due_at <= $1
            for update of e skip locked
         )
         update gateway_events e set claims = e.claims + 1, due_at = $2
         from locked where e.location_id = locked.location_id and e.id = locked.id
         returning e.location_id, e.id, e.number, e.body, e.claims, e.received_at",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Ends an event: read (`reason` none), or not readable and why.
///
/// # Errors
/// When the database fails.
pub async fn finish(pool: &PgPool, job: &EventJob, reason: Option<&str>) -> sqlx::Result<()> {
    sqlx::query(
        "update gateway_events set state = $4, reason = $5
         where location_id = $1 and id = $2 and claims = $3 and state = 'accepted'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(if reason.is_some() { "failed" } else { "done" })
    .bind(reason)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
///
/// # Errors
/// When the database fails.
pub async fn release(pool: &PgPool, jobs: &[EventJob], now: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query(
        "update gateway_events e set due_at = $4
         from unnest($1::text[], $2::bigint[], $3::int[]) as j (location_id, id, claims)
         where e.location_id = j.location_id and e.id = j.id and e.claims = j.claims and e.state = 'accepted'",
    )
    .bind(jobs.iter().map(|job| job.location_id.as_str()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.claims).collect::<Vec<_>>())
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}
