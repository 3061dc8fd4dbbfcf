//! GHL's conversation routes other than messages, and the route for a location's SMS provider.
//!
//! A search answers with what `docs/vendors/ghl.md#conversation-search` says, and with the direction and date that
//! the platform adds in practice. The delay of the real platform's search index is not simulated.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::call::{Answer, Call};
use crate::ghl::Ghl;
use crate::ghl::gate::{WRONG_LOCATION, invalid, json_body, refuse, unknown_fields};
use crate::ghl::state::{Conversation, DefaultProvider, Message, State};
use crate::{clock, seed};

/// Conversations in one answer if `limit` is missing.
const SEARCH_LIMIT: usize = 20;
/// The known parameters of a search, from the platform's `OpenAPI` description.
const SEARCH_FIELDS: [&str; 3] = ["locationId", "contactId", "limit"];

/// `GET /conversations/search`.
pub(super) fn search(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let asked = call.query_json();
    let names = asked.as_object().into_iter().flat_map(|asked| asked.keys());
    let wrong = unknown_fields(names.map(String::as_str), &SEARCH_FIELDS);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    match call.query_value("locationId") {
        None => return Err(invalid(&["locationId must be a string".to_owned()])),
        Some(asked) if asked != location_id => return Err(refuse(403, WRONG_LOCATION)),
        Some(_) => {}
    }
    let limit = match call.query_value("limit").map(str::parse::<usize>) {
        None => SEARCH_LIMIT,
        Some(Ok(limit)) => limit,
        Some(Err(_)) => return Err(invalid(&["limit must be a number".to_owned()])),
    };
    let state = ghl.inner.state.lock();
    let found: Vec<Value> = state
        .conversations
        .iter()
        .filter(|conversation| conversation.location_id == location_id)
        .filter(|conversation| {
            call.query_value("contactId")
                .is_none_or(|id| id == conversation.contact_id)
        })
        .map(|conversation| shown(&state, conversation))
        .collect();
    let total = found.len();
    let page: Vec<Value> = found.into_iter().take(limit).collect();
    Ok(Answer::json(
        200,
        &json!({ "conversations": page, "total": total }),
    ))
}

/// Messages in one answer if `limit` is missing.
const LIST_LIMIT: usize = 20;
const LIST_FIELDS: [&str; 3] = ["limit", "lastMessageId", "type"];

/// `GET /conversations/{id}/messages`: the newest first, with the ids that providers gave them.
pub(super) fn list_messages(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let asked = call.query_json();
    let names = asked.as_object().into_iter().flat_map(|asked| asked.keys());
    let wrong = unknown_fields(names.map(String::as_str), &LIST_FIELDS);
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    let id = call.segments().get(1).copied().unwrap_or_default();
    let state = ghl.inner.state.lock();
    let is_own = |c: &Conversation| c.id == id && c.location_id == location_id;
    if !state.conversations.iter().any(is_own) {
        return Err(refuse(400, &format!("Conversation with id {id} not found")));
    }
    let limit = call
        .query_value("limit")
        .and_then(|limit| limit.parse().ok());
    let last = call.query_value("lastMessageId");
    let messages = state.messages.iter().rev();
    let own = messages.filter(|message| message.conversation_id == id);
    let mut rest = own.skip_while(|message| last.is_some_and(|last| message.id != last));
    if last.is_some() {
        rest.next();
    }
    let rest: Vec<_> = rest.collect();
    let page = &rest[..rest.len().min(limit.unwrap_or(LIST_LIMIT))];
    let shown: Vec<Value> = page.iter().map(|one| listed(&state, one)).collect();
    let found = json!({
        "lastMessageId": page.last().map(|message| &message.id),
        "nextPage": page.len() < rest.len(),
        "messages": shown,
    });
    Ok(Answer::json(200, &json!({ "messages": found })))
}

/// A message as lists show it.
fn listed(state: &State, message: &Message) -> Value {
    let mut shown = json!({
        "id": message.id,
        "conversationId": message.conversation_id,
        "locationId": message.location_id,
        "contactId": message.contact_id,
        "direction": message.direction,
        "body": message.text,
        "attachments": message.attachments,
        "status": message.status,
        "dateAdded": clock::stamp(message.at),
        "messageType": "TYPE_CUSTOM_SMS",
    });
    if let Some(alt_id) = message.alt_id.as_ref().filter(|_| !state.hides_alt_ids) {
        shown["altId"] = alt_id.as_str().into();
    }
    shown
}

/// Messages in one answer of an export if `limit` is missing; the least and the most that may be asked for.
const EXPORT_LIMITS: (usize, usize, usize) = (100, 10, 500);
const EXPORT_FIELDS: [&str; 10] = [
    "locationId",
    "limit",
    "cursor",
    "sortBy",
    "sortOrder",
    "conversationId",
    "contactId",
    "channel",
    "startDate",
    "endDate",
];

/// `GET /conversations/messages/export`: the newest first, unless asked otherwise.
pub(super) fn export(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let asked = call.query_json();
    let names = asked.as_object().into_iter().flat_map(|asked| asked.keys());
    let mut wrong = unknown_fields(names.map(String::as_str), &EXPORT_FIELDS);
    let (usual, least, most) = EXPORT_LIMITS;
    let limit = call.query_value("limit").map(str::parse::<usize>);
    let limit = limit.unwrap_or(Ok(usual)).unwrap_or_default();
    if !(least..=most).contains(&limit) {
        wrong.push(format!("limit must be from {least} to {most}"));
    }
    if !wrong.is_empty() {
        return Err(invalid(&wrong));
    }
    if call.query_value("locationId") != Some(location_id) {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let state = ghl.inner.state.lock();
    let is_asked = |name, value: &str| call.query_value(name).is_none_or(|asked| asked == value);
    let own = state.messages.iter().filter(|message| {
        message.location_id == location_id
            && is_asked("contactId", &message.contact_id)
            && is_asked("conversationId", &message.conversation_id)
    });
    let mut own: Vec<_> = own.collect();
    if call.query_value("sortOrder") != Some("asc") {
        own.reverse();
    }
    let start = call.query_value("cursor").and_then(|at| at.parse().ok());
    let start: usize = start.unwrap_or_default();
    let page = own.iter().skip(start).take(limit);
    let page: Vec<Value> = page.map(|one| listed(&state, one)).collect();
    let end = start + page.len();
    let body = json!({
        "messages": page,
        "nextCursor": (end < own.len()).then(|| end.to_string()),
        "total": own.len(),
    });
    Ok(Answer::json(200, &body))
}

/// A conversation, with its last message if there is one.
fn shown(state: &State, conversation: &Conversation) -> Value {
    let mut shown = json!({
        "id": conversation.id,
        "locationId": conversation.location_id,
        "contactId": conversation.contact_id,
        "type": "TYPE_PHONE",
    });
    let messages = state.messages.iter();
    let mut own = messages.filter(|message| message.conversation_id == conversation.id);
    if let Some(last) = own.next_back() {
        shown["lastMessageType"] = "TYPE_CUSTOM_SMS".into();
        shown["lastMessageBody"] = last.text.as_str().into();
        shown["lastMessageDirection"] = json!(last.direction);
        shown["lastMessageDate"] = milliseconds(last.at).into();
    }
    shown
}

/// A date in milliseconds, the format that only this field has.
fn milliseconds(at: OffsetDateTime) -> i64 {
    at.unix_timestamp() * 1_000 + i64::from(at.millisecond())
}

/// `POST /conversations/`. If the conversation exists, the call is refused with its id in the body.
pub(super) fn create(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let body = json_body(call)?;
    let field = |name: &str| body.get(name).and_then(Value::as_str);
    let (Some(asked), Some(contact_id)) = (field("locationId"), field("contactId")) else {
        let wrong = ["locationId", "contactId"]
            .iter()
            .filter(|name| field(name).is_none());
        return Err(invalid(
            &wrong
                .map(|name| format!("{name} must be a string"))
                .collect::<Vec<_>>(),
        ));
    };
    let mut state = ghl.inner.state.lock();
    let own = state
        .contact(contact_id)
        .is_some_and(|contact| contact.location_id == location_id);
    if asked != location_id || !own {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let before = state.conversations.len();
    let id = state.conversation_of(location_id, contact_id);
    if state.conversations.len() == before {
        let body = json!({
            "statusCode": 400,
            "message": "Conversation already exists",
            "conversationId": id,
        });
        return Err(Answer::json(400, &body));
    }
    let conversation = json!({ "id": id, "locationId": location_id, "contactId": contact_id });
    Ok(Answer::json(
        201,
        &json!({ "success": true, "conversation": conversation }),
    ))
}

pub(super) fn channels(ghl: &Ghl, call: &Call, location_id: &str) -> Result<Answer, Answer> {
    let segments = call.segments();
    if segments.get(3) != Some(&"SMS") {
        return Err(invalid(&[
            "type must be one of the following values: SMS, Email".to_owned(),
        ]));
    }
    if segments.get(1) != Some(&location_id) {
        return Err(refuse(403, WRONG_LOCATION));
    }
    let state = ghl.inner.state.lock();
    let provider = state
        .locations
        .get(location_id)
        .map_or(DefaultProvider::NotConfigured, |location| location.provider);
    let entry = |id: &str, name: &str, default: bool| {
        json!({ "conversationProvider": {
            "_id": id, "name": name, "type": "SMS", "default": default,
        }})
    };
    let ours = provider == DefaultProvider::Ours;
    let channel = if provider == DefaultProvider::NotConfigured {
        json!({
            "_id": "default_data",
            "locationId": location_id,
            "defaults": null,
            "SMS": [],
            "Email": [],
        })
    } else {
        json!({
            "_id": location_id,
            "locationId": location_id,
            "defaults": { "SMS": if ours { seed::PROVIDER_ID } else { "twilio_provider" } },
            "SMS": [
                entry(seed::PROVIDER_ID, "WhatsApp Bridge", ours),
                entry("twilio_provider", "Twilio", !ours),
            ],
            "Email": [],
        })
    };
    let body = json!({ "conversationChannel": channel, "traceId": clock::trace_id() });
    Ok(Answer::json(200, &body))
}
