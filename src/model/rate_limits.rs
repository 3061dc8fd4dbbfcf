//! A vendor's rate limits: a plain type that clients read and the database stores.

use std::time::Duration;

/// The limits in an answer; none where it does not give one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls that are allowed in a window.
    pub max: Option<i32>,
    /// Length of a window.
    pub window: Option<Duration>,
    /// Calls that are left in this window, by the vendor's own count.
    pub remaining: Option<i32>,
    /// No call before this much time has passed.
    pub pause: Option<Duration>,
    /// Few of the day's calls are left: only calls that a person waits for, until this much time has passed.
    pub saving: Option<Duration>,
}
