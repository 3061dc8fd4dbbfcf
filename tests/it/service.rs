//! The running service: workers start at once, health checks are true, and a stop loses nothing.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use simulators::Timings;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use waapify_ghl::app::App;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::{db, http};

use crate::harness::{Bridge, ask, environment, settings, wait};

/// Runs the workers of a bridge beside its routes, as `serve` does.
async fn run(bridge: &Bridge) -> (CancellationToken, JoinHandle<anyhow::Result<()>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stop = CancellationToken::new();
    let running = bridge
        .app
        .clone()
        .run(listener, Router::new(), stop.clone());
    (stop, tokio::spawn(running))
}

#[tokio::test]
async fn a_message_goes_through_without_anyone_driving_the_workers() {
    let bridge = Bridge::new().await;
    let (stop, running) = run(&bridge).await;
    let id = bridge.agent_writes("hai").await;
    wait("it is sent", async || bridge.state(&id).await == "sent").await;
    let reply = bridge.customer_writes("hai juga").await;
    wait("the reply is posted", async || {
        bridge
            .inbound(&reply)
            .await
            .is_some_and(|(state, _, _)| state == "posted")
    })
    .await;
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stop_lets_a_send_in_hand_end_and_takes_no_other() {
    let bridge = Bridge::new().await;
    // Long enough that the send is still running when the stop is noticed, even on a busy machine.
    bridge
        .simulation
        .adjust(|timings: &mut Timings| timings.send_takes = Duration::from_secs(3));
    let (stop, running) = run(&bridge).await;
    let first = bridge.agent_writes("satu").await;
    wait("the gateway has it", async || {
        bridge.simulation.waapify.faults().count("send.php") == 1
    })
    .await;
    stop.cancel();
    let second = bridge.agent_writes("dua").await;
    running.await.unwrap().unwrap();
    assert_eq!(bridge.state(&first).await, "sent");
    assert_eq!(
        bridge.state(&second).await,
        "accepted",
        "it waits for the next process"
    );
}

#[tokio::test]
async fn a_send_whose_process_died_waits_for_its_echo_and_is_not_repeated() {
    let bridge = Bridge::new().await;
    bridge.simulation.adjust(|timings: &mut Timings| {
        timings.send_takes = Duration::from_millis(400);
        timings.echo_after = Duration::from_millis(600);
    });
    let (_stop, running) = run(&bridge).await;
    let id = bridge.agent_writes("sekali").await;
    wait("the gateway has it", async || {
        bridge.simulation.waapify.faults().count("send.php") == 1
    })
    .await;
    // The tasks of an aborted runner end in the middle of their work, like those of a killed process.
    running.abort();
    let _ = running.await;
    bridge
        .until("the echo confirms it", async || {
            bridge.state(&id).await == "sent"
        })
        .await;
    bridge.after(time::Duration::HOUR).await;
    assert_eq!(bridge.simulation.waapify.faults().count("send.php"), 1);
}

#[tokio::test]
async fn probes_tell_whether_the_database_answers() {
    let bridge = Bridge::bare().await;
    assert_eq!(
        bridge.get("/healthz").await,
        (StatusCode::OK, "ok\n".into())
    );
    assert_eq!(
        bridge.get("/readyz").await,
        (StatusCode::OK, "ready\n".into())
    );
    let nowhere = db::open_pool("postgres://nobody@127.0.0.1:9/none").unwrap();
    let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
    let routes = App::new(&settings(&environment), nowhere, Clock::system())
        .unwrap()
        .router();
    for (path, expected) in [
        ("/healthz", StatusCode::OK),
        ("/readyz", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let request = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(ask(&routes, request).await.0, expected, "{path}");
    }
}

#[tokio::test]
async fn the_front_page_is_in_the_readers_language_framed_by_nobody_and_leads_nowhere() {
    for (language, says) in [
        ("en", "There is nothing to do on this page"),
        ("ms-MY", "Tiada apa-apa perlu dibuat di halaman ini"),
    ] {
        let request = Request::get("/").header("accept-language", language);
        let request = request.body(Body::empty()).unwrap();
        let (status, headers, page) = ask(&http::front_page(), request).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["x-frame-options"], "DENY");
        assert!(page.contains(says), "{page}");
        // The only links lead to the page's own content, and to itself in the other language.
        assert_eq!(page.matches("<a ").count(), 2, "{page}");
        assert_eq!(page.matches("href=\"?lang=").count(), 1, "{page}");
    }
}
