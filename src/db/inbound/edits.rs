//! Edits of messages: what decrypts them, and how an edit that arrives both encrypted and decrypted is shown once.
//!
//! The ids of all edits of one message begin alike, first those whose content is known, then those that stand for one that
//! could not be opened ([`whatsapp_events::edit_ids`]).

use time::{Duration, OffsetDateTime};
use whatsapp_events::Person;

use crate::db::connection::Pool;
use crate::db::inbound::NewInbound;
use crate::model::ids::{LocationId, WaMessageId};

/// A gateway that decrypts an edit posts both forms at once. What is further apart is another edit.
const APART: Duration = Duration::minutes(2);
/// More addresses than one person has.
const MAX_ADDRESSES: i64 = 4;

/// The secret that came with a message of a number.
pub async fn find_secret(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    id: &WaMessageId,
    from_me: bool,
) -> sqlx::Result<Option<[u8; 32]>> {
    let found = sqlx::query_scalar!(
        r#"
        select edit_secret
        from inbound
        where location_id = $1 and number = $2 and wa_message_id = $3 and from_me = $4
        "#,
        location.as_str(),
        number,
        id.as_str(),
        from_me,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten().and_then(|secret| secret.try_into().ok()))
}

/// The other addresses of a person that are known.
pub async fn list_addresses(
    pool: &Pool,
    location: &LocationId,
    person: &Person,
) -> sqlx::Result<Vec<Person>> {
    sqlx::query!(
        r#"
        select lid, phone
        from lids
        where location_id = $1 and (lid = $2 or phone = $3)
        limit $4
        "#,
        location.as_str(),
        person.lid,
        person.phone,
        MAX_ADDRESSES,
    )
    .map(|row| Person {
        phone: row.phone,
        lid: Some(row.lid),
    })
    .fetch_all(pool)
    .await
}

/// Whether an edit whose id begins with `begin` arrived at about the same time as this message.
pub async fn is_told(
    pool: &Pool,
    message: &NewInbound<'_>,
    begin: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    // An index serves the comparisons, in whatever order the database sorts letters: the ids end with hexadecimal digits.
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id between $3 and $3 || 'g'
                and starts_with(wa_message_id, $3)
                and from_me = $4
                and (sent_at between $5 and $6 or accepted_at >= $7)
        ) as "is_told!"
        "#,
        message.location.as_str(),
        message.number,
        begin,
        message.from_me,
        message.sent_at - APART,
        message.sent_at + APART,
        now - APART,
    )
    .fetch_one(pool)
    .await
}

/// Whether an edit is known by its other form. `begin`: its id without the id of its own. An update has no id of its own, and is
/// known by its words; a message with one is another edit than that of an earlier update.
pub async fn is_known(
    pool: &Pool,
    edit: &NewInbound<'_>,
    begin: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with same as (
            select wa_message_id, sent_at, accepted_at
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id between $3 and $3 || 'g'
                and starts_with(wa_message_id, $3)
                and from_me = $4
        )
        select exists (
            select 1
            from same
            where $5 = $3
                or wa_message_id = $3
                and (
                    sent_at = $6
                    or accepted_at >= $7
                    and not exists (select 1 from same other where other.wa_message_id <> $3)
                )
        ) as "is_known!"
        "#,
        edit.location.as_str(),
        edit.number,
        begin,
        edit.from_me,
        edit.wa_message_id.as_str(),
        edit.sent_at,
        now - APART,
    )
    .fetch_one(pool)
    .await
}

/// Gives the content of an edit to the row that stands for it because it could not be opened, if nobody has begun to post
/// that; `begin` is the beginning of its id. Returns whether there was one.
pub async fn fill_in(
    pool: &Pool,
    edit: &NewInbound<'_>,
    begin: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let filled = sqlx::query!(
        r#"
        with line as (
            select location_id, id
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id between $3 and $3 || 'g'
                and starts_with(wa_message_id, $3)
                and from_me = $4
                and conversation = $5
                and state in ('accepted', 'held')
                and attempt = 0
                and accepted_at >= $6
                and not exists (
                    select 1
                    from inbound
                    where location_id = $1 and number = $2 and wa_message_id = $7 and from_me = $4
                )
            order by id
            limit 1
            for update
        )
        update inbound i
        set wa_message_id = $7, text = $8, due_at = $9
        from line
        where i.location_id = any (array[line.location_id]) and i.id = line.id
        "#,
        edit.location.as_str(),
        edit.number,
        begin,
        edit.from_me,
        edit.conversation,
        now - APART,
        edit.wa_message_id.as_str(),
        edit.text,
        now,
    )
    .execute(pool)
    .await?;
    Ok(filled.rows_affected() > 0)
}
