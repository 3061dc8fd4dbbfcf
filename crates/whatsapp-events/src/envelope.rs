//! Reads the body around the items, and the event names.
//!
//! There are three envelopes and mixtures of them: flat `{event,data}`, nested
//! `{data:{event,data:{messages,type}}}`, and nested with a bare array. Only a body that is not a JSON object is an
//! error; one that makes no sense becomes an [`Event::Ignored`].
//!
//! `type` (`notify`, `append`) is not read: messages that arrived while the gateway was away have `append`, and a
//! batch has one type for all its messages.
//!
//! The envelopes are never built as trees, and items one after the other, so that a body needs little more memory than
//! its own size whatever is in it.

use std::iter;

use serde_json::Value;

use crate::json::{elements, is_object, pick, tree};
use crate::{BadBody, Event, Reason, Webhook, call, contact, fields, jid, message, relay, update};

/// How many envelopes may surround the items. The deepest known form (`data.data.messages`) has two.
pub(crate) const MAX_ENVELOPES: usize = 4;
/// Most items of one body: an address book has some thousands, and a body of the largest size that is let in holds fewer
/// whole contacts than this. Beyond it, what is kept of each item would add up.
const MAX_ITEMS: usize = 200_000;

/// Reads all events of a webhook body, in its order.
///
/// # Errors
/// [`BadBody`] when the body is not JSON, not an object, or has too many items.
pub fn parse(body: &[u8]) -> Result<Webhook, BadBody> {
    let body = &*relay::open(body)?;
    if is_object(body) {
        return one(body);
    }
    let mut all: Option<Webhook> = None;
    // Some relays collect bodies in a list.
    for body in elements(body) {
        let opened = relay::open_value(body)?;
        let body = opened.as_deref().unwrap_or(body);
        if !is_object(body) {
            continue;
        }
        let Webhook {
            instance_id,
            events,
        } = one(body)?;
        let all = all.get_or_insert_with(|| Webhook {
            instance_id,
            events: Vec::new(),
        });
        all.events.extend(events);
        if all.events.len() > MAX_ITEMS {
            return Err(BadBody::TooManyItems);
        }
    }
    all.ok_or(BadBody::NotObject)
}

/// Reads one body, an object.
fn one(body: &str) -> Result<Webhook, BadBody> {
    let [name, data, instance_id] = pick(body, ["event", "data", "instance_id"]);
    // The name and the payload of the inner event win over those of the outer one.
    let inner = data.map(|data| (data, pick(data, ["event", "data"])));
    let (holder, name, data) = match inner {
        Some((inner, [name @ Some(text), data])) if text.starts_with('"') => (inner, name, data),
        _ => (body, name, data),
    };
    let name = fields::name(name.map(tree).as_ref());
    let payload = data.filter(|data| *data != "null").unwrap_or(holder);
    let mut events = match name {
        Some(name) => events(&name.to_ascii_lowercase().replace('_', "."), payload)?,
        None => vec![ignored(Reason::NoEventName)],
    };
    if events.is_empty() {
        events.push(ignored(Reason::NoData));
    }
    Ok(Webhook {
        instance_id: fields::name(instance_id.map(tree).as_ref()),
        events,
    })
}

/// An event without an id.
fn ignored(what: Reason) -> Event {
    Event::Ignored { what, id: None }
}

fn events(name: &str, payload: &str) -> Result<Vec<Event>, BadBody> {
    match name {
        "messages.upsert" | "message.upsert" | "messages" | "message" => {
            each(payload, |item| Some(message::read(item)))
        }
        "messages.update" | "message.update" => each(payload, |item| Some(update::read(item))),
        "call" | "calls" => each(payload, |item| Some(call::read(item))),
        "lid-mapping.update" | "chats.phonenumbershare" => contacts(payload),
        name if name.starts_with("contact") => contacts(payload),
        name if name.starts_with("group") => {
            Ok(told(each(payload, contact::read_group)?, Reason::Groups))
        }
        name => Ok(vec![single(name, payload)]),
    }
}

/// The event of a payload without items.
fn single(name: &str, payload: &str) -> Event {
    match name {
        "ready" => Event::Linked {
            account: jid::person(&tree(payload), &["id", "jid", "lid"]),
        },
        "state" => match tree(payload).as_str() {
            Some(state) if state.trim().eq_ignore_ascii_case("logout") => Event::Unlinked,
            _ => ignored(Reason::ConnectionState),
        },
        "connection.update" => ignored(Reason::ConnectionState),
        "message-receipt.update"
        | "messages.reaction"
        | "messages.delete"
        | "messages.media-update" => ignored(Reason::OtherMessageEvent),
        _ => ignored(Reason::UnknownEvent),
    }
}

fn contacts(payload: &str) -> Result<Vec<Event>, BadBody> {
    Ok(told(each(payload, contact::read)?, Reason::Contacts))
}

/// The events of an address book, or one [`Event::Ignored`] if it tells nothing.
fn told(mut events: Vec<Event>, nothing: Reason) -> Vec<Event> {
    if events.is_empty() {
        events.push(ignored(nothing));
    }
    events
}

/// Reads the items of a payload, one at a time.
fn each(payload: &str, read: impl Fn(&Value) -> Option<Event>) -> Result<Vec<Event>, BadBody> {
    let mut events = Vec::new();
    for (at, item) in items(payload).enumerate() {
        if at == MAX_ITEMS {
            return Err(BadBody::TooManyItems);
        }
        let item = match tree(item) {
            // An item that was made a text.
            Value::String(text) => tree(&text),
            item => item,
        };
        events.extend(read(&item));
    }
    Ok(events)
}

/// The fields that may hold the items of an event; then those that tell a bare item: a message has a key, a call, a
/// contact or a group an id, a pair of addresses a LID.
const FIELDS: [&str; 8] = [
    "key", "messages", "contacts", "calls", "groups", "data", "id", "lid",
];

/// The items of an event: a list, a field that holds one, or one bare item.
fn items(payload: &str) -> Box<dyn Iterator<Item = &str> + '_> {
    let mut payload = payload;
    for _ in 0..MAX_ENVELOPES {
        if payload.starts_with('[') {
            return Box::new(elements(payload));
        }
        let [key, holders @ .., id, lid] = pick(payload, FIELDS);
        if key.is_some() {
            break;
        }
        match holders.iter().flatten().next() {
            Some(inner) => payload = inner,
            None if id.or(lid).is_some() => break,
            None => return Box::new(iter::empty()),
        }
    }
    if is_object(payload) {
        Box::new(iter::once(payload))
    } else {
        Box::new(iter::empty())
    }
}
