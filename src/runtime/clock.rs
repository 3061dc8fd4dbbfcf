//! The current time, passed in wherever it is needed so that tests can set it.
//!
//! This is the only place that reads the system clock. Waiting is left to tokio.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::{Duration, OffsetDateTime};

/// The system's clock, or one that a test moves by hand.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Microseconds since 1970, UTC.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's own time.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
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
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place that reads the system clock"
    )]
    pub fn now(&self) -> OffsetDateTime {
        let micros = match &self.0 {
            Source::System => microseconds(OffsetDateTime::now_utc()),
            Source::Manual(micros) => micros.load(Ordering::SeqCst),
        };
        OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
    }

    /// Moves a manual clock forward; does nothing to the system's clock.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(micros) = &self.0 {
            let step = i64::try_from(by.whole_microseconds()).unwrap_or(i64::MAX);
            micros.fetch_add(step, Ordering::SeqCst);
        }
    }
}

fn microseconds(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}
