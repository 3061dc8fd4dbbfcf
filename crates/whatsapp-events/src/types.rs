//! What a webhook says, as types: messages, people, calls.
//!
//! Owns: what each field promises, and a `Debug` that shows ids and kinds, never what people wrote or who they
//! are. Refuses: reading bodies, and wording.

use std::fmt;

use time::OffsetDateTime;

use crate::{Kind, MediaFile};

/// One WhatsApp message, from either side.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// `key.id`: at most 128 bytes, no control characters. Unique within a chat side, so de-duplicate
    /// on (instance, id, `from_me`), and only once content was seen. An edit or a revoke, which comes in two
    /// forms of which one has no id, has an id made of what it changes and to what: `edit:…`, `revoke:…`.
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
    /// The file that came with it, if it can be fetched.
    pub file: Option<MediaFile>,
    /// The `key.id` of the message it points to: what a reply answers, a reaction is about, an edit changes,
    /// a revoke takes back, a vote votes in. Its writer chose it: look it up in this chat only.
    pub about: Option<String>,
    /// What it answers, if the message itself carries that: one short line.
    pub quote: Option<String>,
    /// The bot's id of the button or row that was chosen. Not words.
    pub choice: Option<String>,
    /// The ad or post that led the customer here.
    pub ad: Option<Ad>,
    /// What WhatsApp prints beside it.
    pub marks: Marks,
}

impl Message {
    /// Whether its id is one that the app on a phone makes: 32 hexadecimal digits on Android, `3A` and 18 on an iPhone.
    /// Gateways' begin with `BAE5` or `3EB0`, and so do those of linked computers.
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

/// What WhatsApp prints beside a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Written by someone else first.
    pub forwarded: bool,
    /// May be opened once.
    pub view_once: bool,
    /// Goes away after some days.
    pub disappearing: bool,
}

/// An ad or a post with a "write to us on WhatsApp" button. Everything in it was written by a stranger.
#[derive(Clone, PartialEq, Eq)]
pub struct Ad {
    /// Its heading.
    pub title: Option<String>,
    /// Its address: http or https, without blanks.
    pub url: Option<String>,
    /// Its id with Meta.
    pub source_id: Option<String>,
    /// Meta's id of the click (`ctwaClid`), which conversions are reported with.
    pub click_id: Option<String>,
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
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// Plain words, a chosen button or row, a bot's menu. May be blank; see [`text_of`](crate::text_of).
    Text(String),
    /// Anything that needs more than words.
    NotText {
        /// What it is.
        kind: Kind,
        /// What it calls itself: a file, a place, a contact, a question; of a sound or a video, its length.
        title: Option<String>,
        /// What the sender wrote with it; of a reaction, the emoji.
        caption: Option<String>,
        /// What else there is to read, line by line: a map link, options, phone numbers.
        lines: Vec<String>,
    },
    /// What an older message says from now on; [`Message::about`] is that message.
    Edited(Box<Content>),
    /// [`Message::about`] was taken back.
    Deleted,
    /// Not decrypted yet (stub 2): the same id may return with content, so it must NOT be consumed.
    /// The first message of an ad lead often comes so; the sender is real.
    Undecrypted,
    /// Key exchange, history sync and the like: nobody wrote it.
    #[default]
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

/// A call, or one step of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// WhatsApp's id of the call, the same in all its steps.
    pub id: String,
    /// Where it rang.
    pub chat: Chat,
    /// Who called; `None` if the business did, or if nobody is named.
    pub from: Option<Person>,
    /// How it went, as far as this step tells.
    pub outcome: CallOutcome,
    /// With pictures.
    pub is_video: bool,
    /// In a group.
    pub is_group: bool,
    /// When, to the second.
    pub at: Option<OffsetDateTime>,
    /// It happened while the gateway was away.
    pub offline: bool,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallOutcome {
    /// It rings.
    Offered,
    /// Taken, on this or another device.
    Accepted,
    /// Turned down.
    Declined,
    /// Nobody took the customer's call.
    Missed,
    /// The customer did not take the business's call.
    Unanswered,
    /// Over. Whether anyone had taken it, earlier steps tell.
    Ended,
    /// A step of a name unknown here.
    Other,
}

/// What became known of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct ContactNews {
    /// Who. With both addresses, they belong together.
    pub person: Person,
    /// The name in the phone's address book, else the one they gave themselves.
    pub name: Option<String>,
}

/// What a group is called.
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
            Self::Edited(content) => write!(f, "Edited({content:?})"),
            Self::Deleted => f.write_str("Deleted"),
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

/// Stands in for a private value in `Debug`.
fn known<T>(value: Option<&T>) -> fmt::Arguments<'static> {
    if value.is_some() {
        format_args!("known")
    } else {
        format_args!("unknown")
    }
}
