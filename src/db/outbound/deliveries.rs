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
    sqlx::query_file_as!(
        New,
        "src/db/outbound/insert_deliveries.sql",
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
