//! The timeline: every step of a message with its time and cause.

use time::OffsetDateTime;

use crate::db::connection::Connection;
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::MessageState;

/// Adds a step. `cause` must not hold message text, a phone number or a secret.
pub async fn record_step(
    tx: &mut Connection,
    location: &LocationId,
    message: MessageId,
    state: MessageState,
    cause: Option<&Reason>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        insert into timeline (location_id, message_id, at, state, cause_code, cause_args)
        values ($1, $2, $3, $4, $5::jsonb->>'code', $5::jsonb->'args')
        "#,
        location.as_str(),
        message.0,
        now,
        state as MessageState,
        cause as Option<&Reason>,
    )
    .execute(tx)
    .await
    .map(|_| ())
}
