//! The simulated gateway: its PHP pages and its webhooks.

use serde_json::Value;
use simulators::{Envelope, seed};

use super::{Controls, text, until};

const HOOK: &str = "/hooks/waapify/s3cret";
const PHONE: &str = "60123456789";
const NAME: &str = seed::AISYAH.1;

/// Calls one of the pages, and asserts that the answer looks like PHP's.
async fn php(stage: &Controls, page: &str, query: &[(&str, &str)]) -> Value {
    let url = format!("{}/waapify/api/{page}", stage.base);
    let answer = stage.http.get(url).query(query).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/html; charset=UTF-8");
    let body = answer.text().await.unwrap();
    assert!(body.starts_with("\n\n"), "{body}");
    assert!(body.is_ascii(), "{body}");
    serde_json::from_str(&body).unwrap()
}

/// Like [`php`], with the seeded instance's credentials.
async fn known(stage: &Controls, page: &str, query: &[(&str, &str)]) -> Value {
    let mut all = vec![
        ("instance_id", seed::INSTANCE_ID),
        ("access_token", seed::ACCESS_TOKEN),
    ];
    all.extend_from_slice(query);
    php(stage, page, &all).await
}

async fn send_text(stage: &Controls, number: &str, message: &str) -> Value {
    let query = [("number", number), ("type", "text"), ("message", message)];
    known(stage, "send.php", &query).await
}

async fn send_media(stage: &Controls, query: &[(&str, &str)]) -> Value {
    let mut all = vec![("number", PHONE), ("type", "media")];
    all.extend_from_slice(query);
    known(stage, "send.php", &all).await["data"]["message"].clone()
}

/// A simulation in which the gateway posts to the stub.
async fn hooked_stage() -> Controls {
    let stage = Controls::new().await;
    let url = format!("{}{HOOK}", stage.service);
    let query = [("webhook_url", url.as_str()), ("enable", "true")];
    let answer = known(&stage, "setwebhook.php", &query).await;
    assert_eq!(answer["message"], "Webhook URI Saved");
    stage
}

/// The bodies that the gateway has posted.
fn heard(stage: &Controls) -> Vec<Value> {
    stage.posts(HOOK).iter().map(super::Post::json).collect()
}

#[tokio::test]
async fn credentials_are_refused_in_the_gateway_s_words() {
    let stage = Controls::new().await;
    let token = seed::ACCESS_TOKEN;
    for (query, words) in [
        (&[][..], "Access token is required"),
        (
            &[("access_token", "x"), ("instance_id", "y")],
            "Access token does not exist",
        ),
        (
            &[("access_token", token), ("instance_id", "y")],
            "Instance ID Invalidated",
        ),
    ] {
        let answer = php(&stage, "send.php", query).await;
        assert_eq!(answer["status"], "error");
        assert_eq!(answer["message"], words);
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_in_the_gateway_s_words() {
    let stage = Controls::new().await;
    let query = [("number", PHONE), ("type", "json"), ("message", "x")];
    let answer = known(&stage, "send.php", &query).await;
    assert_eq!(answer["message"], "Message type not supported");
    for bad in ["+60123456789", "60120000000", "0123456789"] {
        let answer = send_text(&stage, bad, "x").await;
        assert_eq!(answer["message"], "Failed to send the message", "{bad}");
    }
    let query = [("webhook_url", "nope"), ("enable", "true")];
    let answer = known(&stage, "setwebhook.php", &query).await;
    assert_eq!(answer["message"], "Webhook is not a valid URL");
    assert!(stage.simulation.waapify.sent_texts().is_empty());
}

#[tokio::test]
async fn a_sent_text_is_echoed_then_delivered_and_read_once() {
    let stage = hooked_stage().await;
    let waapify = &stage.simulation.waapify;
    let answer = send_text(&stage, PHONE, "Hai 🙏 a/b").await;
    assert_eq!(answer["data"]["status"], "PENDING");
    let id = text(&answer["data"]["key"]["id"]);
    assert_eq!(waapify.chat(PHONE)[0].text, "Hai 🙏 a/b");
    until("echo and ack", || heard(&stage).len() == 2).await;
    waapify.customer_reads(PHONE).await;
    waapify.customer_reads(PHONE).await;

    let agent = &stage.posts(HOOK)[0].headers["user-agent"];
    assert_eq!(agent, "axios/1.7.9");
    let [echo, delivered, read] = <[Value; 3]>::try_from(heard(&stage)).unwrap();
    assert_eq!(echo["data"]["type"], "append");
    let key = &echo["data"]["messages"][0]["key"];
    assert_eq!(key["remoteJid"], format!("{PHONE}@c.us"));
    assert_eq!(key["id"], *id);
    for (ack, level) in [(delivered, 3), (read, 4)] {
        assert_eq!(ack["data"][0]["key"]["id"], *id);
        assert_eq!(ack["data"][0]["update"]["status"], level);
    }
}

#[tokio::test]
async fn braces_in_a_text_are_eaten() {
    let stage = Controls::new().await;
    send_text(&stage, PHONE, "Hai {nama} {{x}}").await;
    assert_eq!(stage.simulation.waapify.chat(PHONE)[0].text, "Hai nama x");
}

#[tokio::test]
async fn the_end_of_a_file_s_path_decides_what_the_customer_gets() {
    let stage = Controls::new().await;
    let image = send_media(&stage, &[("media_url", "https://x/y/a.png?z=1.pdf")]).await;
    // What PHP sends for a missing parameter.
    assert_eq!(image["imageMessage"]["caption"], "0");
    let query = [
        ("media_url", "https://x/y/a"),
        ("message", "c"),
        ("filename", "Senarai.pdf"),
    ];
    let document = send_media(&stage, &query).await;
    assert_eq!(document["documentMessage"]["fileName"], "Senarai.pdf");
    let chat = stage.simulation.waapify.chat(PHONE);
    let kinds: Vec<_> = chat.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, ["image", "document"]);
}

#[tokio::test]
async fn a_customer_s_message_comes_in_the_chosen_envelope() {
    let stage = hooked_stage().await;
    for (envelope, path) in [
        (Envelope::Flat, "/data/messages/0"),
        (Envelope::Nested, "/data/data/messages/0"),
        (Envelope::NestedArray, "/data/data/0"),
    ] {
        stage.simulation.waapify.set_envelope(envelope);
        let before = heard(&stage).len();
        stage
            .simulation
            .waapify
            .customer_sends(PHONE, NAME, "salam")
            .await;
        let body = &heard(&stage)[before];
        let message = body.pointer(path).unwrap_or_else(|| panic!("{body}"));
        assert_eq!(message["message"]["conversation"], "salam", "{envelope:?}");
        assert_eq!(message["pushName"], NAME);
    }
}

#[tokio::test]
async fn an_unlinked_number_sends_nothing_and_tells_later_what_it_missed() {
    let stage = hooked_stage().await;
    let waapify = &stage.simulation.waapify;
    waapify.unlink().await;
    assert_eq!(heard(&stage).len(), 1);
    let refused = send_text(&stage, PHONE, "x").await;
    assert_eq!(refused["message"], "Relogin required");
    let login = known(&stage, "reconnect.php", &[]).await;
    assert_eq!(login["relogin"], true);
    waapify.customer_sends(PHONE, NAME, "hello?").await;
    assert_eq!(heard(&stage).len(), 1, "nothing is heard meanwhile");

    waapify.link().await;
    let posts = heard(&stage);
    let events: Vec<_> = posts.iter().map(|post| text(&post["event"])).collect();
    assert_eq!(
        events,
        ["state", "ready", "messages.upsert", "contact.update"]
    );
    assert_eq!(posts[2]["data"]["type"], "append");
    let login = known(&stage, "reconnect.php", &[]).await;
    assert_eq!(login["data"]["id"], "60111234567:12@s.whatsapp.net");
}

#[tokio::test]
async fn the_traffic_log_keeps_no_secret() {
    let stage = hooked_stage().await;
    send_text(&stage, PHONE, "x").await;
    until("the ack in the log", || {
        let log = stage.simulation.traffic.exchanges();
        log.iter()
            .any(|exchange| exchange.summary.starts_with("Delivered"))
    })
    .await;
    let log = stage.simulation.traffic.exchanges();
    assert_eq!(
        log.len(),
        4,
        "setting the hook, the send, echo, ack: {log:#?}"
    );
    for secret in [seed::ACCESS_TOKEN, "s3cret"] {
        let clean = |line: &str| !line.contains(secret);
        assert!(
            log.iter().all(|e| clean(&e.path) && clean(&e.summary)),
            "{log:#?}"
        );
    }
}
