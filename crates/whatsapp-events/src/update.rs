//! Reads one item of `messages.update` into a receipt, an edit or a revoke.
//!
//! Ignores everything else that an update can carry (stars, votes), and the statuses of incoming messages, which only
//! mean that the business read them.

use serde_json::Value;

use crate::content::Said;
use crate::{
    Content, Event, Reason, Receipt, ReceiptLevel, content, fields, jid, message, receipt_level,
};

pub(super) fn read(item: &Value) -> Event {
    let (Some(key), Some(update)) = (
        item.get("key").filter(|key| key.is_object()),
        item.get("update").filter(|update| update.is_object()),
    ) else {
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
    if let Some(said) = change(update, &id) {
        return message::changed(item, said, fields::instant(update.get("messageTimestamp")));
    }
    let from_me = fields::flag(key.get("fromMe"));
    let status = update.get("status").filter(|status| !status.is_null());
    let what = match receipt_level::level(status) {
        Some(level) if from_me => return Event::Receipt(receipt(item, update, id, level)),
        _ if status.is_none() => Reason::NoStatus,
        Some(_) => Reason::ReadByOwner,
        None => Reason::UnknownStatus,
    };
    Event::Ignored { what, id: Some(id) }
}

fn receipt(item: &Value, update: &Value, id: String, level: ReceiptLevel) -> Receipt {
    let code = fields::name(update.pointer("/messageStubParameters/0"));
    Receipt {
        id,
        level,
        refusal_code: code.filter(|code| {
            level == ReceiptLevel::Refused
                && code.len() <= 5
                && code.bytes().all(|byte| byte.is_ascii_digit())
        }),
        lid: jid::lid_of_receipt(item),
        chat: jid::chat(item, true).map(|(chat, _)| chat),
    }
}

/// The edit or revoke in an update. If it names no target, it changes the message of the update's key.
fn change(update: &Value, id: &str) -> Option<Said> {
    let message = update.get("message").filter(|message| !message.is_null());
    let said = match message.and_then(content::read) {
        Some(said) if matches!(said.content, Content::Edited(_) | Content::Deleted) => said,
        _ if message.is_some_and(|message| message.get("editedMessage").is_some()) => Said {
            content: content::edited(message),
            ..Said::default()
        },
        None if message::is_revoke(update.get("messageStubType")) => Said {
            content: Content::Deleted,
            ..Said::default()
        },
        _ => return None,
    };
    Some(Said {
        about: said.about.or_else(|| Some(id.to_owned())),
        ..said
    })
}
