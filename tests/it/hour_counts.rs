//! Messages counted by hour: in the hour in which each came, whatever becomes of it later, and the same however often and by
//! whomever they are counted.

use std::sync::Arc;

use serde_json::json;
use simulators::seed;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::history::hour_counts;
use waapify_ghl::db::history::hour_counts::{Count, Counts, Depth};
use waapify_ghl::db::views::hours;
use waapify_ghl::model::states::Direction;
use waapify_ghl::workers::hour_counts::HourCounts;
use waapify_ghl::workers::step;

use crate::harness::{Bridge, location};

/// Longer than any pause between two counts of a location in these tests, shorter than an hour.
const PAUSE: Duration = Duration::minutes(15);

async fn count(bridge: &Bridge) {
    let worker = Arc::new(HourCounts::new(Arc::clone(&bridge.app.context)));
    while step(&worker).await.unwrap() > 0 {}
}

/// Moves the clock, so that a count is due, and counts.
async fn count_after(bridge: &Bridge, pause: Duration) {
    bridge.after(pause).await;
    count(bridge).await;
}

/// The hours of the location in a direction: how many hours before now each began, and its counts.
async fn counted(bridge: &Bridge, direction: Direction) -> Vec<(i64, Counts)> {
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let hours = hours::list_hours(pool, Some(&location()), OffsetDateTime::UNIX_EPOCH).await;
    let hours = hours.unwrap().into_iter();
    let of_way = hours.filter(|hour| hour.direction == direction);
    of_way
        .map(|hour| ((now - hour.start).whole_hours(), hour.counts))
        .collect()
}

fn numbers(counts: &Counts) -> [i32; 6] {
    let Counts {
        total,
        sent,
        delivered,
        read,
        failed,
        timed,
        ..
    } = *counts;
    [total, sent, delivered, read, failed, timed]
}

/// A bridge in the middle of an hour, so that a message and its tick do not fall into two.
async fn mid_hour() -> Bridge {
    let bridge = Bridge::new().await;
    let past = i64::from(bridge.clock.now().minute());
    bridge
        .clock
        .advance(Duration::minutes((70 - past).rem_euclid(60)));
    bridge
}

#[tokio::test]
async fn a_message_counts_in_its_hour_with_what_became_of_it() {
    let bridge = mid_hour().await;
    bridge.agent_writes("hai").await;
    bridge.customer_writes("helo").await;
    bridge.settle().await;
    count(&bridge).await;
    let [(0, outbound)] = counted(&bridge, Direction::Outbound).await[..] else {
        panic!("one hour")
    };
    assert_eq!((outbound.total, outbound.sent, outbound.failed), (1, 1, 0));
    let [(0, inbound)] = counted(&bridge, Direction::Inbound).await[..] else {
        panic!("one hour")
    };
    assert_eq!(
        numbers(&inbound),
        [1, 0, 1, 0, 0, 1],
        "the echo is no message"
    );
    assert_eq!(inbound.within_1h, 1);
}

#[tokio::test]
async fn a_tick_that_comes_hours_later_counts_in_the_hour_of_its_message() {
    let bridge = mid_hour().await;
    bridge
        .simulation
        .adjust(|timings| (timings.delivered_after, timings.read_after) = (None, None));
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    count(&bridge).await;
    let sent = counted(&bridge, Direction::Outbound).await;
    assert_eq!(numbers(&sent[0].1), [1, 1, 0, 0, 0, 0]);
    bridge.after(Duration::hours(5)).await;
    let chat = bridge.simulation.waapify.chat(seed::AISYAH.2);
    bridge
        .whatsapp_reports(&chat[0].id, json!({"status": 4}))
        .await;
    count_after(&bridge, PAUSE).await;
    let read = counted(&bridge, Direction::Outbound).await;
    assert_eq!(read.len(), 1, "{read:?}");
    assert_eq!((read[0].0, numbers(&read[0].1)), (5, [1, 1, 1, 1, 0, 1]));
    assert_eq!(
        (read[0].1.within_1h, read[0].1.median()),
        (0, Some((3600, false)))
    );
}

/// Sent messages of the last days, one each minute, as an older version left them.
const HISTORY: &str = "insert into outbound (location_id, ghl_message_id, conversation, body, state, number, due_at, accepted_at)
     select $1, 'old' || n, n % 100, '{}', 'sent', '60111111111', $2, $2 - make_interval(mins => 5000 - n)
     from generate_series(1, 5000) n";

async fn with_history() -> Bridge {
    let bridge = mid_hour().await;
    sqlx::query(HISTORY)
        .bind(location().as_str())
        .bind(bridge.clock.now())
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge
}

fn total(hours: &[(i64, Counts)]) -> i32 {
    hours.iter().map(|(_, counts)| counts.total).sum()
}

#[tokio::test]
async fn what_came_before_is_counted_once_chunk_by_chunk() {
    let bridge = with_history().await;
    count(&bridge).await;
    let first = counted(&bridge, Direction::Outbound).await;
    assert_eq!(total(&first), 5000);
    assert!(
        first.iter().all(|(_, counts)| counts.total <= 60),
        "{first:?}"
    );
    for pause in [PAUSE, Duration::hours(1), Duration::days(1)] {
        count_after(&bridge, pause).await;
        assert_eq!(
            total(&counted(&bridge, Direction::Outbound).await),
            5000,
            "{pause}"
        );
    }
}

#[tokio::test]
async fn the_sums_of_all_are_those_of_each_whatever_was_counted_first() {
    let bridge = with_history().await;
    sqlx::query("insert into locations (location_id) values ('Other')")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    bridge.agent_writes("hai").await;
    sqlx::query("update outbound set location_id = 'Other' where id % 2 = 0")
        .execute(&bridge.database.pool)
        .await
        .unwrap();
    count(&bridge).await;
    for pause in [PAUSE, PAUSE] {
        bridge.clock.advance(pause);
        count(&bridge).await;
    }
    let pool = &bridge.database.pool;
    let all = hours::list_hours(pool, None, OffsetDateTime::UNIX_EPOCH)
        .await
        .unwrap();
    let sum: i32 = all.iter().map(|hour| hour.counts.total).sum();
    assert_eq!(sum, 5001);
}

#[tokio::test]
async fn after_weeks_without_a_count_no_hour_is_left_out() {
    let bridge = mid_hour().await;
    count(&bridge).await;
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    count_after(&bridge, Duration::days(30)).await;
    assert_eq!(total(&counted(&bridge, Direction::Outbound).await), 1);
}

#[tokio::test]
async fn a_message_that_gets_its_number_later_is_counted_once() {
    let bridge = mid_hour().await;
    let update = async |number: Option<&str>| {
        let sql = "update outbound set number = $1";
        sqlx::query(sql)
            .bind(number)
            .execute(&bridge.database.pool)
            .await
            .unwrap();
    };
    bridge.agent_writes("hai").await;
    bridge.settle().await;
    update(None).await;
    count(&bridge).await;
    update(Some("60111111111")).await;
    count_after(&bridge, PAUSE).await;
    assert_eq!(total(&counted(&bridge, Direction::Outbound).await), 1);
}

#[tokio::test]
async fn who_has_lost_the_turn_changes_nothing_and_a_second_count_gives_the_same() {
    let bridge = with_history().await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    hour_counts::keep_turns(pool, now).await.unwrap();
    let lease = Duration::minutes(2);
    let claim = async |at| {
        let mut turns = hour_counts::claim(pool, at, lease, 10).await.unwrap();
        turns.retain(|turn| turn.location_id == location());
        turns
    };
    let first = claim(now).await.remove(0);
    assert!(claim(now).await.is_empty(), "its lease runs");
    let second = claim(now + lease).await.remove(0);
    let whole = async || {
        let mut count = Count::begin(pool, &location(), OffsetDateTime::UNIX_EPOCH)
            .await
            .unwrap();
        while count.go_on(pool, &location()).await.unwrap() {}
        count
    };
    let finish = async |turn, next| {
        let count = whole().await;
        count
            .finish(pool, turn, Depth::Week, now, next)
            .await
            .unwrap();
    };
    finish(&first, now).await;
    assert_eq!(
        counted(&bridge, Direction::Outbound).await,
        [],
        "it has lost its turn"
    );
    assert!(!hour_counts::hold(pool, &first, now).await.unwrap());
    finish(&second, now + PAUSE).await;
    let once = counted(&bridge, Direction::Outbound).await;
    finish(&second, now + PAUSE).await;
    assert_eq!(counted(&bridge, Direction::Outbound).await, once);
    assert_eq!(total(&once), 5000);
}

#[tokio::test]
async fn the_newest_hours_are_counted_without_reading_the_older_ones() {
    let bridge = with_history().await;
    count(&bridge).await;
    let (pool, now) = (&bridge.database.pool, bridge.clock.now());
    let mut newest = Count::begin(pool, &location(), now - Duration::HOUR)
        .await
        .unwrap();
    let has_more = newest.go_on(pool, &location()).await.unwrap();
    assert!(
        !has_more && !newest.is_empty(),
        "one chunk is less than half of them"
    );
}
