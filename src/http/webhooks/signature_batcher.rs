//! Checks of signatures, so that they keep no thread busy for long and many at once cost less than each alone.
//!
//! An Ed25519 check takes about 30 µs and no more than 10 beside fifteen others, so what arrives during one check is
//! checked together next. RSA and large bodies take longer, on threads of their own, few at a time: a caller that posts junk
//! with such signatures waits for other junk, and honest callers do not.

use std::sync::Arc;

use axum::body::Bytes;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::crypto::{Signature, Verifier};
use crate::runtime::batcher::{Batcher, Batches, NotServed, batcher};

/// Signatures checked at once: more save little, and sixteen take about 160 µs of a thread that serves others, too.
const MAX_BATCH: usize = 16;
/// A larger body is hashed on a thread of its own: this one takes about 100 µs.
const MAX_SMALL_BODY: usize = 64 * 1024;
/// Bytes that may wait: a quarter of a second's work, far more than waits while honest callers are served.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

type Signed = (ed25519_zebra::Signature, Bytes);

/// Checks signatures. Clones share one queue.
#[derive(Clone, Debug)]
pub struct SignatureBatcher {
    verifier: Arc<Verifier>,
    small: Batcher<Signed, bool>,
    /// Large bodies with the signature that GHL sends today; junk of the other kind does not stand in their way.
    large: Lane,
    rsa: Lane,
}

impl SignatureBatcher {
    /// Checks with these keys, on a task of its own that ends with the last clone.
    #[must_use]
    pub fn start(verifier: Verifier) -> Self {
        let (small, batches) = batcher(MAX_WAITING_BYTES);
        let verifier = Arc::new(verifier);
        tokio::spawn(serve(Arc::clone(&verifier), batches));
        Self {
            verifier,
            small,
            large: Lane::default(),
            rsa: Lane::default(),
        }
    }

    /// Whether the signature is the body's. [`NotServed`] at once when too many checks wait.
    pub(in crate::http) async fn fits(
        &self,
        signature: Signature,
        body: Bytes,
    ) -> Result<bool, NotServed> {
        let bytes = body.len();
        let lane = match signature {
            Signature::Ed25519(signature) if bytes <= MAX_SMALL_BODY => {
                return self.small.submit((signature, body), bytes).await;
            }
            Signature::Ed25519(_) => &self.large,
            Signature::Rsa(_) => &self.rsa,
        };
        let verifier = Arc::clone(&self.verifier);
        lane.run(bytes, move || verifier.fits(&signature, &body))
            .await
    }
}

async fn serve(verifier: Arc<Verifier>, mut batches: Batches<Signed, bool>) {
    while let Some(batch) = batches.next(MAX_BATCH).await {
        let signed: Vec<_> = batch
            .iter()
            .map(|pending| (pending.request.0, &*pending.request.1))
            .collect();
        let fit = verifier.fit_each(&signed);
        for (pending, fits) in batch.into_iter().zip(fit) {
            pending.answer(fits);
        }
    }
}

/// Checks of one kind that run at the same time. Two keep the smallest machine's async threads a core's worth of time.
const MAX_RUNNING: usize = 2;
/// Bytes of checks that wait in a lane, or run: a few milliseconds' hashing.
const MAX_LANE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes that a check counts at least, so that a lane holds 256 of them: some 15 ms of RSA.
const MIN_CHECK_BYTES: usize = 64 * 1024;

/// Runs long checks on threads of their own, few at a time, in the order of their arrival. Clones share one lane.
#[derive(Clone, Debug)]
struct Lane {
    running: Arc<Semaphore>,
    room: Arc<Semaphore>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            running: Arc::new(Semaphore::new(MAX_RUNNING)),
            room: Arc::new(Semaphore::new(MAX_LANE_BYTES)),
        }
    }
}

impl Lane {
    /// Runs `check` over so many bytes. [`NotServed`] at once if there is no room for them.
    async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        check: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, NotServed> {
        let cost = u32::try_from(bytes.max(MIN_CHECK_BYTES)).map_err(|_| NotServed)?;
        let _room = self.room.try_acquire_many(cost).map_err(|_| NotServed)?;
        let running = Arc::clone(&self.running).acquire_owned().await;
        let running = running.map_err(|_| NotServed)?;
        let checked = spawn_blocking(move || {
            let checked = check();
            // A caller that left does not make room for a third check.
            drop(running);
            checked
        });
        checked.await.map_err(|_| NotServed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn two_checks_run_at_a_time_and_those_without_room_are_refused_at_once() {
        let lane = Lane::default();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let check = || {
            let (now, most) = (Arc::clone(&now), Arc::clone(&most));
            lane.run(1, move || {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            })
        };
        let ended = join_all((0..300).map(|_| check())).await;
        let served = ended.iter().filter(|ended| ended.is_ok()).count();
        assert_eq!(served, MAX_LANE_BYTES / MIN_CHECK_BYTES);
        assert!(most.load(Ordering::SeqCst) <= MAX_RUNNING);
        assert_eq!(check().await, Ok(()), "there is room again");
    }
}
