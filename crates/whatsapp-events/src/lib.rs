//! What a Waapify webhook says, in our words. Pure: no clock, no network, no database.
//!
//! - `envelope`: the three body shapes and the event names → one list of events
//! - `message`:  one item of an upsert → [`Message`], and an edit or a revoke in either of its forms
//! - `update`:   one item of an update → [`Receipt`]
//! - `call`:     calls, in either of their forms → [`Call`]
//! - `contact`:  address book and group news → [`ContactNews`], [`GroupNews`]
//! - `jid`:      WhatsApp addresses → who and where
//! - `content`:  a `message` object → [`Content`] and what lies around it: quote, ad, file
//! - `kinds`:    the table of message kinds; a new kind goes there, and what to read in it to `details`
//! - `vcard`:    contact cards → lines
//! - `wording`:  [`Message`] → what a person reads
//! - `media`:    a message's file on WhatsApp's servers; `file` reads it
//! - `fields`:     reading values whose encoding differs from build to build
//! - `types`:    our words themselves
//!
//! It owns every assumption about what Baileys writes. It refuses to decide what becomes of an event
//! (that is the relay's), to remember anything between two bodies, and to print what people write:
//! the `Debug` of these types shows ids and kinds, never text, names, phone numbers or addresses.

mod call;
mod contact;
mod content;
mod details;
mod envelope;
mod fields;
mod file;
mod jid;
pub mod json;
mod kinds;
mod media;
mod message;
mod receipt_level;
mod types;
mod update;
mod vcard;
mod wording;

use std::fmt;

pub use envelope::parse;
pub use jid::phone_of_jid;
pub use kinds::Kind;
pub use media::{Decryptor, FileType, KnownType, MediaError, MediaFile, MediaKeys, UNKNOWN_TYPE};
pub use types::{
    Ad, Call, CallOutcome, Chat, ContactNews, Content, GroupNews, Marks, Message, Origin, Person,
    Receipt, ReceiptLevel,
};
pub use wording::{FileFate, call_text, group_text, text_of};

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
    Message(Box<Message>),
    /// What became of a message of ours.
    Receipt(Receipt),
    /// A call, or one step of it. The same call comes several times, in no sure order.
    Call(Call),
    /// What the phone's address book or WhatsApp tells of a person.
    Contact(ContactNews),
    /// What a group is called.
    Group(GroupNews),
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
    /// A line about a group: joined, left, renamed.
    GroupNotice,
    /// Any other line WhatsApp itself writes into a chat.
    SystemNotice,
    /// Address book news that names nobody anew.
    Contacts,
    /// Group news other than a name.
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
