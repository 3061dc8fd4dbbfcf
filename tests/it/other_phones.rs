//! Another phone than the number's is linked to its instance: nothing is sent from it, and its chats stay out of GHL.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::monitor::look_later;

/// Links another phone than the number's, as if somebody scanned the code with the wrong phone.
async fn link_another(bridge: &Bridge) {
    bridge.simulation.waapify.unlink().await;
    let ready = json!({
        "instance_id": seed::INSTANCE_ID,
        "event": "ready",
        "data": {"id": "60199999999:3@s.whatsapp.net", "name": "Bukan Kedai"},
    });
    bridge.gateway_posts(&ready).await;
    bridge.settle().await;
}

#[tokio::test]
async fn nothing_is_sent_from_a_phone_that_is_not_the_numbers() {
    let bridge = Bridge::new().await;
    link_another(&bridge).await;
    let message = bridge.agent_writes("hai").await;
    bridge.after(Duration::hours(2)).await;
    assert_eq!(bridge.sends().len(), 0, "it would come from a stranger");
    assert_eq!(bridge.state(&message).await, "accepted");
    bridge.simulation.waapify.link().await;
    bridge
        .until(
            "its own phone is linked, and the message leaves",
            async || bridge.sends().len() == 1,
        )
        .await;
}

#[tokio::test]
async fn the_watch_holds_a_number_whose_instance_is_linked_to_another() {
    let bridge = Bridge::new().await;
    let other = r#"{"status":"success","data":{"id":"60199999999:3@s.whatsapp.net","name":"x"}}"#;
    let faults = bridge.simulation.waapify.faults();
    faults.always("reconnect.php", Fault::answer(200, other));
    look_later(&bridge).await;
    bridge.agent_writes("hai").await;
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(bridge.sends().len(), 0);
    faults.clear();
    look_later(&bridge).await;
    bridge
        .until("the number is released", async || bridge.sends().len() == 1)
        .await;
}

#[tokio::test]
async fn what_is_written_to_another_phone_stays_out_of_ghl() {
    let bridge = Bridge::new().await;
    link_another(&bridge).await;
    bridge.simulation.waapify.link().await;
    link_another(&bridge).await;
    let message = json!({
        "instance_id": seed::INSTANCE_ID,
        "event": "messages.upsert",
        "data": {"type": "notify", "messages": [{
            "key": {"remoteJid": "60177777777@s.whatsapp.net", "fromMe": false, "id": "3AFOREIGN"},
            "messageTimestamp": bridge.clock.now().unix_timestamp(),
            "pushName": "Kawan",
            "message": {"conversation": "jumpa malam ini?"},
        }]},
    });
    bridge.gateway_posts(&message).await;
    bridge.settle().await;
    assert!(bridge.posted().is_empty(), "it is none of the business's");
    let kept: i64 = sqlx::query_scalar("select count(*) from inbound")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
}

#[tokio::test]
async fn a_phone_that_waapify_does_not_name_ends_no_hold_of_another_phones() {
    let bridge = Bridge::new().await;
    link_another(&bridge).await;
    bridge.agent_writes("hai").await;
    let unnamed = r#"{"status":"success","data":{"name":"x"}}"#;
    let faults = bridge.simulation.waapify.faults();
    faults.always("reconnect.php", Fault::answer(200, unnamed));
    look_later(&bridge).await;
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(bridge.sends().len(), 0);
}
