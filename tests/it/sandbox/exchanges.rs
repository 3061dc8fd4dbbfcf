//! The exchanges on the sandbox's page: in full, as `curl` repeats them, and those of one message.

use std::process::Command;

use serde_json::{Value, json};
use simulators::seed;

use super::played::Played;
use crate::harness::wait;

/// A text that a shell would change if it were not quoted.
const AWKWARD: &str = "it's $HOME `date` \"5\" \\ !\nbaris dua";

async fn in_full(played: &Played, exchange: &Value) -> Value {
    let number = exchange["number"].as_u64().unwrap();
    played.get(&format!("/sandbox/exchanges/{number}")).await
}

fn header<'a>(side: &'a Value, name: &str) -> Option<&'a str> {
    let headers = side["headers"].as_array().unwrap();
    let found = headers.iter().find(|pair| pair[0] == name)?;
    found[1].as_str()
}

/// What a shell makes of a command: the words that `curl` gets.
fn words(command: &str) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{command}");
    let ran = Command::new("sh").arg("-c").arg(script).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let words = String::from_utf8(ran.stdout).unwrap();
    words.split_terminator('\0').map(str::to_owned).collect()
}

#[tokio::test]
async fn an_exchange_is_shown_with_both_headers_and_bodies() {
    let played = Played::start().await;
    let id = played.agent_writes("Selamat pagi").await;
    played.until_status(&id, "delivered").await;
    let delivery = played.exchange("ghl_to_service", |_| true).await;
    let full = in_full(&played, &delivery).await;
    let body: Value = serde_json::from_str(full["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["messageId"], *id);
    assert!(header(&full["request"], "x-ghl-signature").is_some());
    assert!(header(&full["answer"], "x-request-id").is_some(), "{full}");
    let is_send = |one: &Value| one["path"].as_str().unwrap().starts_with("/send.php");
    let send = played.exchange("service_to_waapify", is_send).await;
    let path = send["path"].as_str().unwrap();
    assert!(
        !path.contains(seed::ACCESS_TOKEN),
        "the list shows no secret: {path}"
    );
    let full = in_full(&played, &send).await;
    assert!(
        full["address"]
            .as_str()
            .unwrap()
            .contains(seed::ACCESS_TOKEN)
    );
    let answer = full["answer"]["body"].as_str().unwrap();
    assert!(answer.contains("\"status\":\"success\""), "{answer}");
    let missing = played.http.get(played.url("/sandbox/exchanges/999999"));
    assert_eq!(missing.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_copied_command_sends_the_same_request_again() {
    let played = Played::start().await;
    let id = played.agent_writes(AWKWARD).await;
    played.until_status(&id, "delivered").await;
    let delivery = played.exchange("ghl_to_service", |_| true).await;
    let full = in_full(&played, &delivery).await;
    let words = words(full["curl"].as_str().unwrap());
    assert_eq!(words[..3], ["-i", "-X", "POST"]);
    assert_eq!(
        words.last().unwrap(),
        full["request"]["body"].as_str().unwrap()
    );
    // The service accepts it as it accepted the original.
    let mut request = played
        .http
        .post(&words[3])
        .body(words.last().unwrap().clone());
    for pair in words.windows(2).filter(|pair| pair[0] == "-H") {
        let (name, value) = pair[1].split_once(": ").unwrap();
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(played.on_phone().await, [AWKWARD]);
}

#[tokio::test]
async fn a_file_is_not_shown_as_text_and_has_no_command() {
    let played = Played::start().await;
    let phone = seed::AISYAH.2.trim_start_matches('+');
    played
        .pull("customer", json!({ "phone": phone, "kind": "picture" }))
        .await;
    let is_upload = |one: &Value| one["path"].as_str().unwrap().contains("/upload");
    let upload = played.exchange("service_to_ghl", is_upload).await;
    let full = in_full(&played, &upload).await;
    assert_eq!(
        (&full["request"]["body"], &full["curl"]),
        (&Value::Null, &Value::Null)
    );
    assert!(full["request"]["bytes"].as_u64().unwrap() > 800);
}

#[tokio::test]
async fn the_services_routes_are_shown_on_a_page() {
    let played = Played::start().await;
    let page = played
        .http
        .get(played.url("/sandbox/openapi"))
        .send()
        .await
        .unwrap();
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    let page = page.text().await.unwrap();
    for part in [
        "/hooks/delivery/{secret}",
        "/connect/{token}",
        "instance_id",
        "POST",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let file = played.get("/sandbox/openapi.json").await;
    assert_eq!(file["openapi"], "3.1.0");
}

#[tokio::test]
async fn the_keys_that_pages_ask_for_are_shown_beside_their_links() {
    let played = Played::start().await;
    let show = async |address: String| {
        let page = played.http.get(address).send().await.unwrap();
        page.text().await.unwrap()
    };
    let ghl = played.sandbox.ghl_address();
    let ghl = show(ghl.join("/sandbox/ghl").unwrap().into()).await;
    let page = show(played.url("/")).await;
    let keys = [
        seed::ADMIN_TOKEN,
        seed::INSTANCE_ID,
        seed::ACCESS_TOKEN,
        seed::NUMBER,
    ];
    for key in keys {
        let shown = format!("<code>{key}</code>");
        assert!(page.contains(&shown), "{key}");
        assert!(ghl.contains(&shown) || key == seed::ADMIN_TOKEN, "{key}");
    }
}

/// The edges of a message's exchanges, by any of its ids.
async fn edges_about(played: &Played, id: &str) -> Vec<String> {
    let state = played.get(&format!("/sandbox/state?about={id}")).await;
    let traffic = state["traffic"].as_array().unwrap();
    let edges = traffic
        .iter()
        .map(|one| one["edge"].as_str().unwrap().to_owned());
    edges.collect()
}

#[tokio::test]
async fn a_message_is_followed_over_all_its_exchanges() {
    let played = Played::start().await;
    let first = played.agent_writes("Ya").await;
    played.until_status(&first, "delivered").await;
    // GHL shows a status before its answer to it is noted.
    wait("GHL's answer is noted", async || {
        let edges = edges_about(&played, &first).await;
        edges.iter().any(|edge| edge == "service_to_ghl")
    })
    .await;
    let alone = edges_about(&played, &first).await;
    let others = played.agent_writes("Ya").await;
    played.until_status(&others, "delivered").await;
    for edge in [
        "ghl_to_service",
        "service_to_waapify",
        "waapify_to_service",
        "service_to_ghl",
    ] {
        assert!(alone.iter().any(|one| one == edge), "{edge}: {alone:?}");
    }
    let again = edges_about(&played, &first).await;
    assert_eq!(
        again
            .iter()
            .filter(|one| *one == "service_to_waapify")
            .count(),
        1,
        "{again:?}"
    );
    let chat = played.sandbox.simulation.waapify.chat(seed::AISYAH.2);
    let by_whatsapps_id = edges_about(&played, &chat[0].id).await;
    assert_eq!(by_whatsapps_id, again);
    assert!(edges_about(&played, "no-such-message").await.is_empty());
}

#[tokio::test]
async fn a_send_that_was_refused_is_among_the_exchanges_of_its_message() {
    let played = Played::start().await;
    played.pull("levers", json!({ "gateway": "down" })).await;
    let id = played.agent_writes("Belum sampai").await;
    let is_send = |one: &Value| one["path"].as_str().unwrap().starts_with("/send.php");
    played.exchange("service_to_waapify", is_send).await;
    let edges = edges_about(&played, &id).await;
    assert!(
        edges.contains(&"service_to_waapify".to_owned()),
        "{edges:?}"
    );
}
