//! GHL's two message routes that a provider needs: store an inbound message, and update the status of an outbound
//! one. Each field of a body is checked against the platform's schema.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::call::{Answer, Call};
use crate::ghl::Ghl;
use crate::ghl::delivery::delivery_of;
use crate::ghl::gate::{WRONG_LOCATION, invalid, json_body, refuse, unknown_fields};
use crate::ghl::state::{Direction, Message, State};
use crate::{clock, seed};

/// The fields of an inbound message, from the platform's `OpenAPI` description.
const INBOUND_FIELDS: [&str; 17] = [
    "type",
    "attachments",
    "message",
    "conversationId",
    "contactId",
    "conversationProviderId",
    "html",
    "subject",
    "emailFrom",
    "emailTo",
    "emailCc",
    "emailBcc",
    "emailMessageId",
    "altId",
    "direction",
    "date",
    "call",
];
/// The values of `type`, case-sensitive.
const TYPES: [&str; 17] = [
    "SMS",
    "RCS",
    "Email",
    "WhatsApp",
    "GMB",
    "IG",
    "FB",
    "Custom",
    "WebChat",
    "Live_Chat",
    "Call",
    "IVR_Call",
    "Campaign_Call",
    "Campaign_VoiceMail",
    "TIKTOK",
    "ALL_IN_ONE_CHAT",
    "FORM_SUBMISSION",
];
/// The fields of a status update.
const STATUS_FIELDS: [&str; 4] = ["status", "error", "emailMessageId", "recipients"];
/// The values of `status`; there is no "sent".
const STATUSES: [&str; 4] = ["delivered", "failed", "pending", "read"];
/// The values of a call's `status`.
const CALL_STATUSES: [&str; 8] = [
    "pending",
    "completed",
    "answered",
    "busy",
    "no-answer",
    "failed",
    "canceled",
    "voicemail",
];
/// The answer before GHL itself knows the provider of the message.
const NOT_YET: &str = "No conversation provider found for this message";

/// `POST /conversations/messages/inbound`.
pub(super) fn inbound(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let wrong = wrong_inbound(&body);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let is_logged = is_call_log(&body);
    if body.contains_key("conversationProviderId") && !is_logged {
        let body = json!({
            "statusCode": 400,
            "message": "Incorrect conversationProviderId/type",
            "canonicalCode": "CONVERSATIONS_MSG_CONVERSATION_PROVIDER_MISMATCH",
        });
        return Err(Answer::json(400, &body));
    }
    match text(&body, "type") {
        Some("SMS") => {}
        Some("Call") if is_logged => {}
        // Measured: answered as a success, but nothing is stored.
        Some("Custom") => return Ok(Answer::new(201, "application/json", "")),
        _ => return Err(refuse(400, "No conversationProviderId passed in body")),
    }
    let attachments: Vec<String> = strings(body.get("attachments"));
    let message = text(&body, "message").unwrap_or_default();
    if message.is_empty() && attachments.is_empty() {
        let reason = "There is no message or attachments for this message. Skip sending.";
        return Err(refuse(400, reason));
    }
    let mut state = ghl.inner.state.lock();
    let contact_id = contact_of(&state, &body, location_id)?;
    // The documented default is outbound, so a caller that omits the direction gets the wrong one.
    let direction = match text(&body, "direction") {
        Some("inbound") => Direction::Inbound,
        _ => Direction::Outbound,
    };
    let id = clock::letters(20);
    let mut stored = state.new_message(id.clone(), (location_id, &contact_id), direction, message);
    stored.attachments = attachments;
    stored.alt_id = text(&body, "altId").map(str::to_owned);
    if let Some(date) = text(&body, "date").and_then(parsed_date) {
        stored.at = date;
    }
    if direction == Direction::Outbound {
        file_as_sent(&state, &mut stored);
    }
    let answer = json!({
        "success": true,
        "conversationId": stored.conversation_id,
        "messageId": id,
        "message": "Add inbound message success",
        "contactId": contact_id,
        "dateAdded": clock::stamp(stored.at),
    });
    let event = state
        .posts_stored_messages
        .then(|| ghl.stored_message_event(&stored));
    state.messages.push(stored);
    drop(state);
    if let Some(event) = event {
        let (ghl, underway) = (ghl.clone(), ghl.inner.webhooks.traffic.begin());
        tokio::spawn(async move {
            ghl.tell_of(id, event).await;
            drop(underway);
        });
    }
    Ok(Answer::json(201, &answer))
}

/// Whether it is a call log entry of the provider for calls.
fn is_call_log(body: &Map<String, Value>) -> bool {
    let status = body.get("call").and_then(|call| call["status"].as_str());
    text(body, "type") == Some("Call")
        && text(body, "conversationProviderId") == Some(seed::CALL_PROVIDER_ID)
        && status.is_some_and(|status| CALL_STATUSES.contains(&status))
}

/// A message that the business wrote elsewhere: stored as delivered, with the body of its delivery.
fn file_as_sent(state: &State, stored: &mut Message) {
    let contact = state.contact(&stored.contact_id);
    let phone = contact.and_then(|contact| contact.phone.as_deref());
    stored.set_status("delivered");
    stored.posted = delivery_of(stored, phone.unwrap_or_default());
}

/// The contact of a message: the named one, or that of the conversation.
fn contact_of(
    state: &State,
    body: &Map<String, Value>,
    location_id: &str,
) -> Result<String, Answer> {
    let by_conversation = match text(body, "conversationId") {
        None => None,
        Some(id) => {
            let found = state
                .conversations
                .iter()
                .find(|conversation| conversation.id == id);
            let found = found
                .ok_or_else(|| refuse(400, &format!("Conversation with id {id} not found")))?;
            Some(found.contact_id.as_str())
        }
    };
    let id = text(body, "contactId")
        .or(by_conversation)
        .unwrap_or_default();
    let contact = state
        .contact(id)
        .ok_or_else(|| refuse(400, &format!("Contact with id {id} not found")))?;
    if contact.location_id == location_id {
        Ok(contact.id.clone())
    } else {
        Err(refuse(403, WRONG_LOCATION))
    }
}

fn wrong_inbound(body: &Map<String, Value>) -> Vec<String> {
    let mut wrong = unknown_fields(body.keys().map(String::as_str), &INBOUND_FIELDS);
    if !text(body, "type").is_some_and(|kind| TYPES.contains(&kind)) {
        wrong.push("type must be a valid enum value".to_owned());
    }
    for name in [
        "message",
        "conversationId",
        "contactId",
        "altId",
        "conversationProviderId",
    ] {
        if body.get(name).is_some_and(|value| !value.is_string()) {
            wrong.push(format!("{name} must be a string"));
        }
    }
    if text(body, "contactId").is_none() && text(body, "conversationId").is_none() {
        wrong.push("contactId or conversationId should not be empty".to_owned());
    }
    if body
        .get("direction")
        .is_some_and(|value| !matches!(value.as_str(), Some("inbound" | "outbound")))
    {
        wrong.push("direction must be a valid enum value".to_owned());
    }
    if body.get("attachments").is_some_and(|value| {
        !value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string))
    }) {
        wrong.push("each value in attachments must be a string".to_owned());
    }
    if body
        .get("date")
        .is_some_and(|value| value.as_str().and_then(parsed_date).is_none())
    {
        wrong.push("date must be a valid ISO 8601 date string".to_owned());
    }
    wrong
}

/// `PUT /conversations/messages/{id}/status`.
pub(super) fn status(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let wrong = wrong_status(&body);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let not_yet = ghl.timings().not_yet;
    let segments = call.segments();
    let id = segments.get(2).copied().unwrap_or_default();
    let mut state = ghl.inner.state.lock();
    let message = state
        .message_mut(id)
        .ok_or_else(|| refuse(401, "No message found for the id"))?;
    if message.location_id != location_id {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let passed_on = message.direction == Direction::Outbound
        && message
            .first_delivery
            .is_some_and(|at| clock::instant() >= at + not_yet);
    if !passed_on {
        return Err(refuse(403, NOT_YET));
    }
    let status = text(&body, "status").unwrap_or_default();
    message.set_status(status);
    message.error = body.get("error").cloned();
    let answer = json!({
        "conversationId": message.conversation_id,
        "messageId": message.id,
        "status": status,
    });
    Ok(Answer::json(200, &answer))
}

fn wrong_status(body: &Map<String, Value>) -> Vec<String> {
    let mut wrong = unknown_fields(body.keys().map(String::as_str), &STATUS_FIELDS);
    if !text(body, "status").is_some_and(|status| STATUSES.contains(&status)) {
        let values = STATUSES.join(", ");
        wrong.push(format!(
            "status must be one of the following values: {values}"
        ));
    }
    match body.get("error") {
        None => {}
        Some(Value::Object(error)) => {
            for name in ["code", "type", "message"] {
                if !error.get(name).is_some_and(Value::is_string) {
                    wrong.push(format!("error.{name} must be a string"));
                }
            }
        }
        Some(_) => wrong.push("error must be an object".to_owned()),
    }
    wrong
}

fn text<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn strings(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

fn parsed_date(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}
