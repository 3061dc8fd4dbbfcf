//! The queue of messages from GHL to WhatsApp. How an attempt ends is in [`crate::db::outbound::outcomes`].
//!
//! States: `accepted → sending → sent`, then receipts decide; or `unconfirmed` while it is unknown whether a part was
//! sent, `failed`, `ignored`. In a conversation no message overtakes another; conversations do not wait for each other.

pub mod aged;
pub mod circuits;
pub mod deliveries;
mod departure;
pub mod in_flight;
pub mod leases;
pub mod outcomes;
pub mod priority;
mod progress;
pub mod receipts;
pub(in crate::db) mod replays;
pub mod routes;
pub mod sources;
pub mod status_updates;

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::numbers::NumberRow;
use crate::db::outbound::circuits::OpenCircuit;
pub use crate::db::outbound::departure::{Recipient, mark_send_started};
use crate::db::queue::{Capacity, claimed};
use crate::model::ids::{GhlMessageId, LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::FailureKind;

/// A message that a worker has claimed.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are columns, each of its own"
)]
pub struct OutboundJob {
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// The signed bytes of the delivery.
    pub body: Vec<u8>,
    /// What is known about its files, JSON; none before their servers were asked.
    pub files: Option<String>,
    /// The number that it is sent from; none when the location has no number.
    pub number: Option<String>,
    /// Waapify's instance behind that number.
    pub instance_id: Option<String>,
    /// The instance's key, sealed.
    pub access_token: Option<Vec<u8>>,
    /// Whether that number was on hold, so that a success takes it off.
    pub is_held: bool,
    /// GHL's echo of a message that was written on the business's phone.
    pub is_echo: bool,
    /// The text of a message from the business's phone that is being posted to the same contact in GHL: GHL may have
    /// stored that message under the id of this one.
    pub mirroring: Option<String>,
    /// Parts that were sent.
    pub parts_sent: i32,
    /// Failed attempts at the current part, all of the kind `failing`.
    pub failures: i32,
    /// How the last attempt failed.
    pub failing: Option<FailureKind>,
    /// Claims in a row that their process did not end and in which no send started.
    pub crashed_attempts: i32,
    /// Sends of the current part with an unknown outcome.
    pub unconfirmed_sends: i32,
    /// How often the message was claimed; also the fence.
    pub attempt: i32,
    /// When GHL delivered it.
    pub accepted_at: OffsetDateTime,
    /// When the failures began that `failures` counts; none in rows of older versions.
    pub failing_since: Option<OffsetDateTime>,
    /// The last sends from its number, or from all numbers, failed: an answer of the gateway ends that.
    pub is_failing: bool,
    /// It goes to somebody who never wrote, and its number is protected: until then the claim lets no other such message leave.
    pub cold_until: Option<OffsetDateTime>,
    /// A person wrote it to somebody who never wrote.
    pub is_persons_first: bool,
}

claimed!(OutboundJob, id.0, in location_id);

impl OutboundJob {
    /// What is needed to send it; none when its location has no number.
    #[must_use]
    pub fn sender(&self) -> Option<NumberRow> {
        Some(NumberRow {
            number: self.number.clone()?,
            instance_id: self.instance_id.clone()?,
            access_token: self.access_token.clone()?,
        })
    }
}

/// The pause after a send of a number.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause of a number without one of its own.
    pub interval: Duration,
    /// A random factor that lengthens either pause; 1 leaves it unchanged.
    pub stretch: f64,
    /// Whether numbers are protected that nobody changed: to people who never wrote they send one message at a time.
    pub protects: bool,
}

/// Rows that are looked at to find a message of one number, so that what waits behind a blocked message makes no claim
/// longer.
const LOOKED_AT: i64 = 100;

/// Claims at most one due message of each number that may send now: among the first messages of its conversations, the
/// one of the highest priority. The pause of that number begins, and of no other number. A number without a pause may
/// send many at once. A message has a number of its own, its route, or leaves from its location's default one. One that was
/// sent in part, or may have been, stays with the number that it was sent from while that is connected: otherwise a customer
/// would see two senders, and the echo of the first part would not be recognised.
///
/// A message that another transaction is changing is left for the next call.
pub async fn claim_sendable(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    pace: Pace,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<OutboundJob>> {
    claim(pool, now, lease, pace, capacity.into(), None).await
}

/// Claims the probe of an open circuit: a message of its number, or of any number for the gateway's.
pub async fn claim_probe(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    pace: Pace,
    circuit: &OpenCircuit,
) -> sqlx::Result<Option<OutboundJob>> {
    let claimed = claim(pool, now, lease, pace, 1.into(), Some(circuit)).await?;
    Ok(claimed.into_iter().next())
}

async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    pace: Pace,
    capacity: Capacity,
    circuit: Option<&OpenCircuit>,
) -> sqlx::Result<Vec<OutboundJob>> {
    let interval_ms = i64::try_from(pace.interval.whole_milliseconds()).unwrap_or(i64::MAX);
    sqlx::query_file_as!(
        OutboundJob,
        "src/db/outbound/claim_sendable.sql",
        now,
        now + lease,
        interval_ms,
        capacity.limit,
        pace.stretch,
        capacity.share,
        capacity.left_json(),
        LOOKED_AT,
        capacity.place_among(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
        circuit.map(|circuit| circuit.location_id.as_str()),
        circuit.map(|circuit| circuit.target.as_str()),
        pace.protects,
    )
    .fetch_all(pool)
    .await
}

/// Claims due messages of locations without a default number. It reads the waiting queues one after the other from
/// an index, so that a campaign of another location costs nothing here.
pub async fn claim_unconnected(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<OutboundJob>> {
    sqlx::query_as!(
        OutboundJob,
        r#"
        with unconnected as (
            -- 1. The queues of locations without a number.
            select q.location_id, q.route, q.is_cold
            from outbound_queues q
            where not exists (
                select 1
                from numbers n
                where n.location_id = q.location_id and n.is_default
            )
        ),
        -- 2. Lock their first messages that are due; what another worker has locked is passed over.
        taken as (
            select c.location_id, c.id
            from unconnected u
            cross join lateral (
                select location_id, id
                from outbound
                where location_id = u.location_id and route = u.route and is_cold = u.is_cold
                  and state = 'accepted' and due_at <= $1
                order by priority desc, id
                limit $3
                for update skip locked
            ) c
            limit $3
        )
        -- 3. They are this owner's until the end of the lease.
        update outbound o
        set state = 'sending', is_waiting = false, attempt = o.attempt + 1, due_at = $2
        from taken
        where o.location_id = taken.location_id and o.id = taken.id
        -- There is no number; what else is null or false here is of no use without one.
        returning o.location_id, o.id, o.ghl_message_id, o.body, null::text as files,
            null::text as number, null::text as instance_id, null::bytea as access_token,
            false as "is_held!", o.parts_sent, o.failures, o.failing, o.crashed_attempts,
            o.unconfirmed_sends, o.attempt, o.accepted_at,
            o.failing_since, false as "is_failing!", false as "is_echo!", null::text as mirroring,
            null::timestamptz as cold_until, false as "is_persons_first!"
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// Stores what is known about a claimed message's files, and puts the message back into the queue, to be planned with
/// that. Failed requests for the files do not count as failed sends.
pub async fn record_files(
    pool: &Pool,
    job: &OutboundJob,
    files: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with known as (
            update outbound
            set files = $4::text::jsonb, state = 'accepted', due_at = $5, failures = 0,
                crashed_attempts = 0
            where location_id = $1 and id = $2 and attempt = $3 and state is not distinct from 'sending'
            returning location_id, id
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $5, 'accepted', $6::jsonb->>'code', $6::jsonb->'args'
        from known
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        files,
        now,
        Reason::from(Step::FilesLookedAt) as Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims messages whose wait for an echo is over.
pub async fn claim_unconfirmed(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<OutboundJob>> {
    sqlx::query_as!(
        OutboundJob,
        r#"
        with taken as (
            select location_id, id
            from outbound
            where state = 'unconfirmed' and due_at <= $1
            order by due_at
            limit $3
            for update skip locked
        )
        update outbound o
        set attempt = o.attempt + 1, due_at = $2
        from taken
        where o.location_id = taken.location_id and o.id = taken.id
        -- Nothing is sent at the end of a wait, so nothing is asked about the number and the contact.
        returning o.location_id, o.id, o.ghl_message_id, o.body, null::text as files, o.number,
            null::text as instance_id, null::bytea as access_token, false as "is_held!",
            o.parts_sent, o.failures, o.failing, o.crashed_attempts, o.unconfirmed_sends, o.attempt,
            o.accepted_at, o.failing_since, false as "is_failing!", false as "is_echo!", null::text as mirroring,
            null::timestamptz as cold_until, false as "is_persons_first!"
        "#,
        now,
        now + lease,
        limit,
    )
    .fetch_all(pool)
    .await
}
