//! Searches of messages of both directions, a page at a time, newest first (keyset by id).
//!
//! Like `messages`, it must not read a message's text, or more of a customer's number than its last four digits.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::model::ids::{LocationId, MessageId};
use crate::model::states::MessageState;

/// What is looked for; what is none is not asked.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Its location.
    pub location: Option<LocationId>,
    /// Its state. Failed and held messages have indexes of their own; the others of a location are read one by one.
    pub state: Option<MessageState>,
    /// It arrived then or later.
    pub since: Option<OffsetDateTime>,
    /// It arrived before.
    pub until: Option<OffsetDateTime>,
    /// The customer's number ends so; four digits at most.
    pub chat_end: Option<String>,
    /// It has a reason.
    pub with_reason: bool,
}

/// The locations to look into: those keys begin with, so that knowing them saves reading whole tables.
pub async fn list_places(pool: &Pool, search: &Search) -> sqlx::Result<Vec<LocationId>> {
    match &search.location {
        Some(location) => Ok(vec![location.clone()]),
        None => messages::list_places(pool).await,
    }
}

/// The newest messages of these places before the one with the id `before`, newest first. Leaves out ignored messages that
/// the business wrote: they are echoes of messages that are found already.
pub async fn list_messages(
    pool: &Pool,
    places: &[LocationId],
    search: &Search,
    before: Option<MessageId>,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let places: Vec<_> = places.iter().map(LocationId::as_str).collect();
    sqlx::query_as!(
        MessageRow,
        r#"
        select m.direction as "direction!", m.location_id as "location_id!", m.id as "id!", m.state as "state!",
            m.reason, m.number, m.chat_end, m.ghl_message_id, m.parts_sent, m.parts, m.accepted_at as "accepted_at!"
        from unnest($1::text[]) as place (id)
        -- The newest of each location, along the primary keys.
        cross join lateral (
            select *
            from messages
            where location_id = place.id
                and id < $2
                and ($3::text is null or state = $3)
                and ($4::timestamptz is null or accepted_at >= $4)
                and ($5::timestamptz is null or accepted_at < $5)
                and ($6::text is null or right(chat_end, length($6)) = $6)
                and (not $7 or reason is not null)
                and not is_echo
            order by id desc
            limit $8
        ) m
        order by m.id desc
        limit $8
        "#,
        &places as &[&str],
        before.map_or(i64::MAX, |id| id.0),
        search.state as Option<MessageState>,
        search.since,
        search.until,
        search.chat_end,
        search.with_reason,
        limit,
    )
    .fetch_all(pool)
    .await
}
