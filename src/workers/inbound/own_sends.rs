//! The gateway's echoes of what the service sent: each proves a send, and so settles one with an unknown outcome.

use whatsapp_events::{Content, Message, Origin};

use crate::db::outbound::in_flight::PartOf;
use crate::db::outbound::receipts::{KnownFrom, SentPart};
use crate::db::outbound::{in_flight, receipts};
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::WaMessageId;
use crate::model::reason::{Failure, Step};
use crate::workers::Context;
use crate::workers::outbound::plan::{Country, Part, Plan, attachments, country_of, plan, plan_to};
use crate::workers::outbound::routes;

/// Whether a message from our side is one of our sends. Then this echo proves that the part with the same text to the
/// same chat was sent, which its worker may not know (yet). Some builds of the gateway do not mark echoes, so messages
/// that seem to be typed by a person are compared too, unless only a phone can have made the id.
pub(super) async fn confirm(
    context: &Context,
    job: &EventJob,
    (message, is_old): (&Message, bool),
    chat: &str,
    id: &WaMessageId,
) -> sqlx::Result<bool> {
    let (pool, location) = (&context.pool, &job.location_id);
    if receipts::is_ours(pool, location, &job.number, id).await? {
        return Ok(true);
    }
    // What a person wrote days ago is not the echo of a message that is being sent now.
    if message.origin == Origin::OwnPhone && (is_old || message.has_phone_id()) {
        return Ok(false);
    }
    for candidate in in_flight::list_in_flight(pool, location, &job.number, chat).await? {
        if !says_the_same(&candidate, country_of(&job.number), &message.content) {
            continue;
        }
        let sent = SentPart {
            location,
            message: candidate.id,
            number: &job.number,
            part: candidate.part,
            wa_message_id: id,
            known_from: KnownFrom::Echo,
        };
        let (cause, now) = (Step::Echoed.into(), context.clock.now());
        let moved = receipts::record_sent(pool, sent, &cause, now).await?;
        context.count_sent(moved.as_ref());
        routes::tell_number(context, sent, moved.as_ref()).await?;
        context.signals.outbound.notify_one();
        return Ok(true);
    }
    Ok(false)
}

/// Whether an echo has the content of a part.
fn says_the_same(candidate: &PartOf, country: Option<Country>, content: &Content) -> bool {
    part_of(candidate, country).is_some_and(|part| match content {
        Content::Text(text) => part.media.is_none() && *text == part.text,
        Content::NotText { caption, .. } => {
            part.media.is_some() && caption.as_deref().unwrap_or_default() == part.text
        }
        Content::Edited(_)
        | Content::Deleted
        | Content::Sealed(_)
        | Content::Undecrypted
        | Content::Noise => false,
    })
}

/// The planned part that was sent.
pub(super) fn part_of(sent: &PartOf, country: Option<Country>) -> Option<Part> {
    let files = attachments::known(sent.files.as_deref());
    let planned = match plan(&sent.body, country, files.as_deref()) {
        // It was sent all the same, to a chat without a phone; which one changes no part.
        Plan::Fail(Failure::NoPhone) => plan_to(&sent.body, "", files.as_deref()),
        planned => planned,
    };
    match planned {
        Plan::Send { parts, .. } => parts.into_iter().nth(usize::try_from(sent.part).ok()?),
        _ => None,
    }
}
