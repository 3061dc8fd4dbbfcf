//! How a message stands when somebody wants to repeat it.

use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// Why a message may have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unconfirmed {
    /// A part of it left with an unknown outcome.
    Unconfirmed,
    /// WhatsApp took parts of it and refused one: that part and all behind it go again.
    Refused,
    /// Some parts have left; only the rest goes.
    PartsLeft {
        /// So many.
        sent: i32,
    },
    /// GHL's answer was lost.
    AnswerLost,
}

/// What decides whether a message may be repeated.
pub(in crate::db) struct Current {
    /// Where it is on its way.
    pub(in crate::db) state: MessageState,
    /// Why it is there.
    pub(in crate::db) reason: Option<Reason>,
    /// Its location has gone.
    pub(in crate::db) is_uninstalled: bool,
    /// Something of it left and nobody knows what became of it.
    pub(in crate::db) is_lost: bool,
    /// Parts that have left.
    pub(in crate::db) parts_sent: i32,
    /// The first part of which WhatsApp refused every copy.
    pub(in crate::db) refused_part: Option<i32>,
}

impl Current {
    /// Why it may have arrived, if it may.
    pub(super) fn doubt(&self, direction: Direction) -> Option<Unconfirmed> {
        match direction {
            Direction::Inbound => self.is_lost.then_some(Unconfirmed::AnswerLost),
            Direction::Outbound if self.is_lost => Some(Unconfirmed::Unconfirmed),
            Direction::Outbound if self.refused_part.is_some() => Some(Unconfirmed::Refused),
            Direction::Outbound if self.parts_sent > 0 => Some(Unconfirmed::PartsLeft {
                sent: self.parts_sent,
            }),
            Direction::Outbound => None,
        }
    }
}
