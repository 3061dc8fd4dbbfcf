//! What people who run such bridges report of messages: encrypted edits, words in unusual places, chats with Meta AI, and
//! bodies that came through a relay. `pictures` has the files.

mod edits;
mod pictures;

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{Address, seed};
use time::Duration;
use waapify_ghl::db::numbers;

use crate::harness::{Bridge, location, payload};

/// More than `EDIT_WAIT` of `src/workers/inbound/record.rs`.
const EDIT_WAIT: Duration = Duration::seconds(6);
const CHAT: &str = "60123000099@s.whatsapp.net";
const ORIGINAL: &str = "AC0RIG1NAL00000000000000000000A1";
const LINE: &str = "[Message edited — open WhatsApp on the phone to see it]";

fn field(file: &str) -> Value {
    serde_json::from_slice(&payload(&format!("waapify/field/{file}"))).unwrap()
}

/// The gateway posts a body, and it is read.
async fn posts(bridge: &Bridge, body: &Value) {
    assert_eq!(bridge.gateway_posts(body).await, StatusCode::OK);
    bridge.settle().await;
}

async fn posts_file(bridge: &Bridge, file: &str) {
    posts(bridge, &field(file)).await;
}

fn texts(bridge: &Bridge) -> Vec<String> {
    let posted = bridge.posted();
    posted
        .iter()
        .map(|post| post["message"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A message in Aisyah's chat.
fn message(id: &str, message: &Value) -> Value {
    let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "fromMe": false, "id": id});
    json!({"event": "messages.upsert", "data": {"messages": [{"key": key, "pushName": "Aisyah", "message": message}]}})
}

/// The decrypted form of the edit of the field's original.
fn decrypted_edit() -> Value {
    let key = json!({"remoteJid": CHAT, "fromMe": false, "id": ORIGINAL});
    let message = json!({"editedMessage": {"message": {"conversation": "Saya nak 20 meja"}}});
    json!({"event": "messages.update", "data": [{"key": key, "update": {"message": message}}]})
}

// ---- encrypted edits ----

#[tokio::test]
async fn an_encrypted_edit_is_shown_as_every_edit_and_once() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "edit-encrypted-original.json").await;
    posts_file(&bridge, "edit-encrypted.json").await;
    assert_eq!(bridge.posted().len(), 2, "opened, so it does not wait");
    for _ in 0..2 {
        posts_file(&bridge, "edit-encrypted.json").await;
        posts(&bridge, &decrypted_edit()).await;
        bridge.after(EDIT_WAIT).await;
    }
    let expected = [
        "Saya nak 2 meja",
        "> Saya nak 2 meja\n[Edited] Saya nak 20 meja",
    ];
    assert_eq!(texts(&bridge), expected);
}

#[tokio::test]
async fn an_edit_whose_original_is_not_known_is_one_line() {
    let bridge = Bridge::new().await;
    for _ in 0..2 {
        posts_file(&bridge, "edit-encrypted.json").await;
        bridge.after(EDIT_WAIT).await;
    }
    assert_eq!(texts(&bridge), [LINE]);
}

#[tokio::test]
async fn an_edit_that_cannot_be_opened_quotes_its_original() {
    let bridge = Bridge::new().await;
    let mut original = field("edit-encrypted-original.json");
    original["data"]["messages"][0]["message"]["messageContextInfo"] = json!({});
    posts(&bridge, &original).await;
    posts_file(&bridge, "edit-encrypted.json").await;
    bridge.after(EDIT_WAIT).await;
    assert_eq!(texts(&bridge)[1..], [format!("> Saya nak 2 meja\n{LINE}")]);
}

#[tokio::test]
async fn both_forms_of_an_edit_are_one_in_either_order_also_where_it_cannot_be_opened() {
    for is_sealed_first in [true, false] {
        let bridge = Bridge::new().await;
        let mut bodies = [field("edit-encrypted.json"), decrypted_edit()];
        if !is_sealed_first {
            bodies.reverse();
        }
        for body in bodies.iter().chain(&bodies) {
            posts(&bridge, body).await;
        }
        bridge.after(EDIT_WAIT).await;
        assert_eq!(
            texts(&bridge),
            ["[Edited] Saya nak 20 meja"],
            "{is_sealed_first}"
        );
    }
}

#[tokio::test]
async fn an_edit_of_a_sender_who_is_known_by_a_lid_is_opened_too() {
    let bridge = Bridge::new().await;
    let pair =
        json!({"event": "contacts.upsert", "data": [{"id": CHAT, "lid": "112233445566778@lid"}]});
    posts(&bridge, &pair).await;
    for file in ["edit-encrypted-original.json", "edit-encrypted.json"] {
        let mut body = field(file);
        body["data"]["messages"][0]["key"]["remoteJid"] = json!("112233445566778@lid");
        posts(&bridge, &body).await;
    }
    assert_eq!(
        texts(&bridge)[1..],
        ["> Saya nak 2 meja\n[Edited] Saya nak 20 meja"]
    );
}

#[tokio::test]
async fn a_customers_edit_is_shown_with_its_original() {
    for number in [None, Some("60123456780".to_owned())] {
        let bridge = Bridge::new().await;
        let (gateway, (_, name, phone)) = (&bridge.simulation.waapify, seed::AISYAH);
        let receipts_lid = None;
        gateway.set_address(
            phone,
            Address {
                number,
                receipts_lid,
            },
        );
        let original = bridge.customer_writes("2 meja").await;
        gateway
            .customer_edits(phone, name, &original, "20 meja")
            .await;
        bridge.settle().await;
        assert_eq!(texts(&bridge), ["2 meja", "> 2 meja\n[Edited] 20 meja"]);
    }
}

/// An edit of the field's original, as a message with an id of its own or as an update with that of the original.
fn edit(own: Option<&str>, words: &str) -> Value {
    let original = json!({"remoteJid": CHAT, "fromMe": false, "id": ORIGINAL});
    let content = json!({"conversation": words});
    match own {
        Some(id) => {
            let key = json!({"remoteJid": CHAT, "fromMe": false, "id": id});
            let change = json!({"key": original, "type": 14, "editedMessage": content});
            json!({"event": "messages.upsert", "data": {"messages": [
                {"key": key, "message": {"protocolMessage": change}}]}})
        }
        None => {
            json!({"event": "messages.update", "data": [{"key": original,
                "update": {"message": {"editedMessage": {"message": content}}}}]})
        }
    }
}

#[tokio::test]
async fn an_edit_back_to_earlier_words_is_a_line() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "edit-encrypted-original.json").await;
    for (id, words) in [("E1", "satu"), ("E2", "dua"), ("E3", "satu"), ("E4", "dua")] {
        // Each in both forms, and once more.
        for _ in 0..2 {
            posts(&bridge, &edit(Some(id), words)).await;
            posts(&bridge, &edit(None, words)).await;
        }
        bridge.after(Duration::minutes(5)).await;
    }
    // A webhook that comes again later is not another edit.
    posts(&bridge, &edit(Some("E1"), "satu")).await;
    let shown: Vec<_> = texts(&bridge)
        .iter()
        .map(|text| text.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(shown, ["meja", "satu", "dua", "satu", "dua"]);
}

// ---- pictures that come twice ----

#[tokio::test]
async fn a_pix_key_is_shown() {
    let bridge = Bridge::new().await;
    posts_file(&bridge, "pix-key.json").await;
    let text = texts(&bridge).remove(0);
    for word in ["Loja Exemplo", "loja@exemplo.test", "EMAIL"] {
        assert!(text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn a_text_of_which_nothing_is_seen_is_said_to_be_empty() {
    let bridge = Bridge::new().await;
    posts(
        &bridge,
        &message("A1", &json!({"conversation": "\u{200B}\u{200D}"})),
    )
    .await;
    assert_eq!(texts(&bridge), ["[Empty message]"]);
}

#[tokio::test]
async fn people_whom_we_know_are_named_where_they_are_mentioned() {
    let bridge = Bridge::new().await;
    numbers::record_groups(&bridge.database.pool, &location(), seed::NUMBER, true)
        .await
        .unwrap();
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let pair = json!({"event": "contacts.upsert", "data": [{"id": "60129990001@s.whatsapp.net", "lid": "112233445566778@lid", "name": "Siti"}]});
    posts(&bridge, &pair).await;
    let text = "@60123456789 @112233445566778 @998877665544332 jom";
    let mentioned = json!([
        "60123456789@s.whatsapp.net",
        "112233445566778@lid",
        "998877665544332@lid"
    ]);
    let mut body = message(
        "G1",
        &json!({"extendedTextMessage": {"text": text, "contextInfo": {"mentionedJid": mentioned}}}),
    );
    let key = &mut body["data"]["messages"][0]["key"];
    key["remoteJid"] = json!("120363041234567890@g.us");
    key["participant"] = json!("60129990001@s.whatsapp.net");
    posts(&bridge, &body).await;
    let text = texts(&bridge).remove(1);
    let expected = format!("[Aisyah]\n@{} @Siti @998877665544332 jom", seed::AISYAH.1);
    assert_eq!(text, expected);
}

#[tokio::test]
async fn a_chat_with_meta_ai_is_not_shown() {
    let bridge = Bridge::new().await;
    for (n, jid) in [
        "867051314767696@bot",
        "13135550002@s.whatsapp.net",
        "13165550012@c.us",
    ]
    .iter()
    .enumerate()
    {
        for from_me in [true, false] {
            let mut body = message(
                &format!("3A{n}{from_me}"),
                &json!({"conversation": "When is Raya?"}),
            );
            body["data"]["messages"][0]["key"]["remoteJid"] = json!(jid);
            body["data"]["messages"][0]["key"]["fromMe"] = json!(from_me);
            posts(&bridge, &body).await;
        }
    }
    assert_eq!(bridge.posted(), Vec::<Value>::new());
}

// ---- relays ----

#[tokio::test]
async fn what_a_relay_wraps_is_read_and_what_cannot_be_read_is_refused() {
    let bridge = Bridge::new().await;
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    let post = async |kind: &'static str, body: String| {
        let request = bridge
            .http
            .post(webhook.clone())
            .header("content-type", kind);
        let answer = request.body(body).send().await.unwrap().status();
        bridge.settle().await;
        answer
    };
    let as_text = payload("waapify/field/body-is-a-json-string.json");
    let as_text = String::from_utf8(as_text).unwrap();
    assert_eq!(post("application/json", as_text).await, StatusCode::OK);
    let data = message("A2", &json!({"conversation": "data is a text"}))["data"].to_string();
    let body = json!({"event": "messages.upsert", "data": data}).to_string();
    assert_eq!(post("application/json", body).await, StatusCode::OK);
    let data = message("A3", &json!({"conversation": "a form"}))["data"].to_string();
    let pairs = [("event", "messages.upsert"), ("data", &data)];
    let form = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    assert_eq!(
        post("application/x-www-form-urlencoded", form).await,
        StatusCode::OK
    );
    assert_eq!(
        texts(&bridge),
        ["double encoded body", "data is a text", "a form"]
    );
    for refused in ["\"hello\"", "a=b", "<xml/>"] {
        let status = post("application/x-www-form-urlencoded", refused.to_owned()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{refused}");
    }
}
