//! Computes when a token is renewed.

use time::{Duration, OffsetDateTime};

use crate::accounts::tokens::MARGIN;

/// The last share of a token's life, over which renewals are spread at random. For a token of a day that is three
/// hours: a thousand locations installed in one minute are renewed at one every ten seconds.
const SPREAD: f64 = 0.125;

/// The time of the renewal: before the margin, at a random moment in the last part of the token's life.
pub(super) fn renewal_time(
    expires_at: OffsetDateTime,
    life: Duration,
    random: f64,
) -> OffsetDateTime {
    expires_at - MARGIN.min(life / 2) - life * (SPREAD * random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_tokens_of_one_minute_are_renewed_over_hours_and_before_the_margin() {
        let (end, life) = (OffsetDateTime::UNIX_EPOCH, Duration::DAY);
        let times: Vec<_> = (0..1_000)
            .map(|n| renewal_time(end, life, f64::from(n) / 1_000.0))
            .collect();
        assert!(times.iter().all(|at| *at <= end - MARGIN));
        let spread = times[0] - times[999];
        assert!(spread > Duration::hours(2) && spread < Duration::hours(4));
    }

    #[test]
    fn a_short_lived_token_lives_half_its_life_at_least() {
        let end = OffsetDateTime::UNIX_EPOCH;
        let life = Duration::minutes(4);
        assert!(renewal_time(end, life, 1.0) > end - life + life / 4);
    }

    #[test]
    fn another_process_repeats_a_refresh_well_within_the_time_in_which_ghl_repeats_its_answer() {
        let grace = Duration::seconds(30);
        let polled = Duration::try_from(crate::accounts::tokens::REFRESH_POLL).unwrap();
        assert!(crate::accounts::tokens::REFRESH_LEASE > crate::clients::ghl::TOKEN_TIMEOUT);
        assert!(crate::accounts::tokens::REFRESH_LEASE + polled < grace / 2);
    }
}
