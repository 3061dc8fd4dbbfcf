//! Contacts whose names nobody told: GHL's deliveries name none, and who never answered was never looked up. Those of messages
//! that have not left are known only by their id.

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

/// Notes some contacts of a location whose messages wait, or failed without a try, so that they get a name: nothing else tells of
/// them. `limit`: so many at once. `window`: among so many messages of each kind.
pub async fn note_untold(
    pool: &Pool,
    location: &LocationId,
    (limit, window): (i64, i64),
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into contacts (location_id, phone, contact_id, learnt_at)
        select distinct $1, $5 || w.conversation, w.conversation, $2::timestamptz
        from (
            (
                select conversation, ghl_message_id
                from outbound
                where location_id = $1 and state = 'accepted'
                order by location_id, priority desc, id
                limit $4
            )
            union all
            (
                select conversation, ghl_message_id
                from outbound
                where location_id = $1 and state = 'failed'
                order by id desc
                limit $4
            )
        ) w
        -- A delivery without a contact is a conversation of its own.
        where w.conversation <> w.ghl_message_id
            and not exists (
                select 1
                from contacts c
                where c.location_id = $1 and c.contact_id = w.conversation
            )
        limit $3
        on conflict do nothing
        "#,
        location.as_str(),
        now,
        limit,
        window,
        WITHOUT_PHONE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
