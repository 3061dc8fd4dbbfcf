//! Turns a [`Message`] into the text that a person reads in an SMS-style thread.
//!
//! Owns every word that the service adds: they are in square brackets, and an answered message is behind `> `. What
//! the customer wrote is never changed, only cut at [`MAX_WORDS`].

use crate::{Ad, Call, CallOutcome, Content, Kind, Marks, Message, SealedKind, fields};

/// What happened to the file of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFate<'a> {
    /// The file was not fetched: the line says what it is and sends the reader to the phone.
    None,
    /// The file is attached to the same message: no line mentions it.
    Attached,
    /// The file can be opened at this address, which gets a line of its own.
    Linked(&'a str),
    /// The file could not be fetched. This ends the line: why, and what to do.
    Missing(&'a str),
}

/// Longest quote, in characters: enough to recognise a message, and still one line.
const MAX_QUOTE: usize = 80;

/// Most characters of the customer's text. WhatsApp's apps take 65,536 in one message, so nothing that a person wrote
/// is cut. Only a program makes longer text, and the cut is marked.
const MAX_WORDS: usize = 65_536;
const CUT: &str = "… [cut here: open WhatsApp on the phone to see the rest]";

const ON_THE_PHONE: &str = " — open WhatsApp on the phone to see it";
/// What stands in place of a text of which nothing can be seen.
const EMPTY: &str = "[Empty message]";
const BEFORE_IT_GOES: &str = " before it disappears";

/// The label of a kind, and whether the reader is sent to the phone for it.
const fn wording(kind: Kind) -> (&'static str, Phone) {
    match kind {
        Kind::Image => ("Image", Phone::File),
        Kind::Video => ("Video", Phone::File),
        Kind::Gif => ("GIF", Phone::File),
        Kind::VideoNote => ("Video note", Phone::File),
        Kind::VoiceNote => ("Voice message", Phone::File),
        Kind::Audio => ("Audio", Phone::File),
        Kind::Document => ("Document", Phone::File),
        Kind::Sticker => ("Sticker", Phone::File),
        Kind::Location => ("Location", Phone::Unless),
        Kind::LiveLocation => ("Live location", Phone::Unless),
        Kind::Contact => ("Contact card", Phone::Unless),
        Kind::Poll => ("Poll", Phone::Unless),
        Kind::PollVote => ("Poll vote", Phone::Always),
        Kind::Order => ("Order", Phone::Always),
        Kind::Product => ("Product", Phone::Unless),
        Kind::GroupInvite => ("Group invitation", Phone::Always),
        Kind::ChannelInvite => ("Channel invitation", Phone::Always),
        Kind::Reaction => ("Reaction", Phone::Never),
        Kind::Call => ("Call", Phone::Never),
        Kind::Event => ("Event", Phone::Unless),
        Kind::EventReply => ("Answer to an event", Phone::Always),
        Kind::Form => ("Form", Phone::Never),
        Kind::Payment => ("Payment", Phone::Unless),
        Kind::PhoneRequest => ("Asks for your phone number", Phone::Never),
        Kind::Album => ("Album", Phone::Never),
        Kind::Other => ("Message", Phone::Always),
    }
}

/// When the reader is sent to the phone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phone {
    Always,
    Never,
    /// Unless its lines say everything.
    Unless,
    /// Depends on what happened to its file.
    File,
}

/// The text to show for this message. `about` is the text of the message that [`Message::about`] names, if the caller
/// knows it; a quote in the message itself is preferred. Never blank. `None` if there is nothing to show: key
/// exchange, an empty text, an album (its pictures follow as messages), or an attached file without a text.
///
/// The lines are: `> the answered message`, `[what it is] its text`, further lines, a link to the file, the ad.
#[must_use]
pub fn text_of(message: &Message, about: Option<&str>, file: FileFate<'_>) -> Option<String> {
    let (label, words, lines) = said(message, file)?;
    let forwarded = message.marks.forwarded.then(|| "[Forwarded]".to_owned());
    let first: Vec<String> = [forwarded, label, words.map(shortened)]
        .into_iter()
        .flatten()
        .collect();
    let link = match file {
        FileFate::Linked(link) if has_file(&message.content) => Some(link.to_owned()),
        _ => None,
    };
    let quote = message.quote.clone().or_else(|| about.and_then(quote));
    let mut all = Vec::from_iter(quote.map(|quote| format!("> {quote}")));
    all.extend((!first.is_empty()).then(|| first.join(" ")));
    all.extend_from_slice(lines);
    all.extend(link);
    all.extend(message.ad.as_ref().map(ad));
    (!all.is_empty()).then(|| all.join("\n"))
}

/// The label, the text and the further lines of a message; `None` if it says nothing.
fn said<'a>(
    message: &'a Message,
    file: FileFate<'_>,
) -> Option<(Option<String>, Option<&'a str>, &'a [String])> {
    let label = |text: &str| Some(text.to_owned());
    Some(match &message.content {
        // The contact from an ad is worth showing even before the customer writes anything.
        Content::Text(text) if message.ad.is_some() && text.trim().is_empty() => (None, None, &[]),
        Content::Text(text) if text.is_empty() => return None,
        Content::Text(text) if fields::is_unseen(text) => (label(EMPTY), None, &[]),
        Content::Text(text) => (None, Some(text), &[]),
        Content::NotText {
            kind: Kind::Album, ..
        }
        | Content::Noise => return None,
        Content::NotText { caption, lines, .. } => {
            let caption = caption.as_deref();
            let seen = caption.filter(|caption| !fields::is_unseen(caption));
            (line(message, file), seen, lines)
        }
        Content::Edited(content) => match &**content {
            Content::Text(text) if fields::is_unseen(text) => {
                (Some(format!("[Edited] {EMPTY}")), None, &[])
            }
            Content::Text(text) => (label("[Edited]"), Some(text), &[]),
            Content::NotText {
                caption: Some(caption),
                ..
            } => (label("[Edited]"), Some(caption), &[]),
            content => (Some(format!("[Edited] {}", plain(content))), None, &[]),
        },
        Content::Deleted => (label("[Message deleted]"), None, &[]),
        Content::Sealed(sealed) => {
            let what = changed(sealed.kind);
            (Some(format!("[{what}{ON_THE_PHONE}]")), None, &[])
        }
        Content::Undecrypted => {
            let what = view_once("Message that cannot be read here", message.marks);
            (Some(format!("[{what}{ON_THE_PHONE}]")), None, &[])
        }
    })
}

/// What an encrypted change did.
const fn changed(kind: SealedKind) -> &'static str {
    match kind {
        SealedKind::Edit => "Message edited",
        SealedKind::Event => "Event changed",
        SealedKind::Poll => "Poll changed",
        SealedKind::Other => "Message changed",
    }
}

/// The label of a message that is more than text, in brackets. `None` if its attached file says everything.
fn line(message: &Message, file: FileFate<'_>) -> Option<String> {
    let Content::NotText { kind, lines, .. } = &message.content else {
        return None;
    };
    let marks = message.marks;
    let (_, phone) = wording(*kind);
    let disappearing = if marks.disappearing {
        BEFORE_IT_GOES
    } else {
        ""
    };
    let on_the_phone = format!("{ON_THE_PHONE}{disappearing}");
    let hint = match (phone, file) {
        (Phone::File, FileFate::Attached) => {
            return marks.view_once.then(|| "[View once]".to_owned());
        }
        (Phone::File, FileFate::Linked(_)) | (Phone::Never, _) => String::new(),
        (Phone::File, FileFate::Missing(why)) => format!(" — {why}"),
        (Phone::Unless, _) if !lines.is_empty() => String::new(),
        _ => on_the_phone,
    };
    let name = view_once(&name(&message.content), marks);
    Some(format!("[{name}{hint}]"))
}

fn view_once(name: &str, marks: Marks) -> String {
    let mark = if marks.view_once { ", view once" } else { "" };
    format!("{name}{mark}")
}

/// A kind with its title: `Voice message 0:12`, `Document: IC.pdf`.
fn name(content: &Content) -> String {
    let Content::NotText {
        kind,
        title,
        caption,
        ..
    } = content
    else {
        return String::new();
    };
    let (name, _) = wording(*kind);
    match (kind, title) {
        (Kind::Reaction, _) if caption.is_none() => "Reaction removed".to_owned(),
        (_, None) => name.to_owned(),
        (
            Kind::Video | Kind::Gif | Kind::VideoNote | Kind::VoiceNote | Kind::Audio,
            Some(length),
        ) => {
            format!("{name} {length}")
        }
        (_, Some(title)) => format!("{name}: {title}"),
    }
}

fn has_file(content: &Content) -> bool {
    matches!(content, Content::NotText { kind, .. } if wording(*kind).1 == Phone::File)
}

/// The text of a content alone, without a hint to open the phone.
pub(super) fn plain(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::NotText { caption, .. } => {
            let words = caption
                .as_ref()
                .map_or_else(String::new, |caption| format!(" {caption}"));
            format!("[{}]{words}", name(content))
        }
        Content::Edited(content) => plain(content),
        Content::Deleted | Content::Sealed(_) | Content::Undecrypted | Content::Noise => {
            String::new()
        }
    }
}

/// A content as one short line, for recognising it.
pub(super) fn brief(content: &Content) -> Option<String> {
    fields::one_line(&plain(content), MAX_QUOTE)
}

/// A text of this service as one short line, without its own quote and without a hint to open the phone.
fn quote(text: &str) -> Option<String> {
    let own: Vec<&str> = text
        .lines()
        .skip_while(|line| line.starts_with("> "))
        .collect();
    let own = if own.is_empty() {
        text.to_owned()
    } else {
        own.join(" ")
    };
    let own = own.replace(BEFORE_IT_GOES, "").replace(ON_THE_PHONE, "");
    fields::one_line(&own, MAX_QUOTE)
}

fn shortened(words: &str) -> String {
    match words.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{}{CUT}", &words[..end]),
        None => words.to_owned(),
    }
}

/// The line of the ad. The address is last and stands alone, so that it can be clicked.
fn ad(ad: &Ad) -> String {
    let id = ad.source_id.as_ref().map(|id| format!("id {id}"));
    let click = ad.click_id.as_ref().map(|click| format!("click {click}"));
    let parts: Vec<String> = [ad.title.clone(), id, click]
        .into_iter()
        .flatten()
        .collect();
    let label = if parts.is_empty() {
        "[From an ad]".to_owned()
    } else {
        format!("[From an ad: {}]", parts.join(", "))
    };
    [Some(label), ad.url.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A message of a group, with a first line that names the writer, because GHL's contact stands for the whole group.
/// Of a phone number the last four digits are shown; a LID is not shown, because it means nothing to a reader.
#[must_use]
pub fn group_text(message: &Message, text: Option<&str>) -> String {
    let phone = message
        .sender
        .as_ref()
        .and_then(|sender| sender.phone.as_deref());
    let end = phone.and_then(|phone| phone.get(phone.len().saturating_sub(4)..));
    let named = message.sender_name.clone();
    let name = named.or_else(|| end.map(|end| format!("…{end}")));
    let name = name.as_deref().unwrap_or("Someone");
    match text {
        Some(text) => format!("[{name}]\n{text}"),
        None => format!("[{name}]"),
    }
}

/// The text of a call, for one of its steps.
#[must_use]
pub fn call_text(call: &Call) -> String {
    let group = if call.is_group { "group " } else { "" };
    let kind = if call.is_video { "video" } else { "voice" };
    let call_of = format!("WhatsApp {group}{kind} call");
    match call.outcome {
        CallOutcome::Offered => format!("[Incoming {call_of}]"),
        CallOutcome::Accepted => format!("[Answered {call_of}]"),
        CallOutcome::Declined => format!("[Declined {call_of}]"),
        CallOutcome::Missed => format!("[Missed {call_of}]"),
        CallOutcome::Unanswered => format!("[Unanswered {call_of}]"),
        CallOutcome::Ended => format!("[Ended {call_of}]"),
        CallOutcome::Other => format!("[{call_of}]"),
    }
}
