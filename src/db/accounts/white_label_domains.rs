//! The domains under which users of white-label agencies see GHL: one for each agency, as GHL names it.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::{CompanyId, LocationId};

/// Stores an agency's domain; none deletes it.
pub async fn record_domain(
    pool: &Pool,
    company: &CompanyId,
    domain: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let Some(domain) = domain else {
        return forget_domain(pool, company).await;
    };
    sqlx::query!(
        r#"
        insert into white_label_domains (company_id, domain, named_at)
        values ($1, $2, $3)
        on conflict (company_id) do update set
            domain = excluded.domain,
            named_at = excluded.named_at
        "#,
        company.as_str(),
        domain,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

async fn forget_domain(pool: &Pool, company: &CompanyId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from white_label_domains
        where company_id = $1
        "#,
        company.as_str(),
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The domain of a location's agency.
pub async fn find_domain_of(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        select w.domain
        from white_label_domains w
        join locations l on l.company_id = w.company_id
        where l.location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// An agency's domain.
pub async fn find_domain(pool: &Pool, company: &CompanyId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        r#"
        select domain
        from white_label_domains
        where company_id = $1
        "#,
        company.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// Whether a domain belongs to an agency.
pub async fn is_known(pool: &Pool, domain: &str) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from white_label_domains
            where domain = $1
        ) as "is_known!"
        "#,
        domain,
    )
    .fetch_one(pool)
    .await
}
