//! Who did what inside GHL: with GHL's id of the user and the role, also where it was refused; also on the pages of a connect
//! link that was made there.

use axum::http::StatusCode;
use serde_json::json;
use simulators::seed;

use super::{Frame, exchange, payload_of};
use crate::agency_page::{admin, agency_link};
use crate::connecting::{link, post};
use crate::harness::Bridge;
use crate::metrics::operated;
use crate::operator::Browser;
use crate::qr_first::TOKEN;
use crate::qr_linking::{begin, confirm, state};
use crate::sso::user_of;

type Row = (
    String,
    Option<String>,
    String,
    String,
    Option<String>,
    String,
);

async fn recorded(bridge: &Bridge) -> Vec<Row> {
    sqlx::query_as(
        "select actor_kind, actor, action, location_id, place, outcome
         from audit order by id",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap()
}

fn user_id() -> String {
    let user = user_of(seed::LOCATION_ID);
    user["userId"].as_str().unwrap().to_owned()
}

fn row(kind: &str, role: Option<&str>, action: &str, place: Option<&str>, outcome: &str) -> Row {
    let actor = role.map(|role| format!("{} ({role})", user_id()));
    let place = place.map(str::to_owned);
    let texts = [kind, action, seed::LOCATION_ID, outcome].map(str::to_owned);
    let [kind, action, location, outcome] = texts;
    (kind, actor, action, location, place, outcome)
}

/// The path of a connect link that the frame's form leads to.
async fn made_link(frame: &Frame<'_>) -> String {
    let made = frame.post("/connect", &[]).await;
    let (_, token) = made.leads_to().split_once("/connect/").unwrap();
    format!("/connect/{token}")
}

#[tokio::test]
async fn a_change_is_recorded_with_its_user_and_a_refusal_too() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge.connect().await;
    let settings = format!("/numbers/{}", seed::NUMBER);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let answer = frame.post(&settings, &[("name", "Kedai")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let mut staff = user_of(seed::LOCATION_ID);
    staff["role"] = json!("user");
    let staff = Frame::of(&bridge, &exchange(&bridge, &payload_of(&staff)).await);
    let answer = staff.post_with("/connect", "forged", &[]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(
        recorded(&bridge).await[1..],
        [
            row(
                "user",
                Some("admin"),
                "settings",
                Some(seed::NUMBER),
                "done"
            ),
            row("user", Some("user"), "connect", None, "refused"),
        ]
    );
}

#[tokio::test]
async fn connecting_is_recorded_once_when_it_is_done_with_the_user_who_made_the_link() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let link = made_link(&frame).await;
    bridge.get(&link).await;
    assert_eq!(recorded(&bridge).await, [], "a look at the form");
    let instance = begin(&bridge, &link).await;
    let gateway = &bridge.simulation.waapify;
    gateway.scan_qr_with(&instance, "60119990000", "x").await;
    assert_eq!(state(&bridge, &link).await, "linked");
    bridge.get(&link).await;
    post(&bridge, &format!("{link}/again"), &[]).await;
    bridge.get(&format!("{link}/qr.png")).await;
    gateway.scan_qr_with(&instance, seed::NEW_NUMBER, "y").await;
    assert_eq!(state(&bridge, &link).await, "linked");
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    post(&bridge, &format!("{link}/test"), &[("to", "012-345 6789")]).await;
    let new = Some(seed::NEW_NUMBER);
    let by = |action, place| row("user", Some("admin"), action, place, "done");
    assert_eq!(
        recorded(&bridge).await,
        [
            by("reject_number", Some("60119990000")),
            by("connect", new),
            by("test_message", new),
        ]
    );
}

#[tokio::test]
async fn a_link_from_outside_ghl_has_no_user_and_a_refused_test_is_no_message() {
    let bridge = Bridge::bare().await;
    let link = link(&bridge).await;
    let instance = begin(&bridge, &link).await;
    bridge.simulation.waapify.scan_qr(&instance).await;
    assert_eq!(state(&bridge, &link).await, "linked");
    confirm(&bridge, &link, seed::NEW_NUMBER).await;
    post(&bridge, &format!("{link}/test"), &[("to", "abc")]).await;
    let connected = row("link", None, "connect", Some(seed::NEW_NUMBER), "done");
    assert_eq!(recorded(&bridge).await, [connected]);
}

#[tokio::test]
async fn a_token_that_the_connect_page_keeps_for_the_agency_is_recorded() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let link = agency_link(&bridge, seed::LOCATION_ID).await;
    assert_eq!(recorded(&bridge).await, [], "a look at the form");
    let form = [TOKEN[0], ("keep", "1")];
    post(&bridge, &format!("{link}/qr"), &form).await;
    let kept = row(
        "user",
        Some("agency admin"),
        "keep_token",
        Some(seed::COMPANY_ID),
        "done",
    );
    assert_eq!(recorded(&bridge).await, [kept]);
}

#[tokio::test]
async fn the_list_says_a_users_role_in_the_readers_language() {
    let bridge = operated().await;
    let form = [("access_token", seed::ACCESS_TOKEN)];
    admin(&bridge).await.post("/token", &form).await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page("/operator/audit").await;
    assert!(page.contains("(agency admin)"), "{page}");
    let page = browser.page_in("ms", "/operator/audit").await;
    assert!(page.contains("(admin agensi)"), "{page}");
    assert!(!page.contains("agency admin"), "{page}");
}

#[tokio::test]
async fn a_user_is_named_in_the_audit_as_ghl_told_with_the_id_beside() {
    let bridge = operated().await;
    let settings = format!("/numbers/{}", seed::NUMBER);
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    frame.post(&settings, &[("name", "Kedai")]).await;
    let browser = Browser::sign_in(&bridge).await;
    let page = browser.page("/operator/audit").await;
    let id = user_id();
    assert!(
        page.contains("<bdi>Ali</bdi>") && page.contains(&format!("{id} (admin)")),
        "{page}"
    );
    let file = browser.page("/operator/audit.csv").await;
    assert!(
        file.contains(&format!("{id} (admin)")) && file.contains(",Ali\n"),
        "{file}"
    );
    let mut command = crate::commands::program(Some(&bridge));
    command.arg("audit");
    let (_, listed, _) = crate::commands::output(command).await;
    assert!(listed.contains(&format!("Ali {id} (admin)")), "{listed}");
    // Who has another name now, or none that can be shown.
    let mut renamed = user_of(seed::LOCATION_ID);
    renamed["userName"] = json!("Ali bin Abu\u{0}");
    exchange(&bridge, &payload_of(&renamed)).await;
    renamed["userName"] = json!(" ");
    exchange(&bridge, &payload_of(&renamed)).await;
    let page = browser.page("/operator/audit").await;
    assert!(page.contains("<bdi>Ali bin Abu</bdi>"), "{page}");
}
