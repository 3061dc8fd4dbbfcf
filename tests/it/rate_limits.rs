//! GHL's limit on calls: all processes together keep it, for each location alone, and replies go before status
//! updates.

use simulators::{Fault, InstallKind, seed};
use time::Duration;
use waapify_ghl::accounts::tokens::TokenError;
use waapify_ghl::app::App;
use waapify_ghl::db::accounts::rate_limits::{CallPriority, take_call};
use waapify_ghl::db::open_pool;
use waapify_ghl::model::ids::LocationId;

use crate::bridge::use_token;
use crate::harness::{Bridge, TestDatabase, location, settings};

const LOOKUP: &str = "GET /contacts/search/duplicate";
const STATUS: &str = "PUT /conversations/messages/{id}/status";

#[tokio::test]
async fn two_processes_share_a_locations_hundred_calls_in_ten_seconds() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    let pool = open_pool(&bridge.database.url()).unwrap();
    let other = App::new(&settings(&bridge.environment), pool, bridge.clock.clone()).unwrap();
    let mut refused = 0;
    for n in 0..120 {
        let app = if n % 2 == 0 { &bridge.app } else { &other };
        match use_token(app, &location()).await {
            Ok(_) => {}
            Err(TokenError::RateLimited(pause)) => {
                assert!(pause <= Duration::seconds(10));
                refused += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(refused, 21, "one asked for the name after the install");
    assert_eq!(
        bridge.simulation.ghl.faults().count(LOOKUP),
        99,
        "GHL refused none"
    );
    bridge.clock.advance(Duration::seconds(11));
    bridge.simulation.ghl.set_burst_limit(Some(1_000));
    assert!(bridge.use_token(&location()).await.is_ok());
}

#[tokio::test]
async fn what_ghl_says_about_its_limits_is_obeyed() {
    let bridge = Bridge::bare().await;
    bridge.install().await;
    // An app that is not public has 25 calls (`docs/vendors/ghl.md#limits`).
    bridge.simulation.ghl.set_burst_limit(Some(25));
    let mut taken = 0;
    while bridge.use_token(&location()).await.is_ok() {
        taken += 1;
    }
    assert_eq!(taken, 24, "one asked for the name after the install");
    assert_eq!(bridge.simulation.ghl.faults().count(LOOKUP), 24);
}

#[tokio::test]
async fn a_429_pauses_its_location_only_and_loses_nothing() {
    let bridge = Bridge::new().await;
    bridge
        .simulation
        .ghl
        .add_location(seed::COMPANY_ID, "Second", "Kedai Dua");
    let location_id = "Second".to_owned();
    let code = bridge
        .simulation
        .ghl
        .issue_code(InstallKind::Location { location_id });
    bridge.callback(&code).await;
    bridge
        .simulation
        .ghl
        .faults()
        .push(LOOKUP, Fault::answer(429, ""));
    let reply = bridge.customer_writes("hai").await;
    bridge.settle().await;
    let paused = bridge.use_token(&location()).await;
    assert!(
        matches!(paused, Err(TokenError::RateLimited(_))),
        "{paused:?}"
    );
    assert!(bridge.use_token(&LocationId::from("Second")).await.is_ok());
    bridge.after(Duration::seconds(15)).await;
    bridge.after(Duration::seconds(15)).await;
    assert_eq!(bridge.inbound(&reply).await.unwrap().0, "posted");
}

#[tokio::test]
async fn status_updates_leave_room_for_replies_and_come_when_there_is_room_again() {
    let bridge = Bridge::new().await;
    for n in 0..80 {
        bridge.agent_writes(&format!("kempen {n}")).await;
        bridge.settle().await;
    }
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.after(Duration::seconds(6)).await;
    let told = || bridge.simulation.ghl.faults().count(STATUS);
    assert_eq!(
        told(),
        69,
        "of a hundred calls, one of which asked for the name"
    );
    let reply = bridge.customer_writes("hai").await;
    bridge.settle().await;
    assert_eq!(bridge.inbound(&reply).await.unwrap().0, "posted");
    assert_eq!(told(), 69);
    bridge
        .simulation
        .adjust(|timings| timings.rate_window = std::time::Duration::ZERO);
    for _ in 0..3 {
        bridge.after(Duration::seconds(11)).await;
    }
    assert_eq!(told(), 80);
}

#[tokio::test]
async fn the_last_of_the_days_calls_are_kept_for_replies() {
    let bridge = Bridge::new().await;
    let headers = [
        ("x-ratelimit-limit-daily", "200000"),
        ("x-ratelimit-daily-remaining", "500"),
        ("x-ratelimit-daily-reset", "3600000"),
    ];
    bridge.simulation.ghl.faults().push(
        LOOKUP,
        Fault::Answer {
            status: 200,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            body: r#"{"contact":null}"#.to_owned(),
        },
    );
    bridge.use_token(&location()).await.unwrap();
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let take = |priority, now| take_call(pool, seed::LOCATION_ID, priority, now);
    assert!(take(CallPriority::Reply, now).await.unwrap().is_ok());
    let until = take(CallPriority::StatusUpdate, now)
        .await
        .unwrap()
        .unwrap_err();
    assert!(
        (until - now - Duration::HOUR).abs() < Duration::minutes(1),
        "{until}"
    );
    assert!(
        take(CallPriority::StatusUpdate, until)
            .await
            .unwrap()
            .is_ok()
    );
}

#[tokio::test]
async fn a_window_begins_with_its_first_call_and_counts_to_its_limit() {
    let database = TestDatabase::new().await;
    let start = waapify_ghl::runtime::clock::Clock::system().now();
    for n in 1..=100 {
        let taken = take_call(&database.pool, "l", CallPriority::Reply, start)
            .await
            .unwrap();
        assert_eq!(taken.unwrap().used, n);
    }
    let full = take_call(&database.pool, "l", CallPriority::Reply, start)
        .await
        .unwrap();
    assert_eq!(full.unwrap_err(), start + Duration::seconds(10));
    let others = take_call(&database.pool, "m", CallPriority::Reply, start)
        .await
        .unwrap();
    assert_eq!(others.unwrap().used, 1);
    let next = start + Duration::seconds(10);
    let taken = take_call(&database.pool, "l", CallPriority::StatusUpdate, next)
        .await
        .unwrap();
    assert_eq!(taken.unwrap().used, 1);
}
