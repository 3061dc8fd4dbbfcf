//! A message that Waapify announces → a row of `inbound`, or the proof that one of ours left.
//!
//! Owns: which conversation a message belongs to, what GHL will show of it, and whether it is for GHL at all. Refuses:
//! calling anyone.

use time::{Duration, OffsetDateTime};

use super::Context;
use super::media::{LINK_DAYS, MEDIA_WAIT};
use super::plan::{Country, Part, Plan, country_of, files, plan};
use crate::db::gateway_events::EventJob;
use crate::db::inbound::{self, NewInbound, State};
use crate::db::media::{NewMedia, SLOT, Texts};
use crate::db::outbound::{self, PartOf};
use crate::db::receipts::{self, SentPart};
use crate::ids::WaMessageId;
use crate::whatsapp::{self, Chat, Content, FileFate, Message, Origin, text_of};

/// Phones' clocks run ahead a little; a message from further ahead counts as written when it came.
const MAX_AHEAD: Duration = Duration::minutes(10);

/// Records a message once; the same one again, from either side, changes nothing.
pub(super) async fn record(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<()> {
    let id = WaMessageId::from(message.id.as_str());
    let is_ours = message.from_me && confirm_send(context, job, message, &id).await?;
    let (conversation, phone) = place(&message.chat);
    let about = find_about(context, job, message, conversation).await?;
    let about = about.as_deref();
    let text = text_of(message, about, FileFate::None);
    let Some(state) = enter(message, is_ours, &job.number, text.as_deref()) else {
        return Ok(());
    };
    let now = context.clock.now();
    let is_ignored = matches!(state, State::Ignored(_));
    let texts = Fates::of(message, about);
    let file = message.file.as_ref().filter(|_| !is_ignored);
    let new = NewInbound {
        location: &job.location_id,
        number: &job.number,
        wa_message_id: &id,
        from_me: message.from_me,
        conversation,
        phone,
        sender_name: message.sender_name.as_deref(),
        text: text.as_deref().filter(|_| !is_ignored),
        sent_at: sent_at(message, job.received_at),
        state,
        media: file.map(|file| NewMedia {
            file,
            until: now + MEDIA_WAIT,
            texts: texts.borrowed(),
        }),
    };
    inbound::record_message(&context.pool, &new, now).await?;
    context.wake.inbound.notify_one();
    context.wake.media.notify_one();
    Ok(())
}

/// The conversation of a chat, and the phone of its other side where it is known.
fn place(chat: &Chat) -> (&str, Option<&str>) {
    match chat {
        Chat::Person(person) => {
            let phone = person.phone.as_deref();
            (phone.or(person.lid.as_deref()).unwrap_or_default(), phone)
        }
        Chat::Group(group) => (group, None),
        Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Other => ("", None),
    }
}

/// The words of the message that this one is about, where it does not carry them itself.
async fn find_about(
    context: &Context,
    job: &EventJob,
    message: &Message,
    conversation: &str,
) -> sqlx::Result<Option<String>> {
    let Some(about) = message.about.as_deref().filter(|_| message.quote.is_none()) else {
        return Ok(None);
    };
    let (pool, location) = (&context.pool, &job.location_id);
    let about = WaMessageId::from(about);
    let theirs = inbound::find_text(pool, location, &job.number, conversation, &about).await?;
    if theirs.is_some() {
        return Ok(theirs);
    }
    let ours = receipts::find_sent(pool, location, &job.number, conversation, &about).await?;
    let part = ours.and_then(|sent| part_of(&sent, country_of(&job.number)));
    Ok(part.map(|part| part.text).filter(|text| !text.is_empty()))
}

/// What each fate of a message's file makes of its text.
struct Fates {
    attached: Option<String>,
    linked: Option<String>,
    missing: Option<String>,
}

impl Fates {
    fn of(message: &Message, about: Option<&str>) -> Self {
        let link = format!("{SLOT} (opens for {LINK_DAYS} days)");
        Self {
            attached: text_of(message, about, FileFate::Attached),
            linked: text_of(message, about, FileFate::Linked(&link)),
            missing: text_of(message, about, FileFate::Missing(SLOT)),
        }
    }

    fn borrowed(&self) -> Texts<'_> {
        Texts {
            attached: self.attached.as_deref(),
            linked: self.linked.as_deref(),
            missing: self.missing.as_deref(),
        }
    }
}

/// Whether a message from our side is one of our own sends. Its echo proves that it left, which its sender may not know
/// (yet): the part on its way to that chat with that text is the one. Some builds do not mark echoes, so what seems to
/// be typed by a person is compared too, unless only a phone can have made its id.
async fn confirm_send(
    context: &Context,
    job: &EventJob,
    message: &Message,
    id: &WaMessageId,
) -> sqlx::Result<bool> {
    let (pool, location) = (&context.pool, &job.location_id);
    if receipts::is_ours(pool, location, &job.number, id).await? {
        return Ok(true);
    }
    let Chat::Person(whatsapp::Person {
        phone: Some(chat), ..
    }) = &message.chat
    else {
        return Ok(false);
    };
    if message.origin == Origin::OwnPhone && message.has_phone_id() {
        return Ok(false);
    }
    for candidate in outbound::list_in_flight(pool, location, &job.number, chat).await? {
        if !says_the_same(&candidate, country_of(&job.number), &message.content) {
            continue;
        }
        let sent = SentPart {
            location,
            message: candidate.id,
            number: &job.number,
            part: candidate.part,
            wa_message_id: id,
        };
        receipts::record_sent(pool, sent, "WhatsApp echoed it", context.clock.now()).await?;
        context.wake.outbound.notify_one();
        return Ok(true);
    }
    Ok(false)
}

/// Whether an echo's content is that of a part.
fn says_the_same(candidate: &PartOf, country: Option<Country>, content: &Content) -> bool {
    part_of(candidate, country).is_some_and(|part| match content {
        Content::Text(text) => part.media.is_none() && *text == part.text,
        Content::NotText { caption, .. } => {
            part.media.is_some() && caption.as_deref().unwrap_or_default() == part.text
        }
        Content::Edited(_) | Content::Deleted | Content::Undecrypted | Content::Noise => false,
    })
}

/// A part of a message of ours, as it is planned.
fn part_of(sent: &PartOf, country: Option<Country>) -> Option<Part> {
    let files = files::known(sent.files.as_deref());
    match plan(&sent.body, country, files.as_deref()) {
        Plan::Send { parts, .. } => parts.into_iter().nth(usize::try_from(sent.part).ok()?),
        _ => None,
    }
}

/// How a message enters, `is_ours` when this service sent it; none when its id must stay free, because its content is
/// still to come or nobody wrote it.
fn enter<'a>(
    message: &Message,
    is_ours: bool,
    number: &str,
    text: Option<&str>,
) -> Option<State<'a>> {
    if matches!(message.content, Content::Undecrypted | Content::Noise) {
        return None;
    }
    Some(match (&message.chat, message.origin) {
        (Chat::Group(_), _) => State::Ignored("a group message"),
        (Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Other, _) => {
            State::Ignored("a broadcast, status or channel message")
        }
        (Chat::Person(_), origin) if is_ours || origin == Origin::OwnEcho => {
            State::Ignored("the echo of a message sent through Waapify")
        }
        (Chat::Person(person), _) if person.phone.as_deref() == Some(number) => {
            State::Ignored("a note of the business to itself")
        }
        (Chat::Person(_), _) if text.is_none() => State::Ignored("it says nothing"),
        (Chat::Person(person), _) if person.phone.is_none() => {
            State::Held("WhatsApp hides the sender's number")
        }
        (Chat::Person(_), _) => State::Accepted,
    })
}

fn sent_at(message: &Message, received_at: OffsetDateTime) -> OffsetDateTime {
    let believable = message.sent_at.filter(|at| *at <= received_at + MAX_AHEAD);
    believable.unwrap_or(received_at)
}
