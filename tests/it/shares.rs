//! No neighbour takes all hands: a location or number has its share of each worker's jobs, and what it has waiting costs
//! others nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use simulators::{Fault, seed};
use time::Duration;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::db::outbound;
use waapify_ghl::db::outbound::Pace;
use waapify_ghl::db::queue::{Capacity, number_key};
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::runtime::stop::Stop;
use waapify_ghl::workers;
use waapify_ghl::workers::Worker;
use waapify_ghl::workers::inbound::Inbound;
use waapify_ghl::workers::inbound_media::Media;
use waapify_ghl::workers::outbound::Outbound;
use waapify_ghl::workers::status_updates::StatusUpdates;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::harness::{Bridge, wait};

/// Longer than any test.
const FOREVER: StdDuration = StdDuration::from_mins(5);
const UNPACED: Pace = Pace {
    interval: Duration::ZERO,
    stretch: 1.0,
    protects: false,
};

/// A neighbour with one number.
const NEIGHBOUR: [&str; 2] = [
    "insert into locations (location_id, installed_at) values ('Busy', now())",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at)
     values ('Busy', '60111111111', 'none', 'x', 'x', 'busy', true, '2000-01-01', now())",
];
const NO_CALLS_LEFT: &str =
    "insert into rate_limits (owner_id, used, window_ends_at) values ('Busy', 100, '2100-01-01')";
const REPLIES: &str = "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at,
         accepted_at)
     select 'Busy', '60111111111', n, false, '601' || n, now(), 'accepted', now() - interval '1 h', now()
     from generate_series(1, 20000) n";
const STATUS_UPDATES: &str =
    "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
     select 'Busy', n, n, 'read', now() - interval '1 h' from generate_series(1, 20000) n";
/// A conversation whose first message waits for its echo, with all that waits behind it.
const BLOCKED: [&str; 2] = [
    "insert into outbound (location_id, ghl_message_id, conversation, body, state, number, due_at, accepted_at)
     values ('Busy', 'head', 'blocked', '{}', 'unconfirmed', '60111111111', '2100-01-01', now())",
    "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
     select 'Busy', n, 'blocked', '{}', now() - interval '1 h', now() from generate_series(1, 100000) n",
];

async fn run(pool: &Pool, statements: &[&'static str]) {
    for sql in statements {
        sqlx::query(*sql).execute(pool).await.unwrap();
    }
}

async fn count(pool: &Pool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

/// Capacity for as much as a worker with nothing in hand has.
fn whole<W: Worker>(_: &W) -> Capacity {
    Capacity {
        share: i64::try_from(W::SHARE).unwrap(),
        ..Capacity::from(i64::try_from(W::CONCURRENCY).unwrap())
    }
}

/// A bridge with a busy neighbour.
async fn beside(rows: &[&'static str]) -> Bridge {
    let bridge = Bridge::new().await;
    run(&bridge.database.pool, &NEIGHBOUR).await;
    run(&bridge.database.pool, rows).await;
    bridge
}

#[tokio::test]
async fn an_instance_that_hangs_keeps_a_few_sends_and_anothers_text_leaves() {
    let bridge = Bridge::new().await;
    bridge.install_second().await;
    bridge
        .connect_to(&LocationId::from(seed::SECOND_LOCATION_ID))
        .await;
    let faults = bridge.simulation.waapify.faults();
    faults.always("send.php", Fault::Hang(FOREVER));
    bridge.agent_writes("tersangkut").await;
    let campaign = "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
        select location_id, 'h' || n, 'c' || n, body, due_at, accepted_at from outbound cross join generate_series(1, 200) n";
    run(&bridge.database.pool, &[campaign]).await;
    let stop = Stop::default();
    let worker = Arc::new(Outbound(Arc::clone(&bridge.app.context)));
    let running = tokio::spawn(workers::run(worker, stop.clone()));
    wait("the instance hangs", async || {
        faults.count("send.php") >= Outbound::SHARE
    })
    .await;
    faults.clear();
    let other = "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
        select 'SECOND', 'other', conversation, body, accepted_at, accepted_at from outbound where ghl_message_id = 'h1'";
    let other = other.replace("SECOND", seed::SECOND_LOCATION_ID);
    sqlx::query(sqlx::AssertSqlSafe(other))
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    wait("the other's text leaves", async || {
        faults.count("send.php") > Outbound::SHARE
    })
    .await;
    assert_eq!(faults.count("send.php"), Outbound::SHARE + 1);
    stop.requested.cancel();
    stop.overdue.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn of_eight_numbers_with_campaigns_a_claim_leaves_room_for_a_ninth() {
    let bridge = Bridge::new().await;
    let pool = &bridge.database.pool;
    let neighbours = [
        "insert into locations (location_id) select 'H' || n from generate_series(1, 8) n",
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
             is_default, next_send_at, connected_at)
         select location_id, '6011', location_id, 'x', 'x', location_id::bytea, true, '2000-01-01', now()
         from locations where location_id like 'H_'",
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select location_id, n, n, '{}', now() - interval '1 h', now()
         from numbers cross join generate_series(1, 100) n where number = '6011'",
    ];
    run(pool, &neighbours).await;
    bridge.agent_writes("hai").await;
    let now = bridge.clock.now();
    let claim = async |capacity: Capacity| {
        let claimed =
            outbound::claim_sendable(pool, now, Duration::MINUTE, UNPACED, capacity).await;
        let mut each = BTreeMap::new();
        for job in claimed.unwrap() {
            *each.entry(job.location_id.0).or_insert(0) += 1;
        }
        each
    };
    let worker = Outbound(Arc::clone(&bridge.app.context));
    let mut capacity = whole(&worker);
    let each = claim(capacity.clone()).await;
    assert_eq!(each.len(), 9, "{each:?}");
    assert!(
        each.iter()
            .all(|(name, jobs)| *jobs == if name.starts_with('H') { 4 } else { 1 })
    );
    // What they have in hand keeps them out; one has capacity for another.
    let in_hand = (1..=8).map(|n| {
        (
            number_key(&LocationId(format!("H{n}")), "6011"),
            i64::from(n == 3),
        )
    });
    capacity.left = in_hand.collect();
    let each = claim(capacity).await;
    assert_eq!(each.into_iter().collect::<Vec<_>>(), [("H3".to_owned(), 1)]);
}

#[tokio::test]
async fn no_message_takes_the_place_of_two() {
    let bridge = beside(&[
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select 'Busy', n, n, '{}', now() - interval '1 h', now() from generate_series(1, 3) n",
    ])
    .await;
    bridge.agent_writes("hai").await;
    let capacity = Capacity {
        share: 4,
        ..Capacity::from(4)
    };
    let now = bridge.clock.now();
    let claimed = outbound::claim_sendable(
        &bridge.database.pool,
        now,
        Duration::MINUTE,
        UNPACED,
        capacity,
    )
    .await;
    assert_eq!(claimed.unwrap().len(), 4, "all that wait");
}

#[tokio::test]
async fn replies_without_calls_left_keep_nobodys_reply_from_ghl() {
    let bridge = beside(&[NO_CALLS_LEFT, REPLIES]).await;
    let reply = bridge.customer_writes("hai").await;
    let context = || Arc::clone(&bridge.app.context);
    workers::step(&Arc::new(WaapifyEvents(context())))
        .await
        .unwrap();
    assert_eq!(
        workers::step(&Arc::new(Inbound(context()))).await.unwrap(),
        1
    );
    assert_eq!(bridge.inbound(&reply).await.unwrap().0, "posted");
    let touched = "select count(*) from inbound where location_id = 'Busy' and attempt > 0";
    assert_eq!(count(&bridge.database.pool, touched).await, 0);
}

#[tokio::test]
async fn replies_with_calls_left_leave_hands_for_anothers() {
    let bridge = beside(&[REPLIES]).await;
    bridge.customer_writes("hai").await;
    let context = || Arc::clone(&bridge.app.context);
    workers::step(&Arc::new(WaapifyEvents(context())))
        .await
        .unwrap();
    let inbound = Inbound(context());
    let claimed = inbound.claim(whole(&inbound)).await.unwrap();
    let busy = claimed
        .iter()
        .filter(|job| job.location_id.as_str() == "Busy");
    assert_eq!(
        (busy.count(), claimed.len()),
        (Inbound::SHARE, Inbound::SHARE + 1)
    );
}

#[tokio::test]
async fn a_window_that_begins_again_lets_them_through() {
    let bridge = beside(&[NO_CALLS_LEFT, REPLIES]).await;
    let inbound = Inbound(Arc::clone(&bridge.app.context));
    assert_eq!(inbound.claim(8).await.unwrap().len(), 0);
    run(
        &bridge.database.pool,
        &["update rate_limits set window_ends_at = '2000-01-01' where owner_id = 'Busy'"],
    )
    .await;
    assert_eq!(inbound.claim(8).await.unwrap().len(), 8);
}

#[tokio::test]
async fn status_updates_with_calls_left_or_without_leave_hands_for_anothers() {
    for (rows, busy) in [
        (&[STATUS_UPDATES][..], StatusUpdates::SHARE),
        (&[NO_CALLS_LEFT, STATUS_UPDATES], 0),
    ] {
        let bridge = beside(rows).await;
        let other =
            "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
            select location_id, 1, 'm', 'read', now() from locations where location_id <> 'Busy'";
        run(&bridge.database.pool, &[other]).await;
        bridge.clock.advance(Duration::MINUTE);
        let worker = StatusUpdates(Arc::clone(&bridge.app.context));
        let claimed = worker.claim(whole(&worker)).await.unwrap();
        let of_busy = claimed
            .iter()
            .filter(|job| job.location_id.as_str() == "Busy");
        assert_eq!((of_busy.count(), claimed.len()), (busy, busy + 1));
    }
}

#[tokio::test]
async fn files_leave_hands_for_anothers() {
    let files = "insert into inbound_media (location_id, message_id, keys, media_key, state, due_at)
        select location_id, id, 'image', decode(repeat('00', 32), 'hex'), 'wanted', now() from inbound";
    let own = "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
        select location_id, number, 'mine', false, '60', now(), 'accepted', '2100-01-01', now() from numbers where location_id <> 'Busy'";
    for (rows, busy) in [
        (&[REPLIES, own, files][..], Media::SHARE),
        (&[NO_CALLS_LEFT, REPLIES, own, files], 0),
    ] {
        let bridge = beside(rows).await;
        bridge.clock.advance(Duration::MINUTE);
        let worker = Media(Arc::clone(&bridge.app.context));
        let claimed = worker.claim(whole(&worker)).await.unwrap();
        let of_busy = claimed
            .iter()
            .filter(|job| job.location_id.as_str() == "Busy");
        assert_eq!((of_busy.count(), claimed.len()), (busy, busy + 1));
    }
}

#[tokio::test]
async fn a_blocked_conversation_of_a_hundred_thousand_texts_holds_up_nobody() {
    let bridge = beside(&BLOCKED).await;
    let pool = &bridge.database.pool;
    let own = "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
        values ('Busy', 'own', 'free', '{}', now() - interval '1 h', now())";
    run(pool, &[own]).await;
    let other = bridge.agent_writes("hai").await;
    let now = bridge.clock.now();
    let claimed = outbound::claim_sendable(pool, now, Duration::MINUTE, UNPACED, 8)
        .await
        .unwrap();
    let mut ids: Vec<_> = claimed
        .iter()
        .map(|job| job.ghl_message_id.as_str())
        .collect();
    ids.sort_unstable();
    let mut expected = ["own", &other];
    expected.sort_unstable();
    assert_eq!(ids, expected, "of both locations what is free");
}

#[tokio::test]
async fn a_blocked_conversation_of_replies_holds_up_nobody() {
    let blocked = [
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
         values ('Busy', '60111111111', 'head', false, '602', '2020-01-01', 'accepted', '2100-01-01', now())",
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
         select 'Busy', '60111111111', n, false, '602', now(), 'accepted', now() - interval '1 h', now()
         from generate_series(1, 20000) n",
        "insert into inbound (location_id, number, wa_message_id, from_me, conversation, sent_at, state, due_at, accepted_at)
         values ('Busy', '60111111111', 'own', false, '603', now(), 'accepted', now() - interval '1 min', now())",
    ];
    let bridge = beside(&blocked).await;
    let inbound = Inbound(Arc::clone(&bridge.app.context));
    let claimed = inbound.claim(8).await.unwrap();
    let ids: Vec<_> = claimed
        .iter()
        .map(|job| job.wa_message_id.as_str())
        .collect();
    assert_eq!(ids, ["own"]);
}

#[tokio::test]
async fn of_a_location_with_many_numbers_some_are_read_at_once() {
    let numbers = [
        "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
             is_default, next_send_at, connected_at)
         select 'Busy', '6012' || n, 'none', 'x', 'x', ('h' || n)::bytea, false, now(), now() from generate_series(1, 20) n",
        "insert into waapify_events (location_id, number, body, due_at, received_at)
         select location_id, number, '{}', now() - interval '1 h', now() from numbers where location_id = 'Busy'",
    ];
    let bridge = beside(&numbers).await;
    bridge.customer_writes("hai").await;
    let worker = WaapifyEvents(Arc::clone(&bridge.app.context));
    let claimed = worker.claim(whole(&worker)).await.unwrap();
    let busy = claimed
        .iter()
        .filter(|run| run[0].location_id.as_str() == "Busy");
    assert_eq!((busy.count(), claimed.len()), (4, 5));
}

/// Numbers of one location and of a hundred others, each with events that are all due.
const MANY_NUMBERS: [&str; 4] = [
    "insert into locations (location_id, installed_at) select 'L' || n, now() from generate_series(1, 100) n",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at)
     select 'Busy', '6012' || n, 'none', 'x', 'x', ('h' || n)::bytea, false, now(), now() from generate_series(1, 100) n",
    "insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
         is_default, next_send_at, connected_at)
     select 'L' || n, '6013' || n, 'none', 'x', 'x', ('l' || n)::bytea, true, now(), now() from generate_series(1, 100) n",
    "insert into waapify_events (location_id, number, body, due_at, received_at)
     select location_id, number, '{}', now() - interval '1 h', now()
     from numbers cross join generate_series(1, 40) where location_id = 'Busy' or location_id like 'L%'",
];

/// Claims of one number after the other, of each its first event, which is then done.
async fn turns(bridge: &Bridge, claims: usize) -> BTreeMap<String, usize> {
    let worker = WaapifyEvents(Arc::clone(&bridge.app.context));
    let mut turns = BTreeMap::new();
    for place in 0..claims {
        let capacity = Capacity {
            limit: 1,
            place,
            ..whole(&worker)
        };
        let claimed = worker.claim(capacity).await.unwrap();
        let [run] = claimed.as_slice() else {
            panic!("{} numbers", claimed.len());
        };
        // Its later events wait for the next turn: nobody's backlog ends before the last claim.
        worker.release(&claimed).await.unwrap();
        let key = number_key(&run[0].location_id, &run[0].number);
        *turns.entry(key).or_default() += 1;
        sqlx::query("update waapify_events set state = 'done' where location_id = $1 and id = $2")
            .bind(run[0].location_id.as_str())
            .bind(run[0].id)
            .execute(&bridge.app.context.pool)
            .await
            .unwrap();
    }
    turns
}

#[tokio::test]
async fn among_numbers_whose_events_never_end_each_has_its_turn() {
    let bridge = beside(&MANY_NUMBERS).await;
    let turns = turns(&bridge, 1_000).await;
    let of_others: Vec<usize> = turns
        .iter()
        .filter(|(key, _)| key.starts_with('L'))
        .map(|(_, turns)| *turns)
        .collect();
    assert_eq!(of_others.len(), 100);
    assert!(of_others.iter().all(|turns| *turns >= 4), "{turns:?}");
    // Of a location all numbers come, also those behind the 64 that a claim looks at.
    let of_one = turns.keys().filter(|key| key.starts_with("Busy")).count();
    assert_eq!(of_one, 101, "{turns:?}");
}
