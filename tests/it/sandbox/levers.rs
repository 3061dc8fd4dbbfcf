//! The levers on the sandbox's page: each has its effect, is shown, and goes back.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{GatewayFault, Levers, seed};

use super::played::Played;
use crate::harness::Bridge;

async fn pull(played: &Played, levers: Value) {
    let (status, _) = played.pull("levers", levers.clone()).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let shown = played.state().await["levers"].clone();
    for (lever, position) in levers.as_object().unwrap() {
        assert_eq!(&shown[lever], position, "{shown}");
    }
}

async fn back_to_normal(played: &Played) {
    pull(played, json!({})).await;
    let normal = json!({ "gateway": "none", "ghl": "none", "echo_lost": false });
    assert_eq!(played.state().await["levers"], normal);
}

fn is_send(exchange: &Value) -> bool {
    exchange["path"].as_str().unwrap().starts_with("/send.php")
}

#[tokio::test]
async fn a_gateway_that_is_down_refuses_until_it_is_normal_again() {
    let played = Played::start().await;
    pull(&played, json!({ "gateway": "down" })).await;
    let id = played.agent_writes("Bila buka?").await;
    let refused = played.exchange("service_to_waapify", is_send).await;
    let said = refused["summary"].as_str().unwrap();
    assert!(said.contains("Cannot connect to server"), "{said}");
    assert!(played.on_phone().await.is_empty());
    back_to_normal(&played).await;
    played.until_status(&id, "delivered").await;
    assert_eq!(played.on_phone().await, ["Bila buka?"]);
}

#[tokio::test]
async fn a_slow_gateway_does_not_answer_soon() {
    let played = Played::start().await;
    let path = format!(
        "/sim/waapify/api/reconnect.php?instance_id={}&access_token={}",
        seed::INSTANCE_ID,
        seed::ACCESS_TOKEN
    );
    // Half a second is far less than the twenty that it takes.
    let ask = || {
        let request = played.http.get(played.url(&path));
        request.timeout(Duration::from_millis(500)).send()
    };
    pull(&played, json!({ "gateway": "slow" })).await;
    assert!(ask().await.unwrap_err().is_timeout());
    back_to_normal(&played).await;
    let answer = played.http.get(played.url(&path)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_lying_gateway_sends_and_answers_with_a_proxys_502() {
    let played = Played::start().await;
    pull(&played, json!({ "gateway": "lying" })).await;
    let id = played.agent_writes("Sudah siap").await;
    let lie = played.exchange("service_to_waapify", is_send).await;
    assert_eq!(lie["status"], 502);
    // A prompt 502 would mean that nothing was sent.
    assert!(lie["took_ms"].as_i64().unwrap() > 15_000, "{lie}");
    // The echo proves that it was sent.
    played.until_status(&id, "delivered").await;
    assert_eq!(played.on_phone().await, ["Sudah siap"]);
}

#[tokio::test]
async fn without_an_answer_and_an_echo_a_message_leaves_twice_at_most() {
    let bridge = Bridge::new().await;
    bridge.simulation.pull(Levers {
        gateway: GatewayFault::Lying,
        echo_lost: true,
        ..Levers::default()
    });
    let id = bridge.agent_writes("Sudah siap").await;
    for _ in 0..6 {
        bridge.after(time::Duration::minutes(3)).await;
    }
    let failed = ("failed".to_owned(), Some("unconfirmed".to_owned()));
    assert_eq!(bridge.outbound(&id).await, failed);
    let chat = bridge.simulation.waapify.chat(seed::AISYAH.2);
    assert_eq!(chat.len(), 2);
}

#[tokio::test]
async fn a_lost_echo_is_not_posted_and_the_acks_are() {
    let played = Played::start().await;
    pull(&played, json!({ "echo_lost": true })).await;
    let id = played.agent_writes("Terima kasih").await;
    played.until_status(&id, "delivered").await;
    let is_echo = |one: &Value| one["summary"].as_str().unwrap().starts_with("Echo");
    let state = played.state().await;
    assert!(!state["traffic"].as_array().unwrap().iter().any(is_echo));
    back_to_normal(&played).await;
    played.agent_writes("Sama-sama").await;
    played.exchange("waapify_to_service", is_echo).await;
}

#[tokio::test]
async fn ghl_refuses_calls_that_are_used_up_and_calls_while_it_is_down() {
    for (position, status) in [("too_many", 429), ("down", 503)] {
        let played = Played::start().await;
        pull(&played, json!({ "ghl": position })).await;
        let id = played.agent_writes("Apa khabar?").await;
        let refused = |one: &Value| one["status"] == status;
        played.exchange("service_to_ghl", refused).await;
        assert_ne!(played.in_ghl(&id).await["status"], "delivered");
        back_to_normal(&played).await;
        // The service waits a minute after a 429, so the platform itself is asked.
        let path = played.url("/sim/ghl/contacts/x");
        let answer = played.http.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()["x-ratelimit-max"], "100");
    }
}

#[tokio::test]
async fn an_unknown_lever_is_refused_and_starting_again_resets_all() {
    let played = Played::start().await;
    let (status, _) = played.pull("levers", json!({ "gatway": "down" })).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    pull(
        &played,
        json!({ "gateway": "down", "ghl": "down", "echo_lost": true }),
    )
    .await;
    played.sandbox.simulation.forget();
    let normal = json!({ "gateway": "none", "ghl": "none", "echo_lost": false });
    assert_eq!(played.state().await["levers"], normal);
}
