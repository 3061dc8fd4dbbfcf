//! The simulators' only source of time and of generated ids. All time is real: a test shortens the durations instead
//! of moving a clock.

use time::OffsetDateTime;
use tokio::time::Instant;

/// The wall clock, for times that people read.
#[allow(
    clippy::disallowed_methods,
    reason = "the simulators' one reading of the wall clock"
)]
pub(super) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The monotonic clock, for expiry.
#[allow(
    clippy::disallowed_methods,
    reason = "the simulators' one reading of the monotonic clock"
)]
pub(super) fn instant() -> Instant {
    Instant::now()
}

/// `2026-11-21T01:02:03.456Z`, the format of every date of GHL.
pub(super) fn stamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// A random id of `length` letters and digits, like GHL's.
pub(super) fn letters(length: usize) -> String {
    const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    made_of(ALPHABET, length)
}

/// A random id of `length` upper-case hex digits, like WhatsApp's.
pub(super) fn hex(length: usize) -> String {
    made_of(b"0123456789ABCDEF", length)
}

fn made_of(alphabet: &[u8], length: usize) -> String {
    (0..length)
        .filter_map(|_| alphabet.get(rand::random_range(0..alphabet.len())))
        .map(|&byte| char::from(byte))
        .collect()
}

/// A trace id in the form of a UUID, like those in GHL's answers.
pub(super) fn trace_id() -> String {
    let digits = hex(32).to_lowercase();
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default().to_owned();
    [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ]
    .join("-")
}
