//! Where the app is installed and which numbers are connected: installs, tokens, numbers, keys.

pub mod connect;
pub mod installs;
pub mod key_rotation;
pub mod qr_linking;
pub mod services;
pub mod tokens;
