//! Agencies with their sub-accounts, for the operator.

use crate::db::connection::Pool;
use crate::model::ids::CompanyId;
use crate::model::states::TokenProblem;

/// An agency.
#[derive(Clone, Debug)]
pub struct Agency {
    /// GHL's id.
    pub company_id: CompanyId,
    /// What GHL calls it.
    pub name: Option<String>,
    /// How many locations of it are known, uninstalled ones included.
    pub locations: i64,
    /// Why its own token is not renewed.
    pub problem: Option<TokenProblem>,
}

/// Agencies after `after`, in the order of their ids: those of a location, and those with a token. `token`: only those with
/// this problem.
pub async fn list(
    pool: &Pool,
    after: &str,
    token: Option<TokenProblem>,
    limit: i64,
) -> sqlx::Result<Vec<Agency>> {
    sqlx::query_as!(
        Agency,
        r#"
        select c.company_id as "company_id!: CompanyId",
            (select name from account_names where owner_id = c.company_id) as name,
            (select count(*) from locations l where l.company_id = c.company_id) as "locations!",
            t.trouble as "problem: TokenProblem"
        from (
            select company_id from locations where company_id is not null
            union
            select owner_id from tokens where owner_kind = 'company'
        ) c
        left join tokens t on t.owner_id = c.company_id and t.owner_kind = 'company'
        where c.company_id > $1 and ($2::text is null or t.trouble = $2)
        order by c.company_id
        limit $3
        "#,
        after,
        token as Option<TokenProblem>,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The agency with this id, capital letters or not, with its name.
pub async fn find(pool: &Pool, id: &str) -> sqlx::Result<Option<(CompanyId, Option<String>)>> {
    let found = sqlx::query!(
        r#"
        select c.company_id as "company_id!: CompanyId",
            (select name from account_names where owner_id = c.company_id) as name
        from (
            select company_id from locations where company_id is not null
            union
            select owner_id from tokens where owner_kind = 'company'
        ) c
        where lower(c.company_id) = lower($1)
        limit 1
        "#,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map(|row| (row.company_id, row.name)))
}
