//! What a message says: Baileys' `message` object → [`Content`] → what a person reads.
//!
//! Owns: wrappers, the names of all message kinds, and their wording. Adding a kind is done
//! here, in three neighbouring places: the enum [`Kind`], a row of [`KINDS`], a line of [`wording`].
//! Refuses: media bytes, and who wrote the message.

use super::{Content, json};
use serde_json::Value;

/// What a `message` object turned out to be.
pub(super) enum Reading {
    /// `null`, empty, or not an object.
    Absent,
    /// A new text for an older message.
    Edited,
    /// An older message taken back.
    Deleted,
    /// Everything else.
    Content(Content),
}

/// How many wrappers are taken off. Five is the most ever seen; twice that costs nothing.
const MAX_WRAPPERS: usize = 10;

/// Fields that travel beside a message and say nothing about its kind.
const COMPANIONS: &[&str] = &[
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
];

/// Fields that nobody wrote, or that cannot be read. `protocolMessage` is looked at before.
const NOISE: &[&str] = &[
    "protocolMessage",
    "encReactionMessage",
    "keepInChatMessage",
    "messageHistoryBundle",
    "messageHistoryNotice",
    "pinInChatMessage",
    "secretEncryptedMessage",
    "stickerSyncRmrMessage",
];

/// Fields that are words: where the words are, best first.
const TEXTS: &[(&str, &[&str])] = &[
    ("extendedTextMessage", &["/text"]),
    (
        "buttonsResponseMessage",
        &["/selectedDisplayText", "/selectedButtonId"],
    ),
    (
        "listResponseMessage",
        &["/title", "/singleSelectReply/selectedRowId"],
    ),
    (
        "templateButtonReplyMessage",
        &["/selectedDisplayText", "/selectedId"],
    ),
    ("interactiveResponseMessage", &["/body/text"]),
    (
        "templateMessage",
        &[
            "/hydratedTemplate/hydratedContentText",
            "/hydratedFourRowTemplate/hydratedContentText",
            "/fourRowTemplate/hydratedContentText",
            "/fourRowTemplate/contentText",
            "/fourRowTemplate/content",
            "/interactiveMessageTemplate/body/text",
            "/hydratedTemplate/hydratedTitleText",
            "/hydratedFourRowTemplate/hydratedTitleText",
        ],
    ),
    ("buttonsMessage", &["/contentText", "/text"]),
    ("listMessage", &["/description", "/title"]),
    ("interactiveMessage", &["/body/text", "/header/title"]),
    ("conversation", &[""]),
];

/// What a message is when it is more than words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    Image,
    Video,
    Gif,
    VideoNote,
    VoiceNote,
    Audio,
    Document,
    Sticker,
    Location,
    LiveLocation,
    Contact,
    Poll,
    PollVote,
    Order,
    Product,
    GroupInvite,
    Reaction,
    Call,
    Event,
    /// Announces pictures that follow as messages of their own.
    Album,
    Other,
}

/// One field that is more than words.
struct Row {
    field: &'static str,
    /// The row holds only if this flag of the field is set. Rows are tried in order.
    flag: Option<&'static str>,
    kind: Kind,
    /// Where its title is, best first.
    title: &'static [&'static str],
    /// Where its caption is, best first.
    caption: &'static [&'static str],
}

impl Row {
    const fn new(field: &'static str, kind: Kind) -> Self {
        Self {
            field,
            flag: None,
            kind,
            title: &[],
            caption: &["/caption"],
        }
    }

    const fn if_set(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn title(self, title: &'static [&'static str]) -> Self {
        Self { title, ..self }
    }

    const fn caption(self, caption: &'static [&'static str]) -> Self {
        Self { caption, ..self }
    }
}

/// Fields that are more than words. The first row that holds wins.
const KINDS: &[Row] = &[
    Row::new("imageMessage", Kind::Image),
    Row::new("videoMessage", Kind::Gif).if_set("gifPlayback"),
    Row::new("videoMessage", Kind::Video),
    Row::new("ptvMessage", Kind::VideoNote),
    Row::new("audioMessage", Kind::VoiceNote).if_set("ptt"),
    Row::new("audioMessage", Kind::Audio),
    Row::new("documentMessage", Kind::Document).title(&["/fileName", "/title"]),
    Row::new("stickerMessage", Kind::Sticker),
    Row::new("stickerPackMessage", Kind::Sticker).title(&["/name"]),
    Row::new("locationMessage", Kind::LiveLocation)
        .if_set("isLive")
        .caption(&["/comment"]),
    Row::new("locationMessage", Kind::Location)
        .title(&["/name", "/address"])
        .caption(&["/comment"]),
    Row::new("liveLocationMessage", Kind::LiveLocation),
    Row::new("contactMessage", Kind::Contact).title(&["/displayName"]),
    Row::new("contactsArrayMessage", Kind::Contact).title(&["/displayName"]),
    Row::new("pollCreationMessage", Kind::Poll).title(&["/name"]),
    Row::new("pollCreationMessageV2", Kind::Poll).title(&["/name"]),
    Row::new("pollCreationMessageV3", Kind::Poll).title(&["/name"]),
    Row::new("pollCreationMessageV5", Kind::Poll).title(&["/name"]),
    Row::new("pollResultSnapshotMessage", Kind::Poll).title(&["/name"]),
    Row::new("pollUpdateMessage", Kind::PollVote),
    Row::new("orderMessage", Kind::Order)
        .title(&["/orderTitle"])
        .caption(&["/message"]),
    Row::new("productMessage", Kind::Product)
        .title(&["/product/title", "/catalog/title"])
        .caption(&["/body", "/product/description"]),
    Row::new("groupInviteMessage", Kind::GroupInvite).title(&["/groupName"]),
    Row::new("reactionMessage", Kind::Reaction).caption(&["/text"]),
    Row::new("call", Kind::Call),
    // The misspelling is WhatsApp's.
    Row::new("callLogMesssage", Kind::Call),
    Row::new("scheduledCallCreationMessage", Kind::Call).title(&["/title"]),
    Row::new("eventMessage", Kind::Event).title(&["/name"]),
    Row::new("albumMessage", Kind::Album),
];

/// How a kind is called, and whether the reader is sent to the phone. `None`: nothing is shown.
const fn wording(kind: Kind) -> Option<(&'static str, bool)> {
    Some(match kind {
        Kind::Image => ("Image", true),
        Kind::Video => ("Video", true),
        Kind::Gif => ("GIF", true),
        Kind::VideoNote => ("Video note", true),
        Kind::VoiceNote => ("Voice message", true),
        Kind::Audio => ("Audio", true),
        Kind::Document => ("Document", true),
        Kind::Sticker => ("Sticker", true),
        Kind::Location => ("Location", true),
        Kind::LiveLocation => ("Live location", true),
        Kind::Contact => ("Contact card", true),
        Kind::Poll => ("Poll", true),
        Kind::PollVote => ("Poll vote", true),
        Kind::Order => ("Order", true),
        Kind::Product => ("Product", true),
        Kind::GroupInvite => ("Group invitation", true),
        Kind::Reaction => ("Reaction", false),
        Kind::Call => ("Call", true),
        Kind::Event => ("Event", true),
        // Each of its pictures has a line of its own.
        Kind::Album => return None,
        Kind::Other => ("Message", true),
    })
}

/// Ends the line of everything that this thread cannot show.
const ON_THE_PHONE: &str = " — open WhatsApp on the phone to see it";

/// What a person reading an SMS-style thread should see for this content. Never blank; `None` if
/// there is nothing to show.
#[must_use]
pub fn text_of(content: &Content) -> Option<String> {
    match content {
        Content::Text(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Content::NotText {
            kind,
            title,
            caption,
        } => {
            let (name, on_the_phone) = wording(*kind)?;
            let title = title
                .as_ref()
                .map_or_else(String::new, |title| format!(": {title}"));
            let caption = caption
                .as_ref()
                .map_or_else(String::new, |caption| format!(" {caption}"));
            let hint = if on_the_phone { ON_THE_PHONE } else { "" };
            Some(format!("[{name}{title}]{caption}{hint}"))
        }
        Content::Undecrypted | Content::Noise => None,
    }
}

/// Reads a `message` object.
pub(super) fn read(message: &Value) -> Reading {
    let Some(message) = unwrapped(message) else {
        return Reading::Content(not_text(Kind::Other));
    };
    let Some(fields) = message.as_object() else {
        return Reading::Absent;
    };
    let mut said = fields
        .iter()
        .filter(|(_, body)| !body.is_null())
        .map(|(field, _)| field.as_str())
        .peekable();
    if said.peek().is_none() {
        return Reading::Absent;
    }
    if let Some(reading) = message.get("protocolMessage").and_then(edit_or_revoke) {
        return reading;
    }
    Reading::Content(
        if let Some(content) = more_than_words(message).or_else(|| words(message)) {
            content
        } else if said.all(|field| COMPANIONS.contains(&field) || NOISE.contains(&field)) {
            Content::Noise
        } else {
            not_text(Kind::Other)
        },
    )
}

const fn not_text(kind: Kind) -> Content {
    Content::NotText {
        kind,
        title: None,
        caption: None,
    }
}

/// Takes wrappers off. `None` if there are more than [`MAX_WRAPPERS`].
fn unwrapped(message: &Value) -> Option<&Value> {
    let mut message = message;
    for _ in 0..=MAX_WRAPPERS {
        match wrapped(message) {
            Some(inner) => message = inner,
            None => return Some(message),
        }
    }
    None
}

/// The message inside a wrapper, which is any field holding an object `message`. Known ones:
/// `ephemeralMessage`, `viewOnceMessage` (`V2`, `V2Extension`), `documentWithCaptionMessage`,
/// `editedMessage`, `associatedChildMessage`, `groupStatusMessage` (`V2`), `deviceSentMessage`,
/// `lottieStickerMessage`, `pollCreationMessageV4`. WhatsApp adds one every few months, always of
/// this form, so the form decides and not the name.
fn wrapped(message: &Value) -> Option<&Value> {
    let fields = message.as_object()?.iter();
    fields
        .filter(|(field, _)| !COMPANIONS.contains(&field.as_str()))
        .find_map(|(_, body)| body.get("message").filter(|inner| inner.is_object()))
}

/// An edit or a revoke, as a number or by name (`ProtocolMessage.Type`).
fn edit_or_revoke(protocol: &Value) -> Option<Reading> {
    let kind = protocol.get("type");
    match (json::integer(kind), json::text(kind).as_deref()) {
        (Some(0), _) | (_, Some("REVOKE")) => Some(Reading::Deleted),
        (Some(14), _) | (_, Some("MESSAGE_EDIT")) => Some(Reading::Edited),
        _ => None,
    }
}

fn more_than_words(message: &Value) -> Option<Content> {
    KINDS.iter().find_map(|row| {
        let body = message.get(row.field).filter(|body| !body.is_null())?;
        let holds = row.flag.is_none_or(|flag| json::flag(body.get(flag)));
        holds.then(|| Content::NotText {
            kind: row.kind,
            title: json::first_text(body, row.title),
            caption: json::first_text(body, row.caption),
        })
    })
}

fn words(message: &Value) -> Option<Content> {
    TEXTS.iter().find_map(|(field, pointers)| {
        let body = message.get(field).filter(|body| !body.is_null())?;
        let text = json::first_text(body, pointers).or_else(|| native_flow_choice(body));
        Some(match (text, *field) {
            (Some(text), _) => Content::Text(text),
            (None, "conversation" | "extendedTextMessage") => Content::Text(String::new()),
            // A menu or an answer without words may still mean something on the phone.
            (None, _) => not_text(Kind::Other),
        })
    })
}

/// What was chosen in a native flow, whose answer is JSON inside a string.
fn native_flow_choice(body: &Value) -> Option<String> {
    let params = body.pointer("/nativeFlowResponseMessage/paramsJson")?;
    let parsed = params
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    json::first_text(
        parsed.as_ref().unwrap_or(params),
        &["/display_text", "/title", "/id"],
    )
}
