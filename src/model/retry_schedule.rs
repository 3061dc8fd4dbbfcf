//! When a failed attempt is tried again: every schedule of the service, as data.
//!
//! Owns the pauses and their number. What counts as a failure is decided elsewhere.

use time::Duration;

/// The pauses in seconds after the first, second, … failure. One more failure after the last pause is final.
#[derive(Clone, Copy, Debug)]
pub struct Schedule(&'static [i64]);

/// The gateway is down: minutes for a restart, then hours for an outage at night (about eleven hours in total, because a
/// later reply would surprise its reader). [`GATEWAY_DOWN_PAUSE`] shortens its pauses, not its end.
pub const GATEWAY_DOWN: Schedule = Schedule(&[
    5, 15, 60, 300, 900, 1_800, 3_600, 3_600, 7_200, 7_200, 14_400,
]);

/// Longest pause of the schedule above: the gateway's return is noticed within two minutes. Tries before the end of the
/// schedule cost little, because nothing but a probe is sent into a gateway that fails for everybody.
pub const GATEWAY_DOWN_PAUSE: Duration = Duration::seconds(75);

/// Probes into a gateway that surely sends nothing: soon, and then often enough to notice its return within two minutes.
pub const PROBE: Schedule = Schedule(&[5, 15, 30, 60]);

/// Probes that may send their message without an answer: each risks a message, and Waapify answers its check all the
/// same, so that these pauses grow to a quarter of an hour.
pub const RISKY_PROBE: Schedule = Schedule(&[15, 60, 300, 900]);

/// The gateway or WhatsApp refused an attempt without a lasting reason: again soon, but not for long, because a person
/// waits and the likely cause (no WhatsApp on that number) stays.
pub const ATTEMPT_FAILED: Schedule = Schedule(&[5, 30, 120]);

/// The gateway refuses the same text to the same number within five minutes, and takes it afterwards. The pauses are a
/// little longer; after the third the words mean something else.
pub const SAME_TEXT: Schedule = Schedule(&[310, 310, 620]);

/// The server of a file cannot be asked what the file is: a short failure passes, and after about a minute the address
/// must be enough, because a person waits.
pub const FILE_UNREACHABLE: Schedule = Schedule(&[3, 15, 45]);

/// A status update. GHL knows a message 5–10 s or more after it delivered it, and answers "not yet" until then
/// (`docs/vendors/ghl.md#status-updates`); the later pauses cover an outage of a day.
pub const STATUS_UPDATE: Schedule = Schedule(&[
    2, 3, 5, 10, 20, 40, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800,
]);

/// GHL does not accept a customer's message: soon for a short failure, then every eight hours, because the message must
/// not be lost. The last pause is repeated until [`KEPT`] is over.
pub const INBOUND: Schedule = Schedule(&[
    2, 10, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800,
]);

/// Least time for which a customer's message is tried: somebody who looks once a week can still fix what stops it.
pub const KEPT: Duration = Duration::days(7);

/// The answer to a post was lost, and another message hides whether GHL has it. GHL's event about it would decide that,
/// and arrives within seconds, or minutes if GHL's first tries failed (`docs/vendors/ghl.md#webhook-retries`). After
/// these twelve minutes, it is better to show the message twice than not at all. Each pause is below the ten minutes
/// for which an echo of the post waits (`workers::outbound::ghl_echoes`).
pub const HIDDEN_POST: Schedule = Schedule(&[90, 180, 360]);

/// The answer to a post was lost, and GHL refuses every list that would tell whether it has the message. It has refused
/// identical calls for minutes (`docs/vendors/ghl.md#errors`), and half an hour covers that. The conversation waits as long;
/// then it is better to show the message twice than not at all. Each pause is below the ten minutes for which an echo of
/// the post waits (`workers::outbound::ghl_echoes`).
pub const REFUSED_LOOK: Schedule = Schedule(&[60, 120, 240, 360, 360, 360, 360]);

/// GHL does not say who wrote a message that waits, because it does not show the message yet or is down. After a minute or
/// two the message keeps its place.
pub const LOOK: Schedule = Schedule(&[2, 5, 15, 60]);

/// A customer's file cannot be fetched yet: its message waits for it, but not longer than two minutes.
pub const MEDIA: Schedule = Schedule(&[2, 5, 10, 20]);

/// GHL does not renew a token, without a lasting reason. The first tries are within the 30 seconds in which GHL answers
/// a repeated refresh with the same pair (`docs/vendors/ghl.md#refresh`), so that a lost answer is fetched again.
/// The last pause is short, because everything of the location waits for the token when GHL is back.
pub const REFRESH_FAILED: Schedule = Schedule(&[2, 5, 10, 60, 90]);

/// A location is not active: its owner pays or resumes it within hours, days, or never.
pub const LOCATION_INACTIVE: Schedule = Schedule(&[900, 3_600, 14_400, 43_200, 86_400]);

/// No company gives a token: GHL may say so for some minutes after an install, and later only a person can change it.
pub const TOKEN_REQUEST_REFUSED: Schedule = Schedule(&[60, 600, 3_600, 21_600, 86_400]);

/// Waapify cannot be reached to stop its posts. After the last pause the keys are destroyed without that; its posts are
/// refused in any case.
pub const DISCONNECT: Schedule = Schedule(&[10, 60, 300, 1_800, 3_600, 10_800]);

/// Share of a pause that is added at random, so that jobs that failed together are not tried again together.
const JITTER: f64 = 0.25;

/// A pause, lengthened by `jitter` from 0 to 1.
#[must_use]
pub fn lengthened(pause: Duration, jitter: f64) -> Duration {
    pause * (1.0 + JITTER * jitter.clamp(0.0, 1.0))
}

impl Schedule {
    /// The pause after a failure (the first is 0), lengthened by `jitter` from 0 to 1; none when the schedule is over.
    #[must_use]
    pub fn pause(self, failures: i32, jitter: f64) -> Option<Duration> {
        let seconds = *self.0.get(usize::try_from(failures).ok()?)?;
        Some(lengthened(Duration::seconds(seconds), jitter))
    }

    /// The pauses in seconds, without jitter.
    #[must_use]
    pub const fn seconds(self) -> &'static [i64] {
        self.0
    }

    /// All pauses together, without jitter.
    #[must_use]
    pub fn total(self) -> Duration {
        Duration::seconds(self.0.iter().sum())
    }

    /// Whether so many failures have used up the schedule.
    #[must_use]
    pub fn is_over(self, failures: i32) -> bool {
        usize::try_from(failures).is_ok_and(|failures| failures >= self.0.len())
    }

    /// As [`Schedule::pause`], for work that never ends: the last pause is repeated.
    #[must_use]
    pub fn endless(self, failures: i32, jitter: f64) -> Duration {
        let last = i32::try_from(self.0.len()).unwrap_or(i32::MAX) - 1;
        self.pause(failures.clamp(0, last), jitter)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schedule_grows_and_ends() {
        for schedule in [
            GATEWAY_DOWN,
            PROBE,
            RISKY_PROBE,
            ATTEMPT_FAILED,
            SAME_TEXT,
            FILE_UNREACHABLE,
            STATUS_UPDATE,
            INBOUND,
            HIDDEN_POST,
            REFUSED_LOOK,
            LOOK,
            MEDIA,
            REFRESH_FAILED,
            LOCATION_INACTIVE,
            TOKEN_REQUEST_REFUSED,
            DISCONNECT,
        ] {
            let pauses: Vec<_> = (0..100).map_while(|n| schedule.pause(n, 0.0)).collect();
            assert!(pauses.len() < 100 && pauses.is_sorted(), "{pauses:?}");
            assert_eq!(
                schedule.pause(i32::try_from(pauses.len()).unwrap(), 0.5),
                None
            );
        }
    }

    #[test]
    fn an_endless_schedule_goes_on_with_its_last_pause() {
        assert_eq!(REFRESH_FAILED.endless(0, 0.0), Duration::seconds(2));
        for failures in [4, 5, 1_000, i32::MAX] {
            assert_eq!(REFRESH_FAILED.endless(failures, 0.0), Duration::seconds(90));
        }
    }

    #[test]
    fn jitter_stretches_by_a_quarter_at_most() {
        assert_eq!(ATTEMPT_FAILED.pause(0, 0.0), Some(Duration::seconds(5)));
        assert_eq!(
            ATTEMPT_FAILED.pause(0, 9.0),
            Some(Duration::milliseconds(6_250))
        );
        assert_eq!(ATTEMPT_FAILED.pause(-1, 0.0), None);
    }
}
