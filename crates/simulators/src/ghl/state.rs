//! What the simulated GHL remembers: companies, locations, contacts, conversations, messages. Plain data; `gate.rs`
//! decides which caller may see it.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{clock, seed};

/// How many uploaded files are kept. Each may have 5 MB.
pub(super) const UPLOADS_KEPT: usize = 100;

/// The SMS provider of a location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultProvider {
    /// This app.
    Ours,
    /// Another provider is chosen; this app is in the list.
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

/// A contact of a location.
#[derive(Clone, Debug, Serialize)]
pub struct Contact {
    /// GHL's id.
    pub id: String,
    /// The location.
    pub location_id: String,
    /// Full name; may be empty.
    pub name: String,
    /// As it was typed.
    pub phone: Option<String>,
    /// The e-mail address, if there is one.
    pub email: Option<String>,
    /// "Do not disturb" of each channel: `{status, message, code}`.
    pub dnd: serde_json::Map<String, Value>,
    /// In small letters, as GHL keeps them.
    pub tags: Vec<String>,
}

impl Contact {
    /// The contact as the API shows it.
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
            "tags": self.tags,
            "dnd": false,
            "dndSettings": self.dnd,
        })
    }

    /// Whether GHL sends no SMS to it.
    #[must_use]
    pub fn is_dnd(&self) -> bool {
        let status = self.dnd.get("SMS").and_then(|sms| sms.get("status"));
        matches!(status.and_then(Value::as_str), Some("active" | "permanent"))
    }
}

#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) id: String,
    pub(super) location_id: String,
    pub(super) contact_id: String,
}

/// The direction of a message, as GHL stores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// From the business.
    Outbound,
}

/// A message in a GHL conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// GHL's id.
    pub id: String,
    /// The conversation.
    pub conversation_id: String,
    /// The location.
    pub location_id: String,
    /// The contact.
    pub contact_id: String,
    /// The direction.
    pub direction: Direction,
    /// The text; may be empty if there are attachments.
    pub text: String,
    /// The addresses of its files.
    pub attachments: Vec<String>,
    /// The provider's id, if one was given.
    pub alt_id: Option<String>,
    /// `pending`, `sent`, `delivered`, `read` or `failed`.
    pub status: String,
    /// All its statuses, oldest first.
    pub statuses: Vec<String>,
    /// `{code, type, message}` of a failure.
    pub error: Option<Value>,
    /// Who wrote it, in GHL's words; none where GHL does not say.
    pub source: Option<String>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How often the delivery URL was called for it.
    pub deliveries: u32,
    /// The body that was signed and posted.
    #[serde(skip)]
    pub(super) posted: Option<Bytes>,
    /// The time of the first delivery call.
    #[serde(skip)]
    pub first_delivery: Option<Instant>,
    /// When the service first answered with success: a delivery call, or the event of a stored message.
    #[serde(skip)]
    pub taken: Option<Instant>,
}

impl Message {
    /// Changes the status and remembers it in `statuses`.
    pub(super) fn set_status(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        self.statuses.push(status.to_owned());
    }
}

/// A file that was uploaded for a conversation.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The location.
    pub location_id: String,
    /// The file name that the uploader gave.
    pub file_name: String,
    /// The media type that the uploader gave.
    pub content_type: String,
    /// The content.
    pub bytes: Bytes,
    /// The address in the answer. Nothing can be fetched there.
    pub url: String,
}

#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own, and none follows from another"
)]
pub(super) struct State {
    pub(super) companies: BTreeMap<String, String>,
    pub(super) locations: BTreeMap<String, Location>,
    pub(super) contacts: Vec<Contact>,
    pub(super) conversations: Vec<Conversation>,
    pub(super) messages: Vec<Message>,
    pub(super) uploads: Vec<Upload>,
    pub(super) location_tokens_refresh: bool,
    pub(super) posts_stored_messages: bool,
    pub(super) posts_dnd_updates: bool,
    /// Lists of messages leave out the ids that providers gave.
    pub(super) hides_alt_ids: bool,
    pub(super) echoes: Echoes,
}

/// Whether an outbound message that the app posts is also posted to the app's delivery URL. The real platform's
/// behaviour is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echoes {
    /// It is not posted.
    #[default]
    Never,
    /// It is posted before the app's call is answered.
    BeforeAnswer,
    /// It is posted after the app's call is answered.
    AfterAnswer,
}

impl State {
    /// The data at the start: one agency, one location, three contacts.
    pub(super) fn seeded() -> Self {
        let contacts = [seed::AISYAH, seed::LIM_WEI, seed::NOMBOR_SALAH]
            .map(|(id, name, phone)| Contact {
                id: id.to_owned(),
                location_id: seed::LOCATION_ID.to_owned(),
                name: name.to_owned(),
                phone: Some(phone.to_owned()),
                email: None,
                dnd: serde_json::Map::new(),
                tags: Vec::new(),
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
            posts_dnd_updates: false,
            hides_alt_ids: false,
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

    /// The contact's conversation, created if there is none.
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

    /// Whether the SMS of the message's location go to this app. If not, the message gets the status that the other
    /// way gives it.
    pub(super) fn takes_our_way(&self, message: &mut Message) -> bool {
        let location = self.locations.get(&message.location_id);
        match location.map_or(DefaultProvider::Ours, |location| location.provider) {
            DefaultProvider::Ours => return true,
            DefaultProvider::Twilio => message.set_status("sent"),
            DefaultProvider::NotConfigured => {
                message.set_status("failed");
                message.error = Some(json!({ "message": "No SMS provider is chosen." }));
            }
        }
        false
    }

    /// A new message for the contact's conversation; the caller adds it to `messages`.
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
            source: (direction == Direction::Outbound).then(|| "app".to_owned()),
            at: clock::now(),
            deliveries: 0,
            posted: None,
            first_delivery: None,
            taken: None,
        }
    }
}

/// Who wrote a body that a test posts: a person if it names a user.
pub(super) fn source_of(body: &Value) -> &'static str {
    if body.get("userId").is_some() {
        "app"
    } else {
        "workflow"
    }
}
