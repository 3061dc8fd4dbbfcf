//! Messages on their way from GHL to WhatsApp: the queue. How an attempt ends is in [`crate::db::outbound::outcomes`].
//!
//! `accepted → sending → sent`, then receipts take over; or `unconfirmed` while nobody knows whether a part left,
//! `failed`, `ignored`. Within a conversation nothing overtakes; conversations do not wait for each other.

pub mod deliveries;
pub mod in_flight;
pub mod outcomes;
pub mod priority;
pub mod receipts;
pub(in crate::db) mod replays;
pub mod status_updates;

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::db::numbers::NumberRow;
use crate::model::ids::{GhlMessageId, LocationId, MessageId};
use crate::model::reason::{Reason, Step};

/// A message that a worker has claimed.
#[derive(Clone, Debug, FromRow)]
pub struct OutboundJob {
    /// Whose message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// The signed bytes of the delivery.
    pub body: Vec<u8>,
    /// What is known about its files, JSON; none before they were asked about.
    #[sqlx(default)]
    pub files: Option<String>,
    /// The number it leaves from; none when the location has no number.
    pub number: Option<String>,
    /// Waapify's instance behind that number.
    #[sqlx(default)]
    pub instance_id: Option<String>,
    /// The instance's key, sealed.
    #[sqlx(default)]
    pub access_token: Option<Vec<u8>>,
    /// Whether that number was on hold, so that a success takes it off.
    #[sqlx(default)]
    pub is_held: bool,
    /// GHL's echo of a message that was written on the business's phone.
    #[sqlx(default)]
    pub is_echo: bool,
    /// What the message from the business's phone says that is on its way to the same contact in GHL: GHL may have
    /// stored it under the id of this one.
    #[sqlx(default)]
    pub mirroring: Option<String>,
    /// Parts that have left.
    pub parts_sent: i32,
    /// Failed attempts at the current part, all of the kind `failing`.
    pub failures: i32,
    /// How the last attempt failed.
    #[sqlx(default)]
    pub failing: Option<String>,
    /// Claims in a row whose owner stopped before anything left.
    #[sqlx(default)]
    pub crashed_attempts: i32,
    /// Times the current part left with an unknown outcome.
    pub unconfirmed_sends: i32,
    /// Times the message was claimed: the fence.
    pub attempt: i32,
    /// When GHL delivered it.
    pub accepted_at: OffsetDateTime,
}

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
    /// Where the number has none of its own.
    pub interval: Duration,
    /// How far either is stretched, at random: 1 is not at all.
    pub stretch: f64,
}

/// Claims at most one due message of each number that may send now, of the highest rank, the earliest of a conversation
/// that waits for nothing; each claim moves its number's next send by its pause. Where there is no pause, a number may
/// send many at once. What has left in part, or may have left, goes on from its own number while that is connected: a
/// customer would see two senders, and the echo of the first would not be known.
///
/// # Errors
/// When the database fails.
pub async fn claim_sendable(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    pace: Pace,
    limit: i64,
) -> sqlx::Result<Vec<OutboundJob>> {
    // The number's row is locked and its time moved on, so that two workers cannot both use one pause. A number whose
    // messages all wait is passed over, so that it keeps no other from its turn.
    sqlx::query_as(
        "with fresh as (
            select n.location_id, n.number, n.instance_id, n.access_token, n.hold_code is not null as is_held, o.ctid, o.state
            from numbers n cross join lateral (
                select c.ctid, c.state from outbound c
                where c.location_id = n.location_id and c.state = 'accepted' and c.due_at <= $1
                  and not ((c.parts_sent > 0 or c.unconfirmed_sends > 0) and coalesce(c.number, '') = any(array(
                      select other.number from numbers other where other.location_id = n.location_id
                        and not other.is_default and other.webhook_secret is not null)))
                  and c.id = (select open.id from outbound open
                      where open.location_id = c.location_id and open.conversation = c.conversation
                        and open.state in ('accepted', 'sending', 'unconfirmed')
                      order by open.location_id, open.conversation, open.id limit 1)
                order by c.priority desc, c.id
                limit case when coalesce(n.min_interval_ms, $3) = 0 then $4 else 1 end
            ) o
            where n.is_default and not n.other_phone and n.next_send_at <= $1
            order by n.next_send_at limit $4
            for update of n skip locked
         ), begun as (
            select n.location_id, n.number, n.instance_id, n.access_token, n.hold_code is not null as is_held, o.ctid, o.state
            from (select distinct location_id, number from outbound
                where state = 'accepted' and (parts_sent > 0 or unconfirmed_sends > 0)) b
            join numbers n on n.location_id = b.location_id and n.number = b.number
            cross join lateral (
                select c.ctid, c.state from outbound c
                where c.location_id = n.location_id and c.number = n.number and c.state = 'accepted'
                  and (c.parts_sent > 0 or c.unconfirmed_sends > 0) and c.due_at <= $1
                  and c.id = (select open.id from outbound open
                      where open.location_id = c.location_id and open.conversation = c.conversation
                        and open.state in ('accepted', 'sending', 'unconfirmed')
                      order by open.location_id, open.conversation, open.id limit 1)
                order by c.id
                limit case when coalesce(n.min_interval_ms, $3) = 0 then $4 else 1 end
            ) o
            where not n.is_default and n.webhook_secret is not null and n.next_send_at <= $1
            limit $4
            for update of n skip locked
         ), ready as (
            select * from begun union all select * from fresh limit $4
         ), paced as (
            update numbers n set next_send_at = $1 + coalesce(n.min_interval_ms, $3) * $5 * interval '1 millisecond'
            from ready
            where n.location_id = ready.location_id and n.number = ready.number
         )
         update outbound o set state = 'sending', is_waiting = false, attempt = o.attempt + 1, due_at = $2, number = ready.number
         from ready where o.ctid = ready.ctid and o.state = ready.state and o.due_at <= $1
         returning o.location_id, o.id, o.ghl_message_id, o.body, o.files::text as files, o.number, ready.instance_id,
            ready.access_token, ready.is_held, o.parts_sent, o.failures, o.failing, o.crashed_attempts, o.unconfirmed_sends, o.attempt, o.accepted_at,
            exists (select 1 from inbound i where i.location_id = o.location_id
                and i.ghl_message_id = o.ghl_message_id and i.from_me) as is_echo,
            (select i.text from contacts c join inbound i on i.location_id = c.location_id and i.conversation = c.phone
             where c.location_id = o.location_id and c.contact_id = o.conversation
               and i.state = 'accepted' and i.unconfirmed and i.from_me limit 1) as mirroring",
    )
    .bind(now)
    .bind(now + lease)
    .bind(i64::try_from(pace.interval.whole_milliseconds()).unwrap_or(i64::MAX))
    .bind(limit)
    .bind(pace.stretch)
    .fetch_all(pool)
    .await
}

/// Claims due messages of locations that have no number at all. It goes from one waiting location to the next along the
/// index, so that a campaign of another location costs nothing here.
///
/// # Errors
/// When the database fails.
pub async fn claim_unconnected(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<OutboundJob>> {
    sqlx::query_as(
        "with recursive waiting as (
            (select location_id from outbound where state = 'accepted' order by location_id limit 1)
            union all
            select next.location_id from waiting cross join lateral (
                select location_id from outbound
                where state = 'accepted' and location_id > waiting.location_id order by location_id limit 1
            ) next
         ), unconnected as (
            select w.location_id from waiting w
            where not exists (select 1 from numbers n where n.location_id = w.location_id and n.is_default)
         )
         update outbound o set state = 'sending', is_waiting = false, attempt = o.attempt + 1, due_at = $2
         where o.ctid = any (array(
            select c.ctid from outbound c
            where c.location_id = any (array(select location_id from unconnected))
              and c.state = 'accepted' and c.due_at <= $1
            order by c.location_id, c.priority desc, c.id limit $3
            for update of c skip locked))
         returning o.location_id, o.id, o.ghl_message_id, o.body, null::text as number, o.parts_sent,
            o.failures, o.failing, o.crashed_attempts, o.unconfirmed_sends, o.attempt, o.accepted_at",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Notes that a claimed message leaves now, and where to: so that its echo can be recognised, and so that a later
/// crash counts as an unknown outcome. False for a stale owner, who must not send.
///
/// # Errors
/// When the database fails.
pub async fn mark_send_started(
    pool: &PgPool,
    job: &OutboundJob,
    chat: &str,
    parts: i32,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query(
        "with leaving as (
            update outbound set chat = $4, parts = $5, started_attempt = attempt, crashed_attempts = 0
            where location_id = $1 and id = $2 and attempt = $3 and state = 'sending'
            returning location_id, id
         )
         insert into timeline (location_id, message_id, at, state) select location_id, id, $6, 'sending' from leaving",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.attempt)
    .bind(chat)
    .bind(parts)
    .bind(now)
    .execute(pool)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Keeps what is known about a claimed message's files, and puts it back into the queue: from now on it is planned with
/// that. Tries at asking do not count as tries at sending.
///
/// # Errors
/// When the database fails.
pub async fn record_files(
    pool: &PgPool,
    job: &OutboundJob,
    files: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "with known as (
            update outbound set files = $4::jsonb, state = 'accepted', due_at = $5, failures = 0, crashed_attempts = 0
            where location_id = $1 and id = $2 and attempt = $3 and state = 'sending'
            returning location_id, id
         )
         insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
         select location_id, id, $5, 'accepted', $6::jsonb->>'code', $6::jsonb->'args' from known",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.attempt)
    .bind(files)
    .bind(now)
    .bind(Reason::from(Step::FilesLookedAt))
    .execute(pool)
    .await
    .map(|_| ())
}

/// Claims whose owner's lease ran out (a killed process): what had left becomes `unconfirmed`, what had not goes back
/// to the queue, and the lost claim is counted.
///
/// # Errors
/// When the database fails.
pub async fn rescue_expired(
    pool: &PgPool,
    wait_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<u64> {
    let expired = sqlx::query(
        "with expired as (
            select location_id, id, started_attempt = attempt as has_started from outbound
            where state = 'sending' and due_at <= $1 for update skip locked
         ), noted as (
            insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
            select location_id, id, $1, case when has_started then 'unconfirmed' else 'accepted' end,
                $3::jsonb->>'code', $3::jsonb->'args' from expired
         )
         update outbound o set
            state = case when has_started then 'unconfirmed' else 'accepted' end,
            unconfirmed_sends = unconfirmed_sends + has_started::int, crashed_attempts = crashed_attempts + (not has_started)::int,
            due_at = case when has_started then $2 else $1 end
         from expired where o.location_id = expired.location_id and o.id = expired.id",
    )
    .bind(now)
    .bind(wait_until)
    .bind(Reason::from(Step::ProcessStopped))
    .execute(pool)
    .await?;
    Ok(expired.rows_affected())
}

/// The state in which an owner holds a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// To send a part of it.
    Sending,
    /// To end its wait for an echo.
    Unconfirmed,
}

/// Ends the leases of claims that are still held so: what had left then becomes `unconfirmed`, what had not goes back
/// to the queue ([`rescue_expired`]), and the end of a wait is claimed anew. An outcome that was recorded stays.
///
/// # Errors
/// When the database fails.
pub async fn release(
    pool: &PgPool,
    jobs: &[&OutboundJob],
    held: Held,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query(
        "update outbound o set due_at = $5
         from unnest($1::text[], $2::bigint[], $3::int[]) as j (location_id, id, attempt)
         where o.location_id = j.location_id and o.id = j.id and o.attempt = j.attempt and o.state = $4",
    )
    .bind(jobs.iter().map(|job| job.location_id.as_str()).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.id.0).collect::<Vec<_>>())
    .bind(jobs.iter().map(|job| job.attempt).collect::<Vec<_>>())
    .bind(match held {
        Held::Sending => "sending",
        Held::Unconfirmed => "unconfirmed",
    })
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}

/// Messages whose wait for an echo is over.
///
/// # Errors
/// When the database fails.
pub async fn claim_unconfirmed(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<OutboundJob>> {
    sqlx::query_as(
        "update outbound o set attempt = o.attempt + 1, due_at = $2
         where o.ctid = any (array(
            select ctid from outbound where state = 'unconfirmed' and due_at <= $1
            order by due_at limit $3 for update skip locked))
         returning o.location_id, o.id, o.ghl_message_id, o.body, o.number, o.parts_sent, o.failures,
            o.unconfirmed_sends, o.attempt, o.accepted_at",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}
