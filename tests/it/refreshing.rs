//! One refresh for all callers, with real processes: hundreds of callers in two of them, and a kill at each step.

use rustix::process::Signal;
use simulators::{Fault, seed};
use sqlx::{AssertSqlSafe, Connection as _};
use waapify_ghl::model::states::InstallStatus;

use crate::commands::Serving;
use crate::harness::{Bridge, location, wait};

const TOKEN: &str = "POST /oauth/token";
/// Longer than any test: the request never gets its answer.
const FOREVER: std::time::Duration = std::time::Duration::from_mins(5);

/// An installed and connected location whose access token has just expired.
async fn with_ended_token() -> Bridge {
    let bridge = Bridge::new().await;
    // Twice GHL's grace time, so that a busy machine does not fail the test. That a repeat arrives within GHL's own
    // grace time follows from constants, which are tested where they are defined.
    bridge
        .simulation
        .adjust(|timings| timings.refresh_grace = std::time::Duration::from_mins(1));
    bridge.simulation.ghl.expire_access_tokens();
    sqlx::query("update tokens set expires_at = now()")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge
}

fn refreshes(bridge: &Bridge) -> usize {
    // The first call was the install's.
    bridge.simulation.ghl.faults().count(TOKEN) - 1
}

async fn posted(bridge: &Bridge) -> i64 {
    sqlx::query_scalar("select count(*) from inbound where state = 'posted'")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn two_processes_with_two_hundred_messages_refresh_once() {
    let bridge = with_ended_token().await;
    bridge.simulation.ghl.set_burst_limit(Some(10_000));
    for n in 0..200 {
        let phone = format!("+6012{n:07}");
        bridge
            .simulation
            .waapify
            .customer_sends(&phone, "Pelanggan", "hai")
            .await;
    }
    // Long enough for all callers to arrive during the refresh.
    let slow = Fault::Slow(std::time::Duration::from_secs(2));
    bridge.simulation.ghl.faults().push(TOKEN, slow);
    let processes = [Serving::start(&bridge).await, Serving::start(&bridge).await];
    wait("all are posted", async || posted(&bridge).await == 200).await;
    assert_eq!(refreshes(&bridge), 1);
    for process in processes {
        process.signal(Signal::TERM);
        assert_eq!(process.ended().await.0, Some(0));
    }
}

/// A process whose request for new tokens gets `fault`.
async fn refreshing(fault: Fault) -> (Box<Bridge>, Serving) {
    let bridge = Box::new(with_ended_token().await);
    bridge.simulation.ghl.faults().push(TOKEN, fault);
    bridge.customer_writes("hai").await;
    let process = Serving::start(&bridge).await;
    wait("it asks for a new pair", async || refreshes(&bridge) == 1).await;
    // If it were killed earlier, its lease would hold the number's events for a minute.
    wait("the customer's event has ended", async || {
        let waiting = "select count(*) from waapify_events where state = 'accepted'";
        let pool = &bridge.database.pool;
        sqlx::query_scalar(waiting).fetch_one(pool).await.ok() == Some(0_i64)
    })
    .await;
    (bridge, process)
}

/// Kills the process. Another process must be able to continue with the location.
async fn kill_and_take_over(bridge: &Bridge, killed: Serving) {
    killed.signal(Signal::KILL);
    assert_eq!(killed.ended().await.0, None);
    let next = Serving::start(bridge).await;
    // The first message is leased to the killed process for a while; another customer's message is not.
    let (_, name, phone) = seed::LIM_WEI;
    bridge
        .simulation
        .waapify
        .customer_sends(phone, name, "ada?")
        .await;
    wait("the next process posts a message", async || {
        posted(bridge).await == 1
    })
    .await;
    next.signal(Signal::TERM);
    assert_eq!(next.ended().await.0, Some(0));
    assert_eq!(
        bridge.install_status(seed::LOCATION_ID).await,
        InstallStatus::Installed
    );
    assert!(bridge.use_token(&location()).await.unwrap());
}

#[tokio::test]
async fn a_process_killed_before_ghl_acted_leaves_a_location_that_works() {
    let (bridge, process) = refreshing(Fault::Hang(FOREVER)).await;
    kill_and_take_over(&bridge, process).await;
    assert_eq!(refreshes(&bridge), 2);
}

#[tokio::test]
async fn a_process_killed_before_ghls_answer_came_leaves_a_location_that_works() {
    let (bridge, process) = refreshing(Fault::silent_after_effect(FOREVER)).await;
    kill_and_take_over(&bridge, process).await;
    assert_eq!(
        refreshes(&bridge),
        2,
        "the old refresh token was given twice"
    );
}

#[tokio::test]
async fn a_process_killed_between_answer_and_commit_leaves_a_location_that_works() {
    // The answer takes a second. In that time the row is locked, so that the process cannot store the tokens.
    let slow = Fault::Slow(std::time::Duration::from_secs(1));
    let (bridge, process) = refreshing(slow).await;
    let mut lock = sqlx::PgConnection::connect(&bridge.database.url())
        .await
        .unwrap();
    let mut tx = lock.begin().await.unwrap();
    sqlx::query("select 1 from tokens for update")
        .execute(&mut *tx)
        .await
        .unwrap();
    let storing =
        "datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'
        and query ~ '^\\s*update tokens\\s+set company_id'";
    let count = format!("select count(*) from pg_stat_activity where {storing}");
    wait("the new pair waits for the lock", async || {
        let waiting: i64 = sqlx::query_scalar(AssertSqlSafe(count.clone()))
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
        waiting == 1
    })
    .await;
    // Postgres would finish the statement of a killed client, so the statement is ended first.
    let end = format!("select pg_terminate_backend(pid) from pg_stat_activity where {storing}");
    sqlx::query(AssertSqlSafe(end))
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    kill_and_take_over(&bridge, process).await;
    assert_eq!(
        refreshes(&bridge),
        2,
        "the pair was lost, and GHL gave it again"
    );
}

#[tokio::test]
async fn a_process_killed_after_the_commit_leaves_a_location_that_works() {
    let slow = Fault::Slow(std::time::Duration::from_millis(1));
    let (bridge, process) = refreshing(slow).await;
    wait("the new pair is stored", async || {
        let version: i64 = sqlx::query_scalar("select version from tokens")
            .fetch_one(&bridge.database.pool)
            .await
            .unwrap();
        version == 2
    })
    .await;
    kill_and_take_over(&bridge, process).await;
    assert_eq!(refreshes(&bridge), 1, "the stored pair is used");
}
