//! What waits costs no claim anything, also while Postgres does not know yet that it is there: a plan that was made when
//! the queues were empty would read them whole at each claim.

use std::sync::Arc;

use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres, pool::PoolConnection};
use waapify_ghl::app::App;
use waapify_ghl::clients::origin::Reach;
use waapify_ghl::relay::Worker;
use waapify_ghl::relay::app_events::AppEvents;
use waapify_ghl::relay::gateway_events::GatewayEvents;
use waapify_ghl::relay::inbound::Inbound;
use waapify_ghl::relay::media::Media;
use waapify_ghl::relay::outbound::Outbound;
use waapify_ghl::relay::status_updates::StatusUpdates;
use waapify_ghl::relay::upkeep::Upkeep;
use waapify_ghl::relay::watch::Watch;

use crate::harness::{Bridge, settings};

/// Postgres keeps a plan from the sixth time on.
const UNTIL_PLANNED: usize = 8;
/// A tenth of what waits in each queue.
const FEW: i64 = 2_000;

/// Twenty thousand of each kind, none of which may be taken yet, in ten conversations.
const BACKLOG: [&str; 6] = [
    "update numbers set next_send_at = '2100-01-01'",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, rank)
     select location_id, n, n % 10, '{}', now(), now(), 1 from numbers, generate_series(1, 20000) n",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
     select location_id, number, n, false, n % 10, now(), 'accepted', '2100-01-01', now()
     from numbers, generate_series(1, 20000) n",
    "insert into gateway_events (location_id, number, body, due_at, received_at)
     select location_id, number, '{}', '2100-01-01', now() from numbers, generate_series(1, 20000)",
    "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
     select location_id, n, n, 'read', '2100-01-01' from numbers, generate_series(1, 20000) n",
    "insert into media (location_id, message_id, due_at)
     select location_id, n, '2100-01-01' from numbers, generate_series(1, 20000) n",
];

/// One connection, as a plan lives with its connection.
async fn alone(pool: &PgPool) -> PgPool {
    let options = pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(1);
    pool.connect_with(options).await.unwrap()
}

/// Rows and index entries of the queues that were read so far.
async fn count_reads(pool: &PgPool) -> i64 {
    let mut connection: PoolConnection<Postgres> = pool.acquire().await.unwrap();
    sqlx::query("select pg_stat_force_next_flush()")
        .execute(&mut *connection)
        .await
        .unwrap();
    sqlx::query_scalar(
        "select (sum(seq_tup_read) + (select sum(idx_tup_read) from pg_stat_user_indexes))::bigint
         from pg_stat_user_tables",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap()
}

/// One look of a worker, which finds nothing; the rows it read.
async fn look<W: Worker>(worker: &W, pool: &PgPool) -> i64 {
    let before = count_reads(pool).await;
    let taken = [
        worker.claim(64).await.unwrap(),
        worker.claim_fresh(64).await.unwrap(),
    ];
    assert!(taken.iter().all(Vec::is_empty), "{} took some", W::NAME);
    worker.pause().await;
    count_reads(pool).await - before
}

#[tokio::test]
async fn no_look_reads_a_backlog_that_came_after_its_plan_was_made() {
    let bridge = Bridge::new().await;
    bridge.settle().await;
    let pool = alone(&bridge.database.pool).await;
    let settings = settings(&bridge.environment);
    let clock = bridge.clock.clone();
    let app = App::with_reach(&settings, pool.clone(), clock, Reach::Simulated).unwrap();
    let relay = || Arc::clone(&app.relay);
    let looks = async || {
        let pool = &pool;
        [
            (Outbound::NAME, look(&Outbound(relay()), pool).await),
            (
                GatewayEvents::NAME,
                look(&GatewayEvents(relay()), pool).await,
            ),
            (Inbound::NAME, look(&Inbound(relay()), pool).await),
            (Media::NAME, look(&Media(relay()), pool).await),
            (
                StatusUpdates::NAME,
                look(&StatusUpdates(relay()), pool).await,
            ),
            (AppEvents::NAME, look(&AppEvents(relay()), pool).await),
            (Upkeep::NAME, look(&Upkeep(relay()), pool).await),
            (Watch::NAME, look(&Watch(relay()), pool).await),
        ]
    };
    for _ in 0..UNTIL_PLANNED {
        looks().await;
    }
    for sql in BACKLOG {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    let reads = looks().await;
    assert!(reads.iter().all(|(_, read)| *read < FEW), "{reads:?}");
}
