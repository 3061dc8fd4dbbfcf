//! Every answer of GHL in the corpus, on the call that it belongs to. Grants and lists are in `installs`.

use serde_json::Value;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::{Bridge, payload};

const INBOUND: &str = "POST /conversations/messages/inbound";
const STATUS: &str = "PUT /conversations/messages/{id}/status";

fn text(file: &str) -> String {
    String::from_utf8(payload(&format!("ghl/responses/{file}"))).unwrap()
}

#[tokio::test]
async fn a_message_that_ghl_took_is_posted_under_the_id_it_gave() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(INBOUND, Fault::answer(201, &text("inbound_ok.json")));
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    let ghl_id: Option<String> =
        sqlx::query_scalar("select ghl_message_id from inbound where wa_message_id = $1")
            .bind(&id)
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(ghl_id.as_deref(), Some("wAapMsg0000000000999"));
}

#[tokio::test]
async fn a_status_that_ghl_took_is_told_once() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(STATUS, Fault::answer(200, &text("status_ok.json")));
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.after(Duration::minutes(1)).await;
    bridge.after(Duration::hours(1)).await;
    assert_eq!(faults.count(STATUS), 1);
}

/// Every error of the corpus, on a call with a valid token. None loses the message, and only one causes a refresh.
#[tokio::test]
async fn no_error_of_the_corpus_loses_a_message_and_only_expiry_leads_to_a_refresh() {
    let cases: Vec<Value> = serde_json::from_str(&text("errors.json")).unwrap();
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    let mut written = Vec::new();
    for case in &cases {
        let when = case["when"].as_str().unwrap();
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let body = match &case["body"] {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        };
        let refreshes_before = faults.count("POST /oauth/token");
        faults.push(INBOUND, Fault::answer(status, &body));
        let id = bridge.customer_writes(when).await;
        written.push(when);
        // Longer than the longest pause before a second attempt. All rounds together are shorter than a token's life.
        bridge.settle().await;
        bridge.after(Duration::minutes(16)).await;
        assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted", "{when}");
        assert_eq!(bridge.conversation(), written, "{when}");
        let refreshes = faults.count("POST /oauth/token") - refreshes_before;
        let expected = usize::from(when == "expired or invalid access token");
        assert_eq!(refreshes, expected, "{when}");
    }
}
