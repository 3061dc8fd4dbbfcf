//! What the targets share.
//!
//! Owns: how long a unit may take. Refuses: knowing what a unit does.

use std::sync::atomic::{AtomicU64, Ordering};

use rustix::time::{ClockId, clock_gettime};

/// Most processor time for a unit, in microseconds: a webhook's worker must not be held up by one body.
const LIMIT: u64 = 100_000;

/// Runs a unit and ends the process, as a panic does, if it takes too long. Processor time, not the wall's: the
/// machine may have other things to do. Each slowest unit so far is printed, for `run.sh`.
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
