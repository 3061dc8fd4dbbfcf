//! Status updates for GHL: each is reported at least once, and a message's status only rises.

use time::{Duration, OffsetDateTime};

use crate::db::accounts::rate_limits::CallPriority;
use crate::db::connection::{Connection, Pool};
use crate::db::history::timeline;
use crate::db::queue::{Capacity, claimed, set_due};
use crate::model::ids::{GhlMessageId, LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::StatusName;

/// GHL knows a message only some seconds after it delivered it (`docs/vendors/ghl.md#status-updates`) and refuses an
/// earlier update, which would waste a call.
pub(in crate::db) const GHL_KNOWS_AFTER: Duration = Duration::seconds(5);

/// A status that GHL accepts; there is none for "sent".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'a> {
    /// On the customer's phone.
    Delivered,
    /// Read by the customer.
    Read,
    /// Not sent, and why.
    Failed(&'a Reason),
}

impl Status<'_> {
    /// The status without the reason.
    #[must_use]
    pub const fn name(self) -> StatusName {
        match self {
            Self::Delivered => StatusName::Delivered,
            Self::Read => StatusName::Read,
            Self::Failed(_) => StatusName::Failed,
        }
    }
}

/// A claimed update.
#[derive(Clone, Debug)]
pub struct StatusJob {
    /// The location of the message.
    pub location_id: LocationId,
    /// Our id.
    pub message_id: MessageId,
    /// GHL's id.
    pub ghl_message_id: GhlMessageId,
    /// When GHL delivered the message, if that is still stored.
    pub accepted_at: Option<OffsetDateTime>,
    /// The status to report.
    pub status: StatusName,
    /// The reason for [`StatusName::Failed`].
    pub reason: Option<Reason>,
    /// Failed attempts.
    pub failures: i32,
    /// Times it was put back because the location has no token.
    pub waits: i32,
    /// The fence.
    pub attempt: i32,
}

claimed!(StatusJob, message_id.0, in location_id);

/// Queues a status update, or raises the message's waiting one, so that one call reports the highest status. Does
/// nothing for a location that is uninstalled or unknown, because there is no token for the call.
pub(in crate::db) async fn queue(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    status: Status<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let failure = match status {
        Status::Failed(failure) => Some(failure),
        Status::Delivered | Status::Read => None,
    };
    sqlx::query!(
        r#"
        insert into status_updates (
            location_id, message_id, ghl_message_id, status, reason_code, reason_args, due_at
        )
        select o.location_id, o.id, o.ghl_message_id, $3, $4::jsonb->>'code', $4::jsonb->'args',
            greatest($5, o.accepted_at + $6::interval)
        from outbound o
        join locations l on l.location_id = o.location_id
            and (l.installed_at is not null or l.token_request_at is not null)
            and l.uninstalled_at is null
        where o.location_id = $1 and o.id = $2
        on conflict (location_id, message_id) do update
        set status = excluded.status,
            reason_code = excluded.reason_code, reason_args = excluded.reason_args
        "#,
        location.as_str(),
        message.0,
        status.name() as StatusName,
        failure as Option<&Reason>,
        now,
        GHL_KNOWS_AFTER as Duration,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Rows that tell whether a few locations have much to report; fewer are all that is due.
const LOOKED_AT: i64 = 128;

/// Claims due updates of locations whose rate limit allows a call for them, each location's in turn.
pub async fn claim(
    pool: &Pool,
    now: OffsetDateTime,
    lease: Duration,
    capacity: impl Into<Capacity>,
) -> sqlx::Result<Vec<StatusJob>> {
    let capacity = capacity.into();
    sqlx::query_file_as!(
        StatusJob,
        "src/db/outbound/claim_status_updates.sql",
        now,
        now + lease,
        capacity.limit,
        CallPriority::StatusUpdate.share(),
        capacity.share,
        capacity.left_json(),
        LOOKED_AT,
    )
    .fetch_all(pool)
    .await
}

/// Ends an update that GHL accepted, or will never accept. If the message moved on meanwhile, the higher status is due
/// at once.
pub async fn finish(pool: &Pool, job: &StatusJob, now: OffsetDateTime) -> sqlx::Result<()> {
    let ended = sqlx::query!(
        "delete from status_updates where location_id = $1 and message_id = $2 and status = $3",
        job.location_id.as_str(),
        job.message_id.0,
        job.status as StatusName,
    )
    .execute(pool)
    .await?;
    if ended.rows_affected() == 1 {
        return Ok(());
    }
    let raised = sqlx::query!(
        r#"
        update status_updates
        set due_at = $3, failures = 0
        where location_id = $1 and message_id = $2
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        now,
    )
    .execute(pool)
    .await?;
    if raised.rows_affected() == 0 {
        tell_again(pool, job, now).await?;
    }
    Ok(())
}

/// Why an update is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    /// The try failed.
    Failed,
    /// The location has no token, which is no failure of the update.
    Waits,
    /// The try failed because GHL is down: its return makes the update due.
    Down,
    /// The same, for the update that looks whether GHL is back, which is no failure of its own.
    Probes,
}

/// Queues the message's current status again, for a caller that kept its update beyond its lease or while the message
/// was replayed: GHL has got a higher status meanwhile, and the caller's late one may have arrived after it.
async fn tell_again(pool: &Pool, job: &StatusJob, due: OffsetDateTime) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
        select location_id, id, ghl_message_id, state, $4
        from outbound
        where location_id = $1 and id = $2
          -- Nothing is above `read`.
          and $3 in ('delivered', 'failed')
          and state in ('delivered', 'read') and state <> $3
        on conflict (location_id, message_id) do nothing
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.status as StatusName,
        due,
    )
    .execute(pool)
    .await
    .map(|_| ())
}

/// Puts a claimed update back until `due`.
pub async fn finish_retry(
    pool: &Pool,
    job: &StatusJob,
    back: Back,
    due: OffsetDateTime,
) -> sqlx::Result<()> {
    let put_back = sqlx::query!(
        r#"
        update status_updates
        set due_at = $4, failures = failures + (not $5::bool)::int, waits = waits + $5::bool::int,
            is_down = $6
        where location_id = $1 and message_id = $2 and attempt = $3
        "#,
        job.location_id.as_str(),
        job.message_id.0,
        job.attempt,
        due,
        matches!(back, Back::Waits | Back::Probes),
        matches!(back, Back::Down | Back::Probes),
    )
    .execute(pool)
    .await?;
    if put_back.rows_affected() == 0 {
        tell_again(pool, job, due).await?;
    }
    Ok(())
}

/// Ends an update that GHL will never accept, and records this in the message's timeline.
pub async fn abandon(
    pool: &Pool,
    job: &StatusJob,
    why: &Reason,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let mut tx = pool.begin().await?;
    let cause = Reason::from(Step::GhlNotTold {
        cause: Box::new(why.clone()),
    });
    timeline::record_step(
        &mut tx,
        &job.location_id,
        job.message_id,
        job.status.state(),
        Some(&cause),
        now,
    )
    .await?;
    tx.commit().await?;
    finish(pool, job, now).await
}

/// Ends the leases of claims that are still held. An update that was just put back is reported a little early.
pub async fn release(pool: &Pool, jobs: &[StatusJob], now: OffsetDateTime) -> sqlx::Result<()> {
    set_due!(
        pool,
        jobs,
        now,
        "status_updates",
        "q.location_id = any (array[c.location_id]) and q.message_id = c.id"
    )
    .map(|_| ())
}
