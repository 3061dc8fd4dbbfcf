//! What a cluster promises for its data.

use rustix::process::Signal;

/// Whether committed data must survive a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A commit survives a crash of the process and of the machine.
    Durable,
    /// Nothing is synced and the stop is immediate: for tests and scripts. A crash of the machine
    /// can destroy the whole folder, so never use it on data that somebody wants to keep.
    ThrowAway,
}

impl Durability {
    /// Fast shutdown, which writes all data, or immediate shutdown. The second value is the name for `setpriv`.
    pub(crate) fn stop_signal(self) -> (Signal, &'static str) {
        match self {
            Self::Durable => (Signal::INT, "INT"),
            Self::ThrowAway => (Signal::QUIT, "QUIT"),
        }
    }
}
