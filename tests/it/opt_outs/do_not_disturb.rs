//! GHL's "do not disturb": its events, and what is read with a contact.

use serde_json::json;
use simulators::seed;
use time::Duration;

use super::{event, file, program, says, told};
use crate::harness::Bridge;

#[tokio::test]
async fn what_ghl_says_later_counts_and_not_what_it_said_before() {
    let bridge = Bridge::new().await;
    let now = bridge.clock.now();
    event(&bridge, "active", "103", now).await;
    event(&bridge, "inactive", "103", now - Duration::minutes(1)).await;
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(
        bridge.outbound(&id).await,
        told("dnd_set"),
        "an older event came late"
    );
    bridge.clock.advance(Duration::minutes(1));
    event(&bridge, "inactive", "", bridge.clock.now()).await;
    let id = program(&bridge, seed::AISYAH.0, "tawaran", "workflow", "").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn our_own_change_told_back_is_not_anothers_and_a_persons_lift_counts() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_posts_dnd_updates(true);
    says(&bridge, "STOP").await;
    bridge
        .until("GHL told us of it", async || {
            let told: i64 = sqlx::query_scalar("select count(*) from ghl_events where event_type = 'ContactDndUpdate' and state = 'done'")
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
            told == 1
        })
        .await;
    bridge.clock.advance(Duration::minutes(5));
    event(&bridge, "inactive", "103", bridge.clock.now()).await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "boleh-1",
        "type": "SMS", "phone": seed::AISYAH.2, "message": "boleh",
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.settle().await;
    assert_eq!(bridge.state("boleh-1").await, "sent");
}

#[tokio::test]
async fn do_not_disturb_is_seen_when_a_contact_is_read() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_dnd(seed::AISYAH.0, "active");
    says(&bridge, "hai").await;
    let body = json!({
        "contactId": seed::AISYAH.0, "locationId": seed::LOCATION_ID, "messageId": "kempen-1",
        "type": "SMS", "phone": seed::AISYAH.2, "message": "tawaran",
    });
    bridge.simulation.ghl.agent_sends_raw(&body).await;
    bridge.settle().await;
    assert_eq!(bridge.outbound("kempen-1").await, told("dnd_set"));
}

#[tokio::test]
async fn an_event_without_a_contact_or_a_meaning_changes_nothing() {
    let bridge = Bridge::new().await;
    for change in [
        json!({"id": null}),
        json!({"locationId": null}),
        json!({"dnd": null, "dndSettings": "x"}),
        json!({"appId": null}),
    ] {
        let mut event = file("dnd_webhook_active.json");
        event["webhookId"] = json!(change.to_string());
        for (field, value) in change.as_object().unwrap() {
            event[field] = value.clone();
        }
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&event).await,
            Some(200),
            "{change}"
        );
    }
    bridge.settle().await;
    let failed: i64 = sqlx::query_scalar("select count(*) from ghl_events where state = 'failed'")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(failed, 0);
}
