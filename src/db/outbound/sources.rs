//! Who wrote a message: GHL's deliveries do not say, its stored messages do. GHL is asked about messages that name a user and
//! do not leave at once, because a workflow may name one, too.

use time::{Duration, OffsetDateTime};

use crate::db::accounts::rate_limits::CallPriority;
use crate::db::connection::{Connection, Pool};
use crate::db::queue::{Capacity, claimed, set_due};
use crate::model::ids::{ContactId, GhlMessageId, LocationId, MessageId};
use crate::model::states::Source;

/// A message about which GHL is asked.
#[derive(Clone, Debug)]
pub struct SourceJob {
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id.
    pub message_id: MessageId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// Its contact.
    pub contact_id: ContactId,
    /// The delivery names the user who sent it.
    pub has_sender: bool,
    /// Failed attempts.
    pub failures: i32,
    /// The fence.
    pub attempt: i32,
}

claimed!(SourceJob, message_id.0, in location_id);

/// Messages of a queue and a priority that are looked at in one claim, the newest first: a person's message is behind a
/// campaign's.
const LOOKED_AT: i64 = 20;

/// Questions that are due and looked at in one claim: those of some dozens of locations.
const DUE: i64 = 1_000;

/// Notes the messages whose order is in doubt: they name a user, have waited since `before`, and nobody has asked.
pub async fn ask_about_waiting(
    pool: &Pool,
    before: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into source_looks (location_id, message_id, due_at)
        select q.location_id, newest.id, $2
        from outbound_queues q
        cross join (values (1::smallint), (2)) priorities (priority)
        -- The newest of a queue and a priority that can be in doubt.
        cross join lateral (
            select id, accepted_at, has_sender, source
            from outbound
            where location_id = q.location_id and route = q.route and is_cold = q.is_cold and state = 'accepted'
              and priority = priorities.priority
            order by location_id desc, route desc, is_cold desc, priority, id desc
            limit $3
        ) newest
        where newest.has_sender and newest.source is null and newest.accepted_at <= $1
        on conflict (location_id, message_id) do nothing
        "#,
        before,
        now,
        LOOKED_AT,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Notes the messages of a contact that opted out: who wrote them decides whether they may leave.
pub(in crate::db) async fn ask_about_contact(
    tx: &mut Connection,
    location: &LocationId,
    contact: &ContactId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into source_looks (location_id, message_id, due_at)
        select location_id, id, $3
        from outbound
        where location_id = $1 and conversation = $2 and state = 'accepted' and source is null
        order by location_id, conversation, id
        limit $4
        on conflict (location_id, message_id) do nothing
        "#,
        location.as_str(),
        contact.as_str(),
        now,
        LOOKED_AT,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Notes one message.
pub async fn ask_about(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into source_looks (location_id, message_id, due_at)
        values ($1, $2, $3)
        on conflict (location_id, message_id) do nothing
        "#,
        location.as_str(),
        message.0,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Notes one message, unless GHL has said who wrote it. True if it has not.
pub async fn ask_if_unknown(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let source = find(pool, location, message).await?;
    if source.is_none() {
        ask_about(pool, location, message, now).await?;
    }
    Ok(source.is_none())
}

/// Who wrote a message, as far as GHL was asked.
pub async fn find(
    pool: &Pool,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<Option<Source>> {
    let found = sqlx::query_scalar!(
        r#"
        select source as "source: Source"
        from outbound
        where location_id = $1 and id = $2
        "#,
        location.as_str(),
        message.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(found.flatten())
}

/// Claims messages to ask about, of each location a few, the newest first, where it has calls left for that.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<SourceJob>> {
    let capacity = capacity.into();
    sqlx::query_as!(
        SourceJob,
        r#"
        with exhausted as materialized (
            select owner_id
            from rate_limits
            where paused_until > $1 or reserve_until > $1 or window_ends_at > $1 and used >= max * $5::float8
        ),
        oldest as materialized (
            select location_id, message_id
            from source_looks
            where due_at <= $1 and location_id <> all (array(select owner_id from exhausted))
            order by due_at
            limit $6
        ),
        due as (
            select location_id, message_id
            from (
                select location_id, message_id, row_number() over (partition by location_id order by message_id desc) as place
                from oldest
            ) ranked
            -- A location whose questions are under way has fewer hands left.
            where place <= coalesce(((select $7::text::jsonb)->>location_id)::bigint, $4)
            order by place, location_id
            limit $3
        ),
        locked as (
            select s.location_id, s.message_id
            from due
            cross join lateral (
                select s.location_id, s.message_id, s.due_at
                from source_looks s
                where s.location_id = due.location_id and s.message_id = due.message_id
                limit 1
                for update skip locked
            ) s
            where s.due_at <= $1
        )
        update source_looks s
        set attempt = s.attempt + 1, due_at = $2
        from locked
        cross join lateral (
            select ghl_message_id, conversation, has_sender
            from outbound
            where location_id = locked.location_id and id = locked.message_id
            limit 1
        ) o
        where s.location_id = any (array[locked.location_id]) and s.message_id = locked.message_id
        returning s.location_id, s.message_id, s.failures, s.attempt,
            o.ghl_message_id as "ghl_message_id: GhlMessageId", o.conversation as "contact_id: ContactId",
            coalesce(o.has_sender, false) as "has_sender!"
        "#,
        now,
        now + lease,
        capacity.limit,
        capacity.share,
        CallPriority::Look.share(),
        DUE,
        capacity.left_json(),
    )
    .fetch_all(pool)
    .await
}

/// Stores who wrote a message, which decides its order: a person's goes first, a campaign's last, and another program's keeps
/// its place only in a conversation in which the customer wrote lately. A message that waited for that is due. Nobody asks
/// about it again.
///
/// A person's message does not wait for a turn among first contacts, nor does what waits before it in its conversation: so the
/// order there stays.
pub async fn finish(
    pool: &Pool,
    job: &SourceJob,
    source: Source,
    is_persons: bool,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with ended as (
            delete from source_looks
            where location_id = $1 and message_id = $2
        ),
        before as (
            update outbound o
            set is_cold = false, waits_since = $4
            from outbound persons
            where $5 and persons.location_id = $1 and persons.id = $2
              and o.location_id = persons.location_id and o.conversation = persons.conversation
              and o.state = 'accepted' and o.is_cold and o.id < persons.id
        )
        update outbound
        set source = $3,
            is_cold = is_cold and not $5,
            waits_since = case when is_cold and $5 then $4 else waits_since end,
            priority = case
                when state <> 'accepted' or $3 = 'unknown' then priority
                when $3 = 'app' then 3
                when $3 in ('campaign', 'bulk_actions') then 0
                when priority = 1 then 0
                else priority
            end,
            due_at = case
                when state = 'accepted' and is_waiting
                    and reason_code in ('asking_who_wrote', 'asking_whether_person') then $4
                else due_at
            end
        where location_id = $1 and id = $2
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        source as Source,
        now,
        is_persons,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a claimed question back until `due`.
pub async fn put_back(pool: &Pool, job: &SourceJob, due: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update source_looks
        set due_at = $4, failures = failures + 1
        where location_id = $1 and message_id = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[SourceJob], now: OffsetDateTime) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs,
        now,
        "source_looks",
        "q.location_id = any (array[c.location_id]) and q.message_id = c.id"
    )
    .map(|_| ())
}
