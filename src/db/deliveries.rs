//! How GHL's deliveries enter the queue of [`super::outbound`].

use std::collections::HashSet;

use axum::body::Bytes;
use sqlx::{FromRow, PgConnection};
use time::{Duration, OffsetDateTime};
use tracing::warn;

use crate::ids::{GhlMessageId, LocationId, MessageId};

/// What GHL delivered.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whose message.
    pub location_id: LocationId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// What it must not overtake: the contact, of which each has one conversation.
    pub conversation: String,
    /// It names the user who sent it: a person, or a workflow in their name.
    pub has_sender: bool,
    /// The signed bytes.
    pub body: Bytes,
    /// When it came.
    pub accepted_at: OffsetDateTime,
}

/// A conversation is under way this long after the customer wrote; WhatsApp itself counts a day.
const UNDER_WAY: Duration = Duration::hours(24);

/// Keeps deliveries in one commit, their ids ascending in the order given; for each, whether it is new. One that GHL
/// delivered before, or that is here twice, is kept once.
///
/// GHL does not say which message a person sent and which a campaign, so its rank is told by what we know: 2 in a
/// conversation in which the customer wrote lately, 1 with a sender (which a workflow may have too, `facts/ghl.md`
/// section 3), 0 otherwise. What waits in the same conversation rises with it, because nothing overtakes there.
///
/// # Errors
/// When the database fails or refuses one of them; none is kept then.
pub async fn accept_deliveries(
    connection: &mut PgConnection,
    deliveries: &[Delivery],
) -> sqlx::Result<Vec<bool>> {
    let new = insert(connection, deliveries).await?;
    if new.iter().any(|new| new.outranks) {
        raise(connection, &new).await;
    }
    // What is new comes back in the order given.
    let mut new = new.into_iter().peekable();
    let is_next = |d: &Delivery| {
        new.next_if(|new| {
            new.location_id == d.location_id && new.ghl_message_id == d.ghl_message_id
        })
        .is_some()
    };
    Ok(deliveries.iter().map(is_next).collect())
}

/// A delivery that was not there before.
#[derive(Debug, FromRow)]
struct New {
    location_id: LocationId,
    ghl_message_id: GhlMessageId,
    id: MessageId,
    /// What waits before it in its conversation has a lower rank.
    outranks: bool,
}

async fn insert(connection: &mut PgConnection, deliveries: &[Delivery]) -> sqlx::Result<Vec<New>> {
    fn column<'a, T>(deliveries: &'a [Delivery], value: impl Fn(&'a Delivery) -> T) -> Vec<T> {
        deliveries.iter().map(value).collect()
    }
    // The first step of the timeline is the row itself: the view `steps` shows it. Ranks of what waits never rise along
    // a conversation, so its last message tells for all; the comparison of rows leads along `outbound_open`, whatever
    // Postgres knew of the tables when it made its plan.
    sqlx::query_as(
        "with new as (
            insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, rank)
            select location_id, ghl_message_id, conversation, body, accepted_at, accepted_at,
                case when exists (select 1 from contacts c where c.location_id = d.location_id
                        and c.contact_id = d.conversation and c.wrote_at > d.accepted_at - $7) then 2
                    else d.has_sender::int end
            from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::bool[])
                as d (location_id, ghl_message_id, conversation, body, accepted_at, has_sender)
            on conflict (location_id, ghl_message_id) do nothing
            returning location_id, ghl_message_id, conversation, id, rank
         )
         select location_id, ghl_message_id, id, rank > 0 and exists (
            select 1 from (
                select location_id, conversation, rank from outbound o
                where o.state in ('accepted', 'sending', 'unconfirmed')
                  and (o.location_id, o.conversation, o.id) < (new.location_id, new.conversation, new.id)
                order by o.location_id desc, o.conversation desc, o.id desc limit 1
            ) last
            where last.location_id = new.location_id and last.conversation = new.conversation
              and last.rank < new.rank) as outranks
         from new order by id",
    )
    .bind(column(deliveries, |d| d.location_id.as_str()))
    .bind(column(deliveries, |d| d.ghl_message_id.as_str()))
    .bind(column(deliveries, |d| d.conversation.as_str()))
    .bind(column(deliveries, |d| d.body.as_ref()))
    .bind(column(deliveries, |d| d.accepted_at))
    .bind(senders(deliveries))
    .bind(UNDER_WAY)
    .fetch_all(connection)
    .await
}

/// Of each delivery, whether it or a later one of its conversation here names a sender.
fn senders(deliveries: &[Delivery]) -> Vec<bool> {
    let mut conversations = HashSet::new();
    let named = deliveries.iter().rev().map(|d| {
        let conversation = (&d.location_id, d.conversation.as_str());
        if d.has_sender {
            conversations.insert(conversation);
        }
        conversations.contains(&conversation)
    });
    let mut senders: Vec<_> = named.collect();
    senders.reverse();
    senders
}

/// Raises what waits before the new messages in their conversations. It is not part of the commit: without it they
/// are as safe, and only wait longer.
async fn raise(connection: &mut PgConnection, new: &[New]) {
    let outranking = new.iter().filter(|new| new.outranks);
    let (locations, ids): (Vec<_>, Vec<_>) = outranking
        .map(|new| (new.location_id.as_str(), new.id.0))
        .unzip();
    // Rare, and planned each time with what Postgres knows by then.
    let raised = sqlx::query(
        "update outbound o set rank = new.rank
         from unnest($1::text[], $2::bigint[]) as n (location_id, id)
            join outbound new on new.location_id = n.location_id and new.id = n.id
         where o.location_id = new.location_id and o.conversation = new.conversation
           and o.state = 'accepted' and o.rank < new.rank and o.id < new.id",
    )
    .bind(locations)
    .bind(ids)
    .persistent(false)
    .execute(connection)
    .await;
    if let Err(error) = raised {
        warn!(%error, "messages keep the rank they came with");
    }
}
