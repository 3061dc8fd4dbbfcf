//! What a Waapify webhook says, in our words. Pure: no clock, no network, no database.
//!
//! - `envelope`: the three body shapes and the event names → one list of events
//! - `message`:  one item of an upsert → [`Message`]
//! - `update`:   one item of an update → [`Receipt`]
//! - `jid`:      WhatsApp addresses → who and where
//! - `content`:  message kinds → [`Content`], and [`Content`] → what a person reads; a new kind goes there
//! - `media`:    a message's file on WhatsApp's servers
//! - `json`:     reading values whose encoding differs from build to build
//!
//! It owns every assumption about what Baileys writes. It refuses to decide what becomes of an event
//! (that is the relay's), to remember anything between two bodies, and to print what people write:
//! the `Debug` of these types shows ids and kinds, never text, names, phone numbers or addresses.

mod content;
mod envelope;
mod jid;
mod json;
mod media;
mod message;
mod update;

use std::fmt;
use time::OffsetDateTime;

pub use content::{Kind, text_of};
pub use envelope::parse;
pub use jid::phone_of_jid;
pub use media::{Decryptor, FileType, MediaError, MediaFile, MediaKeys};

/// Why a body is no webhook at all. Neither text repeats any of the body.
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    /// Not JSON, or nested deeper than the JSON reader goes (128 levels).
    #[error("the body is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("the body is not a JSON object")]
    NotObject,
}

/// One webhook body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The gateway's name of the WhatsApp session. It proves nothing about the caller.
    pub instance_id: Option<String>,
    /// What the body says, in its order. Never empty: what says nothing is an [`Event::Ignored`].
    pub events: Vec<Event>,
}

/// One thing a body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message, from either side. The same one may come again, with or without content.
    Message(Message),
    /// What became of a message of ours.
    Receipt(Receipt),
    /// A phone was linked (legacy `ready`).
    Linked {
        /// The linked account, if it was named.
        account: Option<Person>,
    },
    /// The phone logged the gateway out (legacy `state`).
    Unlinked,
    /// Anything else. It consumes no message id.
    Ignored {
        /// Why; a fixed phrase.
        what: Reason,
        /// The id of the message or call meant, if it has one.
        id: Option<String>,
    },
}

/// Why something was ignored. Its text is fixed and may be logged and used as a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The body names no event.
    NoEventName,
    /// An event this module has never heard of.
    UnknownEvent,
    /// An event without items.
    NoData,
    /// An item that is no object or has no key.
    Malformed,
    /// A message or update without a usable `key.id`.
    NoId,
    /// A message without a usable `key.remoteJid`.
    NoChat,
    /// A message that carries neither content nor a stub.
    NoContent,
    /// An edit, in either of its two forms.
    Edited,
    /// A revoke, in either of its two forms.
    Deleted,
    /// The line WhatsApp leaves in the chat after a missed call.
    MissedCall,
    /// The `call` event.
    Call,
    /// A line about a group: joined, left, renamed.
    GroupNotice,
    /// Any other line WhatsApp itself writes into a chat.
    SystemNotice,
    /// Address book news.
    Contacts,
    /// Group news.
    Groups,
    /// A connection state other than a logout.
    ConnectionState,
    /// Group receipts and reactions as events of their own.
    OtherMessageEvent,
    /// The business itself read an incoming message.
    ReadByOwner,
    /// An update of a message of ours whose status has no meaning here.
    UnknownStatus,
    /// An update that carries no status: starred, new media links.
    NoStatus,
}

impl Reason {
    /// A short fixed phrase.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoEventName => "body without an event name",
            Self::UnknownEvent => "unknown event",
            Self::NoData => "event without data",
            Self::Malformed => "malformed item",
            Self::NoId => "message without id",
            Self::NoChat => "message without chat",
            Self::NoContent => "message without content",
            Self::Edited => "edited message",
            Self::Deleted => "deleted message",
            Self::MissedCall => "missed call",
            Self::Call => "call",
            Self::GroupNotice => "group notice",
            Self::SystemNotice => "system notice",
            Self::Contacts => "contacts",
            Self::Groups => "groups",
            Self::ConnectionState => "connection state",
            Self::OtherMessageEvent => "other message event",
            Self::ReadByOwner => "read by the owner",
            Self::UnknownStatus => "unknown status",
            Self::NoStatus => "update without status",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One WhatsApp message, from either side.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// `key.id`: at most 128 bytes, no control characters. Unique within a chat side, so de-duplicate
    /// on (instance, id, `from_me`), and only once content was seen.
    pub id: String,
    /// Written by the business's own account.
    pub from_me: bool,
    /// The conversation it belongs to.
    pub chat: Chat,
    /// Who wrote it, where that is known; `None` for our own messages. In a chat with one person, that person.
    pub sender: Option<Person>,
    /// The name the sender gave themselves; `None` for our own messages.
    pub sender_name: Option<String>,
    /// When it was written, to the second. `None` if the body says nothing believable.
    pub sent_at: Option<OffsetDateTime>,
    /// Who wrote it, as far as the body tells.
    pub origin: Origin,
    /// What it says.
    pub content: Content,
    /// The file that came with it.
    pub file: Option<MediaFile>,
}

/// A person, by the two addresses WhatsApp knows. Either may be missing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// Digits with country code, no `+`.
    pub phone: Option<String>,
    /// Digits of the anonymous address `…@lid`.
    pub lid: Option<String>,
}

/// Where a message was written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Chat {
    /// A chat with one person. A broadcast list of theirs that we are on counts as one.
    Person(Person),
    /// A group, by its full address (an old one contains a phone number).
    Group(String),
    /// A broadcast list of ours, or one whose sender is not named.
    Broadcast,
    /// A status ("story").
    Status,
    /// A channel.
    Newsletter,
    /// An address of a kind unknown here, or one that names nobody (WhatsApp's own `0@…`).
    Other,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The other side.
    Customer,
    /// This gateway: our own send, or a bot or campaign of Waapify. Its status is still PENDING.
    OwnEcho,
    /// A human of the business, on the phone or another linked device.
    OwnPhone,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain words, a chosen button or row, a bot's menu. May be blank; see [`text_of`].
    Text(String),
    /// Anything that needs more than words.
    NotText {
        /// What it is.
        kind: Kind,
        /// What it calls itself: a file, a place, a contact, a question.
        title: Option<String>,
        /// What the sender wrote with it; of a reaction, the emoji.
        caption: Option<String>,
    },
    /// Not decrypted yet (stub 2): the same id may return with content, so it must NOT be consumed.
    /// The first message of an ad lead often comes so; the sender is real.
    Undecrypted,
    /// Key exchange, history sync and the like: nobody wrote it.
    Noise,
}

/// What became of a message of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// `key.id` of our message; match on this alone.
    pub id: String,
    /// How far it came. Keep the highest, except that [`ReceiptLevel::Refused`] beats an earlier success.
    pub level: ReceiptLevel,
    /// WhatsApp's number for a refusal, such as `463` (restricted account or new contact). Digits only.
    pub refusal_code: Option<String>,
    /// The conversation, if named.
    pub chat: Option<Chat>,
}

/// How far a message of ours came, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptLevel {
    /// Refused after the gateway had reported success (0).
    Refused,
    /// Waiting for the server (1).
    Pending,
    /// The server has it (2).
    ServerAck,
    /// The customer's phone has it (3).
    Delivered,
    /// Read (4) or played (5).
    Read,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("from_me", &self.from_me)
            .field("chat", &self.chat)
            .field("sender", &self.sender)
            .field("sender_name", &known(self.sender_name.as_ref()))
            .field("sent_at", &self.sent_at)
            .field("origin", &self.origin)
            .field("content", &self.content)
            .field("file", &self.file)
            .finish()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("phone", &known(self.phone.as_ref()))
            .field("lid", &known(self.lid.as_ref()))
            .finish()
    }
}

impl fmt::Debug for Chat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Group(_) => f.write_str("Group"),
            Self::Broadcast => f.write_str("Broadcast"),
            Self::Status => f.write_str("Status"),
            Self::Newsletter => f.write_str("Newsletter"),
            Self::Other => f.write_str("Other"),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::NotText { kind, .. } => write!(f, "NotText({kind:?})"),
            Self::Undecrypted => f.write_str("Undecrypted"),
            Self::Noise => f.write_str("Noise"),
        }
    }
}

/// Stands in for a private value in `Debug`.
fn known<T>(value: Option<&T>) -> fmt::Arguments<'static> {
    if value.is_some() {
        format_args!("known")
    } else {
        format_args!("unknown")
    }
}
