//! Agencies that installed the app, and when their locations are listed.

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};
use crate::model::reason::Reason;

/// Schedules the listing of a company's locations for `at`. Does nothing for a company that has no token.
pub async fn schedule_listing(
    tx: &mut Connection,
    company: &CompanyId,
    failures: i32,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into companies (company_id, list_at, list_failures)
        select owner_id, $3::timestamptz, $2::int
        from tokens
        where owner_id = $1 and owner_kind = 'company'
        on conflict (company_id) do update set
            list_at = excluded.list_at,
            list_failures = excluded.list_failures
        "#,
        company.as_str(),
        failures,
        at,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Notes when the app was last installed in a company, as far as it is known: an older UNINSTALL says nothing then.
pub async fn note_install(
    tx: &mut Connection,
    company: &CompanyId,
    at: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update companies
        set installed_at = greatest(installed_at, $2)
        where company_id = $1
        "#,
        company.as_str(),
        at,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Claims companies whose locations are due to be listed, each with its failed tries.
pub async fn claim_listings(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<(CompanyId, i32)>> {
    sqlx::query!(
        r#"
        update companies c set list_at = $2
        where c.company_id in (
            select company_id
            from companies
            where list_at <= $1
            order by list_at
            limit $3
            for update skip locked
        )
        returning c.company_id, c.list_failures
        "#,
        now,
        now + lease,
        limit,
    )
    .map(|row| (row.company_id, row.list_failures))
    .fetch_all(pool)
    .await
}

/// Companies with a token that cannot be renewed, and why.
pub async fn list_dead_companies(pool: &Pool) -> sqlx::Result<Vec<(CompanyId, Option<Reason>)>> {
    sqlx::query!(
        r#"
        select owner_id as "company_id: CompanyId", reason_of(trouble_code, trouble_args) as "reason: Reason"
        from tokens
        where owner_kind = 'company' and trouble = 'needs_reinstall'
        order by owner_id
        "#,
    )
    .map(|row| (row.company_id, row.reason))
    .fetch_all(pool)
    .await
}

/// The locations of `listed` that have no working token and no pending request for one.
pub async fn list_without_token(
    pool: &Pool,
    listed: &[LocationId],
) -> sqlx::Result<Vec<LocationId>> {
    let ids: Vec<&str> = listed.iter().map(LocationId::as_str).collect();
    sqlx::query_scalar!(
        r#"
        select id as "id!: LocationId"
        from unnest($1::text[]) as listed (id)
        where not exists (
                select 1
                from tokens t
                where t.owner_id = id
                  and t.owner_kind = 'location'
                  and t.trouble is distinct from 'needs_reinstall'
            )
          and not exists (
                select 1
                from locations l
                where l.location_id = id and l.token_request_at is not null
            )
        "#,
        &ids as &[&str],
    )
    .fetch_all(pool)
    .await
}

/// Companies with a token that may work.
pub async fn list_companies(pool: &Pool, limit: i64) -> sqlx::Result<Vec<CompanyId>> {
    sqlx::query_scalar!(
        r#"
        select owner_id as "company_id: CompanyId"
        from tokens
        where owner_kind = 'company' and trouble is distinct from 'needs_reinstall'
        order by owner_id
        limit $1
        "#,
        limit,
    )
    .fetch_all(pool)
    .await
}
