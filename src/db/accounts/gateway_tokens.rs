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
            set_at = excluded.set_at,
            unchecked_by = null
        "#,
        company.as_str(),
        sealed,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Keeps an agency's first token. `unchecked_by`: the list of an install (the hash of its token) that may correct it. False,
/// without a change, when the agency has one.
pub async fn keep_first(
    pool: &Pool,
    company: &CompanyId,
    sealed: &[u8],
    unchecked_by: Option<&[u8]>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let kept = sqlx::query!(
        r#"
        insert into gateway_tokens (company_id, access_token, set_at, unchecked_by)
        values ($1, $2, $3, $4)
        on conflict do nothing
        "#,
        company.as_str(),
        sealed,
        now,
        unchecked_by,
    )
    .execute(pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Corrects a token that this list stored and that is not known to be right. False when there is none.
pub async fn correct(
    pool: &Pool,
    company: &CompanyId,
    sealed: &[u8],
    (list, is_checked): (&[u8], bool),
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let corrected = sqlx::query!(
        r#"
        update gateway_tokens
        set access_token = $2, set_at = $3, unchecked_by = case when not $5 then unchecked_by end
        where company_id = $1 and unchecked_by = $4
        "#,
        company.as_str(),
        sealed,
        now,
        list,
        is_checked,
    )
    .execute(pool)
    .await?;
    Ok(corrected.rows_affected() == 1)
}

/// Whether this list may correct an agency's token.
pub async fn is_unchecked_by(pool: &Pool, company: &CompanyId, list: &[u8]) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from gateway_tokens
            where company_id = $1 and unchecked_by = $2
        ) as "is_unchecked!"
        "#,
        company.as_str(),
        list,
    )
    .fetch_one(pool)
    .await
}

/// Waapify has taken the token of a location's agency: it needs no correction.
pub async fn note_taken(pool: &Pool, location: &LocationId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update gateway_tokens t
        set unchecked_by = null
        from locations l
        where l.location_id = $1 and t.company_id = l.company_id and t.unchecked_by is not null
        "#,
        location.as_str(),
    )
    .execute(pool)
    .await
    .map(|_| ())
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
