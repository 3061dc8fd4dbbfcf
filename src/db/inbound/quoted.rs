//! The message that another one is about: its text, and whose it is in GHL.

use crate::db::connection::Pool;
use crate::model::ids::{ContactId, LocationId, WaMessageId};

/// The text of a message of a conversation, written by either side.
pub async fn find_text(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    conversation: &str,
    id: &WaMessageId,
) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"
        select text
        from inbound
        where location_id = $1 and number = $2 and wa_message_id = $3 and conversation = $4
        limit 1
        "#,
        location.as_str(),
        number,
        id.as_str(),
        conversation,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// GHL's contact of a message of a conversation: the one that it was sent from, or posted to.
pub async fn find_contact(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    conversation: &str,
    id: &WaMessageId,
) -> sqlx::Result<Option<ContactId>> {
    sqlx::query_scalar!(
        r#"
        select coalesce(
            (
                select o.conversation
                from receipts r
                join outbound o on o.location_id = r.location_id and o.id = r.message_id
                where r.location_id = $1 and r.number = $2 and r.wa_message_id = $3 and o.chat = $4
            ),
            (
                select contact_id
                from inbound
                where location_id = $1 and number = $2 and wa_message_id = $3 and conversation = $4
                    and contact_id is not null
                limit 1
            )
        ) as "contact: ContactId"
        "#,
        location.as_str(),
        number,
        id.as_str(),
        conversation,
    )
    .fetch_one(pool)
    .await
}
