//! A stop while vendors keep workers waiting: the process ends in time, and the next one continues at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use simulators::{Fault, seed};
use sqlx::Row as _;
use waapify_ghl::db::accounts::token_requests;
use waapify_ghl::db::webhooks::ghl_events;
use waapify_ghl::db::webhooks::ghl_events::NewEvent;
use waapify_ghl::runtime::stop::Stop;
use waapify_ghl::workers;
use waapify_ghl::workers::Worker;
use waapify_ghl::workers::ghl_events::GhlEvents;
use waapify_ghl::workers::inbound::Inbound;
use waapify_ghl::workers::outbound::Outbound;
use waapify_ghl::workers::status_updates::StatusUpdates;
use waapify_ghl::workers::token_upkeep::TokenUpkeep;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::commands::Serving;
use crate::harness::{Bridge, location, wait};

const LOOKUP: &str = "GET /contacts/search/duplicate";
const INBOUND: &str = "POST /conversations/messages/inbound";
const STATUS: &str = "PUT /conversations/messages/{id}/status";
/// Longer than any test.
const FOREVER: Duration = Duration::from_mins(5);

/// Runs a worker until `came_true`, then stops it without time to finish.
async fn cut_off<W: Worker>(worker: W, what: &str, came_true: impl AsyncFn() -> bool) {
    let stop = Stop::default();
    let running = tokio::spawn(workers::run(Arc::new(worker), stop.clone()));
    wait(what, came_true).await;
    stop.requested.cancel();
    stop.overdue.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn what_a_stopped_process_could_not_finish_is_taken_up_by_the_next_at_once() {
    let bridge = Bridge::with(|environment| {
        environment.push(("STOP_TIMEOUT_SECONDS".to_owned(), "6".to_owned()));
    })
    .await;
    bridge.install().await;
    bridge.connect().await;
    let (waapify, ghl) = (
        bridge.simulation.waapify.faults(),
        bridge.simulation.ghl.faults(),
    );
    waapify.always("send.php", Fault::Hang(FOREVER));
    ghl.always(LOOKUP, Fault::Hang(FOREVER));
    let stopped = Serving::start(&bridge).await;
    let id = bridge.agent_writes("satu").await;
    let reply = bridge.customer_writes("dua").await;
    wait("both vendors keep it waiting", async || {
        waapify.count("send.php") == 1 && ghl.count(LOOKUP) == 1
    })
    .await;
    let asked = Instant::now();
    stopped.signal(Signal::TERM);
    let (code, log) = stopped.ended().await;
    assert_eq!(code, Some(0), "{log}");
    assert!(asked.elapsed() < Duration::from_secs(6), "{log}");
    waapify.clear();
    ghl.clear();
    // If the leases of 90 and 150 s were still running, the wait below would give up first.
    let next = Serving::start(&bridge).await;
    wait("the lost send waits for its echo", async || {
        bridge.state(&id).await == "unconfirmed"
    })
    .await;
    wait("the reply is posted", async || {
        bridge.inbound(&reply).await.unwrap().0 == "posted"
    })
    .await;
    next.signal(Signal::TERM);
    assert_eq!(next.ended().await.0, Some(0));
    let row = sqlx::query("select due_at, unconfirmed_sends from outbound")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    let due: time::OffsetDateTime = row.get("due_at");
    assert!(due - bridge.clock.now() > time::Duration::MINUTE);
    assert_eq!(row.get::<i32, _>("unconfirmed_sends"), 1);
    assert_eq!(waapify.count("send.php"), 1, "it is not sent again");
}

#[tokio::test]
async fn a_post_that_was_cut_off_rests_and_is_looked_for() {
    let bridge = Bridge::new().await;
    let id = bridge.customer_writes("hai").await;
    workers::step(&Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context))))
        .await
        .unwrap();
    let lost = Fault::silent_after_effect(FOREVER);
    bridge.simulation.ghl.faults().push(INBOUND, lost);
    let worker = Inbound(Arc::clone(&bridge.app.context));
    cut_off(worker, "GHL has it", async || {
        bridge.conversation() == ["hai"]
    })
    .await;
    bridge.after(time::Duration::seconds(80)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "accepted");
    bridge.after(time::Duration::seconds(15)).await;
    assert_eq!(bridge.inbound(&id).await.unwrap().0, "posted");
    assert_eq!(bridge.posted().len(), 1);
}

#[tokio::test]
async fn a_tick_that_was_cut_off_is_due_at_once() {
    let bridge = Bridge::new().await;
    let id = bridge.agent_writes("hai").await;
    bridge.settle().await;
    bridge
        .simulation
        .waapify
        .customer_receives(seed::AISYAH.2)
        .await;
    bridge.settle().await;
    bridge.clock.advance(time::Duration::seconds(10));
    let faults = bridge.simulation.ghl.faults();
    faults.push(STATUS, Fault::Hang(FOREVER));
    let worker = StatusUpdates(Arc::clone(&bridge.app.context));
    cut_off(worker, "GHL is being told", async || {
        faults.count(STATUS) == 1
    })
    .await;
    bridge.settle().await;
    assert_eq!(bridge.ghl_status(&id), "delivered");
}

#[tokio::test]
async fn an_event_that_was_cut_off_is_read_at_once() {
    let bridge = Bridge::new().await;
    let id = bridge.customer_writes("hai").await;
    let mut blocker = bridge.database.pool.begin().await.unwrap();
    sqlx::query("lock table inbound in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let worker = WaapifyEvents(Arc::clone(&bridge.app.context));
    cut_off(worker, "its worker waits for the lock", async || {
        let waiting = "select exists (select 1 from pg_locks where not granted
            and database = (select oid from pg_database where datname = current_database()))";
        let waiting = sqlx::query_scalar::<_, bool>(waiting);
        waiting.fetch_one(&bridge.database.pool).await.unwrap()
    })
    .await;
    blocker.rollback().await.unwrap();
    bridge
        .until("the message is posted", async || {
            bridge
                .inbound(&id)
                .await
                .is_some_and(|row| row.0 == "posted")
        })
        .await;
}

async fn is_claimed_again_after_its_release<W: Worker>(worker: W) {
    let jobs = worker.claim(1).await.unwrap();
    assert_eq!(jobs.len(), 1, "{}", W::NAME);
    assert!(worker.claim(1).await.unwrap().is_empty(), "{}", W::NAME);
    worker.release(&jobs).await.unwrap();
    assert_eq!(worker.claim(1).await.unwrap().len(), 1, "{}", W::NAME);
}

#[tokio::test]
async fn app_events_and_tokens_that_messages_wait_for_are_given_back_too() {
    let bridge = Bridge::bare().await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let event = NewEvent {
        location: None,
        contact: None,
        webhook_id: None,
        event_type: "INSTALL",
        body: b"{}",
        concerns_us: true,
    };
    ghl_events::accept_event(pool, event, now).await.unwrap();
    token_requests::request_token(pool, &location(), now)
        .await
        .unwrap();
    is_claimed_again_after_its_release(GhlEvents(Arc::clone(&bridge.app.context))).await;
    is_claimed_again_after_its_release(TokenUpkeep(Arc::clone(&bridge.app.context))).await;
}

#[tokio::test]
async fn giving_back_undoes_no_outcome_and_no_later_claim() {
    let bridge = Bridge::new().await;
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    let faults = bridge.simulation.waapify.faults();
    faults.push("send.php", Fault::answer(200, ""));
    let id = bridge.agent_writes("hai").await;
    let jobs = worker.claim(1).await.unwrap();
    worker.process(jobs[0].clone()).await.unwrap();
    assert_eq!(bridge.state(&id).await, "unconfirmed");
    worker.release(&jobs).await.unwrap();
    bridge.after(time::Duration::MINUTE).await;
    assert_eq!(faults.count("send.php"), 1, "its wait goes on");
    bridge.clock.advance(time::Duration::seconds(70));
    let waits = worker.claim(1).await.unwrap();
    assert!(matches!(&waits[..], [workers::outbound::Job::WaitOver(_)]));
    worker.release(&jobs).await.unwrap();
    assert!(
        worker.claim(1).await.unwrap().is_empty(),
        "an earlier claim gives nothing back"
    );
    worker.release(&waits).await.unwrap();
    assert_eq!(worker.claim(1).await.unwrap().len(), 1);
}
