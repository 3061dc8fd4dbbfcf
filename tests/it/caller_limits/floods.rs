//! Junk in great number: honest callers are served beside it, and GHL and WhatsApp notice nothing.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use simulators::{CustomerFile, Fault};
use waapify_ghl::app::App;
use waapify_ghl::runtime::clock::Clock;

use crate::attachment_sources::{JPEG, Storage, Stored};
use crate::harness::{
    Bridge, TestDatabase, ask, environment, location, payload, settings, signature_of, wait,
};

const TOKEN: &str = "POST /oauth/token";
/// Longer than any test.
const FOREVER: Duration = Duration::from_mins(5);

#[tokio::test]
async fn junk_with_the_older_signature_is_told_to_come_again_and_an_honest_delivery_is_stored() {
    let database = TestDatabase::new().await;
    let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
    let app = App::new(
        &settings(&environment),
        database.pool.clone(),
        Clock::system(),
    )
    .unwrap();
    let routes = app.router();
    let junk = STANDARD.encode([7; 512]);
    let flood = join_all((0..1000).map(|_| {
        let request = Request::post(crate::harness::hook_path(&environment, "/hooks/delivery"))
            .header("x-wh-signature", &junk);
        ask(&routes, request.body(Body::from("{}")).unwrap())
    }));
    let file = "provider_outbound_sms_text.json";
    let honest = Request::post(crate::harness::hook_path(&environment, "/hooks/delivery"))
        .header("x-ghl-signature", signature_of(file))
        .body(Body::from(payload(&format!("ghl/webhooks/{file}"))))
        .unwrap();
    let (flood, honest) = tokio::join!(flood, ask(&routes, honest));
    assert_eq!(honest.0, StatusCode::OK, "{}", honest.2);
    let count = |status| flood.iter().filter(|answer| answer.0 == status).count();
    let (refused, put_off) = (
        count(StatusCode::UNAUTHORIZED),
        count(StatusCode::TOO_MANY_REQUESTS),
    );
    assert_eq!(refused + put_off, 1000);
    assert!(refused > 0 && put_off > 0, "{refused} {put_off}");
}

#[tokio::test]
async fn codes_that_ghl_never_wrote_and_codes_that_it_refused_are_not_asked_again() {
    let bridge = Bridge::bare().await;
    let long = "a".repeat(2000);
    for junk in [
        "%20",
        "%3Cscript%3E",
        "two%20words",
        &long,
        "..%2F..%2Fetc%2Fpasswd%20%20",
    ] {
        let (status, _) = bridge.get(&format!("/oauth/callback?code={junk}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{junk}");
    }
    let faults = bridge.simulation.ghl.faults();
    assert_eq!(faults.count(TOKEN), 0);
    for _ in 0..3 {
        let used = "0123456789abcdef0123456789abcdef01234567";
        let (status, page) = bridge.get(&format!("/oauth/callback?code={used}")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(page.contains("did not accept this install"), "{page}");
    }
    assert_eq!(faults.count(TOKEN), 1);
    bridge.install().await;
}

#[tokio::test]
async fn few_codes_are_exchanged_at_a_time() {
    let bridge = Bridge::bare().await;
    let faults = bridge.simulation.ghl.faults();
    faults.always(TOKEN, Fault::Hang(FOREVER));
    for n in 0..20 {
        let path = format!("{}/oauth/callback?code={n:040x}", bridge.address);
        let asked = bridge.http.get(path).send();
        tokio::spawn(asked);
    }
    wait("some are at GHL", async || faults.count(TOKEN) > 0).await;
    let (status, page) = bridge
        .get(&format!("/oauth/callback?code={:040x}", 99))
        .await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{page}");
    assert!(faults.count(TOKEN) <= 4, "{}", faults.count(TOKEN));
}

/// Asks until `most` downloads run, and returns the status of the next one.
async fn one_too_many(
    bridge: &Bridge,
    address: &str,
    most: usize,
    at_source: impl Fn() -> usize,
) -> StatusCode {
    for _ in 0..most {
        let before = at_source();
        tokio::spawn(bridge.http.get(address).send());
        wait("it is fetched", async || at_source() > before).await;
    }
    let next = bridge.http.get(address).timeout(Duration::from_secs(20));
    next.send()
        .await
        .map_or(StatusCode::OK, |answer| answer.status())
}

#[tokio::test]
async fn a_link_to_a_file_has_two_readers_at_a_time() {
    let bridge = Bridge::new().await;
    let file = CustomerFile {
        kind: "document",
        bytes: b"blob",
        mimetype: "application/x-unknown",
        name: Some("blob"),
        caption: None,
    };
    crate::files::sends(&bridge, &file).await;
    bridge.settle().await;
    let link = crate::files::link(&bridge);
    let faults = bridge.simulation.waapify.media_faults();
    faults.always("GET file", Fault::Hang(FOREVER));
    let count = || faults.count("GET file");
    let status = one_too_many(&bridge, &link, 2, count).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_agents_file_has_two_readers_at_a_time() {
    let bridge = Bridge::new().await;
    let storage = Storage::start(vec![Stored::new("/y", "image/jpeg", JPEG)]).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = format!("http://{}/y", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = std::sync::Arc::clone(&asked);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(caller) = listener.accept().await {
            kept.push(caller);
            counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let attachments = &bridge.app.context.attachments;
    let now = bridge.clock.now();
    let address = |url: &str| attachments.address(&location(), url, "image/jpeg", "jpg", now);
    let count = || asked.load(std::sync::atomic::Ordering::SeqCst);
    let status = one_too_many(&bridge, &address(&silent), 2, count).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let other = bridge.http.get(address(&storage.url("/y"))).send().await;
    assert_eq!(
        other.unwrap().status(),
        StatusCode::OK,
        "another file has its own readers"
    );
}
