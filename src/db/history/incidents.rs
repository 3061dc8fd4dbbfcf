//! What the watch noticed: each trouble from its beginning to its end, and which location it looks at next.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::model::ids::LocationId;
use crate::model::reason::Reason;

/// What is heard of a location has it looked at, but not sooner after the last look: a gateway whose link comes and
/// goes reports so every second, and a look may itself make it report.
const LEAST_PAUSE: Duration = Duration::seconds(30);

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Kind {
    /// Another SMS provider was chosen in GHL.
    Provider,
    /// The number is not linked, or Waapify refuses its keys.
    Link,
    /// The gateway reports nothing.
    Silence,
    /// The app must be installed again.
    Reinstall,
}

impl Kind {
    /// Every kind: metrics show one that has not happened yet as 0.
    pub const ALL: [Self; 4] = [Self::Provider, Self::Link, Self::Silence, Self::Reinstall];

    /// Its name in the database, in logs and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Link => "link",
            Self::Silence => "silence",
            Self::Reinstall => "reinstall",
        }
    }
}

/// What something is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The location.
    pub location: &'a LocationId,
    /// The number, digits; empty: the location as a whole.
    pub number: &'a str,
    /// What is wrong.
    pub kind: Kind,
}

/// A trouble that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Trouble {
    /// Its number in logs.
    pub id: i64,
    /// Whose.
    pub location_id: LocationId,
    /// The number it is about, digits; empty: the location as a whole.
    pub number: String,
    /// What is wrong.
    pub kind: Kind,
    /// More about it: a provider's name, or a word of the watch's.
    pub detail: Option<String>,
    /// What is wrong with the token, where that is the trouble.
    pub reason: Option<Reason>,
    /// When it was noticed.
    pub since: OffsetDateTime,
    /// When it was seen last.
    pub last_seen_at: OffsetDateTime,
}

/// Notes a trouble, or that it is there still; its id, and whether it has just begun. None where the app was uninstalled
/// meanwhile: nobody would end it.
///
/// # Errors
/// When the database fails.
pub async fn note(
    pool: &PgPool,
    about: About<'_>,
    detail: Option<&str>,
    reason: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(i64, bool)>> {
    // A row that this statement inserted was deleted by nobody. An uninstall that is under way is waited for.
    sqlx::query_as(
        "insert into incidents (location_id, number, kind, detail, reason_code, reason_args, since, last_seen_at)
         select location_id, $2, $3, $4, $6::jsonb->>'code', $6::jsonb->'args', $5, $5 from locations
         where location_id = $1 and uninstalled_at is null for share
         on conflict (location_id, number, kind) where resolved_at is null do update set
            detail = excluded.detail, reason_code = excluded.reason_code, reason_args = excluded.reason_args,
            last_seen_at = excluded.last_seen_at
         returning id, xmax = 0",
    )
    .bind(about.location)
    .bind(about.number)
    .bind(about.kind)
    .bind(detail)
    .bind(now)
    .bind(reason)
    .fetch_optional(pool)
    .await
}

/// Ends a trouble; its id, none where there was none.
///
/// # Errors
/// When the database fails.
pub async fn heal(
    pool: &PgPool,
    about: About<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "update incidents set resolved_at = $4
         where location_id = $1 and number = $2 and kind = $3 and resolved_at is null returning id",
    )
    .bind(about.location)
    .bind(about.number)
    .bind(about.kind)
    .bind(now)
    .fetch_optional(pool)
    .await
}

/// Ends the troubles of numbers that are no longer connected; their ids.
///
/// # Errors
/// When the database fails.
pub async fn resolve_gone(
    pool: &PgPool,
    location: &LocationId,
    numbers: &[&str],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<(i64, Kind)>> {
    sqlx::query_as(
        "update incidents set resolved_at = $3
         where location_id = $1 and number <> '' and number <> all($2) and resolved_at is null returning id, kind",
    )
    .bind(location)
    .bind(numbers)
    .bind(now)
    .fetch_all(pool)
    .await
}

/// A location's troubles that have not ended, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list_open(pool: &PgPool, location: &LocationId) -> sqlx::Result<Vec<Trouble>> {
    sqlx::query_as(
        "select id, location_id, number, kind, detail, reason_of(reason_code, reason_args) as reason,
            since, last_seen_at
         from incidents
         where location_id = $1 and resolved_at is null order by since, id",
    )
    .bind(location)
    .fetch_all(pool)
    .await
}

/// How many troubles of each kind there are now, kinds without any included.
///
/// # Errors
/// When the database fails.
pub async fn count_open(pool: &PgPool) -> sqlx::Result<Vec<(Kind, i64)>> {
    let counted = sqlx::query_as(
        "select kind, count(*) from incidents where resolved_at is null group by kind",
    )
    .fetch_all(pool)
    .await?;
    Ok(with_all_kinds(&counted))
}

/// How many troubles of each kind there have been, those of now included.
///
/// # Errors
/// When the database fails.
pub async fn count_begun(pool: &PgPool) -> sqlx::Result<Vec<(Kind, i64)>> {
    let counted = sqlx::query_as("select kind, count(*) from incidents group by kind")
        .fetch_all(pool)
        .await?;
    Ok(with_all_kinds(&counted))
}

fn with_all_kinds(counted: &[(Kind, i64)]) -> Vec<(Kind, i64)> {
    let count = |kind| {
        counted
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or(0, |(_, n)| *n)
    };
    Kind::ALL.map(|kind| (kind, count(kind))).to_vec()
}

/// A location that is looked at.
#[derive(Clone, Debug, FromRow)]
pub struct MonitorJob {
    /// The location.
    pub location_id: LocationId,
    /// The end of the lease, which is the fence too.
    pub lease_ends_at: OffsetDateTime,
    /// GHL has once said that we are its default SMS provider.
    pub was_provider: bool,
}

/// Claims locations that are due to be looked at.
///
/// # Errors
/// When the database fails.
pub async fn claim_due_locations(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<MonitorJob>> {
    sqlx::query_as(
        "update locations l set check_at = $2, check_lease_until = $2, checked_at = $1 where l.location_id in (
            select location_id from locations
            where check_at <= $1 and uninstalled_at is null and (check_lease_until is null or check_lease_until <= $1)
            order by check_at limit $3 for update skip locked)
         returning l.location_id, l.check_lease_until as lease_ends_at, l.provider_at is not null as was_provider",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Ends a look and says when the next one is: sooner where something was heard meanwhile. Changes nothing for a stale
/// owner.
///
/// # Errors
/// When the database fails.
pub async fn schedule_next_check(
    pool: &PgPool,
    job: &MonitorJob,
    next: OffsetDateTime,
) -> sqlx::Result<()> {
    // The claim put it at the end of the lease; it is before that only if something was heard.
    sqlx::query(
        "update locations set check_lease_until = null,
            check_at = case when check_at < $2 then least(check_at, $3) else $3 end
         where location_id = $1 and check_lease_until = $2",
    )
    .bind(&job.location_id)
    .bind(job.lease_ends_at)
    .bind(next)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Has a location looked at soon, because something was heard of it: now, or half a minute after the last look.
///
/// # Errors
/// When the database fails.
pub async fn check_soon(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update locations set check_at = least(check_at, greatest($2, checked_at + $3)) where location_id = $1",
    )
    .bind(location)
    .bind(now)
    .bind(LEAST_PAUSE)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Notes that GHL named us as a location's default SMS provider; an uninstall has made that nobody's matter.
///
/// # Errors
/// When the database fails.
pub async fn record_provider(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update locations set provider_at = $2 where location_id = $1 and uninstalled_at is null",
    )
    .bind(location)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}
