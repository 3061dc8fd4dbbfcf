//! Locations, and GHL's contacts in them.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{CompanyId, ContactId, LocationId};

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

/// The GHL contact that was last found for a phone (E.164 digits) or a group (its address). `wrote_at`: when the
/// contact wrote; none where the business wrote to them.
pub async fn find_contact_id(
    pool: &Pool,
    location: &LocationId,
    phone: &str,
    wrote_at: Option<OffsetDateTime>,
) -> sqlx::Result<Option<ContactId>> {
    sqlx::query_scalar!(
        r#"
        update contacts
        set wrote_at = greatest(wrote_at, $3)
        where location_id = $1 and phone = $2
        returning contact_id
        "#,
        location.as_str(),
        phone,
        wrote_at,
    )
    .fetch_optional(pool)
    .await
}

/// Stores the GHL contact of a phone or group; `wrote_at` as for [`find_contact_id`].
pub async fn save_contact_id(
    pool: &Pool,
    location: &LocationId,
    phone: &str,
    contact: &ContactId,
    wrote_at: Option<OffsetDateTime>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into contacts (location_id, phone, contact_id, wrote_at)
        values ($1, $2, $3, $4)
        on conflict (location_id, phone) do update set
            contact_id = excluded.contact_id,
            wrote_at = greatest(contacts.wrote_at, excluded.wrote_at)
        "#,
        location.as_str(),
        phone,
        contact.as_str(),
        wrote_at,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Deletes the GHL contact of a phone, for the case that GHL does not have it any more.
pub async fn forget_contact(pool: &Pool, location: &LocationId, phone: &str) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        delete from contacts
        where location_id = $1 and phone = $2
        "#,
        location.as_str(),
        phone,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
