//! Bodies that gateways in the field post, and what each becomes: encrypted edits, pictures in two sizes, requests for
//! payments, bodies that a relay has wrapped.

use axum::http::StatusCode;
use serde_json::{Value, json};
use time::Duration;

use crate::harness::{Bridge, payload};
use crate::lids::{arrive, text};

fn body(name: &str) -> Value {
    serde_json::from_slice(&payload(&format!("field/{name}.json"))).unwrap()
}

async fn post(bridge: &Bridge, name: &str) {
    assert_eq!(bridge.gateway_posts(&body(name)).await, StatusCode::OK);
    bridge.settle().await;
}

/// The texts that were posted, in order.
fn texts(bridge: &Bridge) -> Vec<String> {
    let posted = bridge.posted().into_iter();
    posted
        .map(|body| body["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The raw answer to a body with this content type.
async fn post_bytes(bridge: &Bridge, content_type: &str, bytes: Vec<u8>) -> StatusCode {
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    let answer = bridge
        .http
        .post(webhook)
        .header("content-type", content_type);
    let status = answer.body(bytes).send().await.unwrap().status();
    bridge.settle().await;
    status
}

#[tokio::test]
async fn an_encrypted_edit_is_shown_once_as_every_edit() {
    let bridge = Bridge::new().await;
    post(&bridge, "edit-encrypted-original").await;
    for _ in 0..2 {
        post(&bridge, "edit-encrypted").await;
    }
    assert_eq!(texts(&bridge).len(), 2);
    assert_eq!(texts(&bridge)[0], "Saya nak 2 meja");
    let edit = texts(&bridge).remove(1);
    assert!(edit.contains("[Edited] Saya nak 20 meja"), "{edit}");
    // A build that decrypts it posts an update, too.
    let update = json!([{
        "key": {"remoteJid": "60123000099@s.whatsapp.net", "fromMe": false, "id": "AC0RIG1NAL00000000000000000000A1"},
        "update": {"message": {"editedMessage": {"message": {"conversation": "Saya nak 20 meja"}}}},
    }]);
    bridge
        .simulation
        .waapify
        .post_event("messages.update", update)
        .await;
    bridge.settle().await;
    assert_eq!(texts(&bridge).len(), 2);
}

#[tokio::test]
async fn an_encrypted_edit_of_an_unknown_message_is_a_line() {
    let bridge = Bridge::new().await;
    for _ in 0..2 {
        post(&bridge, "edit-encrypted").await;
    }
    let [line] = texts(&bridge).try_into().unwrap();
    assert!(line.starts_with("[Edited"), "{line}");
    assert!(line.contains("open WhatsApp"), "{line}");
}

#[tokio::test]
async fn other_encrypted_changes_are_lines_too() {
    let bridge = Bridge::new().await;
    let mut other = body("edit-encrypted");
    other["data"]["messages"][0]["message"]["secretEncryptedMessage"]["secretEncType"] =
        "POLL_EDIT".into();
    assert_eq!(bridge.gateway_posts(&other).await, StatusCode::OK);
    bridge.settle().await;
    assert_eq!(texts(&bridge).len(), 1);
}

#[tokio::test]
async fn a_picture_in_two_sizes_is_one_message() {
    for is_larger_late in [false, true] {
        let bridge = Bridge::new().await;
        if is_larger_late {
            post(&bridge, "hd-photo-small").await;
            bridge.after(Duration::minutes(3)).await;
            post(&bridge, "hd-photo-child").await;
        } else {
            let mut both = body("hd-photo-small");
            let larger = body("hd-photo-child")["data"]["messages"][0].clone();
            both["data"]["messages"]
                .as_array_mut()
                .unwrap()
                .push(larger);
            assert_eq!(bridge.gateway_posts(&both).await, StatusCode::OK);
        }
        bridge.settle().await;
        bridge.after(Duration::minutes(3)).await;
        assert_eq!(texts(&bridge).len(), 1, "{is_larger_late}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn the_moving_part_of_a_live_photo_is_left_out() {
    let bridge = Bridge::new().await;
    let mut moving = body("hd-photo-child");
    let about = "/data/messages/0/message/messageContextInfo/messageAssociation/associationType";
    *moving.pointer_mut(about).unwrap() = "MOTION_PHOTO".into();
    assert_eq!(bridge.gateway_posts(&moving).await, StatusCode::OK);
    bridge.after(Duration::minutes(3)).await;
    assert!(texts(&bridge).is_empty());
}

#[tokio::test]
async fn a_request_for_a_payment_shows_the_key() {
    let bridge = Bridge::new().await;
    post(&bridge, "pix-key").await;
    let [line] = texts(&bridge).try_into().unwrap();
    for words in ["Loja Exemplo", "loja@exemplo.test", "EMAIL"] {
        assert!(line.contains(words), "{line}");
    }
}

#[tokio::test]
async fn words_that_are_there_are_shown() {
    let bridge = Bridge::new().await;
    let contents = [
        json!({"botForwardedMessage": {"message": {"richResponseMessage": {"submessages": [
            {"messageText": "Satu."}, {"messageType": 1}, {"messageText": "Dua."},
        ]}}}}),
        json!({"highlyStructuredMessage": {"hydratedHsm": {"hydratedTemplate": {"hydratedContentText": "Pesanan sedia"}}}}),
        json!({"interactiveMessage": {"carouselMessage": {"cards": [{"body": {"text": "Kad A"}}, {"body": {"text": "Kad B"}}]}}}),
        json!({"conversation": "\u{200b}\u{2060} \u{feff}"}),
    ];
    for (n, content) in contents.into_iter().enumerate() {
        let mut message = text(
            &bridge,
            &format!("W{n}"),
            json!({"remoteJid": "60123456789@s.whatsapp.net"}),
            "",
        );
        message["message"] = content;
        arrive(&bridge, &[message]).await;
    }
    assert_eq!(
        texts(&bridge),
        [
            "Satu.\nDua.",
            "Pesanan sedia",
            "Kad A\nKad B",
            "[Empty message]"
        ]
    );
}

#[tokio::test]
async fn the_owners_talk_with_meta_ai_is_nobodys_conversation() {
    let bridge = Bridge::new().await;
    for (n, jid) in [
        "13135550002@s.whatsapp.net",
        "131655500123@bot",
        "718584497008509@bot",
    ]
    .iter()
    .enumerate()
    {
        for from_me in [false, true] {
            let mut message = text(
                &bridge,
                &format!("B{n}{from_me}"),
                json!({"remoteJid": jid}),
                "apa khabar?",
            );
            message["key"]["fromMe"] = from_me.into();
            arrive(&bridge, &[message]).await;
        }
    }
    assert!(texts(&bridge).is_empty());
    assert_eq!(
        bridge
            .simulation
            .ghl
            .faults()
            .count("POST /contacts/upsert"),
        0
    );
}

#[tokio::test]
async fn what_a_relay_wraps_is_read_or_refused() {
    let bridge = Bridge::new().await;
    let json_type = "application/json";
    let wrapped = payload("field/body-is-a-json-string.json");
    assert_eq!(
        post_bytes(&bridge, json_type, wrapped).await,
        StatusCode::OK
    );
    let message = |id: &str| json!({"messages": [text(&bridge, id, json!({"remoteJid": "60123456789@s.whatsapp.net"}), id)], "type": "notify"});
    let with_text =
        json!({"instance_id": "x", "event": "messages.upsert", "data": message("D1").to_string()});
    assert_eq!(
        post_bytes(&bridge, json_type, with_text.to_string().into_bytes()).await,
        StatusCode::OK
    );
    let form = |pairs: &[(&str, String)]| {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(pairs);
        form.finish().into_bytes()
    };
    let form_type = "application/x-www-form-urlencoded";
    let fields = form(&[
        ("instance_id", "x".to_owned()),
        ("event", "messages.upsert".to_owned()),
        ("data", message("F1").to_string()),
    ]);
    assert_eq!(post_bytes(&bridge, form_type, fields).await, StatusCode::OK);
    let whole = json!({"event": "messages.upsert", "data": message("F2")}).to_string();
    let fields = form(&[("payload", whole)]);
    assert_eq!(post_bytes(&bridge, form_type, fields).await, StatusCode::OK);
    assert_eq!(texts(&bridge), ["double encoded body", "D1", "F1", "F2"]);
    for lost in [
        "[{\"event\":\"messages.upsert\"}]",
        "42",
        "\"text\"",
        "a=b&c=d",
        "event=messages.upsert",
        "",
    ] {
        let status = post_bytes(&bridge, json_type, lost.as_bytes().to_vec()).await;
        assert!(status.is_client_error(), "{lost}: {status}");
    }
}
