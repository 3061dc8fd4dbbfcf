//! The row that a message gets, or takes over from the stub that came before it.

use sqlx::{FromRow, PgConnection};
use time::OffsetDateTime;

use crate::db::inbound::{CallEnd, NewInbound, State, undecrypted};
use crate::model::ids::MessageId;
use crate::model::reason::{Reason, Step};
use crate::model::states::MessageState;

/// How a message stands now.
#[derive(FromRow)]
pub(super) struct Entry {
    pub(super) id: MessageId,
    pub(super) state: MessageState,
    pub(super) reason: Option<Reason>,
}

/// Inserts a message, or fills in the row that is held for its content, which keeps its place and what it knows of the
/// sender. None when there is nothing new in it.
pub(super) async fn insert(
    tx: &mut PgConnection,
    message: &NewInbound<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<Entry>> {
    let until = message.media.map_or(now, |media| media.until);
    let (state, reason, due_at) = match message.state.clone() {
        State::Accepted => (MessageState::Accepted, None, until),
        State::Ignored(step) => (MessageState::Ignored, Some(step), now),
        State::Hidden => (MessageState::Held, Some(Step::SenderHidden), until),
        State::Undecrypted(until) => (MessageState::Held, Some(Step::Undecrypted), until),
    };
    let is_stub = matches!(message.state, State::Undecrypted(_));
    sqlx::query_as(
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, sender_name,
            text, sent_at, state, reason_code, reason_args, due_at, accepted_at, undecrypted, call_status)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb->>'code', $11::jsonb->'args', $13, $12, $14, $16
         where $15 is null or not exists (select 1 from inbound
            where location_id = $1 and number = $2 and wa_message_id = $15 and from_me = $4)
         on conflict (location_id, number, wa_message_id, from_me) do update set
            conversation = case when inbound.phone is null then excluded.conversation else inbound.conversation end,
            phone = coalesce(inbound.phone, excluded.phone),
            sender_name = coalesce(excluded.sender_name, inbound.sender_name), text = excluded.text,
            state = case when excluded.state = 'held' and inbound.phone is not null then 'accepted'
                else excluded.state end,
            reason_code = case when excluded.state = 'held' and inbound.phone is not null then null
                else excluded.reason_code end,
            reason_args = case when excluded.state = 'held' and inbound.phone is not null then null
                else excluded.reason_args end,
            due_at = excluded.due_at, undecrypted = false
         where inbound.state = 'held' and inbound.undecrypted and not excluded.undecrypted
         returning id, state, reason_of(reason_code, reason_args) as reason",
    )
    .bind(message.location)
    .bind(message.number)
    .bind(message.wa_message_id)
    .bind(message.from_me)
    .bind(message.conversation)
    .bind(message.phone)
    .bind(message.sender_name)
    .bind(message.text)
    .bind(message.sent_at)
    .bind(state)
    .bind(reason.map(Reason::from))
    .bind(now)
    .bind(due_at)
    .bind(is_stub)
    .bind(undecrypted::twin(message.wa_message_id, is_stub))
    .bind(message.call.map(CallEnd::name))
    .fetch_optional(tx)
    .await
}
