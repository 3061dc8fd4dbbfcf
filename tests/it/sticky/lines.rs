//! GHL's conversation says when the number changes, and only then.

use simulators::seed;
use time::Duration;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::db::numbers::removals;

use crate::harness::location;
use crate::sticky::{SECOND, aisyah_writes_to, with_two_numbers};

#[tokio::test]
async fn ghl_shows_the_number_once_when_it_changes() {
    let (bridge, second) = with_two_numbers().await;
    let shown = || bridge.conversation();
    bridge.customer_writes("satu").await;
    bridge.settle().await;
    bridge.clock.advance(Duration::minutes(1));
    aisyah_writes_to(&bridge, &second, "dua").await;
    aisyah_writes_to(&bridge, &second, "tiga").await;
    let line = format!("[Written to +{SECOND}]\ndua");
    assert_eq!(shown(), ["satu", line.as_str(), "tiga"]);
    bridge.clock.advance(Duration::minutes(1));
    let typed = bridge
        .simulation
        .waapify
        .owner_writes(seed::AISYAH.2, "saya")
        .await;
    bridge.settle().await;
    let (_, _, text) = bridge.inbound(&typed).await.unwrap();
    let words = format!("[Written on the phone of +{}]\nsaya", seed::NUMBER);
    assert_eq!(text, Some(words));
}

#[tokio::test]
async fn ghl_shows_that_an_answer_left_from_another_number() {
    let (bridge, second) = with_two_numbers().await;
    aisyah_writes_to(&bridge, &second, "hai").await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let removed = removals::remove_number(pool, &location(), SECOND, now).await;
    assert!(removed.unwrap());
    let third =
        bridge
            .simulation
            .waapify
            .add_instance("THIRD", "third-token", "60117654399", "Kedai Tiga");
    let entered = Entered {
        instance_id: "THIRD".to_owned(),
        access_token: "third-token".into(),
        number: "60117654399".to_owned(),
    };
    (bridge.app.connector)
        .connect(&location(), &entered, None)
        .await
        .unwrap();
    for text in ["jawapan", "lagi"] {
        bridge.agent_writes(text).await;
        bridge.after(Duration::seconds(5)).await;
    }
    assert_eq!(third.sent_texts(), ["jawapan", "lagi"]);
    assert_eq!(
        bridge.conversation(),
        ["hai", "[Sent from +60117654399]"],
        "once"
    );
}
