//! A post to GHL whose answer was lost, while a later message of the conversation hides whether GHL has it.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::unconfirmed_posts::{after_index_lag, state, writes_into};

/// GHL posts its event of the customer's message with this text.
async fn ghl_tells(bridge: &Bridge, text: &str) {
    let ghl = &bridge.simulation.ghl;
    let stored = ghl.messages_with(seed::AISYAH.0);
    let stored = stored.iter().find(|message| message.text == text).unwrap();
    let event = json!({
        "type": "InboundMessage",
        "locationId": seed::LOCATION_ID,
        "contactId": seed::AISYAH.0,
        "messageId": stored.id,
        "body": text,
        "webhookId": stored.id,
    });
    assert_eq!(ghl.posts_app_event(&event).await, Some(200));
}

/// GHL has posted events of what it stored, but none yet of "hai", whose answer was lost; and an agent wrote after
/// it.
async fn hidden(bridge: &Bridge) -> String {
    bridge.simulation.ghl.set_hides_alt_ids(true);
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    ghl_tells(bridge, "salam").await;
    let id = writes_into(bridge, Fault::after_effect(502, ""), "hai").await;
    bridge.agent_writes("ya?").await;
    id
}

#[tokio::test]
async fn ghls_own_event_of_a_message_proves_it_although_the_business_wrote_since() {
    let bridge = Bridge::new().await;
    let id = hidden(&bridge).await;
    // The process that stores the event has another clock than the one that posted.
    bridge.clock.advance(Duration::minutes(-1));
    ghl_tells(&bridge, "hai").await;
    bridge.after(Duration::minutes(3)).await;
    assert_eq!(bridge.conversation(), ["salam", "hai"]);
    assert_eq!(state(&bridge, &id).await, "posted");
    // The same text again is another message.
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["salam", "hai", "hai"]);
}

#[tokio::test]
async fn ghls_event_is_waited_for_while_another_message_hides_the_post() {
    let bridge = Bridge::new().await;
    let id = hidden(&bridge).await;
    after_index_lag(&bridge).await;
    bridge.after(Duration::minutes(2)).await;
    assert_eq!(state(&bridge, &id).await, "accepted");
    ghl_tells(&bridge, "hai").await;
    bridge.after(Duration::minutes(4)).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["salam", "hai"]);
}

#[tokio::test]
async fn a_hidden_message_of_which_ghl_never_tells_goes_again_after_a_quarter_of_an_hour() {
    let bridge = Bridge::new().await;
    let id = hidden(&bridge).await;
    for _ in 0..4 {
        after_index_lag(&bridge).await;
        assert_eq!(bridge.posted().len(), 2);
    }
    bridge.after(Duration::minutes(10)).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.posted().len(), 3);
}

#[tokio::test]
async fn where_ghl_tells_of_nothing_a_hidden_message_goes_again_at_once() {
    let bridge = Bridge::new().await;
    let id = writes_into(&bridge, Fault::answer(500, "{}"), "hai").await;
    bridge.agent_writes("ya?").await;
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn where_lists_name_no_ids_the_search_is_not_asked_before_it_can_know() {
    let bridge = Bridge::new().await;
    bridge.simulation.ghl.set_hides_alt_ids(true);
    bridge.customer_writes("salam").await;
    bridge.settle().await;
    let id = writes_into(&bridge, Fault::after_effect(502, ""), "hai").await;
    for _ in 0..3 {
        bridge.after(Duration::seconds(30)).await;
        assert_eq!(state(&bridge, &id).await, "accepted");
    }
    let faults = bridge.simulation.ghl.faults();
    assert_eq!(faults.count("GET /conversations/search"), 0);
    after_index_lag(&bridge).await;
    assert_eq!(state(&bridge, &id).await, "posted");
    assert_eq!(bridge.conversation(), ["salam", "hai"]);
}
