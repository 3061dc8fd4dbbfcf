//! How fast the simulated vendors are.

use std::time::Duration;

/// How fast the world turns.
#[derive(Clone, Debug)]
pub struct Timings {
    /// Life of a GHL access token; told as `expires_in`, in whole seconds.
    pub access_token_lifetime: Duration,
    /// How long an identical refresh gets the same pair again.
    pub refresh_grace: Duration,
    /// How long after the first delivery call GHL refuses status updates of the message.
    pub not_yet: Duration,
    /// Pause before GHL's second delivery try; it doubles with each further one.
    pub delivery_retry_base: Duration,
    /// How long GHL and the gateway wait for the service to answer a post.
    pub delivery_patience: Duration,
    /// The window of GHL's burst limit.
    pub rate_window: Duration,
    /// How long `send.php` takes to answer.
    pub send_takes: Duration,
    /// From a send to the echo webhook; shorter than `send_takes` puts the echo first.
    pub echo_after: Duration,
    /// From the echo to the delivery ack; `None`: only [`crate::Waapify::customer_receives`].
    pub delivered_after: Option<Duration>,
    /// From the delivery to the read ack; `None`: only [`crate::Waapify::customer_reads`].
    pub read_after: Option<Duration>,
    /// How long one QR code of WhatsApp's is valid.
    pub qr_changes_after: Duration,
}

impl Default for Timings {
    /// As a person at the page expects it: a little quicker than the real platforms.
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
