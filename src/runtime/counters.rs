//! What this process has done since it started, counted for `/metrics`.
//!
//! The number of labels must not grow with the number of customers. Single messages are in the log and in the database.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use time::Duration;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Seconds. A commit takes milliseconds; GHL gives up after some ten seconds.
const ACCEPT_BUCKETS: [f64; 10] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Seconds. Without a queue a message takes one or two; a campaign hours, and a vendor's outage up to a day.
const MESSAGE_BUCKETS: [f64; 12] = [
    0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0,
];

/// The part of a message's way whose time is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// From GHL's delivery until the gateway has taken the last part.
    Sent,
    /// From GHL's delivery until GHL is told that the message was delivered.
    Delivered,
    /// The same until GHL is told that it was read, which may be the first that it is told.
    Read,
    /// From the gateway's webhook until GHL has the customer's message.
    Posted,
}

impl Leg {
    const fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Posted => "posted",
        }
    }
}

/// The counters; clones count together.
#[derive(Clone, Debug)]
pub struct Counters {
    ends: Family<Labels<2>, Counter>,
    failures: Family<Labels<1>, Counter>,
    parts: Counter,
    status_updates: Family<Labels<1>, Counter>,
    connections: Gauge,
    ended_connections: Family<Labels<1>, Counter>,
    full_connections: Counter,
    failed_accepts: Counter,
    accepts: Times,
    messages: Times,
}

/// Histograms of durations, by one label.
type Times = Family<Labels<1>, Histogram, fn() -> Histogram>;

/// Names of ends and legs; each is counted from the start.
const OUTBOUND_ENDS: [&str; 3] = ["sent", "failed", "ignored"];
const INBOUND_ENDS: [&str; 2] = ["posted", "failed"];
const STATUS_ENDS: [&str; 2] = ["told", "given_up"];
const CONNECTION_ENDS: [&str; 3] = ["closed", "late_head", "idle"];
const LEGS: [Leg; 4] = [Leg::Sent, Leg::Delivered, Leg::Read, Leg::Posted];

impl Default for Counters {
    /// All counters stand at zero and are in every scrape: Prometheus does not see the first event of a series that begins
    /// with it.
    fn default() -> Self {
        let counters = Self::empty();
        for (direction, ends) in [
            ("outbound", &OUTBOUND_ENDS[..]),
            ("inbound", &INBOUND_ENDS[..]),
        ] {
            for end in ends {
                drop(
                    counters
                        .ends
                        .get_or_create(&[("direction", direction), ("end", end)]),
                );
            }
        }
        for end in STATUS_ENDS {
            drop(counters.status_updates.get_or_create(&[("end", end)]));
        }
        for end in CONNECTION_ENDS {
            drop(counters.ended_connections.get_or_create(&[("end", end)]));
        }
        for leg in LEGS {
            drop(counters.messages.get_or_create(&[("leg", leg.name())]));
        }
        counters
    }
}

impl Counters {
    fn empty() -> Self {
        Self {
            ends: Family::default(),
            failures: Family::default(),
            parts: Counter::default(),
            status_updates: Family::default(),
            connections: Gauge::default(),
            ended_connections: Family::default(),
            full_connections: Counter::default(),
            failed_accepts: Counter::default(),
            accepts: Family::new_with_constructor(|| Histogram::new(ACCEPT_BUCKETS)),
            messages: Family::new_with_constructor(|| Histogram::new(MESSAGE_BUCKETS)),
        }
    }

    /// Counts failures with these codes from the start.
    pub fn expect_failures(&self, codes: impl IntoIterator<Item = &'static str>) {
        for code in codes {
            drop(self.failures.get_or_create(&[("code", code)]));
        }
    }

    /// Counts webhooks of this route from the start.
    pub fn expect_webhook(&self, hook: &'static str) {
        drop(self.accepts.get_or_create(&[("hook", hook)]));
    }

    /// A webhook was answered with success after so long; `hook` is its route's name.
    pub fn webhook_accepted(&self, hook: &'static str, took: std::time::Duration) {
        self.accepts
            .get_or_create(&[("hook", hook)])
            .observe(took.as_secs_f64());
    }

    /// A message came to the end of a part of its way.
    pub fn message_took(&self, leg: Leg, took: Duration) {
        self.messages
            .get_or_create(&[("leg", leg.name())])
            .observe(took.as_seconds_f64().max(0.0));
    }

    /// A part of a message was sent to WhatsApp.
    pub fn part_sent(&self) {
        self.parts.inc();
    }

    /// A message of the business ended: `sent` or `ignored`.
    pub fn outbound_ended(&self, end: &'static str) {
        self.ends
            .get_or_create(&[("direction", "outbound"), ("end", end)])
            .inc();
    }

    /// A message of the business failed; `code` is the failure's error code, one of some twenty.
    pub fn outbound_failed(&self, code: &'static str) {
        self.outbound_ended("failed");
        self.failures.get_or_create(&[("code", code)]).inc();
    }

    /// A message from WhatsApp ended: `posted` or `failed`.
    pub fn inbound_ended(&self, end: &'static str) {
        self.ends
            .get_or_create(&[("direction", "inbound"), ("end", end)])
            .inc();
    }

    /// A status update ended: `told` or `given_up`.
    pub fn status_update_ended(&self, end: &'static str) {
        self.status_updates.get_or_create(&[("end", end)]).inc();
    }

    /// A caller connected.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// A caller's connection ended: `closed`, `late_head` or `idle`.
    pub fn connection_ended(&self, end: &'static str) {
        self.connections.dec();
        self.ended_connections.get_or_create(&[("end", end)]).inc();
    }

    /// A caller waits until another's connection ends.
    pub fn connections_were_full(&self) {
        self.full_connections.inc();
    }

    /// A caller could not be taken: no descriptor or memory is left.
    pub fn accept_failed(&self) {
        self.failed_accepts.inc();
    }

    /// Puts the counters into a scrape.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "messages_ended",
            "Messages that this process brought to an end",
            self.ends.clone(),
        );
        registry.register(
            "outbound_failures",
            "Messages of businesses that this process ended as failed, by reason",
            self.failures.clone(),
        );
        registry.register(
            "parts_sent",
            "Texts and files that this process gave to the gateway, which took them",
            self.parts.clone(),
        );
        registry.register(
            "statuses_ended",
            "Statuses that this process told GHL, or gave up",
            self.status_updates.clone(),
        );
        registry.register_with_unit(
            "accept",
            "From a webhook's head to its answer, once its bytes are stored",
            Unit::Seconds,
            self.accepts.clone(),
        );
        registry.register_with_unit(
            "message",
            "How long messages took to be sent, delivered and posted",
            Unit::Seconds,
            self.messages.clone(),
        );
        self.register_connections(registry);
    }

    fn register_connections(&self, registry: &mut Registry) {
        registry.register(
            "connections",
            "Connections of callers that are open now",
            self.connections.clone(),
        );
        registry.register(
            "connections_ended",
            "Connections of callers that ended: closed, late_head (no request came in time) or idle",
            self.ended_connections.clone(),
        );
        registry.register(
            "connections_full",
            "Times that callers had to wait because all connections were in use",
            self.full_connections.clone(),
        );
        registry.register(
            "accept_failures",
            "Times that no caller could be taken, for want of file descriptors or memory",
            self.failed_accepts.clone(),
        );
    }
}
