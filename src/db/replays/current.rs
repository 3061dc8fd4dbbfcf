//! What a replay needs to know about a message.

use crate::model::ids::MessageId;
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// Why a message may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayHaveArrived {
    /// A part of it was sent, with an unknown outcome.
    Unconfirmed,
    /// WhatsApp took parts of it and refused one: that part and all after it are sent again.
    Refused,
    /// Some parts were sent; a replay sends only the rest.
    PartsLeft {
        /// The number of these parts.
        sent: i32,
    },
    /// GHL's answer to the post was lost.
    AnswerLost,
}

/// What decides whether a message may be replayed.
pub(in crate::db) struct Current {
    pub(in crate::db) id: MessageId,
    pub(in crate::db) state: MessageState,
    pub(in crate::db) reason: Option<Reason>,
    /// Its location has uninstalled the app.
    pub(in crate::db) is_uninstalled: bool,
    /// It was sent at least in part, and the outcome is unknown.
    pub(in crate::db) is_lost: bool,
    /// Parts that were sent.
    pub(in crate::db) parts_sent: i32,
    /// The first part of which WhatsApp refused every copy.
    pub(in crate::db) refused_part: Option<i32>,
}

impl Current {
    /// Why the message may have arrived; none if that is impossible.
    pub(super) fn may_have_arrived(&self, direction: Direction) -> Option<MayHaveArrived> {
        match direction {
            Direction::Inbound => self.is_lost.then_some(MayHaveArrived::AnswerLost),
            Direction::Outbound if self.is_lost => Some(MayHaveArrived::Unconfirmed),
            Direction::Outbound if self.refused_part.is_some() => Some(MayHaveArrived::Refused),
            Direction::Outbound if self.parts_sent > 0 => Some(MayHaveArrived::PartsLeft {
                sent: self.parts_sent,
            }),
            Direction::Outbound => None,
        }
    }
}
