//! Prepared faults, and the requests that are remembered.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::json;
use simulators::{Fault, seed};

use super::{CONVERSATIONS, Controls, until};

const PHONE: &str = "60123456789";
/// Longer than any test.
const FOR_EVER: Duration = Duration::from_hours(1);

/// A text to Aisyah that is not sent yet.
fn sending(stage: &Controls) -> RequestBuilder {
    let query = [
        ("instance_id", seed::INSTANCE_ID),
        ("access_token", seed::ACCESS_TOKEN),
        ("number", PHONE),
        ("type", "text"),
        ("message", "x"),
    ];
    let url = format!("{}/waapify/api/send.php", stage.base);
    stage.http.get(url).query(&query)
}

async fn send(stage: &Controls) -> (u16, String) {
    let answer = sending(stage).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn on_phone(stage: &Controls) -> usize {
    stage.simulation.waapify.chat(PHONE).len()
}

#[tokio::test]
async fn faults_are_played_once_and_in_their_order() {
    let stage = Controls::new().await;
    let faults = stage.simulation.waapify.faults();
    faults.push("send.php", Fault::answer(502, "<html>"));
    faults.push("send.php", Fault::after_effect(200, "\n\nnull"));
    assert_eq!(send(&stage).await, (502, "<html>".to_owned()));
    assert_eq!(on_phone(&stage), 0, "nothing was done");
    assert_eq!(send(&stage).await, (200, "\n\nnull".to_owned()));
    assert_eq!(on_phone(&stage), 1, "it was done");
    let (status, body) = send(&stage).await;
    assert!(status == 200 && body.contains("PENDING"), "{body}");
    assert_eq!(on_phone(&stage), 2);
}

#[tokio::test]
async fn a_silent_vendor_has_done_what_it_does_not_answer() {
    let stage = Controls::new().await;
    let faults = stage.simulation.waapify.faults();
    faults.push("send.php", Fault::silent_after_effect(FOR_EVER));
    let caller = tokio::spawn(sending(&stage).send());
    until("the message on the phone", || on_phone(&stage) == 1).await;
    assert!(!caller.is_finished());
    caller.abort();
    send(&stage).await;
    assert_eq!(on_phone(&stage), 2, "the fault was for one request only");
}

#[tokio::test]
async fn a_hanging_vendor_does_nothing() {
    let stage = Controls::new().await;
    let faults = stage.simulation.waapify.faults();
    faults.push("send.php", Fault::Hang(FOR_EVER));
    let caller = tokio::spawn(sending(&stage).send());
    until("the request", || faults.count("send.php") == 1).await;
    // A later request is answered, while the hanging one has still done nothing.
    send(&stage).await;
    assert_eq!(on_phone(&stage), 1);
    assert!(!caller.is_finished());
    caller.abort();
}

#[tokio::test]
async fn a_lasting_fault_ends_when_it_is_cleared() {
    let stage = Controls::new().await;
    let faults = stage.simulation.waapify.faults();
    faults.always("*", Fault::answer(500, ""));
    assert_eq!([send(&stage).await.0, send(&stage).await.0], [500, 500]);
    faults.clear();
    assert_eq!(send(&stage).await.0, 200);
    assert_eq!(on_phone(&stage), 1);
}

#[tokio::test]
async fn requests_are_remembered_whether_they_fail_or_not() {
    let stage = Controls::new().await;
    let faults = stage.simulation.waapify.faults();
    faults.push("send.php", Fault::answer(502, ""));
    send(&stage).await;
    send(&stage).await;
    assert_eq!(faults.count("send.php"), 2);
    assert_eq!(faults.seen_at("send.php")[0].query["message"], "x");
    faults.forget_seen();
    assert_eq!(faults.count("send.php"), 0);
}

#[tokio::test]
async fn a_route_of_ghl_is_known_by_its_pattern() {
    let stage = Controls::new().await;
    let token = stage.location_token().await;
    let route = "PUT /conversations/messages/{id}/status";
    stage
        .simulation
        .ghl
        .faults()
        .push(route, Fault::answer(403, "{}"));
    let update = async || {
        let url = format!("{}/ghl/conversations/messages/x/status", stage.base);
        let request = stage.http.put(url).bearer_auth(&token);
        let request = request.header("Version", CONVERSATIONS.unwrap());
        let answer = request.json(&json!({"status": "read"})).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(update().await, 403);
    assert_eq!(update().await, 401, "the truth: there is no such message");
    assert_eq!(stage.simulation.ghl.faults().count(route), 2);
}
