//! A WhatsApp call → one line in the conversation.
//!
//! Decides which step of a call makes the line. Waapify reports a call step by step, and a missed one again with the
//! line that WhatsApp adds to the chat, all under one id: the first step that says how it ended counts. Group calls are
//! ignored, because they are not calls to the business.

use whatsapp_events::{Call, CallOutcome, Chat, call_text};

use crate::db::inbound;
use crate::db::inbound::{NewInbound, State};
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::model::states::CallEnd;
use crate::workers::Context;
use crate::workers::inbound::record::{believable, is_old, place_of};

/// Records a call that is over, once.
pub(in crate::workers) async fn record(
    context: &Context,
    job: &EventJob,
    call: &Call,
) -> sqlx::Result<()> {
    let end = match call.outcome {
        CallOutcome::Missed | CallOutcome::Unanswered => Some(CallEnd::NoAnswer),
        CallOutcome::Declined => Some(CallEnd::Busy),
        // The gateway does not know whether anybody had answered it.
        CallOutcome::Ended => None,
        CallOutcome::Offered | CallOutcome::Accepted | CallOutcome::Other => return Ok(()),
    };
    let Chat::Person(person) = &call.chat else {
        return Ok(());
    };
    if call.is_group {
        return Ok(());
    }
    let from_me = call.outcome == CallOutcome::Unanswered;
    let place = place_of(context, job, person, from_me).await?;
    let text = call_text(call);
    let sent_at = believable(call.at, job.received_at);
    let new = NewInbound {
        location: &job.location_id,
        number: &job.number,
        wa_message_id: &WaMessageId::from(call.id.as_str()),
        from_me,
        conversation: &place.conversation,
        phone: place.phone.as_deref(),
        sender_name: None,
        text: Some(&text),
        sent_at,
        state: match place.phone {
            Some(_) => State::Accepted,
            None => State::Hidden,
        },
        is_old: is_old(sent_at, job.received_at),
        call: end,
        edit_secret: None,
        answers: None,
        media: None,
    };
    inbound::record_message(&context.pool, &new, context.clock.now()).await?;
    context.signals.inbound.notify_one();
    Ok(())
}
