//! Messages in progress while the location switches to another number, and numbers that are removed.

use std::sync::Arc;

use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::history::incidents;
use waapify_ghl::db::history::incidents::About;
use waapify_ghl::db::numbers::removals;
use waapify_ghl::model::states::IncidentKind;
use waapify_ghl::workers;
use waapify_ghl::workers::outbound::Outbound;

use crate::attachment_sources::Storage;
use crate::harness::{Bridge, location};
use crate::sticky::{SECOND, connect_second};

/// Sends only the first part of a message of two parts.
async fn send_half(bridge: &Bridge) -> String {
    let storage = Storage::of_a_shop().await;
    let file = storage.url("/menu.pdf");
    let id = bridge
        .agent_sends(seed::AISYAH.0, "Menu kami", &[&file])
        .await;
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    while bridge.sends().is_empty() {
        assert!(workers::step(&worker).await.unwrap() > 0);
    }
    assert_eq!(bridge.state(&id).await, "accepted", "a part is left");
    id
}

/// Sends a message that is lost, without a clear answer of the gateway.
async fn send_into_the_dark(bridge: &Bridge) -> String {
    let faults = bridge.simulation.waapify.faults();
    faults.push("send.php", Fault::answer(200, ""));
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    id
}

#[tokio::test]
async fn a_message_in_parts_goes_on_from_its_own_number() {
    let bridge = Bridge::new().await;
    let id = send_half(&bridge).await;
    let second = connect_second(&bridge).await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(bridge.sends().len(), 2);
    assert_eq!(second.sent_texts(), Vec::<String>::new());
    bridge.agent_sends(seed::LIM_WEI.0, "lagi", &[]).await;
    bridge.settle().await;
    assert_eq!(second.sent_texts(), ["lagi"], "another contact's does not");
}

#[tokio::test]
async fn an_unconfirmed_message_is_tried_again_from_its_own_number() {
    let bridge = Bridge::new().await;
    let id = send_into_the_dark(&bridge).await;
    let second = connect_second(&bridge).await;
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(bridge.texts_on_phone(), ["hai"]);
    assert_eq!(second.sent_texts(), Vec::<String>::new());
}

#[tokio::test]
async fn a_removed_numbers_message_goes_on_from_the_one_that_sends() {
    let bridge = Bridge::new().await;
    let id = send_into_the_dark(&bridge).await;
    let second = connect_second(&bridge).await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let remove = async |number| removals::remove_number(pool, &location(), number, now).await;
    assert!(!remove(SECOND).await.unwrap(), "messages leave from it");
    assert!(remove(seed::NUMBER).await.unwrap());
    assert!(!remove(seed::NUMBER).await.unwrap(), "it is gone");
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(bridge.state(&id).await, "sent");
    assert_eq!(second.sent_texts(), ["hai"]);
    assert_eq!(
        bridge.simulation.waapify.webhook(),
        None,
        "Waapify was told"
    );
}

#[tokio::test]
async fn a_number_whose_instance_another_number_got_is_given_up() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    sqlx::query(
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
            is_default, next_send_at, connected_at)
         select location_id, $1, instance_id, access_token, webhook_secret, 'another', false, next_send_at, connected_at
         from numbers",
    )
    .bind(SECOND)
    .execute(pool)
    .await
    .unwrap();
    let location = location();
    let about = About {
        location: &location,
        number: SECOND,
        kind: IncidentKind::Link,
    };
    let noted = incidents::open(pool, about, None, None, bridge.clock.now()).await;
    assert!(noted.unwrap().is_some());
    bridge.connect().await;
    bridge.settle().await;
    assert_eq!(incidents::list_open(pool, &location).await.unwrap(), []);
    let keyless: Vec<String> = sqlx::query_scalar(
        "select number from numbers where access_token is null and webhook_secret is null",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    assert_eq!(keyless, [SECOND]);
    assert!(bridge.simulation.waapify.webhook().is_some());
}
