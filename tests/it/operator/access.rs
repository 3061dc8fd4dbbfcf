//! Who may open the operator's pages: every route, with everything that is no valid proof.

use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, COOKIE, ORIGIN, SET_COOKIE};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use simulators::seed;
use time::Duration;

use super::{Browser, client, csrf};
use crate::harness::{Bridge, settings};
use crate::messages::number_of;
use crate::metrics::{TOKEN, operated};

/// Every route of the operator's pages, with real ids.
pub async fn routes(bridge: &Bridge) -> (String, Vec<(&'static str, String)>) {
    let failed = bridge
        .agent_sends(seed::NOMBOR_SALAH.0, "rahsia", &[])
        .await;
    bridge.settle().await;
    let id = number_of(bridge, &failed).await;
    let location = seed::LOCATION_ID;
    let routes = vec![
        ("GET", "/operator".to_owned()),
        ("POST", "/operator/sign-out".to_owned()),
        ("GET", "/operator/locations".to_owned()),
        ("GET", format!("/operator/locations/{location}")),
        ("GET", format!("/operator/locations/{location}/messages")),
        ("GET", "/operator/numbers".to_owned()),
        ("GET", "/operator/failures".to_owned()),
        ("GET", format!("/operator/messages/{id}")),
        ("POST", format!("/operator/messages/{id}/replay")),
        ("GET", "/operator/agencies".to_owned()),
        ("GET", "/operator/search?q=nobody".to_owned()),
        (
            "GET",
            "/operator/queues?queue=outbound&state=accepted".to_owned(),
        ),
        ("GET", "/operator/replay".to_owned()),
        ("POST", "/operator/replay".to_owned()),
        ("GET", "/operator/audit".to_owned()),
    ];
    (id, routes)
}

/// Asks with these headers and asserts that the answer shows no data.
async fn refused(
    bridge: &Bridge,
    (method, path): &(&'static str, String),
    headers: &[(axum::http::HeaderName, &str)],
) -> StatusCode {
    let mut request =
        client().request(method.parse().unwrap(), format!("{}{path}", bridge.address));
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    if *method == "POST" {
        request = request.form(&[("csrf", ""), ("anyway", "1")]);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let page = answer.text().await.unwrap();
    for private in [seed::LOCATION_ID, seed::NUMBER, seed::COMPANY_ID, "csrf"] {
        assert!(!page.contains(private), "{method} {path}: {page}");
    }
    status
}

#[tokio::test]
async fn without_an_admin_token_there_are_no_such_pages() {
    let bridge = Bridge::new().await;
    let (_, mut routes) = routes(&bridge).await;
    routes.push(("GET", "/operator/sign-in".to_owned()));
    routes.push(("POST", "/operator/sign-in".to_owned()));
    for route in &routes {
        assert_eq!(
            refused(&bridge, route, &[]).await,
            StatusCode::NOT_FOUND,
            "{route:?}"
        );
    }
}

#[tokio::test]
async fn every_route_is_closed_to_whoever_is_not_the_operator() {
    let bridge = operated().await;
    let (id, routes) = routes(&bridge).await;
    let browser = Browser::sign_in(&bridge).await;
    let forged = format!("{}x", &browser.cookie[..browser.cookie.len() - 8]);
    let cut = browser.cookie[..browser.cookie.len() - 8].to_owned();
    for route in &routes {
        let leads_away = StatusCode::SEE_OTHER;
        assert_eq!(refused(&bridge, route, &[]).await, leads_away, "{route:?}");
        for cookie in ["session=", "session=e30", &forged, &cut] {
            let status = refused(&bridge, route, &[(COOKIE, cookie)]).await;
            assert_eq!(status, leads_away, "{route:?} {cookie}");
        }
    }
    // One wrong header for every second route, because only few attempts are allowed.
    for route in routes.iter().step_by(2) {
        let status = refused(&bridge, route, &[(AUTHORIZATION, "Bearer wrong")]).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{route:?}");
    }
    bridge.clock.advance(Duration::minutes(61));
    for route in &routes {
        let status = refused(&bridge, route, &[(COOKIE, &browser.cookie)]).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{route:?}");
    }
    let state: String = sqlx::query_scalar("select state from outbound where id = $1")
        .bind(id.parse::<i64>().unwrap())
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(state, "failed", "nothing was replayed");
}

/// A cookie with this content, sealed as the service seals it.
fn sealed(bridge: &Bridge, holder: &Value, path: &str, life: Duration) -> String {
    let end = (bridge.clock.now() + life).unix_timestamp();
    let token_hash = waapify_ghl::crypto::hash_secret(TOKEN);
    let session =
        json!({"holder": holder, "csrf": "", "path": path, "end": end, "token_hash": token_hash});
    let sealer = settings(&bridge.environment).sealer;
    let value = sealer.seal("http/session", &session.to_string().into());
    format!("session={}", URL_SAFE_NO_PAD.encode(value))
}

#[tokio::test]
async fn a_locations_session_and_one_of_another_place_or_time_open_nothing() {
    let bridge = operated().await;
    let (_, routes) = routes(&bridge).await;
    let (operator, hour) = (json!("Operator"), Duration::HOUR);
    let location = json!({"Location": seed::LOCATION_ID});
    let foreign = [
        sealed(&bridge, &location, "/operator", hour),
        sealed(&bridge, &location, "/app", hour),
        sealed(&bridge, &operator, "/app", hour),
        sealed(&bridge, &operator, "/operator", Duration::ZERO),
    ];
    for route in &routes {
        for cookie in &foreign {
            let status = refused(&bridge, route, &[(COOKIE, cookie)]).await;
            assert_eq!(status, StatusCode::SEE_OTHER, "{route:?}");
        }
    }
    let right = Browser {
        bridge: &bridge,
        client: client(),
        cookie: sealed(&bridge, &operator, "/operator", hour),
    };
    right.page("/operator").await;
}

#[tokio::test]
async fn a_wrong_token_opens_no_session_and_a_foreign_page_cannot_sign_in() {
    let bridge = operated().await;
    let url = format!("{}/operator/sign-in", bridge.address);
    for wrong in ["", "x", &TOKEN[1..]] {
        let answer = client()
            .post(&url)
            .form(&[("token", wrong)])
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert!(answer.headers().get(SET_COOKIE).is_none());
        let page = answer.text().await.unwrap();
        assert!(
            page.contains("not the operator") && page.contains("aria-invalid=\"true\""),
            "{page}"
        );
    }
    let foreign = client()
        .post(&url)
        .header(ORIGIN, "https://evil.example")
        .form(&[("token", TOKEN)])
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    assert!(foreign.headers().get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn forms_of_other_pages_do_nothing_and_signing_out_ends_the_session() {
    let bridge = operated().await;
    let (id, _) = routes(&bridge).await;
    let browser = Browser::sign_in(&bridge).await;
    let replay = format!("/operator/messages/{id}/replay");
    let page = browser.page(&format!("/operator/messages/{id}")).await;
    for form in [&[][..], &[("csrf", "")], &[("csrf", "x")]] {
        assert_eq!(browser.post(&replay, form).await.0, StatusCode::FORBIDDEN);
        let (status, _) = browser.post("/operator/sign-out", form).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }
    let foreign = browser
        .client
        .post(format!("{}{replay}", bridge.address))
        .header(COOKIE, &browser.cookie)
        .header(ORIGIN, "https://evil.example")
        .form(&[("csrf", csrf(&page))])
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let out = browser
        .client
        .post(format!("{}/operator/sign-out", bridge.address))
        .header(COOKIE, &browser.cookie)
        .form(&[("csrf", csrf(&page))])
        .send()
        .await
        .unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    let set = out.headers()[SET_COOKIE].to_str().unwrap();
    assert!(
        set.starts_with("session=;") && set.contains("Max-Age=0"),
        "{set}"
    );
}
