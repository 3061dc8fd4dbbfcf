//! When a number may write to somebody who never wrote to it: by the day's and the hour's cap of first contacts, the hours of the
//! day, a pause, and what WhatsApp refused. Pure.
//!
//! WhatsApp publishes no figures; those of the table below are what others found to be safe, on the careful side
//! (`docs/vendors/whatsapp.md#first-contacts`).

use time::{Date, Duration, OffsetDateTime};

use crate::model::reason::{Reason, Wait};
use crate::model::zone::Zone;

/// First contacts a day, by days since the number was connected. Week one: others name 20 to 30 a day. After a month: 200, the
/// middle of 100 to 300. The end: 250, which others use as the general limit for people who never wrote.
pub const RAMP: [Level; 8] = [
    Level::new(0, 20),
    Level::new(3, 30),
    Level::new(7, 50),
    Level::new(14, 80),
    Level::new(21, 120),
    Level::new(30, 160),
    Level::new(45, 200),
    Level::new(60, 250),
];
/// Days that a number counts as connected longer if people say that it is old: it begins at 120 a day, because WhatsApp knows it,
/// but not yet as the number of a program.
pub const OLD_HEAD_START: i64 = 21;
/// The hour's share of the day's cap: a fifth, as 20 an hour of 50 to 80 of 500, so that a day's cap is never used at once.
const HOUR_SHARE: i32 = 5;
/// The least cap of an hour: with fewer, twenty a day would not fit into the hours of a day that people shorten.
const LEAST_HOURLY: i32 = 5;
/// First minute of the day for first contacts: people are awake, and work.
pub const FROM_MINUTE: i32 = 9 * 60;
/// The minute of the day from which on there are no more: a stranger's message at night is reported as spam.
pub const UNTIL_MINUTE: i32 = 20 * 60;
/// The pause after a message to a stranger, from its least to its most, at random: a person who writes to one after the other is
/// not faster. At the middle, 90 an hour, it leaves the highest cap of an hour (50) within reach.
const PAUSE: (Duration, Duration) = (Duration::seconds(20), Duration::seconds(60));
/// The same text to the same phone leaves once in this time, as others have it.
pub const SAME_TEXT: Duration = Duration::hours(24);
/// The most first contacts a day that people may choose: the highest that anybody names, for a number that is warm for weeks.
pub const MAX_DAILY: i32 = 1_000;
/// The most an hour that people may choose: the highest that anybody names.
pub const MAX_HOURLY: i32 = 200;

/// How long nothing goes to strangers after WhatsApp refused a message: its own lock lasts a day.
const FIRST_STOP: Duration = Duration::days(1);
/// Refusals in this time count: each doubles the time. A month later WhatsApp has forgotten.
pub const REFUSALS_COUNT: Duration = Duration::days(30);
/// Doublings at most: 16 days. A longer time would say nothing more.
const MAX_DOUBLINGS: u32 = 4;
/// So many refusals in [`STOP_WITHIN`] stop everything that no person wrote.
pub const STOP_AFTER: i64 = 3;
/// The time in which they count, and in which a lost link after one stops everything as well.
pub const STOP_WITHIN: Duration = Duration::days(1);

/// Minutes of a day.
pub const DAY_MINUTES: i32 = 24 * 60;

/// A level of the ramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Days since the number was connected.
    pub from_day: i64,
    /// First contacts a day.
    pub daily: i32,
}

impl Level {
    const fn new(from_day: i64, daily: i32) -> Self {
        Self { from_day, daily }
    }
}

/// What people decided about a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Strangers are written to slowly; none: as the deployment says.
    pub is_on: Option<bool>,
    /// The number was used for long before it was connected.
    pub is_old: bool,
    /// First contacts a day; none: by the ramp.
    pub daily: Option<i32>,
    /// First contacts an hour; none: a share of the day's.
    pub hourly: Option<i32>,
    /// The first minute of the day for strangers.
    pub from_minute: i32,
    /// The first minute after those. Before the first one: the hours go across midnight.
    pub until_minute: i32,
    /// The IANA name of the time zone of days and hours; none: the sub-account's.
    pub zone: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            is_on: None,
            is_old: false,
            daily: None,
            hourly: None,
            from_minute: FROM_MINUTE,
            until_minute: UNTIL_MINUTE,
            zone: None,
        }
    }
}

/// A number's limits at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// First contacts a day.
    pub daily: i32,
    /// First contacts an hour.
    pub hourly: i32,
    /// Its place in [`RAMP`], from 0; none where people chose the day's cap.
    pub level: Option<usize>,
    /// The hours of the day, in minutes.
    pub hours: (i32, i32),
    /// Where days and hours begin.
    pub zone: Zone,
}

/// How many strangers a number has written to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// On this day of its zone.
    pub today: i32,
    /// In this hour of its zone.
    pub this_hour: i32,
}

/// When a message to a stranger may leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Now.
    Now,
    /// Not before `at`, when it is decided again.
    Later {
        /// When.
        at: OffsetDateTime,
        /// What people read.
        why: Reason,
    },
}

/// A number's limits. `connected`: when it was connected first; `zone`: its sub-account's.
#[must_use]
pub fn limits(
    settings: &Settings,
    connected: OffsetDateTime,
    zone: &Zone,
    now: OffsetDateTime,
) -> Limits {
    let head_start = if settings.is_old { OLD_HEAD_START } else { 0 };
    let days = (now - connected).whole_days() + head_start;
    let level = RAMP
        .iter()
        .rposition(|level| level.from_day <= days)
        .unwrap_or_default();
    let daily = settings.daily.unwrap_or(RAMP[level].daily);
    let hourly = (daily / HOUR_SHARE).max(LEAST_HOURLY).min(daily);
    let own = settings.zone.as_deref().and_then(Zone::find);
    Limits {
        daily,
        hourly: settings.hourly.unwrap_or(hourly).min(daily),
        level: settings.daily.is_none().then_some(level),
        hours: (settings.from_minute, settings.until_minute),
        zone: own.unwrap_or_else(|| zone.clone()),
    }
}

impl Limits {
    /// The day of its zone in which a time is.
    #[must_use]
    pub fn day(&self, at: OffsetDateTime) -> Date {
        self.zone.date(at)
    }

    /// When the hour of its zone began in which a time is.
    #[must_use]
    pub fn hour(&self, at: OffsetDateTime) -> OffsetDateTime {
        self.zone.hour_start(at)
    }

    /// Whether strangers may be written to at this time of the day.
    fn is_open(&self, at: OffsetDateTime) -> bool {
        let (from, until) = self.hours;
        let minute = self.zone.minute(at);
        if from < until {
            (from..until).contains(&minute)
        } else {
            minute >= from || minute < until
        }
    }

    /// The first time from `at` on at which strangers may be written to.
    fn opening(&self, at: OffsetDateTime) -> OffsetDateTime {
        if self.is_open(at) {
            return at;
        }
        // Where clocks are put forward, an opening that does not exist is an hour later.
        let openings = (0..=2).map(|days| self.zone.at_minute(at, days, self.hours.0));
        openings
            .into_iter()
            .find(|opening| *opening > at)
            .unwrap_or(at)
    }
}

/// Whether a message may leave to a stranger now. `is_first`: it is the first one to that phone today; others count no more.
/// `stopped_until`: WhatsApp refused a message.
#[must_use]
pub fn decide(
    limits: &Limits,
    counts: Counts,
    is_first: bool,
    stopped_until: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Verdict {
    let zone = &limits.zone;
    if let Some(until) = stopped_until.filter(|until| *until > now) {
        return Verdict::Later {
            at: until,
            why: restricted(until, zone),
        };
    }
    if is_first && counts.today >= limits.daily {
        // Decided again at midnight, from when on "tomorrow" is today.
        let midnight = zone.at_minute(now, 1, 0);
        let why = Wait::FirstContactsOfDay {
            time: zone.clock(limits.opening(midnight)),
            used: counts.today,
            cap: limits.daily,
        };
        return later(midnight, why);
    }
    if !limits.is_open(now) {
        let at = limits.opening(now);
        let (from, until) = limits.hours;
        let why = Wait::HoursOfStrangers {
            time: zone.clock(at),
            from: written(from),
            until: written(until),
        };
        return later(at, why);
    }
    if is_first && counts.this_hour >= limits.hourly {
        let next = limits.opening(zone.hour_start(now) + Duration::HOUR);
        let why = Wait::FirstContactsOfHour {
            time: zone.clock(next),
            used: counts.this_hour,
            cap: limits.hourly,
        };
        return later(next, why);
    }
    Verdict::Now
}

fn later(at: OffsetDateTime, why: Wait) -> Verdict {
    Verdict::Later {
        at,
        why: why.into(),
    }
}

/// Why nothing goes to strangers until then.
#[must_use]
pub fn restricted(until: OffsetDateTime, zone: &Zone) -> Reason {
    let at = zone.minutes(until);
    Wait::NumberRestricted { at }.into()
}

/// When the next message to a stranger may leave, after one that leaves now and is in `counts`, and why it waits, if that is more
/// than the pause. `random` is from 0 to 1.
#[must_use]
pub fn next(
    limits: &Limits,
    counts: Counts,
    now: OffsetDateTime,
    random: f64,
) -> (OffsetDateTime, Option<Reason>) {
    match decide(limits, counts, true, None, now) {
        Verdict::Now => (now + pause(random), None),
        Verdict::Later { at, why } => (at.max(now + pause(random)), Some(why)),
    }
}

/// A pause; `random` is from 0 to 1.
#[must_use]
pub fn pause(random: f64) -> Duration {
    PAUSE.0 + (PAUSE.1 - PAUSE.0) * random.clamp(0.0, 1.0)
}

/// How long nothing goes to strangers after so many refusals in [`REFUSALS_COUNT`].
#[must_use]
pub fn stop_after(refusals: i64) -> Duration {
    let doublings = u32::try_from(refusals - 1).unwrap_or_default();
    FIRST_STOP * (1_i32 << doublings.min(MAX_DOUBLINGS))
}

/// A minute of the day as `09:00`.
#[must_use]
pub fn written(minute: i32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Reads a time of the day such as `9:00`; 24:00 is the end of the day.
#[must_use]
pub fn minute_of(text: &str) -> Option<i32> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |text: &str, digits: std::ops::RangeInclusive<usize>| {
        let is_plain =
            digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|_| is_plain)
    };
    let (hours, minutes) = (number(hours, 1..=2)?, number(minutes, 2..=2)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= DAY_MINUTES).then_some(minute)
}

#[cfg(test)]
mod tests;
