//! Deliveries as some builds of GHL write them, and gateways that refuse the same text for some minutes.

use axum::http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::http::HookSecrets;

use crate::harness::{Bridge, settings};
use crate::lids::text;

const STATUS: &str = "PUT /conversations/messages/{id}/status";
/// One build's words for a text that it sent to the same number within five minutes.
const LATELY: &str = r#"{"status":"error","message":"Mensagem já enviada recentemente."}"#;

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
        json!("null"),
        json!(["null", "[]"]),
        json!("undefined"),
        json!(0),
        json!([true]),
        json!({"0": ""}),
        json!([[[""], {}], {"0": [null]}]),
        json!("\u{200b}"),
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
    let told = bridge.simulation.ghl.faults().count(STATUS);
    assert_eq!(told, 1);
    assert!(bridge.sends().is_empty());
}

#[tokio::test]
async fn an_e_mail_says_that_it_is_one_whatever_its_number_waits_for() {
    let bridge = Bridge::new().await;
    let failed = ("failed".to_owned(), Some("email_not_sent".to_owned()));
    let unlinked = r#"{"status":"error","message":"Relogin required"}"#;
    let waapify = &bridge.simulation.waapify;
    waapify
        .faults()
        .always("send.php", Fault::answer(200, unlinked));
    let held = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&held).await, "accepted");
    let found = delivers(&bridge, "mail", &json!({"type": "Email"})).await;
    assert_eq!(found, failed, "not only when its age ends the hold");
    bridge.after(Duration::seconds(10)).await;
    let told = bridge.simulation.ghl.faults().seen_at(STATUS);
    assert_eq!(told[0].body["error"]["code"], "email_not_sent");
    let bare = Bridge::bare().await;
    bare.install().await;
    let found = delivers(&bare, "mail", &json!({"type": " EMAIL"})).await;
    assert_eq!(found, failed, "there is no number");
}

#[tokio::test]
async fn an_e_mail_that_ghl_does_not_know_is_not_told_again_and_again() {
    let bridge = Bridge::new().await;
    let unknown = r#"{"statusCode":401,"message":"No message found for the id"}"#;
    let faults = bridge.simulation.ghl.faults();
    faults.always(STATUS, Fault::answer(401, unknown));
    delivers(&bridge, "mail", &json!({"type": "Email"})).await;
    for _ in 0..5 {
        bridge.after(Duration::minutes(10)).await;
    }
    assert_eq!(bridge.simulation.ghl.faults().count(STATUS), 1);
}

#[tokio::test]
async fn a_text_that_is_refused_in_every_window_fails_with_the_gateways_words() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    faults.always("send.php", Fault::answer(200, LATELY));
    let id = bridge.agent_writes("ok").await;
    bridge.settle().await;
    for _ in 0..6 {
        bridge.after(Duration::minutes(14)).await;
    }
    assert_eq!(bridge.state(&id).await, "failed");
    let (_, sentence) = bridge.ghl_error(&id);
    assert!(sentence.contains("enviada recentemente"), "{sentence}");
    assert_eq!(bridge.sends().len(), 4);
}

#[tokio::test]
async fn after_a_lost_answer_such_a_refusal_means_that_the_text_may_have_left() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    faults.push("send.php", Fault::answer(200, ""));
    faults.push("send.php", Fault::answer(200, LATELY));
    let id = bridge.agent_writes("ok").await;
    bridge.settle().await;
    for _ in 0..10 {
        bridge.after(Duration::minutes(3)).await;
    }
    assert_eq!(bridge.sends().len(), 2, "no third copy");
    let failed = ("failed".to_owned(), Some("unconfirmed".to_owned()));
    assert_eq!(bridge.outbound(&id).await, failed);
}

#[tokio::test]
async fn the_same_text_waits_for_the_gateways_window() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .waapify
        .faults()
        .push("send.php", Fault::answer(200, LATELY));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::minutes(4)).await;
    assert_eq!(
        (bridge.state(&id).await, bridge.sends().len()),
        ("accepted".to_owned(), 1)
    );
    // The pause has a random part.
    bridge.after(Duration::minutes(3)).await;
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

#[tokio::test]
async fn a_second_slash_at_the_end_is_taken_too() {
    let bridge = Bridge::new().await;
    let mut webhook = bridge.simulation.waapify.webhook().unwrap();
    for end in ["/", "//"] {
        let path = webhook.path().trim_end_matches('/').to_owned();
        webhook.set_path(&format!("{path}{end}"));
        let body = json!({"event": "connection.update", "data": {}});
        let answer = bridge.http.post(webhook.clone()).json(&body).send().await;
        assert_eq!(answer.unwrap().status(), StatusCode::OK, "{end}");
        // Known, and refused because it has no signature.
        let secrets = HookSecrets::derive(&settings(&bridge.environment).ghl);
        for (path, secret) in [("delivery", &secrets.delivery), ("app", &secrets.app)] {
            let secret = secret.expose_secret();
            let address = format!("{}/hooks/{path}/{secret}{end}", bridge.address);
            let answer = bridge.http.post(address).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}{end}");
        }
        let (status, page) = bridge.get(&format!("/oauth/callback{end}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("opens after an install"), "{page}");
    }
}

#[tokio::test]
async fn a_text_of_which_nothing_can_be_seen_is_refused_like_an_empty_one() {
    let bridge = Bridge::new().await;
    for text in ["\u{200B}", " \n\t ", "\u{2800}\u{FE0F}", "\u{A0}"] {
        let id = bridge.agent_writes(text).await;
        bridge.after(Duration::seconds(10)).await;
        let failed = ("failed".to_owned(), Some("empty".to_owned()));
        assert_eq!(bridge.outbound(&id).await, failed, "{text:?}");
        assert_eq!(bridge.ghl_status(&id), "failed");
    }
    assert!(bridge.sends().is_empty());
}

#[tokio::test]
async fn a_customers_text_of_which_nothing_can_be_seen_is_said_to_be_empty() {
    let bridge = Bridge::new().await;
    let texts = [" ", "\n\t", "\u{200B}", "\u{A0}", "\u{2800} "];
    for text in texts {
        bridge.customer_writes(text).await;
    }
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["[Empty message]"; 5]);
}
