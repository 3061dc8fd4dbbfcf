//! The state of a message by the receipts of its parts, where one statement cannot decide it: messages of several
//! parts, and refusals. [`crate::db::outbound::receipts`] handles the usual receipt.

use time::OffsetDateTime;

use crate::db::connection::Connection;
use crate::db::history::timeline;
use crate::db::outbound::outcomes::fail;
use crate::db::outbound::status_updates;
use crate::db::outbound::status_updates::Status;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::{Failure, Reason};
use crate::model::states::MessageState;
use crate::model::states::MessageState::{Accepted, Delivered, Sending, Sent, Unconfirmed};

/// Delivered to the customer's phone (Baileys `DELIVERY_ACK`).
pub const DELIVERED: i32 = 3;
/// Read or played by the customer (Baileys `READ`; `PLAYED` counts as read).
pub const READ: i32 = 4;

struct Progress {
    state: MessageState,
    all_sent: bool,
    level: i32,
    refused: Option<String>,
}

/// Moves a message to the state of its receipts. A message is as far as its slowest part; a part that was sent twice is
/// as far as its better copy. A copy without a part was refused before a replay and does not count.
pub(in crate::db) async fn advance(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    // Lock first, in a statement of its own, so that two receipts at the same time are counted one after the other.
    sqlx::query!(
        "select 1 as locked from outbound where location_id = $1 and id = $2 for update",
        location.as_str(),
        message.0,
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(progress) = find_progress(tx, location, message).await? else {
        return Ok(());
    };
    match (progress.state, progress.refused) {
        (Accepted | Sending | Unconfirmed | Sent, Some(code)) if progress.level < DELIVERED => {
            fail(tx, location, message, &refusal(&code), now).await
        }
        (Sent | Delivered, _) if progress.all_sent && progress.level >= READ => {
            raise(tx, location, message, Status::Read, now).await
        }
        (Sent, _) if progress.all_sent && progress.level >= DELIVERED => {
            raise(tx, location, message, Status::Delivered, now).await
        }
        _ => Ok(()),
    }
}

async fn find_progress(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
) -> sqlx::Result<Option<Progress>> {
    sqlx::query_as!(
        Progress,
        r#"
        select o.state,
            o.parts is not null and o.parts_sent >= o.parts as "all_sent!",
            -- The part that is furthest behind; a refused part.
            coalesce(min(p.level), 0) as "level!",
            max(p.refused) as refused
        from outbound o
        left join (
            -- Each part with its best copy; it is refused when all its copies are.
            select max(level) as level,
                case when bool_and(refused is not null) then max(refused) end as refused
            from receipts
            where location_id = $1 and message_id = $2 and part is not null
            group by part
        ) p on true
        where o.location_id = $1 and o.id = $2
        group by o.state, o.parts, o.parts_sent
        "#,
        location.as_str(),
        message.0,
    )
    .fetch_optional(tx)
    .await
}

async fn raise(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    status: Status<'_>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    let state = status.name().state();
    sqlx::query!(
        "update outbound set state = $3 where location_id = $1 and id = $2",
        location.as_str(),
        message.0,
        state as MessageState,
    )
    .execute(&mut *tx)
    .await?;
    timeline::record_step(tx, location, message, state, None, now).await?;
    status_updates::queue(tx, location, message, status, now).await
}

/// WhatsApp's refusal after the gateway had accepted the message (`docs/vendors/waapify.md#acks`).
fn refusal(code: &str) -> Reason {
    let number = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(8)
        .collect();
    Failure::Refused { number }.into()
}
