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

/// Keeps an event.
///
/// # Errors
/// When the database fails; nothing is kept then.
pub async fn accept_event(
    pool: &PgPool,
    location: &LocationId,
    number: &str,
    body: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into gateway_events (location_id, number, body, due_at, received_at) values ($1, $2, $3, $4, $4)",
    )
    .bind(location)
    .bind(number)
    .bind(body)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
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
    sqlx::query_as(
        "update gateway_events e set claims = e.claims + 1, due_at = $2
         where (e.location_id, e.id) in (
            select c.location_id, c.id from gateway_events c
            where c.state = 'accepted' and c.due_at <= $1
              and not exists (select 1 from gateway_events earlier
                  where earlier.location_id = c.location_id and earlier.number = c.number
                    and earlier.id < c.id and earlier.state = 'accepted')
            order by c.id limit $3
            for update skip locked)
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
