//! An install that began in a browser ends in that browser.

use axum::http::{StatusCode, header};
use simulators::{Fault, InstallKind, seed};
use tokio::io::{AsyncReadExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::Bridge;
use crate::installs::{TOKEN, add_location, come_back, posts};

/// Begins an install at the service. Returns its state and the cookie that stores it.
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
    assert_eq!(value("version_id"), bridge.simulation.ghl.app_id());
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

#[tokio::test]
async fn an_install_that_began_here_must_come_back_with_its_state_to_its_browser() {
    let bridge = Bridge::bare().await;
    let (state, cookie) = begin(&bridge).await;
    let refused = StatusCode::BAD_REQUEST;
    let theirs = format!("&state={state}");
    for (query, cookie) in [
        (theirs.as_str(), None),
        ("&state=another", Some(cookie.as_str())),
        ("&state=made-up", None),
    ] {
        assert_eq!(come_back(&bridge, query, cookie).await, refused, "{query}");
    }
    assert_eq!(
        bridge.simulation.ghl.faults().count(TOKEN),
        0,
        "no code was used"
    );
    assert_eq!(
        come_back(&bridge, &theirs, Some(&cookie)).await,
        StatusCode::SEE_OTHER,
        "to the connect page"
    );
    assert_eq!(
        come_back(&bridge, "", None).await,
        StatusCode::SEE_OTHER,
        "from the marketplace"
    );
    for empty in ["&state=", "&state=%20"] {
        let taken = come_back(&bridge, empty, Some(&cookie)).await;
        assert_eq!(taken, StatusCode::SEE_OTHER, "{empty}");
    }
}

#[tokio::test]
async fn an_install_from_the_marketplace_is_taken_while_another_is_under_way() {
    let bridge = Bridge::bare().await;
    let (_, cookie) = begin(&bridge).await;
    let taken = come_back(&bridge, "", Some(&cookie)).await;
    assert_eq!(taken, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn several_tabs_may_install() {
    let bridge = Bridge::bare().await;
    let (first, cookie) = begin(&bridge).await;
    let again = bridge
        .http
        .get(format!("{}/oauth/install", bridge.address))
        .header(header::COOKIE, &cookie);
    let again = again.send().await.unwrap();
    let both = again.headers()[header::SET_COOKIE].to_str().unwrap();
    let both = both.split(';').next().unwrap().to_owned();
    let taken = come_back(&bridge, &format!("&state={first}"), Some(&both)).await;
    assert_eq!(taken, StatusCode::SEE_OTHER);
    let second = both.rsplit_once('.').unwrap().1;
    let taken = come_back(&bridge, &format!("&state={second}"), Some(&both)).await;
    assert_eq!(taken, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_refused_state_keeps_the_browsers_own_and_head_uses_no_code() {
    let bridge = Bridge::bare().await;
    let (state, cookie) = begin(&bridge).await;
    let location_id = seed::LOCATION_ID.to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    let address = |state: &str| {
        format!(
            "{}/oauth/callback?code={code}&state={state}",
            bridge.address
        )
    };
    let refused = bridge
        .http
        .get(address("another"))
        .header(header::COOKIE, &cookie)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let kept = refused.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(kept.contains(&state), "{kept}");
    let head = bridge
        .http
        .head(address(&state))
        .header(header::COOKIE, &cookie);
    assert!(head.send().await.unwrap().status().is_success());
    assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), 0);
}

/// An agency installs in its two locations. Returns the path of the page with its links.
async fn agency_installs(bridge: &Bridge) -> String {
    add_location(bridge, seed::SECOND_LOCATION_ID);
    let code = bridge.company_code(&[seed::LOCATION_ID, seed::SECOND_LOCATION_ID]);
    let address = format!("{}/oauth/callback?code={code}", bridge.address);
    let answer = bridge.http.get(address).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let address = answer.headers()[header::LOCATION].to_str().unwrap();
    address.strip_prefix(&bridge.address).unwrap().to_owned()
}

/// The paths of the connect links in a page.
fn links(page: &str) -> Vec<&str> {
    let begins = page.match_indices("/connect/").map(|(at, _)| &page[at..]);
    begins
        .map(|rest| &rest[..rest.find('"').unwrap()])
        .collect()
}

#[tokio::test]
async fn the_list_of_links_has_an_address_that_survives_a_reload_and_a_step_back() {
    let bridge = Bridge::bare().await;
    let path = agency_installs(&bridge).await;
    let (_, first) = bridge.get(&path).await;
    let links = links(&first);
    assert_eq!(links.len(), 2);
    for link in &links {
        assert_eq!(bridge.get(link).await.0, StatusCode::OK, "{link}");
    }
    let (status, again) = bridge.get(&path).await;
    assert_eq!((status, again.as_str()), (StatusCode::OK, first.as_str()));
    let stored: i64 = sqlx::query_scalar("select count(*) from connect_links")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(stored, 2, "a reload makes no links");
    bridge.clock.advance(time::Duration::hours(25));
    assert_eq!(bridge.get(&path).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_list_leaves_out_what_was_uninstalled_and_a_stranger_sees_none() {
    let bridge = Bridge::bare().await;
    let path = agency_installs(&bridge).await;
    let gone = bridge
        .simulation
        .ghl
        .uninstall_event(seed::SECOND_LOCATION_ID);
    posts(&bridge, &gone).await;
    bridge.settle().await;
    let (_, page) = bridge.get(&path).await;
    assert_eq!(links(&page).len(), 1);
    assert!(!page.contains(seed::SECOND_LOCATION_ID));
    let token = links(&page)[0].strip_prefix("/connect/").unwrap();
    for guess in ["unknown", token] {
        let path = format!("/oauth/installed/{guess}");
        assert_eq!(bridge.get(&path).await.0, StatusCode::NOT_FOUND, "{guess}");
    }
}

#[tokio::test]
async fn an_install_in_no_sub_account_has_a_page_that_survives_a_reload_too() {
    let bridge = Bridge::bare().await;
    let page = bridge.callback(&bridge.company_code(&[])).await;
    assert!(page.contains("No sub-account has the app yet"), "{page}");
    let (status, again) = bridge.get("/oauth/installed").await;
    assert_eq!((status, again.as_str()), (StatusCode::OK, page.as_str()));
}

/// In front of GHL: cuts the first connections when a request arrives on them.
async fn cut(listener: TcpListener, first: usize, ghl: String) {
    for n in 0.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        let ghl = ghl.clone();
        tokio::spawn(async move {
            if n < first {
                return stream.read_u8().await.map(|_| ());
            }
            let mut there = TcpStream::connect(ghl).await?;
            copy_bidirectional(&mut stream, &mut there)
                .await
                .map(|_| ())
        });
    }
}

#[tokio::test]
async fn an_exchange_whose_connection_is_cut_is_tried_again_at_once() {
    for (first, expected) in [(1, StatusCode::SEE_OTHER), (2, StatusCode::BAD_GATEWAY)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = listener.local_addr().unwrap().to_string();
        let bridge = Bridge::with(|environment| {
            let base = environment
                .iter_mut()
                .find(|(name, _)| name == "GHL_API_BASE");
            let base = &mut base.unwrap().1;
            let ghl = url::Url::parse(base).unwrap().authority().to_owned();
            *base = base.replace(&ghl, &front);
            tokio::spawn(cut(listener, first, ghl));
        })
        .await;
        assert_eq!(come_back(&bridge, "", None).await, expected, "{first}");
        bridge.database.pool.close().await;
    }
}

#[tokio::test]
async fn a_code_that_may_be_used_up_is_not_tried_again_and_the_page_says_how_to_start_again() {
    let bridge = Bridge::bare().await;
    let code = code(&bridge);
    let faults = bridge.simulation.ghl.faults();
    for _ in 0..4 {
        faults.push(TOKEN, Fault::answer(502, ""));
    }
    let query = format!("code={code}");
    let (status, page, _) = brings(&bridge, &query, "").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(
        page.contains("open the app in the GHL marketplace"),
        "{page}"
    );
    let tried = faults.count(TOKEN);
    faults.clear();
    let (status, page, _) = brings(&bridge, &query, "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("install it once more from the GHL marketplace"),
        "{page}"
    );
    assert_eq!(faults.count(TOKEN), tried);
}

#[tokio::test]
async fn twelve_tabs_may_install_and_of_very_many_the_oldest_gets_a_page() {
    let bridge = Bridge::bare().await;
    let (mut given, mut cookie) = (Vec::new(), String::new());
    for _ in 0..41 {
        let request = bridge.http.get(format!("{}/oauth/install", bridge.address));
        let answer = request
            .header(header::COOKIE, &cookie)
            .send()
            .await
            .unwrap();
        let set = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        cookie = set.split(';').next().unwrap().to_owned();
        given.push(cookie.rsplit(['.', '=']).next().unwrap().to_owned());
    }
    // What every browser keeps.
    assert!(cookie.len() < 2_048, "{}", cookie.len());
    let (status, page, _) = brings(
        &bridge,
        &format!("code={}&state={}", code(&bridge), given[0]),
        &cookie,
    )
    .await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(
        page.contains("open the app in the GHL marketplace"),
        "{page}"
    );
    for state in given.iter().skip(29) {
        let query = format!("code={}&state={state}", code(&bridge));
        let (status, page, left) = brings(&bridge, &query, &cookie).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        cookie = left;
    }
}

/// Brings a browser's cookie to a path. Returns the status, the body, and the cookie that the browser has afterwards.
async fn brings(bridge: &Bridge, query: &str, cookie: &str) -> (StatusCode, String, String) {
    let address = format!("{}/oauth/callback?{query}", bridge.address);
    let request = bridge.http.get(address).header(header::COOKIE, cookie);
    let answer = request.send().await.unwrap();
    let kept = answer.headers().get(header::SET_COOKIE);
    let kept = kept.map(|kept| kept.to_str().unwrap().split(';').next().unwrap().to_owned());
    let status = answer.status();
    let body = answer.text().await.unwrap();
    (status, body, kept.unwrap_or_else(|| cookie.to_owned()))
}

fn code(bridge: &Bridge) -> String {
    let location_id = seed::LOCATION_ID.to_owned();
    let ghl = &bridge.simulation.ghl;
    ghl.issue_code(InstallKind::Location { location_id })
}

#[tokio::test]
async fn what_is_given_twice_leads_to_a_page() {
    let bridge = Bridge::bare().await;
    let (state, cookie) = begin(&bridge).await;
    let code = code(&bridge);
    for query in [
        format!("code={code}&state={state}&state=another"),
        format!("code={code}&code=another&state={state}"),
        format!("error=denied&error=denied&code={code}"),
    ] {
        let (status, page, _) = brings(&bridge, &query, &cookie).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{query}");
        assert!(page.contains("<html"), "{page}");
    }
    assert_eq!(bridge.simulation.ghl.faults().count(TOKEN), 0);
    let same = format!("code={code}&code={code}&state={state}&state={state}");
    let (status, page, _) = brings(&bridge, &same, &cookie).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
}
