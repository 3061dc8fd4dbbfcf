//! What the simulated GHL remembers: companies, locations, contacts, conversations, messages.
//! Plain data; who may see it is decided in `gate.rs`.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::clock;
use crate::seed;

/// Uploaded files kept for inspection; each may be 5 MB.
pub(super) const UPLOADS_KEPT: usize = 100;

/// Who is the SMS provider of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultProvider {
    /// Our app.
    Ours,
    /// Another one is chosen; ours is in the list.
    Twilio,
    /// Nothing was ever chosen.
    NotConfigured,
}

#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) company_id: String,
    pub(super) name: String,
    pub(super) installed: bool,
    pub(super) active: bool,
    pub(super) provider: DefaultProvider,
}

/// A person in a location's address book.
#[derive(Clone, Debug, Serialize)]
pub struct Contact {
    /// GHL's id.
    pub id: String,
    /// Whose contact it is.
    pub location_id: String,
    /// Full name; may be empty.
    pub name: String,
    /// As it was typed in.
    pub phone: Option<String>,
    /// An address, if one was given.
    pub email: Option<String>,
}

impl Contact {
    /// As the API shows it.
    pub(super) fn to_json(&self) -> Value {
        let (first, last) = self
            .name
            .split_once(' ')
            .unwrap_or((self.name.as_str(), ""));
        json!({
            "id": self.id,
            "locationId": self.location_id,
            "name": self.name,
            "contactName": self.name,
            "firstName": first,
            "lastName": last,
            "phone": self.phone,
            "email": self.email,
            "tags": [],
            "dnd": false,
        })
    }
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) location_id: String,
    pub(super) contact_id: String,
}

/// Which way a message went, as GHL files it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// From the business.
    Outbound,
}

/// A bubble in a GHL conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// GHL's id.
    pub id: String,
    /// The conversation it is in.
    pub conversation_id: String,
    /// Whose it is.
    pub location_id: String,
    /// With whom.
    pub contact_id: String,
    /// Which way it went.
    pub direction: Direction,
    /// The text; may be empty beside attachments.
    pub text: String,
    /// Addresses of files.
    pub attachments: Vec<String>,
    /// The provider's id, if one was given.
    pub alt_id: Option<String>,
    /// `pending`, `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// Every status it ever had, oldest first.
    pub statuses: Vec<String>,
    /// `{code, type, message}` of a failure.
    pub error: Option<Value>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How often the delivery URL was called for it.
    pub deliveries: u32,
    /// The bytes that were signed and posted.
    #[serde(skip)]
    pub(super) posted: Option<Bytes>,
    /// The beginning of the first delivery call.
    #[serde(skip)]
    pub first_delivery: Option<Instant>,
    /// When the service first answered a delivery call, or the event of a stored message, with success.
    #[serde(skip)]
    pub taken: Option<Instant>,
}

impl Message {
    /// Moves on to `status` and remembers the way.
    pub(super) fn set_status(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        self.statuses.push(status.to_owned());
    }
}

/// A file that was uploaded for a conversation.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Whose it is.
    pub location_id: String,
    /// The name the uploader gave.
    pub file_name: String,
    /// The type the uploader gave.
    pub content_type: String,
    /// What was in it.
    pub bytes: Bytes,
    /// Where it can be fetched, in the answer.
    pub url: String,
}

pub(super) struct State {
    pub(super) companies: BTreeMap<String, String>,
    pub(super) locations: BTreeMap<String, Location>,
    pub(super) contacts: Vec<Contact>,
    pub(super) conversations: Vec<Conversation>,
    pub(super) messages: Vec<Message>,
    pub(super) uploads: Vec<Upload>,
    pub(super) location_tokens_refresh: bool,
    pub(super) posts_stored_messages: bool,
    pub(super) echoes: Echoes,
}

/// Whether an outbound message that the app posts comes to the app's delivery URL; the real platform's habit is not
/// established.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echoes {
    /// It does not.
    #[default]
    Never,
    /// It does, and the post is answered afterwards.
    BeforeAnswer,
    /// It does, after the post's answer.
    AfterAnswer,
}

impl State {
    /// One agency, one location, three contacts.
    pub(super) fn seeded() -> Self {
        let contacts = [seed::AISYAH, seed::LIM_WEI, seed::NOMBOR_SALAH]
            .map(|(id, name, phone)| Contact {
                id: id.to_owned(),
                location_id: seed::LOCATION_ID.to_owned(),
                name: name.to_owned(),
                phone: Some(phone.to_owned()),
                email: None,
            })
            .to_vec();
        let location = Location {
            company_id: seed::COMPANY_ID.to_owned(),
            name: seed::LOCATION_NAME.to_owned(),
            installed: false,
            active: true,
            provider: DefaultProvider::Ours,
        };
        Self {
            companies: [(
                seed::COMPANY_ID.to_owned(),
                "Agensi Contoh Sdn Bhd".to_owned(),
            )]
            .into(),
            locations: [(seed::LOCATION_ID.to_owned(), location)].into(),
            contacts,
            conversations: Vec::new(),
            messages: Vec::new(),
            uploads: Vec::new(),
            location_tokens_refresh: true,
            posts_stored_messages: false,
            echoes: Echoes::Never,
        }
    }

    /// A contact by its id.
    pub(super) fn contact(&self, id: &str) -> Option<&Contact> {
        self.contacts.iter().find(|contact| contact.id == id)
    }

    /// A message by its id.
    pub(super) fn message_mut(&mut self, id: &str) -> Option<&mut Message> {
        self.messages.iter_mut().find(|message| message.id == id)
    }

    /// The contact's conversation, begun if there was none.
    pub(super) fn conversation_of(&mut self, location_id: &str, contact_id: &str) -> String {
        let known = self.conversations.iter().find(|conversation| {
            conversation.contact_id == contact_id && conversation.location_id == location_id
        });
        if let Some(conversation) = known {
            return conversation.id.clone();
        }
        let id = clock::letters(20);
        self.conversations.push(Conversation {
            id: id.clone(),
            location_id: location_id.to_owned(),
            contact_id: contact_id.to_owned(),
        });
        id
    }

    /// A new message for the contact's conversation, not yet in it.
    pub(super) fn new_message(
        &mut self,
        id: String,
        (location_id, contact_id): (&str, &str),
        direction: Direction,
        text: &str,
    ) -> Message {
        let status = match direction {
            Direction::Inbound => "delivered",
            Direction::Outbound => "pending",
        };
        Message {
            id,
            conversation_id: self.conversation_of(location_id, contact_id),
            location_id: location_id.to_owned(),
            contact_id: contact_id.to_owned(),
            direction,
            text: text.to_owned(),
            attachments: Vec::new(),
            alt_id: None,
            status: status.to_owned(),
            statuses: vec![status.to_owned()],
            error: None,
            at: clock::now(),
            deliveries: 0,
            posted: None,
            first_delivery: None,
            taken: None,
        }
    }
}
