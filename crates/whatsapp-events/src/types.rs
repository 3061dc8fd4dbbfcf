//! The types of what a webhook says: messages, people, receipts, calls.
//!
//! Says what each field guarantees. `Debug` shows ids and kinds, never texts, names or addresses.

use std::fmt;

use time::OffsetDateTime;

use crate::sealed::Sealed;
use crate::{Kind, MediaFile, Twin};

/// One WhatsApp message, from either side.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// `key.id`: at most 128 bytes, no control characters. Unique only within one side of a chat, so de-duplicate on
    /// (instance, id, `from_me`), and only after the content has arrived. An edit or a revoke gets an id made of the
    /// changed message and its new content: `edit:…`, `revoke:…`.
    pub id: String,
    /// Whether the business's own account wrote it.
    pub from_me: bool,
    /// The conversation it belongs to.
    pub chat: Chat,
    /// The writer, if known; `None` for the business's own messages. In a chat with one person, that person.
    pub sender: Option<Person>,
    /// The name that the sender chose; `None` for the business's own messages.
    pub sender_name: Option<String>,
    /// When it was written, to the second. `None` if the body has no believable time.
    pub sent_at: Option<OffsetDateTime>,
    /// The side that wrote it, as far as the body tells.
    pub origin: Origin,
    /// The content.
    pub content: Content,
    /// The file that belongs to it, if it can be fetched.
    pub file: Option<MediaFile>,
    /// The `key.id` of the message that this one refers to: the answered, changed or revoked message, or the target
    /// of a reaction or vote. The sender chose it, so look it up in this chat only.
    pub about: Option<String>,
    /// The answered message as one short line, if this message carries it.
    pub quote: Option<String>,
    /// The bot's id of the chosen button or row; not a text.
    pub choice: Option<String>,
    /// The ad or post that led the customer here.
    pub ad: Option<Ad>,
    /// The labels that WhatsApp shows on the message.
    pub marks: Marks,
    /// The people that its text names as `@` and the digits of one of their addresses.
    pub mentions: Vec<Person>,
    /// What decrypts later changes of it.
    pub secret: Option<[u8; 32]>,
    /// The message that it is another form of.
    pub twin: Option<Twin>,
}

impl Message {
    /// Whether a phone's app made its id: 32 hexadecimal digits on Android, `3A` and 18 digits on an iPhone. The ids
    /// of gateways and linked computers begin with `BAE5` or `3EB0`.
    #[must_use]
    pub fn has_phone_id(&self) -> bool {
        let id = self.id.as_str();
        let is_shaped = match id.len() {
            32 => !id.starts_with("3EB0") && !id.starts_with("BAE5"),
            20 => id.starts_with("3A"),
            _ => false,
        };
        is_shaped && id.bytes().all(|byte| byte.is_ascii_hexdigit())
    }
}

/// The labels that WhatsApp shows on a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Somebody else wrote it first.
    pub forwarded: bool,
    /// It can be opened only once.
    pub view_once: bool,
    /// It disappears after some days.
    pub disappearing: bool,
}

/// An ad or a post with a "message us on WhatsApp" button. A stranger wrote everything in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Ad {
    /// Its heading.
    pub title: Option<String>,
    /// Its address: http or https, without whitespace.
    pub url: Option<String>,
    /// Meta's id of the ad.
    pub source_id: Option<String>,
    /// Meta's id of the click (`ctwaClid`), with which conversions are reported.
    pub click_id: Option<String>,
}

/// A person, by the two kinds of address that WhatsApp has. One of them may be missing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Person {
    /// Digits with the country code, without `+`.
    pub phone: Option<String>,
    /// Digits of the anonymous address `…@lid`.
    pub lid: Option<String>,
}

/// Where a message was written.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Chat {
    /// A chat with one person, or a broadcast list of that person which the business is on.
    Person(Person),
    /// A group, by its full address. An old address contains a phone number.
    Group(String),
    /// A broadcast list of the business, or one whose sender is not named.
    Broadcast,
    /// A status ("story").
    Status,
    /// A channel.
    Newsletter,
    /// Meta AI, or another assistant of WhatsApp: what it is asked and answers is between it and the business.
    Assistant,
    /// An address of an unknown kind, or one that names nobody (WhatsApp's own `0@…`).
    Other,
}

/// The side that wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The customer.
    Customer,
    /// The gateway: a send of this service, or a bot or campaign of Waapify. Its status is still PENDING.
    OwnEcho,
    /// A person of the business, on the phone or on another linked device.
    OwnPhone,
}

/// The content of a message.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// Plain text, a chosen button or row, or the menu of a bot. May be blank; see [`text_of`](crate::text_of).
    Text(String),
    /// Anything that is more than text.
    NotText {
        /// What it is.
        kind: Kind,
        /// Its name: of a file, a place, a contact, a question. For a sound or a video, its length.
        title: Option<String>,
        /// The text that the sender wrote with it; for a reaction, the emoji.
        caption: Option<String>,
        /// The other lines to show: a map link, options, phone numbers.
        lines: Vec<String>,
    },
    /// The new content of an older message, which is [`Message::about`].
    Edited(Box<Content>),
    /// The message [`Message::about`] was revoked.
    Deleted,
    /// A change of [`Message::about`] that only that message's secret opens; see
    /// [`Message::unsealed`](crate::Message::unsealed).
    Sealed(Box<Sealed>),
    /// Not decrypted yet (stub 2). The same id may arrive again with content, so it must NOT be consumed. The first
    /// message of an ad lead is often like this; its sender is real.
    Undecrypted,
    /// Key exchange, history sync and the like; no person wrote it.
    #[default]
    Noise,
}

/// A status of a message that the business sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// `key.id` of that message. Match on this alone.
    pub id: String,
    /// The status. Keep the highest one, except that [`ReceiptLevel::Refused`] replaces an earlier success.
    pub level: ReceiptLevel,
    /// WhatsApp's code for a refusal, such as `463` (restricted account or new contact). Digits only.
    pub refusal_code: Option<String>,
    /// The chat, if it is named.
    pub chat: Option<Chat>,
    /// A LID that it names in a chat with one person: the recipient's; where it is not the chat's address, some builds write
    /// the business's own there.
    pub lid: Option<String>,
}

/// The status of a sent message, in ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReceiptLevel {
    /// WhatsApp refused it after the gateway had reported success (0).
    Refused,
    /// It waits for WhatsApp's server (1).
    Pending,
    /// WhatsApp's server has it (2).
    ServerAck,
    /// The customer's phone has it (3).
    Delivered,
    /// The customer has read (4) or played (5) it.
    Read,
}

/// A call, or one step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// WhatsApp's id of the call, the same in all its steps.
    pub id: String,
    /// The chat in which it rang.
    pub chat: Chat,
    /// The caller; `None` if the business called, or if nobody is named.
    pub from: Option<Person>,
    /// The outcome, as far as this step tells.
    pub outcome: CallOutcome,
    /// Whether it is a video call.
    pub is_video: bool,
    /// Whether it is a call in a group.
    pub is_group: bool,
    /// The time of the step, to the second.
    pub at: Option<OffsetDateTime>,
    /// Whether it happened while the gateway was away.
    pub offline: bool,
}

/// The outcome of a call, or its current step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It is ringing.
    Offered,
    /// Answered, on this or on another device.
    Accepted,
    /// Declined.
    Declined,
    /// Nobody answered the customer's call.
    Missed,
    /// The customer did not answer the business's call.
    Unanswered,
    /// Ended. Only earlier steps tell whether it was answered.
    Ended,
    /// A step with an unknown name.
    Other,
}

/// A name or an address of a person that became known.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactNews {
    /// The person. If both addresses are set, they belong together.
    pub person: Person,
    /// The name in the phone's address book, else the one that the person chose.
    pub name: Option<String>,
}

/// The name of a group.
#[derive(Clone, PartialEq, Eq)]
pub struct GroupNews {
    /// Its full address.
    pub group: String,
    /// Its name.
    pub subject: String,
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
            .field("about", &self.about)
            .field("quote", &known(self.quote.as_ref()))
            .field("choice", &known(self.choice.as_ref()))
            .field("ad", &self.ad)
            .field("marks", &self.marks)
            .field("twin", &self.twin)
            .finish_non_exhaustive()
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
            Self::Assistant => f.write_str("Assistant"),
            Self::Other => f.write_str("Other"),
        }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::NotText { kind, .. } => write!(f, "NotText({kind:?})"),
            Self::Edited(content) => write!(f, "Edited({content:?})"),
            Self::Deleted => f.write_str("Deleted"),
            Self::Sealed(sealed) => sealed.fmt(f),
            Self::Undecrypted => f.write_str("Undecrypted"),
            Self::Noise => f.write_str("Noise"),
        }
    }
}

impl fmt::Debug for Ad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ad")
            .field("title", &known(self.title.as_ref()))
            .field("url", &known(self.url.as_ref()))
            .field("source_id", &known(self.source_id.as_ref()))
            .field("click_id", &known(self.click_id.as_ref()))
            .finish()
    }
}

impl fmt::Debug for ContactNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactNews")
            .field("person", &self.person)
            .field("name", &known(self.name.as_ref()))
            .finish()
    }
}

impl fmt::Debug for GroupNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An old group's address contains a phone number.
        f.write_str("GroupNews")
    }
}

/// Replaces a private value in `Debug`.
fn known<T>(value: Option<&T>) -> fmt::Arguments<'static> {
    if value.is_some() {
        format_args!("known")
    } else {
        format_args!("unknown")
    }
}
