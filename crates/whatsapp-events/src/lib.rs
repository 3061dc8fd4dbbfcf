//! Reads the body of a Waapify webhook into this crate's own types. Pure: no clock, no network, no database.
//!
//! - `envelope`: the three body shapes and the event names → one list of events
//! - `message`: one item of `messages.upsert` → [`Message`], also an edit or a revoke
//! - `update`: one item of `messages.update` → [`Receipt`], or an edit or a revoke; `receipt_level` reads its status
//! - `call`: calls, in both of their forms → [`Call`]
//! - `contact`: address book and group events → [`ContactNews`], [`GroupNews`]
//! - `jid`: WhatsApp addresses → [`Person`], [`Chat`]
//! - `content`: a `message` object → [`Content`], with its quote, ad and file
//! - `words`: text that a person wrote or chose; `rich`: menus, templates, payments, and answers of assistants
//! - `sealed`: edits that are encrypted → their new content; `twin`: messages that are another form of one before
//! - `mentions`: the names of the people whom a text mentions
//! - `kinds`: the table of message kinds; `details` reads the fields of each kind, `vcard` contact cards
//! - `wording`: [`Message`] → the text that a person reads
//! - `media`: a message's file on WhatsApp's servers; `file` reads its description
//! - `relay`: a body without what a relay wrapped around it; `shape`: what a body is made of, without its contents
//! - `split`: a body with very many items → several bodies
//! - `fields`: values that builds of the gateway encode differently; `json` repairs damaged JSON
//! - `types`: the types themselves
//!
//! Every assumption about what Baileys writes is in this crate. It decides nothing about an event and remembers
//! nothing between two bodies. `Debug` shows ids and kinds, never texts, names, phone numbers or addresses.

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
mod mentions;
mod message;
mod receipt_level;
mod relay;
mod rich;
mod sealed;
mod shape;
mod split;
mod twin;
mod types;
mod update;
mod vcard;
mod wording;
mod words;

use std::fmt;

pub use envelope::parse;
pub use fields::is_unseen;
pub use jid::{lid_of_jid, phone_of_jid};
pub use kinds::Kind;
pub use media::{Decryptor, FileType, KnownType, MediaError, MediaFile, MediaKeys, UNKNOWN_TYPE};
pub use message::{edit_ids, edit_of_time, edit_without_own_id};
pub use relay::is_readable;
pub use sealed::{Sealed, SealedKind};
pub use shape::shape;
pub use split::split;
pub use twin::Twin;
pub use types::{
    Ad, Call, CallOutcome, Chat, ContactNews, Content, GroupNews, Marks, Message, Origin, Person,
    Receipt, ReceiptLevel,
};
pub use wording::{FileFate, call_text, group_text, text_of};

/// Why a body is not a webhook. The error messages repeat nothing of the body.
#[derive(Debug, thiserror::Error)]
pub enum BadBody {
    /// Not JSON, or nested deeper than 128 levels.
    #[error("the body is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but neither an object nor a list of objects.
    #[error("the body is not a JSON object")]
    NotObject,
    /// An object with more items than are read.
    #[error("the body has too many items")]
    TooManyItems,
}

/// One webhook body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The gateway's id of the WhatsApp session. It proves nothing about the caller.
    pub instance_id: Option<String>,
    /// The events, in the order of the body. Never empty: a body without events gives one [`Event::Ignored`].
    pub events: Vec<Event>,
}

/// One event of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message, from either side. The same message may arrive again, with or without content.
    Message(Box<Message>),
    /// A status of a message that the business sent.
    Receipt(Receipt),
    /// A call, or one step of it. The same call arrives several times, in any order.
    Call(Call),
    /// A name or an address of a person, from the phone's address book or from WhatsApp.
    Contact(ContactNews),
    /// The name of a group.
    Group(GroupNews),
    /// A phone was linked (legacy `ready`).
    Linked {
        /// The linked account, if it was named.
        account: Option<Person>,
    },
    /// The phone logged the gateway out (legacy `state`).
    Unlinked,
    /// Anything else. Its message id is not consumed: the same id may arrive again with content.
    Ignored {
        /// The reason, as a fixed phrase.
        what: Reason,
        /// The id of the message or call that it is about, if there is one.
        id: Option<String>,
    },
}

/// Why an event is ignored. The phrase is fixed, so it may be logged and used as a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The body names no event.
    NoEventName,
    /// An event name that this crate does not know.
    UnknownEvent,
    /// An event without items.
    NoData,
    /// An item that is no object or has no key.
    Malformed,
    /// A message or update without a usable `key.id`.
    NoId,
    /// A message without a usable `key.remoteJid`.
    NoChat,
    /// A message that has neither content nor a stub.
    NoContent,
    /// A line about a group: somebody joined, left or renamed it.
    GroupNotice,
    /// Any other line that WhatsApp itself writes into a chat.
    SystemNotice,
    /// An address book event without a new name or address.
    Contacts,
    /// A group event without a name.
    Groups,
    /// A connection state other than a logout.
    ConnectionState,
    /// Events for group receipts, reactions and the like.
    OtherMessageEvent,
    /// The business read an incoming message.
    ReadByOwner,
    /// An update of a sent message with an unknown status.
    UnknownStatus,
    /// An update without a status, such as a star or a new media link.
    NoStatus,
}

impl Reason {
    /// Whether it means that nobody understood what was posted, so that something of a customer's may be lost.
    #[must_use]
    pub const fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::NoEventName
                | Self::UnknownEvent
                | Self::NoData
                | Self::Malformed
                | Self::NoId
                | Self::NoChat
        )
    }

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
