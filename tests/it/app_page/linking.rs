//! A number whose phone was unlinked is linked again from the page: the same number and no other.

use axum::http::StatusCode;
use serde_json::Value;
use simulators::seed;

use super::Frame;
use crate::harness::Bridge;

fn rest(page: &str) -> String {
    format!("/numbers/{}{page}", seed::NUMBER)
}

async fn state(frame: &Frame<'_>) -> Value {
    let answer = frame.get(&rest("/link/state")).await;
    let said: Value = serde_json::from_str(&answer.body).unwrap();
    said["state"].clone()
}

/// A bridge whose number was unlinked, as a failed send has shown. Returns GHL's id of that message.
async fn unlinked() -> (Bridge, String) {
    let bridge = Bridge::new().await;
    bridge.simulation.waapify.unlink().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "accepted", "it waits");
    (bridge, id)
}

#[tokio::test]
async fn a_phone_that_was_unlinked_is_linked_again_by_its_code_and_what_waited_leaves() {
    let (bridge, id) = unlinked().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = frame.get("").await.body;
    assert!(page.contains("On hold") && page.contains("Link the phone again"));
    let begun = frame.post(&rest("/relink"), &[]).await;
    assert_eq!(begun.leads_to(), format!("{}{}", frame.path, rest("/link")));
    let scan = frame.get(&rest("/link")).await;
    assert_eq!(scan.status, StatusCode::OK);
    let picture = format!("{}{}", frame.path, rest("/link/qr.png"));
    assert!(
        scan.body.contains(&format!("src=\"{picture}\"")),
        "{}",
        scan.body
    );
    assert!(!scan.body.contains(seed::ACCESS_TOKEN));
    assert_eq!(state(&frame).await, "waiting");
    let shown = frame.get_at(&picture).await;
    assert_eq!(shown.status, StatusCode::OK);
    assert_eq!(shown.text("content-type"), "image/png");
    assert!(bridge.simulation.waapify.scan_qr(seed::INSTANCE_ID).await);
    assert_eq!(state(&frame).await, "linked");
    let done = frame.get(&rest("/link")).await;
    assert_eq!(
        done.leads_to(),
        format!("{}{}", frame.path, rest("?linked"))
    );
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    let page = frame.get("").await.body;
    assert!(
        page.contains("waits for the first message from a customer") && !page.contains("On hold")
    );
    assert!(bridge.simulation.waapify.webhook().is_some());
}

#[tokio::test]
async fn another_phone_does_not_take_the_numbers_place() {
    let (bridge, _) = unlinked().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame.post(&rest("/relink"), &[]).await;
    frame.get(&rest("/link/qr.png")).await;
    let waapify = &bridge.simulation.waapify;
    let other = "60177776666";
    assert!(waapify.scan_qr_with(seed::INSTANCE_ID, other, "Lain").await);
    assert_eq!(state(&frame).await, "stopped");
    let page = frame.get(&rest("/link")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains(other) && page.body.contains("role=\"alert\""));
    let numbers: Vec<String> = sqlx::query_scalar("select number from numbers")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(numbers, [seed::NUMBER]);
}

#[tokio::test]
async fn another_phones_link_ends_only_when_somebody_says_so_and_then_the_right_one_is_linked() {
    let (bridge, id) = unlinked().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame.post(&rest("/relink"), &[]).await;
    frame.get(&rest("/link/qr.png")).await;
    let waapify = &bridge.simulation.waapify;
    assert!(
        waapify
            .scan_qr_with(seed::INSTANCE_ID, "60177776666", "Lain")
            .await
    );
    let reboots = waapify.faults().count("reboot.php");
    frame.post(&rest("/relink"), &[]).await;
    assert_eq!(waapify.faults().count("reboot.php"), reboots);
    let asked = frame.get(&rest("/link")).await.body;
    assert!(
        asked.contains("name=\"ends_other\"") && !asked.contains("qr.png"),
        "{asked}"
    );
    assert!(!asked.contains("you entered"), "{asked}");
    frame.post(&rest("/relink"), &[("ends_other", "1")]).await;
    assert_eq!(waapify.faults().count("reboot.php"), reboots + 1);
    assert_eq!(state(&frame).await, "waiting");
    frame.get(&rest("/link/qr.png")).await;
    assert!(
        waapify
            .scan_qr_with(seed::INSTANCE_ID, seed::NUMBER, "Kedai")
            .await
    );
    frame.get(&rest("/link")).await.leads_to();
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_phone_that_is_linked_stays_so() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let done = frame.post(&rest("/relink"), &[]).await;
    assert_eq!(
        done.leads_to(),
        format!("{}{}", frame.path, rest("?linked"))
    );
    assert!(bridge.simulation.waapify.is_linked());
    assert_eq!(bridge.simulation.waapify.faults().count("reboot.php"), 0);
}
