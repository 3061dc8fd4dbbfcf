//! Messages of both directions as the operator sees them: the last ones, and one with its steps.
//!
//! Refuses: reading what a message says, or more of a customer's number than its last four digits. How one goes back
//! into the queue is in [`crate::db::views::replays`].

use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

use crate::model::ids::{GhlMessageId, LocationId, MessageId, WaMessageId};
use crate::model::reason::{Reason, Step as Cause};

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Direction {
    /// From GHL to WhatsApp.
    Outbound,
    /// From WhatsApp to GHL.
    Inbound,
}

/// A message without its text.
#[derive(Clone, Debug, FromRow)]
pub struct MessageRow {
    /// Which way it goes.
    pub direction: Direction,
    /// Whose message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// Where it is on its way.
    pub state: String,
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

/// The columns of a [`MessageRow`] from `outbound`.
macro_rules! outbound {
    () => {
        "select 'outbound' as direction, location_id, id, state,
            reason_of(reason_code, reason_args) as reason, number, right(chat, 4) as chat_end,
            ghl_message_id, parts_sent, parts, accepted_at
         from outbound "
    };
}

/// The same from `inbound`.
macro_rules! inbound {
    () => {
        "select 'inbound' as direction, location_id, id, state,
            reason_of(reason_code, reason_args) as reason, number, right(phone, 4) as chat_end,
            ghl_message_id, null::int as parts_sent, null::int as parts, accepted_at
         from inbound "
    };
}

pub(in crate::db) use inbound;
pub(in crate::db) use outbound;

/// The last messages, newest first: of one location or of all, all or only those in one state. Of what came from WhatsApp
/// not what is ignored of our own: echoes of what is in the list already.
///
/// # Errors
/// When the database fails.
pub async fn list_messages(
    pool: &PgPool,
    location: Option<&LocationId>,
    state: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<MessageRow>> {
    let places = match location {
        Some(location) => vec![location.clone()],
        None => list_places(pool).await?,
    };
    sqlx::query_as(concat!(
        "select m.* from unnest($1::text[]) as place (id) cross join lateral (
            (",
        outbound!(),
        "where location_id = place.id and ($2 is null or state = $2) order by id desc limit $3)
            union all
            (",
        inbound!(),
         "where location_id = place.id and ($2 is null or state = $2) and (not from_me or state <> 'ignored')
            order by id desc limit $3)
         ) m order by m.id desc limit $3"
    ))
    .bind(texts(&places))
    .bind(state)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// The message with this number.
///
/// # Errors
/// When the database fails.
pub async fn find_message(pool: &PgPool, id: MessageId) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, &list_places(pool).await?, id).await
}

/// The message with this number, if it is the location's.
///
/// # Errors
/// When the database fails.
pub async fn find_message_of(
    pool: &PgPool,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, std::slice::from_ref(location), id).await
}

async fn find_in(
    pool: &PgPool,
    places: &[LocationId],
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    sqlx::query_as(concat!(
        outbound!(),
        "where location_id = any($1) and id = $2 union all ",
        inbound!(),
        "where location_id = any($1) and id = $2"
    ))
    .bind(texts(places))
    .bind(id)
    .fetch_optional(pool)
    .await
}

/// Every location that may have messages. Their keys begin with it, so that knowing them saves reading the tables; a
/// delivery can come before anything else is heard of its location.
async fn list_places(pool: &PgPool) -> sqlx::Result<Vec<LocationId>> {
    sqlx::query_scalar(
        "with recursive place as (
            (select location_id from outbound order by location_id limit 1)
            union all
            select next.location_id from place cross join lateral (
                select location_id from outbound where location_id > place.location_id
                order by location_id limit 1
            ) next
         )
         select location_id from place union select location_id from locations",
    )
    .fetch_all(pool)
    .await
}

fn texts(places: &[LocationId]) -> Vec<&str> {
    places.iter().map(LocationId::as_str).collect()
}

/// A step of a message.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Step {
    /// When.
    pub at: OffsetDateTime,
    /// Its state from then on.
    pub state: String,
    /// Why.
    pub cause: Option<Reason>,
}

/// What happened to a message, from its first step on. That it came is told from its own row; where the timeline says
/// the same, it is said once.
///
/// # Errors
/// When the database fails.
pub async fn list_steps(pool: &PgPool, message: &MessageRow) -> sqlx::Result<Vec<Step>> {
    let came = match message.direction {
        Direction::Outbound => Cause::GhlDelivered,
        Direction::Inbound => Cause::WaapifyPosted,
    };
    let first = Step {
        at: message.accepted_at,
        state: "accepted".to_owned(),
        cause: Some(came.clone().into()),
    };
    let later: Vec<Step> = sqlx::query_as(
        "select at, state, reason_of(cause_code, cause_args) as cause from timeline
         where location_id = $1 and message_id = $2
           and (at <> $3 or state <> $4 or coalesce(cause_code, $5) <> $5)
         order by at, step",
    )
    .bind(&message.location_id)
    .bind(message.id)
    .bind(first.at)
    .bind(&first.state)
    .bind(came.code())
    .fetch_all(pool)
    .await?;
    Ok([first].into_iter().chain(later).collect())
}

/// A WhatsApp message that is (a part of) a message.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
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
///
/// # Errors
/// When the database fails.
pub async fn list_copies(pool: &PgPool, message: &MessageRow) -> sqlx::Result<Vec<WhatsAppCopy>> {
    sqlx::query_as(
        "select wa_message_id, part, level, refused from receipts where location_id = $1 and message_id = $2
         union all
         select wa_message_id, null, 0, null from inbound where location_id = $1 and id = $2
         order by part nulls first, wa_message_id",
    )
    .bind(&message.location_id)
    .bind(message.id)
    .fetch_all(pool)
    .await
}
