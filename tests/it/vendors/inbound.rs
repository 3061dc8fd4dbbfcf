//! Inbound messages are checked against GHL's schema, field by field.

use serde_json::{Value, json};
use simulators::{Direction, Message, seed};

use super::{CONVERSATIONS, Controls, complaint, refusal, text, with};

fn good() -> Value {
    json!({
        "type": "SMS",
        "contactId": seed::AISYAH.0,
        "message": "Hai",
        "direction": "inbound",
        "altId": "3A1",
        "date": "2026-11-21T01:02:03.456Z",
    })
}

async fn put_in(stage: &Controls, token: &str, body: &Value) -> (u16, Value) {
    let path = "/conversations/messages/inbound";
    stage.post(token, CONVERSATIONS, path, body).await
}

fn stored(stage: &Controls, answer: &Value) -> Message {
    stage
        .simulation
        .ghl
        .message(&text(&answer["messageId"]))
        .unwrap()
}

#[tokio::test]
async fn a_good_message_is_stored_as_it_was_given() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let (status, answer) = put_in(&stage, &token, &good()).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["dateAdded"], "2026-11-21T01:02:03.456Z");
    let message = stored(&stage, &answer);
    assert_eq!(message.direction, Direction::Inbound);
    assert_eq!(message.text, "Hai");
    assert_eq!(message.alt_id.as_deref(), Some("3A1"));
    assert_eq!(message.contact_id, seed::AISYAH.0);
}

#[tokio::test]
async fn each_field_that_breaks_the_schema_is_named() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    for (name, value) in [
        ("type", json!("sms")),
        ("deliveredAt", json!(1)),
        ("attachments", json!("x")),
        ("date", json!("yesterday")),
        ("direction", json!({})),
    ] {
        let body = with(&good(), name, &value);
        let (status, words) = complaint(&put_in(&stage, &token, &body).await);
        assert_eq!(status, 422, "{name}: {words}");
        assert!(words.contains(name), "{name}: {words}");
    }
    assert!(stage.simulation.ghl.messages().is_empty());
}

#[tokio::test]
async fn a_message_that_names_a_provider_or_another_channel_is_refused() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let provider = with(&good(), "conversationProviderId", &json!(seed::PROVIDER_ID));
    assert_eq!(put_in(&stage, &token, &provider).await.0, 400);
    let channel = with(&good(), "type", &json!("WhatsApp"));
    assert_eq!(
        complaint(&put_in(&stage, &token, &channel).await),
        refusal(400, "No conversationProviderId passed in body")
    );
    assert!(stage.simulation.ghl.messages().is_empty());
}

#[tokio::test]
async fn a_custom_message_is_answered_as_a_success_and_stored_nowhere() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let body = with(&good(), "type", &json!("Custom"));
    assert_eq!(put_in(&stage, &token, &body).await, (201, Value::Null));
    assert!(stage.simulation.ghl.messages().is_empty());
}

#[tokio::test]
async fn a_message_without_a_direction_becomes_the_business_s_own() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let body = json!({"type": "SMS", "contactId": seed::AISYAH.0, "message": "Hai"});
    let (_, answer) = put_in(&stage, &token, &body).await;
    assert_eq!(stored(&stage, &answer).direction, Direction::Outbound);
}
