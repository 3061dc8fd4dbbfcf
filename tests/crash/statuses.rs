//! Whether a message's state agrees with WhatsApp's acks, and GHL's status with that state. Whether the message is in
//! the right place is checked in `checks`.

use simulators::{ChatMessage, Message};

/// No state without WhatsApp's ack of every part; and no state missing if the service received all acks.
pub fn wrong_state(state: &str, parts: &[&[&ChatMessage]]) -> Option<String> {
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
    // Of two copies the service may know only one; it knows an only copy through its echo.
    let heard = |copies: &&[&ChatMessage]| match copies {
        [only] if only.heard => only.ack_heard,
        _ => 0,
    };
    let heard = parts.iter().map(heard).min().unwrap_or(0);
    (state != "failed" && heard >= 3 && rank(state) < heard)
        .then(|| format!("it is {state}, the ack {heard} was heard for every part"))
}

/// GHL shows the service's state, and its statuses only rose to it.
pub fn wrong_status(state: &str, message: &Message) -> Option<String> {
    let rank = |status: &String| {
        ["pending", "sent", "delivered", "read", "failed"]
            .iter()
            .position(|s| s == status)
    };
    // The message was stored, but every answer to GHL was lost. GHL gave up on it, and gets the right status later.
    let given_up = message.taken.is_none();
    let wrong = if given_up {
        state != "sent" && message.status != state
    } else {
        message.status != state || !message.statuses.is_sorted_by_key(rank)
    };
    wrong.then(|| format!("it is {state}, GHL showed {:?}", message.statuses))
}
