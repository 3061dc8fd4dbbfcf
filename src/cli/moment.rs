//! Times on the terminal: shown in this machine's time zone (`TZ`, else the system's) with the distance to UTC, and read
//! as people write them.
//!
//! `jiff` finds the zone without C's `localtime`, which is not safe beside other threads. In JSON times are RFC 3339, UTC.

use anyhow::Context as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ZonedDateTime};
use time::OffsetDateTime;

/// A time in a table, to the minute.
pub(super) fn minutes(at: OffsetDateTime) -> String {
    shown(at, "%Y-%m-%d %H:%M%:z")
}

/// A time in a timeline, to the second.
pub(super) fn seconds(at: OffsetDateTime) -> String {
    shown(at, "%Y-%m-%d %H:%M:%S%:z")
}

fn shown(at: OffsetDateTime, format: &str) -> String {
    // Both crates have all times from year -9999 to 9999.
    zoned(at).map_or_else(
        |_| at.to_string(),
        |local| local.strftime(format).to_string(),
    )
}

fn zoned(at: OffsetDateTime) -> Result<ZonedDateTime, jiff::Error> {
    let at = Timestamp::from_nanosecond(at.unix_timestamp_nanos())?;
    Ok(at.to_zoned_datetime(TimeZone::system()))
}

/// A time as a person gives it.
#[derive(Clone, Debug)]
pub(super) enum Moment {
    /// So long ago; days are those of the local calendar.
    Ago(Span),
    /// This very time.
    At(Timestamp),
}

impl Moment {
    /// Reads a time (with its zone, or local) or a duration.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        if let Ok(local) = text.parse::<DateTime>() {
            let at = local.to_zoned_datetime(TimeZone::system());
            return at
                .map(|at| Self::At(at.timestamp()))
                .map_err(|error| error.to_string());
        }
        let span = text.parse::<Span>().map_err(|_| {
            "neither a duration such as 2h or 3d, nor a time such as 2026-11-27, \"2026-11-27 14:00\" or 2026-11-27T14:00:00+08:00"
        })?;
        if span.is_negative() && !text.trim_end().ends_with("ago") {
            return Err("a negative duration; 1h means an hour ago".to_owned());
        }
        Ok(Self::Ago(span.abs()))
    }

    /// The time that is meant now.
    pub(super) fn resolve(&self, now: OffsetDateTime) -> anyhow::Result<OffsetDateTime> {
        let at = match self {
            Self::At(at) => *at,
            Self::Ago(span) => zoned(now)?
                .checked_sub(*span)
                .context("that is too long ago")?
                .timestamp(),
        };
        Ok(OffsetDateTime::from_unix_timestamp_nanos(
            at.as_nanosecond(),
        )?)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_and_durations_are_read_as_people_write_them() {
        let now = datetime!(2026-11-27 12:00 UTC);
        for (text, expected) in [
            ("2h", datetime!(2026-11-27 10:00 UTC)),
            ("90m", datetime!(2026-11-27 10:30 UTC)),
            ("1w", datetime!(2026-11-20 12:00 UTC)),
            ("2h 30m ago", datetime!(2026-11-27 9:30 UTC)),
            ("2026-11-27T14:00:00+08:00", datetime!(2026-11-27 6:00 UTC)),
            ("2026-11-27 14:00Z", datetime!(2026-11-27 14:00 UTC)),
        ] {
            let read = Moment::parse(text).unwrap().resolve(now).unwrap();
            assert_eq!(read, expected, "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2",
            "14",
            "2026-13-01",
            "3 lights",
            "-1h",
            "-2h 30m",
        ] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        assert!(Moment::parse("19000y").unwrap().resolve(now).is_err());
    }
}
