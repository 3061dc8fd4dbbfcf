//! The current time, passed in wherever it is needed so that tests can set it.
//!
//! It is the database's time: due times, leases and windows are shared by all processes, whose machines' clocks differ and
//! jump. A process measures the time at its start and every minute (`db::clock`), and counts on from there by a clock that
//! never jumps. This is the only place that reads the system clock. Waiting is left to tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use time::{Duration, OffsetDateTime};

/// A machine's clock that differs by more from the database's deserves a warning.
pub const CLOCK_TOLERANCE: Duration = Duration::SECOND;

/// The database's time, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Measured(Arc<Measured>),
    /// Microseconds since 1970, UTC.
    Manual(Arc<AtomicI64>),
}

/// What the measurements of a process say.
#[derive(Debug)]
struct Measured {
    start: Instant,
    /// The time at `start`, in microseconds since 1970, UTC.
    start_time: AtomicI64,
    /// How far this machine's own clock was ahead when it was compared last, in microseconds.
    ahead: AtomicI64,
}

impl Clock {
    /// The machine's own time, until [`Clock::set`] knows better.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::Measured(Arc::new(Measured {
            start: Instant::now(),
            start_time: AtomicI64::new(microseconds(system_now())),
            ahead: AtomicI64::new(0),
        })))
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it; clones move together.
    #[must_use]
    pub fn manual(start: OffsetDateTime) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(microseconds(
            start,
        )))))
    }

    /// The current time, UTC, in whole microseconds (the precision of Postgres).
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        let micros = match &self.0 {
            Source::Measured(clock) => {
                let elapsed = i64::try_from(clock.start.elapsed().as_micros());
                clock.start_time.load(Ordering::SeqCst) + elapsed.unwrap_or(i64::MAX)
            }
            Source::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
    }

    /// Sets the time; a manual clock stays as it is. Clones are set together.
    pub fn set(&self, now: OffsetDateTime) {
        if let Source::Measured(clock) = &self.0 {
            let elapsed = i64::try_from(clock.start.elapsed().as_micros()).unwrap_or(i64::MAX);
            let start_time = microseconds(now).saturating_sub(elapsed);
            clock.start_time.store(start_time, Ordering::SeqCst);
            let ahead = microseconds(system_now()).saturating_sub(microseconds(now));
            clock.ahead.store(ahead, Ordering::SeqCst);
        }
    }

    /// How far this machine's own clock was ahead of the time that was set last; negative where it was behind.
    #[must_use]
    pub fn system_ahead(&self) -> Duration {
        match &self.0 {
            Source::Measured(clock) => Duration::microseconds(clock.ahead.load(Ordering::SeqCst)),
            Source::Manual(_) => Duration::ZERO,
        }
    }

    /// Moves a manual clock forward; any other stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let step = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the system clock"
)]
fn system_now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn microseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_was_set_goes_on_and_the_machines_own_is_compared_with_it() {
        let clock = Clock::system();
        let same = clock.clone();
        assert_eq!(clock.system_ahead(), Duration::ZERO);
        for ahead in [Duration::minutes(5), -Duration::hours(1)] {
            let set = system_now() - ahead;
            clock.set(set);
            let found = same.now() - set;
            // A clock counts whole microseconds.
            assert!(found.abs() < Duration::minutes(1), "{found}");
            let seen = same.system_ahead();
            assert!((seen - ahead).abs() < Duration::minutes(1), "{seen}");
        }
    }
}
