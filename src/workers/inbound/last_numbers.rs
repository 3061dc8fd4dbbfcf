//! Which of the location's numbers a customer writes to, or somebody of the business types on: answers leave from it, and GHL's
//! conversation says when it changes.

use time::OffsetDateTime;
use whatsapp_events::{Chat, Message};

use crate::db::contacts::last_numbers;
use crate::db::inbound::State;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::phone_forms;
use crate::model::reason::Step;
use crate::workers::Context;

/// Whether a message comes to another number than its other side was in touch with, or was typed on that number's phone; what is
/// typed counts even where GHL does not show it.
pub(super) async fn note(
    context: &Context,
    job: &EventJob,
    message: &Message,
    (conversation, state): (&str, &State),
    sent_at: OffsetDateTime,
) -> sqlx::Result<bool> {
    let counts = matches!(
        state,
        State::Accepted | State::Later(_) | State::Hidden | State::Ignored(Step::PhoneNotMirrored)
    );
    let is_person = matches!(message.chat, Chat::Person(_));
    if !job.is_of_several || !counts || !is_person || conversation.is_empty() {
        return Ok(false);
    }
    let forms = phone_forms::forms(conversation);
    let (pool, location) = (&context.pool, &job.location_id);
    last_numbers::note_number(pool, location, &forms, &job.number, sent_at).await
}

/// What a message says of its number, if that is another one than before.
pub(super) fn line(job: &EventJob, message: &Message) -> String {
    if message.from_me {
        format!("[Written on the phone of +{}]", job.number)
    } else {
        format!("[Written to +{}]", job.number)
    }
}
