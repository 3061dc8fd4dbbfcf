//! Customers' messages that the operator has posted to GHL again.

use simulators::Fault;
use time::Duration;

use crate::harness::Bridge;
use crate::messages::{A_WHILE, INBOUND, messages, number_of, replay_anyway};

#[tokio::test]
async fn a_reply_goes_again_at_once_after_a_refusal() {
    let bridge = Bridge::new().await;
    let refusal = r#"{"statusCode":400,"message":"Incorrect type","traceId":"t-1"}"#;
    for _ in 0..2 {
        let faults = bridge.simulation.ghl.faults();
        faults.push(INBOUND, Fault::answer(400, refusal));
    }
    let id = bridge.customer_writes("ditolak").await;
    bridge.settle().await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "failed");
    let number = number_of(&bridge, &id).await;
    let (code, stdout, _) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(
        (code, stdout),
        (Some(0), format!("{number}: back in the queue\n"))
    );
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.conversation(), ["ditolak"]);
}

#[tokio::test]
async fn a_reply_whose_answer_was_lost_goes_again_after_a_yes_and_not_if_ghl_has_it() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(INBOUND, Fault::after_effect(502, "{}"));
    faults.always("GET /conversations/search", Fault::answer(503, ""));
    let id = bridge.customer_writes("hilang").await;
    for _ in 0..22 {
        bridge.settle().await;
        bridge.after(Duration::hours(11)).await;
    }
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "failed");
    faults.clear();
    let number = number_of(&bridge, &id).await;
    let (code, _, stderr) = messages(&bridge, &["replay", &number]).await;
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with(&number) && stderr.contains("GHL may have it already"),
        "{stderr}"
    );
    replay_anyway(&bridge, &number).await;
    bridge.after(A_WHILE).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(bridge.conversation(), ["hilang"], "it was there");
}
