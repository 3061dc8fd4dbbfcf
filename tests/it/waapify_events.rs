//! Waapify's webhooks: the secret in the address, every body of the corpus, and what is stored or ignored.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::seed;
use waapify_ghl::model::reason::{Media, Reason};
use waapify_ghl::workers::step;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::harness::{Bridge, payload};

/// Posts a body of the corpus to the number's webhook.
pub async fn post(bridge: &Bridge, file: &str) -> StatusCode {
    let webhook = bridge.simulation.waapify.webhook().unwrap();
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
async fn echoes_groups_and_statuses_are_noted_and_not_posted() {
    let bridge = Bridge::new().await;
    for (file, id, reason) in [
        ("fromme-api-echo.json", "3EB0E80FE362AA1B6E3007", "own_echo"),
        (
            "env-flat-legacy-api-echo.json",
            "BAE50B9069B3A483",
            "own_echo",
        ),
        (
            "group-lid-participantAlt-7.json",
            "AC10E2569B0A9CE575223DEA1C67F858",
            "group_message",
        ),
        (
            "fromme-api-echo-group.json",
            "3EB09F4AD0268CC8AEFC2D",
            "group_message",
        ),
        (
            "status-broadcast.json",
            "AC64487F51DAD1847A79F6AE0B7EC8B7",
            "broadcast",
        ),
        (
            "text-empty.json",
            "ACF7813B653714E09E3184939B16BB93",
            "says_nothing",
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
    assert!(bridge.posted().is_empty());
}

#[tokio::test]
async fn what_is_no_text_yet_shows_that_something_came() {
    let bridge = Bridge::new().await;
    post(&bridge, "image-caption.json").await;
    post(&bridge, "location.json").await;
    bridge.settle().await;
    let shown = bridge.conversation();
    assert_eq!(shown.len(), 2);
    assert!(
        shown[0].contains("Resit bayaran saya")
            && shown[0].contains(&Reason::from(Media::Gone).english()),
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
    let unread: Vec<(i64, Option<String>)> = sqlx::query_as(
        "select id, reason_code from waapify_events where state <> 'done' order by id",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    let reasons: Vec<_> = unread.iter().map(|(_, reason)| reason.as_deref()).collect();
    assert_eq!(reasons, [Some("not_object"); 2], "bad-array and bad-null");
    let texts = bridge.conversation();
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
    let webhook = bridge.simulation.waapify.webhook().unwrap();
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
    let kept: i64 = sqlx::query_scalar("select count(*) from waapify_events")
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
    let webhook = bridge.simulation.waapify.webhook().unwrap();
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

#[tokio::test]
async fn what_waits_at_one_number_is_read_in_one_go_and_in_its_order() {
    let bridge = Bridge::new().await;
    let mut texts = Vec::new();
    let started = bridge.clock.now().unix_timestamp();
    for n in 0..40 {
        texts.push(format!("mesej {n}"));
        let body = json!({"instance_id": "x", "event": "messages.upsert", "data": {"messages": [{
            "key": {"remoteJid": "60123456789@s.whatsapp.net", "fromMe": false, "id": format!("AC{n:030}")},
            "messageTimestamp": started + i64::try_from(n).unwrap(), "message": {"conversation": texts[n]}}], "type": "notify"}});
        assert_eq!(bridge.gateway_posts(&body).await, StatusCode::OK);
    }
    let worker = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
    assert_eq!(step(&worker).await.unwrap(), 1, "one number's");
    assert_eq!(step(&worker).await.unwrap(), 1, "the rest of it");
    assert_eq!(step(&worker).await.unwrap(), 0);
    bridge.settle().await;
    assert_eq!(bridge.conversation(), texts);
}
