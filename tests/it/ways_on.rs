//! The ways on from pages that failed, and to the pages that were meant.

use axum::http::header::{ACCEPT, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use simulators::seed;

use crate::alerts::agencies::admin;
use crate::app_page::{Frame, exchange, payload_of};
use crate::harness::Bridge;
use crate::metrics::{TOKEN, operated};
use crate::sso::user_of;

fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

fn leads_to(headers: &HeaderMap) -> &str {
    headers.get(LOCATION).map_or("", |to| to.to_str().unwrap())
}

/// Signs in with a form that has this way on. Returns where it leads.
async fn sign_in(bridge: &Bridge, to: &str) -> String {
    let request = client().post(format!("{}/operator/sign-in", bridge.address));
    let form = [("token", TOKEN), ("to", to)];
    let answer = request.header(ORIGIN, &bridge.address).form(&form).send();
    let answer = answer.await.unwrap();
    assert!(answer.headers().contains_key(SET_COOKIE), "{to}");
    leads_to(answer.headers()).to_owned()
}

#[tokio::test]
async fn an_operators_link_leads_through_the_form_to_its_page_and_to_no_other_site() {
    let bridge = operated().await;
    let wanted = "/operator/failures?reason=no_phone&since=2h";
    let asked = client().get(format!("{}{wanted}", bridge.address)).send();
    let asked = asked.await.unwrap();
    let form = leads_to(asked.headers()).to_owned();
    assert!(
        form.starts_with("/operator/sign-in?to=%2Foperator"),
        "{form}"
    );
    let (_, page) = bridge.get(&form).await;
    let field = "name=\"to\" value=\"/operator/failures?reason=no_phone&amp;since=2h\"";
    assert!(page.contains(field), "{page}");
    assert_eq!(sign_in(&bridge, wanted).await, wanted);
    // A wrong token keeps it.
    let request = client().post(format!("{}/operator/sign-in", bridge.address));
    let wrong = [("token", "wrong"), ("to", wanted)];
    let page = request.header(ORIGIN, &bridge.address).form(&wrong).send();
    assert!(page.await.unwrap().text().await.unwrap().contains(field));
    for foreign in [
        "",
        "/operator",
        "//evil.example/operator/",
        "https://evil.example/operator/messages/1",
        "/operator/../../app",
        "/operator/\\evil.example",
        "/operator//evil.example",
        "/operator/messages/1\r\nx: y",
        "/operator/sign-in",
        "/operator/sign-out",
        "/operatorx",
        "/connect/x",
        "javascript:alert(1)",
    ] {
        assert_eq!(sign_in(&bridge, foreign).await, "/operator", "{foreign:?}");
    }
    let long = format!("/operator/{}", "x".repeat(2_000));
    assert_eq!(sign_in(&bridge, &long).await, "/operator");
}

/// What a person who opens an address gets.
async fn opens(frame: &Frame<'_>, path: &str) -> (StatusCode, HeaderMap, String) {
    let request = client().get(format!("{}{path}", frame.bridge.address));
    let request = request.header(COOKIE, &frame.cookie);
    let answer = request
        .header(ACCEPT, "text/html,*/*")
        .send()
        .await
        .unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap())
}

#[tokio::test]
async fn addresses_beside_a_page_lead_to_it_and_a_missing_page_has_a_link() {
    let bridge = Bridge::new().await;
    let frame = Frame::open(&bridge, seed::LOCATION_ID).await;
    let of = |rest: &str| format!("{}{rest}", frame.path);
    for (from, to) in [
        ("/messages/", "/messages"),
        ("/messages/?state=failed", "/messages?state=failed"),
        ("/checks/", "/checks"),
        ("/provider", "/checks"),
    ] {
        let (status, headers, body) = opens(&frame, &of(from)).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{from}: {body}");
        assert_eq!(leads_to(&headers), of(to));
    }
    let part = frame.get("/provider").await;
    assert_eq!(part.status, StatusCode::OK, "for the page's script");
    assert!(!part.body.contains("<html"));
    for (path, home) in [
        (of("/messages/999999"), frame.path.clone()),
        (of("/a/b/c"), frame.path.clone()),
        ("/nowhere".to_owned(), "/".to_owned()),
    ] {
        let (status, _, body) = opens(&frame, &path).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
        assert!(
            body.contains(&format!("<a href=\"{home}\">Go to the first page")),
            "{path}: {body}"
        );
    }
}

#[tokio::test]
async fn a_payload_without_an_agency_is_not_blamed_on_the_secret_and_says_so_once() {
    let bridge = Bridge::new().await;
    for agency in [None, Some(Value::Null), Some(json!(""))] {
        let mut user = user_of(seed::LOCATION_ID);
        match agency {
            Some(agency) => user["companyId"] = agency,
            None => drop(user.as_object_mut().unwrap().remove("companyId")),
        }
        let payload = payload_of(&user);
        let answer = exchange(&bridge, &payload).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer.body.contains("GHL did not tell us your agency"),
            "{}",
            answer.body
        );
        assert!(!answer.body.contains("secret"), "{}", answer.body);
        // No oracle: payloads have no MAC.
        let again = exchange(&bridge, &payload).await;
        assert!(
            again.body.contains("We could not tell who you are"),
            "{}",
            again.body
        );
    }
    let answer = exchange(&bridge, "x").await;
    assert!(
        answer.body.contains("open the page again in GHL")
            && answer.body.contains("<a href=\"/app\">"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_reload_of_a_refused_session_asks_ghl_again_in_the_same_site() {
    let bridge = Bridge::new().await;
    let answer = client().get(format!("{}/app/session?in=abc", bridge.address));
    let answer = answer.send().await.unwrap();
    assert_eq!(leads_to(answer.headers()), "/app?in=abc");
    let (_, page) = bridge.get("/app").await;
    assert!(
        page.contains("src=\"/assets/back.js\""),
        "every page: {page}"
    );
}

#[tokio::test]
async fn a_refused_form_of_alerts_keeps_what_was_typed_and_says_what_is_wrong() {
    let bridge = Bridge::new().await;
    let page = admin(&bridge).await;
    let template = r#"{"text": {{text}}, "x": 1}"#;
    for (address, words) in [
        ("ftp://hooks.example/x", "must begin with https://"),
        ("javascript:alert(1)", "must begin with https://"),
        ("https://example.com:22/", "this port is not allowed"),
        (
            "http://10.0.0.1/hook",
            "does not lead to a server on the public Internet",
        ),
        ("hooks", "Enter a whole address"),
    ] {
        let fields = [
            ("kind", "webhook"),
            ("address", address),
            ("template", template),
        ];
        let answer = page.post("/alerts", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{address}");
        let body = answer.body;
        assert!(body.contains(words), "{address}: {body}");
        assert!(body.contains(&format!("value=\"{address}\"")), "{body}");
        assert!(
            body.contains("{&quot;text&quot;: {{text}}, &quot;x&quot;: 1}"),
            "{body}"
        );
        let shown = page.get("/alerts").await.body;
        assert!(
            !shown.contains(&format!("value=\"{address}\"")),
            "only in the answer: {shown}"
        );
    }
}
