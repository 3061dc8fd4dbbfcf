//! Names beside ids: GHL is asked for them once a day, and the operator finds sub-accounts by them.

use axum::http::StatusCode;
use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::accounts::account_names;

use super::Browser;
use crate::harness::Bridge;
use crate::metrics::operated;
use crate::monitor::{look, look_later};

/// The route of the question, as the simulated GHL names it.
const ASKED: &str = "GET /locations/{id}";

fn asked(bridge: &Bridge) -> usize {
    bridge.simulation.ghl.faults().seen_at(ASKED).len()
}

#[tokio::test]
async fn the_name_of_a_sub_account_is_asked_for_once_a_day_and_shown() {
    let bridge = operated().await;
    assert_eq!(asked(&bridge), 1, "right after the install");
    look_later(&bridge).await;
    assert_eq!(asked(&bridge), 1);
    bridge.clock.advance(Duration::hours(20));
    look(&bridge.app).await;
    assert_eq!(asked(&bridge), 1, "a name is believed for a day");
    bridge.clock.advance(Duration::hours(5));
    look(&bridge.app).await;
    assert_eq!(asked(&bridge), 2);
    let browser = Browser::sign_in(&bridge).await;
    let list = browser.page("/operator/locations").await;
    let name = format!("<bdi>{}</bdi>", seed::LOCATION_NAME);
    assert!(
        list.contains(&name) && list.contains(seed::LOCATION_ID),
        "{list}"
    );
    let page = browser
        .page(&format!("/operator/locations/{}", seed::LOCATION_ID))
        .await;
    assert!(
        page.contains(seed::LOCATION_NAME) && page.contains(seed::LOCATION_ID),
        "{page}"
    );
}

#[tokio::test]
async fn sub_accounts_are_found_by_parts_of_names_ids_and_numbers() {
    let bridge = operated().await;
    bridge.install_second().await;
    bridge.clock.advance(Duration::minutes(20));
    look(&bridge.app).await;
    // The monitor looks at locations with a number only; an agency's list names the others.
    let (second, name) = (seed::SECOND_LOCATION_ID, seed::SECOND_LOCATION_NAME);
    account_names::record_name(&bridge.database.pool, second, name)
        .await
        .unwrap();
    let browser = Browser::sign_in(&bridge).await;
    let number = format!("%2B{}-{}", &seed::NUMBER[..4], &seed::NUMBER[4..]);
    for only in [
        "KEDAI+CON",
        &seed::LOCATION_ID[..15],
        &seed::NUMBER[4..],
        &number,
    ] {
        let (status, page) = browser
            .get(&format!("/operator/locations?find={only}"))
            .await;
        let is_found = status == StatusCode::SEE_OTHER || page.contains(seed::LOCATION_ID);
        assert!(is_found, "{only}: {status} {page}");
    }
    let both = browser.page("/operator/locations?find=contoh").await;
    assert!(
        both.contains(seed::LOCATION_ID) && both.contains(seed::SECOND_LOCATION_ID),
        "{both}"
    );
    let none = browser.page("/operator/locations?find=%25").await;
    assert!(
        !none.contains(seed::LOCATION_ID),
        "a sign of a pattern is a letter: {none}"
    );
}

#[tokio::test]
async fn a_refusal_of_the_name_changes_nothing_and_is_an_answer_for_a_day() {
    let bridge = operated().await;
    let refused = Fault::answer(404, r#"{"message":"Location not found","statusCode":404}"#);
    bridge.simulation.ghl.faults().push(ASKED, refused);
    bridge.clock.advance(Duration::hours(25));
    look(&bridge.app).await;
    bridge.clock.advance(Duration::HOUR);
    look(&bridge.app).await;
    assert_eq!(asked(&bridge), 2, "after the install, and once a day");
    bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}
