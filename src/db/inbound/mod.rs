//! WhatsApp messages on their way to GHL.
//!
//! States: `accepted → posted`, or `ignored`, `failed`, `held` (only the sender's LID is known, the content has not
//! arrived yet, or it is old and a person is to decide). The messages of a conversation are posted in WhatsApp's order. A
//! row is `unconfirmed` from the start of its post until the result is known, so that a killed process counts as a lost
//! answer.

pub mod edits;
mod entry;
pub mod late;
pub mod media;
pub mod names;
pub mod posts;
pub mod quoted;
pub(in crate::db) mod replays;
pub mod undecrypted;

pub use entry::{Recorded, record, record_message};

use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::timeline;
use crate::db::inbound::media::NewMedia;
use crate::db::queue::{Capacity, Claims, claimed};
use crate::model::ids::{ContactId, GhlMessageId, LocationId, MessageId, WaMessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::{CallEnd, MessageState};

/// A message to store.
#[derive(Clone, Debug)]
pub struct NewInbound<'a> {
    /// The location of the number that received it.
    pub location: &'a LocationId,
    /// That number, digits.
    pub number: &'a str,
    /// WhatsApp's id.
    pub wa_message_id: &'a WaMessageId,
    /// Written on our side (the gateway or the phone).
    pub from_me: bool,
    /// The chat: a phone, a LID with [`crate::db::contacts::lids::LID_SERVER`], or a group.
    pub conversation: &'a str,
    /// Digits of the chat's other side; none for a group.
    pub phone: Option<&'a str>,
    /// The sender's WhatsApp name; none for the business.
    pub sender_name: Option<&'a str>,
    /// What GHL is to show; none for an ignored message.
    pub text: Option<&'a str>,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// Its first state.
    pub state: State,
    /// It was written so long ago that it is held until a person has decided, unless it is ignored.
    pub is_old: bool,
    /// For a call: how it ended, if known.
    pub call: Option<CallEnd>,
    /// Its file, for which it waits.
    pub media: Option<NewMedia<'a>>,
    /// What decrypts later edits of it.
    pub edit_secret: Option<&'a [u8; 32]>,
    /// GHL's contact of the message that it answers or changes, if known.
    pub answers: Option<&'a ContactId>,
}

/// The first state of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// To be posted.
    Accepted,
    /// To be posted, but not before this time.
    Later(OffsetDateTime),
    /// Not for GHL, and why.
    Ignored(Step),
    /// Waits until its sender's phone is known.
    Hidden,
    /// Waits for its content, at most until this time.
    Undecrypted(OffsetDateTime),
}

/// A claimed message.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a column, and none follows from another"
)]
pub struct InboundJob {
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id.
    pub id: MessageId,
    /// WhatsApp's id.
    pub wa_message_id: WaMessageId,
    /// The business wrote it, on its phone.
    pub from_me: bool,
    /// The chat.
    pub conversation: String,
    /// The number that received it.
    pub number: String,
    /// Digits of the chat's other side, or the address of a group: the key of GHL's contact.
    pub phone: String,
    /// The sender's WhatsApp name; none for the business.
    pub sender_name: Option<String>,
    /// GHL's contact of an earlier post of it, or of the message that it answers or changes.
    pub contact_id: Option<ContactId>,
    /// Contacts that it was posted to and that GHL did not have any more.
    pub gone_contacts: Vec<String>,
    /// What GHL is to show.
    pub text: String,
    /// For a call: how it ended, if known.
    pub call_status: Option<CallEnd>,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// When Waapify posted it.
    pub accepted_at: OffsetDateTime,
    /// Failed attempts.
    pub failures: i32,
    /// Times it was put back because the location has no token.
    pub waits: i32,
    /// The fence.
    pub attempt: i32,
    /// A post has started, and it is unknown whether GHL has the message. Functions that put the message back store
    /// this.
    pub unconfirmed: bool,
    /// When the last post started.
    pub post_started_at: Option<OffsetDateTime>,
    /// The position of the unconfirmed post among GHL's events and deliveries: later ones have a higher number.
    pub post_sequence: Option<i64>,
    /// Reconciliations in a row that gave no result because another message has entered the conversation.
    pub reconciliations: i32,
    /// The fate of its file is not decided, although the wait for it is over.
    pub lacks_file: bool,
    /// That file was not tried yet: the location's calls were used up.
    pub is_file_untried: bool,
    /// A try at that file failed.
    pub file_failed: bool,
    /// That file waits for the location's token.
    pub is_file_held: bool,
    /// Since when that file could be had: the token works again, or the message arrived.
    pub file_since: OffsetDateTime,
    /// Where GHL stores its file.
    pub attachment: Option<String>,
}

claimed!(InboundJob, id.0, in location_id);

/// Rows that are looked at to find messages of one location, so that a backlog that waits makes no claim longer.
const LOOKED_AT: i64 = 100;

/// Claims the first waiting message of each of some conversations, or the one with an unknown outcome, because the
/// others wait for it: of each location with calls left in turn.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<InboundJob>> {
    let capacity = capacity.into();
    sqlx::query_file_as!(
        InboundJob,
        "src/db/inbound/claim.sql",
        now,
        now + lease,
        capacity.limit,
        capacity.share,
        capacity.left_json(),
        LOOKED_AT,
        capacity.place_among(b"0123456789"),
    )
    .fetch_all(pool)
    .await
}

/// Ends a message that GHL accepted. `message`: the id that GHL gave, or why it is unknown.
pub async fn finish_posted(
    pool: &Pool,
    job: &InboundJob,
    message: Result<&GhlMessageId, &Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    end(
        pool,
        job,
        MessageState::Posted,
        message.err(),
        message.ok(),
        now,
    )
    .await
}

/// Ends a message that GHL will not accept.
pub async fn finish_failed(
    pool: &Pool,
    job: &InboundJob,
    reason: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    end(pool, job, MessageState::Failed, Some(reason), None, now).await
}

async fn end(
    pool: &Pool,
    job: &InboundJob,
    state: MessageState,
    reason: Option<&Reason>,
    ghl_message: Option<&GhlMessageId>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query!(
        r#"
        update inbound
        set state = $3,
            reason_code = $4::jsonb->>'code',
            reason_args = $4::jsonb->'args',
            ghl_message_id = $5,
            unconfirmed = $7
        where location_id = $1
            and id = $2
            and state = 'accepted'
            -- Any claim may report 'posted': the message is in GHL.
            and (attempt = $6 or $3 = 'posted')
        "#,
        job.location_id.as_str(),
        job.id.0,
        state as MessageState,
        reason as Option<&Reason>,
        ghl_message.map(GhlMessageId::as_str),
        job.attempt,
        job.unconfirmed && state != MessageState::Posted,
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 {
        timeline::record_step(&mut tx, &job.location_id, job.id, state, reason, now).await?;
    }
    tx.commit().await
}

/// Failed attempts that the timeline shows; a message is tried every minute while it is the probe of an outage.
const MAX_NOTED: i32 = 30;

/// Puts a claimed message back until `due`. `is_down`: GHL failed, so that its return makes the message due.
pub async fn finish_retry(
    pool: &Pool,
    job: &InboundJob,
    cause: &Reason,
    is_down: bool,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let done = sqlx::query!(
        r#"
        update inbound
        set due_at = $4, failures = failures + 1, unconfirmed = $5, is_down = $6
        where location_id = $1 and id = $2 and attempt = $3 and state = 'accepted'
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        due,
        job.unconfirmed,
        is_down,
    )
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 1 && job.failures < MAX_NOTED {
        timeline::record_step(
            &mut tx,
            &job.location_id,
            job.id,
            MessageState::Accepted,
            Some(cause),
            now,
        )
        .await?;
    }
    tx.commit().await
}

/// Puts a claimed message back until `due`, because the location has no token. `reason` is shown while it waits.
pub async fn snooze(
    pool: &Pool,
    job: &InboundJob,
    reason: &Reason,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with waiting as (
            update inbound i
            set due_at = $4,
                waits = i.waits + 1,
                is_waiting = true,
                unconfirmed = $7,
                reason_code = $5::jsonb->>'code',
                reason_args = $5::jsonb->'args'
            from inbound before
            where i.location_id = $1
                and i.id = $2
                and i.attempt = $3
                and i.state = 'accepted'
                and before.location_id = i.location_id
                and before.id = i.id
            returning i.location_id, i.id,
                (before.reason_code, before.reason_args)
                    is distinct from ($5::jsonb->>'code', $5::jsonb->'args') as is_news
        )
        -- A long wait is one step of the timeline.
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $6, 'accepted', $5::jsonb->>'code', $5::jsonb->'args'
        from waiting
        where is_news
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        due,
        reason as &Reason,
        now,
        job.unconfirmed,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Ends the leases of claims that are still held. If the claim started a post, the message waits until `rested`, so
/// that GHL's search can find it.
pub async fn release(
    pool: &Pool,
    jobs: &[InboundJob],
    rested: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let claims = Claims::of(jobs);
    let posts: Vec<Option<OffsetDateTime>> = jobs.iter().map(|job| job.post_started_at).collect();
    sqlx::query!(
        r#"
        update inbound i
        set due_at = case
            when i.unconfirmed and i.post_started_at is distinct from j.post_started_at then $5::timestamptz
            else $6::timestamptz end
        from unnest($1::text[], $2::bigint[], $3::int[], $4::timestamptz[])
            as j (location_id, id, attempt, post_started_at)
        where i.location_id = j.location_id
            and i.id = j.id
            and i.attempt = j.attempt
            and i.state = 'accepted'
            and not i.is_waiting
        "#,
        &claims.locations as &[&str],
        &claims.ids,
        &claims.attempts,
        &posts as &[Option<OffsetDateTime>],
        rested,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}
