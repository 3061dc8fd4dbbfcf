//! GHL's events about the app itself (INSTALL, UNINSTALL and others), stored byte for byte until they are applied.

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::queue::{Claimed, set_due};
use crate::model::ids::{ContactId, LocationId};
use crate::model::reason::Reason;
use crate::model::states::EventState;

/// An event to store.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// GHL's id; older events have none.
    pub webhook_id: Option<&'a str>,
    /// GHL's `type`.
    pub event_type: &'a str,
    /// The sub-account, if it names one.
    pub location: Option<&'a LocationId>,
    /// The contact of the message that it is about.
    pub contact: Option<&'a ContactId>,
    /// The signed bytes.
    pub body: &'a [u8],
    /// Whether it has to be applied; otherwise it is only stored.
    pub concerns_us: bool,
}

/// A claimed event.
#[derive(Clone, Debug)]
pub struct GhlEventJob {
    /// Its position in the queue.
    pub id: i64,
    /// The signed bytes.
    pub body: Vec<u8>,
    /// The number of tries; also the fence.
    pub attempt: i32,
    /// When it arrived.
    pub received_at: OffsetDateTime,
}

impl Claimed for GhlEventJob {
    fn location(&self) -> Option<&LocationId> {
        None
    }

    fn id(&self) -> i64 {
        self.id
    }

    fn attempt(&self) -> i32 {
        self.attempt
    }
}

/// Stores an event. False when it is known already.
pub async fn accept_event(
    pool: &Pool,
    event: NewEvent<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let state = if event.concerns_us {
        EventState::Accepted
    } else {
        EventState::Ignored
    };
    let inserted = sqlx::query!(
        r#"
        insert into ghl_events (webhook_id, event_type, body, state, due_at, received_at, location_id, contact_id)
        values ($1, $2, $3, $4, $5, $5, $6, $7)
        on conflict (webhook_id) do nothing
        "#,
        event.webhook_id,
        event.event_type,
        event.body,
        state as EventState,
        now,
        event.location.map(LocationId::as_str),
        event.contact.map(ContactId::as_str),
    )
    .execute(pool)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Claims the first waiting event. Events are applied one after the other, in the order of their arrival, because an
/// install and an uninstall of one location must not change places; none of them takes long.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
) -> sqlx::Result<Option<GhlEventJob>> {
    sqlx::query_as!(
        GhlEventJob,
        r#"
        update ghl_events e
        set attempt = e.attempt + 1, due_at = $2
        where e.id = (
                select id
                from ghl_events
                where state = 'accepted'
                order by id
                limit 1
            )
            -- Both are checked on the newest version of the row: a second caller finds that it was claimed, or has
            -- ended.
            and e.due_at <= $1
            and e.state = 'accepted'
        returning e.id, e.body, e.attempt, e.received_at
        "#,
        now,
        now + lease,
    )
    .fetch_optional(pool)
    .await
}

/// Ends an event: it was applied (`reason` none), or cannot be, for this reason.
pub async fn finish(pool: &Pool, job: &GhlEventJob, reason: Option<&Reason>) -> sqlx::Result<()> {
    let state = match reason {
        Some(_) => EventState::Failed,
        None => EventState::Done,
    };
    sqlx::query!(
        r#"
        update ghl_events
        set state = $3, reason_code = $4::jsonb->>'code', reason_args = $4::jsonb->'args'
        where id = $1 and attempt = $2 and state = 'accepted'
        "#,
        job.id,
        job.attempt,
        state as EventState,
        reason as Option<&Reason>,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The bodies of GHL's events about messages that it stored for a contact, after `after_sequence`, oldest first: the
/// customer's messages, or with `from_me` the business's.
pub async fn list_stored_messages(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    from_me: bool,
    after_sequence: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    let event_type = if from_me {
        "OutboundMessage"
    } else {
        "InboundMessage"
    };
    sqlx::query_scalar!(
        r#"
        select body
        from ghl_events
        where location_id = $1
            and contact_id = $2
            and event_type = $4
            and sequence > $3
        order by id
        "#,
        location.as_str(),
        contact.as_str(),
        after_sequence,
        event_type,
    )
    .fetch_all(pool)
    .await
}

/// Whether GHL posts events about the messages that it stores for this location, which is so once one has arrived.
pub async fn are_told_of(pool: &Pool, location: &LocationId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
            select 1
            from ghl_events
            where location_id = $1
                and contact_id is not null
                and event_type in ('InboundMessage', 'OutboundMessage')
        ) as "are_told!"
        "#,
        location.as_str(),
    )
    .fetch_one(pool)
    .await
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[GhlEventJob], now: OffsetDateTime) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs,
        now,
        "ghl_events",
        "q.id = c.id and q.state = 'accepted'"
    )
    .map(|_| ())
}
