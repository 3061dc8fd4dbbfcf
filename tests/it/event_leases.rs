//! Waapify's events under their leases: long work keeps its lease, work in hand is not claimed twice, and an event that
//! ends processes is set aside soon.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::queue::{Capacity, number_key};
use waapify_ghl::workers::waapify_events::WaapifyEvents;
use waapify_ghl::workers::{Worker, step};

use crate::harness::{Bridge, location, wait};

fn worker(bridge: &Bridge) -> Arc<WaapifyEvents> {
    Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)))
}

async fn run(bridge: &Bridge, sql: &'static str) {
    sqlx::query(sql)
        .execute(&bridge.database.pool)
        .await
        .unwrap();
}

/// Each event's state and reason, in their order.
async fn events(bridge: &Bridge) -> Vec<(String, Option<String>)> {
    sqlx::query_as("select state, reason_code from waapify_events order by id")
        .fetch_all(&bridge.database.pool)
        .await
        .unwrap()
}

async fn lease_end(bridge: &Bridge) -> OffsetDateTime {
    sqlx::query_scalar("select max(due_at) from waapify_events")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_event_that_ended_two_processes_is_set_aside_and_the_next_are_read() {
    let bridge = Bridge::new().await;
    let deadly = bridge.customer_writes("maut").await;
    for text in ["dua", "tiga"] {
        bridge.customer_writes(text).await;
    }
    for _ in 0..2 {
        // Claimed by a process that is then killed.
        assert_eq!(worker(&bridge).claim(64).await.unwrap().len(), 1);
        bridge.clock.advance(Duration::seconds(61));
    }
    bridge.settle().await;
    let (first, rest) = (events(&bridge).await.remove(0), events(&bridge).await);
    assert_eq!(first, ("failed".to_owned(), Some("deadly".to_owned())));
    assert!(
        rest.iter().skip(1).all(|event| event.0 == "done"),
        "{rest:?}"
    );
    assert_eq!(bridge.inbound(&deadly).await, None);
    assert_eq!(bridge.conversation(), ["dua", "tiga"]);
}

#[tokio::test]
async fn two_kills_while_other_events_are_read_set_nothing_aside() {
    let bridge = Bridge::new().await;
    let texts = ["satu", "dua", "tiga"];
    for text in texts {
        bridge.customer_writes(text).await;
    }
    let killed = async || {
        worker(&bridge).claim(64).await.unwrap();
        bridge.clock.advance(Duration::seconds(61));
    };
    killed().await;
    step(&worker(&bridge)).await.unwrap();
    killed().await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), texts);
}

#[tokio::test]
async fn tries_that_the_database_ends_set_nothing_aside() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    run(&bridge, "alter table inbound rename to away").await;
    for _ in 0..25 {
        assert!(step(&worker(&bridge)).await.is_err());
        bridge.clock.advance(Duration::seconds(6));
    }
    run(&bridge, "alter table away rename to inbound").await;
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn a_stopped_process_gives_events_back_as_if_it_had_not_had_them() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    for _ in 0..5 {
        let jobs = worker(&bridge).claim(64).await.unwrap();
        worker(&bridge).release(&jobs).await.unwrap();
    }
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn a_lease_lasts_as_long_as_its_owner_works() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    let mut blocker = bridge.database.pool.begin().await.unwrap();
    sqlx::query("lock table inbound in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let stored = lease_end(&bridge).await;
    let working = tokio::spawn({
        let worker = worker(&bridge);
        async move { step(&worker).await }
    });
    wait("it is claimed", async || lease_end(&bridge).await > stored).await;
    for _ in 0..3 {
        let end = lease_end(&bridge).await;
        bridge.clock.advance(Duration::seconds(50));
        wait("the lease is renewed", async || {
            lease_end(&bridge).await > end
        })
        .await;
        assert!(
            worker(&bridge).claim(64).await.unwrap().is_empty(),
            "it is in good hands"
        );
    }
    blocker.rollback().await.unwrap();
    assert_eq!(working.await.unwrap().unwrap(), 1);
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

/// The age of a lease counts from the claim: a busy process may come to its work late.
#[tokio::test]
async fn work_that_begins_late_renews_its_lease_at_its_first_look() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    let mut blocker = bridge.database.pool.begin().await.unwrap();
    sqlx::query("lock table inbound in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let jobs = worker(&bridge).claim(64).await.unwrap();
    let claimed = lease_end(&bridge).await;
    bridge.clock.advance(Duration::seconds(50));
    let working = tokio::spawn({
        let (worker, job) = (worker(&bridge), jobs[0].clone());
        async move { worker.process(job).await }
    });
    wait("the lease is renewed", async || {
        lease_end(&bridge).await > claimed
    })
    .await;
    blocker.rollback().await.unwrap();
    working.await.unwrap().unwrap();
    bridge.settle().await;
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn who_lost_the_lease_leaves_the_work_to_its_new_owner() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    let jobs = worker(&bridge).claim(64).await.unwrap();
    bridge.clock.advance(Duration::seconds(61));
    assert_eq!(
        worker(&bridge).claim(64).await.unwrap().len(),
        1,
        "another process"
    );
    let mut blocker = bridge.database.pool.begin().await.unwrap();
    sqlx::query("lock table inbound in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let working = tokio::spawn({
        let (worker, jobs) = (worker(&bridge), jobs.clone());
        async move { worker.process(jobs[0].clone()).await }
    });
    // Its statement has to wait before the clock moves: otherwise its look at the lease would begin later.
    wait("it waits for the lock", async || {
        sqlx::query_scalar::<_, bool>(
            "select exists (select 1 from pg_locks where not granted
            and database = (select oid from pg_database where datname = current_database()))",
        )
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap()
    })
    .await;
    bridge.clock.advance(Duration::seconds(30));
    working.await.unwrap().unwrap();
    blocker.rollback().await.unwrap();
    let noted: i64 = sqlx::query_scalar("select count(*) from inbound")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(noted, 0, "the first owner gave up");
}

/// A database that was silent longer than a lease, while its owner was reading: the owner's outcome shows that it lived.
#[tokio::test]
async fn an_owner_that_ends_its_work_after_its_lease_was_not_dead() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    for _ in 0..3 {
        let jobs = worker(&bridge).claim(64).await.unwrap();
        bridge.clock.advance(Duration::seconds(61));
        let others = worker(&bridge).claim(64).await.unwrap();
        assert_eq!(others.len(), 1, "another process");
        let read = worker(&bridge).process(jobs[0].clone()).await;
        read.unwrap();
        worker(&bridge).release(&others).await.unwrap();
    }
    bridge.settle().await;
    let events = events(&bridge).await;
    assert!(events.iter().all(|event| event.0 == "done"), "{events:?}");
    assert_eq!(bridge.conversation(), ["hai"]);
}

#[tokio::test]
async fn what_is_in_hand_is_not_claimed_again_even_when_its_lease_has_ended() {
    let bridge = Bridge::new().await;
    bridge.customer_writes("hai").await;
    let jobs = worker(&bridge).claim(64).await.unwrap();
    bridge.clock.advance(Duration::HOUR);
    let in_hand = [(number_key(&location(), &jobs[0][0].number), 0)];
    let capacity = Capacity {
        left: in_hand.into(),
        ..Capacity::from(8)
    };
    assert!(worker(&bridge).claim(capacity).await.unwrap().is_empty());
    assert_eq!(
        worker(&bridge).claim(8).await.unwrap().len(),
        1,
        "another process takes it"
    );
}

#[tokio::test]
async fn a_body_with_very_many_items_becomes_events_that_are_read_in_its_place() {
    let bridge = Bridge::new().await;
    let contacts: Vec<_> = (0..12_000)
        .map(|n| json!({"id": format!("{n}@lid"), "phoneNumber": format!("6012{n:07}@s.whatsapp.net"), "name": "Ali"}))
        .collect();
    let body = json!({"instance_id": "x", "event": "contacts.upsert", "data": contacts});
    assert_eq!(bridge.gateway_posts(&body).await, StatusCode::OK);
    bridge.customer_writes("selepas itu").await;
    assert_eq!(step(&worker(&bridge)).await.unwrap(), 1);
    let jobs = worker(&bridge).claim(8).await.unwrap();
    worker(&bridge).release(&jobs).await.unwrap();
    let rows: Vec<(String, bool, bool)> = sqlx::query_as(
        "select state, place is not null, position('selepas' in convert_from(body, 'UTF8')) > 0
         from waapify_events order by coalesce(place, id), id",
    )
    .fetch_all(&bridge.database.pool)
    .await
    .unwrap();
    let waits = |is_part, is_later| ("accepted".to_owned(), is_part, is_later);
    let part = waits(true, false);
    let expected = [
        ("done".to_owned(), false, false),
        part.clone(),
        part.clone(),
        part,
        waits(false, true),
    ];
    assert_eq!(rows[..5], expected);
    assert!(
        jobs[0]
            .iter()
            .all(|job| job.body.len() < 700_000 && !job.body.is_empty())
    );
    bridge.settle().await;
    let known: i64 = sqlx::query_scalar("select count(*) from lids where phone is not null")
        .fetch_one(&bridge.database.pool)
        .await
        .unwrap();
    assert_eq!(known, 12_000);
    assert_eq!(bridge.conversation(), ["selepas itu"]);
}
