//! Bells between those who bring work and those who do it, within one process.
//!
//! Owns: waking a worker at once instead of at its next look. Refuses: carrying the work, which lies in Postgres; a
//! lost ring costs at most one look's pause, and workers of other processes go by their looks alone.

use tokio::sync::Notify;

/// One bell for each worker.
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
