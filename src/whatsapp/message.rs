//! One item of `messages.upsert` → a message.
//!
//! Owns: ids, time, origin, and what a stub without content means. Refuses an item that cannot be
//! named (no id) or placed (no chat).

use super::content::{self, Reading};
use super::{Content, Event, Message, Origin, Reason, ReceiptLevel, jid, json, update};
use serde_json::Value;
use time::OffsetDateTime;

/// `messageStubType` of a message that could not be decrypted.
const STUB_CIPHERTEXT: i64 = 2;

/// Reads one item.
pub(super) fn read(item: &Value) -> Event {
    let Some(key) = item.get("key").filter(|key| key.is_object()) else {
        return Event::Ignored {
            what: Reason::Malformed,
            id: None,
        };
    };
    let Some(id) = json::name(key.get("id")) else {
        return Event::Ignored {
            what: Reason::NoId,
            id: None,
        };
    };
    let from_me = json::flag(key.get("fromMe"));
    let Some((chat, sender)) = jid::chat(item, from_me) else {
        return Event::Ignored {
            what: Reason::NoChat,
            id: Some(id),
        };
    };
    let content = match content(item) {
        Ok(content) => content,
        Err(what) => return Event::Ignored { what, id: Some(id) },
    };
    Event::Message(Message {
        id,
        from_me,
        chat,
        sender,
        sender_name: json::text(item.get("pushName"))
            .filter(|_| !from_me)
            .map(|name| name.trim().to_owned()),
        sent_at: instant(item.get("messageTimestamp")),
        origin: origin(from_me, item.get("status")),
        content,
        file: None,
    })
}

/// What the item says, or why it says nothing to us.
fn content(item: &Value) -> Result<Content, Reason> {
    let stub = item.get("messageStubType");
    match item.get("message").map_or(Reading::Absent, content::read) {
        // The keys of a group may have arrived while the message itself could not be decrypted.
        Reading::Absent | Reading::Content(Content::Noise) if is_ciphertext(stub) => {
            Ok(Content::Undecrypted)
        }
        Reading::Absent => Err(stub_reason(stub)),
        Reading::Edited => Err(Reason::Edited),
        Reading::Deleted => Err(Reason::Deleted),
        Reading::Content(content) => Ok(content),
    }
}

/// Whether the stub says "not decrypted", as a number or by name.
fn is_ciphertext(stub: Option<&Value>) -> bool {
    json::integer(stub) == Some(STUB_CIPHERTEXT)
        || json::text(stub).as_deref() == Some("CIPHERTEXT")
}

/// What a stub without content is about. Numbers as in `WebMessageInfo.StubType`.
fn stub_reason(stub: Option<&Value>) -> Reason {
    if let Some(number) = json::integer(stub) {
        return match number {
            // Some builds write "no stub" as UNKNOWN.
            0 => Reason::NoContent,
            1 => Reason::Deleted,
            40 | 41 | 45 | 46 => Reason::MissedCall,
            20..=33 | 43 | 44 => Reason::GroupNotice,
            _ => Reason::SystemNotice,
        };
    }
    match json::text(stub).as_deref() {
        None | Some("UNKNOWN") => Reason::NoContent,
        Some("REVOKE") => Reason::Deleted,
        Some(name) if name.starts_with("CALL_MISSED") => Reason::MissedCall,
        Some(name) if name.starts_with("GROUP_") => Reason::GroupNotice,
        Some(_) => Reason::SystemNotice,
    }
}

/// A gateway's own message is announced before the server has it, a human's only after.
fn origin(from_me: bool, status: Option<&Value>) -> Origin {
    match update::level(status) {
        _ if !from_me => Origin::Customer,
        Some(ReceiptLevel::Pending) => Origin::OwnEcho,
        _ => Origin::OwnPhone,
    }
}

/// The years WhatsApp's clock can believably show, in Unix seconds: 2009 (its founding) to 2100.
/// Anything else (milliseconds, 0, a broken clock) is no time at all.
const BELIEVABLE_SECONDS: std::ops::Range<i64> = 1_230_768_000..4_102_444_800;

/// A timestamp in Unix seconds, in any encoding.
fn instant(value: Option<&Value>) -> Option<OffsetDateTime> {
    let seconds = json::integer(value).filter(|seconds| BELIEVABLE_SECONDS.contains(seconds))?;
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}
