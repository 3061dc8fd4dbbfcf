//! WhatsApp calls: one line for each call, made from the first step that tells how it ended.

use serde_json::{Value, json};
use simulators::seed;

use crate::harness::{Bridge, payload};

async fn step(bridge: &Bridge, id: &str, status: &str, more: &Value) {
    let phone = seed::AISYAH.2.trim_start_matches('+');
    let today = bridge.clock.now().date();
    let mut call = json!({
        "chatId": format!("{phone}@s.whatsapp.net"), "from": format!("{phone}@s.whatsapp.net"), "id": id,
        "date": format!("{today}T00:00:00.000Z"), "offline": false, "status": status, "isVideo": false, "isGroup": false,
    });
    let more = more.as_object().unwrap().clone();
    call.as_object_mut().unwrap().extend(more);
    let body = json!({"instance_id": "x", "data": {"event": "call", "data": [call]}});
    bridge.gateway_posts(&body).await;
}

fn lines(bridge: &Bridge) -> Vec<String> {
    let posted = bridge.posted();
    let text = |post: &Value| post["message"].as_str().unwrap().to_owned();
    posted.iter().map(text).collect()
}

#[tokio::test]
async fn a_missed_call_is_one_line_however_often_it_is_announced() {
    let bridge = Bridge::new().await;
    for status in ["offer", "ringing", "timeout", "terminate"] {
        step(&bridge, "CALL1", status, &json!({})).await;
    }
    let phone = seed::AISYAH.2.trim_start_matches('+');
    let stub = json!({"instance_id": "x", "data": {"event": "messages.upsert", "data": {"messages": [{
        "key": {"remoteJid": format!("{phone}@s.whatsapp.net"), "fromMe": false, "id": "CALL1"},
        "messageTimestamp": bridge.clock.now().unix_timestamp().to_string(), "messageStubType": "CALL_MISSED_VOICE"}], "type": "notify"}}});
    bridge.gateway_posts(&stub).await;
    bridge.settle().await;
    assert_eq!(lines(&bridge), ["[Missed WhatsApp voice call]"]);
}

#[tokio::test]
async fn a_call_that_was_taken_or_turned_down_says_so_when_it_is_over() {
    let bridge = Bridge::new().await;
    step(&bridge, "CALL1", "offer", &json!({"isVideo": true})).await;
    step(&bridge, "CALL1", "accept", &json!({"isVideo": true})).await;
    bridge.settle().await;
    assert!(lines(&bridge).is_empty(), "while it goes on");
    step(&bridge, "CALL1", "terminate", &json!({"isVideo": true})).await;
    step(&bridge, "CALL2", "reject", &json!({})).await;
    bridge.settle().await;
    let mut lines = lines(&bridge);
    lines.sort();
    let expected = [
        "[Declined WhatsApp voice call]",
        "[Ended WhatsApp video call]",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_call_of_a_group_makes_no_line_and_the_corpus_makes_two() {
    let bridge = Bridge::new().await;
    step(&bridge, "CALL1", "timeout", &json!({"isGroup": true})).await;
    for file in [
        "call-offer.json",
        "call-terminate-video-7-lid.json",
        "stub-missed-call.json",
    ] {
        let body = payload(&format!("waapify/webhooks/{file}"));
        let body = serde_json::from_slice(&body).unwrap();
        bridge.gateway_posts(&body).await;
    }
    bridge.settle().await;
    let mut lines = lines(&bridge);
    lines.sort();
    let expected = [
        "[Ended WhatsApp video call]",
        "[Missed WhatsApp voice call]",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn with_a_provider_of_calls_a_call_is_an_entry_of_the_call_log() {
    let bridge = Bridge::with(|environment| {
        let provider = seed::CALL_PROVIDER_ID.to_owned();
        environment.push(("GHL_CALL_PROVIDER_ID".to_owned(), provider));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    step(&bridge, "CALL1", "timeout", &json!({})).await;
    bridge.settle().await;
    let posted = bridge.posted();
    assert_eq!(posted.len(), 1, "{posted:?}");
    assert_eq!(posted[0]["type"], "Call");
    assert_eq!(posted[0]["conversationProviderId"], seed::CALL_PROVIDER_ID);
    let log =
        json!({"from": seed::AISYAH.2, "to": format!("+{}", seed::NUMBER), "status": "no-answer"});
    assert_eq!(posted[0]["call"], log);
    let (state, ..) = bridge.inbound("CALL1").await.unwrap();
    assert_eq!(state, "posted");
}

#[tokio::test]
async fn a_call_log_that_ghl_refuses_becomes_a_line_of_text() {
    let bridge = Bridge::with(|environment| {
        environment.push(("GHL_CALL_PROVIDER_ID".to_owned(), "another".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    step(&bridge, "CALL1", "timeout", &json!({})).await;
    bridge.settle().await;
    bridge.after(time::Duration::minutes(5)).await;
    assert_eq!(bridge.conversation(), ["[Missed WhatsApp voice call]"]);
}
