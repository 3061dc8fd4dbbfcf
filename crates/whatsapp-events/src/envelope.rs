//! Reads the body around the items, and the event names.
//!
//! There are three envelopes and mixtures of them: flat `{event,data}`, nested
//! `{data:{event,data:{messages,type}}}`, and nested with a bare array. Only a body that is not a JSON object is an
//! error; one that makes no sense becomes an [`Event::Ignored`].
//!
//! `type` (`notify`, `append`) is not read: messages that arrived while the gateway was away have `append`, and a
//! batch has one type for all its messages.

use serde_json::Value;

use crate::{BadBody, Event, Reason, Webhook, call, contact, fields, jid, message, update};

/// How many envelopes may surround the items. The deepest known form (`data.data.messages`) has two.
pub(crate) const MAX_ENVELOPES: usize = 4;

/// Reads all events of a webhook body, in its order.
///
/// # Errors
/// [`BadBody`] when the body is not JSON or not an object.
pub fn parse(body: &[u8]) -> Result<Webhook, BadBody> {
    let body = fields::read(body)?;
    if !body.is_object() {
        return Err(BadBody::NotObject);
    }
    let (name, payload) = event(&body);
    let mut events = match name {
        Some(name) => events(&name, payload),
        None => vec![ignored(Reason::NoEventName)],
    };
    if events.is_empty() {
        events.push(ignored(Reason::NoData));
    }
    Ok(Webhook {
        instance_id: fields::name(body.get("instance_id")),
        events,
    })
}

/// An event without an id.
fn ignored(what: Reason) -> Event {
    Event::Ignored { what, id: None }
}

/// The name of the event in lower case, and its payload. The inner name wins over the outer one.
fn event(body: &Value) -> (Option<String>, &Value) {
    let inner = body
        .get("data")
        .filter(|data| data.get("event").is_some_and(Value::is_string));
    let holder = inner.unwrap_or(body);
    let name =
        fields::name(holder.get("event")).map(|name| name.to_ascii_lowercase().replace('_', "."));
    (
        name,
        holder
            .get("data")
            .filter(|data| !data.is_null())
            .unwrap_or(holder),
    )
}

fn events(name: &str, payload: &Value) -> Vec<Event> {
    match name {
        "messages.upsert" | "message.upsert" | "messages" | "message" => {
            items(payload).iter().map(message::read).collect()
        }
        "messages.update" | "message.update" => items(payload).iter().map(update::read).collect(),
        "ready" => vec![Event::Linked {
            account: jid::person(payload, &["id", "jid", "lid"]),
        }],
        "state" => vec![match payload.as_str() {
            Some(state) if state.trim().eq_ignore_ascii_case("logout") => Event::Unlinked,
            _ => ignored(Reason::ConnectionState),
        }],
        "connection.update" => vec![ignored(Reason::ConnectionState)],
        "call" | "calls" => items(payload).iter().map(call::read).collect(),
        "message-receipt.update"
        | "messages.reaction"
        | "messages.delete"
        | "messages.media-update" => {
            vec![ignored(Reason::OtherMessageEvent)]
        }
        "lid-mapping.update" | "chats.phonenumbershare" => contact::read(items(payload)),
        name if name.starts_with("contact") => contact::read(items(payload)),
        name if name.starts_with("group") => contact::read_groups(items(payload)),
        _ => vec![ignored(Reason::UnknownEvent)],
    }
}

/// The fields that may hold the items of an event.
pub(crate) const HOLDERS: &[&str] = &["messages", "contacts", "calls", "groups", "data"];

/// The items of an event: an array, a field of [`HOLDERS`], or one bare item.
fn items(payload: &Value) -> &[Value] {
    let mut payload = payload;
    for _ in 0..MAX_ENVELOPES {
        if let Value::Array(items) = payload {
            return items;
        }
        if payload.get("key").is_some() {
            break;
        }
        match HOLDERS.iter().find_map(|field| payload.get(field)) {
            Some(inner) => payload = inner,
            // A call, a contact or a group has an id; a pair of addresses has a LID.
            None if payload.get("id").or_else(|| payload.get("lid")).is_some() => break,
            None => return &[],
        }
    }
    if payload.is_object() {
        std::slice::from_ref(payload)
    } else {
        &[]
    }
}
