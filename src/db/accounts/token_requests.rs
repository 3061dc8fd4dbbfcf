//! Requests to companies for tokens of their locations: when they are due, and their results.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Reason;

/// When a location's token is requested next; none while no request is scheduled.
pub async fn find_token_request_time(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Option<OffsetDateTime>> {
    let found = sqlx::query_scalar!(
        r#"
        select token_request_at
        from locations
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// Has the token of a location that needs one, and of which nobody was asked yet, asked for now. Of a location without a
/// row only a delivery told.
pub async fn request_token(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into locations as l (location_id, token_request_at, named_by_delivery)
        values ($1, $2, true)
        on conflict (location_id) do update set token_request_at = excluded.token_request_at
        where l.token_request_at is null
          and l.token_request_refusal_code is null
          and l.uninstalled_at is null
        "#,
        location.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Has the token of a location asked for again at `at`, or a quarter of an hour after its last: GHL refuses the one that
/// it has, and might refuse each new one.
pub async fn request_another(
    pool: &Pool,
    location: &LocationId,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update locations
        set token_request_at = greatest($2, installed_at + interval '15 minutes'),
            token_request_failures = 0,
            token_request_refusal_code = null,
            token_request_refusal_args = null
        where location_id = $1 and token_request_at is null and uninstalled_at is null
        "#,
        location.as_str(),
        at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// A request to a company for a location's token.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// The location.
    pub location_id: LocationId,
    /// Its company; unknown if only a delivery, or an INSTALL without a company, named the location.
    pub company_id: Option<CompanyId>,
    /// Failed tries in a row, either all refused or none refused.
    pub token_request_failures: i32,
    /// The last try was refused.
    pub was_refused: bool,
    /// When the claim ends: the fence.
    pub token_request_at: OffsetDateTime,
}

/// Locations that only a delivery named, about which agencies are asked within [`NAMED_WINDOW`]. Such a location is rare:
/// installs are told by GHL, or found in an agency's list.
const MOST_NAMED: i64 = 5;
/// See [`MOST_NAMED`].
const NAMED_WINDOW: Duration = Duration::minutes(10);

/// Claims locations whose token is due to be asked for, those of a known company first, and few of which only a delivery
/// told.
pub async fn claim_token_requests(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<TokenRequest>> {
    sqlx::query_file_as!(
        TokenRequest,
        "src/db/accounts/claim_token_requests.sql",
        now,
        now + lease,
        limit,
        MOST_NAMED,
        now - NAMED_WINDOW,
    )
    .fetch_all(pool)
    .await
}

/// Records that a request gave no token, and when to ask again (`token_request_at` none: not by ourselves). `refusal`
/// is the cause if it is permanent.
pub async fn fail_token_request(
    pool: &Pool,
    job: &TokenRequest,
    refusal: Option<&Reason>,
    token_request_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    let is_same_kind = job.was_refused == refusal.is_some();
    let failures = if is_same_kind {
        job.token_request_failures + 1
    } else {
        1
    };
    sqlx::query!(
        r#"
        update locations
        set token_request_at = $4,
            token_request_refusal_code = $3::jsonb->>'code',
            token_request_refusal_args = $3::jsonb->'args',
            token_request_failures = $5
        where location_id = $1 and token_request_at = $2
        "#,
        job.location_id.as_str(),
        job.token_request_at,
        refusal as Option<&Reason>,
        token_request_at,
        failures,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends claims that are still held.
pub async fn release_token_requests(
    pool: &Pool,
    jobs: &[&TokenRequest],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let locations: Vec<&str> = jobs.iter().map(|job| job.location_id.as_str()).collect();
    let fences: Vec<OffsetDateTime> = jobs.iter().map(|job| job.token_request_at).collect();
    sqlx::query!(
        r#"
        update locations l
        set token_request_at = $3
        from unnest($1::text[], $2::timestamptz[]) as job (location_id, token_request_at)
        where l.location_id = job.location_id and l.token_request_at = job.token_request_at
        "#,
        &locations as &[&str],
        &fences,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
