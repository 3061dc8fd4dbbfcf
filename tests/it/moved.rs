//! A sub-account that moves to another agency: the newest install's agency gives its token, and a token that does not open
//! it is named and waited for.

use serde_json::{Value, json};
use simulators::{Fault, InstallKind, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::model::states::InstallStatus;

use crate::files::{picture, sends};
use crate::harness::{Bridge, location};
use crate::installs::{MINT, posts};
use crate::metrics::operated;
use crate::operator::Browser;

const INBOUND: &str = "POST /conversations/messages/inbound";
const STATUS: &str = "PUT /conversations/messages/{id}/status";
const LOOKUP: &str = "GET /contacts/search/duplicate";
const UPLOAD: &str = "POST /conversations/messages/upload";
/// All that the service asks with a location's token on behalf of messages.
const ROUTES: [&str; 5] = [INBOUND, STATUS, LOOKUP, UPLOAD, "GET /contacts/{id}"];
const OTHER: &str = "OtherAgency";
const WORDS: [(u16, &str); 2] = [
    (403, "The token does not have access to this location."),
    (401, "This location is not accessible from this token!"),
];

fn refusal(status: u16, words: &str) -> Fault {
    Fault::answer(
        status,
        &json!({"statusCode": status, "message": words}).to_string(),
    )
}

/// The seeded agency's install in the seeded location, with its number connected.
async fn of_an_agency() -> Bridge {
    let bridge = Bridge::bare().await;
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    bridge.connect().await;
    bridge
}

/// The other agency installs the app for all its locations.
async fn other_installs(bridge: &Bridge, locations: &[&str]) {
    let code = bridge.simulation.ghl.issue_code(InstallKind::Company {
        company_id: OTHER.to_owned(),
        location_ids: locations.iter().map(ToString::to_string).collect(),
        bulk: true,
    });
    bridge.callback(&code).await;
}

fn moves(bridge: &Bridge) {
    let ghl = &bridge.simulation.ghl;
    ghl.add_company(OTHER, "Agensi Lain");
    ghl.move_location(seed::LOCATION_ID, OTHER);
}

async fn state(bridge: &Bridge, id: &str) -> String {
    bridge.inbound(id).await.unwrap().0
}

async fn finding(bridge: &Bridge, check: &str) -> String {
    let findings = bridge.app.context.doctor.check_location(&location()).await;
    let found = findings.into_iter().find(|finding| finding.check == check);
    format!("{:?}", found.unwrap())
}

#[tokio::test]
async fn the_install_of_the_new_agency_is_asked_and_what_waited_is_posted() {
    for says_company in [true, false] {
        let bridge = of_an_agency().await;
        moves(&bridge);
        let id = bridge.customer_writes("hai").await;
        bridge.settle().await;
        bridge.after(Duration::minutes(1)).await;
        assert_eq!(state(&bridge, &id).await, "accepted");
        other_installs(&bridge, &[]).await;
        bridge.simulation.ghl.set_installed(seed::LOCATION_ID, true);
        let mut event = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
        if !says_company {
            event.as_object_mut().unwrap().remove("companyId");
        }
        posts(&bridge, &event).await;
        bridge.settle().await;
        let asked = bridge.simulation.ghl.faults().seen_at(MINT).pop().unwrap();
        assert_eq!(asked.body["companyId"], OTHER);
        bridge.after(Duration::minutes(2)).await;
        assert_eq!(state(&bridge, &id).await, "posted", "{says_company}");
        assert_eq!(
            bridge.install_status(seed::LOCATION_ID).await,
            InstallStatus::Installed
        );
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_token_of_the_old_agency_is_replaced_though_nobody_used_it_since() {
    let bridge = of_an_agency().await;
    moves(&bridge);
    other_installs(&bridge, &[seed::LOCATION_ID]).await;
    let company: String =
        sqlx::query_scalar("select company_id from tokens where owner_kind = 'location'")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
    assert_eq!(company, OTHER);
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(state(&bridge, &id).await, "posted");
}

#[tokio::test]
async fn an_older_install_event_does_not_move_the_location_back() {
    let bridge = of_an_agency().await;
    let mut old = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    moves(&bridge);
    other_installs(&bridge, &[seed::LOCATION_ID]).await;
    old["timestamp"] = Value::from("2020-01-01T00:00:00.000Z");
    posts(&bridge, &old).await;
    bridge.settle().await;
    let company: String = sqlx::query_scalar("select company_id from locations")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(company, OTHER);
}

#[tokio::test]
async fn a_token_that_does_not_open_the_location_is_waited_for_and_named() {
    for (status, words) in WORDS {
        for route in [INBOUND, LOOKUP] {
            let bridge = Bridge::new().await;
            let faults = bridge.simulation.ghl.faults();
            faults.always(route, refusal(status, words));
            let id = bridge.customer_writes("hai").await;
            bridge.settle().await;
            for _ in 0..10 {
                bridge.after(Duration::days(1)).await;
            }
            assert_eq!(state(&bridge, &id).await, "accepted", "{words} {route}");
            let status = bridge.install_status(seed::LOCATION_ID).await;
            assert_eq!(status, InstallStatus::NeedsReinstall, "{words} {route}");
            let named = finding(&bridge, "install").await;
            assert!(named.contains("another agency"), "{named}");
            faults.clear();
            bridge.after(Duration::hours(1)).await;
            assert_eq!(state(&bridge, &id).await, "posted", "{words} {route}");
            let status = bridge.install_status(seed::LOCATION_ID).await;
            assert_eq!(
                status,
                InstallStatus::Installed,
                "it opens the location again"
            );
            bridge.database.pool.close().await;
        }
    }
}

#[tokio::test]
async fn a_location_with_an_agency_gets_another_token_by_itself() {
    let bridge = of_an_agency().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(LOOKUP, refusal(WORDS[0].0, WORDS[0].1));
    let before = faults.count(MINT);
    let id = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(state(&bridge, &id).await, "accepted");
    bridge.after(Duration::minutes(16)).await;
    assert_eq!(faults.count(MINT), before + 1);
    faults.clear();
    bridge.after(Duration::minutes(16)).await;
    assert_eq!(state(&bridge, &id).await, "posted");
}

#[tokio::test]
async fn tokens_that_are_refused_again_and_again_are_not_requested_all_the_time() {
    let bridge = of_an_agency().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(LOOKUP, refusal(WORDS[0].0, WORDS[0].1));
    let before = faults.count(MINT);
    bridge.customer_writes("hai").await;
    for _ in 0..60 {
        bridge.after(Duration::minutes(1)).await;
    }
    assert!(faults.count(MINT) <= before + 5);
}

#[tokio::test]
async fn ticks_wait_for_the_token_too() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(STATUS, refusal(WORDS[0].0, WORDS[0].1));
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    for _ in 0..6 {
        bridge.after(Duration::minutes(10)).await;
    }
    faults.clear();
    bridge.after(Duration::minutes(16)).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
}

#[tokio::test]
async fn a_location_that_no_agency_knows_says_so() {
    let bridge = of_an_agency().await;
    moves(&bridge);
    let used = bridge.use_token(&location()).await;
    assert!(
        matches!(used, Err(TokenError::NeedsReinstall(_))),
        "{used:?}"
    );
    let named = finding(&bridge, "install").await;
    assert!(named.contains("does not have access"), "{named}");
}

/// GHL says of every call that the token does not open the location.
fn refuse_all(bridge: &Bridge) {
    for route in ROUTES {
        let fault = refusal(WORDS[0].0, WORDS[0].1);
        bridge.simulation.ghl.faults().always(route, fault);
    }
}

/// The files that were fetched from WhatsApp.
fn fetched(bridge: &Bridge) -> usize {
    bridge.simulation.waapify.media_faults().count("GET file")
}

#[tokio::test]
async fn a_photo_is_held_with_its_message_and_attached_when_the_token_works_again() {
    for is_contact_known in [true, false] {
        let bridge = Bridge::new().await;
        if is_contact_known {
            bridge.customer_writes("hai").await;
            bridge.settle().await;
        }
        let before = bridge.posted().len();
        refuse_all(&bridge);
        let photo = sends(&bridge, &picture(b"\xff\xd8\xff\xe0 a picture")).await;
        bridge.settle().await;
        for _ in 0..10 {
            bridge.after(Duration::days(1)).await;
        }
        assert_eq!(state(&bridge, &photo).await, "accepted");
        assert!(fetched(&bridge) <= 1, "a look without a file comes first");
        bridge.simulation.ghl.faults().clear();
        bridge.after(Duration::hours(1)).await;
        bridge.after(Duration::minutes(1)).await;
        let posted = bridge.posted();
        assert_eq!(posted.len(), before + 1);
        assert_eq!(posted[before]["attachments"].as_array().unwrap().len(), 1);
        assert!(fetched(&bridge) <= 2);
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn photos_of_a_moved_location_are_attached_by_the_new_agencys_token_though_calls_are_few() {
    let bridge = of_an_agency().await;
    moves(&bridge);
    let mut photos = Vec::new();
    for _ in 0..5 {
        photos.push(sends(&bridge, &picture(b"\xff\xd8\xff\xe0 a picture")).await);
    }
    for _ in 0..12 {
        bridge.after(Duration::hours(1)).await;
    }
    assert!(bridge.posted().is_empty());
    other_installs(&bridge, &[seed::LOCATION_ID]).await;
    // The location's calls are used up when it comes back.
    sqlx::query("update rate_limits set max = 100, used = 100, window_ends_at = $1")
        .bind(bridge.clock.now() + Duration::minutes(1))
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    for _ in 0..12 {
        bridge.after(Duration::seconds(20)).await;
    }
    let posted = bridge.posted();
    assert_eq!(posted.len(), photos.len());
    assert!(posted.iter().all(|post| post["attachments"].is_array()));
}

#[tokio::test]
async fn an_uninstall_of_the_old_agency_is_not_about_the_new_agencys_install() {
    let bridge = of_an_agency().await;
    let mut late = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    moves(&bridge);
    other_installs(&bridge, &[seed::LOCATION_ID]).await;
    bridge.clock.advance(Duration::hours(1));
    let mut real = bridge.simulation.ghl.uninstall_event(seed::LOCATION_ID);
    let later = bridge.clock.now() + Duration::hours(1);
    let later = later
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    for event in [&mut late, &mut real] {
        event["timestamp"] = Value::from(later.as_str());
    }
    posts(&bridge, &late).await;
    bridge.settle().await;
    let status = bridge.install_status(seed::LOCATION_ID).await;
    assert_eq!(status, InstallStatus::Installed);
    assert!(bridge.use_token(&location()).await.unwrap());
    posts(&bridge, &real).await;
    bridge.settle().await;
    let status = bridge.install_status(seed::LOCATION_ID).await;
    assert_eq!(status, InstallStatus::Uninstalled);
}

#[tokio::test]
async fn pages_and_doctor_say_what_to_do_for_a_moved_location() {
    let bridge = operated().await;
    refuse_all(&bridge);
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    let operator = Browser::sign_in(&bridge).await;
    let list = operator.page("/operator/locations?troubled=1").await;
    assert!(list.contains("needs reinstall"), "{list}");
    let page = format!("/operator/locations/{}", seed::LOCATION_ID);
    let page = operator.page(&page).await;
    assert!(page.contains("moved to another agency"), "{page}");
    let named = finding(&bridge, "install").await;
    assert!(named.contains("Install the app again"), "{named}");
}

#[tokio::test]
async fn one_refusal_of_a_token_that_works_holds_nothing() {
    for (status, words) in WORDS {
        for (route, times) in [(INBOUND, 1), (LOOKUP, 1), (INBOUND, 2)] {
            let bridge = Bridge::new().await;
            let faults = bridge.simulation.ghl.faults();
            for _ in 0..times {
                faults.push(route, refusal(status, words));
            }
            let id = bridge.customer_writes("hai").await;
            bridge.settle().await;
            assert_eq!(state(&bridge, &id).await, "accepted", "{words} {route}");
            // Any call of the location shows that the token works.
            for _ in 0..times {
                bridge.clock.advance(Duration::seconds(1));
                bridge.use_token(&location()).await.unwrap();
                bridge.after(Duration::seconds(6)).await;
            }
            assert_eq!(state(&bridge, &id).await, "posted", "{words} {route}");
            bridge.database.pool.close().await;
        }
    }
}

#[tokio::test]
async fn a_tick_does_not_wait_for_a_token_that_works_either() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(STATUS, refusal(WORDS[0].0, WORDS[0].1));
    let waapify = &bridge.simulation.waapify;
    waapify.customer_receives(seed::AISYAH.2).await;
    bridge.settle().await;
    bridge.after(Duration::minutes(1)).await;
    assert_eq!(bridge.ghl_status(&id), "sent");
    bridge.customer_writes("ada lagi").await;
    bridge.settle().await;
    bridge.after(Duration::seconds(1)).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
}
