//! Every kind of install ends with working location tokens: through the browser, GHL's event, or an agency's list.

use axum::http::{StatusCode, header};
use serde_json::Value;
use simulators::{Fault, InstallKind, seed};
use time::Duration;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::model::states::InstallStatus;

use crate::harness::{Bridge, location, payload, wait};

pub const TOKEN: &str = "POST /oauth/token";
const DESCRIBE: &str = "GET /locations/{id}";
pub const MINT: &str = "POST /oauth/locationToken";
pub const LIST: &str = "GET /oauth/installedLocations";
/// What looks like a code of GHL's.
pub const ANY_CODE: &str = "0123456789abcdef0123456789abcdef01234567";
/// The location of the corpus.
pub const CORPUS_LOCATION: &str = "wAapLoc4b9QxT2mK7pZd";

/// Adds a location of the seeded agency.
pub fn add_location(bridge: &Bridge, id: &str) {
    let ghl = &bridge.simulation.ghl;
    ghl.add_location(seed::COMPANY_ID, id, "Kedai Dua");
}

/// An agency installs the app in a location later, so that no browser comes to the callback.
pub fn add_installed_location(bridge: &Bridge, id: &str) {
    add_location(bridge, id);
    bridge.simulation.ghl.set_installed(id, true);
}

pub async fn posts(bridge: &Bridge, event: &Value) {
    let answer = bridge.simulation.ghl.posts_app_event(event).await;
    assert_eq!(answer, Some(200), "{event}");
}

pub async fn has_token(bridge: &Bridge, id: &str) -> bool {
    bridge.use_token(&LocationId::from(id)).await.is_ok()
}

#[tokio::test]
async fn a_location_install_ends_in_a_working_token_and_says_what_to_do_next() {
    let bridge = Bridge::bare().await;
    let page = bridge.install().await;
    assert!(page.contains("Connect your WhatsApp number"), "{page}");
    assert!(page.contains("action=\"/connect/"), "{page}");
    assert!(bridge.use_token(&location()).await.unwrap());
    let exchange = bridge.simulation.ghl.faults().seen_at(TOKEN).remove(0).body;
    assert_eq!(exchange["user_type"], "Location");
    assert_eq!(
        exchange["redirect_uri"],
        format!("{}/oauth/callback", bridge.address)
    );
}

#[tokio::test]
async fn every_grant_of_the_corpus_becomes_what_it_is() {
    for (grant, minted) in [
        ("token_location", None),
        ("token_company", Some("location_token_v2")),
        ("token_company", Some("location_token_v2_without_refresh")),
        ("token_company_without_location", Some("location_token_v3")),
    ] {
        let bridge = Bridge::bare().await;
        let faults = bridge.simulation.ghl.faults();
        let answer = |status, file: &str| {
            let body = payload(&format!("ghl/responses/{file}.json"));
            Fault::answer(status, std::str::from_utf8(&body).unwrap())
        };
        faults.push(TOKEN, answer(201, grant));
        if let Some(minted) = minted {
            faults.push(LIST, answer(200, "installed_locations_v2"));
            faults.push(MINT, answer(201, minted));
        }
        // The simulated GHL did not make the corpus's tokens.
        faults.push(DESCRIBE, Fault::answer(503, ""));
        let page = bridge.callback(ANY_CODE).await;
        assert_eq!(
            bridge.install_status(CORPUS_LOCATION).await,
            InstallStatus::Installed,
            "{grant}: {page}"
        );
        let other = bridge.install_status("wAapLoc8c3RyU5nL1qXe").await;
        assert_eq!(
            other,
            InstallStatus::Unknown,
            "the app is not installed there"
        );
        let company: i64 =
            sqlx::query_scalar("select count(*) from tokens where owner_kind = 'company'")
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
        assert_eq!(company == 1, minted.is_some(), "{grant}");
    }
}

#[tokio::test]
async fn an_install_event_before_the_callback_after_it_twice_or_never_ends_the_same() {
    for order in ["BC", "CB", "BBC", "CBB", "C"] {
        let bridge = Bridge::bare().await;
        for step in order.chars() {
            match step {
                'B' => {
                    let event = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
                    posts(&bridge, &event).await;
                    bridge.settle().await;
                }
                _ => {
                    bridge.install().await;
                }
            }
        }
        bridge.settle().await;
        assert_eq!(
            bridge.install_status(seed::LOCATION_ID).await,
            InstallStatus::Installed,
            "{order}"
        );
        assert!(bridge.use_token(&location()).await.unwrap(), "{order}");
        let faults = bridge.simulation.ghl.faults();
        assert_eq!(
            (faults.count(TOKEN), faults.count(MINT)),
            (1, 0),
            "{order}: the location's own grant is all that was needed"
        );
    }
}

#[tokio::test]
async fn a_code_used_twice_or_made_up_gets_a_page_that_helps() {
    let bridge = Bridge::bare().await;
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    for query in [
        format!("?code={code}"),
        "?code=madeup".into(),
        format!("?code={ANY_CODE}"),
        "?code=".into(),
        String::new(),
        "?error=access_denied".into(),
    ] {
        let (status, page) = bridge.get(&format!("/oauth/callback{query}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains("install"), "{page}");
    }
    assert!(
        bridge.use_token(&location()).await.unwrap(),
        "the first install stands"
    );
}

#[tokio::test]
async fn a_ghl_that_does_not_answer_gets_a_page_that_says_so() {
    let bridge = Bridge::bare().await;
    bridge
        .simulation
        .ghl
        .faults()
        .always(TOKEN, Fault::answer(503, "<html>"));
    let (status, page) = bridge
        .get(&format!("/oauth/callback?code={ANY_CODE}"))
        .await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("start again in a few minutes"), "{page}");
}

/// The browser comes to the callback with a code. Returns the status of the page.
pub async fn come_back(bridge: &Bridge, query: &str, cookie: Option<&str>) -> StatusCode {
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    let mut request = bridge.http.get(format!(
        "{}/oauth/callback?code={code}{query}",
        bridge.address
    ));
    if let Some(cookie) = cookie {
        request = request.header(header::COOKIE, cookie);
    }
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_busy_ghl_is_asked_for_the_token_again_at_once() {
    let bridge = Bridge::bare().await;
    let faults = bridge.simulation.ghl.faults();
    faults.push(TOKEN, Fault::answer(429, "{}"));
    faults.push(TOKEN, Fault::answer(502, "<html>"));
    assert_eq!(come_back(&bridge, "", None).await, StatusCode::SEE_OTHER);
    assert_eq!(faults.count(TOKEN), 3);
}

#[tokio::test]
async fn the_next_install_of_a_connected_location_asks_for_nothing() {
    let bridge = Bridge::new().await;
    let page = bridge.install().await;
    assert!(page.contains("connected to +60111234567 already"), "{page}");
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.state(&id).await, "sent");
}

#[tokio::test]
async fn a_browser_that_leaves_does_not_lose_the_install() {
    let bridge = Bridge::bare().await;
    let slow = Fault::Slow(std::time::Duration::from_secs(1));
    bridge.simulation.ghl.faults().push(TOKEN, slow);
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    let visit = bridge
        .http
        .get(format!("{}/oauth/callback?code={code}", bridge.address));
    let gone = visit
        .timeout(std::time::Duration::from_millis(300))
        .send()
        .await;
    assert!(gone.unwrap_err().is_timeout());
    wait("the install is stored", async || {
        bridge.install_status(seed::LOCATION_ID).await == InstallStatus::Installed
    })
    .await;
}

#[tokio::test]
async fn a_message_of_a_location_whose_token_is_long_in_coming_waits_quietly_and_not_for_ever() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.simulation.ghl.set_installed(seed::LOCATION_ID, true);
    bridge.simulation.ghl.set_active(seed::LOCATION_ID, false);
    let id = bridge.agent_writes("hai").await;
    for _ in 0..60 {
        bridge.after(Duration::minutes(1)).await;
    }
    let (steps, attempt): (i64, i32) = sqlx::query_as(
        "select (select count(*) from timeline t where t.message_id = o.id), o.attempt from outbound o where ghl_message_id = $1",
    )
    .bind(&id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    assert!(
        steps <= 2 && attempt <= 6,
        "{steps} steps, {attempt} attempt"
    );
    for _ in 0..8 {
        bridge.after(Duration::hours(4)).await;
    }
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".to_owned(), Some("not_installed".to_owned()))
    );
}

#[tokio::test]
async fn statuses_of_what_was_sent_before_the_token_came_reach_ghl_with_it() {
    let bridge = Bridge::bare().await;
    bridge.connect().await;
    bridge.simulation.ghl.set_active(seed::LOCATION_ID, false);
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Pending
    );
    bridge.simulation.ghl.set_active(seed::LOCATION_ID, true);
    bridge.after(Duration::minutes(20)).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
}
