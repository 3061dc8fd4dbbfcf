//! Messages of both directions for the operator: one with its steps. `search` finds many.
//!
//! It must not read a message's text, or more of a customer's number than its last four digits. Replays are in
//! [`crate::db::replays`].

use std::collections::HashMap;

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::views::recipients;
use crate::model::ids::{ContactId, GhlMessageId, LocationId, MessageId, WaMessageId};
use crate::model::reason::{Reason, Remedy, Step as Cause};
use crate::model::states::{Direction, MessageState};

/// A message without its text: a row of the view `messages`.
#[derive(Clone, Debug)]
pub struct MessageRow {
    /// Which way it goes.
    pub direction: Direction,
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// Its state.
    pub state: MessageState,
    /// Why it is in that state, if that needs a reason.
    pub reason: Option<Reason>,
    /// The business's number, digits; none while an outbound message waits for one.
    pub number: Option<String>,
    /// Last digits of the customer's number, once known.
    pub chat_end: Option<String>,
    /// GHL's id; an inbound message has one when it is posted.
    pub ghl_message_id: Option<GhlMessageId>,
    /// Parts that were sent; none for inbound.
    pub parts_sent: Option<i32>,
    /// The number of its parts, once planned.
    pub parts: Option<i32>,
    /// When it arrived.
    pub accepted_at: OffsetDateTime,
}

impl MessageRow {
    /// What a person can do about it, if it failed.
    #[must_use]
    pub fn remedy(&self) -> Option<Remedy> {
        let remedy = self.reason.as_ref().map(Reason::remedy);
        (self.state == MessageState::Failed).then(|| remedy.unwrap_or(Remedy::SendAgain))
    }
}

/// The message with this id.
pub async fn find_message(pool: &Pool, id: MessageId) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, &list_places(pool).await?, id).await
}

/// The message that GHL knows by this id.
pub async fn find_by_ghl_id(pool: &Pool, id: &GhlMessageId) -> sqlx::Result<Option<MessageRow>> {
    let places = list_places(pool).await?;
    let found = sqlx::query_scalar!(
        r#"
        select m.id as "id!: MessageId"
        from unnest($1::text[]) as place (id)
        -- Along the unique key of deliveries, and `inbound_by_ghl_id`.
        cross join lateral (
            select id from outbound where location_id = place.id and ghl_message_id = $2
            union all
            select id from inbound where location_id = place.id and ghl_message_id = $2
        ) m
        limit 1
        "#,
        &texts(&places) as &[&str],
        id.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    match found {
        Some(id) => find_in(pool, &places, id).await,
        None => Ok(None),
    }
}

/// The message with this id, if it belongs to the location.
pub async fn find_message_of(
    pool: &Pool,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    find_in(pool, std::slice::from_ref(location), id).await
}

/// The customer of a message in GHL.
#[derive(Clone, Debug)]
pub struct Customer {
    /// GHL's contact.
    pub contact_id: ContactId,
    /// What GHL calls it, if it told.
    pub name: Option<String>,
    /// GHL's conversation with it, if it told.
    pub conversation_id: Option<String>,
}

/// The customer of a message, where GHL's contact is known.
pub async fn find_customer(pool: &Pool, row: &MessageRow) -> sqlx::Result<Option<Customer>> {
    match row.direction {
        Direction::Outbound => {
            sqlx::query_as!(
                Customer,
                r#"
                select o.conversation as "contact_id: ContactId", c.name, c.conversation_id
                from outbound o
                left join contacts c on c.location_id = o.location_id and c.contact_id = o.conversation
                -- A delivery without a contact is a conversation of its own.
                where o.location_id = $1 and o.id = $2 and o.conversation <> o.ghl_message_id
                order by c.conversation_id is null, c.name is null
                limit 1
                "#,
                row.location_id.as_str(),
                row.id.0,
            )
            .fetch_optional(pool)
            .await
        }
        Direction::Inbound => {
            sqlx::query_as!(
                Customer,
                r#"
                select c.contact_id as "contact_id: ContactId", c.name, c.conversation_id
                from inbound i
                join contacts c on c.location_id = i.location_id and c.phone = i.conversation
                where i.location_id = $1 and i.id = $2
                "#,
                row.location_id.as_str(),
                row.id.0,
            )
            .fetch_optional(pool)
            .await
        }
    }
}

/// What GHL calls the customers of these messages, as far as it told.
pub async fn list_customers(
    pool: &Pool,
    rows: &[MessageRow],
) -> sqlx::Result<HashMap<MessageId, String>> {
    let locations: Vec<_> = rows.iter().map(|row| row.location_id.as_str()).collect();
    let directions: Vec<_> = rows.iter().map(|row| row.direction.as_str()).collect();
    let ids: Vec<_> = rows.iter().map(|row| row.id.0).collect();
    let found = sqlx::query!(
        r#"
        select id as "id!: MessageId", customer_name(location_id, direction, id) as name
        from unnest($1::text[], $2::text[], $3::bigint[]) as m (location_id, direction, id)
        "#,
        &locations as &[&str],
        &directions as &[&str],
        &ids,
    )
    .fetch_all(pool)
    .await?;
    let named = found
        .into_iter()
        .filter_map(|row| Some((row.id, row.name?)));
    Ok(named.collect())
}

/// Fills in the last digits of customers of whom only the delivery tells yet.
pub(super) async fn with_ends(
    pool: &Pool,
    mut rows: Vec<MessageRow>,
) -> sqlx::Result<Vec<MessageRow>> {
    let lacks = |row: &&MessageRow| row.direction == Direction::Outbound && row.chat_end.is_none();
    let keys = rows.iter().filter(lacks);
    let keys: Vec<_> = keys.map(|row| (row.location_id.as_str(), row.id)).collect();
    let mut ends = recipients::find_ends(pool, &keys).await?;
    for row in &mut rows {
        row.chat_end = row.chat_end.take().or_else(|| ends.remove(&row.id));
    }
    Ok(rows)
}

async fn find_in(
    pool: &Pool,
    places: &[LocationId],
    id: MessageId,
) -> sqlx::Result<Option<MessageRow>> {
    let row = sqlx::query_as!(
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
    .await?;
    let rows = row.into_iter().collect();
    Ok(with_ends(pool, rows).await?.pop())
}

/// Every location that may have messages. The keys of messages begin with the location, so that knowing the locations
/// saves reading whole tables. A delivery can arrive before its location is in `locations`.
pub(super) async fn list_places(pool: &Pool) -> sqlx::Result<Vec<LocationId>> {
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
    /// The message's state from then on.
    pub state: MessageState,
    /// Why.
    pub cause: Option<Reason>,
}

/// The steps of a message, oldest first. The first one is made from the message's own row, and is left out where the
/// timeline has it too.
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
    let waits = find_wait(pool, message).await?;
    let is_news = |step: &Step| later.last().is_none_or(|last| last.cause != step.cause);
    let waits = waits.filter(is_news);
    Ok([first]
        .into_iter()
        .chain(later.clone())
        .chain(waits)
        .collect())
}

/// That a message waits because its number is protected: its number knows it, so that a campaign costs no row for each message.
async fn find_wait(pool: &Pool, message: &MessageRow) -> sqlx::Result<Option<Step>> {
    if (message.direction, message.state) != (Direction::Outbound, MessageState::Accepted) {
        return Ok(None);
    }
    let found = sqlx::query!(
        r#"
        select protection_reason(o.location_id, o.route, o.is_cold, o.source, o.has_sender) as "why: Reason",
            greatest(o.accepted_at, coalesce(n.stopped_at, n.cold_since)) as "since!"
        from outbound o
        join numbers n on n.location_id = o.location_id and (n.number = o.route or o.route = '' and n.is_default)
        where o.location_id = $1 and o.id = $2
        limit 1
        "#,
        message.location_id.as_str(),
        message.id.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.and_then(|row| {
        row.why.map(|why| Step {
            at: row.since,
            state: MessageState::Accepted,
            cause: Some(why),
        })
    }))
}

/// A WhatsApp message that carries a message or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatsAppCopy {
    /// WhatsApp's id.
    pub wa_message_id: WaMessageId,
    /// Which part, from 0; none for inbound, and for a refused copy that does not count since a replay.
    pub part: Option<i32>,
    /// How far WhatsApp got with it ([`crate::db::outbound::receipts`]).
    pub level: i32,
    /// WhatsApp's code, if it refused the message.
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
