//! Reads calls: one item of a `call` event, or the line that WhatsApp leaves after a missed call.
//!
//! Owns the names of a call's steps. One step cannot tell whether a call that ended was missed; that takes all steps.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{Call, CallOutcome, Chat, Event, Person, Reason, fields, jid};

/// Where the caller is named. 7.x adds `callerPn` when `from` is a LID.
const CALLER: &[&str] = &["from", "callerPn", "callerLid"];

pub(super) fn read(item: &Value) -> Event {
    let ignored = |what| Event::Ignored { what, id: None };
    if !item.is_object() {
        return ignored(Reason::Malformed);
    }
    let Some(id) = fields::name(item.get("id")) else {
        return ignored(Reason::NoId);
    };
    let from = jid::person(item, CALLER);
    let (chat, is_group) = match group(item) {
        Some(group) => (Chat::Group(group), true),
        None => (
            person_chat(item, from.as_ref()),
            fields::flag(item.get("isGroup")),
        ),
    };
    Event::Call(Call {
        id,
        chat,
        from,
        outcome: outcome(fields::text(item.get("status")).unwrap_or_default().trim()),
        is_video: fields::flag(item.get("isVideo")),
        is_group,
        at: at(item.get("date")),
        offline: fields::flag(item.get("offline")),
    })
}

/// A call that nobody answered.
pub(super) fn missed(id: String, (chat, from): (Chat, Option<Person>), from_me: bool) -> Call {
    Call {
        id,
        chat,
        from,
        outcome: if from_me {
            CallOutcome::Unanswered
        } else {
            CallOutcome::Missed
        },
        is_video: false,
        is_group: false,
        at: None,
        offline: false,
    }
}

fn group(item: &Value) -> Option<String> {
    ["groupJid", "chatId"]
        .iter()
        .filter_map(|field| fields::name(item.get(field)))
        .find(|jid| jid.to_ascii_lowercase().ends_with("@g.us"))
}

/// The chat of a call between two people: the caller with both addresses, unless another person is named.
fn person_chat(item: &Value, from: Option<&Person>) -> Chat {
    let chat = jid::person(item, &["chatId"]);
    let same = |chat: &Person| {
        from.filter(|from| {
            chat.phone.is_some() && chat.phone == from.phone
                || chat.lid.is_some() && chat.lid == from.lid
        })
    };
    match &chat {
        Some(person) => Chat::Person(same(person).unwrap_or(person).clone()),
        None => from.cloned().map_or(Chat::Other, Chat::Person),
    }
}

/// Baileys' names of the steps (`WACallUpdateType`). Older builds pass on the names of the protocol.
fn outcome(status: &str) -> CallOutcome {
    match status.to_ascii_lowercase().as_str() {
        "offer" | "offer_notice" | "ringing" | "preaccept" | "transport" | "relaylatency" => {
            CallOutcome::Offered
        }
        "accept" => CallOutcome::Accepted,
        "reject" => CallOutcome::Declined,
        "timeout" => CallOutcome::Missed,
        "terminate" => CallOutcome::Ended,
        _ => CallOutcome::Other,
    }
}

/// A date as JavaScript writes it, or Unix seconds.
fn at(date: Option<&Value>) -> Option<OffsetDateTime> {
    let written = date
        .and_then(Value::as_str)
        .and_then(|date| OffsetDateTime::parse(date.trim(), &Rfc3339).ok())
        .map(|date| Value::from(date.unix_timestamp()));
    fields::instant(written.as_ref().or(date))
}
