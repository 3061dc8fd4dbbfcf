//! Contacts whose names nobody told: GHL's deliveries name none, and who never answered was never looked up.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::{ContactId, LocationId};

/// Contacts of a location without a name for which GHL was not asked, those that were learnt last first. Along
/// `contacts_nameless`.
pub async fn list_nameless(
    pool: &Pool,
    location: &LocationId,
    limit: i64,
) -> sqlx::Result<Vec<ContactId>> {
    sqlx::query_scalar!(
        r#"
        select contact_id as "contact_id!: ContactId"
        from contacts
        where location_id = $1 and name is null and name_asked_at is null and learnt_at is not null
        order by learnt_at desc
        limit $2
        "#,
        location.as_str(),
        limit,
    )
    .fetch_all(pool)
    .await
}

/// GHL was asked for the name of a contact: it is not asked again, whatever it said.
pub async fn record_asked(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update contacts
        set name_asked_at = $3
        where location_id = $1 and contact_id = $2
        "#,
        location.as_str(),
        contact.as_str(),
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
