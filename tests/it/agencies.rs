//! Installs by an agency: all its locations on all pages, locations that are added later, and no other agency's.

use serde_json::json;
use simulators::{Fault, InstallKind, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;

use crate::harness::{Bridge, location, payload};
use crate::installs::{
    CORPUS_LOCATION, LIST, MINT, TOKEN, add_installed_location, add_location, has_token, posts,
};

#[tokio::test]
async fn an_agency_install_ends_in_a_token_for_each_location_and_one_that_fails_is_tried_again() {
    let bridge = Bridge::bare().await;
    add_location(&bridge, "SecondLocation");
    add_location(&bridge, "PausedLocation");
    bridge.simulation.ghl.set_active("PausedLocation", false);
    let code = bridge.company_code(&[seed::LOCATION_ID, "PausedLocation", "SecondLocation"]);
    let page = bridge.callback(&code).await;
    assert_eq!(
        page.matches("/connect/").count(),
        3,
        "each may be connected: {page}"
    );
    let (_, waits) = page.split_once("no access yet").unwrap();
    assert!(
        waits.contains("PausedLocation") && !waits.contains("SecondLocation"),
        "the one that waits is named: {page}"
    );
    assert!(has_token(&bridge, seed::LOCATION_ID).await);
    assert!(has_token(&bridge, "SecondLocation").await);
    assert_eq!(
        bridge.install_status("PausedLocation").await,
        InstallStatus::Pending
    );
    // The service asks again after a quarter of an hour, then after an hour, then less and less often.
    let asked = || bridge.simulation.ghl.faults().count(MINT);
    assert_eq!(asked(), 3);
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(asked(), 3);
    bridge.after(Duration::minutes(15)).await;
    assert_eq!(asked(), 4);
    bridge.simulation.ghl.set_active("PausedLocation", true);
    bridge.after(Duration::minutes(30)).await;
    assert_eq!(asked(), 4);
    bridge.after(Duration::minutes(60)).await;
    assert!(has_token(&bridge, "PausedLocation").await);
}

#[tokio::test]
async fn an_agency_with_more_locations_than_a_page_gets_them_all() {
    let bridge = Bridge::bare().await;
    let ids: Vec<_> = (0..45).map(|n| format!("Location{n:02}")).collect();
    for id in &ids {
        add_location(&bridge, id);
    }
    let all: Vec<_> = ids.iter().map(String::as_str).collect();
    bridge.callback(&bridge.company_code(&all)).await;
    for id in &ids {
        assert_eq!(
            bridge.install_status(id).await,
            InstallStatus::Installed,
            "{id}"
        );
    }
}

#[tokio::test]
async fn an_agency_whose_list_fails_at_first_gets_its_tokens_later() {
    let bridge = Bridge::bare().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(LIST, Fault::answer(502, "<html>"));
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    let page = bridge.callback(&code).await;
    assert!(page.contains("No sub-account has the app yet"), "{page}");
    bridge.after(Duration::minutes(1)).await;
    assert!(has_token(&bridge, seed::LOCATION_ID).await);
}

#[tokio::test]
async fn a_list_in_the_newer_form_is_walked_to_its_end() {
    let bridge = Bridge::bare().await;
    let faults = bridge.simulation.ghl.faults();
    let first = payload("ghl/responses/installed_locations_v3.json");
    let second = json!({"items": [{"_id": "Second", "name": "Kedai Dua"}], "pagination": {"hasNextPage": false}});
    faults.push(
        LIST,
        Fault::answer(200, std::str::from_utf8(&first).unwrap()),
    );
    faults.push(LIST, Fault::answer(200, &second.to_string()));
    let page = bridge.callback(&bridge.company_code(&[])).await;
    assert!(
        page.contains(CORPUS_LOCATION) && page.contains("Second"),
        "{page}"
    );
    assert!(page.contains("Kedai Dua"), "its name in GHL: {page}");
    let asked = faults.seen_at(LIST);
    assert_eq!(asked[1].query["pageToken"], "eyJza2lwIjoxfQ");
}

#[tokio::test]
async fn a_location_added_later_needs_only_the_event_and_one_without_it_is_found_within_a_day() {
    let bridge = Bridge::bare().await;
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.callback(&code).await;
    add_installed_location(&bridge, "Future");
    let mut event = bridge.simulation.ghl.install_event("Future");
    // The form of an automatic install (`tests/payloads/ghl/webhooks/install_future_location.json`).
    for absent in ["companyId", "userId", "companyName"] {
        event.as_object_mut().unwrap().remove(absent);
    }
    posts(&bridge, &event).await;
    bridge.settle().await;
    assert!(has_token(&bridge, "Future").await);

    add_installed_location(&bridge, "Silent");
    bridge.after(Duration::hours(25)).await;
    assert!(has_token(&bridge, "Silent").await);
}

#[tokio::test]
async fn an_install_event_of_an_agency_has_its_locations_listed() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    add_installed_location(&bridge, "Second");
    let event = json!({"type": "INSTALL", "appId": bridge.simulation.ghl.app_id(), "companyId": seed::COMPANY_ID});
    posts(&bridge, &event).await;
    bridge.settle().await;
    assert!(has_token(&bridge, "Second").await);
}

#[tokio::test]
async fn a_delivery_of_an_unknown_location_is_sent_or_answered_with_its_agencys_help() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.simulation.ghl.set_installed(seed::LOCATION_ID, true);
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.state(&id).await, "failed");
    assert!(
        bridge.ghl_error(&id).0 == "not_connected",
        "GHL was told, with the new token"
    );
    bridge.connect().await;
    let id = bridge.agent_writes("lagi").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_location_of_another_agency_gets_no_token_of_ours() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.simulation.ghl.add_company("Other", "Agensi Lain");
    bridge
        .simulation
        .ghl
        .add_location("Other", "Foreign", "Kedai Lain");
    bridge.simulation.ghl.set_installed("Foreign", true);
    posts(&bridge, &bridge.simulation.ghl.install_event("Foreign")).await;
    bridge.settle().await;
    assert_eq!(
        bridge.install_status("Foreign").await,
        InstallStatus::NotInstalled
    );
    let foreign = bridge.use_token(&LocationId::from("Foreign")).await;
    assert!(
        matches!(foreign, Err(TokenError::NotInstalled)),
        "{foreign:?}"
    );
    // It is found when its own agency installs the app.
    let code = bridge.simulation.ghl.issue_code(InstallKind::Company {
        company_id: "Other".to_owned(),
        location_ids: vec!["Foreign".to_owned()],
        bulk: false,
    });
    bridge.callback(&code).await;
    assert_eq!(
        bridge.install_status("Foreign").await,
        InstallStatus::Installed
    );
}

#[tokio::test]
async fn a_location_with_a_grant_of_its_own_keeps_it_when_its_agency_installs() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    assert_eq!(bridge.simulation.ghl.faults().count(MINT), 0);
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
    bridge.clock.advance(Duration::hours(25));
    assert!(bridge.use_token(&location()).await.unwrap());
    let refresh = bridge.simulation.ghl.faults().seen_at(TOKEN).pop().unwrap();
    assert_eq!(refresh.body["user_type"], "Location");
}

#[tokio::test]
async fn an_outage_does_not_use_up_the_tries_after_a_refusal() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    add_location(&bridge, "Second");
    let faults = bridge.simulation.ghl.faults();
    faults.always(MINT, Fault::answer(503, ""));
    posts(&bridge, &bridge.simulation.ghl.install_event("Second")).await;
    for _ in 0..10 {
        bridge.after(Duration::minutes(7)).await;
    }
    // GHL is up again. First it does not know of the install, a little later it does.
    faults.clear();
    bridge.after(Duration::minutes(7)).await;
    assert_eq!(
        bridge.install_status("Second").await,
        InstallStatus::NotInstalled
    );
    bridge.simulation.ghl.set_installed("Second", true);
    bridge.after(Duration::minutes(2)).await;
    assert!(has_token(&bridge, "Second").await);
}
