//! When a failed attempt is tried again: every schedule of the service, as data.
//!
//! Owns: pauses and their ends. Refuses: knowing what failed.

use time::Duration;

/// The pauses after the first, second, … failure, in seconds; after the last the work has failed.
#[derive(Clone, Copy, Debug)]
pub struct Schedule(&'static [i64]);

/// A gateway that is down: minutes for a restart, then hours for a night's outage (about half a day in all; a reply
/// that comes later than that surprises its reader).
pub const GATEWAY_DOWN: Schedule = Schedule(&[
    5, 15, 60, 300, 900, 1_800, 3_600, 3_600, 7_200, 7_200, 14_400,
]);

/// An attempt that the gateway or WhatsApp refused without a lasting reason: soon again, and not for long, because a
/// person waits and the likely cause (no WhatsApp on that number) does not pass.
pub const ATTEMPT_FAILED: Schedule = Schedule(&[5, 30, 120]);

/// A file whose server cannot be asked what it is: a hiccup passes, and after a minute or so its address has to do,
/// because a person waits.
pub const FILE_UNREACHABLE: Schedule = Schedule(&[3, 15, 45]);

/// A status update. GHL knows a message 5–10 s or more after it delivered it, and says "not yet" until then
/// (`docs/vendors/ghl.md#status-updates`); later pauses outlast an outage of a day.
pub const STATUS_UPDATE: Schedule = Schedule(&[
    2, 3, 5, 10, 20, 40, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800,
]);

/// A customer's message that GHL does not take: quick for a hiccup, then through an outage of a day, because it is
/// never worth losing.
pub const INBOUND: Schedule = Schedule(&[
    2, 10, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800,
]);

/// A post whose answer was lost, while another message hides from us whether GHL has it: GHL's event of it clears that up,
/// and comes after seconds to minutes where its first tries failed (`docs/vendors/ghl.md#webhook-retries`); after these
/// twelve minutes
/// the customer's words are worth more than the risk of a second bubble. Each pause is below the ten minutes for which an
/// echo of the post waits (`relay::outbound::echoes`).
pub const HIDDEN_POST: Schedule = Schedule(&[90, 180, 360]);

/// A customer's file that does not come: its message waits for it, and for no longer than two minutes.
pub const MEDIA: Schedule = Schedule(&[2, 5, 10, 20]);

/// A token that GHL does not renew for no lasting reason. The first tries fall into the 30 seconds in which GHL answers
/// a repeated refresh with the same pair (`docs/vendors/ghl.md#refresh`): an answer that got lost is fetched again.
pub const REFRESH_FAILED: Schedule = Schedule(&[2, 5, 10, 60, 300]);

/// A location that is not active: its owner pays or resumes it within hours, days, or never.
pub const LOCATION_INACTIVE: Schedule = Schedule(&[900, 3_600, 14_400, 43_200, 86_400]);

/// A token that no company gives: GHL may say so for some minutes after an install, and later only a person changes it.
pub const TOKEN_REQUEST_REFUSED: Schedule = Schedule(&[60, 600, 3_600, 21_600, 86_400]);

/// Waapify that cannot be told to post nothing more. After the last pause the keys are destroyed without it; its posts
/// are refused in any case.
pub const DISCONNECT: Schedule = Schedule(&[10, 60, 300, 1_800, 3_600, 10_800]);

/// Share of a pause that is added at random, so that what failed together does not come back together.
const JITTER: f64 = 0.25;

impl Schedule {
    /// The pause after so many failures (the first is 0), stretched by `jitter` from 0 to 1; none when it is over.
    #[must_use]
    pub fn pause(self, failures: i32, jitter: f64) -> Option<Duration> {
        let seconds = *self.0.get(usize::try_from(failures).ok()?)?;
        Some(Duration::seconds(seconds) * (1.0 + JITTER * jitter.clamp(0.0, 1.0)))
    }

    /// As [`Schedule::pause`], for work that never ends: the last pause goes on.
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
            ATTEMPT_FAILED,
            FILE_UNREACHABLE,
            STATUS_UPDATE,
            INBOUND,
            HIDDEN_POST,
            MEDIA,
            REFRESH_FAILED,
            LOCATION_INACTIVE,
            TOKEN_REQUEST_REFUSED,
            DISCONNECT,
        ] {
            let pauses: Vec<_> = (0..).map_while(|n| schedule.pause(n, 0.0)).collect();
            assert!(pauses.is_sorted(), "{pauses:?}");
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
            assert_eq!(
                REFRESH_FAILED.endless(failures, 0.0),
                Duration::seconds(300)
            );
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
