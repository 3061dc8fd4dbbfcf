//! Time zones, and times as people read them.
//!
//! `jiff` brings the list of all zones with it, and finds this machine's without C's `localtime`, which is not safe beside
//! other threads.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use time::OffsetDateTime;

/// Format of a time to the minute, in which years come first so that no reader takes a month for a day.
const MINUTES: &str = "%Y-%m-%d %H:%M";
/// The same to the second.
const SECONDS: &str = "%Y-%m-%d %H:%M:%S";

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    fn default() -> Self {
        Self::utc()
    }
}

impl Zone {
    /// UTC, where nobody told a better one.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// This machine's (`TZ`, else the system's).
    #[must_use]
    pub fn system() -> Self {
        Self(TimeZone::system())
    }

    /// The zone with this IANA name, such as `Asia/Kuala_Lumpur`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        TimeZone::get(name.trim()).ok().map(Self)
    }

    /// Its IANA name; `UTC` also where it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// A time to the minute with the distance to UTC, such as `2026-11-27 14:00 UTC+8`.
    #[must_use]
    pub fn minutes(&self, at: OffsetDateTime) -> String {
        self.shown(at, MINUTES)
    }

    /// The same to the second.
    #[must_use]
    pub fn seconds(&self, at: OffsetDateTime) -> String {
        self.shown(at, SECONDS)
    }

    fn shown(&self, at: OffsetDateTime, format: &str) -> String {
        // Both crates have all times from year -9999 to 9999.
        let Ok(at) = Timestamp::from_nanosecond(at.unix_timestamp_nanos()) else {
            return at.to_string();
        };
        let local = at.to_zoned_datetime(self.0.clone());
        format!("{} {}", local.strftime(format), distance(local.offset()))
    }
}

/// The distance of a zone to UTC, as people write it.
fn distance(offset: Offset) -> String {
    let minutes = offset.seconds() / 60;
    let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
    let sign = if minutes < 0 { '-' } else { '+' };
    match (hours, rest) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, rest) => format!("UTC{sign}{hours}:{rest:02}"),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_time_is_shown_in_its_zone_with_the_distance_to_utc() {
        let noon = datetime!(2026-11-27 12:00:05 UTC);
        for (name, shown) in [
            ("UTC", "2026-11-27 12:00 UTC"),
            ("Asia/Kuala_Lumpur", "2026-11-27 20:00 UTC+8"),
            (" asia/kuala_lumpur ", "2026-11-27 20:00 UTC+8"),
            ("Asia/Kolkata", "2026-11-27 17:30 UTC+5:30"),
            ("America/St_Johns", "2026-11-27 08:30 UTC-3:30"),
            ("US/Pacific", "2026-11-27 04:00 UTC-8"),
        ] {
            let zone = Zone::find(name).unwrap();
            assert_eq!(zone.minutes(noon), shown, "{name}");
        }
        assert_eq!(Zone::utc().seconds(noon), "2026-11-27 12:00:05 UTC");
        assert_eq!(Zone::find("Europe/Berlin").unwrap().name(), "Europe/Berlin");
        for name in ["", "Nowhere/Else", "../etc/passwd", "\0", "GMT+8 (MY)"] {
            assert_eq!(Zone::find(name), None, "{name:?}");
        }
    }
}
