//! Customers who want no more messages: their last word, and whether GHL knows it.
//!
//! A word counts here from the moment in which it is stored. GHL is told by a queue, once the message itself is there.
//!
//! * `dnd`: what GHL says itself
//! * `settings`: a location's words
//! * `ending`: what ends when a contact opts out

pub mod dnd;
pub mod ending;
pub mod settings;
pub mod views;

use time::{Duration, OffsetDateTime};

use crate::db::accounts::rate_limits::CallPriority;
use crate::db::connection::Pool;
use crate::db::queue::Capacity;
use crate::model::ids::{ContactId, LocationId, MessageId, WaMessageId};
use crate::model::opt_out::{OptOutState, OptOutWord};
use crate::model::reason::Reason;

/// A customer's word, in a message that is stored.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The location.
    pub location: &'a LocationId,
    /// The number that the customer wrote to.
    pub number: &'a str,
    /// WhatsApp's id of the message.
    pub wa_message_id: &'a WaMessageId,
    /// The chat: the customer's number (digits), or the address of a sender who hides it.
    pub chat: &'a str,
    /// All numbers of that phone.
    pub forms: &'a [String],
    /// The word.
    pub word: OptOutWord,
}

/// Stores a customer's word, unless a later one is known, and ends what waits for the customer and no person wrote. The same
/// message again changes nothing. True if it is news.
pub async fn record(
    pool: &Pool,
    said: Said<'_>,
    lease: Duration,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let mut tx = pool.begin().await?;
    let stored = sqlx::query!(
        r#"
        insert into opt_outs as p (location_id, phone, word, said_at, message_id, due_at)
        -- When it was written is what its first webhook said.
        select $1, $2, $3, i.sent_at, i.id, $4
        from inbound i
        where i.location_id = $1 and i.number = $5 and i.wa_message_id = $6 and not i.from_me
        on conflict (location_id, phone) do update set
            -- One answer for each STOP that follows a START.
            answer = case when p.word = excluded.word then p.answer end,
            answered_at = case when p.word = excluded.word then p.answered_at end,
            answer_message_id = case when p.word = excluded.word then p.answer_message_id end,
            word = excluded.word,
            said_at = excluded.said_at,
            message_id = excluded.message_id,
            contact_id = null,
            state = 'waiting',
            reason_code = null,
            reason_args = null,
            failures = 0,
            waits = 0,
            -- GHL is told in the order in which the words came: a call about the last one may be under way.
            due_at = case
                when p.state = 'waiting' then least(greatest(p.due_at, $4), $4 + $7::interval)
                else $4
            end
        where (excluded.said_at, excluded.message_id) > (p.said_at, p.message_id)
        "#,
        said.location.as_str(),
        said.chat,
        said.word as OptOutWord,
        now,
        said.number,
        said.wa_message_id.as_str(),
        lease as Duration,
    )
    .execute(&mut *tx)
    .await?;
    let is_news = stored.rows_affected() == 1;
    if is_news && said.word == OptOutWord::Stop {
        ending::end_for_phone(&mut tx, said.location, said.forms, now).await?;
    }
    tx.commit().await?;
    Ok(is_news)
}

/// A word that GHL is to know.
#[derive(Clone, Debug)]
pub struct OptOutJob {
    /// The location.
    pub location_id: LocationId,
    /// The chat.
    pub phone: String,
    /// The word.
    pub word: OptOutWord,
    /// When the customer wrote it.
    pub said_at: OffsetDateTime,
    /// GHL's contact, if there is one.
    pub contact_id: Option<ContactId>,
    /// The customer was answered.
    pub is_answered: bool,
    /// The message in which it stands.
    pub message_id: MessageId,
    /// Failed attempts.
    pub failures: i32,
    /// Times it was put back because the location has no token.
    pub waits: i32,
    /// The fence.
    pub attempt: i32,
}

/// Words that are due and looked at in one claim: more than GHL's limits let a hundred locations tell at once.
const READY: i64 = 1_000;

/// Claims words whose messages are in GHL, or never will be, of locations that have calls left.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<OptOutJob>> {
    let capacity = capacity.into();
    sqlx::query_as!(
        OptOutJob,
        r#"
        with exhausted as materialized (
            select owner_id
            from rate_limits
            where paused_until > $1 or reserve_until > $1 or window_ends_at > $1 and used >= max * $4::float8
        ),
        ready as materialized (
            select p.location_id, p.phone, p.due_at, i.contact_id, i.phone as inbound_phone
            from opt_outs p
            left join inbound i on i.location_id = p.location_id and i.id = p.message_id
            where p.state = 'waiting' and p.due_at <= $1
              -- An old message may wait for a person's word; its customer's word does not.
              and (i.state is null or i.state <> 'accepted' and (i.state <> 'held' or i.late is not null))
              and p.location_id <> all (array(select owner_id from exhausted))
            order by p.due_at
            limit $6
        ),
        ranked as (
            select *, row_number() over (partition by location_id order by due_at) as place
            from ready
        ),
        due as (
            select ranked.*
            from ranked
            cross join lateral (
                select p.due_at, p.state
                from opt_outs p
                where p.location_id = ranked.location_id and p.phone = ranked.phone
                limit 1
                for update skip locked
            ) p
            -- A location whose words are under way has fewer hands left.
            where place <= coalesce(((select $7::text::jsonb)->>ranked.location_id)::bigint, $5)
              and p.due_at <= $1 and p.state = 'waiting'
            limit $3
        )
        update opt_outs p
        set attempt = p.attempt + 1, due_at = $2
        from due
        where p.location_id = any (array[due.location_id]) and p.phone = due.phone
        returning p.location_id, p.phone, p.word, p.said_at, p.message_id, p.failures, p.waits, p.attempt,
            p.answered_at is not null as "is_answered!",
            coalesce(
                due.contact_id,
                (
                    select c.contact_id
                    from contacts c
                    where c.location_id = p.location_id and c.phone = any (array[p.phone, due.inbound_phone])
                    order by c.learnt_at desc nulls last
                    limit 1
                )
            ) as "contact_id: ContactId"
        "#,
        now,
        now + lease,
        capacity.limit,
        CallPriority::StatusUpdate.share(),
        capacity.share,
        READY,
        capacity.left_json(),
    )
    .fetch_all(pool)
    .await
}

/// Records that the customer is being answered with this text, which may leave once although the customer has opted out.
/// False if that was so before, or the claim is lost.
pub async fn mark_answered(
    pool: &Pool,
    job: &OptOutJob,
    answer: &str,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let marked = sqlx::query!(
        r#"
        update opt_outs
        set answer = $4, answered_at = $5
        where location_id = $1 and phone = $2 and attempt = $3 and answered_at is null and word = 'stop'
        "#,
        job.location_id.as_str(),
        job.phone,
        job.attempt,
        answer,
        now,
    )
    .execute(pool)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Ends a claim: what GHL knows now, and why. If the customer said something else meanwhile, GHL is told that at once.
pub async fn finish(
    pool: &Pool,
    job: &OptOutJob,
    state: OptOutState,
    why: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update opt_outs
        set state = case when said_at = $4 then $5 else state end,
            contact_id = coalesce($6, contact_id),
            told_at = $7,
            reason_code = case when said_at = $4 then $8::jsonb->>'code' end,
            reason_args = case when said_at = $4 then $8::jsonb->'args' end,
            due_at = $7
        where location_id = $1 and phone = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.phone,
        job.attempt,
        job.said_at,
        state as OptOutState,
        job.contact_id.as_ref().map(ContactId::as_str),
        now,
        why as Option<&Reason>,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a claimed word back until `due`. `is_wait`: the location has no token or no calls, which is no failure.
pub async fn put_back(
    pool: &Pool,
    job: &OptOutJob,
    why: &Reason,
    is_wait: bool,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update opt_outs
        set due_at = $4, failures = failures + (not $5::bool)::int, waits = waits + $5::bool::int,
            reason_code = $6::jsonb->>'code', reason_args = $6::jsonb->'args'
        where location_id = $1 and phone = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.phone,
        job.attempt,
        due,
        is_wait,
        why as &Reason,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held.
pub async fn release(pool: &Pool, jobs: &[OptOutJob], now: OffsetDateTime) -> sqlx::Result<()> {
    let locations: Vec<_> = jobs.iter().map(|job| job.location_id.as_str()).collect();
    let phones: Vec<_> = jobs.iter().map(|job| job.phone.as_str()).collect();
    let attempts: Vec<_> = jobs.iter().map(|job| job.attempt).collect();
    sqlx::query!(
        r#"
        update opt_outs p
        set due_at = $4
        from unnest($1::text[], $2::text[], $3::int[]) as j (location_id, phone, attempt)
        where p.location_id = any (array[j.location_id]) and p.phone = j.phone and p.attempt = j.attempt
          and p.state = 'waiting'
        "#,
        &locations as &[&str],
        &phones as &[&str],
        &attempts,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
