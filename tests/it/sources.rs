//! Who wrote a message that has to wait: GHL is asked once, and the order becomes exact.

use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;

use crate::harness::Bridge;
use crate::people::add;

const LOOK: &str = "GET /conversations/messages/{id}";

async fn paced() -> Bridge {
    let bridge = Bridge::with(|environment| {
        environment.retain(|(name, _)| name != "WAAPIFY_MIN_INTERVAL_MS");
        environment.push(("WAAPIFY_MIN_INTERVAL_MS".to_owned(), "1000".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    bridge
}

/// A campaign that names a user, to so many new contacts.
async fn campaign(bridge: &Bridge, people: usize, source: &str) {
    for n in 0..people {
        let (phone, id) = (format!("+6012345{:04}", n + 1), format!("kempen-{n}"));
        let body = json!({
            "contactId": format!("Contact{n}"), "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
            "phone": phone, "message": id, "userId": seed::USER_ID,
        });
        bridge.simulation.ghl.agent_sends_raw(&body).await;
        bridge.simulation.ghl.set_source(&id, Some(source));
    }
}

fn sent(bridge: &Bridge) -> Vec<String> {
    let text = |send: &serde_json::Value| send["message"].as_str().unwrap().to_owned();
    bridge.sends().iter().map(text).collect()
}

async fn sources(bridge: &Bridge) -> Vec<(Option<String>, i16, i64)> {
    sqlx::query_as("select source, priority, count(*) from outbound where state = 'accepted' group by 1, 2 order by 1, 2")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_persons_first_message_does_not_wait_behind_a_campaign_that_names_a_user() {
    let bridge = paced().await;
    campaign(&bridge, 150, "workflow").await;
    bridge.settle().await;
    let contact = add(&bridge, "Baharu", "+60127770001");
    bridge.agent_sends(&contact, "saya sendiri", &[]).await;
    let began = bridge.clock.now();
    while !sent(&bridge).contains(&"saya sendiri".to_owned()) {
        assert!(
            bridge.clock.now() - began < Duration::seconds(12),
            "it waits behind the campaign"
        );
        bridge.after(Duration::milliseconds(500)).await;
    }
    // The campaign goes on, in its order.
    for _ in 0..6 {
        bridge.after(Duration::milliseconds(1_600)).await;
    }
    let campaign: Vec<_> = sent(&bridge)
        .into_iter()
        .filter(|text| text.starts_with("kempen-"))
        .collect();
    let in_order: Vec<_> = (0..campaign.len()).map(|n| format!("kempen-{n}")).collect();
    assert_eq!(campaign, in_order);
}

#[tokio::test]
async fn each_message_is_looked_at_once_and_only_if_it_waits() {
    let bridge = paced().await;
    bridge.agent_writes("hai").await;
    for _ in 0..5 {
        bridge.after(Duration::seconds(3)).await;
    }
    assert_eq!(
        bridge.simulation.ghl.faults().count(LOOK),
        0,
        "it left at once"
    );
    campaign(&bridge, 12, "bulk_actions").await;
    for _ in 0..8 {
        bridge.after(Duration::milliseconds(1_100)).await;
    }
    let looks = bridge.simulation.ghl.faults().seen_at(LOOK);
    let mut paths: Vec<_> = looks.iter().map(|seen| seen.path.clone()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), looks.len(), "none is asked about twice");
    for (source, priority, _) in sources(&bridge).await {
        assert_eq!((source.as_deref(), priority), (Some("bulk_actions"), 0));
    }
}

#[tokio::test]
async fn where_ghl_does_not_say_the_order_stays_as_the_delivery_told() {
    let bridge = paced().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(LOOK, Fault::answer(404, r#"{"message": "not found"}"#));
    campaign(&bridge, 200, "workflow").await;
    for _ in 0..30 {
        bridge.after(Duration::seconds(5)).await;
    }
    let texts = sent(&bridge);
    assert!(
        texts.len() > 20 && texts[0] == "kempen-0" && texts[20] == "kempen-20",
        "{texts:?}"
    );
    let known = sources(&bridge).await;
    assert!(
        known
            .iter()
            .all(|(source, priority, _)| source.as_deref() != Some("app") && *priority == 1),
        "{known:?}"
    );
    assert!(
        known
            .iter()
            .any(|(source, ..)| source.as_deref() == Some("unknown")),
        "{known:?}"
    );
}

#[tokio::test]
async fn looks_leave_the_locations_calls_to_what_must_be_told() {
    let bridge = paced().await;
    campaign(&bridge, 150, "workflow").await;
    bridge.clock.advance(Duration::seconds(3));
    // All within one window of ten seconds.
    for _ in 0..30 {
        bridge.settle().await;
    }
    let looks = bridge.simulation.ghl.faults().count(LOOK);
    assert!(looks <= 40, "{looks} looks of 100 calls");
}

#[tokio::test]
async fn a_campaign_to_people_who_wrote_lately_gives_way_to_a_person() {
    let bridge = paced().await;
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let (aisyah, _, phone) = seed::AISYAH;
    for n in 0..6 {
        let id = format!("promo-{n}");
        let body = json!({
            "contactId": aisyah, "locationId": seed::LOCATION_ID, "messageId": id, "type": "SMS",
            "phone": phone, "message": id, "userId": seed::USER_ID,
        });
        bridge.simulation.ghl.agent_sends_raw(&body).await;
        bridge.simulation.ghl.set_source(&id, Some("campaign"));
    }
    let contact = add(&bridge, "Baharu", "+60127770001");
    bridge.agent_sends(&contact, "saya sendiri", &[]).await;
    for _ in 0..4 {
        bridge.after(Duration::milliseconds(1_600)).await;
    }
    let texts = sent(&bridge);
    assert!(
        texts.iter().take(4).any(|text| text == "saya sendiri"),
        "{texts:?}"
    );
}
