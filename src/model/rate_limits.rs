//! What a vendor says about its limits: a plain type between those who hear it and those who keep it.

use std::time::Duration;

/// What an answer said; none where it said nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls of a window.
    pub max: Option<i32>,
    /// Length of a window.
    pub window: Option<Duration>,
    /// Calls that are left of this window, by the vendor's own count.
    pub remaining: Option<i32>,
    /// No call before this much time has passed.
    pub pause: Option<Duration>,
    /// Few of the day's calls are left: nothing but what a person waits for before this much time has passed.
    pub saving: Option<Duration>,
}
