//! Contacts whose names nobody told: GHL's deliveries name none, and who never answered was never looked up.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::{ContactId, LocationId, MessageId};

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

/// What stands before a contact's id in the place of the phone that it lacks. No phone and no address of WhatsApp is like it.
const WITHOUT_PHONE: &str = "contact:";

/// Notes the contact of a message that failed because of the contact's phone, so that it gets a name: whoever corrects it looks
/// for it.
pub async fn note_without_phone(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into contacts (location_id, phone, contact_id, learnt_at)
        select o.location_id, $4 || o.conversation, o.conversation, $3
        from outbound o
        -- A delivery without a contact is a conversation of its own.
        where o.location_id = $1 and o.id = $2 and o.conversation <> o.ghl_message_id
            and not exists (
                select 1
                from contacts c
                where c.location_id = $1 and c.contact_id = o.conversation
            )
        on conflict do nothing
        "#,
        location.as_str(),
        message.0,
        now,
        WITHOUT_PHONE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
