//! Replays: a person (the operator, or a location's own user) puts a failed message back into its queue.
//!
//! Decides what may be replayed, and what only after a confirmation because it may have arrived. Decision and change
//! are in one transaction that locks the message's row; `outbound::replays` and `inbound::replays` have the statements.

pub(in crate::db) mod current;
pub mod many;

use current::Current;
pub use current::MayHaveArrived;
use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::history::timeline;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::db::{inbound, numbers, outbound};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::{Direction, MessageState};

/// Who asks for the replay.
#[derive(Clone, Copy)]
enum By {
    Operator,
    Location,
}

impl By {
    /// The step of a replay that sends nothing twice.
    const fn safe(self) -> Step {
        match self {
            Self::Operator => Step::Replayed,
            Self::Location => Step::SentAgain,
        }
    }

    /// The step of a replay that may send something twice: the outcome of the message then stays unknown for good.
    const fn unconfirmed(self) -> Step {
        match self {
            Self::Operator => Step::ReplayedUnconfirmed,
            Self::Location => Step::SentAgainUnconfirmed,
        }
    }
}

/// The causes of replays after which the outcome of a message stays unknown.
fn unconfirmed_causes() -> [&'static str; 2] {
    [By::Operator, By::Location].map(|by| by.unconfirmed().code())
}

/// What decides whether messages of one location may be replayed, as [`replay`] finds it.
async fn list_current(
    pool: &Pool,
    location: &LocationId,
    direction: Direction,
    ids: &[i64],
) -> sqlx::Result<Vec<Current>> {
    let mut connection = pool.acquire().await?;
    match direction {
        Direction::Outbound => {
            let causes = unconfirmed_causes();
            outbound::replays::list_current(&mut connection, location, ids, &causes).await
        }
        Direction::Inbound => inbound::replays::list_current(&mut connection, location, ids).await,
    }
}

/// The result of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The message is back in its queue.
    Queued,
    /// It may have arrived, and the caller did not confirm. Nothing was changed.
    MayHaveArrived(MayHaveArrived),
    /// It has not failed. Its state, and the reason for that state.
    NotFailed(MessageState, Option<Reason>),
    /// Its location has uninstalled the app.
    Uninstalled,
    /// It goes to WhatsApp, and its location has no number that it could leave from. Nothing was changed.
    NoNumber,
    /// No message has this id.
    Unknown,
}

/// Puts a failed message back into its queue, due now and before later messages of its conversation. With `anyway`,
/// even if it may have arrived. Parts that were sent are not sent again, except a part that WhatsApp refused and those
/// after it. GHL does not get the failure any more if it has not got it yet, and gets the status updates that follow.
pub async fn replay(
    pool: &Pool,
    id: MessageId,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    match messages::find_message(pool, id).await? {
        Some(message) => requeue(pool, message, By::Operator, anyway, now).await,
        None => Ok(Replay::Unknown),
    }
}

/// As [`replay`], of a message that was found already.
pub async fn replay_found(
    pool: &Pool,
    message: MessageRow,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    requeue(pool, message, By::Operator, anyway, now).await
}

/// As [`replay`], for a location's own user: a message of another location counts as unknown.
pub async fn replay_own(
    pool: &Pool,
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

/// The failed messages of customers to a location, in the order in which they arrived.
pub async fn list_failed_replies(
    pool: &Pool,
    location: &LocationId,
) -> sqlx::Result<Vec<MessageId>> {
    inbound::replays::list_failed(pool, location).await
}

/// Whether a location has a number that messages can leave from. Without one, no message to WhatsApp can end differently when
/// it is sent again.
pub async fn has_number(pool: &Pool, location: &LocationId) -> sqlx::Result<bool> {
    let last = numbers::find_last(pool, location).await?;
    Ok(last.is_some_and(|last| last.is_connected))
}

async fn requeue(
    pool: &Pool,
    message: MessageRow,
    by: By,
    anyway: bool,
    now: OffsetDateTime,
) -> sqlx::Result<Replay> {
    let (direction, location, id) = (message.direction, message.location_id, message.id);
    let mut tx = pool.begin().await?;
    let current = match direction {
        Direction::Outbound => {
            outbound::replays::find_current(&mut tx, &location, id, &unconfirmed_causes()).await?
        }
        Direction::Inbound => inbound::replays::find_current(&mut tx, &location, id).await?,
    };
    let Some(current) = current else {
        return Ok(Replay::Unknown);
    };
    if current.state != MessageState::Failed {
        return Ok(Replay::NotFailed(current.state, current.reason));
    }
    if current.is_uninstalled {
        return Ok(Replay::Uninstalled);
    }
    if direction == Direction::Outbound && !has_number(pool, &location).await? {
        return Ok(Replay::NoNumber);
    }
    let how = current.may_have_arrived(direction);
    match how {
        Some(how) if !anyway => return Ok(Replay::MayHaveArrived(how)),
        _ => {}
    }
    match direction {
        Direction::Outbound => {
            let parts_left = current.refused_part.unwrap_or(current.parts_sent);
            outbound::replays::requeue(&mut tx, &location, id, parts_left, now).await?;
        }
        Direction::Inbound => inbound::replays::requeue(&mut tx, &location, id, now).await?,
    }
    let cause = if how.is_some() {
        by.unconfirmed()
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
