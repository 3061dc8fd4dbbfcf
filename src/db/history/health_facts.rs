//! Facts about a location's health, for the doctor and the monitor.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::setups::FIRST_HOUR;
use crate::db::outbound::receipts::DELIVERED;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;

/// The echo of a send arrives within seconds, its ack when the customer's phone is on. After this time both should have
/// arrived, even from a busy gateway.
pub const ECHO_WAIT: Duration = Duration::minutes(10);
/// Age of the sends that count: longer than the time between two checks of the monitor, and short enough to describe
/// the present.
const RECENT: Duration = Duration::hours(1);
/// Rows that are searched for the last one of a kind, so that a long history costs no more than a short one.
const LOOKED_THROUGH: i64 = 2_000;

/// When a location last sent or received something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// GHL delivered a message to send.
    pub last_delivery: Option<OffsetDateTime>,
    /// A customer's message arrived, if it is among the last two thousand rows; each send adds a row too.
    pub last_inbound: Option<OffsetDateTime>,
    /// WhatsApp reported that a customer has a message.
    pub last_ack: Option<OffsetDateTime>,
}

/// When a location last sent or received something.
pub async fn find_history(pool: &Pool, location: &LocationId) -> sqlx::Result<History> {
    sqlx::query_as!(
        History,
        r#"
        select
            (
                select accepted_at
                from outbound
                where location_id = $1
                order by id desc
                limit 1
            ) as last_delivery,
            (
                select max(i.accepted_at)
                from (
                    select accepted_at, from_me
                    from inbound
                    where location_id = $1
                    order by id desc
                    limit $2
                ) i
                where not i.from_me
            ) as last_inbound,
            -- The newest receipt that reports a delivery leads to its message, whose steps have the time.
            (
                select max(t.at)
                from (
                    select message_id
                    from (
                        select message_id, level, seen_at
                        from receipts
                        where location_id = $1 and message_id is not null
                        order by seen_at desc
                        limit $2
                    ) recent
                    where level >= $3
                    order by seen_at desc
                    limit 1
                ) acked
                join timeline t
                  on t.location_id = $1
                 and t.message_id = acked.message_id
                 and t.state in ('delivered', 'read')
            ) as last_ack
        "#,
        location.as_str(),
        LOOKED_THROUGH,
        DELIVERED,
    )
    .fetch_one(pool)
    .await
}

/// A connected number, and when Waapify last reported about it.
#[derive(Clone, Debug)]
pub struct NumberHealth {
    /// E.164 digits.
    pub number: String,
    /// Waapify's instance.
    pub instance_id: String,
    /// Sealed.
    pub access_token: Vec<u8>,
    /// Why it is on hold; none while it is not.
    pub hold_reason: Option<Reason>,
    /// When it was connected last.
    pub connected_at: OffsetDateTime,
    /// When its gateway was first known to have posted; none: it never has.
    pub heard_at: Option<OffsetDateTime>,
    /// When its gateway last posted: the number's last event or its last confirmed send. Events alone are not enough,
    /// because a busy number's events push those of a quiet one out of the rows that are searched.
    pub last_event_at: Option<OffsetDateTime>,
    /// The first of its recent sends that should have been reported and were not.
    pub unheard_since: Option<OffsetDateTime>,
    /// The last of them.
    pub unheard_until: Option<OffsetDateTime>,
}

impl NumberHealth {
    /// Whether the gateway has never called, and the number's first hour is over.
    #[must_use]
    pub fn was_never_heard(&self, now: OffsetDateTime) -> bool {
        self.heard_at.is_none() && now >= self.connected_at + FIRST_HOUR
    }
}

/// The connected numbers of a location, its default number first.
pub async fn list_numbers(
    pool: &Pool,
    location: &LocationId,
    now: OffsetDateTime,
) -> sqlx::Result<Vec<NumberHealth>> {
    sqlx::query_as!(
        NumberHealth,
        r#"
        select
            n.number,
            n.instance_id,
            n.access_token as "access_token!",
            coalesce(reason_of(n.hold_code, n.hold_args), circuit_reason(n.location_id, n.number))
                as "hold_reason: Reason",
            n.connected_at,
            coalesce(n.heard_at, h.last_event_at) as heard_at,
            h.last_event_at,
            s.unheard_since,
            s.unheard_until
        from numbers n
        -- When its gateway posted, among the last events of its location.
        left join lateral (
            select max(received_at) as last_event_at
            from (
                select number, received_at
                from waapify_events
                where location_id = n.location_id
                order by id desc
                limit $4
            ) recent
            where number = n.number
        ) e on true
        -- Or when the last of its sends of late was confirmed, whichever is later.
        left join lateral (
            select greatest(e.last_event_at, max(r.seen_at)) as last_event_at
            from receipts r
            where r.location_id = n.location_id
              and r.number = n.number
              and r.message_id is not null
              and r.level > 0
              and r.seen_at > $2
        ) h on true
        -- What it sent since then, long enough ago to have been reported.
        left join lateral (
            select min(r.seen_at) as unheard_since, max(r.seen_at) as unheard_until
            from receipts r
            where r.location_id = n.location_id
              and r.number = n.number
              and r.message_id is not null
              and r.seen_at > greatest(h.last_event_at, n.connected_at, $2)
              and r.seen_at <= $3
        ) s on true
        where n.location_id = $1 and n.access_token is not null and n.webhook_secret is not null
        order by n.is_default desc, n.number
        "#,
        location.as_str(),
        now - RECENT - ECHO_WAIT,
        now - ECHO_WAIT,
        LOOKED_THROUGH,
    )
    .fetch_all(pool)
    .await
}

/// What a location's token may do, in GHL's words; none if GHL did not say, or there is no token.
pub async fn find_scope(pool: &Pool, location: &LocationId) -> sqlx::Result<Option<String>> {
    let found = sqlx::query_scalar!(
        r#"
        select scope
        from tokens
        where owner_id = $1 and owner_kind = 'location'
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// Why there is no token, or why it is not renewed.
pub async fn find_token_trouble(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Option<Reason>> {
    let found = sqlx::query_scalar!(
        r#"
        select trouble
        from install_statuses
        where location_id = $1
        "#,
        location.as_str(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}
