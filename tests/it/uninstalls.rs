//! What an uninstall deletes, ends and keeps, and what can happen at the same time.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;
use waapify_ghl::workers;

use crate::connecting::path_in;
use crate::ghl_events::{secrets, uninstall};
use crate::harness::{Bridge, location, wait};

const WEBHOOK: &str = "setwebhook.php";

#[tokio::test]
async fn an_uninstall_destroys_the_secrets_ends_what_waits_and_keeps_the_history() {
    let bridge = Bridge::new().await;
    let sent = bridge.agent_writes("satu").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .faults()
        .always("send.php", Fault::answer(200, crate::harness::OUTAGE));
    let queued = [
        bridge.agent_writes("dua").await,
        bridge.agent_writes("tiga").await,
    ];
    bridge.settle().await;
    bridge
        .simulation
        .ghl
        .faults()
        .always("*", Fault::answer(503, ""));
    let unposted = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert!(secrets(&bridge, seed::LOCATION_ID).await >= 5);
    bridge.simulation.ghl.faults().clear();

    uninstall(&bridge, seed::LOCATION_ID).await;
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Uninstalled
    );
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);
    assert_eq!(
        bridge.simulation.waapify.webhook(),
        None,
        "Waapify posts nothing more"
    );
    let failed = ("failed".to_owned(), Some("uninstalled".to_owned()));
    for id in &queued {
        assert_eq!(bridge.outbound(id).await, failed);
    }
    assert_eq!(bridge.state(&sent).await, "sent", "the history stays");
    let (state, reason, text) = bridge.inbound(&unposted).await.unwrap();
    assert_eq!((state, reason), failed.clone());
    assert_eq!(text.as_deref(), Some("hai"));
    let ended = bridge.use_token(&location()).await;
    assert!(matches!(ended, Err(TokenError::Uninstalled)), "{ended:?}");
    // A message that GHL still delivers ends in the same way.
    let late = bridge.agent_writes("lewat").await;
    bridge.settle().await;
    let failed = ("failed".to_owned(), Some("app_uninstalled".to_owned()));
    assert_eq!(bridge.outbound(&late).await, failed);
}

#[tokio::test]
async fn a_reinstall_brings_the_location_back_and_asks_only_for_what_was_destroyed() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("satu").await;
    bridge.settle().await;
    uninstall(&bridge, seed::LOCATION_ID).await;
    let page = bridge.install().await;
    let (_, form) = bridge.get(&path_in(&page)).await;
    assert!(form.contains(seed::INSTANCE_ID), "{form}");
    assert!(!form.contains(seed::ACCESS_TOKEN), "{form}");
    bridge.connect().await;
    let id = bridge.agent_writes("dua").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
    let reply = bridge.customer_writes("ya").await;
    bridge
        .until("the reply is posted", async || {
            bridge
                .inbound(&reply)
                .await
                .is_some_and(|(state, ..)| state == "posted")
        })
        .await;
    bridge.after(Duration::hours(2)).await;
    assert!(
        bridge.simulation.waapify.webhook().is_some(),
        "the new webhook stays"
    );
}

#[tokio::test]
async fn the_uninstall_of_an_agency_takes_its_locations_along_but_for_those_installed_alone() {
    let bridge = Bridge::bare().await;
    let ghl = &bridge.simulation.ghl;
    ghl.add_location(seed::COMPANY_ID, "Second", "Kedai Dua");
    ghl.add_location(seed::COMPANY_ID, "Alone", "Kedai Tiga");
    ghl.add_company("Other", "Agensi Lain");
    ghl.add_location("Other", "Foreign", "Kedai Lain");
    for location_id in ["Alone", "Foreign"] {
        let location_id = location_id.to_owned();
        let code = ghl.issue_code(simulators::InstallKind::Location { location_id });
        bridge.callback(&code).await;
    }
    let code = bridge.company_code(&[seed::LOCATION_ID, "Second", "Alone"]);
    bridge.callback(&code).await;
    bridge.connect().await;
    let event: Value =
        json!({"type": "UNINSTALL", "appId": ghl.app_id(), "companyId": seed::COMPANY_ID});
    assert_eq!(ghl.posts_app_event(&event).await, Some(200));
    bridge.settle().await;
    for (id, install_status) in [
        (seed::LOCATION_ID, InstallStatus::Uninstalled),
        ("Second", InstallStatus::Uninstalled),
        ("Alone", InstallStatus::Installed),
        ("Foreign", InstallStatus::Installed),
    ] {
        assert_eq!(bridge.install_status(id).await, install_status, "{id}");
    }
    assert_eq!(secrets(&bridge, seed::COMPANY_ID).await, 0);
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);
    assert!(bridge.use_token(&LocationId::from("Alone")).await.is_ok());
}

#[tokio::test]
async fn a_waapify_that_does_not_answer_is_told_later_and_its_keys_go_in_any_case() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    faults.always(WEBHOOK, Fault::answer(502, "<html>"));
    uninstall(&bridge, seed::LOCATION_ID).await;
    assert_eq!(
        secrets(&bridge, seed::LOCATION_ID).await,
        1,
        "the key that tells it"
    );
    faults.clear();
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.simulation.waapify.webhook(), None);
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);

    let never = Bridge::new().await;
    never
        .simulation
        .waapify
        .faults()
        .always(WEBHOOK, Fault::answer(502, "<html>"));
    uninstall(&never, seed::LOCATION_ID).await;
    for _ in 0..10 {
        never.after(Duration::hours(4)).await;
    }
    assert_eq!(secrets(&never, seed::LOCATION_ID).await, 0);
}

#[tokio::test]
async fn an_uninstall_from_before_the_last_install_changes_nothing() {
    let bridge = Bridge::new().await;
    let late = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    let mut install = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    install["timestamp"] = "2126-01-01T00:00:00.000Z".into();
    for event in [&install, &late] {
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(event).await,
            Some(200)
        );
        bridge.settle().await;
    }
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
    assert!(bridge.use_token(&location()).await.unwrap());
}

#[tokio::test]
async fn an_uninstall_while_the_token_is_asked_for_stands() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.simulation.ghl.set_installed(seed::LOCATION_ID, true);
    let install = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    bridge.simulation.ghl.posts_app_event(&install).await;
    let slow = Fault::Slow(std::time::Duration::from_secs(1));
    bridge
        .simulation
        .ghl
        .faults()
        .push("POST /oauth/locationToken", slow);
    let context = || std::sync::Arc::clone(&bridge.app.context);
    let events = std::sync::Arc::new(workers::ghl_events::GhlEvents(context()));
    let upkeep = std::sync::Arc::new(workers::token_upkeep::TokenUpkeep(context()));
    workers::step(&events).await.unwrap();
    let minting = tokio::spawn(async move { workers::step(&upkeep).await });
    wait("the token is asked for", async || {
        bridge
            .simulation
            .ghl
            .faults()
            .count("POST /oauth/locationToken")
            == 1
    })
    .await;
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    bridge.simulation.ghl.posts_app_event(&event).await;
    workers::step(&events).await.unwrap();
    minting.await.unwrap().unwrap();
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Uninstalled
    );
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);
}

#[tokio::test]
async fn a_connect_that_is_under_way_during_an_uninstall_leaves_no_secret_and_no_webhook() {
    let bridge = Bridge::bare().await;
    let page = bridge.install().await;
    let link = path_in(&page);
    let faults = bridge.simulation.waapify.faults();
    faults.push(WEBHOOK, Fault::Slow(std::time::Duration::from_secs(1)));
    let (address, http) = (format!("{}{link}", bridge.address), bridge.http.clone());
    let form = [
        ("instance_id", seed::INSTANCE_ID),
        ("access_token", seed::ACCESS_TOKEN),
        ("number", seed::NUMBER),
    ];
    let submitting = tokio::spawn(async move { http.post(address).form(&form).send().await });
    wait("Waapify is asked", async || faults.count(WEBHOOK) == 1).await;
    uninstall(&bridge, seed::LOCATION_ID).await;
    let answer = submitting.await.unwrap().unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);
    assert_eq!(bridge.simulation.waapify.webhook(), None);
}

#[tokio::test]
async fn a_disconnect_that_is_under_way_during_a_reconnect_leaves_the_webhook_on() {
    let bridge = Bridge::new().await;
    let faults = bridge.simulation.waapify.faults();
    faults.push(WEBHOOK, Fault::Slow(std::time::Duration::from_secs(1)));
    let before = faults.count(WEBHOOK);
    let event = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    bridge.simulation.ghl.posts_app_event(&event).await;
    let reconnect = async {
        wait("Waapify is told", async || faults.count(WEBHOOK) > before).await;
        bridge.connect().await;
    };
    tokio::join!(bridge.settle(), reconnect);
    let webhook = bridge.simulation.waapify.webhook();
    assert!(webhook.is_some(), "{:?}", faults.seen_at(WEBHOOK));
    let reply = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert!(bridge.inbound(&reply).await.is_some());
}

#[tokio::test]
async fn an_instance_that_another_location_uses_keeps_its_webhook() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .add_location(seed::COMPANY_ID, "Second", "Kedai Dua");
    bridge.connect_to(&LocationId::from("Second")).await;
    let webhook = bridge.simulation.waapify.webhook();
    uninstall(&bridge, seed::LOCATION_ID).await;
    assert_eq!(bridge.simulation.waapify.webhook(), webhook);
    assert_eq!(secrets(&bridge, seed::LOCATION_ID).await, 0);
}
