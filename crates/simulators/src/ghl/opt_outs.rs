//! "Do not disturb" of a contact, and who wrote a message: GHL's routes for both, and what people and workflows do.

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Call};
use crate::clock;
use crate::ghl::Ghl;
use crate::ghl::delivery::delivery_of;
use crate::ghl::gate::{WRONG_LOCATION, invalid, json_body, refuse, unknown_fields};
use crate::ghl::state::{Direction, Message};

/// The fields of an update that this simulation knows. The platform knows more.
const UPDATE_FIELDS: [&str; 6] = ["name", "phone", "email", "dnd", "dndSettings", "tags"];
/// The channels of `dndSettings`.
const CHANNELS: [&str; 7] = ["Call", "Email", "SMS", "WhatsApp", "GMB", "FB", "RCS"];
/// The values of a channel's `status`.
const STATUSES: [&str; 3] = ["active", "inactive", "permanent"];
/// The fields of a message to send.
const SEND_FIELDS: [&str; 5] = ["type", "contactId", "message", "attachments", "status"];

/// `PUT /contacts/{id}`: changes the named channels, and no other.
pub(super) fn update(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let wrong = wrong_update(&body);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let segments = call.segments();
    let id = segments.last().copied().unwrap_or_default();
    {
        let state = ghl.inner.state.lock();
        match state.contact(id) {
            None => return Err(refuse(400, &format!("Contact with id {id} not found"))),
            Some(contact) if contact.location_id != location_id => {
                return Err(refuse(403, WRONG_LOCATION));
            }
            Some(_) => {}
        }
    }
    if let Some(channels) = body.get("dndSettings").and_then(Value::as_object) {
        ghl.change_dnd(id, channels);
    }
    let state = ghl.inner.state.lock();
    let contact = state.contact(id).map(super::state::Contact::to_json);
    Ok(Answer::json(
        200,
        &json!({ "succeded": true, "contact": contact, "traceId": clock::trace_id() }),
    ))
}

fn wrong_update(body: &Map<String, Value>) -> Vec<String> {
    let mut wrong = unknown_fields(body.keys().map(String::as_str), &UPDATE_FIELDS);
    let channels = body.get("dndSettings").and_then(Value::as_object);
    for (channel, setting) in channels.into_iter().flatten() {
        let status = setting.get("status").and_then(Value::as_str);
        if !CHANNELS.contains(&channel.as_str()) {
            wrong.push(format!("dndSettings.property {channel} should not exist"));
        }
        if !status.is_some_and(|status| STATUSES.contains(&status)) {
            let values = STATUSES.join(", ");
            wrong.push(format!(
                "dndSettings.{channel}.status must be one of the following values: {values}"
            ));
        }
    }
    wrong
}

/// `GET /conversations/messages/{id}`.
pub(super) fn show_message(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let segments = call.segments();
    let id = segments.last().copied().unwrap_or_default();
    let mut state = ghl.inner.state.lock();
    let message = state
        .message_mut(id)
        .ok_or_else(|| refuse(404, &format!("Message with id {id} not found")))?;
    if message.location_id != location_id {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let inbound = message.direction == Direction::Inbound;
    let mut shown = json!({
        "id": message.id,
        "type": 2,
        "messageType": "TYPE_SMS",
        "locationId": message.location_id,
        "contactId": message.contact_id,
        "conversationId": message.conversation_id,
        "dateAdded": clock::stamp(message.at),
        "body": message.text,
        "direction": if inbound { "inbound" } else { "outbound" },
        "status": message.status,
        "contentType": "text/plain",
        "attachments": message.attachments,
    });
    if let Some(source) = &message.source {
        shown["source"] = json!(source);
    }
    Ok(Answer::json(200, &shown))
}

/// `POST /conversations/messages`: sends through the location's SMS provider, unless the contact is not to be disturbed.
pub(super) fn send(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut wrong = unknown_fields(body.keys().map(String::as_str), &SEND_FIELDS);
    if text("type") != "SMS" {
        wrong.push("type must be a valid enum value".to_owned());
    }
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let contact = {
        let state = ghl.inner.state.lock();
        let contact = state.contact(text("contactId")).cloned();
        contact.ok_or_else(|| refuse(400, "Contact not found"))?
    };
    if contact.location_id != location_id {
        return Err(refuse(403, WRONG_LOCATION));
    }
    if contact.is_dnd() {
        return Err(refuse(400, "Cannot send message as DND is active for SMS."));
    }
    let id = ghl
        .program_sends(&contact.id, text("message"), "api", "")
        .ok_or_else(|| refuse(400, "Contact not found"))?;
    let answer = json!({ "conversationId": clock::letters(20), "messageId": id, "msg": "Message queued successfully." });
    Ok(Answer::json(201, &answer))
}

impl Ghl {
    /// A workflow, a campaign, a bulk action or another program writes to a contact, with or without a user's name (empty). GHL
    /// sends nothing to a contact who is not to be disturbed. Returns the id of the message.
    #[allow(
        clippy::must_use_candidate,
        reason = "the effect counts; not every caller wants the id"
    )]
    pub fn program_sends(
        &self,
        contact_id: &str,
        text: &str,
        source: &str,
        user_id: &str,
    ) -> Option<String> {
        let mut state = self.inner.state.lock();
        let contact = state.contact(contact_id)?.clone();
        let id = clock::letters(20);
        let owner = (contact.location_id.as_str(), contact_id);
        let mut message = state.new_message(id.clone(), owner, Direction::Outbound, text);
        message.source = Some(source.to_owned());
        if contact.is_dnd() {
            message.set_status("failed");
            message.error = Some(json!({ "message": "DND is active for SMS." }));
        } else if state.takes_our_way(&mut message) {
            message.posted = body_of(&message, contact.phone.as_deref(), user_id);
        }
        let posted = message.posted.clone();
        state.messages.push(message);
        drop(state);
        if let Some(body) = posted {
            self.deliver_soon(id.clone(), body);
        }
        Some(id)
    }

    /// Delivers a stored message in the background.
    pub(super) fn deliver_soon(&self, id: String, body: Bytes) {
        let (ghl, underway) = (self.clone(), self.inner.webhooks.traffic.begin());
        tokio::spawn(async move {
            ghl.deliver(id, body).await;
            drop(underway);
        });
    }

    /// What GHL says of a message's origin; none: nothing.
    pub fn set_source(&self, message_id: &str, source: Option<&str>) {
        if let Some(message) = self.inner.state.lock().message_mut(message_id) {
            message.source = source.map(str::to_owned);
        }
    }

    /// Somebody changes "do not disturb" for SMS of a contact in GHL, with the code that GHL's screen stores.
    pub fn set_dnd(&self, contact_id: &str, status: &str) {
        let stamp = clock::stamp(clock::now());
        let setting = json!({
            "status": status,
            "message": format!("Updated by 'Ali Contoh' at {stamp}"),
            "code": "103",
        });
        self.change_dnd(contact_id, &Map::from_iter([("SMS".to_owned(), setting)]));
    }

    /// Whether GHL posts an event for each change of "do not disturb".
    pub fn set_posts_dnd_updates(&self, posts: bool) {
        self.inner.state.lock().posts_dnd_updates = posts;
    }

    /// What GHL has for SMS: `{status, message, code}`.
    #[must_use]
    pub fn dnd(&self, contact_id: &str) -> Option<Value> {
        let state = self.inner.state.lock();
        state.contact(contact_id)?.dnd.get("SMS").cloned()
    }

    fn change_dnd(&self, contact_id: &str, channels: &Map<String, Value>) {
        let mut state = self.inner.state.lock();
        let mut contacts = state.contacts.iter_mut();
        let Some(contact) = contacts.find(|contact| contact.id == contact_id) else {
            return;
        };
        contact.dnd.extend(channels.clone());
        let event = json!({
            "type": "ContactDndUpdate",
            "locationId": contact.location_id,
            "appId": self.app_id(),
            "versionId": self.app_id(),
            "id": contact.id,
            "phone": contact.phone,
            "dnd": contact.is_dnd(),
            "dndSettings": contact.dnd,
            "timestamp": clock::stamp(clock::now()),
            "webhookId": clock::trace_id(),
        });
        let is_told = state.posts_dnd_updates;
        drop(state);
        if is_told {
            let (ghl, underway) = (self.clone(), self.inner.webhooks.traffic.begin());
            tokio::spawn(async move {
                ghl.posts_app_event(&event).await;
                drop(underway);
            });
        }
    }
}

fn body_of(message: &Message, phone: Option<&str>, user_id: &str) -> Option<Bytes> {
    let bare = delivery_of(message, phone.unwrap_or_default())?;
    if user_id.is_empty() {
        return Some(bare);
    }
    let mut body: Value = serde_json::from_slice(&bare).ok()?;
    body["userId"] = json!(user_id);
    Some(Bytes::from(body.to_string()))
}
