//! `events`: what the gateway posted and was set aside, because processes ended while they read it, is listed and read again
//! at an operator's word.

use time::Duration;
use waapify_ghl::workers::Worker as _;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::commands::{output, program};
use crate::harness::Bridge;

/// A customer's message whose event ended two processes. Returns WhatsApp's id.
async fn set_aside(bridge: &Bridge, text: &str) -> String {
    let id = bridge.customer_writes(text).await;
    end_processes(bridge, 2).await;
    bridge.settle().await;
    id
}

/// So many processes are killed while they read events.
async fn end_processes(bridge: &Bridge, count: usize) {
    let worker = WaapifyEvents(std::sync::Arc::clone(&bridge.app.context));
    for _ in 0..count {
        assert_eq!(worker.claim(64).await.unwrap().len(), 1);
        bridge.clock.advance(Duration::seconds(61));
    }
}

#[tokio::test]
async fn an_event_that_was_set_aside_is_listed_and_read_again() {
    let bridge = Bridge::new().await;
    let id = set_aside(&bridge, "rahsia pelanggan").await;
    assert_eq!(bridge.inbound(&id).await, None);
    let (code, listed, _) = events(&bridge, &["list"]).await;
    assert_eq!(code, Some(0), "{listed}");
    assert!(!listed.contains("rahsia"), "{listed}");
    let (code, said, log) = events(&bridge, &["replay", "--yes"]).await;
    assert_eq!(code, Some(0), "{said}{log}");
    assert!(said.contains('1'), "{said}");
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["rahsia pelanggan"]);
    let (code, said, _) = events(&bridge, &["replay", "--yes"]).await;
    assert_eq!((code, said.contains('0')), (Some(0), true), "{said}");
}

#[tokio::test]
async fn one_that_ends_a_process_again_is_set_aside_at_once() {
    let bridge = Bridge::new().await;
    let id = set_aside(&bridge, "maut").await;
    events(&bridge, &["replay", "--yes"]).await;
    end_processes(&bridge, 1).await;
    bridge.settle().await;
    assert_eq!(bridge.inbound(&id).await, None);
    let (_, listed, _) = events(&bridge, &["list", "--json"]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed["events"].as_array().unwrap().len(), 1);
    assert_eq!(listed["events"][0]["reason"]["code"], "deadly");
}

#[tokio::test]
async fn one_is_named_by_its_id_and_others_stay() {
    let bridge = Bridge::new().await;
    let first = set_aside(&bridge, "satu").await;
    let second = set_aside(&bridge, "dua").await;
    let id: i64 = sqlx::query_scalar("select min(id) from waapify_events where state = 'failed'")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    let (code, _, log) = events(&bridge, &["replay", &id.to_string()]).await;
    assert_eq!(code, Some(0), "{log}");
    bridge.settle().await;
    assert_eq!(bridge.inbound(&first).await.unwrap().0, "posted");
    assert_eq!(bridge.inbound(&second).await, None);
    let (code, _, refused) = events(&bridge, &["replay", "999999"]).await;
    assert_eq!(code, Some(1), "{refused}");
    let (code, _, refused) = events(&bridge, &["replay"]).await;
    assert_eq!(
        code,
        Some(1),
        "without a terminal it is not asked: {refused}"
    );
    assert_eq!(bridge.inbound(&second).await, None);
}

/// Runs `waapify-ghl events …`. Returns the exit code, and what it wrote to both streams.
async fn events(bridge: &Bridge, args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = program(Some(bridge));
    command.arg("events").args(args);
    output(command).await
}
