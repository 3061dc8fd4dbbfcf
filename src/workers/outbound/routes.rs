//! From which number a message left: those whose own number cannot send leave from their location's default one, and GHL's
//! conversation says so when the number changes.

use tracing::info;

use crate::db::inbound;
use crate::db::inbound::{NewInbound, State};
use crate::db::outbound::receipts::{Moved, SentPart};
use crate::db::outbound::routes;
use crate::model::ids::WaMessageId;
use crate::workers::Context;
use crate::workers::outbound::Outbound;

impl Outbound {
    /// Moves what waits for numbers that are not connected any more, or are on hold.
    pub(super) async fn leave_numbers(&self) -> sqlx::Result<()> {
        let (pool, now) = (&self.0.pool, self.0.clock.now());
        let removed = routes::leave_removed_numbers(pool, now).await?;
        let held = routes::leave_held_numbers(pool, now).await?;
        if removed + held > 0 {
            info!(removed, held, "messages leave from the default number");
        }
        Ok(())
    }
}

/// Queues a line for GHL's conversation, if a message left from another number than its contact was in touch with.
pub(in crate::workers) async fn tell_number(
    context: &Context,
    sent: SentPart<'_>,
    moved: Option<&Moved>,
) -> sqlx::Result<()> {
    let Some(chat) = moved.and_then(|moved| moved.changed_chat.as_deref()) else {
        return Ok(());
    };
    // One line for each message: the id makes it so.
    let id = WaMessageId(format!("line-{}", sent.message));
    let (text, now) = (sent_from(sent.number), context.clock.now());
    let line = NewInbound {
        location: sent.location,
        number: sent.number,
        wa_message_id: &id,
        from_me: true,
        conversation: chat,
        phone: Some(chat),
        sender_name: None,
        text: Some(&text),
        sent_at: now,
        state: State::Accepted,
        is_old: false,
        call: None,
        media: None,
        edit_secret: None,
        answers: None,
    };
    inbound::record_message(&context.pool, &line, now).await?;
    context.signals.inbound.notify_one();
    Ok(())
}

/// What GHL shows when a message left from another number than those before it.
fn sent_from(number: &str) -> String {
    format!("[Sent from +{number}]")
}
