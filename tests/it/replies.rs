//! From WhatsApp to GHL: the webhook's proof, the contact, the message in its conversation, once and in order; and what
//! is ignored, held or unreadable.

use axum::http::StatusCode;
use serde_json::{Value, json};
use time::Duration;
use waapify_ghl::sandbox::{Envelope, Fault, seed};

use crate::harness::{Bridge, payload};

const INBOUND: &str = "POST /conversations/messages/inbound";
const PHONE: &str = seed::AISYAH.2;

fn posted(bridge: &Bridge) -> Vec<Value> {
    let seen = bridge.world.ghl.faults().seen_at(INBOUND);
    seen.into_iter().map(|seen| seen.body).collect()
}

/// Texts in GHL's conversation with Aisyah that the customer wrote.
fn conversation(bridge: &Bridge) -> Vec<String> {
    let messages = bridge.world.ghl.messages_with(seed::AISYAH.0);
    messages
        .into_iter()
        .filter(|m| m.alt_id.is_some())
        .map(|m| m.text)
        .collect()
}

/// Posts a body of the corpus to the number's webhook.
async fn post(bridge: &Bridge, file: &str) -> StatusCode {
    let webhook = bridge.world.waapify.webhook().unwrap();
    let body = payload(&format!("waapify/webhooks/{file}"));
    bridge
        .http
        .post(webhook)
        .body(body)
        .send()
        .await
        .unwrap()
        .status()
}

#[tokio::test]
async fn a_reply_lands_in_the_contacts_conversation_with_the_documented_fields_only() {
    let bridge = Bridge::new().await;
    let id = bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "Berapa harga?")
        .await;
    bridge.settle().await;
    assert_eq!(conversation(&bridge), ["Berapa harga?"]);
    let mut body = posted(&bridge).remove(0);
    let date = body.as_object_mut().unwrap().remove("date").unwrap();
    assert!(date.as_str().unwrap().contains('T'), "{date}");
    let expected = json!({"type": "SMS", "direction": "inbound", "contactId": seed::AISYAH.0, "message": "Berapa harga?", "altId": id});
    assert_eq!(body, expected, "and no conversationProviderId");
    let call = bridge.world.ghl.faults().seen_at(INBOUND).remove(0);
    assert_eq!(call.headers["version"], "2021-04-15");
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
}

#[tokio::test]
async fn a_new_customer_becomes_a_contact_with_the_whatsapp_name() {
    let bridge = Bridge::new().await;
    let (name, phone) = seed::STRANGER;
    bridge.world.waapify.customer_sends(phone, name, "Hi").await;
    bridge
        .world
        .waapify
        .customer_sends(phone, name, "Ada orang?")
        .await;
    bridge.settle().await;
    let contacts = bridge.world.ghl.contacts(seed::LOCATION_ID);
    let made: Vec<_> = contacts
        .iter()
        .filter(|contact| contact.phone.as_deref() == Some(phone))
        .collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].name, name);
    let upsert = bridge
        .world
        .ghl
        .faults()
        .seen_at("POST /contacts/upsert")
        .remove(0)
        .body;
    assert_eq!(
        upsert,
        json!({"locationId": seed::LOCATION_ID, "phone": phone, "name": name})
    );
    assert_eq!(bridge.world.ghl.messages_with(&made[0].id).len(), 2);
}

#[tokio::test]
async fn a_contact_that_ghl_has_keeps_the_name_the_business_gave_it() {
    let bridge = Bridge::new().await;
    bridge
        .world
        .waapify
        .customer_sends(PHONE, "✨ aisyah ✨", "Hai")
        .await;
    bridge.settle().await;
    let contacts = bridge.world.ghl.contacts(seed::LOCATION_ID);
    assert!(
        contacts
            .iter()
            .any(|contact| contact.name == seed::AISYAH.1)
    );
    assert_eq!(conversation(&bridge), ["Hai"]);
}

#[tokio::test]
async fn where_the_look_up_is_refused_the_contact_is_made_all_the_same() {
    let bridge = Bridge::new().await;
    let lookup = "GET /contacts/search/duplicate";
    bridge
        .world
        .ghl
        .faults()
        .always(lookup, Fault::answer(404, r#"{"message":"Cannot GET"}"#));
    bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "Hai")
        .await;
    bridge.settle().await;
    assert_eq!(conversation(&bridge), ["Hai"]);
}

#[tokio::test]
async fn the_same_message_posted_again_makes_no_second_bubble() {
    let bridge = Bridge::new().await;
    let id = bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "sekali")
        .await;
    assert_eq!(
        bridge.world.waapify.posts_again(PHONE, &id).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(
        bridge.world.waapify.posts_again(PHONE, &id).await,
        Some(200)
    );
    bridge.settle().await;
    assert_eq!(conversation(&bridge), ["sekali"]);
}

#[tokio::test]
async fn all_three_envelopes_are_read() {
    let bridge = Bridge::new().await;
    for (envelope, text) in [
        (Envelope::Flat, "a"),
        (Envelope::Nested, "b"),
        (Envelope::NestedArray, "c"),
    ] {
        bridge.world.waapify.set_envelope(envelope);
        bridge
            .world
            .waapify
            .customer_sends(PHONE, seed::AISYAH.1, text)
            .await;
        bridge.settle().await;
    }
    assert_eq!(conversation(&bridge), ["a", "b", "c"]);
}

#[tokio::test]
async fn replies_keep_their_order_though_ghl_stumbles_over_the_first() {
    let bridge = Bridge::new().await;
    bridge
        .world
        .ghl
        .faults()
        .push(INBOUND, Fault::answer(500, "{}"));
    for text in ["satu", "dua", "tiga"] {
        bridge
            .world
            .waapify
            .customer_sends(PHONE, seed::AISYAH.1, text)
            .await;
    }
    bridge.settle().await;
    assert!(conversation(&bridge).is_empty());
    assert_eq!(posted(&bridge).len(), 1, "the others wait behind it");
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(conversation(&bridge), ["satu", "dua", "tiga"]);
}

#[tokio::test]
async fn an_empty_201_is_no_success() {
    let bridge = Bridge::new().await;
    bridge
        .world
        .ghl
        .faults()
        .push(INBOUND, Fault::answer(201, ""));
    let id = bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "hai")
        .await;
    bridge.settle().await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "accepted");
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(conversation(&bridge), ["hai"]);
}

#[tokio::test]
async fn a_contact_that_was_deleted_in_ghl_is_looked_up_afresh() {
    let bridge = Bridge::new().await;
    sqlx::query(
        "insert into contacts (location_id, phone, contact_id) values ($1, '60123456789', 'gone')",
    )
    .bind(seed::LOCATION_ID)
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "hai")
        .await;
    bridge.settle().await;
    bridge.after(Duration::seconds(5)).await;
    assert_eq!(conversation(&bridge), ["hai"]);
}

#[tokio::test]
async fn what_ghl_refuses_twice_has_failed_with_its_reason() {
    let bridge = Bridge::new().await;
    let refusal =
        r#"{"statusCode":400,"message":"Incorrect conversationProviderId/type","traceId":"t-1"}"#;
    bridge
        .world
        .ghl
        .faults()
        .always(INBOUND, Fault::answer(400, refusal));
    let id = bridge
        .world
        .waapify
        .customer_sends(PHONE, seed::AISYAH.1, "hai")
        .await;
    bridge.settle().await;
    bridge.after(Duration::HOUR).await;
    let (state, reason, _) = bridge.inbound(&id).await.unwrap();
    assert_eq!(state, "failed");
    assert!(
        reason
            .unwrap()
            .contains("Incorrect conversationProviderId/type (trace t-1)")
    );
}

#[tokio::test]
async fn echoes_groups_and_the_own_phone_are_noted_and_not_posted() {
    let bridge = Bridge::new().await;
    for (file, id, reason) in [
        (
            "fromme-api-echo.json",
            "3EB0E80FE362AA1B6E3007",
            "the echo of a message sent through Waapify",
        ),
        (
            "env-flat-legacy-api-echo.json",
            "BAE50B9069B3A483",
            "the echo of a message sent through Waapify",
        ),
        (
            "group-lid-participantAlt-7.json",
            "AC10E2569B0A9CE575223DEA1C67F858",
            "a group message",
        ),
        (
            "fromme-api-echo-group.json",
            "3EB09F4AD0268CC8AEFC2D",
            "a group message",
        ),
        (
            "status-broadcast.json",
            "AC64487F51DAD1847A79F6AE0B7EC8B7",
            "a broadcast, status or channel message",
        ),
        (
            "text-empty.json",
            "ACF7813B653714E09E3184939B16BB93",
            "it says nothing",
        ),
    ] {
        assert_eq!(post(&bridge, file).await, StatusCode::OK, "{file}");
        bridge.settle().await;
        let noted = bridge.inbound(id).await;
        assert_eq!(
            noted,
            Some(("ignored".into(), Some(reason.into()), None)),
            "{file}"
        );
    }
    assert!(posted(&bridge).is_empty());
}

#[tokio::test]
async fn a_message_that_comes_undecrypted_first_is_posted_when_its_content_comes() {
    let bridge = Bridge::new().await;
    let stub = json!({"instance_id": "x", "event": "messages.upsert", "data": {"messages": [{
        "key": {"remoteJid": "60123456789@s.whatsapp.net", "fromMe": false, "id": "AC5885BD7E7FEA6C74DEC46A4C9E9424"},
        "messageTimestamp": 1_767_250_500, "messageStubType": 2}], "type": "notify"}});
    let webhook = bridge.world.waapify.webhook().unwrap();
    bridge.http.post(webhook).json(&stub).send().await.unwrap();
    bridge.settle().await;
    assert_eq!(
        bridge.inbound("AC5885BD7E7FEA6C74DEC46A4C9E9424").await,
        None,
        "its id stays free"
    );
    post(&bridge, "retry-2-same-id-content.json").await;
    bridge.settle().await;
    assert_eq!(conversation(&bridge), ["mesej yang sama selepas retry"]);
}

#[tokio::test]
async fn a_sender_whose_number_is_hidden_is_held_not_guessed() {
    let bridge = Bridge::new().await;
    let hidden = json!({"instance_id": "x", "event": "messages.upsert", "data": {"messages": [{
        "key": {"remoteJid": "112233445566778@lid", "fromMe": false, "id": "LID1"},
        "messageTimestamp": 1_767_250_500, "message": {"conversation": "siapa saya"}}], "type": "notify"}});
    let webhook = bridge.world.waapify.webhook().unwrap();
    bridge
        .http
        .post(webhook)
        .json(&hidden)
        .send()
        .await
        .unwrap();
    bridge.settle().await;
    let (state, reason, text) = bridge.inbound("LID1").await.unwrap();
    assert_eq!(
        (state.as_str(), text.as_deref()),
        ("held", Some("siapa saya"))
    );
    assert!(reason.unwrap().contains("hides the sender's number"));
    assert!(posted(&bridge).is_empty());
}

#[tokio::test]
async fn what_is_no_text_yet_shows_that_something_came() {
    let bridge = Bridge::new().await;
    post(&bridge, "image-caption.json").await;
    post(&bridge, "location.json").await;
    bridge.settle().await;
    let shown = conversation(&bridge);
    assert_eq!(shown.len(), 2);
    assert!(
        shown[0].contains("Resit bayaran saya") && shown[0].contains("WhatsApp"),
        "{shown:?}"
    );
}

#[tokio::test]
async fn the_whole_corpus_is_stored_and_read_without_a_fault() {
    let bridge = Bridge::new().await;
    let index: Value = serde_json::from_slice(&payload("waapify/webhooks-index.json")).unwrap();
    let mut refused = Vec::new();
    for row in index["files"].as_array().unwrap() {
        let file = row["file"].as_str().unwrap();
        match post(&bridge, file).await {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST => refused.push(file.to_owned()),
            other => panic!("{file}: {other}"),
        }
    }
    assert_eq!(refused, ["bad-not-json.json", "bad-empty.json"]);
    bridge.settle().await;
    let unread: Vec<(i64, Option<String>)> =
        sqlx::query_as("select id, reason from gateway_events where state <> 'done' order by id")
            .fetch_all(&bridge.database.pool)
            .await
            .unwrap();
    let reasons: Vec<_> = unread.iter().map(|(_, reason)| reason.as_deref()).collect();
    assert_eq!(
        reasons,
        [Some("the body is not a JSON object"); 2],
        "bad-array and bad-null"
    );
    let texts = conversation(&bridge);
    for row in index["files"].as_array().unwrap() {
        let ours = row["sender"] == "60123456789@s.whatsapp.net"
            && row["chat"] == row["sender"]
            && row["kind"] == "text";
        if let Some(text) = row["text"].as_str().filter(|text| ours && !text.is_empty()) {
            assert!(
                texts.iter().any(|shown| shown.contains(text)),
                "{}: {text}",
                row["file"]
            );
        }
    }
}

#[tokio::test]
async fn the_secret_in_the_address_is_the_proof() {
    let bridge = Bridge::new().await;
    let webhook = bridge.world.waapify.webhook().unwrap();
    let secret = webhook.path_segments().unwrap().next_back().unwrap();
    assert!(secret.len() >= 43, "32 random bytes");
    for wrong in ["", "x", &secret[1..], &format!("{secret}x")] {
        let url = format!("{}/hooks/waapify/{wrong}", bridge.address);
        let status = bridge
            .http
            .post(url)
            .body("{}")
            .send()
            .await
            .unwrap()
            .status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{wrong}");
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from gateway_events")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    let at_rest: Vec<u8> = sqlx::query_scalar(
        "select webhook_secret || webhook_secret_hash || access_token from numbers",
    )
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    for hidden in [secret, seed::ACCESS_TOKEN] {
        assert!(
            !at_rest
                .windows(hidden.len())
                .any(|window| window == hidden.as_bytes()),
            "secrets are sealed"
        );
    }
}

#[tokio::test]
async fn an_address_book_of_many_megabytes_is_taken_and_a_larger_body_is_not() {
    let bridge = Bridge::new().await;
    let webhook = bridge.world.waapify.webhook().unwrap();
    let contacts: Vec<_> = (0..60_000)
        .map(|n| json!({"id": format!("6012{n:07}@s.whatsapp.net"), "name": "x".repeat(60), "notify": "y".repeat(60)}))
        .collect();
    let body = serde_json::to_vec(
        &json!({"instance_id": "x", "event": "contacts.upsert", "data": contacts}),
    )
    .unwrap();
    assert!(body.len() > 8 * 1024 * 1024);
    let status = bridge
        .http
        .post(webhook.clone())
        .body(body)
        .send()
        .await
        .unwrap()
        .status();
    assert_eq!(status, StatusCode::OK);
    let status = bridge
        .http
        .post(webhook)
        .body(vec![b' '; 17 * 1024 * 1024])
        .send()
        .await
        .unwrap()
        .status();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
}
