//! Reads the status of a message, which builds of the gateway write differently.

use serde_json::Value;

use crate::{ReceiptLevel, fields};

/// A status, as a number or by name: that of `WebMessageInfo.Status`, or of a program around it.
pub(super) fn level(status: Option<&Value>) -> Option<ReceiptLevel> {
    let level = match fields::integer(status) {
        Some(number) => match number {
            0 => ReceiptLevel::Refused,
            1 => ReceiptLevel::Pending,
            2 => ReceiptLevel::ServerAck,
            3 => ReceiptLevel::Delivered,
            4 | 5 => ReceiptLevel::Read,
            _ => return None,
        },
        None => match fields::text(status)?.trim().to_ascii_uppercase().as_str() {
            "ERROR" => ReceiptLevel::Refused,
            "PENDING" => ReceiptLevel::Pending,
            "SERVER_ACK" | "SERVER" | "SENT" => ReceiptLevel::ServerAck,
            "DELIVERY_ACK" | "DEVICE" | "DELIVERED" => ReceiptLevel::Delivered,
            "READ" | "PLAYED" => ReceiptLevel::Read,
            _ => return None,
        },
    };
    Some(level)
}
