//! What the customer's phone on the sandbox's page sends reaches GHL through the service.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::seed;

use super::played::Played;
use crate::harness::wait;

/// Aisyah's phone sends something of this kind.
async fn sends(played: &Played, kind: &str, text: &str) -> StatusCode {
    let phone = seed::AISYAH.2.trim_start_matches('+');
    let body = json!({ "phone": phone, "kind": kind, "text": text });
    played.pull("customer", body).await.0
}

/// The messages of a customer, as GHL shows them: of the contact with this name.
async fn in_ghl(played: &Played, name: &str) -> Vec<Value> {
    let state = played.state().await;
    let contacts = state["contacts"].as_array().unwrap();
    let contact = contacts.iter().find(|contact| contact["name"] == name);
    let messages = contact.map(|contact| contact["messages"].as_array().unwrap().clone());
    messages.unwrap_or_default()
}

/// Waits until Aisyah's conversation in GHL has a message from her that fits.
async fn arrives(played: &Played, what: &str, fits: impl Fn(&Value) -> bool) {
    wait(what, async || {
        let messages = in_ghl(played, seed::AISYAH.1).await;
        messages
            .iter()
            .any(|message| message["direction"] == "inbound" && fits(message))
    })
    .await;
}

fn says(message: &Value, words: &str) -> bool {
    message["text"].as_str().unwrap().contains(words)
}

#[tokio::test]
async fn each_kind_of_message_arrives_in_ghl() {
    let played = Played::start().await;
    for (kind, text) in [("picture", "Macam ni?"), ("voice", ""), ("location", "")] {
        assert_eq!(sends(&played, kind, text).await, StatusCode::ACCEPTED);
    }
    let has_file = |message: &Value| !message["attachments"].as_array().unwrap().is_empty();
    arrives(&played, "a picture with its caption", |one| {
        has_file(one) && says(one, "Macam ni?")
    })
    .await;
    arrives(&played, "a voice message", |one| {
        has_file(one) && !says(one, "Macam ni?")
    })
    .await;
    arrives(&played, "a place", |one| says(one, "Menara Contoh")).await;
    let uploads = played.sandbox.simulation.ghl.uploads();
    let kinds: Vec<_> = uploads.iter().map(|file| &file.bytes[..4]).collect();
    assert!(
        kinds.contains(&&b"\x89PNG"[..]) && kinds.contains(&&b"OggS"[..]),
        "{kinds:?}"
    );
}

#[tokio::test]
async fn a_reaction_and_an_edit_need_something_before_them() {
    let played = Played::start().await;
    for kind in ["reaction", "edit", "text"] {
        let refused = sends(&played, kind, "").await;
        assert_eq!(refused, StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
    }
    let id = played.agent_writes("Jumpa esok").await;
    played.until_status(&id, "delivered").await;
    sends(&played, "reaction", "").await;
    arrives(&played, "the reaction", |one| says(one, "👍")).await;
    sends(&played, "text", "Pukul tiga").await;
    arrives(&played, "the text", |one| says(one, "Pukul tiga")).await;
    sends(&played, "edit", "Pukul empat").await;
    arrives(&played, "the edit", |one| says(one, "Pukul empat")).await;
}

#[tokio::test]
async fn a_customer_with_a_hidden_number_is_shown_once_the_number_is_known() {
    let played = Played::start().await;
    let (name, lid, _) = seed::HIDDEN;
    let body = json!({ "phone": lid, "text": "Siapa saya?" });
    assert_eq!(played.pull("customer", body).await.0, StatusCode::ACCEPTED);
    let is_its = |one: &Value| one["summary"].as_str().unwrap().contains("Siapa saya?");
    played.exchange("waapify_to_service", is_its).await;
    assert!(in_ghl(&played, name).await.is_empty(), "it is held");
    played
        .pull("customer", json!({ "phone": lid, "kind": "number" }))
        .await;
    wait("it is in GHL", async || {
        let messages = in_ghl(&played, name).await;
        messages.iter().any(|message| says(message, "Siapa saya?"))
    })
    .await;
}

#[tokio::test]
async fn what_is_written_while_another_provider_is_chosen_does_not_come() {
    let played = Played::start().await;
    assert_eq!(played.state().await["other_provider"], Value::Null);
    let choose = async |provider: &str| {
        let address = played
            .sandbox
            .ghl_address()
            .join("/sandbox/ghl/settings")
            .unwrap();
        let form = [("location", seed::LOCATION_ID), ("provider", provider)];
        let answer = played.http.post(address).form(&form).send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success() || status.is_redirection(), "{status}");
    };
    choose("lc").await;
    let shown = played.state().await["other_provider"].clone();
    assert_eq!(shown, "LC Phone / Twilio");
    let lost = played.agent_writes("Melalui LC").await;
    assert_eq!(played.in_ghl(&lost).await["status"], "sent");
    choose("ours").await;
    let id = played.agent_writes("Melalui WhatsApp").await;
    played.until_status(&id, "delivered").await;
    assert_eq!(played.on_phone().await, ["Melalui WhatsApp"]);
    assert_eq!(played.in_ghl(&lost).await["deliveries"], 0);
}
