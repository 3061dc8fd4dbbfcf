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
/// A phone edits a message for fifteen minutes; the rest is for a gateway that was away.
const EDITABLE: Duration = Duration::minutes(20);
/// Hexadecimal digits that an edit's own id has in its id; those of an update are fewer.
const OWN_DIGITS: i32 = 16;
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

/// Whether an edit that a message announces is known by its other form, an update. `begin`: its id without the id of its own.
/// An update stands for one message, so that a text may be changed back.
pub async fn is_known(
    pool: &Pool,
    edit: &NewInbound<'_>,
    begin: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        with same as (
            select id, sent_at, accepted_at, length(wa_message_id) < length($3) + $7 as is_update
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id between $3 and $3 || 'g'
                and starts_with(wa_message_id, $3)
                and from_me = $4
        )
        select exists (
            select 1
            from same update
            where update.is_update
                and (
                    update.sent_at = $5
                    or update.accepted_at >= $6
                    and not exists (select 1 from same other where not other.is_update and other.id > update.id)
                )
        ) as "is_known!"
        "#,
        edit.location.as_str(),
        edit.number,
        begin,
        edit.from_me,
        edit.sent_at,
        now - APART,
        OWN_DIGITS,
    )
    .fetch_one(pool)
    .await
}

/// What an update without an id of its own announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Announced {
    /// An edit to words that the message has not had.
    New,
    /// An edit that is known.
    Known,
    /// An edit back to words that the message had before another edit.
    Back,
}

/// What an update announces whose id is `begin`; `all`: the beginning of the ids of all edits of its message. Of the same
/// words only another time tells an edit back from an update that comes again, and only while the words that came last are
/// others: a phone edits for a quarter of an hour.
pub async fn announced(
    pool: &Pool,
    edit: &NewInbound<'_>,
    (all, begin): (&str, &str),
    now: OffsetDateTime,
) -> sqlx::Result<Announced> {
    let found = sqlx::query!(
        r#"
        with edits as (
            select id, sent_at, accepted_at, starts_with(wa_message_id, $4) as is_same
            from inbound
            where location_id = $1
                and number = $2
                and wa_message_id between $3 and $3 || 'g'
                and starts_with(wa_message_id, $3)
                and from_me = $5
        )
        select
            coalesce(bool_or(is_same), false) as "has_same!",
            coalesce(bool_or(is_same and sent_at = $6), false) as "has_same_time!",
            coalesce(bool_or(is_same and accepted_at >= $7), false) as "is_recent!",
            coalesce((select is_same from edits order by id desc limit 1), false) as "is_last!"
        from edits
        "#,
        edit.location.as_str(),
        edit.number,
        all,
        begin,
        edit.from_me,
        edit.sent_at,
        now - EDITABLE,
    )
    .fetch_one(pool)
    .await?;
    Ok(if !found.has_same {
        Announced::New
    } else if found.has_same_time || found.is_last || !found.is_recent {
        Announced::Known
    } else {
        Announced::Back
    })
}

/// Remembers which event brought an encrypted edit that could not be opened, in case its original comes later.
pub async fn remember_event(pool: &Pool, edit: &NewInbound<'_>, event: i64) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound
        set sealed_event = $5
        where location_id = $1 and number = $2 and wa_message_id = $3 and from_me = $4
        "#,
        edit.location.as_str(),
        edit.number,
        edit.wa_message_id.as_str(),
        edit.from_me,
        event,
    )
    .execute(pool)
    .await
    .map(|_| ())
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
