//! Shared by the fuzz targets: the time limit for one input.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// Most processor time for an input, in microseconds. One body must not hold up the worker of the webhooks.
const LIMIT: u64 = 100_000;

/// Runs a target on an input, and panics if it takes too long. Measures processor time, because the machine may be
/// busy with other things. Prints each input that is slower than all before, for `run.sh`.
///
/// # Panics
/// Above the limit.
pub fn timed(data: &[u8], unit: impl FnOnce(&[u8])) {
    static SLOWEST: AtomicU64 = AtomicU64::new(0);
    let began = processor_time();
    unit(data);
    let took = processor_time() - began;
    if SLOWEST.fetch_max(took, Ordering::Relaxed) < took {
        eprintln!("slowest: {took} us, {} bytes", data.len());
    }
    assert!(took <= LIMIT, "the unit took {took} us");
}

fn processor_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_nsec.cast_unsigned() / 1000
}
