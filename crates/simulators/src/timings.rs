//! The speed of the simulated vendors.

use std::time::Duration;

/// The durations of a simulation.
#[derive(Clone, Debug)]
pub struct Timings {
    /// Lifetime of a GHL access token, reported as `expires_in` in whole seconds.
    pub access_token_lifetime: Duration,
    /// How long a repeated refresh returns the same pair of tokens.
    pub refresh_grace: Duration,
    /// How long after the first delivery call GHL refuses status updates for the message.
    pub not_yet: Duration,
    /// Pause before GHL's second delivery attempt; it doubles with each further attempt.
    pub delivery_retry_base: Duration,
    /// How long GHL and the gateway wait for the service's answer to a post.
    pub delivery_patience: Duration,
    /// The window of GHL's burst limit.
    pub rate_window: Duration,
    /// How long `send.php` takes to answer.
    pub send_takes: Duration,
    /// From a send to the echo webhook; if it is shorter than `send_takes`, the echo arrives first.
    pub echo_after: Duration,
    /// From the echo to the delivery ack; `None`: only [`crate::Waapify::customer_receives`] acks.
    pub delivered_after: Option<Duration>,
    /// From the delivery to the read ack; `None`: only [`crate::Waapify::customer_reads`] acks.
    pub read_after: Option<Duration>,
    /// How long one of WhatsApp's QR codes is valid.
    pub qr_changes_after: Duration,
}

impl Default for Timings {
    /// For a person at the page: a little quicker than the real platforms.
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(86_399),
            refresh_grace: Duration::from_secs(30),
            not_yet: Duration::from_secs(3),
            delivery_retry_base: Duration::from_secs(2),
            delivery_patience: Duration::from_secs(10),
            rate_window: Duration::from_secs(10),
            send_takes: Duration::from_millis(500),
            echo_after: Duration::from_millis(700),
            delivered_after: Some(Duration::from_millis(1_500)),
            read_after: None,
            qr_changes_after: Duration::from_secs(20),
        }
    }
}

impl Timings {
    /// For tests: milliseconds, and status updates are accepted at once.
    #[must_use]
    pub fn fast() -> Self {
        Self {
            not_yet: Duration::ZERO,
            delivery_retry_base: Duration::from_millis(20),
            send_takes: Duration::ZERO,
            echo_after: Duration::from_millis(5),
            delivered_after: Some(Duration::from_millis(10)),
            ..Self::default()
        }
    }
}
