//! What is known of the messages of an hour.

use serde::Serialize;

/// What is known of the messages of an hour, a way and a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All but those that are for nobody.
    pub total: i32,
    /// WhatsApp took them; 0 for those from WhatsApp.
    pub sent: i32,
    /// They are on the customer's phone; from WhatsApp: in GHL.
    pub delivered: i32,
    /// The customer read them.
    pub read: i32,
    /// They failed.
    pub failed: i32,
    /// Those of `delivered` whose time is known.
    pub timed: i32,
    /// Those of `timed` that took two seconds at most.
    pub within_2s: i32,
    /// Five seconds.
    pub within_5s: i32,
    /// Ten seconds.
    pub within_10s: i32,
    /// Half a minute.
    pub within_30s: i32,
    /// A minute.
    pub within_1min: i32,
    /// Five minutes.
    pub within_5min: i32,
    /// An hour.
    pub within_1h: i32,
}

impl Counts {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.total += other.total;
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.read += other.read;
        self.failed += other.failed;
        self.timed += other.timed;
        self.within_2s += other.within_2s;
        self.within_5s += other.within_5s;
        self.within_10s += other.within_10s;
        self.within_30s += other.within_30s;
        self.within_1min += other.within_1min;
        self.within_5min += other.within_5min;
        self.within_1h += other.within_1h;
    }

    /// Seconds within which half of those arrived whose time is known; the second is false where it took longer than that.
    /// None if no time is known.
    #[must_use]
    pub fn median(&self) -> Option<(i32, bool)> {
        let bounds = [
            (2, self.within_2s),
            (5, self.within_5s),
            (10, self.within_10s),
            (30, self.within_30s),
            (60, self.within_1min),
            (300, self.within_5min),
            (3600, self.within_1h),
        ];
        let found = bounds.iter().find(|(_, count)| count * 2 >= self.timed);
        (self.timed > 0).then(|| found.map_or((3600, false), |(seconds, _)| (*seconds, true)))
    }
}
