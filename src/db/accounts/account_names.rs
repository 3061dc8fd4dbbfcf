//! What GHL calls sub-accounts and agencies, and the time zones of sub-accounts.

use std::collections::HashMap;

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;
use crate::model::zone::Zone;

/// Longest name that is kept, in characters, as the table demands; a longer one is cut.
const MAX_NAME: usize = 200;

/// Keeps the name of a sub-account or an agency by its id. An empty one is none.
pub async fn record_name(pool: &Pool, owner_id: &str, name: &str) -> sqlx::Result<()> {
    let name: String = name
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_NAME)
        .collect();
    if name.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        insert into account_names (owner_id, name)
        values ($1, $2)
        on conflict (owner_id) do update set name = excluded.name
        where account_names.name <> excluded.name
        "#,
        owner_id,
        name,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The names of sub-accounts or agencies by their ids, as far as they are known.
pub async fn list_names(pool: &Pool, owner_ids: &[&str]) -> sqlx::Result<HashMap<String, String>> {
    let rows = sqlx::query!(
        r#"
        select owner_id, name
        from account_names
        where owner_id = any($1)
        "#,
        owner_ids as &[&str],
    )
    .fetch_all(pool)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.owner_id, row.name))
        .collect())
}

/// Whether GHL is to be asked for a location's name: the app is installed there, and was not asked since `asked_before`.
pub async fn is_due(
    pool: &Pool,
    location: &LocationId,
    asked_before: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from locations l
            join install_statuses s on s.location_id = l.location_id
            where l.location_id = $1
                and s.install_status = 'installed'
                and coalesce(l.described_at, '-infinity') < $2
        ) as "is_due!"
        "#,
        location.as_str(),
        asked_before,
    )
    .fetch_one(pool)
    .await
}

/// Keeps what GHL told of a location when it was asked: its name, and the IANA name of its time zone. What GHL does not
/// tell any more stays.
pub async fn record_answer(
    pool: &Pool,
    location: &LocationId,
    name: Option<&str>,
    time_zone: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    record_name(pool, location.as_str(), name.unwrap_or_default()).await?;
    sqlx::query!(
        r#"
        update locations
        set described_at = $2, time_zone = coalesce($3, time_zone)
        where location_id = $1
        "#,
        location.as_str(),
        now,
        time_zone,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Whom a form is for.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// GHL's name of the sub-account, where it is known.
    pub location: Option<String>,
    /// Its agency's id.
    pub company_id: Option<String>,
    /// GHL's name of the agency.
    pub company: Option<String>,
    /// The sub-account's time zone; UTC where it is not known.
    pub zone: Zone,
}

/// The names of a location and its agency, as far as they are known.
pub async fn find_names(pool: &Pool, location: &LocationId) -> sqlx::Result<Names> {
    let found = sqlx::query!(
        r#"
        select company_id as "company_id: String", time_zone,
            (select name from account_names where owner_id = location_id) as name,
            (select name from account_names where owner_id = company_id) as company
        from locations
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.map_or_else(Names::default, |row| Names {
        location: row.name,
        company_id: row.company_id,
        company: row.company,
        zone: row
            .time_zone
            .and_then(|name| Zone::find(&name))
            .unwrap_or_default(),
    }))
}
