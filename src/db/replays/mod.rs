//! Failed messages that go back into their queue because a person says so: the operator, or a location's own user.
//!
//! Owns: what may be repeated, and what only after a yes because it may have arrived. Decided and done in one
//! transaction that holds the message's row. What is read and changed of that row is in `outbound::replays` and
//! `inbound::replays`.

pub(in crate::db) mod current;

pub use current::Unconfirmed;
use time::OffsetDateTime;

use crate::db::connection::Pool;
use crate::db::history::timeline;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::db::{inbound, outbound};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Reason, Step};
use crate::model::states::{Direction, MessageState};

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
    NotFailed(MessageState, Option<Reason>),
    /// Its location has uninstalled the app.
    Uninstalled,
    /// No message has this number.
    Unknown,
}

/// Puts a failed message back into its queue, due now and ahead of what came later in its conversation. `anyway`: even
/// if it may have arrived. Parts that have left do not go again, but for those that WhatsApp refused and what is
/// behind them. GHL is not told of the failure any more if it does not know yet, and hears of the ticks that come.
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

/// As [`replay`], for the location's own user: a message of another location is unknown.
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
            let doubtful = [By::Operator, By::Location].map(|by| by.doubtful().code());
            outbound::replays::find_current(&mut tx, &location, id, &doubtful).await?
        }
        Direction::Inbound => inbound::replays::find_current(&mut tx, &location, id).await?,
    };
    if current.state != MessageState::Failed {
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
        Direction::Outbound => {
            let parts_left = current.refused_part.unwrap_or(current.parts_sent);
            outbound::replays::requeue(&mut tx, &location, id, parts_left, now).await?;
        }
        Direction::Inbound => inbound::replays::requeue(&mut tx, &location, id, now).await?,
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
