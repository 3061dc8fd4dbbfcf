//! Posts to GHL: recorded before they start, and the rows to compare with GHL when no answer arrived.

use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::inbound::InboundJob;
use crate::model::ids::{ContactId, GhlMessageId, LocationId};
use crate::model::reason::Reason;

/// A message that was posted to GHL before another one of its conversation.
#[derive(Clone, Debug)]
pub struct Predecessor {
    /// The business wrote it.
    pub from_me: bool,
    /// Its text.
    pub text: String,
    /// When it was written.
    pub sent_at: OffsetDateTime,
    /// When its post started.
    pub post_started_at: OffsetDateTime,
}

/// Records that the post of a claimed message to a contact starts now, and extends the lease to `lease_until`. The outcome is
/// unknown from now on. False for a caller that has lost the claim: it must not post.
pub async fn mark_post_started(
    pool: &Pool,
    job: &InboundJob,
    contact: &ContactId,
    lease_until: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<bool> {
    let noted = sqlx::query!(
        r#"
        update inbound
        set post_started_at = $4,
            unconfirmed = true,
            due_at = $5,
            reconciliations = 0,
            contact_id = $6,
            -- A post that is repeated keeps the place of the first one: GHL's event of that may have come already.
            post_sequence = coalesce(case when unconfirmed then post_sequence end, nextval('message_ids'))
        where location_id = $1 and id = $2 and attempt = $3 and state = 'accepted'
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        now,
        lease_until,
        contact.as_str(),
    )
    .execute(pool)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Most contacts that are remembered as gone: GHL's search names one for each number of a phone.
const MAX_GONE: i32 = 8;

/// The contact of a claimed message does not exist any more, and is not to be used again for it, whatever names it.
pub async fn forget_contact(pool: &Pool, job: &InboundJob) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update inbound
        set contact_id = null,
            gone_contacts = case
                when contact_id = any (gone_contacts) or contact_id is null or cardinality(gone_contacts) >= $4
                    then gone_contacts
                else gone_contacts || contact_id
            end
        where location_id = $1 and id = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        MAX_GONE,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a message back until `due`, because it cannot be decided now whether GHL has it. `why` is the cause.
pub async fn reschedule_reconciliation(
    pool: &Pool,
    job: &InboundJob,
    why: &Reason,
    due: OffsetDateTime,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        -- No failure of its own, like a wait for a token.
        with looked as (
            update inbound
            set due_at = $4, reconciliations = reconciliations + 1, waits = waits + 1
            where location_id = $1 and id = $2 and attempt = $3 and state = 'accepted'
            returning location_id, id
        )
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        select location_id, id, $6, 'accepted', $5::jsonb->>'code', $5::jsonb->'args'
        from looked
        "#,
        job.location_id.as_str(),
        job.id.0,
        job.attempt,
        due,
        why as &Reason,
        now,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// The message of the same conversation that was posted last, except this one and those that GHL refused.
pub async fn find_predecessor(pool: &Pool, job: &InboundJob) -> sqlx::Result<Option<Predecessor>> {
    sqlx::query_as!(
        Predecessor,
        r#"
        select from_me, coalesce(text, '') as "text!", sent_at as "sent_at!", post_started_at as "post_started_at!"
        from inbound
        where location_id = $1
            and conversation = $2
            and id <> $3
            and post_started_at is not null
            and (state = 'posted' or unconfirmed)
        order by post_started_at desc
        limit 1
        "#,
        job.location_id.as_str(),
        job.conversation,
        job.id.0,
    )
    .fetch_optional(pool)
    .await
}

/// GHL's newest message of a contact of which we know that it was there before the unconfirmed post of `job`: a list without
/// it is incomplete.
pub async fn find_known(
    pool: &Pool,
    job: &InboundJob,
    contact: &ContactId,
) -> sqlx::Result<Option<GhlMessageId>> {
    sqlx::query_scalar!(
        r#"
        select ghl_message_id as "ghl_message_id!: GhlMessageId"
        from inbound
        where location_id = $1
            and conversation = $2
            and contact_id = $3
            and id <> $4
            and state = 'posted'
            and ghl_message_id is not null
            and post_started_at <= $5
        order by post_started_at desc
        limit 1
        "#,
        job.location_id.as_str(),
        job.conversation,
        contact.as_str(),
        job.id.0,
        job.post_started_at,
    )
    .fetch_optional(pool)
    .await
}

/// Whether we know a message of GHL: we posted it, or it is an agent's message that we started to send.
pub async fn is_known(
    pool: &Pool,
    location: &LocationId,
    message: &GhlMessageId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"
        select exists (
                select 1
                from inbound
                where location_id = $1 and ghl_message_id = $2
            )
            or exists (
                select 1
                from outbound
                where location_id = $1 and ghl_message_id = $2 and started_attempt > 0
            ) as "is_known!"
        "#,
        location.as_str(),
        message.as_str(),
    )
    .fetch_one(pool)
    .await
}

/// The bodies of GHL's deliveries to a contact after `after_sequence` that no send was started for, oldest first. One
/// of them may be GHL's echo of our post.
pub async fn list_unsent_deliveries(
    pool: &Pool,
    location: &LocationId,
    contact: &ContactId,
    after_sequence: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        r#"
        select body
        from outbound
        where location_id = $1
            and conversation = $2
            and id > $3
            and started_attempt = 0
            and state in ('accepted', 'sending')
        order by id
        "#,
        location.as_str(),
        contact.as_str(),
        after_sequence,
    )
    .fetch_all(pool)
    .await
}
