//! Traces for OpenTelemetry: one for each message of a business, from GHL's delivery over its sends to its tick.
//!
//! A message's trace id is a hash of its location and of GHL's id. So all processes put their spans into one trace, also
//! days later, and nothing has to be stored or passed on. Spans hold ids, counts and states, like the log; unlike
//! the log they go to another program, so they are made only where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState, TracerProvider as _,
};
use opentelemetry::{Context, global};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sha2::{Digest as _, Sha256};
use tracing::field::Empty;
use tracing::{Span, Subscriber, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, filter};
use url::Url;

/// The target of the spans of messages. The log leaves them out: its lines have the same ids.
pub(super) const TARGET: &str = "message";

const SERVICE: &str = "waapify-ghl";

/// Where spans go.
#[derive(Debug)]
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins to export spans over HTTP to a collector, whose address is that of its OTLP receiver, without
    /// `/v1/traces`. Other `OTEL_…` variables count as OpenTelemetry defines them. Must not be called on a thread of an
    /// asynchronous runtime.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn start(collector: &Url) -> anyhow::Result<Self> {
        // Fails only when a provider is installed already, which is then the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let address = format!("{}/v1/traces", collector.as_str().trim_end_matches('/'));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(reqwest::blocking::Client::builder().build()?)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(address)
            .build()?;
        let about = Resource::builder()
            .with_service_name(SERVICE)
            .with_attribute(opentelemetry::KeyValue::new(
                "service.version",
                env!("CARGO_PKG_VERSION"),
            ))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(about)
            .build();
        global::set_tracer_provider(provider.clone());
        Ok(Self(provider))
    }

    /// The part of the subscriber that makes spans of messages into OpenTelemetry's.
    pub(super) fn layer<S>(&self) -> impl Layer<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_filter(filter::filter_fn(|about| {
                about.is_span() && about.target() == TARGET
            }))
    }

    /// Exports what is left, for some seconds at most.
    pub fn stop(self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "the last spans could not be exported");
        }
    }
}

/// GHL's delivery is stored.
#[must_use]
pub fn accept_span(location: &str, message: &str) -> Span {
    of_message(
        info_span!(
            target: TARGET,
            "accept delivery",
            location,
            ghl_message_id = message,
            otel.status_code = Empty,
            otel.status_description = Empty
        ),
        location,
        message,
    )
}

/// An attempt at a part, whether or not anything is sent. `part` counts from 1.
#[must_use]
pub fn attempt_span(location: &str, message: &str, part: i32, attempt: i32) -> Span {
    of_message(
        info_span!(
            target: TARGET,
            "attempt",
            location,
            ghl_message_id = message,
            part,
            attempt,
            otel.status_code = Empty,
            otel.status_description = Empty
        ),
        location,
        message,
    )
}

/// The call of an attempt that gives a part to WhatsApp. It is a part of the attempt's span.
#[must_use]
pub fn send_span(location: &str, message: &str, part: i32, attempt: i32) -> Span {
    info_span!(
        target: TARGET,
        "send to WhatsApp",
        location,
        ghl_message_id = message,
        part,
        attempt,
        otel.status_code = Empty,
        otel.status_description = Empty
    )
}

/// A part whose outcome is unknown has waited for its echo long enough.
#[must_use]
pub fn wait_span(location: &str, message: &str) -> Span {
    of_message(
        info_span!(
            target: TARGET,
            "end wait for echo",
            location,
            ghl_message_id = message,
            otel.status_code = Empty,
            otel.status_description = Empty
        ),
        location,
        message,
    )
}

/// Gives a span of a message the status of an error; `code` has no words of people or vendors.
pub fn mark_failed(span: &Span, code: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("otel.status_description", code);
}

/// GHL is told a status.
#[must_use]
pub fn tell_span(location: &str, message: &str, status: &str) -> Span {
    of_message(
        info_span!(
            target: TARGET,
            "tell status",
            location,
            ghl_message_id = message,
            status,
            otel.status_code = Empty,
            otel.status_description = Empty
        ),
        location,
        message,
    )
}

/// Puts a span into the trace of its message.
fn of_message(span: Span, location: &str, message: &str) -> Span {
    if !span.is_disabled() {
        let trace = Context::new().with_remote_span_context(trace_of(location, message));
        // Fails only without the layer of `Traces`; then there is no trace either.
        let _ = span.set_parent(trace);
    }
    span
}

/// The trace of a message. Its parent span is never exported, because no process sees the whole of it.
fn trace_of(location: &str, message: &str) -> SpanContext {
    let hash = Sha256::new()
        .chain_update(location)
        .chain_update([0])
        .chain_update(message)
        .finalize();
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    trace.copy_from_slice(&hash[..16]);
    span.copy_from_slice(&hash[16..24]);
    SpanContext::new(
        TraceId::from_bytes(trace),
        SpanId::from_bytes(span),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    )
}
