//! How far a sub-account's set-up is proven: it works only when a message went each way.

use crate::model::language::Language;

/// What a connected number has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// No number is connected.
    NoNumber,
    /// Nothing went in either direction yet.
    Untried,
    /// A customer's message reached GHL, and none of the business left yet.
    WaitsForGhl,
    /// A message of the business left, and none of a customer reached GHL yet.
    WaitsForCustomer,
    /// A message went each way.
    Works,
}

impl Progress {
    /// `has_sent`: a message of the business left. `has_posted`: a customer's message reached GHL.
    #[must_use]
    pub const fn of(is_connected: bool, has_sent: bool, has_posted: bool) -> Self {
        match (is_connected, has_sent, has_posted) {
            (false, ..) => Self::NoNumber,
            (true, false, false) => Self::Untried,
            (true, false, true) => Self::WaitsForGhl,
            (true, true, false) => Self::WaitsForCustomer,
            (true, true, true) => Self::Works,
        }
    }

    /// What people read.
    #[must_use]
    pub const fn label(self, language: Language) -> &'static str {
        match self {
            Self::NoNumber => language.pick("No number connected", "Tiada nombor disambungkan"),
            Self::Untried => language.pick(
                "Connected, waits for a first message each way",
                "Disambungkan, menunggu mesej pertama bagi setiap arah",
            ),
            Self::WaitsForGhl => language.pick(
                "Connected, waits for the first message from GHL",
                "Disambungkan, menunggu mesej pertama dari GHL",
            ),
            Self::WaitsForCustomer => language.pick(
                "Connected, waits for the first message from a customer",
                "Disambungkan, menunggu mesej pertama daripada pelanggan",
            ),
            Self::Works => language.pick("Working", "Berfungsi"),
        }
    }
}
