//! The message that another one is about.

use crate::db::connection::Pool;
use crate::model::ids::{LocationId, WaMessageId};

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
