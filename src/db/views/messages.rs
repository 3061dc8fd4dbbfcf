//! Messages of both directions as the operator sees them: the last ones, and one with its steps.
//!
//! Refuses: reading what a message says, or more of a customer's number than its last four digits. How one goes back
//! into the queue is in [`crate::db::replays`].

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::model::ids::{GhlMessageId, LocationId, MessageId, WaMessageId};
use crate::model::reason::{Reason, Step as Cause};
use crate::model::states::{Direction, MessageState};

/// A message without its text: a row of the view `messages`.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Which way it goes.
    pub direction: Direction,
    /// Whose message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// Where it is on its way.
    pub state: MessageState,
    /// Why it is there, where that needs a reason.
    pub reason: Option<Reason>,
    /// The business's number, digits; none while an outbound message waits for one.
    pub number: Option<String>,
    /// Last digits of the customer's number, once known.
    pub chat_end: Option<String>,
    /// GHL's id; an inbound message has one when it is posted.
    pub ghl_message_id: Option<GhlMessageId>,
    /// Parts that have left; none for inbound.
    pub parts_sent: Option<i32>,
    /// Of how many, once planned.
    pub parts: Option<i32>,
    /// When it came.
    pub accepted_at: OffsetDateTime,
}

/// The last messages, newest first: of one location or of all, all or only those in one state. Of what came from WhatsApp
/// not what is ignored of our own: echoes of what is in the list already.
pub async fn list_messages(
    pool: &Pool,
    location: Option<&LocationId>,
    state: Option<MessageState>,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let places = match location {
        Some(location) => vec![location.clone()],
        None => list_places(pool).await?,
    };
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
                and ($2::text is null or state = $2)
                and not is_echo
            order by id desc
            limit $3
        ) m
        order by m.id desc
        limit $3
        "#,
        &texts(&places) as &[&str],
        state as Option<MessageState>,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The message with this number.
pub async fn find_message(pool: &Pool, id: MessageId) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, &list_places(pool).await?, id).await
}

/// The message with this number, if it is the location's.
pub async fn find_message_of(
    pool: &Pool,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, std::slice::from_ref(location), id).await
}

async fn find_in(
    pool: &Pool,
    places: &[LocationId],
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    sqlx::query_as!(
        MessageRow,
        r#"
        select direction as "direction!", location_id as "location_id!", id as "id!", state as "state!", reason, number,
            chat_end, ghl_message_id, parts_sent, parts, accepted_at as "accepted_at!"
        from messages
        where location_id = any($1) and id = $2
        "#,
        &texts(places) as &[&str],
        id.0,
    )
    .fetch_optional(pool)
    .await
}

/// Every location that may have messages. Their keys begin with it, so that knowing them saves reading the tables; a
/// delivery can come before anything else is heard of its location.
async fn list_places(pool: &Pool) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query_scalar!(
        r#"
        -- From one location to the next along the primary key.
        with recursive place as (
            (
                select location_id
                from outbound
                order by location_id
                limit 1
            )
            union all
            select next.location_id
            from place
            cross join lateral (
                select location_id
                from outbound
                where location_id > place.location_id
                order by location_id
                limit 1
            ) next
        )
        select location_id as "location_id!: LocationId" from place
        union
        select location_id from locations
        "#,
    )
    .fetch_all(pool)
    .await
}

fn texts(places: &[LocationId]) -> Vec<&str> {
    places.iter().map(LocationId::as_str).collect()
}

/// A step of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at: OffsetDateTime,
    /// Its state from then on.
    pub state: MessageState,
    /// Why.
    pub cause: Option<Reason>,
}

/// What happened to a message, from its first step on. That it came is told from its own row; where the timeline says
/// the same, it is said once.
pub async fn list_steps(pool: &Pool, message: &MessageRow) -> sqlx::Result<Vec<Step>> {
    let came = match message.direction {
        Direction::Outbound => Cause::GhlDelivered,
        Direction::Inbound => Cause::WaapifyPosted,
    };
    let first = Step {
        at: message.accepted_at,
        state: MessageState::Accepted,
        cause: Some(came.clone().into()),
    };
    let later = sqlx::query_as!(
        Step,
        r#"
        select at, state, reason_of(cause_code, cause_args) as "cause: Reason"
        from timeline
        where location_id = $1
            and message_id = $2
            and (at <> $3 or state <> $4 or coalesce(cause_code, $5) <> $5)
        order by at, step
        "#,
        message.location_id.as_str(),
        message.id.0,
        first.at,
        first.state as MessageState,
        came.code(),
    )
    .fetch_all(pool)
    .await?;
    Ok([first].into_iter().chain(later).collect())
}

/// A WhatsApp message that is (a part of) a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatsAppCopy {
    /// WhatsApp's id.
    pub wa_message_id: WaMessageId,
    /// Which part, from 0; none for inbound, and for a refused copy that a replay took out of the count.
    pub part: Option<i32>,
    /// How far WhatsApp got with it ([`crate::db::outbound::receipts`]).
    pub level: i32,
    /// WhatsApp's code when it refused it.
    pub refused: Option<String>,
}

/// The WhatsApp messages of a message.
pub async fn list_copies(pool: &Pool, message: &MessageRow) -> sqlx::Result<Vec<WhatsAppCopy>> {
    sqlx::query_as!(
        WhatsAppCopy,
        r#"
        select wa_message_id as "wa_message_id!: WaMessageId", part, level as "level!", refused
        from receipts
        where location_id = $1 and message_id = $2
        union all
        select wa_message_id, null, 0, null
        from inbound
        where location_id = $1 and id = $2
        order by 2 nulls first, 1
        "#,
        message.location_id.as_str(),
        message.id.0,
    )
    .fetch_all(pool)
    .await
}
