//! What this process has done since it started, counted for `/metrics`.
//!
//! The number of labels must not grow with the number of customers. Single messages are in the log and in the database.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// The counters; clones count together.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    ends: Family<Labels<2>, Counter>,
    failures: Family<Labels<1>, Counter>,
    parts: Counter,
    status_updates: Family<Labels<1>, Counter>,
    connections: Gauge,
    ended_connections: Family<Labels<1>, Counter>,
    full_connections: Counter,
    failed_accepts: Counter,
}

impl Counters {
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
