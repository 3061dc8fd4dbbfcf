//! Traces: a collector gets one trace of a message, from GHL's delivery to its tick, and nothing that people wrote.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode as SpanStatus;
use prost::Message as _;
use rustix::process::Signal;
use simulators::{Fault, seed};

use crate::attachment_sources::serve;
use crate::commands::Serving;
use crate::harness::{Bridge, wait};

type Exports = Arc<Mutex<Vec<Bytes>>>;

/// A collector that keeps what it gets.
async fn collector() -> (String, Exports) {
    let exports = Exports::default();
    let routes = Router::new()
        .route("/v1/traces", post(take))
        .with_state(Arc::clone(&exports));
    (serve(routes).await, exports)
}

async fn take(State(exports): State<Exports>, headers: HeaderMap, body: Bytes) -> StatusCode {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    exports.lock().unwrap().push(body);
    StatusCode::OK
}

fn spans(exports: &Exports) -> Vec<Span> {
    let exports = exports.lock().unwrap();
    let requests = exports
        .iter()
        .map(|body| ExportTraceServiceRequest::decode(body.clone()).unwrap());
    let resources = requests.flat_map(|request| request.resource_spans);
    let scopes = resources.flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// Starts the program with a collector, which need not answer.
async fn traced(bridge: &Bridge, collector: &str) -> Serving {
    let collector = collector.to_owned();
    let serving = Serving::start_with(bridge, |command| {
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
        // Milliseconds; five seconds otherwise.
        command.env("OTEL_BSP_SCHEDULE_DELAY", "100");
    })
    .await;
    let address = serving.address.parse().unwrap();
    bridge.simulation.set_service_url(address);
    serving
}

async fn send_and_tick(bridge: &Bridge) -> String {
    let id = bridge.agent_writes("rahsia").await;
    wait("it is sent", async || bridge.state(&id).await == "sent").await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    wait("GHL is told", async || {
        bridge.ghl_status(&id) == "delivered"
    })
    .await;
    id
}

#[tokio::test]
async fn a_message_is_one_trace_from_delivery_to_tick() {
    let bridge = Bridge::new().await;
    let (address, exports) = collector().await;
    let serving = traced(&bridge, &address).await;
    let id = send_and_tick(&bridge).await;
    let other = send_and_tick(&bridge).await;
    // What is left is exported at the end.
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
    let spans = spans(&exports);
    let of = |message: &str| -> Vec<&Span> {
        let is_its = |span: &&Span| format!("{:?}", span.attributes).contains(message);
        spans.iter().filter(is_its).collect()
    };
    for (mine, others) in [(of(&id), of(&other)), (of(&other), of(&id))] {
        let mut names: Vec<_> = mine.iter().map(|span| span.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(
            names,
            [
                "accept delivery",
                "attempt",
                "send to WhatsApp",
                "tell status"
            ]
        );
        assert!(mine.iter().all(|span| span.trace_id == mine[0].trace_id));
        assert!(others.iter().all(|span| span.trace_id != mine[0].trace_id));
    }
    let all = format!("{spans:?}");
    for private in ["rahsia", seed::AISYAH.2, seed::NUMBER, seed::ACCESS_TOKEN] {
        assert!(!all.contains(private), "{private}: {all}");
    }
}

#[tokio::test]
async fn what_never_left_has_no_span_of_a_send_and_what_failed_says_so() {
    let bridge = Bridge::new().await;
    let (address, exports) = collector().await;
    let serving = traced(&bridge, &address).await;
    let wrong = bridge.agent_sends(seed::NOMBOR_SALAH.0, "satu", &[]).await;
    let faults = bridge.simulation.waapify.faults();
    let refusal = r#"{"status":"error","message":"Failed to send the message"}"#;
    faults.push("send.php", Fault::answer(200, refusal));
    let refused = bridge.agent_writes("dua").await;
    wait("both are tried", async || {
        bridge.ghl_status(&wrong) == "failed" && faults.count("send.php") > 0
    })
    .await;
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
    let spans = spans(&exports);
    let of = |message: &str, name: &str| -> Vec<i32> {
        let is_its =
            |span: &&Span| span.name == name && format!("{:?}", span.attributes).contains(message);
        let found = spans.iter().filter(is_its);
        let codes = found.map(|span| span.status.as_ref().map_or(0, |status| status.code));
        codes.collect()
    };
    let error = SpanStatus::Error as i32;
    assert_eq!(of(&wrong, "send to WhatsApp"), [0; 0]);
    assert_eq!(of(&wrong, "attempt"), [error]);
    assert!(
        of(&refused, "send to WhatsApp").contains(&error),
        "{spans:?}"
    );
}

#[tokio::test]
async fn a_collector_that_is_down_delays_nothing() {
    let bridge = Bridge::new().await;
    let serving = traced(&bridge, "http://127.0.0.1:9").await;
    send_and_tick(&bridge).await;
    wait("the log says so", async || serving.said("Export")).await;
    serving.signal(Signal::TERM);
    assert_eq!(serving.ended().await.0, Some(0));
}
