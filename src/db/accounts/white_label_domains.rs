//! The domains under which white-label agencies' users see GHL: one an agency, as GHL names it.

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::model::ids::{CompanyId, LocationId};

/// Keeps an agency's domain; none: it has none any more.
///
/// # Errors
/// When the database fails.
pub async fn record_domain(
    pool: &PgPool,
    company: &CompanyId,
    domain: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let Some(domain) = domain else {
        return forget_domain(pool, company).await;
    };
    sqlx::query(
        "insert into white_label_domains (company_id, domain, named_at) values ($1, $2, $3)
         on conflict (company_id) do update set domain = excluded.domain, named_at = excluded.named_at",
    )
    .bind(company)
    .bind(domain)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}

async fn forget_domain(pool: &PgPool, company: &CompanyId) -> sqlx::Result<()> {
    sqlx::query("delete from white_label_domains where company_id = $1")
        .bind(company)
        .execute(pool)
        .await
        .map(|_| ())
}

/// The domain of a location's agency.
///
/// # Errors
/// When the database fails.
pub async fn find_domain_of(pool: &PgPool, location: &LocationId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "select w.domain from white_label_domains w join locations l on l.company_id = w.company_id
         where l.location_id = $1",
    )
    .bind(location)
    .fetch_optional(pool)
    .await
}

/// Whether a domain is an agency's.
///
/// # Errors
/// When the database fails.
pub async fn is_known(pool: &PgPool, domain: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar("select exists (select 1 from white_label_domains where domain = $1)")
        .bind(domain)
        .fetch_one(pool)
        .await
}

/// The domains that were named last.
///
/// # Errors
/// When the database fails.
pub async fn list_newest(pool: &PgPool, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar("select domain from white_label_domains order by named_at desc limit $1")
        .bind(limit)
        .fetch_all(pool)
        .await
}
