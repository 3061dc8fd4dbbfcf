//! Counts the messages of each location by hour, for charts: see [`crate::db::history::hour_counts`].
//!
//! Works in the background of everything else: a count rests four times as long as each of its statements took, and a location
//! whose count took long is counted rarely.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime, Time};
use tokio::time::Instant;

use crate::db::history::hour_counts::{ALL_LOCATIONS, Count, CountTurn, Depth};
use crate::db::history::{hour_counts, hour_sums};
use crate::db::queue::Capacity;
use crate::runtime::notify::Signal;
use crate::workers::{Context, Worker};

/// Much longer than one statement; it begins anew with each.
const LEASE: Duration = Duration::minutes(2);
/// Pause between two counts of a location that writes or gets messages.
const BUSY_PAUSE: Duration = Duration::minutes(2);
/// Pause where the last hours had no message.
const QUIET_PAUSE: Duration = Duration::minutes(10);
/// Share of its time that a location is counted: at most one part in so many.
const REST: u32 = 100;
/// A count of many messages rests so many times as long as each of its statements took.
const CHUNK_REST: u32 = 4;
/// How often the last day is counted, for ticks that come late.
const DAY_PAUSE: Duration = Duration::hours(1);
/// How often the last week is.
const WEEK_PAUSE: Duration = Duration::days(1);
/// A tick that comes later than this is not counted any more.
const WEEK: Duration = Duration::days(8);
/// How often locations without a turn are looked for.
const KEEP_PAUSE: Duration = Duration::minutes(1);
/// How often due turns are looked for: a chart may be late.
const POLL: StdDuration = StdDuration::from_secs(5);

/// The worker.
#[derive(Debug)]
pub struct HourCounts {
    context: Arc<Context>,
    /// When turns were given last, seconds since 1970.
    kept_at: AtomicI64,
}

impl HourCounts {
    /// The worker of a process.
    #[must_use]
    pub const fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            kept_at: AtomicI64::new(i64::MIN),
        }
    }

    async fn keep_turns(&self, now: OffsetDateTime) -> sqlx::Result<()> {
        let at = now.unix_timestamp();
        let kept = self.kept_at.load(Ordering::Relaxed);
        if at.saturating_sub(kept) < KEEP_PAUSE.whole_seconds() {
            return Ok(());
        }
        hour_counts::keep_turns(&self.context.pool, now).await?;
        self.kept_at.store(at, Ordering::Relaxed);
        Ok(())
    }

    /// Counts the hours from `from` on. None if another process has taken the turn.
    async fn count(&self, turn: &CountTurn, from: OffsetDateTime) -> sqlx::Result<Option<Count>> {
        let (pool, location) = (&self.context.pool, &turn.location_id);
        let mut count = Count::begin(pool, location, from).await?;
        loop {
            let began = Instant::now();
            if !count.go_on(pool, location).await? {
                return Ok(Some(count));
            }
            tokio::time::sleep(began.elapsed() * CHUNK_REST).await;
            let until = self.context.clock.now() + LEASE;
            if !hour_counts::hold(pool, turn, until).await? {
                return Ok(None);
            }
        }
    }
}

impl Worker for HourCounts {
    type Job = CountTurn;
    const NAME: &'static str = "hour_counts";
    /// One location with a long history keeps no other waiting.
    const CONCURRENCY: usize = 2;

    fn signal(&self) -> &Signal {
        &self.context.signals.hour_counts
    }

    async fn claim(&self, capacity: impl Into<Capacity> + Send) -> sqlx::Result<Vec<CountTurn>> {
        let now = self.context.clock.now();
        self.keep_turns(now).await?;
        hour_counts::claim(&self.context.pool, now, LEASE, capacity.into().limit).await
    }

    async fn pause(&self) -> StdDuration {
        POLL
    }

    async fn process(&self, turn: CountTurn) -> sqlx::Result<()> {
        let (began, now) = (Instant::now(), self.context.clock.now());
        let depth = depth(&turn, now);
        if turn.location_id.as_str() == ALL_LOCATIONS {
            let from = (first_hour(&turn, depth, now), depth);
            let next = now + BUSY_PAUSE;
            return hour_sums::add_up(&self.context.pool, &turn, from, now, next).await;
        }
        let Some(count) = self.count(&turn, first_hour(&turn, depth, now)).await? else {
            return Ok(());
        };
        let pause = if count.is_empty() {
            QUIET_PAUSE
        } else {
            BUSY_PAUSE
        };
        let rest = Duration::try_from(began.elapsed() * REST).unwrap_or(WEEK_PAUSE);
        let next = self.context.clock.now() + pause.max(rest.min(WEEK_PAUSE));
        count
            .finish(&self.context.pool, &turn, depth, now, next)
            .await
    }

    async fn release(&self, jobs: &[CountTurn]) -> sqlx::Result<()> {
        for turn in jobs {
            let now = self.context.clock.now();
            hour_counts::hold(&self.context.pool, turn, now).await?;
        }
        Ok(())
    }
}

/// How far back a turn has to count.
fn depth(turn: &CountTurn, now: OffsetDateTime) -> Depth {
    let is_due = |last: Option<OffsetDateTime>, pause| last.is_none_or(|at| now >= at + pause);
    if is_due(turn.week_at, WEEK_PAUSE) {
        Depth::Week
    } else if is_due(turn.day_at, DAY_PAUSE) {
        Depth::Day
    } else {
        Depth::Newest
    }
}

/// The first hour that a turn counts: the one before those that its depth names, or before its last count. All, if there was
/// none.
fn first_hour(turn: &CountTurn, depth: Depth, now: OffsetDateTime) -> OffsetDateTime {
    let Some(counted_at) = turn.counted_at else {
        return OffsetDateTime::UNIX_EPOCH;
    };
    let back = match depth {
        Depth::Newest => Duration::ZERO,
        Depth::Day => Duration::DAY,
        Depth::Week => WEEK,
    };
    let first = (now - back).min(counted_at) - Duration::HOUR;
    let hour = Time::from_hms(first.hour(), 0, 0).unwrap_or(Time::MIDNIGHT);
    first.replace_time(hour)
}
