//! Messages whose own number cannot send: they leave from their location's default one.

use tracing::info;

use crate::db::outbound::routes;
use crate::workers::outbound::Outbound;

impl Outbound {
    /// Moves what waits for numbers that are not connected any more.
    pub(super) async fn leave_numbers(&self) -> sqlx::Result<()> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let moved = routes::leave_removed_numbers(pool, now).await?;
        if moved > 0 {
            info!(
                messages = moved,
                "moved to the default number, because theirs is not connected any more"
            );
        }
        Ok(())
    }
}
