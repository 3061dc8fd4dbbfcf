//! Reads one item of `messages.upsert` into a message.
//!
//! Owns ids (also those of edits and revokes from `update`), time, origin, and the meaning of stubs without content.
//! An item without an id or a chat is ignored.

use serde_json::Value;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::content::Said;
use crate::sealed::SealedKind;
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
    let id = change_id(&said, Some(&id)).unwrap_or(id);
    let sent_at = fields::instant(item.get("messageTimestamp"));
    Event::Message(Box::new(message(item, id, (chat, sender), said, sent_at)))
}

/// Reads an item of an update that changes the message it names. `said` is the new content.
pub(super) fn changed(item: &Value, said: Said, sent_at: Option<OffsetDateTime>) -> Event {
    let from_me = fields::flag(item.pointer("/key/fromMe"));
    match (change_id(&said, None), jid::chat(item, from_me)) {
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
        mentions: said.mentions,
        secret: said.secret,
        twin: said.twin,
    }
}

impl Message {
    /// This encrypted edit with the new content that it holds, opened with the secret of the edited message. `None` if it
    /// is no such edit, or the secret or the addresses do not fit. `writers`: everything that is known of the writer.
    #[must_use]
    pub fn unsealed(&self, secret: &[u8; 32], writers: &[Person]) -> Option<Self> {
        let Content::Sealed(sealed) = &self.content else {
            return None;
        };
        let about = self.about.clone()?;
        let content = content::edited(Some(&sealed.open(&about, secret, writers)?));
        let said = Said {
            content: content.clone(),
            about: Some(about),
            ..Said::default()
        };
        // Ids are ASCII.
        let own = self
            .id
            .strip_prefix(SEALED)?
            .get(KNOWN..)
            .unwrap_or_default();
        let id = change_id(&said, None)? + own;
        Some(Self {
            id,
            content,
            ..self.clone()
        })
    }
}

/// The id of an edit or a revoke; `None` for other messages. Baileys announces each twice, as a message with its own id and
/// as an update without one, and both must count as one. So the id is made of what both know: the changed message and its
/// new text. Behind that stands, of an edit, the id of its own, because a text may be changed back
/// ([`edit_without_own_id`]). An edit that cannot be opened has its encrypted bytes in place of the text. The parts have no
/// fixed length, so they are hashed, each alone, so that all edits of one message have ids that begin alike; 64 bits of
/// each are enough to distinguish the messages of one chat.
fn change_id(said: &Said, own: Option<&str>) -> Option<String> {
    let (name, new) = match &said.content {
        Content::Edited(content) => (EDIT, wording::plain(content).into_bytes()),
        Content::Deleted => ("revoke:", Vec::new()),
        Content::Sealed(sealed) if sealed.kind == SealedKind::Edit => {
            (SEALED, sealed.payload().to_vec())
        }
        _ => return None,
    };
    let about = said.about.as_ref()?;
    let own = own.filter(|_| said.content != Content::Deleted);
    let own = own.map_or_else(String::new, |own| half(own.as_bytes()));
    Some(format!(
        "{name}{}{}{own}",
        half(about.as_bytes()),
        half(&new)
    ))
}

/// Length of the part of an edit's id, behind its beginning, that tells what was changed to what.
const KNOWN: usize = 32;

/// The id of an edit without the id of its own, as an update has it that announces the same edit.
#[must_use]
pub fn edit_without_own_id(id: &str) -> Option<&str> {
    let known = id.strip_prefix(EDIT)?.get(..KNOWN)?;
    id.get(..EDIT.len() + known.len())
}

/// The id of an edit back to earlier words, of which only the time is known: fewer digits than an id of its own would add.
#[must_use]
pub fn edit_of_time(begin: &str, seconds: i64) -> String {
    let time = half(seconds.to_string().as_bytes());
    format!("{begin}{}", time.get(..8).unwrap_or_default())
}

/// The beginning of the ids of edits.
const EDIT: &str = "edit:";
/// The same for edits that cannot be opened.
const SEALED: &str = "sealed:";

/// The beginnings that the ids of all edits of this message have: of those whose content is known, and of the others.
#[must_use]
pub fn edit_ids(about: &str) -> (String, String) {
    let half = half(about.as_bytes());
    (format!("{EDIT}{half}"), format!("{SEALED}{half}"))
}

/// Sixteen hexadecimal digits of a hash.
fn half(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    hash.iter()
        .take(8)
        .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// The content of the item, if it has any.
fn said(item: &Value) -> Option<Said> {
    let stub = item.get("messageStubType");
    match content::read_item(item) {
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
