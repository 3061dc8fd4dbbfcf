//! Numbers that WhatsApp may have restricted: no acks while others get theirs, or refusals in a row.

use serde_json::json;
use simulators::{Fault, Waapify, seed};
use time::Duration;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::IncidentKind;

use crate::app_page::Frame;
use crate::doctor::{complete, diagnose};
use crate::harness::{Bridge, location};
use crate::monitor::{look, look_later, wrong};

const RESTRICTED: &str = "Your account has been restricted";

/// Sends texts to so many people, each its own, from a location's number.
async fn send(bridge: &Bridge, location: &str, people: usize, count: usize) {
    for n in 0..count {
        let body = json!({"contactId": format!("c{}", n % people), "locationId": location, "type": "SMS",
            "messageId": format!("{location}{}{n}", bridge.clock.now().unix_timestamp()),
            "phone": format!("+6012345670{}", n % people), "message": format!("hai {n}")});
        assert_eq!(
            bridge.simulation.ghl.agent_sends_raw(&body).await,
            Some(200)
        );
        bridge.settle().await;
    }
}

/// WhatsApp's ids of what a number sent, in their order.
async fn ids(bridge: &Bridge, number: &str) -> Vec<String> {
    sqlx::query_scalar("select wa_message_id from receipts where number = $1 and message_id is not null order by seen_at, message_id")
        .bind(number)
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

async fn report(gateway: &Waapify, id: &str, update: serde_json::Value) {
    let key = json!({"remoteJid": "60123456700@s.whatsapp.net", "id": id, "fromMe": true});
    let posted = gateway.post_event("messages.update", json!([{"key": key, "update": update}]));
    assert_eq!(posted.await, Some(200));
}

async fn refuse(bridge: &Bridge, id: &str) {
    let update = json!({"status": 0, "messageStubParameters": ["463", RESTRICTED]});
    report(&bridge.simulation.waapify, id, update).await;
    bridge.settle().await;
}

/// A second location with its own number.
async fn second(bridge: &Bridge) -> Waapify {
    bridge.install_second().await;
    let waapify = &bridge.simulation.waapify;
    let gateway = waapify.add_instance("SECOND1", "second-token", seed::NEW_NUMBER, "Dua");
    let entered = Entered {
        instance_id: "SECOND1".to_owned(),
        access_token: "second-token".into(),
        number: seed::NEW_NUMBER.to_owned(),
    };
    let location = LocationId::from(seed::SECOND_LOCATION_ID);
    let connected = bridge.app.connector.connect(&location, &entered, None);
    connected.await.unwrap();
    gateway
}

/// Another number sends, and WhatsApp confirms it.
async fn others_are_confirmed(bridge: &Bridge, gateway: &Waapify) {
    send(bridge, seed::SECOND_LOCATION_ID, 1, 1).await;
    for id in ids(bridge, seed::NEW_NUMBER).await {
        report(gateway, &id, json!({"status": 3})).await;
    }
    bridge.settle().await;
}

async fn watch(bridge: &Bridge) {
    bridge.clock.advance(Duration::minutes(20));
    look(&bridge.app).await;
}

fn no_acks() -> Vec<(IncidentKind, String)> {
    vec![(IncidentKind::Restricted, "no_acks".to_owned())]
}

#[tokio::test]
async fn a_number_without_acks_is_an_incident_while_others_get_theirs() {
    let bridge = complete().await;
    let gateway = second(&bridge).await;
    bridge.clock.advance(Duration::SECOND);
    send(&bridge, seed::LOCATION_ID, 3, 5).await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, [], "nobody gets acks");
    others_are_confirmed(&bridge, &gateway).await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, no_acks());
    let found = diagnose(&bridge).await.text;
    assert!(
        found.contains("WhatsApp has confirmed none of the last messages"),
        "{found}"
    );
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let malay = frame.get_in("ms", "").await.body;
    assert!(
        malay.contains("WhatsApp mungkin telah menyekatnya"),
        "{malay}"
    );
    // One late ack of the newest ends it.
    let last = ids(&bridge, seed::NUMBER).await.pop().unwrap();
    report(&bridge.simulation.waapify, &last, json!({"status": 3})).await;
    bridge.settle().await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn an_incident_lasts_while_nothing_is_sent_and_ends_with_a_new_connection() {
    let bridge = complete().await;
    let gateway = second(&bridge).await;
    bridge.clock.advance(Duration::SECOND);
    send(&bridge, seed::LOCATION_ID, 5, 5).await;
    others_are_confirmed(&bridge, &gateway).await;
    watch(&bridge).await;
    bridge.clock.advance(Duration::days(3));
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, no_acks());
    bridge.connect().await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn a_phone_that_is_off_and_fresh_sends_are_no_incident() {
    let bridge = complete().await;
    let gateway = second(&bridge).await;
    bridge.clock.advance(Duration::SECOND);
    send(&bridge, seed::LOCATION_ID, 1, 9).await;
    others_are_confirmed(&bridge, &gateway).await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, [], "one person's phone may be off");
    send(&bridge, seed::LOCATION_ID, 3, 5).await;
    look(&bridge.app).await;
    assert_eq!(wrong(&bridge).await, [], "acks may still come");
}

#[tokio::test]
async fn acks_before_the_last_messages_do_not_hide_that_they_have_stopped() {
    let bridge = complete().await;
    let gateway = second(&bridge).await;
    bridge.clock.advance(Duration::SECOND);
    send(&bridge, seed::LOCATION_ID, 3, 3).await;
    for id in ids(&bridge, seed::NUMBER).await {
        report(&bridge.simulation.waapify, &id, json!({"status": 4})).await;
    }
    bridge.clock.advance(Duration::HOUR);
    send(&bridge, seed::LOCATION_ID, 3, 6).await;
    others_are_confirmed(&bridge, &gateway).await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, no_acks());
}

#[tokio::test]
async fn refusals_in_a_row_are_noticed_at_once_and_an_ack_ends_that() {
    let bridge = complete().await;
    look_later(&bridge).await;
    bridge.clock.advance(Duration::minutes(1));
    send(&bridge, seed::LOCATION_ID, 4, 4).await;
    let sent = ids(&bridge, seed::NUMBER).await;
    for id in &sent[..2] {
        refuse(&bridge, id).await;
    }
    look(&bridge.app).await;
    assert_eq!(
        wrong(&bridge).await,
        [],
        "two may be for numbers without WhatsApp"
    );
    bridge.clock.advance(Duration::minutes(1));
    refuse(&bridge, &sent[2]).await;
    look(&bridge.app).await;
    let refused = vec![(IncidentKind::Restricted, "refused".to_owned())];
    assert_eq!(wrong(&bridge).await, refused);
    let found = diagnose(&bridge).await.text;
    assert!(found.contains("code 463"), "{found}");
    report(&bridge.simulation.waapify, &sent[3], json!({"status": 3})).await;
    bridge.settle().await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn other_refusals_and_those_between_acks_are_no_restriction() {
    let bridge = complete().await;
    send(&bridge, seed::LOCATION_ID, 6, 6).await;
    let sent = ids(&bridge, seed::NUMBER).await;
    for id in [&sent[0], &sent[1], &sent[3], &sent[4]] {
        refuse(&bridge, id).await;
    }
    report(&bridge.simulation.waapify, &sent[2], json!({"status": 3})).await;
    let other = json!({"status": 0, "messageStubParameters": ["479", "x"]});
    report(&bridge.simulation.waapify, &sent[5], other).await;
    bridge.settle().await;
    watch(&bridge).await;
    assert_eq!(wrong(&bridge).await, []);
}

#[tokio::test]
async fn a_lost_link_explains_missing_acks() {
    let bridge = complete().await;
    let gateway = second(&bridge).await;
    bridge.clock.advance(Duration::SECOND);
    send(&bridge, seed::LOCATION_ID, 5, 5).await;
    others_are_confirmed(&bridge, &gateway).await;
    let unlinked = r#"{"status":"error","message":"Relogin required"}"#;
    bridge
        .simulation
        .waapify
        .faults()
        .always("reconnect.php", Fault::answer(200, unlinked));
    watch(&bridge).await;
    let kinds: Vec<_> = wrong(&bridge)
        .await
        .into_iter()
        .map(|(kind, _)| kind)
        .collect();
    assert_eq!(kinds, [IncidentKind::Link], "{}", location());
}
