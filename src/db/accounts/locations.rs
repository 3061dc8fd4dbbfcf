//! Locations.

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, LocationId};

/// Makes sure that a location has a row, installed or not.
pub async fn ensure_location(tx: &mut Connection, location: &LocationId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into locations (location_id)
        values ($1)
        on conflict do nothing
        "#,
        location.as_str(),
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Every location we know, installed or not.
pub async fn list_locations(pool: &Pool) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query_scalar!(
        r#"
        select location_id
        from locations
        order by location_id
        "#,
    )
    .fetch_all(pool)
    .await
}

/// The agency of a location, if GHL named it.
pub async fn find_company(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<CompanyId>> {
    let found = sqlx::query_scalar!(
        r#"
        select company_id
        from locations
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}
