//! The secret in a webhook's address: new at each connect, and the old one opens for an hour more.

use axum::http::StatusCode;
use serde_json::json;
use simulators::{Fault, seed};
use time::Duration;
use url::Url;
use waapify_ghl::accounts::connect::Entered;

use crate::ghl_events::uninstall;
use crate::harness::{Bridge, location};

async fn posts(bridge: &Bridge, webhook: &Url) -> StatusCode {
    let body = json!({"data": {"event": "ready"}});
    let answer = bridge.http.post(webhook.clone()).json(&body).send().await;
    answer.unwrap().status()
}

#[tokio::test]
async fn each_connect_makes_a_new_one_and_the_old_one_is_good_for_an_hour() {
    let bridge = Bridge::new().await;
    let webhook = || bridge.simulation.waapify.webhook().unwrap();
    let first = webhook();
    bridge.connect().await;
    let second = webhook();
    assert_ne!(first, second);
    bridge.connect().await;
    let third = webhook();
    bridge.clock.advance(Duration::minutes(59));
    for webhook in [&first, &second, &third] {
        assert_eq!(posts(&bridge, webhook).await, StatusCode::OK);
    }
    bridge.clock.advance(Duration::minutes(2));
    assert_eq!(posts(&bridge, &first).await, StatusCode::NOT_FOUND);
    assert_eq!(posts(&bridge, &second).await, StatusCode::NOT_FOUND);
    assert_eq!(posts(&bridge, &third).await, StatusCode::OK);
}

#[tokio::test]
async fn an_uninstall_ends_the_old_one_too() {
    let bridge = Bridge::new().await;
    let first = bridge.simulation.waapify.webhook().unwrap();
    bridge.connect().await;
    let second = bridge.simulation.waapify.webhook().unwrap();
    uninstall(&bridge, seed::LOCATION_ID).await;
    for webhook in [first, second] {
        assert_eq!(posts(&bridge, &webhook).await, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_connect_of_which_only_the_answer_is_lost_loses_no_event() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    // Waapify takes the new address and the answer is lost; then it is down.
    faults.push(
        "setwebhook.php",
        Fault::silent_after_effect(std::time::Duration::ZERO),
    );
    faults.push("setwebhook.php", Fault::answer(503, ""));
    let entered = Entered {
        instance_id: seed::INSTANCE_ID.to_owned(),
        access_token: seed::ACCESS_TOKEN.into(),
        number: seed::NUMBER.to_owned(),
    };
    let connector = &bridge.app.connector;
    assert!(
        connector
            .connect(&location(), &entered, None)
            .await
            .is_err()
    );
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    assert_eq!(posts(&bridge, &webhook).await, StatusCode::OK);
}
