//! From WhatsApp's receipts to GHL's statuses: they only rise, only documented ones are sent, and they wait while GHL
//! does not know the message yet.

use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::outbound::status_updates;
use waapify_ghl::db::outbound::status_updates::Back;

use crate::attachment_sources::Storage;
use crate::harness::Bridge;

const STATUS: &str = "PUT /conversations/messages/{id}/status";

fn told(bridge: &Bridge) -> Vec<Value> {
    let seen = bridge.simulation.ghl.faults().seen_at(STATUS);
    seen.into_iter().map(|seen| seen.body).collect()
}

#[tokio::test]
async fn delivered_and_read_reach_ghl_with_the_documented_fields_only() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    bridge.after(Duration::seconds(1)).await;
    assert_eq!(bridge.ghl_status(&id), "read");
    assert_eq!(
        told(&bridge),
        [json!({"status": "delivered"}), json!({"status": "read"})]
    );
    let call = bridge.simulation.ghl.faults().seen_at(STATUS).remove(0);
    assert_eq!(call.headers["version"], "2021-04-15");
    assert!(call.path.contains(&id));
}

#[tokio::test]
async fn nothing_is_called_delivered_before_whatsapp_says_so() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert!(told(&bridge).is_empty());
}

#[tokio::test]
async fn a_read_that_overtakes_a_delivered_costs_one_call() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let waapify = &bridge.simulation.waapify;
    waapify.customer_receives(seed::AISYAH.2).await;
    waapify.customer_reads(seed::AISYAH.2).await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.ghl_status(&id), "read");
    assert_eq!(told(&bridge), [json!({"status": "read"})]);
}

#[tokio::test]
async fn a_delivered_that_comes_after_the_read_is_followed_by_the_read_again() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    bridge.clock.advance(Duration::seconds(10));
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let claimed = status_updates::claim(pool, now, Duration::seconds(90), 1).await;
    let late = claimed.unwrap().remove(0);
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(bridge.ghl_status(&id), "read");
    // Whether the old owner of the update got GHL's answer or not.
    let now = bridge.clock.now();
    status_updates::finish(pool, &late, now).await.unwrap();
    bridge.settle().await;
    status_updates::finish_retry(pool, &late, Back::Failed, now)
        .await
        .unwrap();
    bridge.settle().await;
    assert_eq!(told(&bridge), vec![json!({"status": "read"}); 3]);
}

#[tokio::test]
async fn a_higher_status_begins_its_own_schedule() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(STATUS, Fault::answer(409, "{}"));
    let waapify = &bridge.simulation.waapify;
    waapify.customer_receives(seed::AISYAH.2).await;
    bridge.after(Duration::seconds(6)).await;
    let pool = &bridge.database.pool;
    let later = bridge.clock.now() + Duration::MINUTE;
    let claimed = status_updates::claim(pool, later, Duration::MINUTE, 1).await;
    let job = &claimed.unwrap()[0];
    assert_eq!(job.failures, 1);
    waapify.customer_reads(seed::AISYAH.2).await;
    bridge.settle().await;
    status_updates::finish(pool, job, later).await.unwrap();
    let failures: i32 = sqlx::query_scalar("select failures from status_updates")
        .fetch_one(pool)
        .await
        .unwrap();
    assert_eq!(failures, 0);
    bridge.after(Duration::MINUTE).await;
    assert_eq!(bridge.ghl_status(&id), "read");
}

#[tokio::test]
async fn not_yet_is_asked_again_without_a_new_token() {
    let bridge = Bridge::new().await;
    let not_yet =
        r#"{"statusCode":403,"message":"No conversation provider found for this message"}"#;
    let older = r#"{"statusCode":401,"message":"No conversation provider found for this message"}"#;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let tokens_before = bridge.simulation.ghl.faults().count("POST /oauth/token");
    let other = r#"{"statusCode":403,"message":"Forbidden resource"}"#;
    for body in [(403, not_yet), (401, older), (403, other)] {
        bridge
            .simulation
            .ghl
            .faults()
            .push(STATUS, Fault::answer(body.0, body.1));
    }
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    for _ in 0..12 {
        bridge.after(Duration::seconds(3)).await;
    }
    assert_eq!(bridge.ghl_status(&id), "delivered");
    assert_eq!(told(&bridge).len(), 4);
    assert_eq!(
        bridge.simulation.ghl.faults().count("POST /oauth/token"),
        tokens_before
    );
}

#[tokio::test]
async fn updates_that_failed_together_are_not_tried_again_together() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .faults()
        .always(STATUS, Fault::answer(503, "{}"));
    for contact in [seed::AISYAH, seed::LIM_WEI] {
        bridge.agent_sends(contact.0, "hai", &[]).await;
        bridge.settle().await;
        bridge.simulation.waapify.customer_receives(contact.2).await;
    }
    bridge.after(Duration::seconds(6)).await;
    let again: Vec<time::OffsetDateTime> = sqlx::query_scalar("select due_at from status_updates")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(told(&bridge).len(), 2);
    assert_ne!(again[0], again[1]);
}

#[tokio::test]
async fn a_status_never_goes_backwards() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_reads(seed::AISYAH.2)
        .await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.ghl_status(&id), "read");
    let wa_id = bridge.simulation.waapify.chat(seed::AISYAH.2)[0].id.clone();
    for status in [3, 2, 1, 0] {
        bridge
            .whatsapp_reports(&wa_id, json!({"status": status}))
            .await;
    }
    bridge.after(Duration::HOUR).await;
    assert_eq!(bridge.state(&id).await, "read");
    assert_eq!(told(&bridge), [json!({"status": "read"})]);
}

#[tokio::test]
async fn a_message_of_several_parts_is_delivered_when_its_last_part_is() {
    let bridge = Bridge::new().await;
    let storage = Storage::of_a_shop().await;
    let id = bridge
        .agent_sends(seed::AISYAH.0, "fail", &[&storage.url("/menu.pdf")])
        .await;
    bridge.settle().await;
    let parts = bridge.simulation.waapify.chat(seed::AISYAH.2);
    assert_eq!(parts.len(), 2);
    for (part, expected) in parts.iter().zip(["sent", "delivered"]) {
        bridge
            .whatsapp_reports(&part.id, json!({"status": 3}))
            .await;
        bridge.settle().await;
        assert_eq!(bridge.state(&id).await, expected);
    }
}

#[tokio::test]
async fn a_refusal_after_success_becomes_failed_with_a_sentence() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let wa_id = bridge.simulation.waapify.chat(seed::AISYAH.2)[0].id.clone();
    bridge
        .whatsapp_reports(
            &wa_id,
            json!({"status": 0, "messageStubParameters": ["463"]}),
        )
        .await;
    bridge.settle().await;
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.ghl_status(&id), "failed");
    let error = told(&bridge).remove(0)["error"].clone();
    assert_eq!(error["code"], "refused_by_whatsapp");
    assert_eq!(error["type"], "whatsapp");
    assert!(error["message"].as_str().unwrap().contains("463"));
}

#[tokio::test]
async fn an_update_that_ghl_will_never_take_ends_and_the_timeline_says_so() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let refused = r#"{"statusCode":401,"message":"The token is not authorized for this scope.","traceId":"abc-1"}"#;
    bridge
        .simulation
        .ghl
        .faults()
        .push(STATUS, Fault::answer(401, refused));
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.after(Duration::seconds(10)).await;
    bridge.after(Duration::HOUR).await;
    assert_eq!(told(&bridge).len(), 1);
    assert_eq!(bridge.state(&id).await, "delivered");
    let cause: String = sqlx::query_scalar(
        "select cause_args::text from timeline where cause_code = 'ghl_not_told'",
    )
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    assert!(
        cause.contains("not authorized for this scope") && cause.contains("abc-1"),
        "{cause}"
    );
}

#[tokio::test]
async fn a_token_without_access_to_the_location_keeps_the_update_waiting() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    let refusal =
        r#"{"statusCode":403,"message":"The token does not have access to this location."}"#;
    bridge
        .simulation
        .ghl
        .faults()
        .always(STATUS, Fault::answer(403, refusal));
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    for _ in 0..6 {
        bridge.after(Duration::minutes(10)).await;
    }
    assert!(told(&bridge).len() <= 4, "it waits for another token");
    let left: i64 = sqlx::query_scalar("select count(*) from status_updates")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(left, 1);
}
