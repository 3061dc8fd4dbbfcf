//! Time zones, and times as people read them.
//!
//! `jiff` brings the list of all zones with it, and finds this machine's without C's `localtime`, which is not safe beside
//! other threads.

use jiff::civil::Weekday;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _, ZonedDateTime};
use time::{Date, Month, OffsetDateTime};

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

    /// The beginnings of the last `count` hours, days or weeks of this zone, the present one included, oldest first, each
    /// with its name.
    #[must_use]
    pub fn starts(
        &self,
        span: Span,
        count: i64,
        now: OffsetDateTime,
    ) -> Vec<(OffsetDateTime, String)> {
        let now = Timestamp::from_nanosecond(now.unix_timestamp_nanos()).unwrap_or_default();
        let now = now.to_zoned_datetime(self.0.clone());
        let starts = (0..count).rev().filter_map(|back| span.begun(&now, back));
        let named = starts.filter_map(|start| {
            let at = OffsetDateTime::from_unix_timestamp(start.timestamp().as_second()).ok()?;
            Some((at, start.strftime(span.format()).to_string()))
        });
        named.collect()
    }

    /// A time of the day to the minute, such as `09:00`.
    #[must_use]
    pub fn clock(&self, at: OffsetDateTime) -> String {
        self.local(at).strftime("%H:%M").to_string()
    }

    /// The day in which a time is.
    #[must_use]
    pub fn date(&self, at: OffsetDateTime) -> Date {
        let day = self.local(at).date();
        let month = u8::try_from(day.month()).ok();
        let month = month.and_then(|month| Month::try_from(month).ok());
        let number = u8::try_from(day.day()).ok();
        let found = month.zip(number).and_then(|(month, number)| {
            Date::from_calendar_date(i32::from(day.year()), month, number).ok()
        });
        // Both crates have all days from year -9999 to 9999.
        found.unwrap_or_else(|| at.date())
    }

    /// The minute of the day, as clocks show it.
    #[must_use]
    pub fn minute(&self, at: OffsetDateTime) -> i32 {
        let local = self.local(at);
        i32::from(local.hour()) * 60 + i32::from(local.minute())
    }

    /// When the hour began, as clocks show it.
    #[must_use]
    pub fn hour_start(&self, at: OffsetDateTime) -> OffsetDateTime {
        let local = self.local(at);
        let into = i64::from(local.minute()) * 60 + i64::from(local.second());
        let second = at.unix_timestamp() - into;
        OffsetDateTime::from_unix_timestamp(second).unwrap_or(at)
    }

    /// When clocks show a minute of the day, so many days after the day of `at`. Where they skip that minute, it is as much
    /// later.
    #[must_use]
    pub fn at_minute(&self, at: OffsetDateTime, days: i64, minute: i32) -> OffsetDateTime {
        let day = self.local(at).date().checked_add(days.days()).ok();
        let found = day
            .and_then(|day| {
                day.at(0, 0, 0, 0)
                    .checked_add(i64::from(minute).minutes())
                    .ok()
            })
            .and_then(|civil| civil.to_zoned_datetime(self.0.clone()).ok())
            .and_then(|zoned| {
                OffsetDateTime::from_unix_timestamp(zoned.timestamp().as_second()).ok()
            });
        found.unwrap_or(at)
    }

    fn local(&self, at: OffsetDateTime) -> ZonedDateTime {
        // Both crates have all times from year -9999 to 9999.
        let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos()).unwrap_or_default();
        at.to_zoned_datetime(self.0.clone())
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

/// A span of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A week, from Monday on.
    Week,
}

impl Span {
    const fn format(self) -> &'static str {
        match self {
            Self::Hour => "%H:%M",
            Self::Day => "%d/%m",
            // Weeks go back to the year before.
            Self::Week => "%d/%m/%Y",
        }
    }

    /// When the span began that was `back` spans before the one of `now`.
    fn begun(self, now: &ZonedDateTime, back: i64) -> Option<ZonedDateTime> {
        let day = now.start_of_day().ok()?;
        let since_monday = i64::from(now.weekday().since(Weekday::Monday));
        match self {
            // Full hours of UTC, as the hours are counted.
            Self::Hour => {
                let second = now.timestamp().as_second();
                let start = Timestamp::from_second(second - second.rem_euclid(3600)).ok()?;
                let start = start.checked_sub(back.hours()).ok()?;
                Some(start.to_zoned_datetime(now.time_zone().clone()))
            }
            Self::Day => day.checked_sub(back.days()).ok()?.start_of_day().ok(),
            Self::Week => {
                let days = since_monday + back * 7;
                day.checked_sub(days.days()).ok()?.start_of_day().ok()
            }
        }
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
    fn spans_begin_where_the_zones_calendar_says() {
        let at = datetime!(2026-11-27 20:30 UTC);
        let zone = Zone::find("Asia/Kuala_Lumpur").unwrap();
        let named = |span, count| zone.starts(span, count, at);
        assert_eq!(
            named(Span::Hour, 2),
            [
                (datetime!(2026-11-27 19:00 UTC), "03:00".to_owned()),
                (datetime!(2026-11-27 20:00 UTC), "04:00".to_owned()),
            ]
        );
        // It is Saturday there already.
        assert_eq!(
            named(Span::Day, 2),
            [
                (datetime!(2026-11-26 16:00 UTC), "27/11".to_owned()),
                (datetime!(2026-11-27 16:00 UTC), "28/11".to_owned()),
            ]
        );
        assert_eq!(
            named(Span::Week, 1),
            [(datetime!(2026-11-22 16:00 UTC), "23/11/2026".to_owned())]
        );
    }

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
