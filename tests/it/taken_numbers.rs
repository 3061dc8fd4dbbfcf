//! A number that another sub-account has: whoever takes it is warned before, and the one that lost it says so at once.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use simulators::{InstallKind, seed};
use time::Duration;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::workers;
use waapify_ghl::workers::monitor::Monitor;

use crate::agency_page::agency_link;
use crate::app_page::{Frame, exchange, payload_of};
use crate::commands::{output, program};
use crate::connecting::{path_in, post};
use crate::harness::Bridge;
use crate::metrics::operated;
use crate::operator::Browser;
use crate::sso::user_of;

const KEYS: [(&str, &str); 2] = [
    ("instance_id", seed::INSTANCE_ID),
    ("access_token", seed::ACCESS_TOKEN),
];
const LOST: &str = "Another sub-account has connected this number";

/// A bridge with a connected number, and a link of a second sub-account of the same agency.
async fn with_two() -> (Bridge, String) {
    let bridge = operated().await;
    let second = path_in(&bridge.install_second().await);
    bridge.clock.advance(Duration::minutes(1));
    (bridge, second)
}

async fn holders(bridge: &Bridge) -> Vec<String> {
    sqlx::query_scalar("select location_id from numbers order by location_id")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_page_warns_before_a_number_is_taken_whatever_way_it_was_entered() {
    let (bridge, second) = with_two().await;
    let warned = "is connected to another sub-account now";
    let (status, page) = post(&bridge, &second, &KEYS).await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Is this your number?") && page.contains(warned),
        "{page}"
    );
    assert!(
        !page.contains(seed::LOCATION_ID),
        "not named to a stranger: {page}"
    );
    let entered = [KEYS[0], KEYS[1], ("number", seed::NUMBER)];
    let (_, page) = post(&bridge, &second, &entered).await;
    assert!(page.contains(warned), "also with a typed number: {page}");
    let number = [("number", seed::NUMBER)];
    let (_, page) = post(&bridge, &format!("{second}/confirm"), &number).await;
    assert!(page.contains(warned), "the yes did not know of it: {page}");
    assert_eq!(holders(&bridge).await, [seed::LOCATION_ID]);
    let knowing = [("number", seed::NUMBER), ("takes", "1")];
    let (_, page) = post(&bridge, &format!("{second}/confirm"), &knowing).await;
    assert!(page.contains("is connected"), "{page}");
    assert_eq!(holders(&bridge).await.len(), 2);
}

#[tokio::test]
async fn an_admin_of_both_is_told_which_one_it_is() {
    let (bridge, _) = with_two().await;
    let name = "Kedai Pertama";
    sqlx::query("insert into account_names (owner_id, name) values ($1, $2) on conflict (owner_id) do update set name = $2")
        .bind(seed::LOCATION_ID)
        .bind(name)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let link = agency_link(&bridge, seed::SECOND_LOCATION_ID).await;
    let (_, page) = post(&bridge, &link, &KEYS).await;
    assert!(page.contains(name), "{page}");
    // One of another agency is not named.
    let ghl = &bridge.simulation.ghl;
    ghl.add_company("OtherAgency", "Agensi Lain");
    ghl.add_location("OtherAgency", "ForeignShop", "Kedai Lain");
    let code = ghl.issue_code(InstallKind::Location {
        location_id: "ForeignShop".to_owned(),
    });
    bridge.callback(&code).await;
    sqlx::query("update numbers set location_id = 'ForeignShop'")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let (_, page) = bridge.get(&link).await;
    assert!(
        page.contains("another sub-account") && !page.contains("Kedai Lain"),
        "{page}"
    );
}

#[tokio::test]
async fn who_lost_it_says_so_at_once_and_until_it_is_connected_there_again() {
    let (bridge, second) = with_two().await;
    post(&bridge, &second, &KEYS).await;
    let knowing = [("number", seed::NUMBER), ("takes", "1")];
    post(&bridge, &format!("{second}/confirm"), &knowing).await;
    let loser = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = loser.get("").await.body;
    assert!(page.contains(LOST), "{page}");
    assert!(!page.contains(seed::SECOND_LOCATION_ID), "{page}");
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page("/operator").await;
    assert!(
        page.contains(LOST) && page.contains(seed::LOCATION_ID),
        "{page}"
    );
    let winner = Frame::open(&bridge, seed::SECOND_LOCATION_ID).await;
    assert!(!winner.get("").await.body.contains(LOST));
    let monitor = Arc::new(Monitor(Arc::clone(&bridge.app.context)));
    bridge.clock.advance(Duration::minutes(20));
    while workers::step(&monitor).await.unwrap() > 0 {}
    assert!(loser.get("").await.body.contains(LOST), "it lasts");
    bridge.connect().await;
    assert!(!loser.get("").await.body.contains(LOST), "it has it again");
    assert!(winner.get("").await.body.contains(LOST));
    bridge.clock.advance(Duration::minutes(20));
    while workers::step(&monitor).await.unwrap() > 0 {}
    let winner = Frame::open(&bridge, seed::SECOND_LOCATION_ID).await;
    assert!(winner.get("").await.body.contains(LOST), "it lasts");
    // When the other one gives the number up, it works here again.
    sqlx::query("delete from numbers where location_id = $1")
        .bind(LocationId::from(seed::LOCATION_ID).as_str())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.clock.advance(Duration::minutes(20));
    while workers::step(&monitor).await.unwrap() > 0 {}
    let winner = Frame::open(&bridge, seed::SECOND_LOCATION_ID).await;
    assert!(!winner.get("").await.body.contains(LOST));
}

#[tokio::test]
async fn who_may_know_it_is_told_who_has_the_number() {
    let (bridge, second) = with_two().await;
    post(&bridge, &second, &KEYS).await;
    let knowing = [("number", seed::NUMBER), ("takes", "1")];
    post(&bridge, &format!("{second}/confirm"), &knowing).await;
    let named = format!("{LOST}: ");
    let browser = Browser::sign_in(&bridge).await;
    let place = format!("/operator/locations/{}", seed::LOCATION_ID);
    for path in ["/operator", place.as_str()] {
        let page = browser.page(path).await;
        let (_, by) = page.split_once(&named).expect(&page);
        let by = by.split('<').next().unwrap();
        assert!(by.contains(seed::SECOND_LOCATION_ID), "{path}: {by}");
    }
    let staff = Frame::open(&bridge, seed::LOCATION_ID).await;
    let page = staff.get("").await.body;
    assert!(page.contains(LOST) && !page.contains(&named), "{page}");
    let mut admin = user_of(seed::LOCATION_ID);
    admin["type"] = json!("agency");
    let admin = Frame::of(&bridge, &exchange(&bridge, &payload_of(&admin)).await);
    let page = admin.get("").await.body;
    let (_, by) = page.split_once(&named).expect(&page);
    assert!(
        by.split('<')
            .next()
            .unwrap()
            .contains(seed::SECOND_LOCATION_ID),
        "{page}"
    );
    // Another agency's is not named to him.
    sqlx::query("update locations set company_id = 'OtherAgency' where location_id = $1")
        .bind(seed::SECOND_LOCATION_ID)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let page = admin.get("").await.body;
    assert!(page.contains(LOST) && !page.contains(&named), "{page}");
}

#[tokio::test]
async fn the_command_asks_before_it_takes_a_number_and_says_who_has_it() {
    let (bridge, _) = with_two().await;
    let connect = |more: &[&str]| {
        let mut command = program(Some(&bridge));
        command.args(["connect", "--location", seed::SECOND_LOCATION_ID]);
        command.args(["--instance-id", seed::INSTANCE_ID, "--number", seed::NUMBER]);
        command.args(["--access-token", seed::ACCESS_TOKEN]);
        command.args(more);
        command
    };
    let (code, _, stderr) = output(connect(&[])).await;
    assert_eq!(code, Some(2), "{stderr}");
    assert!(
        stderr.contains(seed::LOCATION_ID)
            && stderr.contains("nothing was changed")
            && stderr.contains("--yes"),
        "{stderr}"
    );
    assert!(
        !stderr.contains(seed::NUMBER),
        "a line of the log: {stderr}"
    );
    assert_eq!(holders(&bridge).await, [seed::LOCATION_ID]);
    let (code, _, stderr) = output(connect(&["--yes"])).await;
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(holders(&bridge).await.len(), 2);
}
