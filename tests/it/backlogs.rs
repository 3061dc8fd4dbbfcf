//! The length of a backlog does not make a poll slower, even before Postgres has statistics of it. A plan that was
//! made for an empty queue would read the whole backlog at each poll.

mod lists;
mod strangers;

use std::sync::Arc;

use serde_json::json;
use simulators::seed;
use sqlx::postgres::PgPoolOptions;
use time::Duration;
use waapify_ghl::app::App;
use waapify_ghl::clients::attachment_source::NetworkScope;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::workers::ghl_events::GhlEvents;
use waapify_ghl::workers::inbound::Inbound;
use waapify_ghl::workers::inbound_media::Media;
use waapify_ghl::workers::monitor::Monitor;
use waapify_ghl::workers::opt_outs::OptOuts;
use waapify_ghl::workers::outbound::Outbound;
use waapify_ghl::workers::sources::Sources;
use waapify_ghl::workers::status_updates::StatusUpdates;
use waapify_ghl::workers::token_upkeep::TokenUpkeep;
use waapify_ghl::workers::waapify_events::WaapifyEvents;
use waapify_ghl::workers::{Worker, step};

use crate::harness::{Bridge, settings};

/// Postgres keeps a generic plan from the sixth execution on.
const UNTIL_PLANNED: usize = 8;
/// A tenth of each queue's backlog.
const FEW: i64 = 2_000;

/// Finished rows in the same tables, of which Postgres has statistics.
const HISTORY: [&str; 5] = [
    "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
     select 'Other' || n % 10, 'old' || n, n % 100, '{}', 'read', now(), now() from generate_series(1, 50000) n",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
     select 'Other' || n % 10, '60', 'old' || n, false, n % 100, now(), 'posted', now(), now()
     from generate_series(1, 50000) n",
    "insert into waapify_events (location_id, number, body, state, due_at, received_at)
     select 'Other' || n % 10, '60', '{}', 'done', now(), now() from generate_series(1, 50000) n",
    "insert into inbound_media (location_id, message_id, state, due_at)
     select 'Other' || n % 10, n, 'attached', now() from generate_series(1, 50000) n",
    "analyze",
];
/// Twenty thousand rows of each kind in ten conversations, none of which may be claimed yet.
const BACKLOG: [&str; 10] = [
    "insert into locations values ('Busy', null, now())",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at)
     values ('Busy', '60111111111', 'none', null, null, 'busy', true, '2100-01-01', now())",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, priority)
     select location_id, n, n % 10, '{}', now(), now(), 1 from numbers cross join generate_series(1, 20000) n where location_id = 'Busy'",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
     select location_id, number, n, false, n % 10, now(), 'accepted', '2100-01-01', now()
     from numbers cross join generate_series(1, 20000) n",
    "insert into waapify_events (location_id, number, body, due_at, received_at)
     select location_id, number, '{}', '2100-01-01', now() from numbers cross join generate_series(1, 20000) n where location_id = 'Busy'",
    "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
     select location_id, n, n, 'read', '2100-01-01' from numbers cross join generate_series(1, 20000) n",
    "insert into opt_outs (location_id, phone, word, said_at, message_id, due_at)
     select location_id, n, 'stop', now(), n, '2100-01-01' from numbers cross join generate_series(1, 20000) n",
    "insert into source_looks (location_id, message_id, due_at)
     select location_id, n, '2100-01-01' from numbers cross join generate_series(1, 20000) n",
    "insert into inbound_media (location_id, message_id, due_at)
     select location_id, n, '2100-01-01' from numbers cross join generate_series(1, 20000) n",
    "insert into ghl_events (event_type, body, state, due_at, received_at)
     select 'INSTALL', '{}', 'accepted', '2100-01-01', now() from generate_series(1, 20000)",
];

/// A pool of one connection, because a plan belongs to its connection.
async fn alone(pool: &Pool) -> Pool {
    let options = pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new().max_connections(1);
    pool.connect_with(options).await.unwrap().into()
}

/// The number of rows and index entries of the queues that were read so far.
async fn count_reads(pool: &Pool) -> i64 {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("select pg_stat_force_next_flush()")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query_scalar(
        "select (sum(seq_tup_read) + (select sum(idx_tup_read) from pg_stat_user_indexes))::bigint
         from pg_stat_user_tables",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap()
}

/// One poll of a worker that finds nothing. Returns how many rows it read.
async fn look<W: Worker>(worker: &W, pool: &Pool) -> i64 {
    let before = count_reads(pool).await;
    let taken = [
        worker.claim(64).await.unwrap(),
        worker.claim_ready(64).await.unwrap(),
    ];
    assert!(taken.iter().all(Vec::is_empty), "{} took some", W::NAME);
    worker.pause().await;
    count_reads(pool).await - before
}

/// A bridge whose workers share one connection to a database with finished rows.
async fn long_running() -> (Bridge, Pool) {
    let mut bridge = Bridge::new().await;
    let pool = alone(&bridge.database.pool).await;
    run(&pool, &HISTORY).await;
    let (settings, clock) = (settings(&bridge.environment), bridge.clock.clone());
    bridge.app =
        App::with_network_scope(&settings, pool.clone(), clock, NetworkScope::Simulated).unwrap();
    bridge.settle().await;
    (bridge, pool)
}

async fn run(pool: &Pool, statements: &[&'static str]) {
    for sql in statements {
        sqlx::query(*sql).execute(pool).await.unwrap();
    }
}

#[tokio::test]
async fn no_look_reads_a_backlog_that_came_after_its_plan_was_made() {
    let (bridge, pool) = long_running().await;
    let context = || Arc::clone(&bridge.app.context);
    let looks = async || {
        let pool = &pool;
        [
            look(&Outbound(context()), pool).await,
            look(&WaapifyEvents(context()), pool).await,
            look(&Inbound(context()), pool).await,
            look(&Media(context()), pool).await,
            look(&StatusUpdates(context()), pool).await,
            look(&GhlEvents(context()), pool).await,
            look(&TokenUpkeep(context()), pool).await,
            look(&Monitor(context()), pool).await,
            look(&OptOuts(context()), pool).await,
            look(&Sources(context()), pool).await,
        ]
    };
    for _ in 0..UNTIL_PLANNED {
        looks().await;
    }
    run(&pool, &BACKLOG).await;
    let reads = looks().await;
    assert!(reads.iter().all(|read| *read < FEW), "{reads:?}");
}

#[tokio::test]
async fn nor_does_what_a_message_costs_each_way() {
    let (bridge, pool) = long_running().await;
    let relay_both_ways = async || {
        bridge.agent_writes("hai").await;
        bridge.settle().await;
        bridge
            .simulation
            .waapify
            .customer_reads(seed::AISYAH.2)
            .await;
        bridge.customer_writes("hai juga").await;
        bridge.after(Duration::MINUTE).await;
    };
    for _ in 0..UNTIL_PLANNED {
        relay_both_ways().await;
    }
    run(&pool, &BACKLOG).await;
    // Others that are being sent or wait for their echo, in as many conversations.
    let in_flight = "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
        select 'Busy', 's' || n, 's' || n, '{}', (array['sending', 'unconfirmed'])[1 + n % 2], '2100-01-01', now()
        from generate_series(1, 20000) n";
    run(&pool, &[in_flight]).await;
    let before = count_reads(&pool).await;
    relay_both_ways().await;
    let read = count_reads(&pool).await - before;
    assert!(read < FEW, "{read}");
    let states = "select count(*) from outbound where location_id <> 'Busy' and state = 'read' and ghl_message_id !~ '^old'";
    let relayed: i64 = sqlx::query_scalar(states).fetch_one(&pool).await.unwrap();
    assert_eq!(usize::try_from(relayed).unwrap(), UNTIL_PLANNED + 1);
}

#[tokio::test]
async fn of_a_campaign_a_claim_reads_what_it_takes() {
    let (bridge, pool) = long_running().await;
    let outbound = Outbound(Arc::clone(&bridge.app.context));
    for _ in 0..UNTIL_PLANNED {
        look(&outbound, &pool).await;
    }
    let campaign = "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at, priority)
        select location_id, n, n % 1000, '{}', now() - interval '1 h', now(), n % 2
        from numbers cross join generate_series(1, 20000) n";
    run(&pool, &[campaign]).await;
    let before = count_reads(&pool).await;
    assert_eq!(outbound.claim(64).await.unwrap().len(), 64);
    let read = count_reads(&pool).await - before;
    assert!(read < FEW, "{read}");
}

#[tokio::test]
async fn of_a_flood_of_replies_a_claim_reads_what_it_takes() {
    let (bridge, pool) = long_running().await;
    let context = || Arc::clone(&bridge.app.context);
    let (inbound, events) = (Inbound(context()), WaapifyEvents(context()));
    for _ in 0..UNTIL_PLANNED {
        look(&inbound, &pool).await;
        look(&events, &pool).await;
    }
    let flood = [
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
         select location_id, number, n, false, n % 200, now(), 'accepted', now() - interval '1 h', now()
         from numbers cross join generate_series(1, 20000) n",
        "insert into waapify_events (location_id, number, body, due_at, received_at)
         select location_id, number, '{}', now() - interval '1 h', now() from numbers cross join generate_series(1, 20000)",
    ];
    run(&pool, &flood).await;
    let before = count_reads(&pool).await;
    assert_eq!(inbound.claim(64).await.unwrap().len(), 64);
    assert_eq!(events.claim(64).await.unwrap().len(), 1, "one number");
    let read = count_reads(&pool).await - before;
    assert!(read < FEW, "{read}");
}

/// A neighbour without budget, with replies of twenty thousand customers, and behind a blocked conversation a hundred
/// thousand texts.
const NEIGHBOUR: [&str; 6] = [
    "insert into locations values ('Busy', null, now())",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at)
     values ('Busy', '60111111111', 'none', null, null, 'busy', true, '2000-01-01', now())",
    "insert into rate_limits (owner_id, used, window_ends_at) values ('Busy', 100, '2100-01-01')",
    "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
     select location_id, number, n, false, n, now(), 'accepted', now() - interval '1 h', now()
     from numbers cross join generate_series(1, 20000) n where location_id = 'Busy'",
    "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
     select 'Busy', n, n, 'read', now() - interval '1 h' from generate_series(1, 20000) n",
    "insert into outbound (location_id, ghl_message_id, conversation, body, state, due_at, accepted_at)
     select 'Busy', n, 'blocked', '{}', case n when 1 then 'unconfirmed' else 'accepted' end,
         case n when 1 then timestamptz '2100-01-01' else now() - interval '1 h' end, now()
     from generate_series(1, 100000) n",
];

#[tokio::test]
async fn no_look_reads_what_a_neighbour_cannot_send_now() {
    let (bridge, pool) = long_running().await;
    let context = || Arc::clone(&bridge.app.context);
    let looks = async || {
        let pool = &pool;
        [
            look(&Outbound(context()), pool).await,
            look(&Inbound(context()), pool).await,
            look(&StatusUpdates(context()), pool).await,
        ]
    };
    for _ in 0..UNTIL_PLANNED {
        looks().await;
    }
    run(&pool, &NEIGHBOUR).await;
    let reads = looks().await;
    assert!(reads.iter().all(|read| *read < FEW), "{reads:?}");
}

#[tokio::test]
async fn a_body_of_receipts_is_settled_in_a_few_statements() {
    let (bridge, pool) = long_running().await;
    let sent = [
        "insert into outbound (location_id, ghl_message_id, conversation, body, state, number, parts, parts_sent, due_at, accepted_at)
         select location_id, 's' || n, n, '{}', 'sent', number, 1, 1, now(), now()
         from numbers cross join generate_series(1, 2000) n",
        "insert into receipts (location_id, number, wa_message_id, message_id, part, seen_at)
         select location_id, number, 'W' || ghl_message_id, id, 0, now() from outbound where state = 'sent'",
    ];
    run(&pool, &sent).await;
    let read = |n| {
        let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "id": format!("Ws{n}"), "fromMe": true});
        json!({"key": key, "update": {"status": if n % 2 == 0 { 4 } else { 3 }}})
    };
    let receipts: Vec<_> = (1..=2000).map(read).collect();
    let body = json!({"instance_id": "x", "event": "messages.update", "data": receipts});
    bridge.gateway_posts(&body).await;
    let worker = Arc::new(WaapifyEvents(Arc::clone(&bridge.app.context)));
    let before = count_commits(&pool).await;
    step(&worker).await.unwrap();
    let commits = count_commits(&pool).await - before;
    assert!(commits < 20, "{commits}");
    let told: Vec<(String, i64)> =
        sqlx::query_as("select status, count(*) from status_updates group by 1 order by 1")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(
        told,
        [("delivered".to_owned(), 1000), ("read".to_owned(), 1000)]
    );
}

/// Transactions of this database so far.
async fn count_commits(pool: &Pool) -> i64 {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::query("select pg_stat_force_next_flush()")
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::query_scalar(
        "select xact_commit from pg_stat_database where datname = current_database()",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap()
}
