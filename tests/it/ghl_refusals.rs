//! What GHL's refusals end, and what they do not: pages of a proxy, refusals that are not about the message, outages of
//! hours.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::messages::{INBOUND, messages};

const STATUS: &str = "PUT /conversations/messages/{id}/status";
const PAGE: &str = "<!DOCTYPE html><title>Just a moment...</title>";

/// Every call of the route gets this answer from now on.
fn always(bridge: &Bridge, route: &str, status: u16, body: &str) {
    bridge
        .simulation
        .ghl
        .faults()
        .always(route, Fault::answer(status, body));
}

/// Lets time pass. GHL's simulated limit counts real seconds, in which the calls of days would be too many.
async fn pass(bridge: &Bridge, total: Duration, step: Duration) {
    bridge.simulation.ghl.set_burst_limit(Some(1_000_000));
    let mut passed = Duration::ZERO;
    while passed < total {
        bridge.after(step).await;
        passed += step;
    }
}

async fn state(bridge: &Bridge, id: &str) -> String {
    bridge.inbound(id).await.unwrap().0
}

#[tokio::test]
async fn a_refusal_that_is_not_about_the_message_does_not_end_it() {
    for (status, body) in [
        (403, PAGE.to_owned()),
        (401, PAGE.to_owned()),
        (401, json!({"message": "Something new"}).to_string()),
        (403, json!({"message": "Forbidden resource"}).to_string()),
        (404, json!({"message": "Not found"}).to_string()),
        (409, json!({"message": "Conflict"}).to_string()),
        (423, json!({"message": "Locked"}).to_string()),
        (
            400,
            json!({"message": "No conversationProviderId passed in body"}).to_string(),
        ),
    ] {
        let bridge = Bridge::new().await;
        always(&bridge, INBOUND, status, &body);
        let id = bridge.customer_writes("hai").await;
        pass(&bridge, Duration::minutes(4), Duration::seconds(20)).await;
        assert_eq!(state(&bridge, &id).await, "accepted", "{status} {body}");
        bridge.simulation.ghl.faults().clear();
        bridge.after(Duration::minutes(8)).await;
        assert_eq!(state(&bridge, &id).await, "posted", "{status} {body}");
        assert_eq!(bridge.conversation(), ["hai"]);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn words_about_the_message_end_it_after_a_second_look() {
    for (status, message) in [
        (422, json!(["type must be a valid enum value"])),
        (400, json!("Attachment is not supported")),
    ] {
        let bridge = Bridge::new().await;
        always(
            &bridge,
            INBOUND,
            status,
            &json!({"message": message}).to_string(),
        );
        let id = bridge.customer_writes("hai").await;
        bridge.settle().await;
        bridge.after(Duration::minutes(1)).await;
        assert_eq!(state(&bridge, &id).await, "failed", "{message}");
        assert_eq!(bridge.posted().len(), 2);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn each_try_after_a_refusal_looks_at_the_contact_anew() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("satu").await;
    bridge.settle().await;
    let searches = || {
        bridge
            .simulation
            .ghl
            .faults()
            .count("GET /contacts/search/duplicate")
    };
    always(
        &bridge,
        INBOUND,
        404,
        &json!({"message": "Contact not found"}).to_string(),
    );
    bridge.customer_writes("dua").await;
    bridge.settle().await;
    let before = searches();
    bridge.after(Duration::seconds(5)).await;
    bridge.after(Duration::seconds(20)).await;
    assert!(searches() >= before + 2, "{} {before}", searches());
}

#[tokio::test]
async fn one_refused_status_update_does_not_end_the_tick() {
    for (status, body) in [
        (404, json!({"message": "Not found"}).to_string()),
        (403, PAGE.to_owned()),
        (200, PAGE.to_owned()),
        (409, json!({"message": "Conflict"}).to_string()),
    ] {
        let bridge = Bridge::new().await;
        bridge
            .simulation
            .ghl
            .faults()
            .push(STATUS, Fault::answer(status, &body));
        let id = bridge.agent_writes("hai").await;
        bridge.settle().await;
        bridge
            .simulation
            .waapify
            .customer_receives(seed::AISYAH.2)
            .await;
        bridge.settle().await;
        bridge.after(Duration::seconds(10)).await;
        bridge.after(Duration::minutes(2)).await;
        assert_eq!(bridge.ghl_status(&id), "delivered", "{status} {body}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn absurd_limits_in_a_429_stop_a_location_for_a_minute_at_most() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.faults().push(
        INBOUND,
        Fault::Answer {
            status: 429,
            headers: vec![(
                "x-ratelimit-interval-milliseconds".to_owned(),
                "86400000".to_owned(),
            )],
            body: "{}".to_owned(),
        },
    );
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(state(&bridge, &id).await, "accepted");
    bridge.after(Duration::seconds(62)).await;
    bridge.after(Duration::seconds(62)).await;
    assert_eq!(state(&bridge, &id).await, "posted");
}

#[tokio::test]
async fn after_ten_hours_all_replies_are_shown_within_two_minutes_and_in_order() {
    let bridge = Bridge::new().await;
    always(&bridge, "*", 503, PAGE);
    let mut ids = Vec::new();
    for text in ["satu", "dua"] {
        ids.push(bridge.customer_writes(text).await);
    }
    let (_, name, phone) = seed::LIM_WEI;
    ids.push(
        bridge
            .simulation
            .waapify
            .customer_sends(phone, name, "lain")
            .await,
    );
    pass(&bridge, Duration::minutes(5), Duration::seconds(30)).await;
    pass(&bridge, Duration::hours(10), Duration::minutes(15)).await;
    bridge.simulation.ghl.faults().clear();
    pass(&bridge, Duration::minutes(2), Duration::seconds(5)).await;
    for id in &ids {
        assert_eq!(state(&bridge, id).await, "posted");
    }
    assert_eq!(bridge.conversation(), ["satu", "dua"]);
}

#[tokio::test]
async fn statuses_of_an_outage_are_told_within_two_minutes_after_it() {
    let bridge = Bridge::new().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(bridge.agent_writes(&format!("hai {n}")).await);
    }
    bridge.settle().await;
    always(&bridge, "*", 503, PAGE);
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    pass(&bridge, Duration::minutes(5), Duration::seconds(30)).await;
    pass(&bridge, Duration::hours(10), Duration::minutes(15)).await;
    bridge.simulation.ghl.faults().clear();
    pass(&bridge, Duration::minutes(2), Duration::seconds(5)).await;
    for id in &ids {
        assert_eq!(bridge.ghl_status(id), "delivered");
    }
}

#[tokio::test]
async fn a_reply_is_tried_for_seven_days_and_then_one_command_posts_all() {
    let bridge = Bridge::new().await;
    always(&bridge, INBOUND, 503, PAGE);
    let first = bridge.customer_writes("satu").await;
    let second = bridge.customer_writes("dua").await;
    pass(&bridge, Duration::hours(24 * 7 - 2), Duration::hours(2)).await;
    assert_eq!(state(&bridge, &first).await, "accepted");
    pass(&bridge, Duration::hours(30), Duration::hours(1)).await;
    assert_eq!(state(&bridge, &first).await, "failed");
    pass(&bridge, Duration::hours(30), Duration::hours(1)).await;
    assert_eq!(state(&bridge, &second).await, "failed");
    bridge.simulation.ghl.faults().clear();
    let arguments = [
        "replay",
        "--replies",
        "--location",
        seed::LOCATION_ID,
        "--yes",
    ];
    let (code, stdout, stderr) = messages(&bridge, &arguments).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout.lines().count(), 2, "{stdout}");
    pass(&bridge, Duration::minutes(10), Duration::minutes(2)).await;
    assert_eq!(bridge.conversation(), ["satu", "dua"]);
}
