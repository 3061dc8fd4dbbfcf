//! Locations whose token is to be asked of their company: when, and what came of it.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Reason;

/// When a location's token is asked for next; none while nobody asks.
///
/// # Errors
/// When the database fails.
pub async fn find_token_request_time(
    pool: &PgPool,
    location: &LocationId,
) -> sqlx::Result<Option<OffsetDateTime>> {
    let found: Option<Option<OffsetDateTime>> =
        sqlx::query_scalar("select token_request_at from locations where location_id = $1")
            .bind(location)
            .fetch_optional(pool)
            .await?;
    Ok(found.flatten())
}

/// Has the token of a location that needs one, and of which nobody was asked yet, asked for now.
///
/// # Errors
/// When the database fails.
pub async fn request_token(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into locations as l (location_id, token_request_at) values ($1, $2)
         on conflict (location_id) do update set token_request_at = excluded.token_request_at
         where l.token_request_at is null and l.token_request_refusal_code is null and l.uninstalled_at is null",
    )
    .bind(location)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}

/// A location whose token is to be asked of its company.
#[derive(Clone, Debug, FromRow)]
pub struct TokenRequest {
    /// The location.
    pub location_id: LocationId,
    /// Its company; unknown when only a delivery, or an INSTALL without it, told of the location.
    pub company_id: Option<CompanyId>,
    /// Failed tries, all of one kind.
    pub token_request_failures: i32,
    /// The last one was a refusal.
    pub was_refused: bool,
    /// When the claim ends: the fence.
    pub token_request_at: OffsetDateTime,
}

/// Claims locations whose token is due to be asked for, those of a known company first.
///
/// # Errors
/// When the database fails.
pub async fn claim_token_requests(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<TokenRequest>> {
    sqlx::query_as(
        "update locations l set token_request_at = $2 where l.location_id in (
            select location_id from locations where token_request_at <= $1 order by company_id is null, token_request_at limit $3
            for update skip locked)
         returning l.location_id, l.company_id, l.token_request_failures, l.token_request_refusal_code is not null as was_refused,
            l.token_request_at",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Notes that a location's token was not to be had, and when to ask again (`mint_at` none: not by ourselves).
/// `refusal` is why not, if it is for good.
///
/// # Errors
/// When the database fails.
pub async fn fail_token_request(
    pool: &PgPool,
    job: &TokenRequest,
    refusal: Option<&Reason>,
    token_request_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    let is_same_kind = job.was_refused == refusal.is_some();
    sqlx::query(
        "update locations set token_request_at = $4, token_request_refusal_code = $3::jsonb->>'code', token_request_refusal_args = $3::jsonb->'args',
            token_request_failures = $5
         where location_id = $1 and token_request_at = $2",
    )
    .bind(&job.location_id)
    .bind(job.token_request_at)
    .bind(refusal)
    .bind(token_request_at)
    .bind(if is_same_kind {
        job.token_request_failures + 1
    } else {
        1
    })
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends claims that are still held.
///
/// # Errors
/// When the database fails.
pub async fn release_token_requests(
    pool: &PgPool,
    jobs: &[&TokenRequest],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update locations l set token_request_at = $3
         from unnest($1::text[], $2::timestamptz[]) as j (location_id, token_request_at)
         where l.location_id = j.location_id and l.token_request_at = j.token_request_at",
    )
    .bind(
        jobs.iter()
            .map(|job| job.location_id.as_str())
            .collect::<Vec<_>>(),
    )
    .bind(
        jobs.iter()
            .map(|job| job.token_request_at)
            .collect::<Vec<_>>(),
    )
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}
