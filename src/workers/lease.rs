//! Work that keeps its lease while it lasts.

use std::time::Duration as StdDuration;

use time::{Duration, OffsetDateTime};

use crate::runtime::clock::Clock;

/// How often the age of a lease is looked at. Most work ends before the first look, and costs nothing more.
const LOOK: StdDuration = StdDuration::from_secs(1);
/// A lease is renewed when this part of it is over, so that a database that fails for a moment does not end it.
const RENEWED_AFTER: i32 = 3;

/// Does `work` under a lease that ends at `until`, and calls `renew` each time a third of `lease` is over. Gives `work` up,
/// and returns none, when `renew` says that the lease is lost. Counts from the end of the lease, and not from this call,
/// which may come late.
pub(super) async fn keep<T, Renewal: Future<Output = sqlx::Result<bool>>>(
    clock: &Clock,
    lease: Duration,
    until: OffsetDateTime,
    work: impl Future<Output = T>,
    renew: impl Fn() -> Renewal,
) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = until_lost(clock, lease, until, renew) => None,
    }
}

/// Returns when the lease is lost. A renewal that fails is tried again at the next look.
async fn until_lost<Renewal: Future<Output = sqlx::Result<bool>>>(
    clock: &Clock,
    lease: Duration,
    mut until: OffsetDateTime,
    renew: impl Fn() -> Renewal,
) {
    loop {
        tokio::time::sleep(LOOK).await;
        let now = clock.now();
        if until - now > lease - lease / RENEWED_AFTER {
            continue;
        }
        match renew().await {
            Ok(true) => until = now + lease,
            Ok(false) => return,
            Err(_) => {}
        }
    }
}
