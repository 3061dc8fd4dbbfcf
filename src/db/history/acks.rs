//! What WhatsApp said about the last sends of a number.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::LocationId;

/// The level from which on WhatsApp has confirmed a message: its server has it.
pub const CONFIRMED: i32 = 2;
/// WhatsApp's code for a number that may not write to new contacts, or to anybody, for a while.
pub const RESTRICTED_CODE: &str = "463";
/// Sends that are looked at.
pub const LAST_SENDS: i64 = 10;
/// Sends of the location among which they are looked for, so that a busy location costs no more than others.
const LOOKED_THROUGH: i64 = 2_000;

/// A send, and how far WhatsApp says that it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSend {
    /// Digits of the customer; none for a message whose chat was never stored.
    pub chat: Option<String>,
    /// Baileys' level.
    pub level: i32,
    /// WhatsApp's code, if it refused it.
    pub refused: Option<String>,
    /// When it was sent.
    pub sent_at: OffsetDateTime,
}

/// The last sends of a number after `since`, the newest first. One after `settled` counts only if WhatsApp has said
/// something about it already.
pub async fn list_last_sends(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    since: OffsetDateTime,
    settled: OffsetDateTime,
) -> sqlx::Result<Vec<LastSend>> {
    sqlx::query_as!(
        LastSend,
        r#"
        select o.chat, r.level, r.refused, r.seen_at as sent_at
        from (
            select number, message_id, level, refused, seen_at
            from receipts
            where location_id = $1 and message_id is not null and seen_at > $3
            order by seen_at desc
            limit $6
        ) r
        join outbound o on o.location_id = $1 and o.id = r.message_id
        where r.number = $2 and (r.seen_at <= $4 or r.level >= $5 or r.refused is not null)
        order by r.seen_at desc
        limit $7
        "#,
        location.as_str(),
        number,
        since,
        settled,
        CONFIRMED,
        LOOKED_THROUGH,
        LAST_SENDS,
    )
    .fetch_all(pool)
    .await
}

/// Whether WhatsApp has confirmed anything that another number sent since then.
pub async fn are_others_confirmed(
    pool: &Pool,
    number: &str,
    since: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from numbers n
            -- Along the index of the sends of each location, only until one is found.
            cross join lateral (
                select 1
                from receipts r
                where r.location_id = n.location_id
                    and r.number = n.number
                    and r.message_id is not null
                    and r.seen_at >= $2
                    and r.level >= $3
                limit 1
            ) confirmed
            where n.number <> $1 and n.access_token is not null
        ) as "are!"
        "#,
        number,
        since,
        CONFIRMED,
    )
    .fetch_one(pool)
    .await
}
