//! What WhatsApp says about our messages: whose message an id is, and how far it got.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::db::history::timeline;
use crate::db::outbound::in_flight::PartOf;
use crate::db::outbound::outcomes::fail;
use crate::db::outbound::status_updates;
use crate::model::ids::{LocationId, MessageId, WaMessageId};
use crate::model::reason::{Failure, Reason};
use crate::model::states::MessageState;

/// Delivered to the customer's phone (Baileys `DELIVERY_ACK`).
pub const DELIVERED: i32 = 3;
/// Read or played by the customer (Baileys `READ`; `PLAYED` counts as read).
pub const READ: i32 = 4;

/// A part of a message that WhatsApp took, and the id it got there.
#[derive(Clone, Copy, Debug)]
pub struct SentPart<'a> {
    /// Whose message.
    pub location: &'a LocationId,
    /// Our id.
    pub message: MessageId,
    /// The number it left from.
    pub number: &'a str,
    /// Which part, from 0.
    pub part: i32,
    /// WhatsApp's id.
    pub wa_message_id: &'a WaMessageId,
    /// Who says so.
    pub told_by: ToldBy,
}

/// Who says which part has an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToldBy {
    /// The gateway's answer to the send.
    Answer,
    /// An echo with the same words: it may be that of another part, so it counts only where nobody has said anything.
    Echo,
}

/// Notes that a part left. The id is kept whoever reports it, the sender or an echo, first or late; the message
/// moves on only once for each part, and stays as it is when it has ended otherwise.
///
/// # Errors
/// When the database fails.
pub async fn record_sent(
    pool: &PgPool,
    sent: SentPart<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    if record_sent_first(pool, sent, cause, now).await? {
        return Ok(());
    }
    let mut tx = pool.begin().await?;
    if !record_owner(&mut tx, sent, now).await? {
        return Ok(());
    }
    let state: Option<MessageState> = sqlx::query_scalar(
        "update outbound set parts_sent = parts_sent + 1, failures = 0, unconfirmed_sends = 0, due_at = $4,
            state = case when parts_sent + 1 < parts then 'accepted' else 'sent' end
         where location_id = $1 and id = $2 and parts_sent = $3 and state in ('accepted', 'sending', 'unconfirmed')
         returning state",
    )
    .bind(sent.location)
    .bind(sent.message)
    .bind(sent.part)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(state) = state {
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
    tx.commit().await
}

/// The usual case of [`record_sent`] in one statement; does nothing and is false where WhatsApp's id is known already,
/// because a receipt or an echo came first.
async fn record_sent_first(
    pool: &PgPool,
    sent: SentPart<'_>,
    cause: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let first: Option<i32> = sqlx::query_scalar(
        "with owner as (
            insert into receipts (location_id, number, wa_message_id, message_id, part, seen_at)
            values ($1, $4, $5, $2, $3, $6)
            on conflict (location_id, number, wa_message_id) do nothing
            returning message_id
         ), moved as (
            update outbound o set parts_sent = parts_sent + 1, failures = 0, unconfirmed_sends = 0, due_at = $6,
                state = case when parts_sent + 1 < parts then 'accepted' else 'sent' end
            from owner
            where o.location_id = $1 and o.id = $2 and o.parts_sent = $3
                and o.state in ('accepted', 'sending', 'unconfirmed')
            returning o.location_id, o.id, o.state
         ), noted as (
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $6, state, $7::jsonb->>'code', $7::jsonb->'args' from moved
         )
         select 1 from owner",
    )
    .bind(sent.location)
    .bind(sent.message)
    .bind(sent.part)
    .bind(sent.number)
    .bind(sent.wa_message_id)
    .bind(now)
    .bind(cause)
    .fetch_optional(pool)
    .await?;
    Ok(first.is_some())
}

/// Notes whose message a WhatsApp id is; a receipt that came before keeps its level. False where that is known already
/// and an echo says so.
///
/// # Errors
/// When the database fails.
async fn record_owner(
    tx: &mut PgConnection,
    sent: SentPart<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "insert into receipts (location_id, number, wa_message_id, message_id, part, seen_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (location_id, number, wa_message_id) do update set
            message_id = excluded.message_id, part = excluded.part
         where receipts.message_id is null or $7",
    )
    .bind(sent.location)
    .bind(sent.number)
    .bind(sent.wa_message_id)
    .bind(sent.message)
    .bind(sent.part)
    .bind(now)
    .bind(sent.told_by == ToldBy::Answer)
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Whether a WhatsApp id is known to be one of our sends.
///
/// # Errors
/// When the database fails.
pub async fn is_ours(
    pool: &PgPool,
    location: &LocationId,
    number: &str,
    id: &WaMessageId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select 1 from receipts where location_id = $1 and number = $2
            and wa_message_id = $3 and message_id is not null)",
    )
    .bind(location)
    .bind(number)
    .bind(id)
    .fetch_one(pool)
    .await
}

/// The part of a message of ours that went to `chat` (digits) under WhatsApp's id.
///
/// # Errors
/// When the database fails.
pub async fn find_sent(
    pool: &PgPool,
    location: &LocationId,
    number: &str,
    chat: &str,
    id: &WaMessageId,
) -> sqlx::Result<Option<PartOf>> {
    sqlx::query_as(
        "select o.id, o.body, o.files::text as files, r.part
         from receipts r join outbound o on o.location_id = r.location_id and o.id = r.message_id
         where r.location_id = $1 and r.number = $2 and r.wa_message_id = $3 and r.part is not null and o.chat = $4",
    )
    .bind(location)
    .bind(number)
    .bind(id)
    .bind(chat)
    .fetch_optional(pool)
    .await
}

/// Notes a receipt: levels only rise, and a refusal stays. Moves the message on if its id is known already.
///
/// # Errors
/// When the database fails.
pub async fn record_receipt(
    pool: &PgPool,
    location: &LocationId,
    number: &str,
    id: &WaMessageId,
    level: i32,
    refused: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // The usual message has one part: it is as far as this receipt says, and one statement does it all; the tick is
    // queued as `status_updates::queue` does it. Where a receipt moved nothing, it may have waited for the send's own
    // record, which this statement then does not see: it is looked at again.
    let unsettled: Option<MessageId> = sqlx::query_scalar(
        "with seen as (
            insert into receipts (location_id, number, wa_message_id, level, refused, seen_at)
            values ($1, $2, $3, $4, $5, $6)
            on conflict (location_id, number, wa_message_id) do update set
               level = greatest(receipts.level, excluded.level),
               refused = coalesce(receipts.refused, excluded.refused)
            returning message_id, part, level, refused
         ), moved as (
            update outbound o set state = case when seen.level >= $8 then 'read' else 'delivered' end
            from seen
            where o.location_id = $1 and o.id = seen.message_id and o.parts = 1 and o.parts_sent = 1
              and seen.part is not null and seen.refused is null
              and (o.state = 'sent' and seen.level >= $7 or o.state = 'delivered' and seen.level >= $8)
            returning o.location_id, o.id, o.ghl_message_id, o.state, o.accepted_at
         ), noted as (
            insert into timeline (location_id, message_id, at, state) select location_id, id, $6, state from moved
         ), queued as (
            insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
            select m.location_id, m.id, m.ghl_message_id, m.state, greatest($6, m.accepted_at + $9)
            from moved m join locations l on l.location_id = m.location_id
               and (l.installed_at is not null or l.token_request_at is not null) and l.uninstalled_at is null
            on conflict (location_id, message_id) do update set
               status = excluded.status, reason_code = null, reason_args = null
         )
         select seen.message_id from seen join outbound o on o.location_id = $1 and o.id = seen.message_id
         where o.parts is distinct from 1 or seen.refused is not null
           or seen.level >= $7 and not exists (select 1 from moved)",
    )
    .bind(location)
    .bind(number)
    .bind(id)
    .bind(level)
    .bind(refused)
    .bind(now)
    .bind(DELIVERED)
    .bind(READ)
    .bind(status_updates::GHL_KNOWS_AFTER)
    .fetch_optional(pool)
    .await?;
    let Some(message) = unsettled else {
        return Ok(());
    };
    let mut tx = pool.begin().await?;
    advance(&mut tx, location, message, now).await?;
    tx.commit().await
}

#[derive(FromRow)]
struct Progress {
    state: String,
    all_sent: bool,
    level: i32,
    refused: Option<String>,
}

/// Moves a message to what its receipts say: a message is as far as the part that is furthest behind; a part that
/// was sent twice is as far as its better copy. A copy without a part was refused before a replay and does not count.
///
/// # Errors
/// When the database fails.
async fn advance(
    tx: &mut PgConnection,
    location: &LocationId,
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // The lock comes first, in a statement of its own: two receipts at once are then counted one after the other.
    sqlx::query("select 1 from outbound where location_id = $1 and id = $2 for update")
        .bind(location)
        .bind(message)
        .execute(&mut *tx)
        .await?;
    let progress: Option<Progress> = sqlx::query_as(
        "select o.state, o.parts is not null and o.parts_sent >= o.parts as all_sent,
            coalesce(min(p.level), 0) as level, max(p.refused) as refused
         from outbound o left join (
            select max(level) as level, case when bool_and(refused is not null) then max(refused) end as refused
            from receipts where location_id = $1 and message_id = $2 and part is not null group by part) p on true
         where o.location_id = $1 and o.id = $2 group by o.state, o.parts, o.parts_sent",
    )
    .bind(location)
    .bind(message)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(progress) = progress else {
        return Ok(());
    };
    match (progress.state.as_str(), progress.refused) {
        ("accepted" | "sending" | "unconfirmed" | "sent", Some(code))
            if progress.level < DELIVERED =>
        {
            fail(tx, location, message, &refusal(&code), now).await
        }
        ("sent" | "delivered", _) if progress.all_sent && progress.level >= READ => {
            raise(tx, location, message, status_updates::Status::Read, now).await
        }
        ("sent", _) if progress.all_sent && progress.level >= DELIVERED => {
            raise(
                tx,
                location,
                message,
                status_updates::Status::Delivered,
                now,
            )
            .await
        }
        _ => Ok(()),
    }
}

async fn raise(
    tx: &mut PgConnection,
    location: &LocationId,
    message: MessageId,
    status: status_updates::Status<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("update outbound set state = $3 where location_id = $1 and id = $2")
        .bind(location)
        .bind(message)
        .bind(status.name())
        .execute(&mut *tx)
        .await?;
    timeline::record_step(tx, location, message, status.state(), None, now).await?;
    status_updates::queue(tx, location, message, status, now).await
}

/// WhatsApp's refusal after the gateway had taken the message (`docs/vendors/waapify.md#acks`).
fn refusal(code: &str) -> Reason {
    let number = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    Failure::Refused { number }.into()
}
