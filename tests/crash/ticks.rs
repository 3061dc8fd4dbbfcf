//! Whether a message's state is what WhatsApp's acks bear out, and GHL's status what the state is.
//!
//! Owns: these two questions. Refuses: whether the message is where it belongs, which is `checks`'.

use simulators::{ChatMessage, Message};

/// No tick without WhatsApp's ack of every part; and none missing where the service heard of all of them.
pub fn wrong_tick(state: &str, parts: &[&[&ChatMessage]]) -> Option<String> {
    let rank = |state| match state {
        "delivered" => 3,
        "read" => 4,
        _ => 0,
    };
    let told = parts
        .iter()
        .map(|copies| copies.iter().map(|m| m.ack).max().unwrap_or(0))
        .min();
    if rank(state) > told.unwrap_or(0) {
        return Some(format!("it is {state}, WhatsApp's ack is {told:?}"));
    }
    // Of two copies only one may be known; the echo makes sure of an only one.
    let heard = |copies: &&[&ChatMessage]| match copies {
        [only] if only.heard => only.ack_heard,
        _ => 0,
    };
    let heard = parts.iter().map(heard).min().unwrap_or(0);
    (state != "failed" && heard >= 3 && rank(state) < heard)
        .then(|| format!("it is {state}, the ack {heard} was heard for every part"))
}

/// GHL shows what we know, and came there upward.
pub fn wrong_status(state: &str, message: &Message) -> Option<String> {
    let rank = |status: &String| {
        ["pending", "sent", "delivered", "read", "failed"]
            .iter()
            .position(|s| s == status)
    };
    // One that was stored and whose every answer was lost: GHL gave up on it by itself, and learns better.
    let given_up = message.taken.is_none();
    let wrong = if given_up {
        state != "sent" && message.status != state
    } else {
        message.status != state || !message.statuses.is_sorted_by_key(rank)
    };
    wrong.then(|| format!("it is {state}, GHL showed {:?}", message.statuses))
}
