//! What WhatsApp reports about our messages: which message an id belongs to, and how far it got.

use std::collections::{BTreeMap, HashMap};

use time::{Duration, OffsetDateTime};

use crate::db::connection::{Connection, Pool};
use crate::db::contacts::last_numbers;
use crate::db::history::timeline;
use crate::db::outbound::in_flight::PartOf;
use crate::db::outbound::progress::advance;
pub use crate::db::outbound::progress::{DELIVERED, READ};
use crate::db::outbound::status_updates;
use crate::model::ids::{LocationId, MessageId, WaMessageId};
use crate::model::reason::Reason;
use crate::model::states::MessageState;

/// A part of a message that WhatsApp accepted, and its id there.
#[derive(Clone, Copy, Debug)]
pub struct SentPart<'a> {
    /// The location of the message.
    pub location: &'a LocationId,
    /// Our id.
    pub message: MessageId,
    /// The number that it was sent from.
    pub number: &'a str,
    /// Which part, from 0.
    pub part: i32,
    /// WhatsApp's id.
    pub wa_message_id: &'a WaMessageId,
    /// Where the id comes from.
    pub known_from: KnownFrom,
}

/// The source that connects a WhatsApp id with a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownFrom {
    /// The gateway's answer to the send.
    Answer,
    /// An echo with the same text. It may belong to another part, so it counts only if the id is not known yet.
    Echo,
}

/// A part that is newly known to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// When GHL delivered its message.
    pub accepted_at: OffsetDateTime,
    /// Whether it was the last one.
    pub is_whole: bool,
    /// The chat (digits, or the address of one without a phone), if its contact was in touch with another number before.
    pub changed_chat: Option<String>,
}

/// Records that a part was sent. The id is stored from every report, by the answer or an echo, early or late. The
/// message moves on only once for each part, and not at all if it has ended otherwise: then none is returned.
pub async fn record_sent(
    pool: &Pool,
    sent: SentPart<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Moved>> {
    let (is_first, moved) = record_sent_first(pool, sent, cause, now).await?;
    if is_first {
        return Ok(moved);
    }
    let mut tx = pool.begin().await?;
    if !record_owner(&mut tx, sent, now).await? {
        return Ok(None);
    }
    let moved = sqlx::query!(
        r#"
        update outbound
        set parts_sent = parts_sent + 1, failures = 0, unconfirmed_sends = 0, due_at = $4,
            state = case when parts_sent + 1 < parts then 'accepted' else 'sent' end,
            -- The next part leaves from the same number.
            route = $5,
            -- What it waited for is over.
            reason_code = null, reason_args = null
        where location_id = $1 and id = $2 and parts_sent = $3
          and state in ('accepted', 'sending', 'unconfirmed')
        returning state, accepted_at
        "#,
        sent.location.as_str(),
        sent.message.0,
        sent.part,
        now,
        sent.number,
    )
    .map(|row| (row.state, row.accepted_at))
    .fetch_optional(&mut *tx)
    .await?;
    let mut changed_chat = None;
    if let Some((state, _)) = moved {
        changed_chat =
            last_numbers::record_sent(&mut tx, sent.location, sent.message, sent.number).await?;
        timeline::record_step(
            &mut tx,
            sent.location,
            sent.message,
            state,
            Some(cause),
            now,
        )
        .await?;
        advance(&mut tx, sent.location, sent.message, now).await?;
    }
    tx.commit().await?;
    Ok(moved.map(|(state, accepted_at)| Moved {
        accepted_at,
        is_whole: state == MessageState::Sent,
        changed_chat,
    }))
}

/// The usual case of [`record_sent`] in one statement. False, without a change, when WhatsApp's id is known already
/// because a receipt or an echo arrived first.
async fn record_sent_first(
    pool: &Pool,
    sent: SentPart<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<(bool, Option<Moved>)> {
    sqlx::query!(
        r#"
        with owner as (
            -- 1. Keep WhatsApp's id, unless it is known already: then nothing else happens.
            insert into receipts (location_id, number, wa_message_id, message_id, part, seen_at)
            values ($1, $4, $5, $2, $3, $6)
            on conflict (location_id, number, wa_message_id) do nothing
            returning message_id
        ),
        moved as (
            -- 2. The message goes on to its next part, or has left as a whole.
            update outbound o
            set parts_sent = parts_sent + 1, failures = 0, unconfirmed_sends = 0, due_at = $6,
                state = case when parts_sent + 1 < parts then 'accepted' else 'sent' end,
                -- The next part leaves from the same number.
                route = $4,
                -- What it waited for is over.
                reason_code = null, reason_args = null
            from owner
            where o.location_id = $1 and o.id = $2 and o.parts_sent = $3
              and o.state in ('accepted', 'sending', 'unconfirmed')
            returning o.location_id, o.id, o.state, o.accepted_at, o.conversation, o.chat
        ),
        noted as (
            -- 3. Its timeline says so.
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $6, state, $7::jsonb->>'code', $7::jsonb->'args'
            from moved
        ),
        written_from as (
            -- 4. Its contact is answered from the same number, where the location has several.
            update contacts c
            set last_number = $4
            from moved
            join contacts before on before.location_id = $1 and before.contact_id = moved.conversation
            where c.location_id = $1 and c.phone = before.phone and before.last_number is distinct from $4
              and exists (
                  select 1
                  from numbers n
                  where n.location_id = $1 and n.webhook_secret is not null and not n.is_default
              )
            returning moved.chat, moved.conversation, before.last_number is not null as is_change
        ),
        following as (
            -- What waits for that contact and for no number follows, also when another is the default then.
            update outbound o
            set route = $4
            from written_from
            where o.location_id = $1 and o.conversation = written_from.conversation
              and o.state = 'accepted' and o.route = ''
        )
        select exists (select 1 from owner) as "is_first!",
            (select chat from written_from where is_change limit 1) as changed_chat,
            (select accepted_at from moved) as accepted_at,
            coalesce((select state = 'sent' from moved), false) as "is_whole!"
        "#,
        sent.location.as_str(),
        sent.message.0,
        sent.part,
        sent.number,
        sent.wa_message_id.as_str(),
        now,
        cause as &Reason,
    )
    .map(|row| {
        let moved = row.accepted_at.map(|accepted_at| Moved {
            accepted_at,
            is_whole: row.is_whole,
            changed_chat: row.changed_chat,
        });
        (row.is_first, moved)
    })
    .fetch_one(pool)
    .await
}

/// Records which message a WhatsApp id belongs to; a receipt that arrived before keeps its level. False, without a
/// change, when that is known already and `sent` comes from an echo.
async fn record_owner(
    tx: &mut Connection,
    sent: SentPart<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        r#"
        insert into receipts (location_id, number, wa_message_id, message_id, part, seen_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (location_id, number, wa_message_id) do update
        set message_id = excluded.message_id, part = excluded.part
        where receipts.message_id is null or $7
        "#,
        sent.location.as_str(),
        sent.number,
        sent.wa_message_id.as_str(),
        sent.message.0,
        sent.part,
        now,
        sent.known_from == KnownFrom::Answer,
    )
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Whether a WhatsApp id is known to be one of our sends.
pub async fn is_ours(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    id: &WaMessageId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from receipts
            where location_id = $1 and number = $2 and wa_message_id = $3
              and message_id is not null
        ) as "is_ours!"
        "#,
        location.as_str(),
        number,
        id.as_str(),
    )
    .fetch_one(pool)
    .await
}

/// The part of our message that was sent to `chat` (digits) under WhatsApp's id.
pub async fn find_sent(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    chat: &str,
    id: &WaMessageId,
) -> sqlx::Result<Option<PartOf>> {
    sqlx::query_as!(
        PartOf,
        r#"
        select o.id, o.body, o.files::text as files, r.part as "part!"
        from receipts r
        join outbound o on o.location_id = r.location_id and o.id = r.message_id
        where r.location_id = $1 and r.number = $2 and r.wa_message_id = $3
          and r.part is not null and o.chat = $4
        "#,
        location.as_str(),
        number,
        id.as_str(),
        chat,
    )
    .fetch_optional(pool)
    .await
}

/// The chats (digits) to which the messages with these ids were sent from `number`, by the service or on the business's
/// phone, and when, by id.
pub async fn list_recipients(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    ids: &[&str],
) -> sqlx::Result<HashMap<String, (String, OffsetDateTime)>> {
    let found = sqlx::query!(
        r#"
        select r.wa_message_id as "wa_message_id!: WaMessageId", o.chat as "chat!", r.seen_at as "seen_at!"
        from receipts r
        join outbound o on o.location_id = r.location_id and o.id = r.message_id
        where r.location_id = $1 and r.number = $2 and r.wa_message_id = any($3) and o.chat is not null
        union all
        select i.wa_message_id, i.conversation, i.sent_at
        from inbound i
        where i.location_id = $1 and i.number = $2 and i.wa_message_id = any($3) and i.from_me
            and i.conversation not in ('', i.number)
            -- The echo of a send may have another time than the send.
            and not exists (
                select 1
                from receipts r
                where r.location_id = i.location_id and r.number = i.number and r.wa_message_id = i.wa_message_id
                    and r.message_id is not null
            )
        "#,
        location.as_str(),
        number,
        ids as &[&str],
    )
    .map(|row| (row.wa_message_id.0, (row.chat, row.seen_at)))
    .fetch_all(pool)
    .await?;
    Ok(found.into_iter().collect())
}

/// How far WhatsApp says that a part got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// WhatsApp's id of the part.
    pub id: WaMessageId,
    /// Baileys' level.
    pub level: i32,
    /// WhatsApp's code, if it refused the part.
    pub refused: Option<String>,
}

/// Receipts in one statement: as many as take it some tens of milliseconds.
const BATCH: usize = 500;

/// Records receipts of one number: levels only rise, and a refusal stays. Moves messages on whose ids are known already.
pub async fn record_receipts(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    receipts: &[Seen],
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // One row for each id, because a statement changes a row only once; in the order of the ids, because another process
    // may write some of the same rows.
    let mut furthest: BTreeMap<&str, (i32, Option<&str>)> = BTreeMap::new();
    for seen in receipts {
        let known = furthest.entry(seen.id.as_str()).or_default();
        known.0 = known.0.max(seen.level);
        known.1 = known.1.or(seen.refused.as_deref());
    }
    let furthest: Vec<_> = furthest.into_iter().collect();
    for batch in furthest.chunks(BATCH) {
        let open = record_batch(pool, location, number, batch, now).await?;
        if open.is_empty() {
            continue;
        }
        let mut tx = pool.begin().await?;
        for message in open {
            advance(&mut tx, location, message, now).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// The usual case in one statement: a message of one part is as far as its receipt says. Returns the messages of which
/// [`advance`] has to decide.
async fn record_batch(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    batch: &[(&str, (i32, Option<&str>))],
    now: OffsetDateTime,
) -> sqlx::Result<Vec<MessageId>> {
    let ids: Vec<&str> = batch.iter().map(|(id, _)| *id).collect();
    let levels: Vec<i32> = batch.iter().map(|(_, (level, _))| *level).collect();
    let refused: Vec<Option<&str>> = batch.iter().map(|(_, (_, refused))| *refused).collect();
    sqlx::query_file_scalar!(
        "src/db/outbound/record_receipts.sql",
        location.as_str(),
        number,
        &ids as &[&str],
        &levels,
        &refused as &[Option<&str>],
        now,
        DELIVERED,
        READ,
        status_updates::GHL_KNOWS_AFTER as Duration,
    )
    .fetch_all(pool)
    .await
}
