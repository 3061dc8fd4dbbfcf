//! Reads Baileys' `message` object into [`Said`].
//!
//! Owns wrappers, edits, revokes, and what accompanies a message: quote, ad, marks. Text is in `words`, kinds that are
//! more than text in `kinds`, the messages of programs in `rich`, and the wording in `wording`.

use serde_json::Value;

use crate::sealed::Sealed;
use crate::{
    Ad, Content, Kind, Marks, MediaFile, Person, Twin, fields, jid, kinds, rich, twin, wording,
    words,
};

/// The content of a `message` object. The fields are those of [`crate::Message`].
#[derive(Default)]
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) file: Option<MediaFile>,
    pub(super) about: Option<String>,
    pub(super) quote: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) ad: Option<Ad>,
    pub(super) marks: Marks,
    pub(super) mentions: Vec<Person>,
    pub(super) secret: Option<[u8; 32]>,
    pub(super) twin: Option<Twin>,
}

/// How many wrappers are removed. The most ever seen are five.
const MAX_WRAPPERS: usize = 10;

/// Fields that accompany a message and do not tell its kind.
const COMPANIONS: &[&str] = &[
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
];

/// Fields that no person wrote, or that cannot be read. `protocolMessage` is checked for edits and revokes first.
const NOISE: &[&str] = &[
    "protocolMessage",
    "encReactionMessage",
    "keepInChatMessage",
    "messageHistoryBundle",
    "messageHistoryNotice",
    "pinInChatMessage",
    "stickerSyncRmrMessage",
];

/// Where a vote, an answer or a reaction names its target. A reply names it in its context.
const ABOUT: &[&str] = &[
    "/pollCreationMessageKey/id",
    "/eventCreationMessageKey/id",
    "/key/id",
];

/// Where a field of an unknown kind may hold text.
const PERHAPS_WORDS: &[&str] = &["/caption", "/text", "/body/text", "/contentText"];

/// Reads the `message` object of an item. Some builds write what accompanies it beside it.
pub(super) fn read_item(item: &Value) -> Option<Said> {
    let said = read_within(item.get("message")?, item.get("messageContextInfo"))?;
    let secret = || fields::bytes32(item.get("messageSecret"));
    Some(Said {
        secret: said.secret.or_else(secret),
        ..said
    })
}

/// Reads a `message` object. `None` if it is `null`, empty, or not an object.
pub(super) fn read(message: &Value) -> Option<Said> {
    read_within(message, None)
}

/// `companion`: what stands beside the message and belongs to it.
fn read_within(message: &Value, companion: Option<&Value>) -> Option<Said> {
    let mut layers = Layers {
        companions: companion.into_iter().collect(),
        ..Layers::default()
    };
    let Some(message) = layers.remove(message) else {
        return Some(Said {
            content: other(None),
            marks: layers.marks,
            ..Said::default()
        });
    };
    let fields = message.as_object()?;
    if fields.values().all(Value::is_null) {
        return None;
    }
    if let Some(change) = message.get("protocolMessage").and_then(edit_or_revoke) {
        return Some(change);
    }
    if let Some(change) = message.get("secretEncryptedMessage").and_then(sealed) {
        return Some(change);
    }
    let (content, file, body) = kinds::find(message)
        .or_else(|| rich::find(message))
        .or_else(|| words::find(message))
        .unwrap_or_else(|| unknown(message));
    let around = context(message);
    let mut marks = layers.marks;
    marks.view_once |= fields::flag(body.get("viewOnce"));
    marks.disappearing |= fields::integer(around.get("expiration")).is_some_and(|left| left > 0);
    marks.forwarded |= fields::flag(around.get("isForwarded"));
    let about = ABOUT
        .iter()
        .find_map(|pointer| fields::name(body.pointer(pointer)));
    Some(Said {
        about: about.or_else(|| fields::name(around.get("stanzaId"))),
        quote: quote(around),
        choice: words::choice(body),
        ad: around.get("externalAdReply").and_then(ad),
        mentions: mentions(around),
        secret: layers.find(|companion| fields::bytes32(companion.get("messageSecret"))),
        twin: layers
            .find(|companion| twin::read(companion, around))
            .or_else(|| twin::read(&Value::Null, around)),
        content,
        file,
        marks,
    })
}

/// Most people whose mention is read. A text that names more is a list of all members.
const MAX_MENTIONS: usize = 64;

/// The people that a text names as `@` and digits.
fn mentions(around: &Value) -> Vec<Person> {
    let named = around.get("mentionedJid").and_then(Value::as_array);
    let named = named.into_iter().flatten().take(MAX_MENTIONS);
    named
        .filter_map(|one| jid::person_of(&fields::name(Some(one))?))
        .collect()
}

/// A change that is encrypted for the phones that know the changed message.
fn sealed(body: &Value) -> Option<Said> {
    body.is_object().then(|| Said {
        content: Content::Sealed(Box::new(Sealed::read(body))),
        about: fields::name(body.pointer("/targetMessageKey/id")),
        ..Said::default()
    })
}

const fn other(caption: Option<String>) -> Content {
    Content::NotText {
        kind: Kind::Other,
        title: None,
        caption,
        lines: Vec::new(),
    }
}

/// What surrounds a message: the meaning of its wrappers, and the companions at each level.
#[derive(Default)]
struct Layers<'a> {
    marks: Marks,
    companions: Vec<&'a Value>,
}

impl<'a> Layers<'a> {
    /// The message without its wrappers. `None` if there are more than [`MAX_WRAPPERS`].
    fn remove(&mut self, message: &'a Value) -> Option<&'a Value> {
        let mut message = message;
        for _ in 0..=MAX_WRAPPERS {
            self.companions.extend(message.get("messageContextInfo"));
            match wrapped(message) {
                Some((wrapper, inner)) => {
                    self.marks.view_once |= wrapper.starts_with("viewOnceMessage");
                    self.marks.disappearing |= wrapper == "ephemeralMessage";
                    // An answer of Meta AI that somebody passes on.
                    self.marks.forwarded |= wrapper == "botForwardedMessage";
                    message = inner;
                }
                None => return Some(message),
            }
        }
        None
    }

    /// What one of the companions says, the outermost first.
    fn find<T>(&self, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        self.companions.iter().find_map(|companion| read(companion))
    }
}

/// The message inside a wrapper, which is any field that holds an object `message`. Known wrappers are
/// `ephemeralMessage`, `viewOnceMessage` (`V2`, `V2Extension`), `documentWithCaptionMessage`,
/// `editedMessage`, `associatedChildMessage`, `groupStatusMessage` (`V2`), `deviceSentMessage`,
/// `lottieStickerMessage`, `pollCreationMessageV4`, `botForwardedMessage`. The name is not checked, because WhatsApp adds a wrapper
/// every few months, always in this form.
fn wrapped(message: &Value) -> Option<(&str, &Value)> {
    let fields = message.as_object()?.iter();
    fields
        .filter(|(field, _)| !COMPANIONS.contains(&field.as_str()))
        .find_map(|(field, body)| {
            let inner = body.get("message").filter(|inner| inner.is_object())?;
            Some((field.as_str(), inner))
        })
}

/// An edit or a revoke; its type is a number or a name (`ProtocolMessage.Type`). Only the id of its `key` is used:
/// the other fields of the key are written from the sender's point of view.
fn edit_or_revoke(protocol: &Value) -> Option<Said> {
    let kind = protocol.get("type");
    let content = match (fields::integer(kind), fields::text(kind).as_deref()) {
        (Some(0), _) | (_, Some("REVOKE")) => Content::Deleted,
        (Some(14), _) | (_, Some("MESSAGE_EDIT")) => edited(protocol.get("editedMessage")),
        _ => return None,
    };
    Some(Said {
        content,
        about: fields::name(protocol.pointer("/key/id")),
        ..Said::default()
    })
}

/// The new content of an edited message. Its file, if any, is the one that came with the first version.
pub(super) fn edited(message: Option<&Value>) -> Content {
    match message.and_then(read).map(|said| said.content) {
        Some(edited @ Content::Edited(_)) => edited,
        Some(content @ (Content::Text(_) | Content::NotText { .. })) => {
            Content::Edited(Box::new(content))
        }
        _ => Content::Edited(Box::new(other(None))),
    }
}

/// The `contextInfo` of the first field that has one.
fn context(message: &Value) -> &Value {
    let fields = message.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| !COMPANIONS.contains(&field.as_str()))
        .find_map(|(_, body)| {
            body.get("contextInfo")
                .filter(|context| context.is_object())
        })
        .unwrap_or(&Value::Null)
}

/// The message that this one answers, in one line.
fn quote(context: &Value) -> Option<String> {
    let quoted = context.get("quotedMessage").and_then(read)?;
    let quote = wording::brief(&quoted.content)?;
    let is_status = context.get("remoteJid").and_then(Value::as_str) == Some("status@broadcast");
    Some(if is_status {
        format!("[Status] {quote}")
    } else {
        quote
    })
}

/// Longest address of an ad, in bytes; the same limit as in `file`.
const MAX_ADDRESS: usize = 2048;
/// Longest id of an ad or click, in bytes. Click ids are about 100.
const MAX_AD_ID: usize = 512;

/// The ad that led the customer here. `None` for link previews of bots, which use the same field without a source.
fn ad(reply: &Value) -> Option<Ad> {
    let source_id = fields::token(reply.get("sourceId"), MAX_AD_ID);
    let click_id = fields::token(reply.get("ctwaClid"), MAX_AD_ID);
    let led_here = source_id.is_some()
        || click_id.is_some()
        || fields::text(reply.get("sourceType")).is_some();
    led_here.then(|| Ad {
        title: fields::title(reply, &["/title", "/body"]),
        url: fields::token(reply.get("sourceUrl"), MAX_ADDRESS)
            .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        source_id,
        click_id,
    })
}

/// A message without a known field: noise, or something to look at on the phone, with any text that it may hold.
fn unknown(message: &Value) -> (Content, Option<MediaFile>, &Value) {
    let fields = message.as_object().into_iter().flatten();
    let said = fields
        .filter(|(field, body)| !body.is_null() && !COMPANIONS.contains(&field.as_str()))
        .find(|(field, _)| !NOISE.contains(&field.as_str()));
    match said {
        None => (Content::Noise, None, &Value::Null),
        Some((_, body)) => (other(fields::first_text(body, PERHAPS_WORDS)), None, body),
    }
}
