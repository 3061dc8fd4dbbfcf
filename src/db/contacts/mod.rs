//! A location's WhatsApp groups and hidden addresses (LIDs). GHL's contacts are in `accounts/locations.rs`.

pub mod groups;
pub mod lids;
