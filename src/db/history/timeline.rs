//! The timeline: every step of a message with its time and cause.

use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::model::ids::{LocationId, MessageId};

/// Adds a step. `cause` is a sentence for people and never holds message text, a phone number or a secret.
///
/// # Errors
/// When the database fails.
pub async fn record_step(
    tx: &mut PgConnection,
    location: &LocationId,
    message: MessageId,
    state: &str,
    cause: Option<&str>,
    now: OffsetDateTime,
) -> sqlx::Result<()> {
    sqlx::query("insert into timeline (location_id, message_id, at, state, cause) values ($1, $2, $3, $4, $5)")
        .bind(location)
        .bind(message)
        .bind(now)
        .bind(state)
        .bind(cause)
        .execute(tx)
        .await
        .map(|_| ())
}
