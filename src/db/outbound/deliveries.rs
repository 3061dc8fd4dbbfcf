//! How GHL's deliveries enter the queue of [`crate::db::outbound`].

use axum::body::Bytes;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::contacts::tags;
use crate::db::outbound::outcomes;
use crate::model::ids::{GhlMessageId, LocationId, MessageId};
use crate::model::reason::{Reason, Wait};

/// A message that GHL delivered.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The location of the message.
    pub location_id: LocationId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// The contact: each has one conversation, in which no message overtakes another.
    pub conversation: String,
    /// The user of GHL who sent it, if it names one: a person, or a workflow in their name.
    pub sender: Option<String>,
    /// Numbers are protected that nobody changed.
    pub protects: bool,
    /// The signed bytes.
    pub body: Bytes,
    /// When it arrived.
    pub accepted_at: OffsetDateTime,
}

/// A conversation counts as active for this long after the customer wrote; WhatsApp itself counts a day.
const UNDER_WAY: Duration = Duration::hours(24);

/// Stores deliveries in one commit, with ascending ids in the given order. Returns for each whether it is new: one that
/// GHL delivered before, or that is in the list twice, is stored once.
///
/// A delivery does not say whether a person or a campaign sent a message, so its priority is derived: 2 in a conversation
/// in which the customer wrote recently, 1 with a sender (which a workflow may have too,
/// `docs/vendors/ghl.md#deliveries`), 0 otherwise. If it has to wait, GHL is asked ([`crate::db::outbound::sources`]), and
/// a person's gets 3.
///
/// Where the customer has never written, it waits for its turn among first contacts ([`crate::model::protection`]), unless GHL
/// says that a person wrote it.
///
/// Where the location has several numbers, it leaves from the one that its contact last wrote to or was last written from, else
/// by the location's rules; if these need the contact's tags, it waits a moment for them ([`crate::db::contacts::tags`]).
///
/// # Errors
/// None is stored when the database fails or refuses one of them.
pub async fn accept_deliveries(
    connection: &mut PgConnection,
    deliveries: &[&Delivery],
) -> sqlx::Result<Vec<bool>> {
    // `insert` returns the new ones in the given order.
    let mut new = insert(connection, deliveries).await?.into_iter().peekable();
    let is_next = |d: &&Delivery| {
        new.next_if(|new| {
            new.location_id == d.location_id && new.ghl_message_id == d.ghl_message_id
        })
        .is_some()
    };
    Ok(deliveries.iter().map(is_next).collect())
}

/// A delivery that was not stored before.
#[derive(Debug)]
struct New {
    location_id: LocationId,
    ghl_message_id: GhlMessageId,
}

async fn insert(connection: &mut PgConnection, deliveries: &[&Delivery]) -> sqlx::Result<Vec<New>> {
    fn column<'a, T>(deliveries: &[&'a Delivery], value: impl Fn(&'a Delivery) -> T) -> Vec<T> {
        deliveries.iter().copied().map(value).collect()
    }
    sqlx::query_as!(
        New,
        r#"
        -- The row itself is the first step of the timeline: the view `steps` shows it.
        with new as (
            insert into outbound (
                location_id, ghl_message_id, conversation, body, due_at, accepted_at, priority, has_sender, route, is_cold,
                is_waiting, reason_code, reason_args
            )
            select d.location_id, d.ghl_message_id, d.conversation, d.body,
                case when r.asks then d.accepted_at + $9::interval else d.accepted_at end,
                d.accepted_at,
                -- The priority: did the customer write lately? If not, does the delivery name a user?
                case when k.wrote_at > d.accepted_at - $7::interval then 2 else (d.sender is not null)::int end,
                d.sender is not null,
                coalesce(r.route, ''),
                -- Has the customer never written? What was typed on the business's phone, and comes back from GHL, is no
                -- message to send.
                k.wrote_at is null
                -- A location none of whose numbers is protected has no such turns.
                and exists (
                    select 1
                    from numbers n
                    where n.location_id = d.location_id and coalesce(n.protects, d.protects)
                )
                and not exists (
                    select 1
                    from inbound i
                    where i.location_id = d.location_id and i.ghl_message_id = d.ghl_message_id and i.from_me
                )
                and not exists (
                    select 1
                    from contacts c
                    join inbound i on i.location_id = c.location_id and i.conversation = c.phone
                    where c.location_id = d.location_id and c.contact_id = d.conversation
                      and i.state = 'accepted' and i.from_me
                ),
                coalesce(r.asks, false),
                case when r.asks then $10::jsonb->>'code' end,
                case when r.asks then $10::jsonb->'args' end
            from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::text[], $11::bool[])
                as d (location_id, ghl_message_id, conversation, body, accepted_at, sender, protects)
            cross join lateral (
                -- When the customer wrote last.
                select max(c.wrote_at) as wrote_at
                from contacts c
                where c.location_id = d.location_id and c.contact_id = d.conversation
            ) k
            -- A location with one number has no choice, and pays one look for it.
            left join lateral (
                select chosen.route, chosen.asks
                from route_of(d.location_id, d.conversation, d.sender, d.accepted_at - $8::interval) chosen
                where (
                    select true
                    from numbers n
                    where n.location_id = d.location_id and n.webhook_secret is not null and not n.is_default
                    limit 1
                )
            ) r on true
            -- GHL delivers some messages twice.
            on conflict (location_id, ghl_message_id) do nothing
            returning location_id, ghl_message_id, conversation, accepted_at, is_waiting
        ),
        asked as (
            -- GHL is asked for the tags of those contacts; their messages are due without them after a while.
            insert into tag_looks (location_id, contact_id, due_at)
            select location_id, conversation, min(accepted_at)
            from new
            where is_waiting
            group by location_id, conversation
            on conflict (location_id, contact_id) do nothing
        )
        select location_id as "location_id!: LocationId", ghl_message_id as "ghl_message_id!: GhlMessageId"
        from new
        "#,
        &column(deliveries, |d| d.location_id.as_str()) as &[&str],
        &column(deliveries, |d| d.ghl_message_id.as_str()) as &[&str],
        &column(deliveries, |d| d.conversation.as_str()) as &[&str],
        &column(deliveries, |d| d.body.as_ref()) as &[&[u8]],
        &column(deliveries, |d| d.accepted_at),
        &column(deliveries, |d| d.sender.as_deref()) as &[Option<&str>],
        UNDER_WAY as Duration,
        tags::FRESH as Duration,
        tags::LONGEST_WAIT as Duration,
        Reason::from(Wait::AskingTags) as Reason,
        &column(deliveries, |d| d.protects),
    )
    .fetch_all(connection)
    .await
}

/// Fails a delivery that no worker has claimed.
pub async fn fail(
    pool: &Pool,
    location: &LocationId,
    ghl_message: &GhlMessageId,
    failure: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let waiting = sqlx::query_scalar!(
        r#"
        select id as "id: MessageId"
        from outbound
        where location_id = $1 and ghl_message_id = $2 and state = 'accepted'
        for update
        "#,
        location.as_str(),
        ghl_message.as_str(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(id) = waiting {
        outcomes::fail(&mut tx, location, id, failure, now).await?;
    }
    tx.commit().await
}
