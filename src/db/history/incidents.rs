//! The monitor's incidents, from their beginning to their end, and which location it checks next.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;
use crate::model::states::IncidentKind;

/// News about a location makes it due for a check, but not sooner than this after the last check: a gateway with an
/// unstable link reports every second, and a check may itself cause a report.
const LEAST_PAUSE: Duration = Duration::seconds(30);

/// What an incident is about.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// The location.
    pub location: &'a LocationId,
    /// The number, digits; empty: the location as a whole.
    pub number: &'a str,
    /// What is wrong.
    pub kind: IncidentKind,
}

/// An incident that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its number in logs.
    pub id: i64,
    /// The location.
    pub location_id: LocationId,
    /// The number it is about, digits; empty: the location as a whole.
    pub number: String,
    /// What is wrong.
    pub kind: IncidentKind,
    /// More about it: a provider's name, or a word from the monitor.
    pub detail: Option<String>,
    /// What is wrong with the token, if the incident is about the token.
    pub reason: Option<Reason>,
    /// When it was noticed.
    pub since: OffsetDateTime,
    /// When it was seen last.
    pub last_seen_at: OffsetDateTime,
}

/// Opens an incident, or records that it still lasts. Returns its id, and whether it is new. None when the app was
/// uninstalled meanwhile, because nothing would end the incident.
pub async fn open(
    pool: &Pool,
    about: About<'_>,
    detail: Option<&str>,
    reason: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<(i64, bool)>> {
    sqlx::query!(
        r#"
        insert into incidents (location_id, number, kind, detail, reason_code, reason_args, since, last_seen_at)
        select location_id, $2, $3, $4, $6::jsonb->>'code', $6::jsonb->'args', $5, $5
        from locations
        where location_id = $1 and uninstalled_at is null
        -- An uninstall that is not committed yet is waited for.
        for share
        on conflict (location_id, number, kind) where resolved_at is null do update set
            detail = excluded.detail,
            reason_code = excluded.reason_code,
            reason_args = excluded.reason_args,
            last_seen_at = excluded.last_seen_at
        -- No transaction has locked or replaced a row that this statement inserted.
        returning id, xmax = 0 as "is_new!"
        "#,
        about.location.as_str(),
        about.number,
        about.kind as IncidentKind,
        detail,
        now,
        reason as Option<&Reason>,
    )
    .map(|row| (row.id, row.is_new))
    .fetch_optional(pool)
    .await
}

/// The location of the service's own incidents: none.
pub const NO_LOCATION: &str = "";

/// As [`open`], for an incident of the service itself: `about.location` is [`NO_LOCATION`].
pub async fn open_of_service(
    pool: &Pool,
    about: About<'_>,
    detail: Option<&str>,
    reason: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<(i64, bool)> {
    sqlx::query!(
        r#"
        insert into incidents (location_id, number, kind, detail, reason_code, reason_args, since, last_seen_at)
        values ($1, $2, $3, $4, $6::jsonb->>'code', $6::jsonb->'args', $5, $5)
        on conflict (location_id, number, kind) where resolved_at is null do update set
            detail = excluded.detail,
            reason_code = excluded.reason_code,
            reason_args = excluded.reason_args,
            last_seen_at = excluded.last_seen_at
        -- No transaction has locked or replaced a row that this statement inserted.
        returning id, xmax = 0 as "is_new!"
        "#,
        about.location.as_str(),
        about.number,
        about.kind as IncidentKind,
        detail,
        now,
        reason as Option<&Reason>,
    )
    .map(|row| (row.id, row.is_new))
    .fetch_one(pool)
    .await
}

/// Ends an incident. Returns its id; none if there was none.
pub async fn resolve(
    pool: &Pool,
    about: About<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        r#"
        update incidents
        set resolved_at = $4
        where location_id = $1 and number = $2 and kind = $3 and resolved_at is null
        returning id
        "#,
        about.location.as_str(),
        about.number,
        about.kind as IncidentKind,
        now,
    )
    .fetch_optional(pool)
    .await
}

/// Ends the incidents of all numbers except `numbers`, which are the connected ones. Returns the ended incidents.
pub async fn resolve_gone(
    pool: &Pool,
    location: &LocationId,
    numbers: &[&str],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<(i64, IncidentKind)>> {
    sqlx::query!(
        r#"
        update incidents
        set resolved_at = $3
        where location_id = $1
          and number <> ''
          and number <> all($2)
          and resolved_at is null
        returning id, kind
        "#,
        location.as_str(),
        numbers as &[&str],
        now,
    )
    .map(|row| (row.id, row.kind))
    .fetch_all(pool)
    .await
}

/// A location's incidents that have not ended, the oldest first.
pub async fn list_open(pool: &Pool, location: &LocationId) -> sqlx::Result<Vec<Incident>> {
    sqlx::query_as!(
        Incident,
        r#"
        select id as "id!", location_id as "location_id!: LocationId", number as "number!",
            kind as "kind!: IncidentKind", detail,
            reason_of(reason_code, reason_args) as "reason: Reason", since as "since!", last_seen_at as "last_seen_at!"
        from open_incidents
        where location_id = $1
        order by since, id
        "#,
        location.as_str(),
    )
    .fetch_all(pool)
    .await
}

/// How many incidents of each kind are open now, kinds without any included.
pub async fn count_open(pool: &Pool) -> sqlx::Result<Vec<(IncidentKind, i64)>> {
    let counted = sqlx::query!(
        r#"
        select kind as "kind!: IncidentKind", count(*) as "count!"
        from open_incidents
        group by kind
        "#,
    )
    .map(|row| (row.kind, row.count))
    .fetch_all(pool)
    .await?;
    Ok(with_all_kinds(&counted))
}

/// How many incidents of each kind have begun so far, ended or not.
pub async fn count_begun(pool: &Pool) -> sqlx::Result<Vec<(IncidentKind, i64)>> {
    let counted = sqlx::query!(
        r#"
        select kind, count(*) as "count!"
        from incidents
        group by kind
        "#,
    )
    .map(|row| (row.kind, row.count))
    .fetch_all(pool)
    .await?;
    Ok(with_all_kinds(&counted))
}

/// Metrics show a kind that has not happened yet as 0.
fn with_all_kinds(counted: &[(IncidentKind, i64)]) -> Vec<(IncidentKind, i64)> {
    let count = |kind| {
        counted
            .iter()
            .find(|(of, _)| *of == kind)
            .map_or(0, |(_, n)| *n)
    };
    IncidentKind::ALL
        .iter()
        .map(|&kind| (kind, count(kind)))
        .collect()
}

/// A location that is claimed for a check.
#[derive(Clone, Debug)]
pub struct MonitorJob {
    /// The location.
    pub location_id: LocationId,
    /// The end of the lease, which is also the fence.
    pub lease_ends_at: OffsetDateTime,
    /// GHL has reported us as its default SMS provider before.
    pub was_provider: bool,
}

/// Claims locations that are due to be checked.
pub async fn claim_due_locations(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<MonitorJob>> {
    sqlx::query_as!(
        MonitorJob,
        r#"
        update locations l
        set check_at = $2, check_lease_until = $2, checked_at = $1
        where l.location_id in (
            select location_id
            from locations
            where check_at <= $1
              and uninstalled_at is null
              and (check_lease_until is null or check_lease_until <= $1)
            order by check_at
            limit $3
            for update skip locked
        )
        returning
            l.location_id,
            l.check_lease_until as "lease_ends_at!",
            l.provider_at is not null as "was_provider!"
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Ends a check and schedules the next one, sooner if there was news meanwhile. Changes nothing for a caller that has
/// lost the claim.
pub async fn schedule_next_check(
    pool: &Pool,
    job: &MonitorJob,
    next: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update locations
        set check_lease_until = null,
            check_at = case
                -- The claim put it at the end of the lease; it is before that only if something was heard.
                when check_at < $2 then least(check_at, $3)
                else $3
            end
        where location_id = $1 and check_lease_until = $2
        "#,
        job.location_id.as_str(),
        job.lease_ends_at,
        next,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Schedules a check because there is news about a location: now, or half a minute after the last check.
pub async fn check_soon(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update locations
        set check_at = least(check_at, greatest($2, checked_at + $3))
        where location_id = $1
        "#,
        location.as_str(),
        now,
        LEAST_PAUSE as Duration,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Records that GHL named us as a location's default SMS provider. Does nothing after an uninstall.
pub async fn record_provider(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update locations
        set provider_at = $2
        where location_id = $1 and uninstalled_at is null
        "#,
        location.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
