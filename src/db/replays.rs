//! Failed messages that go back into their queue because a person says so: the operator, or a location's own user.
//!
//! Owns: what may be repeated, and what only after a yes because it may have arrived. Decided and done in one
//! transaction that holds the message's row.

use sqlx::{FromRow, PgConnection, PgPool};
use time::OffsetDateTime;

use crate::db::contacts::lids;
use crate::db::contacts::lids::LID_SERVER;
use crate::db::history::timeline;
use crate::db::views::messages;
use crate::db::views::messages::{Direction, MessageRow};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::MessageState;

/// Who says so.
#[derive(Clone, Copy)]
enum By {
    Operator,
    Location,
}

impl By {
    /// The step of a replay that repeats nothing.
    const fn safe(self) -> Step {
        match self {
            Self::Operator => Step::Replayed,
            Self::Location => Step::SentAgain,
        }
    }

    /// The step of one that may repeat something: from then on the message is in doubt for good.
    const fn doubtful(self) -> Step {
        match self {
            Self::Operator => Step::ReplayedInDoubt,
            Self::Location => Step::SentAgainInDoubt,
        }
    }
}

/// What became of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The message is back in its queue.
    Queued,
    /// It may have arrived; nothing was done without a yes.
    InDoubt(Unconfirmed),
    /// It has not failed; its state, and the reason of that.
    NotFailed(String, Option<Reason>),
    /// Its location has uninstalled the app.
    Uninstalled,
    /// No message has this number.
    Unknown,
}

/// Why a message may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// A part of it left with an unknown outcome.
    Unconfirmed,
    /// WhatsApp took parts of it and refused one: that part and all behind it go again.
    Refused,
    /// Some parts have left; only the rest goes.
    PartsLeft {
        /// So many.
        sent: i32,
    },
    /// GHL's answer was lost.
    AnswerLost,
}

/// Puts a failed message back into its queue, due now and ahead of what came later in its conversation. `anyway`: even
/// if it may have arrived. Parts that have left do not go again, but for those that WhatsApp refused and what is
/// behind them. GHL is not told of the failure any more if it does not know yet, and hears of the ticks that come.
///
/// # Errors
/// When the database fails; nothing is changed then.
pub async fn replay(
    pool: &PgPool,
    id: MessageId,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    match messages::find_message(pool, id).await? {
        Some(message) => requeue(pool, message, By::Operator, anyway, now).await,
        None => Ok(Replay::Unknown),
    }
}

/// As [`replay`], for the location's own user: a message of another location is unknown.
///
/// # Errors
/// As [`replay`].
pub async fn replay_own(
    pool: &PgPool,
    location: &LocationId,
    id: MessageId,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    match messages::find_message_of(pool, location, id).await? {
        Some(message) => requeue(pool, message, By::Location, anyway, now).await,
        None => Ok(Replay::Unknown),
    }
}

async fn requeue(
    pool: &PgPool,
    message: MessageRow,
    by: By,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    let (direction, location, id) = (message.direction, message.location_id, message.id);
    let mut tx = pool.begin().await?;
    let current = match direction {
        Direction::Outbound => find_outbound(&mut tx, &location, id).await?,
        Direction::Inbound => find_inbound(&mut tx, &location, id).await?,
    };
    if current.state != "failed" {
        return Ok(Replay::NotFailed(current.state, current.reason));
    }
    if current.is_uninstalled {
        return Ok(Replay::Uninstalled);
    }
    let doubt = current.doubt(direction);
    match doubt {
        Some(doubt) if !anyway => return Ok(Replay::InDoubt(doubt)),
        _ => {}
    }
    match direction {
        Direction::Outbound => requeue_outbound(&mut tx, &location, id, &current, now).await?,
        Direction::Inbound => requeue_inbound(&mut tx, &location, id, now).await?,
    }
    let cause = if doubt.is_some() {
        by.doubtful()
    } else {
        by.safe()
    };
    let cause = Reason::from(cause);
    timeline::record_step(
        &mut tx,
        &location,
        id,
        MessageState::Accepted,
        Some(&cause),
        now,
    )
    .await?;
    tx.commit().await?;
    Ok(Replay::Queued)
}

/// What decides whether a message may be repeated.
#[derive(FromRow)]
struct Current {
    state: String,
    reason: Option<Reason>,
    is_uninstalled: bool,
    /// Something of it left and nobody knows what became of it.
    is_lost: bool,
    parts_sent: i32,
    /// The first part of which WhatsApp refused every copy.
    refused_part: Option<i32>,
}

impl Current {
    fn doubt(&self, direction: Direction) -> Option<Unconfirmed> {
        match direction {
            Direction::Inbound => self.is_lost.then_some(Unconfirmed::AnswerLost),
            Direction::Outbound if self.is_lost => Some(Unconfirmed::Unconfirmed),
            Direction::Outbound if self.refused_part.is_some() => Some(Unconfirmed::Refused),
            Direction::Outbound if self.parts_sent > 0 => Some(Unconfirmed::PartsLeft {
                sent: self.parts_sent,
            }),
            Direction::Outbound => None,
        }
    }
}

async fn find_outbound(
    tx: &mut PgConnection,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Current> {
    // A part that WhatsApp has, although the message never counted it as sent: an answer that came too late.
    // Receipts before their message, as who records one locks them.
    sqlx::query("select 1 from receipts where location_id = $1 and message_id = $2 for update")
        .bind(location)
        .bind(id)
        .execute(&mut *tx)
        .await?;
    sqlx::query_as(
        "select o.state, reason_of(o.reason_code, o.reason_args) as reason, o.parts_sent,
            exists (select 1 from locations l where l.location_id = o.location_id and l.uninstalled_at is not null)
                as is_uninstalled,
            exists (select 1 from timeline t where t.location_id = o.location_id and t.message_id = o.id
                and (t.state = 'unconfirmed' or t.cause_code = any($3)))
            or exists (select 1 from receipts r where r.location_id = o.location_id and r.message_id = o.id
                and r.part >= o.parts_sent and r.refused is null) as is_lost,
            (select min(part) from (select part from receipts r
                where r.location_id = o.location_id and r.message_id = o.id and r.part is not null
                group by part having bool_and(refused is not null)) refused) as refused_part
         from outbound o where o.location_id = $1 and o.id = $2 for update of o",
    )
    .bind(location)
    .bind(id)
    .bind([By::Operator, By::Location].map(|by| by.doubtful().code()))
    .fetch_one(tx)
    .await
}

async fn find_inbound(
    tx: &mut PgConnection,
    location: &LocationId,
    id: MessageId,
) -> sqlx::Result<Current> {
    sqlx::query_as(
        "select i.state, reason_of(i.reason_code, i.reason_args) as reason, 0 as parts_sent, null::int as refused_part, i.unconfirmed as is_lost,
            exists (select 1 from locations l where l.location_id = i.location_id and l.uninstalled_at is not null)
                as is_uninstalled
         from inbound i where i.location_id = $1 and i.id = $2 for update of i",
    )
    .bind(location)
    .bind(id)
    .fetch_one(tx)
    .await
}

async fn requeue_outbound(
    tx: &mut PgConnection,
    location: &LocationId,
    id: MessageId,
    current: &Current,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let refused = current.refused_part.unwrap_or(current.parts_sent);
    // A person waits for it, as for an answer; and nothing behind it in its conversation may rank higher.
    sqlx::query(
        "update outbound set state = 'accepted', reason_code = null, reason_args = null, failures = 0,
            unconfirmed_sends = 0, priority = 2,
            parts_sent = least(parts_sent, $3), due_at = $4
         where location_id = $1 and id = $2",
    )
    .bind(location)
    .bind(id)
    .bind(refused)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    // A refused copy stays ours, but counts for no part: else it would fail the message again.
    let withdrawn = [
        "update receipts set part = null where location_id = $1 and message_id = $2 and refused is not null",
        "delete from status_updates where location_id = $1 and message_id = $2",
    ];
    for statement in withdrawn {
        sqlx::query(statement)
            .bind(location)
            .bind(id)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

async fn requeue_inbound(
    tx: &mut PgConnection,
    location: &LocationId,
    id: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // `claims` is the fence and never goes back; with all of them counted as waits no try is used up. What is unclear
    // stays so: the worker looks into GHL's conversation before it posts.
    let conversation: String = sqlx::query_scalar(
        "update inbound set failures = 0, waits = attempt, due_at = $3, undecrypted = false,
            state = case when conversation like '%' || $4 then 'held' else 'accepted' end,
            reason_code = case when conversation like '%' || $4 then $5::jsonb->>'code' end,
            reason_args = case when conversation like '%' || $4 then $5::jsonb->'args' end
         where location_id = $1 and id = $2 returning conversation",
    )
    .bind(location)
    .bind(id)
    .bind(now)
    .bind(LID_SERVER)
    .bind(Reason::from(Step::SenderHidden))
    .fetch_one(&mut *tx)
    .await?;
    // It failed while it was held, and is held again unless its sender is known by now.
    if let Some(lid) = conversation.strip_suffix(LID_SERVER)
        && lids::lock(tx, location, lid).await?
    {
        lids::release(tx, location, &[lid], now, now).await?;
    }
    Ok(())
}
