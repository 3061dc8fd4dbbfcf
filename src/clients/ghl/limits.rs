//! GHL's limits, which it reports with every answer (`docs/vendors/ghl.md#limits`).

use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::model::rate_limits::RateLimits;

/// The burst limit's window, if a 429 does not give it.
pub(super) const BURST_WINDOW: Duration = Duration::from_secs(10);
/// Pause when the day's calls are used up and GHL does not say for how long.
pub(super) const DAY_LIMIT_PAUSE: Duration = Duration::from_hours(1);
/// Windows that are believed: GHL's has ten seconds. A longer one, or none at all, would be a mistake, and would stop a
/// location or let it call without a limit.
const WINDOWS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_mins(1);
/// A day ends after this; a later end is not believed.
const DAY: Duration = Duration::from_hours(24);
/// When less than this share of the day's calls is left, it is reserved for calls that a person waits for.
const SAVED_SHARE: f64 = 0.05;

/// Reads an answer's headers.
pub(super) fn read(status: StatusCode, headers: &HeaderMap) -> RateLimits {
    let small = |name| number(headers, name).and_then(|value| i32::try_from(value).ok());
    let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
    RateLimits {
        max: small("x-ratelimit-max").filter(|max| *max >= 1),
        window: window(headers),
        remaining: small("x-ratelimit-remaining"),
        pause: (is_refused || day_is_over(headers)).then(|| pause(headers)),
        saving: day_is_ending(headers).then(|| rest_of_day(headers)),
    }
}

/// How long no call may be made: the burst window, or the rest of the day.
pub(super) fn pause(headers: &HeaderMap) -> Duration {
    if day_is_over(headers) {
        return rest_of_day(headers);
    }
    window(headers).unwrap_or(BURST_WINDOW)
}

fn window(headers: &HeaderMap) -> Option<Duration> {
    let window = number(headers, "x-ratelimit-interval-milliseconds")?;
    Some(Duration::from_millis(window).clamp(*WINDOWS.start(), *WINDOWS.end()))
}

fn rest_of_day(headers: &HeaderMap) -> Duration {
    let reset = number(headers, "x-ratelimit-daily-reset");
    reset
        .map(Duration::from_millis)
        .filter(|rest| *rest <= DAY)
        .unwrap_or(DAY_LIMIT_PAUSE)
}

fn day_is_over(headers: &HeaderMap) -> bool {
    number(headers, "x-ratelimit-daily-remaining") == Some(0)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "a share of some hundred thousand calls"
)]
fn day_is_ending(headers: &HeaderMap) -> bool {
    let limit = number(headers, "x-ratelimit-limit-daily");
    let left = number(headers, "x-ratelimit-daily-remaining");
    limit
        .zip(left)
        .is_some_and(|(limit, left)| (left as f64) < limit as f64 * SAVED_SHARE)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The limits in the last answer to one caller.
#[derive(Clone, Debug, Default)]
pub(super) struct LatestLimits(Arc<Mutex<RateLimits>>);

impl LatestLimits {
    pub(super) fn set(&self, limits: RateLimits) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    pub(super) fn get(&self) -> RateLimits {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let parsed = pairs.iter().map(|(name, value)| {
            let name = reqwest::header::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        parsed.collect()
    }

    #[test]
    fn a_limit_says_how_long_to_wait() {
        let burst = [("x-ratelimit-interval-milliseconds", "2500")];
        assert_eq!(pause(&headers(&burst)), Duration::from_millis(2_500));
        let over = [burst[0], ("x-ratelimit-daily-remaining", "0")];
        assert_eq!(pause(&headers(&over)), DAY_LIMIT_PAUSE);
        let told = [over[1], ("x-ratelimit-daily-reset", "60000")];
        assert_eq!(pause(&headers(&told)), Duration::from_mins(1));
        let absurd = [over[1], ("x-ratelimit-daily-reset", "99999999999999")];
        assert_eq!(pause(&headers(&absurd)), DAY_LIMIT_PAUSE);
        for (said, believed) in [("0", 1), ("86400000", 60), ("99999999999999", 60)] {
            let window = headers(&[("x-ratelimit-interval-milliseconds", said)]);
            let believed = Duration::from_secs(believed);
            assert_eq!(pause(&window), believed);
            assert_eq!(read(StatusCode::OK, &window).window, Some(believed));
        }
    }

    #[test]
    fn an_answer_without_limits_says_nothing_and_a_full_one_all() {
        let ok = StatusCode::OK;
        assert_eq!(read(ok, &HeaderMap::new()), RateLimits::default());
        let full = headers(&[
            ("x-ratelimit-max", "25"),
            ("x-ratelimit-remaining", "7"),
            ("x-ratelimit-interval-milliseconds", "10000"),
            ("x-ratelimit-limit-daily", "200000"),
            ("x-ratelimit-daily-remaining", "9999"),
            ("x-ratelimit-daily-reset", "1000"),
        ]);
        let said = read(ok, &full);
        assert_eq!((said.max, said.remaining), (Some(25), Some(7)));
        assert_eq!(said.pause, None);
        assert_eq!(said.saving, Some(Duration::from_secs(1)));
        let refused = read(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new());
        assert_eq!(refused.pause, Some(BURST_WINDOW));
    }
}
