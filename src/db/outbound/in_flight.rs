//! Messages that may have been sent, with an unknown outcome: an echo is compared with them.

use crate::db::connection::Pool;
use crate::model::ids::{LocationId, MessageId};

/// One part of a message, with what is needed to find its text.
#[derive(Clone, Debug)]
pub struct PartOf {
    /// Our id.
    pub id: MessageId,
    /// The signed bytes of the delivery.
    pub body: Vec<u8>,
    /// What is known about its files, JSON.
    pub files: Option<String>,
    /// Which part, from 0.
    pub part: i32,
}

/// The parts that may be on their way to `chat` (digits) from `number`, earliest first. A part that is due for another
/// try is included, because its first send may still be on its way, and one that a proxy said not to have passed on.
pub async fn list_in_flight(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    chat: &str,
) -> sqlx::Result<Vec<PartOf>> {
    sqlx::query_as!(
        PartOf,
        r#"
        select id, body, files::text as files, parts_sent as part
        from outbound
        where location_id = $1 and number = $2 and chat = $3
          and (
            state = 'sending' and started_attempt = attempt
            or state = 'unconfirmed'
            or state in ('accepted', 'sending') and unconfirmed_sends > 0
            or state = 'accepted' and failures > 0 and failing = 'gateway_down'
          )
        order by id
        "#,
        location.as_str(),
        number,
        chat,
    )
    .fetch_all(pool)
    .await
}
