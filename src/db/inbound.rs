//! WhatsApp messages on their way to GHL.
//!
//! `accepted → posted`, or `ignored`, `held` (a sender known only by a LID), `failed`. Within a conversation they are
//! posted in the order WhatsApp gives them.

use sqlx::{FromRow, PgPool};
use time::{Duration, OffsetDateTime};

use crate::db::timeline;
use crate::ids::{GhlMessageId, LocationId, MessageId, WaMessageId};

/// A message to keep.
#[derive(Clone, Debug)]
pub struct NewInbound<'a> {
    /// Whose number it came to.
    pub location: &'a LocationId,
    /// That number.
    pub number: &'a str,
    /// WhatsApp's id.
    pub wa_message_id: &'a WaMessageId,
    /// Written on our side (the gateway or the phone).
    pub from_me: bool,
    /// The chat.
    pub conversation: &'a str,
    /// Digits of the sender.
    pub phone: Option<&'a str>,
    /// The sender's WhatsApp name.
    pub sender_name: Option<&'a str>,
    /// What GHL is to show; none for what is ignored.
    pub text: Option<&'a str>,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// `accepted`, or `ignored` or `held` with a reason.
    pub state: State<'a>,
}

/// How a message enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// To be posted.
    Accepted,
    /// Not for GHL, and why.
    Ignored(&'a str),
    /// Waits for something, and for what.
    Held(&'a str),
}

/// A claimed message.
#[derive(Clone, Debug, FromRow)]
pub struct InboundJob {
    /// Whose message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// WhatsApp's id.
    pub wa_message_id: WaMessageId,
    /// Digits of the sender.
    pub phone: String,
    /// The sender's WhatsApp name.
    pub sender_name: Option<String>,
    /// What GHL is to show.
    pub text: String,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// Failed attempts.
    pub failures: i32,
    /// Times it was put back because the location has no token.
    pub waits: i32,
    /// The fence.
    pub claims: i32,
}

/// Keeps a message; none when it is known already.
///
/// # Errors
/// When the database fails.
pub async fn record_message(
    pool: &PgPool,
    message: &NewInbound<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<Option<MessageId>> {
    let (state, reason) = match message.state {
        State::Accepted => ("accepted", None),
        State::Ignored(reason) => ("ignored", Some(reason)),
        State::Held(reason) => ("held", Some(reason)),
    };
    let mut tx = pool.begin().await?;
    let id: Option<MessageId> = sqlx::query_scalar(
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, phone, sender_name,
            text, sent_at, state, reason, due_at, accepted_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
         on conflict (location_id, number, wa_message_id, from_me) do nothing returning id",
    )
    .bind(message.location)
    .bind(message.number)
    .bind(message.wa_message_id)
    .bind(message.from_me)
    .bind(message.conversation)
    .bind(message.phone)
    .bind(message.sender_name)
    .bind(message.text)
    .bind(message.sent_at)
    .bind(state)
    .bind(reason)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(id) = id {
        timeline::record_step(&mut tx, message.location, id, state, reason, now).await?;
    }
    tx.commit().await?;
    Ok(id)
}

/// Claims the first waiting message of each of some conversations.
///
/// # Errors
/// When the database fails.
pub async fn claim(
    pool: &PgPool,
    now: OffsetDateTime,
    lease: Duration,
    limit: i64,
) -> sqlx::Result<Vec<InboundJob>> {
    // From one conversation's head to the next along the index, so that a long conversation costs no more than a short
    // one.
    sqlx::query_as(
        "with recursive heads as (
            (select location_id, conversation, id, due_at from inbound where state = 'accepted'
             order by location_id, conversation, sent_at, id limit 1)
            union all
            select next.location_id, next.conversation, next.id, next.due_at
            from heads cross join lateral (
                select location_id, conversation, id, due_at from inbound
                where state = 'accepted' and (location_id, conversation) > (heads.location_id, heads.conversation)
                order by location_id, conversation, sent_at, id limit 1
            ) next
         ), locked as (
            select i.location_id, i.id from inbound i join heads using (location_id, id)
            where i.state = 'accepted' and i.due_at <= $1
            order by i.due_at limit $3
            for update of i skip locked
         )
         update inbound i set claims = i.claims + 1, due_at = $2, is_waiting = false
         from locked where i.location_id = locked.location_id and i.id = locked.id
         returning i.location_id, i.id, i.wa_message_id, coalesce(i.phone, '') as phone, i.sender_name,
            coalesce(i.text, '') as text, i.sent_at, i.failures, i.waits, i.claims",
    )
    .bind(now)
    .bind(now + lease)
    .bind(limit)
    .fetch_all(pool)
    .await
}

/// Ends a message that GHL took.
///
/// # Errors
/// When the database fails.
pub async fn finish_posted(
    pool: &PgPool,
    job: &InboundJob,
    message: &GhlMessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // Without the fence: whoever posted it, it is in GHL.
    end(pool, job, "posted", None, Some(message), now).await
}

/// Ends a message that GHL will not take.
///
/// # Errors
/// When the database fails.
pub async fn finish_failed(
    pool: &PgPool,
    job: &InboundJob,
    reason: &str,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    end(pool, job, "failed", Some(reason), None, now).await
}

async fn end(
    pool: &PgPool,
    job: &InboundJob,
    state: &str,
    reason: Option<&str>,
    ghl_message: Option<&GhlMessageId>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query(
        "update inbound set state = $3, reason = $4, ghl_message_id = $5
         where location_id = $1 and id = $2 and state = 'accepted' and (claims = $6 or $3 = 'posted')",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(state)
    .bind(reason)
    .bind(ghl_message)
    .bind(job.claims)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(&mut tx, &job.location_id, job.id, state, reason, now).await?;
    }
    tx.commit().await
}

/// Puts a claimed message back until `due`.
///
/// # Errors
/// When the database fails.
pub async fn finish_retry(
    pool: &PgPool,
    job: &InboundJob,
    cause: &str,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query(
        "update inbound set due_at = $4, failures = failures + 1
         where location_id = $1 and id = $2 and claims = $3 and state = 'accepted'",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(due)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(
            &mut tx,
            &job.location_id,
            job.id,
            "accepted",
            Some(cause),
            now,
        )
        .await?;
    }
    tx.commit().await
}

/// Puts a claimed message back until `due`, because the location has no token; `reason` says so while it waits.
///
/// # Errors
/// When the database fails.
pub async fn finish_wait(
    pool: &PgPool,
    job: &InboundJob,
    reason: &str,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // A long wait is one step of the timeline.
    sqlx::query(
        "with waiting as (
            update inbound i set due_at = $4, waits = i.waits + 1, reason = $5, is_waiting = true
            from inbound before
            where i.location_id = $1 and i.id = $2 and i.claims = $3 and i.state = 'accepted'
              and before.location_id = i.location_id and before.id = i.id
            returning i.location_id, i.id, before.reason is distinct from $5 as is_news
         )
         insert into timeline (location_id, message_id, at, state, cause)
         select location_id, id, $6, 'accepted', $5 from waiting where is_news",
    )
    .bind(&job.location_id)
    .bind(job.id)
    .bind(job.claims)
    .bind(due)
    .bind(reason)
    .bind(now)
    .execute(pool)
    .await
    .map(|_| ())
}
