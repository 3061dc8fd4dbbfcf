//! Which sites may show the page in a frame.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simulators::seed;

use super::{Answer, Frame, answer};
use crate::connecting;
use crate::harness::Bridge;

const GHL: &str = "https://*.gohighlevel.com https://*.leadconnectorhq.com https://*.msgsndr.com";

/// The sites that may frame an answer.
fn ancestors(answer: &Answer) -> String {
    let policy = answer.text("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let (_, rest) = policy.split_once("frame-ancestors ").unwrap();
    rest.split(';').next().unwrap().to_owned()
}

/// Asks for a page as a browser in a frame of `referrer` does.
async fn asked_by(bridge: &Bridge, path: &str, referrer: Option<&str>) -> Answer {
    let mut request = bridge.http.get(format!("{}{path}", bridge.address));
    if let Some(referrer) = referrer {
        request = request.header("referer", referrer);
    }
    answer(request).await
}

/// GHL reports that an agency installed the app under its own domain.
async fn install_under(bridge: &Bridge, company: &str, details: Value) {
    let mut event = bridge.simulation.ghl.install_event(seed::LOCATION_ID);
    event["companyId"] = company.into();
    event["webhookId"] = format!("{company}{details}").into();
    event["whitelabelDetails"] = details;
    assert_eq!(
        bridge.simulation.ghl.posts_app_event(&event).await,
        Some(200)
    );
    bridge.settle().await;
}

#[tokio::test]
async fn ghl_may_show_the_page_and_nobody_else_and_other_pages_nobody_at_all() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    for path in ["/app", "/app/unknown", "/app/unknown/messages", &frame.path] {
        let page = frame.get_at(path).await;
        assert_eq!(ancestors(&page), GHL, "{path}");
        assert!(page.headers.get("x-frame-options").is_none(), "{path}");
        assert_eq!(page.text("referrer-policy"), "same-origin", "{path}");
    }
    for path in ["/oauth/callback", "/connect/unknown", "/healthz"] {
        let page = asked_by(&bridge, path, None).await;
        assert_eq!(ancestors(&page), "'none'", "{path}");
        assert_eq!(page.text("x-frame-options"), "DENY", "{path}");
    }
}

#[tokio::test]
async fn an_agencys_own_domain_may_show_the_page_and_its_locations_sessions() {
    let bridge = Bridge::new().await;
    install_under(
        &bridge,
        seed::COMPANY_ID,
        json!({"domain": "App.Agensi.my", "logoUrl": "x"}),
    )
    .await;
    install_under(&bridge, "other", json!({"domain": "app.lain.my"})).await;
    // The agency in the location's last event does not count here.
    sqlx::query("update locations set company_id = $1")
        .bind(seed::COMPANY_ID)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let own = format!("{GHL} https://app.agensi.my");
    let named = asked_by(&bridge, "/app", Some("https://app.agensi.my/v2/location/x")).await;
    assert_eq!(ancestors(&named), own);
    let stranger = asked_by(&bridge, "/app", Some("https://evil.example/")).await;
    assert_eq!(ancestors(&stranger), GHL);
    let unsaid = ancestors(&asked_by(&bridge, "/app", None).await);
    assert_eq!(unsaid, GHL, "no agency is named to a stranger");
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    assert_eq!(ancestors(&frame.get("").await), own, "its agency's alone");
    assert_eq!(ancestors(&frame.get("/messages/1").await), own);
}

#[tokio::test]
async fn a_click_on_a_page_of_ours_is_shown_where_that_page_was() {
    let bridge = Bridge::new().await;
    sqlx::query("insert into white_label_domains values ($1, 'app.agensi.my', now())")
        .bind(seed::COMPANY_ID)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let own = format!("{GHL} https://app.agensi.my");
    // A session that is over, after a click on one of its own pages.
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    bridge.clock.advance(time::Duration::hours(2));
    let ours = format!("{}{}", bridge.address, frame.path);
    for rest in ["", "/messages", "?begin"] {
        let path = format!("{}{rest}", frame.path);
        let over = asked_by(&bridge, &path, Some(&ours)).await;
        assert_eq!(over.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(ancestors(&over), own, "{path}");
    }
    // A payload that is refused: the page before knew where it was shown.
    let asking = asked_by(&bridge, "/app", Some("https://app.agensi.my/v2/x")).await;
    let (_, action) = asking.body.split_once("action=\"").unwrap();
    let action = action.split('"').next().unwrap();
    let address = format!("{}{action}", bridge.address);
    let request = bridge.http.post(address).form(&[("payload", "x")]);
    let request = request.header("origin", &bridge.address);
    let refused = answer(request.header("referer", format!("{}/app", bridge.address))).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(ancestors(&refused), own);
    for path in ["/app/over", "/app?in=over"] {
        let stranger = asked_by(&bridge, path, Some("https://bridge.example.evil.my/")).await;
        assert_eq!(ancestors(&stranger), GHL);
    }
}

#[tokio::test]
async fn a_domain_goes_when_ghl_names_none_any_more_or_the_agency_uninstalls() {
    let bridge = Bridge::new().await;
    let gone = [
        json!({"type": "INSTALL", "appId": bridge.simulation.ghl.app_id(), "companyId": "c", "whitelabelDetails": {}}),
        json!({"type": "UNINSTALL", "appId": bridge.simulation.ghl.app_id(), "companyId": "c"}),
    ];
    for event in &gone {
        install_under(&bridge, "c", json!({"domain": "app.agensi.my"})).await;
        // An event that does not mention the domain does not change it.
        let silent =
            json!({"type": "INSTALL", "appId": bridge.simulation.ghl.app_id(), "companyId": "c"});
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(&silent).await,
            Some(200)
        );
        bridge.settle().await;
        let named = Some("https://app.agensi.my/");
        let before = ancestors(&asked_by(&bridge, "/app", named).await);
        assert!(before.contains("app.agensi.my"), "{event}");
        assert_eq!(
            bridge.simulation.ghl.posts_app_event(event).await,
            Some(200)
        );
        bridge.settle().await;
        let after = ancestors(&asked_by(&bridge, "/app", named).await);
        assert_eq!(after, GHL, "{event}");
        sqlx::query("delete from ghl_events")
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_is_no_host_name_never_reaches_the_header() {
    let bridge = Bridge::new().await;
    for (n, domain) in [
        json!("*"),
        json!("agensi.my; script-src *"),
        json!("agensi.my https://evil.example"),
        json!("a.my\r\nset-cookie: x=y"),
        json!("127.0.0.1"),
        json!(["a.my"]),
        json!(""),
    ]
    .into_iter()
    .enumerate()
    {
        install_under(&bridge, &format!("c{n}"), json!({"domain": domain})).await;
    }
    let kept: i64 = sqlx::query_scalar("select count(*) from white_label_domains")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    // The same holds for a value that somebody wrote into the database.
    sqlx::query("insert into white_label_domains values ('c', 'a.my; script-src *', now())")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    let named = asked_by(&bridge, "/app", Some("https://a.my/")).await;
    assert_eq!(ancestors(&named), GHL);
}

#[tokio::test]
async fn only_the_domain_that_the_browser_names_is_named() {
    let bridge = Bridge::new().await;
    sqlx::query(
        "insert into white_label_domains select 'c' || n, 'a' || n || '.my', now() from generate_series(1, 1000) n",
    )
    .execute(&bridge.database.pool)
    .await
    .unwrap();
    for path in ["/app", "/app/unknown", "/app/unknown/messages"] {
        let unsaid = ancestors(&asked_by(&bridge, path, None).await);
        assert_eq!(unsaid, GHL, "{path}");
    }
    let named = asked_by(&bridge, "/app", Some("https://a999.my/")).await;
    assert_eq!(ancestors(&named), format!("{GHL} https://a999.my"));
}

#[tokio::test]
async fn only_a_connect_link_that_was_made_inside_ghl_may_be_shown_there() {
    let bridge = Bridge::new().await;
    let outside = connecting::link(&bridge).await;
    install_under(
        &bridge,
        seed::COMPANY_ID,
        json!({"domain": "crm.agensi.my"}),
    )
    .await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let inside = frame.post("/connect", &[]).await;
    let inside = connecting::path_in(inside.leads_to());
    let shown = asked_by(&bridge, &inside, None).await;
    assert_eq!(ancestors(&shown), format!("{GHL} https://crm.agensi.my"));
    assert!(shown.headers.get("x-frame-options").is_none());
    assert!(shown.body.contains("data-framed"), "the ways out");
    for other in [outside, "/connect/unknown".to_owned()] {
        let shown = asked_by(&bridge, &other, None).await;
        assert_eq!(ancestors(&shown), "'none'", "{other}");
        assert_eq!(shown.text("x-frame-options"), "DENY");
    }
}
