//! One item of `messages.update` → a receipt.
//!
//! Owns: the meaning of a status. Refuses everything else an update can carry (edits, revokes, stars)
//! and the statuses of incoming messages, which only say that the owner read them.

use super::content::{self, Reading};
use super::{Event, Reason, Receipt, ReceiptLevel, jid, json};
use serde_json::Value;

/// Reads one item.
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
    let Some(id) = json::name(key.get("id")) else {
        return Event::Ignored {
            what: Reason::NoId,
            id: None,
        };
    };
    let from_me = json::flag(key.get("fromMe"));
    let status = update.get("status").filter(|status| !status.is_null());
    let what = match level(status) {
        Some(level) if from_me => return Event::Receipt(receipt(item, update, id, level)),
        _ if status.is_none() => reason(update),
        Some(_) => Reason::ReadByOwner,
        None => Reason::UnknownStatus,
    };
    Event::Ignored { what, id: Some(id) }
}

fn receipt(item: &Value, update: &Value, id: String, level: ReceiptLevel) -> Receipt {
    let code = json::name(update.pointer("/messageStubParameters/0"));
    Receipt {
        id,
        level,
        refusal_code: code.filter(|code| {
            level == ReceiptLevel::Refused
                && code.len() <= 5
                && code.bytes().all(|byte| byte.is_ascii_digit())
        }),
        chat: jid::chat(item, true).map(|(chat, _)| chat),
    }
}

/// What an update without a status is about.
fn reason(update: &Value) -> Reason {
    let message = update.get("message");
    if message.is_some_and(|message| message.get("editedMessage").is_some()) {
        return Reason::Edited;
    }
    match message.map_or(Reading::Absent, content::read) {
        Reading::Edited => Reason::Edited,
        Reading::Deleted => Reason::Deleted,
        _ if is_revoke(update.get("messageStubType")) => Reason::Deleted,
        _ => Reason::NoStatus,
    }
}

/// Whether the stub says "revoked", as a number or by name.
fn is_revoke(stub: Option<&Value>) -> bool {
    json::integer(stub) == Some(1) || json::text(stub).as_deref() == Some("REVOKE")
}

/// A status, as a number or by name (`WebMessageInfo.Status`).
pub(super) fn level(status: Option<&Value>) -> Option<ReceiptLevel> {
    let level = match json::integer(status) {
        Some(number) => match number {
            0 => ReceiptLevel::Refused,
            1 => ReceiptLevel::Pending,
            2 => ReceiptLevel::ServerAck,
            3 => ReceiptLevel::Delivered,
            4 | 5 => ReceiptLevel::Read,
            _ => return None,
        },
        None => match json::text(status)?.trim().to_ascii_uppercase().as_str() {
            "ERROR" => ReceiptLevel::Refused,
            "PENDING" => ReceiptLevel::Pending,
            "SERVER_ACK" => ReceiptLevel::ServerAck,
            "DELIVERY_ACK" => ReceiptLevel::Delivered,
            "READ" | "PLAYED" => ReceiptLevel::Read,
            _ => return None,
        },
    };
    Some(level)
}
