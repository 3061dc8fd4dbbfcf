//! Reads one item of `messages.upsert` into a message.
//!
//! Owns ids (also those of edits and revokes from `update`), time, origin, and the meaning of stubs without content.
//! An item without an id or a chat is ignored.

use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::content::Said;
use crate::{
    Call, Chat, Content, Event, Marks, Message, Origin, Person, Reason, ReceiptLevel, call,
    content, fields, jid, receipt_level, wording,
};

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
    let Some(id) = fields::name(key.get("id")) else {
        return Event::Ignored {
            what: Reason::NoId,
            id: None,
        };
    };
    let from_me = fields::flag(key.get("fromMe"));
    let Some((chat, sender)) = jid::chat(item, from_me) else {
        return Event::Ignored {
            what: Reason::NoChat,
            id: Some(id),
        };
    };
    let Some(said) = said(item) else {
        return of_stub(item, id, from_me, chat, sender);
    };
    let id = match said.content {
        Content::Edited(_) | Content::Deleted => change_id(&said).unwrap_or(id),
        _ => id,
    };
    let sent_at = fields::instant(item.get("messageTimestamp"));
    Event::Message(Box::new(message(item, id, (chat, sender), said, sent_at)))
}

/// Reads an item of an update that changes the message it names. `said` is the new content.
pub(super) fn changed(item: &Value, said: Said, sent_at: Option<OffsetDateTime>) -> Event {
    let from_me = fields::flag(item.pointer("/key/fromMe"));
    match (change_id(&said), jid::chat(item, from_me)) {
        (Some(id), Some(place)) => {
            Event::Message(Box::new(message(item, id, place, said, sent_at)))
        }
        (id, _) => Event::Ignored {
            what: Reason::NoChat,
            id,
        },
    }
}

fn message(
    item: &Value,
    id: String,
    (chat, sender): (Chat, Option<Person>),
    said: Said,
    sent_at: Option<OffsetDateTime>,
) -> Message {
    let from_me = fields::flag(item.pointer("/key/fromMe"));
    Message {
        id,
        from_me,
        chat,
        sender,
        sender_name: fields::title(item, &["/pushName"]).filter(|_| !from_me),
        sent_at,
        origin: origin(from_me, item.get("status")),
        content: said.content,
        file: said.file,
        about: said.about,
        quote: said.quote,
        choice: said.choice,
        ad: said.ad,
        marks: said.marks,
    }
}

/// The id of an edit or a revoke. Baileys announces each twice, as a message with its own id and as an update without
/// one, and both must count as one. So the id is made of what both know: the changed message and its new text.
/// (Therefore a text that is changed back counts once.) The parts have no fixed length, so they are hashed; 128 bits
/// are enough to distinguish the messages of one chat.
fn change_id(said: &Said) -> Option<String> {
    let (name, text) = match &said.content {
        Content::Edited(content) => ("edit", wording::plain(content)),
        _ => ("revoke", String::new()),
    };
    let mut hash = Sha256::new();
    hash.update(said.about.as_ref()?);
    hash.update([0]);
    hash.update(text);
    let hex = hash
        .finalize()
        .iter()
        .take(16)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    Some(format!("{name}:{hex}"))
}

/// The content of the item, if it has any.
fn said(item: &Value) -> Option<Said> {
    let stub = item.get("messageStubType");
    match item.get("message").and_then(content::read) {
        // The keys of a group can arrive with a message that could not be decrypted.
        None
        | Some(Said {
            content: Content::Noise,
            ..
        }) if is_ciphertext(stub) => Some(Said {
            content: Content::Undecrypted,
            marks: Marks {
                view_once: fields::flag(item.pointer("/key/isViewOnce")),
                ..Marks::default()
            },
            ..Said::default()
        }),
        None if is_revoke(stub) => Some(Said {
            content: Content::Deleted,
            about: fields::name(item.pointer("/key/id")),
            ..Said::default()
        }),
        said => said,
    }
}

/// Whether the stub means "revoked", as a number or by name.
pub(super) fn is_revoke(stub: Option<&Value>) -> bool {
    fields::integer(stub) == Some(1) || fields::text(stub).as_deref() == Some("REVOKE")
}

/// Whether the stub means "not decrypted", as a number or by name.
fn is_ciphertext(stub: Option<&Value>) -> bool {
    fields::integer(stub) == Some(STUB_CIPHERTEXT)
        || fields::text(stub).as_deref() == Some("CIPHERTEXT")
}

/// The event of a stub without content. The numbers are those of `WebMessageInfo.StubType`.
fn of_stub(item: &Value, id: String, from_me: bool, chat: Chat, sender: Option<Person>) -> Event {
    let stub = item.get("messageStubType");
    let name = fields::text(stub).unwrap_or_default();
    let missed = |is_video, is_group| {
        let at = fields::instant(item.get("messageTimestamp"));
        let call = call::missed(id.clone(), (chat, sender), from_me);
        Event::Call(Call {
            is_video,
            is_group,
            at,
            ..call
        })
    };
    let what = match (fields::integer(stub), name.as_str()) {
        (Some(40), _) | (_, "CALL_MISSED_VOICE") => return missed(false, false),
        (Some(41), _) | (_, "CALL_MISSED_VIDEO") => return missed(true, false),
        (Some(45), _) | (_, "CALL_MISSED_GROUP_VOICE") => return missed(false, true),
        (Some(46), _) | (_, "CALL_MISSED_GROUP_VIDEO") => return missed(true, true),
        // Some builds write UNKNOWN when there is no stub.
        (Some(0), _) | (None, "" | "UNKNOWN") => Reason::NoContent,
        (Some(20..=33 | 43 | 44), _) => Reason::GroupNotice,
        (None, name) if name.starts_with("GROUP_") => Reason::GroupNotice,
        _ => Reason::SystemNotice,
    };
    Event::Ignored { what, id: Some(id) }
}

/// A gateway's own message is announced before WhatsApp's server has it, a person's message only after.
fn origin(from_me: bool, status: Option<&Value>) -> Origin {
    match receipt_level::level(status) {
        _ if !from_me => Origin::Customer,
        Some(ReceiptLevel::Pending) => Origin::OwnEcho,
        _ => Origin::OwnPhone,
    }
}
