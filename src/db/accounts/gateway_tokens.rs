//! Agencies' own Waapify tokens, sealed: one for all sub-accounts of an agency.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};

/// The place that an agency's token is sealed for.
#[must_use]
pub fn place(company: &CompanyId) -> String {
    format!("gateway_tokens/{company}/access")
}

/// When an agency's token was set; none if it has none.
pub async fn find_set_at(pool: &Pool, company: &CompanyId) -> sqlx::Result<Option<OffsetDateTime>> {
    sqlx::query_scalar!(
        r#"
        select set_at
        from gateway_tokens
        where company_id = $1
        "#,
        company.as_str(),
    )
    .fetch_optional(pool)
    .await
}

/// The sealed token of a location's agency, and the agency.
pub async fn find_of_location(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Option<(CompanyId, Vec<u8>)>> {
    sqlx::query!(
        r#"
        select t.company_id as "company_id: CompanyId", t.access_token
        from locations l
        join gateway_tokens t on t.company_id = l.company_id
        where l.location_id = $1
        "#,
        location.as_str(),
    )
    .map(|row| (row.company_id, row.access_token))
    .fetch_optional(pool)
    .await
}

/// Sets an agency's token in place of the one before.
pub async fn set(
    pool: &Pool,
    company: &CompanyId,
    sealed: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into gateway_tokens (company_id, access_token, set_at)
        values ($1, $2, $3)
        on conflict (company_id) do update set
            access_token = excluded.access_token,
            set_at = excluded.set_at
        "#,
        company.as_str(),
        sealed,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Keeps an agency's first token. False, without a change, when it has one.
pub async fn keep_first(
    pool: &Pool,
    company: &CompanyId,
    sealed: &[u8],
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        r#"
        insert into gateway_tokens (company_id, access_token, set_at)
        values ($1, $2, $3)
        on conflict do nothing
        "#,
        company.as_str(),
        sealed,
        now,
    )
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Destroys an agency's token.
pub async fn remove(tx: &mut Connection, company: &CompanyId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from gateway_tokens
        where company_id = $1
        "#,
        company.as_str(),
    )
    .execute(tx)
    .await
    .map(|_| ())
}
