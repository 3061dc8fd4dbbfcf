//! A message that Waapify reports → a row of `inbound`, or the proof that one of ours was sent.
//!
//! Decides which conversation a message belongs to, what GHL will show of it, and whether it is for GHL at all. It must
//! not call a vendor.

use time::{Duration, OffsetDateTime};
use whatsapp_events::{self, Chat, Content, FileFate, Message, Origin, Person, text_of};

use crate::db::contacts::lids::LID_SERVER;
use crate::db::contacts::{lids, phones};
use crate::db::inbound::media::{NewMedia, SLOT, Texts};
use crate::db::inbound::{NewInbound, State, late, quoted, undecrypted};
use crate::db::numbers;
use crate::db::numbers::protection::Of;
use crate::db::numbers::{protection, settings};
use crate::db::outbound::receipts;
use crate::db::webhooks::waapify_events::EventJob;
use crate::model::ids::{ContactId, WaMessageId};
use crate::model::phone_forms;
use crate::model::reason::Step;
use crate::workers::Context;
use crate::workers::inbound::beginnings::BEGAN_ELSEWHERE;
use crate::workers::inbound::early_edits::is_unopened_edit;
use crate::workers::inbound::pairs;
use crate::workers::inbound::pairs::Form;
use crate::workers::inbound::readable::readable;
use crate::workers::inbound::storing::store;
use crate::workers::inbound::{beginnings, early_edits, last_numbers, opt_outs, own_sends};
use crate::workers::inbound_media::{LINK_DAYS, MEDIA_WAIT};
use crate::workers::outbound::plan::country_of;

/// Phones' clocks may be a little ahead. A message from further ahead counts as written when it arrived.
const MAX_AHEAD: Duration = Duration::minutes(10);
/// How long a message that arrived undecrypted waits for its content: WhatsApp sends it again within seconds to
/// minutes, if at all, and after a quarter of an hour the business can still answer.
const CONTENT_WAIT: Duration = Duration::minutes(15);

/// How long an edit that could not be opened waits for its content: a gateway that decrypts edits posts both forms at
/// once, and the messages after it wait as long.
const EDIT_WAIT: Duration = Duration::seconds(5);

/// Records a message once; the same one again, from either side, changes nothing.
pub(in crate::workers) async fn record(
    context: &Context,
    job: &EventJob,
    message: &Message,
) -> sqlx::Result<()> {
    let message = &*readable(context, job, message).await?;
    let mut place = place(context, job, message).await?;
    let form = pairs::form_of(context, job, message, &place.conversation).await?;
    let id = form.id().cloned().unwrap_or_else(|| id_of(message));
    let sent_at = believable(message.sent_at, job.received_at);
    let is_old = is_old(sent_at, job.received_at);
    let moved_from = beginnings::find(context, job, message, place.phone.as_deref()).await?;
    // The line about it must stand in a message that is shown.
    let moved_from = moved_from.filter(|_| !is_old);
    place.began_elsewhere = moved_from.is_some();
    let about = find_about(context, job, message, &place.conversation).await?;
    let about = about.as_deref();
    let answers = find_contact(context, job, message, &place.conversation).await?;
    let text = text_in(job, &place, message, about, FileFate::None);
    let found = find_state(
        context,
        job,
        (message, is_old),
        (&id, &form, &place, text.as_deref()),
    );
    let Some(state) = found.await? else {
        return Ok(());
    };
    let state = match state {
        State::Hidden if beginnings::is_shown(context, job, &place.conversation).await? => {
            place.phone = Some(place.conversation.clone());
            State::Accepted
        }
        state => state,
    };
    let is_ignored = matches!(state, State::Ignored(_));
    let chat = place.conversation.as_str();
    place.changed_number =
        !is_old && last_numbers::note(context, job, message, (chat, &state), sent_at).await?;
    let text = text_in(job, &place, message, about, FileFate::None);
    let texts = Fates::of(job, &place, message, about);
    let file = message.file.as_ref().filter(|_| !is_ignored);
    let new = NewInbound {
        location: &job.location_id,
        number: &job.number,
        wa_message_id: &id,
        from_me: message.from_me,
        conversation: &place.conversation,
        phone: place.phone.as_deref(),
        sender_name: message.sender_name.as_deref(),
        text: text.as_deref().filter(|_| !is_ignored),
        sent_at,
        state,
        is_old,
        call: None,
        media: file.map(|file| NewMedia {
            file,
            until: context.clock.now() + MEDIA_WAIT,
            texts: texts.borrowed(),
            better_of: form.better_of(),
        }),
        edit_secret: message.secret.as_ref().filter(|_| !is_ignored),
        answers: answers.as_ref(),
    };
    let texts = (&form, texts.borrowed());
    let early = store(context, (message, job.id), &new, texts).await?;
    opt_outs::note(context, message, &new).await?;
    note_typed(context, job, &new).await?;
    if let Some(address) = moved_from.filter(|_| !is_ignored) {
        let now = context.clock.now();
        phones::mark_moved(&context.pool, &job.location_id, &address, now).await?;
    }
    context.signals.inbound.notify_one();
    context.signals.inbound_media.notify_one();
    for (event, edit) in early_edits::list(context, job, message, &early).await? {
        // It goes no deeper: edits have no edits.
        Box::pin(record(context, &event, &edit)).await?;
    }
    Ok(())
}

/// Counts a message that was typed on the business's phone: to somebody who never wrote, it takes a place of the day's cap.
async fn note_typed(context: &Context, job: &EventJob, new: &NewInbound<'_>) -> sqlx::Result<()> {
    let is_typed = matches!(
        new.state,
        State::Accepted | State::Later(_) | State::Ignored(Step::PhoneNotMirrored)
    );
    let Some(phone) = new.phone.filter(|_| new.from_me && is_typed && !new.is_old) else {
        return Ok(());
    };
    let of = Of {
        location: &job.location_id,
        number: &job.number,
    };
    let forms = phone_forms::forms(phone);
    protection::note_persons_contact(&context.pool, of, &forms, new.sent_at).await
}

/// The first state of a message; none if it must not be stored.
async fn find_state(
    context: &Context,
    job: &EventJob,
    (message, is_old): (&Message, bool),
    (id, form, place, text): (&WaMessageId, &Form, &Place, Option<&str>),
) -> sqlx::Result<Option<State>> {
    let chat = &place.conversation;
    let is_ours =
        message.from_me && own_sends::confirm(context, job, (message, is_old), chat, id).await?;
    let is_ours = is_ours || message.origin == Origin::OwnEcho;
    let is_theirs = message.from_me && !is_ours;
    let now = context.clock.now();
    let state = enter(message, is_ours, (&job.number, place), text, now);
    Ok(match state {
        Some(State::Accepted | State::Later(_) | State::Hidden)
            if is_theirs && !mirrors_phone(context, job).await? =>
        {
            Some(State::Ignored(Step::PhoneNotMirrored))
        }
        Some(State::Accepted | State::Hidden) if form.is_left_out() => {
            Some(State::Ignored(Step::SecondForm))
        }
        state => state,
    })
}

async fn mirrors_phone(context: &Context, job: &EventJob) -> sqlx::Result<bool> {
    settings::mirrors_phone(&context.pool, &job.location_id, &job.number).await
}

/// The content of a view-once stub never arrives, so it is posted without it, under the stub's id.
fn id_of(message: &Message) -> WaMessageId {
    if message.content == Content::Undecrypted && message.marks.view_once {
        undecrypted::id_of(&message.id)
    } else {
        WaMessageId::from(message.id.as_str())
    }
}

/// The conversation of a message.
#[derive(Default)]
pub(in crate::workers) struct Place {
    /// The chat.
    pub(in crate::workers) conversation: String,
    /// The phone of a person's chat, if known.
    pub(in crate::workers) phone: Option<String>,
    /// It is a group, and its messages go to GHL.
    is_forwarded_group: bool,
    /// It goes on from a contact without a phone, which its next message says.
    began_elsewhere: bool,
    /// Its other side was in touch with another number, which its message says.
    changed_number: bool,
}

async fn place(context: &Context, job: &EventJob, message: &Message) -> sqlx::Result<Place> {
    let (pool, location) = (&context.pool, &job.location_id);
    Ok(match &message.chat {
        Chat::Person(person) => place_of(context, job, person, message.from_me).await?,
        Chat::Group(group) => Place {
            conversation: group.clone(),
            phone: None,
            is_forwarded_group: message.origin == Origin::Customer
                && numbers::forwards_groups(pool, location, &job.number).await?,
            began_elsewhere: false,
            changed_number: false,
        },
        Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Assistant | Chat::Other => {
            Place::default()
        }
    })
}

/// The place of a chat with one person.
pub(in crate::workers) async fn place_of(
    context: &Context,
    job: &EventJob,
    person: &Person,
    from_me: bool,
) -> sqlx::Result<Place> {
    let phone = phone_of(context, job, person, from_me).await?;
    let lid = person.lid.as_ref();
    let hidden = || {
        lid.map(|lid| format!("{lid}{LID_SERVER}"))
            .unwrap_or_default()
    };
    Ok(Place {
        conversation: phone.clone().unwrap_or_else(hidden),
        phone,
        is_forwarded_group: false,
        began_elsewhere: false,
        changed_number: false,
    })
}

/// The phone of a chat's other side: from the message, otherwise the stored one of its LID. Our own message may show
/// our own number together with the other side's LID.
async fn phone_of(
    context: &Context,
    job: &EventJob,
    person: &Person,
    from_me: bool,
) -> sqlx::Result<Option<String>> {
    let own = phone_forms::canonical(&job.number);
    let is_ours = |phone: &String| from_me && *phone == own && person.lid.is_some();
    let phone = person.phone.as_deref().map(phone_forms::canonical);
    match (phone.filter(|phone| !is_ours(phone)), &person.lid) {
        (None, Some(lid)) => lids::find_phone(&context.pool, &job.location_id, lid).await,
        (phone, _) => Ok(phone),
    }
}

/// What GHL shows of a message.
fn text_in(
    job: &EventJob,
    place: &Place,
    message: &Message,
    about: Option<&str>,
    file: FileFate<'_>,
) -> Option<String> {
    let text = text_of(message, about, file);
    // An attached file may need no text except its sender's name in a group.
    let says_something = text.is_some() || file == FileFate::Attached;
    if place.is_forwarded_group && says_something {
        return Some(whatsapp_events::group_text(message, text.as_deref()));
    }
    let number = (place.changed_number).then(|| last_numbers::line(job, message));
    let began = place.began_elsewhere.then(|| BEGAN_ELSEWHERE.to_owned());
    if !says_something || began.is_none() && number.is_none() {
        return text;
    }
    let lines: Vec<_> = [began, number, text].into_iter().flatten().collect();
    Some(lines.join("\n"))
}

/// The text of the message that this one is about, unless it quotes that text itself.
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
    let theirs = quoted::find_text(pool, location, &job.number, conversation, &about).await?;
    if theirs.is_some() {
        return Ok(theirs);
    }
    let ours = receipts::find_sent(pool, location, &job.number, conversation, &about).await?;
    let part = ours.and_then(|sent| own_sends::part_of(&sent, country_of(&job.number)));
    Ok(part.map(|part| part.text).filter(|text| !text.is_empty()))
}

/// GHL's contact of the message that this one is about: where several contacts have one phone, that is the one meant.
async fn find_contact(
    context: &Context,
    job: &EventJob,
    message: &Message,
    conversation: &str,
) -> sqlx::Result<Option<ContactId>> {
    let Some(about) = message.about.as_deref().map(WaMessageId::from) else {
        return Ok(None);
    };
    let (pool, location) = (&context.pool, &job.location_id);
    quoted::find_contact(pool, location, &job.number, conversation, &about).await
}

/// The message's text for each fate of its file.
struct Fates {
    attached: Option<String>,
    linked: Option<String>,
    missing: Option<String>,
}

impl Fates {
    fn of(job: &EventJob, place: &Place, message: &Message, about: Option<&str>) -> Self {
        let link = format!("{SLOT} (opens for {LINK_DAYS} days)");
        let text = |fate| text_in(job, place, message, about, fate);
        Self {
            attached: text(FileFate::Attached),
            linked: text(FileFate::Linked(&link)),
            missing: text(FileFate::Missing(SLOT)),
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

/// The first state of a message. `is_ours`: it was sent through the gateway. None if it must not be stored, because its
/// content may still arrive under the same id or nobody wrote it.
fn enter(
    message: &Message,
    is_ours: bool,
    (number, place): (&str, &Place),
    text: Option<&str>,
    now: OffsetDateTime,
) -> Option<State> {
    if message.content == Content::Noise {
        return None;
    }
    let state = match (&message.chat, message.origin) {
        (Chat::Group(_), _) if !place.is_forwarded_group => State::Ignored(Step::GroupMessage),
        (Chat::Assistant, _) => State::Ignored(Step::Assistant),
        (Chat::Broadcast | Chat::Status | Chat::Newsletter | Chat::Other, _) => {
            State::Ignored(Step::Broadcast)
        }
        _ if is_ours => State::Ignored(Step::OwnEcho),
        (Chat::Person(_), _)
            if place
                .phone
                .as_deref()
                .is_some_and(|phone| phone_forms::is_same(phone, number)) =>
        {
            State::Ignored(Step::NoteToSelf)
        }
        _ if text.is_none() => State::Ignored(Step::SaysNothing),
        (Chat::Person(_), _) if place.phone.is_none() => State::Hidden,
        _ if is_unopened_edit(&message.content) => State::Later(now + EDIT_WAIT),
        (Chat::Person(_) | Chat::Group(_), _) => State::Accepted,
    };
    if message.content != Content::Undecrypted {
        return Some(state);
    }
    match state {
        // The business knows its own messages.
        _ if message.from_me => None,
        State::Accepted | State::Hidden if !message.marks.view_once => {
            Some(State::Undecrypted(now + CONTENT_WAIT))
        }
        State::Ignored(_) => None,
        state => Some(state),
    }
}

/// The time of an event: `said`, unless that is too far ahead.
pub(in crate::workers) fn believable(
    said: Option<OffsetDateTime>,
    received_at: OffsetDateTime,
) -> OffsetDateTime {
    let believable = said.filter(|at| *at <= received_at + MAX_AHEAD);
    believable.unwrap_or(received_at)
}

/// Whether a message is so old on its arrival that a person decides about it. It is the age when Waapify posted it that
/// counts: a message that waited here is not old.
pub(in crate::workers) fn is_old(sent_at: OffsetDateTime, received_at: OffsetDateTime) -> bool {
    received_at - sent_at > late::OLD
}
