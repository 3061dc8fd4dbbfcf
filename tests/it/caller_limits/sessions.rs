//! When an operator's session ends, and which tokens the service does not start with.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use waapify_ghl::app::App;
use waapify_ghl::config;

use crate::harness::{Bridge, ask, settings};
use crate::metrics::{TOKEN, operated};
use crate::operator::{Browser, csrf};

#[tokio::test]
async fn a_session_that_was_signed_out_opens_nothing_even_with_its_cookie() {
    let bridge = operated().await;
    let (browser, other) = (
        Browser::sign_in(&bridge).await,
        Browser::sign_in(&bridge).await,
    );
    let page = browser.page("/operator").await;
    let (status, _) = browser
        .post("/operator/sign-out", &[("csrf", csrf(&page))])
        .await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let (status, _) = browser.get("/operator").await;
    assert_eq!(
        status,
        StatusCode::SEE_OTHER,
        "the cookie is worth nothing any more"
    );
    other.page("/operator").await;
}

#[tokio::test]
async fn a_session_ends_when_the_operators_token_changes() {
    let bridge = operated().await;
    let browser = Browser::sign_in(&bridge).await;
    let mut environment = bridge.environment.clone();
    let changed = environment
        .iter_mut()
        .find(|(name, _)| name == "ADMIN_TOKEN");
    changed.unwrap().1 = format!("{TOKEN}-changed");
    let pool = bridge.database.pool.clone();
    let restarted = App::new(&settings(&environment), pool, bridge.clock.clone()).unwrap();
    let request = Request::get("/operator").header("cookie", &browser.cookie);
    let answer = ask(&restarted.router(), request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.0, StatusCode::SEE_OTHER);
    browser.page("/operator").await;
}

#[tokio::test]
async fn a_weak_token_is_refused_with_a_sentence_and_without_the_token() {
    let bridge = Bridge::bare().await;
    let with = |token: &str| {
        let environment = bridge.environment.clone();
        config::load(|name| match name {
            "ADMIN_TOKEN" => Some(token.to_owned()),
            name => environment
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone()),
        })
    };
    for weak in [
        "short",
        "aaaaaaaaaaaaaaaaaaaaaaaa",
        "abababababababababab",
        "1234567890123456",
        "abcdefghijklmnop",
        "passwordpassword",
        "Password12345678",
        "admin-admin-admin-1",
        "changeme-changeme",
        "my-secret-admin-token",
        "waapify-ghl-token",
        "qwertyuiopasdfghjkl",
    ] {
        let fault = with(weak).unwrap_err().to_string();
        assert!(
            fault.contains("ADMIN_TOKEN") && fault.contains("openssl rand -hex 32"),
            "{fault}"
        );
        assert!(!fault.contains(weak), "{fault}");
    }
    for strong in [
        TOKEN,
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "correct horse battery staple",
        "Xk3v9QmTz8LrB2nW",
    ] {
        assert!(with(strong).is_ok(), "{strong}");
    }
}
