//! The number that a contact last wrote to or was last written from, of a location with several: its next message leaves from
//! it.

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::model::ids::{LocationId, MessageId};

/// Notes to which number a known contact wrote at `at`, or from which it was written, and moves what waits for the contact to
/// that number. True if it was in touch with another one before, and this is its last message.
pub async fn note_number(
    pool: &Pool,
    location: &LocationId,
    forms: &[String],
    number: &str,
    at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let changed = sqlx::query_scalar!(
        r#"
        with before as (
            select phone, last_number
            from contacts
            where location_id = $1 and phone = any($2) and last_number is distinct from $3
              and (wrote_at is null or wrote_at <= $4)
            for update
        ),
        changed as (
            update contacts c
            set last_number = $3
            from before
            where c.location_id = $1 and c.phone = before.phone
            returning c.contact_id, before.last_number is not null as is_change
        ),
        waiting as (
            -- What was sent in part stays with its number.
            select o.location_id, o.id
            from changed
            cross join lateral (
                select location_id, id
                from outbound
                where location_id = $1 and conversation = changed.contact_id and state = 'accepted'
                  and route <> $3 and parts_sent = 0 and unconfirmed_sends = 0
                order by location_id, conversation, id
                for update skip locked
            ) o
        ),
        moved as (
            update outbound o
            set route = $3
            from waiting
            where o.location_id = any (array[waiting.location_id]) and o.id = waiting.id
        )
        select is_change as "is_change!"
        from changed
        "#,
        location.as_str(),
        forms,
        number,
        at,
    )
    .fetch_all(pool)
    .await?;
    Ok(changed.contains(&true))
}

/// The contact of a message that left is answered from the same number, where the location has several. Returns the chat if that
/// was another one. [`crate::db::outbound::receipts`] does the same in the statement of the usual case.
pub(in crate::db) async fn record_sent(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    number: &str,
) -> sqlx::Result<Option<String>> {
    let changed = sqlx::query!(
        r#"
        update contacts c
        set last_number = $3
        from outbound o
        join contacts before on before.location_id = o.location_id and before.contact_id = o.conversation
        where o.location_id = $1 and o.id = $2
          and c.location_id = $1 and c.phone = before.phone and before.last_number is distinct from $3
          and exists (
              select 1
              from numbers n
              where n.location_id = $1 and n.webhook_secret is not null and not n.is_default
          )
        returning o.chat, before.last_number is not null as "is_change!"
        "#,
        location.as_str(),
        message.0,
        number,
    )
    .fetch_all(tx)
    .await?;
    let changed = changed.into_iter().find(|row| row.is_change);
    Ok(changed.and_then(|row| row.chat))
}
