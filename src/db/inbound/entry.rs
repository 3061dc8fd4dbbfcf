//! The row of a message: a new one, or that of its stub (the same message, which arrived before without its content).

use time::OffsetDateTime;

use crate::db::connection::{Connection, Pool};
use crate::db::contacts::lids;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::history::timeline;
use crate::db::inbound::{NewInbound, State, late, media, undecrypted};
use crate::model::ids::{ContactId, MessageId, WaMessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::{CallEnd, MessageState};

/// A message after it was stored.
struct Entry {
    id: MessageId,
    state: MessageState,
    reason: Option<Reason>,
    /// Events with edits of it that came before it.
    early_edits: Option<Vec<i64>>,
}

/// Events with early edits of one message that are read again: each may have thousands of items.
const MAX_EARLY: i64 = 8;

/// Inserts a message, or fills in its row that is held for the content; that row keeps its position and what is known
/// about the sender. None when the message is known already.
async fn insert(
    tx: &mut Connection,
    message: &NewInbound<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Entry>> {
    let until = message.media.map_or(now, |media| media.until);
    let (state, reason, due_at) = match message.state.clone() {
        State::Accepted => (MessageState::Accepted, None, until),
        State::Later(due_at) => (MessageState::Accepted, None, due_at),
        State::Ignored(step) => (MessageState::Ignored, Some(step), now),
        State::Hidden => (MessageState::Held, Some(Step::SenderHidden), until),
        State::Undecrypted(until) => (MessageState::Held, Some(Step::Undecrypted), until),
    };
    // Whatever else an old message waits for, it waits for a person's word.
    let is_old = message.is_old && state != MessageState::Ignored;
    let (state, reason) = if is_old {
        (MessageState::Held, Some(Step::OldMessage))
    } else {
        (state, reason)
    };
    let late = is_old.then_some(late::ASKED);
    let is_stub = matches!(message.state, State::Undecrypted(_));
    let twin = undecrypted::twin(message.wa_message_id, is_stub);
    let (_, edits_begin) = whatsapp_events::edit_ids(message.wa_message_id.as_str());
    sqlx::query_as!(
        Entry,
        r#"
        insert into inbound
            (location_id, number, wa_message_id, from_me, conversation, phone, sender_name, text, sent_at,
            state, reason_code, reason_args, due_at, accepted_at, undecrypted, call_status, edit_secret, late,
            contact_id)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9,
            $10, $11::jsonb->>'code', $11::jsonb->'args', $13, $12, $14, $16, $17, $18, $19
        -- Insert nothing if the twin id is known: that of a stub posted without content, or the stub's original id.
        where $15::text is null
            or not exists (
                select 1
                from inbound
                where location_id = $1 and number = $2 and wa_message_id = $15 and from_me = $4
            )
        -- The content takes its stub's place. A stub whose sender became known meanwhile stays in that conversation.
        on conflict (location_id, number, wa_message_id, from_me) do update
        set conversation = case when inbound.phone is null then excluded.conversation else inbound.conversation end,
            phone = coalesce(inbound.phone, excluded.phone),
            sender_name = coalesce(excluded.sender_name, inbound.sender_name),
            text = excluded.text,
            -- An old message keeps what a person said about it. Content of a hidden sender is held, unless the sender is
            -- known by now.
            late = case when excluded.late is not null then coalesce(inbound.late, excluded.late) end,
            state = case
                when excluded.late is null and excluded.state = 'held' and inbound.phone is not null then 'accepted'
                else excluded.state end,
            reason_code = case
                when excluded.late is not null and inbound.late is not null then inbound.reason_code
                when excluded.late is null and excluded.state = 'held' and inbound.phone is not null then null
                else excluded.reason_code end,
            reason_args = case
                when excluded.late is not null and inbound.late is not null then inbound.reason_args
                when excluded.late is null and excluded.state = 'held' and inbound.phone is not null then null
                else excluded.reason_args end,
            due_at = excluded.due_at,
            edit_secret = coalesce(excluded.edit_secret, inbound.edit_secret),
            contact_id = coalesce(excluded.contact_id, inbound.contact_id),
            undecrypted = false
        where inbound.state = 'held' and inbound.undecrypted and not excluded.undecrypted
        returning id, state, reason_of(reason_code, reason_args) as "reason: Reason",
            case when edit_secret is not null then array(
                -- In the order of the unique index, which alone finds them without reading the location's messages.
                select distinct sealed_event
                from (
                    select sealed_event
                    from inbound early
                    where early.location_id = $1 and early.number = $2 and early.from_me = $4
                        and early.wa_message_id between $20 and $20 || 'g'
                        and starts_with(early.wa_message_id, $20) and early.sealed_event is not null
                    order by location_id, number, wa_message_id, from_me
                    limit $21
                ) early
            ) end as early_edits
        "#,
        message.location.as_str(),
        message.number,
        message.wa_message_id.as_str(),
        message.from_me,
        message.conversation,
        message.phone,
        message.sender_name,
        message.text,
        message.sent_at,
        state as MessageState,
        reason.map(Reason::from) as Option<Reason>,
        now,
        due_at,
        is_stub,
        twin.as_ref().map(WaMessageId::as_str),
        message.call.map(CallEnd::as_str),
        message.edit_secret.map(<[u8; 32]>::as_slice),
        late,
        message.answers.map(ContactId::as_str),
        edits_begin,
        MAX_EARLY,
    )
    .fetch_optional(tx)
    .await
}

/// A message that is stored now.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Our id.
    pub id: MessageId,
    /// Events with encrypted edits of it, which came before it.
    pub early_edits: Vec<i64>,
}

/// As [`record`], of which only the id is of interest.
pub async fn record_message(
    pool: &Pool,
    message: &NewInbound<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<MessageId>> {
    let recorded = record(pool, message, now).await?;
    Ok(recorded.map(|recorded| recorded.id))
}

/// Stores a message; none when it is known already. If its row is held for the content, the content fills in that row.
pub async fn record(
    pool: &Pool,
    message: &NewInbound<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Recorded>> {
    let until = message.media.map_or(now, |media| media.until);
    let lid = message.conversation.strip_suffix(LID_SERVER);
    let lid = lid.filter(|_| !matches!(message.state, State::Ignored(_)));
    let mut tx = pool.begin().await?;
    let is_known = match lid {
        Some(lid) => lids::lock(&mut tx, message.location, lid).await?,
        None => false,
    };
    let Some(entry) = insert(&mut tx, message, now).await? else {
        return Ok(None);
    };
    let (location, id, reason) = (message.location, entry.id, entry.reason.as_ref());
    if let Some(media) = message.media {
        media::record_media(&mut tx, location, id, media, now).await?;
    }
    timeline::record_step(&mut tx, location, id, entry.state, reason, now).await?;
    if let Some(lid) = lid.filter(|_| is_known) {
        lids::release(&mut tx, location, &[lid], until, now).await?;
    }
    tx.commit().await?;
    let early_edits = entry.early_edits.unwrap_or_default();
    Ok(Some(Recorded { id, early_edits }))
}
