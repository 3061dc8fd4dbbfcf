//! Why a number sends nothing, as the gateway's answers say.

use crate::model::reason::{Hold, Reason};

/// Why a number cannot send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The token or the instance id is wrong.
    Credentials,
    /// The phone is not linked any more.
    LinkLost,
    /// Another phone than the number's is linked: messages would come from that phone's number.
    OtherNumber,
    /// The plan's messages are used up.
    Quota,
    /// Waapify has a problem with its own licence.
    Provider,
}

impl HoldReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Credentials,
        Self::LinkLost,
        Self::OtherNumber,
        Self::Quota,
        Self::Provider,
    ];

    /// The reason for the number's hold.
    #[must_use]
    pub const fn hold(self) -> Hold {
        match self {
            Self::Credentials => Hold::Credentials,
            Self::LinkLost => Hold::LinkLost,
            Self::OtherNumber => Hold::OtherNumber,
            Self::Quota => Hold::Quota,
            Self::Provider => Hold::Provider,
        }
    }

    /// The cause of a hold with this reason.
    #[must_use]
    pub fn of(reason: &Reason) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|why| matches!(reason, Reason::Hold(hold) if *hold == why.hold()))
    }
}
