//! Where the app is installed (`installs`, `tokens`) and which numbers are connected (`connect`, `qr_linking`).
//!
//! `key_rotation` changes the keys that seal secrets; `services` is what routes and workers share. Functions that
//! return `sqlx::Result` fail when the database does.

pub mod agency_tokens;
pub mod connect;
pub mod installs;
pub mod key_rotation;
pub mod names;
pub mod qr_linking;
pub mod services;
pub mod tokens;
