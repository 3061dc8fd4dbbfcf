//! Deliveries as some builds of GHL write them, and gateways that refuse the same text for some minutes.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::lids::text;

/// Deliveries of a body with this change.
async fn delivers(bridge: &Bridge, id: &str, change: &Value) -> (String, Option<String>) {
    let mut body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
        "phone": seed::AISYAH.2, "message": "hai", "attachments": [],
    });
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    assert_eq!(
        bridge.simulation.ghl.agent_sends_raw(&body).await,
        Some(200)
    );
    bridge.settle().await;
    bridge.outbound(id).await
}

#[tokio::test]
async fn attachments_that_are_none_are_none() {
    let bridge = Bridge::new().await;
    for (n, none) in [
        json!(""),
        json!([""]),
        json!("[]"),
        json!(false),
        json!([null]),
        json!({}),
        json!(["  "]),
    ]
    .into_iter()
    .enumerate()
    {
        let (state, reason) =
            delivers(&bridge, &format!("none-{n}"), &json!({"attachments": none})).await;
        assert_eq!((state.as_str(), reason), ("sent", None), "{none}");
        bridge.after(Duration::seconds(5)).await;
    }
}

#[tokio::test]
async fn an_e_mail_fails_once_with_its_sentence() {
    let bridge = Bridge::new().await;
    let (state, reason) = delivers(&bridge, "mail", &json!({"type": "Email"})).await;
    assert_eq!(
        (state.as_str(), reason.as_deref()),
        ("failed", Some("email_not_sent"))
    );
    bridge.after(Duration::minutes(10)).await;
    let told = bridge
        .simulation
        .ghl
        .faults()
        .count("PUT /conversations/messages/{id}/status");
    assert_eq!(told, 1);
    assert!(bridge.sends().is_empty());
}

#[tokio::test]
async fn the_same_text_waits_for_the_gateways_window() {
    let bridge = Bridge::new().await;
    let refusal = r#"{"status":"error","message":"Mensagem já enviada recentemente."}"#;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, refusal));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::minutes(4)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("accepted".to_owned(), 1)
    );
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("sent".to_owned(), 2)
    );
}

#[tokio::test]
async fn addresses_with_a_slash_at_their_end_are_taken() {
    let bridge = Bridge::new().await;
    let body = json!({"event": "messages.upsert", "data": {"messages": [text(
        &bridge, "S1", json!({"remoteJid": "60123456789@s.whatsapp.net"}), "hai",
    )]}});
    let mut webhook = bridge.simulation.waapify.webhook().unwrap();
    webhook.set_path(&format!("{}/", webhook.path()));
    let answer = bridge.http.post(webhook).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}
