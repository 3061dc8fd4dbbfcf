//! Signals from routes to workers, within one process: there is something to do.
//!
//! Owns: starting a worker's poll at once. Refuses: carrying the work, which is in Postgres. A lost signal costs one polling
//! interval at most, and workers of other processes rely on polling alone.

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
    /// GHL has to be told something.
    pub status_updates: Notify,
    /// GHL posted something about the app.
    pub ghl_events: Notify,
    /// An install or an uninstall has work left.
    pub token_upkeep: Notify,
    /// A number was linked or unlinked.
    pub monitor: Notify,
}
