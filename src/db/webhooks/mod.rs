//! What GHL and Waapify posted, stored byte for byte until it has been read.

pub mod ghl_events;
pub mod misdirected;
pub mod unknown_events;
pub mod waapify_events;
