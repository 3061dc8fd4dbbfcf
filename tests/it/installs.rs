//! Every kind of install ends in working location tokens: what the browser brings, what GHL posts, what an agency lists.

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use time::Duration;
use waapify_ghl::db::installs::Standing;
use waapify_ghl::ids::LocationId;
use waapify_ghl::sandbox::{Fault, InstallKind, seed};
use waapify_ghl::tokens::TokenError;

use crate::harness::{Bridge, location, payload, wait};

const TOKEN: &str = "POST /oauth/token";
const MINT: &str = "POST /oauth/locationToken";
const LIST: &str = "GET /oauth/installedLocations";
/// The location of the corpus.
const CORPUS_LOCATION: &str = "wAapLoc4b9QxT2mK7pZd";

/// Another location of the seeded agency.
fn add_location(bridge: &Bridge, id: &str) {
    let ghl = &bridge.world.ghl;
    ghl.add_location(seed::COMPANY_ID, id, "Kedai Dua");
}

/// As the agency installs the app in a location later: no browser comes to the callback.
fn add_installed_location(bridge: &Bridge, id: &str) {
    add_location(bridge, id);
    bridge.world.ghl.set_installed(id, true);
}

async fn posts(bridge: &Bridge, event: &Value) {
    let answer = bridge.world.ghl.posts_app_event(event).await;
    assert_eq!(answer, Some(200), "{event}");
}

async fn has_token(bridge: &Bridge, id: &str) -> bool {
    bridge.use_token(&LocationId::from(id)).await.is_ok()
}

#[tokio::test]
async fn a_location_install_ends_in_a_working_token_and_says_what_to_do_next() {
    let bridge = Bridge::bare().await;
    let page = bridge.install().await;
    assert!(
        page.contains("connect your WhatsApp number") && page.contains("SMS Provider"),
        "{page}"
    );
    assert!(page.contains(&format!("{}/connect/", bridge.address)));
    assert!(bridge.use_token(&location()).await.unwrap());
    let exchange = bridge.world.ghl.faults().seen_at(TOKEN).remove(0).body;
    assert_eq!(exchange["user_type"], "Location");
    assert_eq!(
        exchange["redirect_uri"],
        format!("{}/oauth/callback", bridge.address)
    );
}

#[tokio::test]
async fn an_agency_install_ends_in_a_token_for_each_location_and_one_that_fails_is_tried_again() {
    let bridge = Bridge::bare().await;
    add_location(&bridge, "SecondLocation");
    add_location(&bridge, "PausedLocation");
    bridge.world.ghl.set_active("PausedLocation", false);
    let code = bridge.company_code(&[seed::LOCATION_ID, "PausedLocation", "SecondLocation"]);
    let page = bridge.callback(&code).await;
    assert_eq!(
        page.matches("/connect/").count(),
        3,
        "each may be connected: {page}"
    );
    assert!(
        page.contains("no access yet") && page.contains("<li>PausedLocation</li>"),
        "the one that waits is named: {page}"
    );
    assert!(has_token(&bridge, seed::LOCATION_ID).await);
    assert!(has_token(&bridge, "SecondLocation").await);
    assert_eq!(bridge.standing("PausedLocation").await, Standing::Pending);
    // Asked again after a quarter of an hour, after an hour, ever more slowly.
    let asked = || bridge.world.ghl.faults().count(MINT);
    assert_eq!(asked(), 3);
    bridge.after(Duration::minutes(5)).await;
    assert_eq!(asked(), 3);
    bridge.after(Duration::minutes(15)).await;
    assert_eq!(asked(), 4);
    bridge.world.ghl.set_active("PausedLocation", true);
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
        assert_eq!(bridge.standing(id).await, Standing::Installed, "{id}");
    }
}

#[tokio::test]
async fn an_agency_whose_list_fails_at_first_gets_its_tokens_later() {
    let bridge = Bridge::bare().await;
    let faults = bridge.world.ghl.faults();
    faults.push(LIST, Fault::answer(502, "<html>"));
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    let page = bridge.callback(&code).await;
    assert!(page.contains("No sub-account has the app yet"), "{page}");
    bridge.after(Duration::minutes(1)).await;
    assert!(has_token(&bridge, seed::LOCATION_ID).await);
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
        let faults = bridge.world.ghl.faults();
        let answer = |status, file: &str| {
            let body = payload(&format!("ghl/responses/{file}.json"));
            Fault::answer(status, std::str::from_utf8(&body).unwrap())
        };
        faults.push(TOKEN, answer(201, grant));
        if let Some(minted) = minted {
            faults.push(LIST, answer(200, "installed_locations_v2"));
            faults.push(MINT, answer(201, minted));
        }
        let page = bridge.callback("any").await;
        assert_eq!(
            bridge.standing(CORPUS_LOCATION).await,
            Standing::Installed,
            "{grant}: {page}"
        );
        let other = bridge.standing("wAapLoc8c3RyU5nL1qXe").await;
        assert_eq!(other, Standing::Unknown, "the app is not installed there");
        let company: i64 =
            sqlx::query_scalar("select count(*) from tokens where owner_kind = 'company'")
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
        assert_eq!(company == 1, minted.is_some(), "{grant}");
    }
}

#[tokio::test]
async fn a_list_in_the_newer_form_is_walked_to_its_end() {
    let bridge = Bridge::bare().await;
    let faults = bridge.world.ghl.faults();
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
    let asked = faults.seen_at(LIST);
    assert_eq!(asked[1].query["pageToken"], "eyJza2lwIjoxfQ");
}

#[tokio::test]
async fn an_install_event_before_the_callback_after_it_twice_or_never_ends_the_same() {
    for order in ["BC", "CB", "BBC", "CBB", "C"] {
        let bridge = Bridge::bare().await;
        for step in order.chars() {
            match step {
                'B' => {
                    let event = bridge.world.ghl.install_event(seed::LOCATION_ID);
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
            bridge.standing(seed::LOCATION_ID).await,
            Standing::Installed,
            "{order}"
        );
        assert!(bridge.use_token(&location()).await.unwrap(), "{order}");
        let faults = bridge.world.ghl.faults();
        assert_eq!(
            (faults.count(TOKEN), faults.count(MINT)),
            (1, 0),
            "{order}: the location's own grant is all that was needed"
        );
    }
}

#[tokio::test]
async fn a_location_added_later_needs_only_the_event_and_one_without_it_is_found_within_a_day() {
    let bridge = Bridge::bare().await;
    let code = bridge.company_code(&[seed::LOCATION_ID]);
    bridge.callback(&code).await;
    add_installed_location(&bridge, "Future");
    let mut event = bridge.world.ghl.install_event("Future");
    // The form of an automatic install (`contract/ghl/webhooks/install_future_location.json`).
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
    let event = json!({"type": "INSTALL", "appId": bridge.world.ghl.app_id(), "companyId": seed::COMPANY_ID});
    posts(&bridge, &event).await;
    bridge.settle().await;
    assert!(has_token(&bridge, "Second").await);
}

#[tokio::test]
async fn a_delivery_of_an_unknown_location_is_sent_or_answered_with_its_agencys_help() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.world.ghl.set_installed(seed::LOCATION_ID, true);
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    assert_eq!(
        bridge.standing(seed::LOCATION_ID).await,
        Standing::Installed
    );
    bridge.after(Duration::seconds(10)).await;
    assert_eq!(bridge.state(&id).await, "failed");
    assert!(
        bridge
            .ghl_error(&id)
            .contains("No WhatsApp number is connected"),
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
    bridge.world.ghl.add_company("Other", "Agensi Lain");
    bridge
        .world
        .ghl
        .add_location("Other", "Foreign", "Kedai Lain");
    bridge.world.ghl.set_installed("Foreign", true);
    posts(&bridge, &bridge.world.ghl.install_event("Foreign")).await;
    bridge.settle().await;
    assert_eq!(bridge.standing("Foreign").await, Standing::NotInstalled);
    let foreign = bridge.use_token(&LocationId::from("Foreign")).await;
    assert!(
        matches!(foreign, Err(TokenError::NotInstalled)),
        "{foreign:?}"
    );
    // When its agency installs the app, it is found.
    let code = bridge.world.ghl.issue_code(InstallKind::Company {
        company_id: "Other".to_owned(),
        location_ids: vec!["Foreign".to_owned()],
        bulk: false,
    });
    bridge.callback(&code).await;
    assert_eq!(bridge.standing("Foreign").await, Standing::Installed);
}

#[tokio::test]
async fn a_code_used_twice_or_made_up_gets_a_page_that_helps() {
    let bridge = Bridge::bare().await;
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .world
        .ghl
        .issue_code(InstallKind::Location { location_id });
    bridge.get(&format!("/oauth/callback?code={code}")).await;
    for query in [
        format!("?code={code}"),
        "?code=madeup".into(),
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
        .world
        .ghl
        .faults()
        .push(TOKEN, Fault::answer(503, "<html>"));
    let (status, page) = bridge.get("/oauth/callback?code=x").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("once more in a few minutes"), "{page}");
}

/// Begins an install here; the state it was given, and the cookie that keeps it.
async fn begin(bridge: &Bridge) -> (String, String) {
    let answer = bridge
        .http
        .get(format!("{}/oauth/install", bridge.address))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let header = |name| answer.headers()[name].to_str().unwrap().to_owned();
    let address = url::Url::parse(&header(header::LOCATION)).unwrap();
    assert_eq!(address.path(), "/v2/oauth/chooselocation");
    let value = |name: &str| {
        let found = address.query_pairs().find(|(key, _)| key == name);
        found
            .unwrap_or_else(|| panic!("{name}: {address}"))
            .1
            .into_owned()
    };
    assert_eq!(value("version_id"), bridge.world.ghl.app_id());
    assert_eq!(
        value("redirect_uri"),
        format!("{}/oauth/callback", bridge.address)
    );
    let cookie = header(header::SET_COOKIE);
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
    (value("state"), cookie.split(';').next().unwrap().to_owned())
}

async fn come_back(bridge: &Bridge, query: &str, cookie: Option<&str>) -> StatusCode {
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .world
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
async fn an_install_that_began_here_must_come_back_with_its_state_to_its_browser() {
    let bridge = Bridge::bare().await;
    let (state, cookie) = begin(&bridge).await;
    let refused = StatusCode::BAD_REQUEST;
    let theirs = format!("&state={state}");
    for (query, cookie) in [
        (theirs.as_str(), None),
        ("&state=another", Some(cookie.as_str())),
        ("", Some(cookie.as_str())),
        ("&state=", Some(cookie.as_str())),
        ("&state=made-up", None),
    ] {
        assert_eq!(come_back(&bridge, query, cookie).await, refused, "{query}");
    }
    assert_eq!(
        bridge.world.ghl.faults().count(TOKEN),
        0,
        "no code was used"
    );
    assert_eq!(
        come_back(&bridge, &theirs, Some(&cookie)).await,
        StatusCode::OK
    );
    assert_eq!(
        come_back(&bridge, "", None).await,
        StatusCode::OK,
        "from the marketplace"
    );
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
    bridge.world.ghl.faults().push(TOKEN, slow);
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .world
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
        bridge.standing(seed::LOCATION_ID).await == Standing::Installed
    })
    .await;
}

#[tokio::test]
async fn a_location_with_a_grant_of_its_own_keeps_it_when_its_agency_installs() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    assert_eq!(bridge.world.ghl.faults().count(MINT), 0);
    assert_eq!(
        bridge.standing(seed::LOCATION_ID).await,
        Standing::Installed
    );
    bridge.clock.advance(Duration::hours(25));
    assert!(bridge.use_token(&location()).await.unwrap());
    let refresh = bridge.world.ghl.faults().seen_at(TOKEN).pop().unwrap();
    assert_eq!(refresh.body["user_type"], "Location");
}

#[tokio::test]
async fn a_message_of_a_location_whose_token_is_long_in_coming_waits_quietly_and_not_for_ever() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    bridge.world.ghl.set_installed(seed::LOCATION_ID, true);
    bridge.world.ghl.set_active(seed::LOCATION_ID, false);
    let id = bridge.agent_writes("hai").await;
    for _ in 0..60 {
        bridge.after(Duration::minutes(1)).await;
    }
    let (steps, claims): (i64, i32) = sqlx::query_as(
        "select (select count(*) from timeline t where t.message_id = o.id), o.claims from outbound o where ghl_message_id = $1",
    )
    .bind(&id)
    .fetch_one(&bridge.database.pool)
    .await
    .unwrap();
    assert!(steps <= 2 && claims <= 6, "{steps} steps, {claims} claims");
    for _ in 0..8 {
        bridge.after(Duration::hours(4)).await;
    }
    assert_eq!(
        bridge.outbound(&id).await,
        ("failed".to_owned(), Some("not_installed".to_owned()))
    );
}

#[tokio::test]
async fn ticks_of_what_was_sent_before_the_token_came_reach_ghl_with_it() {
    let bridge = Bridge::bare().await;
    bridge.connect().await;
    bridge.world.ghl.set_active(seed::LOCATION_ID, false);
    bridge
        .callback(&bridge.company_code(&[seed::LOCATION_ID]))
        .await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge.world.waapify.customer_receives(seed::AISYAH.2).await;
    bridge.settle().await;
    assert_eq!(bridge.standing(seed::LOCATION_ID).await, Standing::Pending);
    bridge.world.ghl.set_active(seed::LOCATION_ID, true);
    bridge.after(Duration::minutes(20)).await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
}

#[tokio::test]
async fn an_outage_does_not_use_up_the_tries_after_a_refusal() {
    let bridge = Bridge::bare().await;
    bridge.callback(&bridge.company_code(&[])).await;
    add_location(&bridge, "Second");
    let faults = bridge.world.ghl.faults();
    faults.always(MINT, Fault::answer(503, ""));
    posts(&bridge, &bridge.world.ghl.install_event("Second")).await;
    for _ in 0..10 {
        bridge.after(Duration::minutes(6)).await;
    }
    // GHL comes back, does not know of the install yet, and knows it a little later.
    faults.clear();
    bridge.after(Duration::minutes(6)).await;
    assert_eq!(bridge.standing("Second").await, Standing::NotInstalled);
    bridge.world.ghl.set_installed("Second", true);
    bridge.after(Duration::minutes(2)).await;
    assert!(has_token(&bridge, "Second").await);
}
