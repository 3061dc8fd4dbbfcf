//! The checks of a connected number: link, hold, webhook, and other locations that share it.

use serde_json::json;
use simulators::{Fault, seed};
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::reason::{Hold, Reason};

use super::{complete, diagnose, diagnose_with};
use crate::harness::Bridge;

#[tokio::test]
async fn a_location_without_a_number_is_told_to_connect_one() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    diagnose(&bridge)
        .await
        .assert_bad("number", "No WhatsApp number is connected", 1);
}

#[tokio::test]
async fn each_way_a_link_fails_has_its_sentence() {
    let bridge = complete().await;
    let faults = bridge.simulation.waapify.faults();
    for (answer, says) in [
        (
            r#"{"status":"error","message":"Relogin required"}"#,
            "is not linked to Waapify any more",
        ),
        (
            r#"{"status":"error","message":"Access token does not exist"}"#,
            "refuses the access token or the instance id: Access token",
        ),
        (
            r#"{"status":"success","data":{"id":"60198887777:3@s.whatsapp.net"}}"#,
            "is linked to +60198887777, another number",
        ),
        ("<html>", "gave no usable answer"),
    ] {
        faults.push("reconnect.php", Fault::answer(200, answer));
        diagnose(&bridge).await.assert_bad("link", says, 1);
    }
}

#[tokio::test]
async fn a_number_on_hold_says_why_in_both_languages() {
    let bridge = complete().await;
    bridge.simulation.waapify.unlink().await;
    bridge.settle().await;
    let report = diagnose(&bridge).await;
    let why = Reason::from(Hold::LinkLost).texts();
    report.assert_bad("hold", &format!("Sending is on hold: {}", why.english), 1);
    let malay = report.find("hold")["what"]["ms"].as_str().unwrap();
    assert!(malay.contains(&*why.malay), "{malay}");
}

#[tokio::test]
async fn a_gateway_that_reports_elsewhere_is_noticed_and_told_anew_only_when_asked() {
    let bridge = complete().await;
    bridge.simulation.waapify.set_webhook(None);
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(
        diagnose(&bridge).await.state("webhook"),
        "unknown",
        "its echo may come yet"
    );
    // The program uses the machine's clock, so the times in the database are moved back.
    for sql in [
        "update receipts set seen_at = seen_at - interval '20 minutes'",
        "update numbers set connected_at = connected_at - interval '1 day'",
    ] {
        sqlx::query(sql)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
    diagnose(&bridge)
        .await
        .assert_bad("webhook", "its webhook seems to point elsewhere", 1);
    assert!(bridge.simulation.waapify.webhook().is_none());
    diagnose_with(&bridge, |command| {
        command.arg("--register-webhooks");
    })
    .await
    .assert_bad("webhook", "nothing of what was sent", 1);
    assert!(bridge.simulation.waapify.webhook().is_some());
    bridge.customer_writes("apa khabar").await;
    assert_eq!(diagnose(&bridge).await.state("webhook"), "good");
}

#[tokio::test]
async fn two_locations_on_one_number_are_told_so_without_the_others_name() {
    let bridge = complete().await;
    bridge
        .connect_to(&LocationId::from("another-location"))
        .await;
    let report = diagnose_with(&bridge, |command| {
        command.args(["--location", seed::LOCATION_ID]);
    })
    .await;
    report.assert_bad(
        "shared_number",
        "connected to the same number or instance: 1.",
        1,
    );
    assert!(!report.text.contains("another-location"));
}

#[tokio::test]
async fn events_that_nobody_understands_are_counted_and_named_without_contents() {
    let bridge = complete().await;
    for secret in ["Aisyah", "Siti"] {
        let body =
            json!({"event": "status.new", "data": {"key": {"id": secret}, "60123456789": secret}});
        bridge.gateway_posts(&body).await;
    }
    bridge.gateway_posts(&json!([7])).await;
    bridge.settle().await;
    let report = diagnose(&bridge).await;
    assert_eq!(report.state("unknown_events"), "warn");
    let shape = "status.new: {data: {?: text, key: {id: text}}, event: text} (2 ×); [number] (1 ×)";
    let says = format!("3 events of a kind we do not know came in the last week: {shape}.");
    report.assert_explained("unknown_events", &says);
    assert!(!report.text.contains("Aisyah") && !report.text.contains("60123456789"));
}

#[tokio::test]
async fn a_flood_of_unknown_shapes_fills_no_table() {
    let bridge = complete().await;
    for n in 0..30 {
        let body = json!({"event": "status.new", format!("a{}", "b".repeat(n)): 1});
        bridge.gateway_posts(&body).await;
    }
    bridge.settle().await;
    let rows: (i64, i64) =
        sqlx::query_as("select count(*), sum(count)::bigint from unknown_events")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(rows, (21, 30));
}
