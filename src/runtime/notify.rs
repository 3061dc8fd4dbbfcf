//! Signals to workers within one process: there may be work.
//!
//! A signal starts a worker's poll at once. It does not carry the work, which is in the database. A lost signal costs
//! one poll interval at most, and workers of other processes rely on polling alone.

use tokio::sync::Notify;

/// One signal for each worker.
#[derive(Debug, Default)]
pub struct Signals {
    /// A delivery was accepted.
    pub outbound: Notify,
    /// Waapify posted something.
    pub waapify_events: Notify,
    /// A customer's message is ready to be posted.
    pub inbound: Notify,
    /// A customer's file is to be fetched.
    pub inbound_media: Notify,
    /// A status update for GHL may be due.
    pub status_updates: Notify,
    /// GHL posted something about the app.
    pub ghl_events: Notify,
    /// An install or an uninstall has work left.
    pub token_upkeep: Notify,
    /// A number was linked or unlinked.
    pub monitor: Notify,
}
