//! What the database knows about how a location does: for the doctor and the watch.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::db::outbound::receipts::DELIVERED;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;

/// The echo of a send comes within seconds, its ack when the customer's phone is on; one that is this old has had both
/// chances, whatever the gateway was busy with.
pub const ECHO_WAIT: Duration = Duration::minutes(10);
/// Sends that are looked at: enough for one to fall between two looks of the watch, and an old one says nothing about now.
const RECENT: Duration = Duration::hours(1);
/// Rows looked through for the last of a kind, so that a long history costs no more than a short one.
const LOOKED_THROUGH: i64 = 2_000;

/// When something last came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct History {
    /// GHL delivered a message to send.
    pub last_delivery: Option<OffsetDateTime>,
    /// A customer's message came, if it is among the last two thousand rows: each send leaves one too.
    pub last_inbound: Option<OffsetDateTime>,
    /// WhatsApp reported that a customer has a message.
    pub last_ack: Option<OffsetDateTime>,
}

/// When something last came to or from a location.
///
/// # Errors
/// When the database fails.
pub async fn find_history(pool: &PgPool, location: &LocationId) -> sqlx::Result<History> {
    sqlx::query_as(
        "select
            (select accepted_at from outbound where location_id = $1 order by id desc limit 1) as last_delivery,
            (select max(i.accepted_at) from (select accepted_at, from_me from inbound
                where location_id = $1 order by id desc limit $2) i
             where not i.from_me) as last_inbound,
            (select max(t.at) from (
                select message_id from (
                    select message_id, level, seen_at from receipts
                    where location_id = $1 and message_id is not null order by seen_at desc limit $2) recent
                where level >= $3 order by seen_at desc limit 1) acked
             join timeline t on t.location_id = $1 and t.message_id = acked.message_id
                and t.state in ('delivered', 'read')) as last_ack",
    )
    .bind(location)
    .bind(LOOKED_THROUGH)
    .bind(DELIVERED)
    .fetch_one(pool)
    .await
}

/// A connected number and what was heard of it.
#[derive(Clone, Debug, FromRow)]
pub struct NumberCheckup {
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Why it does not send; none: it does.
    pub hold_reason: Option<Reason>,
    /// When it was connected last.
    pub connected_at: OffsetDateTime,
    /// When its gateway last posted: by its location's last events, or by its own sends that were confirmed, since a busy
    /// number's events push a quiet one's out of sight.
    pub last_event_at: Option<OffsetDateTime>,
    /// The first and the last of its sends of late that should have been reported and were not.
    pub unheard_since: Option<OffsetDateTime>,
    /// See `unheard_since`.
    pub unheard_until: Option<OffsetDateTime>,
}

/// The connected numbers of a location, that it sends from first.
///
/// # Errors
/// When the database fails.
pub async fn list_numbers(
    pool: &PgPool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<NumberCheckup>> {
    sqlx::query_as(
        "select n.number, n.instance_id, n.access_token, reason_of(n.hold_code, n.hold_args) as hold_reason, n.connected_at, h.last_event_at,
            s.unheard_since, s.unheard_until
         from numbers n
         left join lateral (
            select max(received_at) as last_event_at from (
                select number, received_at from waapify_events where location_id = n.location_id
                order by id desc limit $4) recent
            where number = n.number) e on true
         left join lateral (
            select greatest(e.last_event_at, max(r.seen_at)) as last_event_at from receipts r
            where r.location_id = n.location_id and r.number = n.number and r.message_id is not null
              and r.level > 0 and r.seen_at > $2) h on true
         left join lateral (
            select min(r.seen_at) as unheard_since, max(r.seen_at) as unheard_until from receipts r
            where r.location_id = n.location_id and r.number = n.number and r.message_id is not null
              and r.seen_at > greatest(h.last_event_at, n.connected_at, $2) and r.seen_at <= $3) s on true
         where n.location_id = $1 and n.access_token is not null and n.webhook_secret is not null
         order by n.is_default desc, n.number",
    )
    .bind(location)
    .bind(now - RECENT - ECHO_WAIT)
    .bind(now - ECHO_WAIT)
    .bind(LOOKED_THROUGH)
    .fetch_all(pool)
    .await
}

/// What a location's token may do, in GHL's words; none where it did not say, or there is no token.
///
/// # Errors
/// When the database fails.
pub async fn find_scope(pool: &PgPool, location: &LocationId) -> sqlx::Result<Option<String>> {
    let found: Option<Option<String>> = sqlx::query_scalar(
        "select scope from tokens where owner_id = $1 and owner_kind = 'location'",
    )
    .bind(location)
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// Why there is no token, or why it is not renewed.
///
/// # Errors
/// When the database fails.
pub async fn find_token_trouble(
    pool: &PgPool,
    location: &LocationId,
) -> sqlx::Result<Option<Reason>> {
    let found: Option<Option<Reason>> = sqlx::query_scalar(
        "select coalesce(reason_of(t.trouble_code, t.trouble_args), reason_of(l.token_request_refusal_code, l.token_request_refusal_args))
         from locations l
         left join tokens t on t.owner_id = l.location_id and t.owner_kind = 'location'
         where l.location_id = $1",
    )
    .bind(location)
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}
