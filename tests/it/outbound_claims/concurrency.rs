//! Claims that run at the same time as transactions that change the same messages, and as other claims.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::AssertSqlSafe;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use waapify_ghl::db::connection::Pool;
use waapify_ghl::db::outbound::{OutboundJob, Pace, claim_sendable, priority, status_updates};
use waapify_ghl::db::{numbers, outbound};
use waapify_ghl::model::ids::LocationId;

use crate::harness::{TestDatabase, wait};

const PACED: Pace = Pace {
    interval: Duration::SECOND,
    stretch: 1.0,
    protects: false,
};
const LEASE: Duration = Duration::HOUR;
/// Numbers, each of its own location, and for each the messages and conversations.
const NUMBERS: usize = 16;
const MESSAGES: usize = 6;
const CONVERSATIONS: usize = 3;

/// A time at which everything stored here is due.
const START: OffsetDateTime = datetime!(2026-01-01 0:00 UTC);

async fn run(pool: &Pool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(pool)
        .await
        .unwrap();
}

/// A database of locations with one number each.
async fn connected() -> TestDatabase {
    let database = TestDatabase::new().await;
    let sql = format!(
        "insert into locations (location_id) select 'L' || n from generate_series(1, {NUMBERS}) n;
         insert into numbers (location_id, number, instance_id, access_token, webhook_secret, webhook_secret_hash,
             is_default, next_send_at, connected_at)
         select location_id, '6011', location_id, 'x', 'x', location_id::bytea, true, '{START}', '{START}' from locations"
    );
    run(&database.pool, sql).await;
    database
}

/// Stores messages that wait in these locations.
async fn deliver(pool: &Pool) {
    let sql = format!(
        "insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
         select 'L' || n, m, 'C' || m % {CONVERSATIONS}, '{{}}', '{START}', '{START}'
         from generate_series(1, {NUMBERS}) n, generate_series(1, {MESSAGES}) m"
    );
    run(pool, sql).await;
}

/// The number of numbers whose pause has begun.
async fn used_slots(pool: &Pool, now: OffsetDateTime) -> usize {
    let used: i64 = sqlx::query_scalar("select count(*) from numbers where next_send_at > $1")
        .bind(now)
        .fetch_one(pool)
        .await
        .unwrap();
    usize::try_from(used).unwrap()
}

/// Whether a statement of this database waits for a lock.
async fn is_someone_waiting(pool: &Pool) -> bool {
    sqlx::query_scalar(
        "select exists (select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

/// Starts `claim` while another transaction has changed all messages, and commits that transaction when the claim has
/// ended or waits for it.
async fn beside_a_change<T: Send + 'static>(
    pool: &Pool,
    claim: impl Future<Output = T> + Send + 'static,
) -> T {
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update outbound set is_waiting = not is_waiting")
        .execute(&mut *other)
        .await
        .unwrap();
    let claim = tokio::spawn(claim);
    wait("the claim has ended or waits", async || {
        claim.is_finished() || is_someone_waiting(pool).await
    })
    .await;
    other.commit().await.unwrap();
    claim.await.unwrap()
}

#[tokio::test]
async fn a_message_that_changes_between_the_look_and_the_claim_costs_no_pacing_slot_and_is_claimed_next()
 {
    let database = connected().await;
    let pool = database.pool.clone();
    deliver(&pool).await;
    let claimed = beside_a_change(&pool, {
        let pool = pool.clone();
        async move { claim_sendable(&pool, START, LEASE, PACED, 64).await }
    })
    .await
    .unwrap();
    let used = used_slots(&pool, START).await;
    assert_eq!(used, claimed.len(), "slots and messages");
    let next = claim_sendable(&pool, START, LEASE, PACED, 64)
        .await
        .unwrap();
    assert_eq!(claimed.len() + next.len(), NUMBERS, "nothing is lost");
    assert_eq!(used_slots(&pool, START).await, NUMBERS);
}

#[tokio::test]
async fn priorities_are_raised_without_waiting_for_whoever_changes_a_message() {
    let database = connected().await;
    let pool = database.pool.clone();
    deliver(&pool).await;
    let answer = format!("update outbound set priority = 2 where ghl_message_id = '{MESSAGES}'");
    run(&pool, answer).await;
    let raised = async || -> i64 {
        sqlx::query_scalar("select count(*) from outbound where priority = 2")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let before = raised().await;
    let mut other = pool.begin().await.unwrap();
    sqlx::query("update outbound set is_waiting = not is_waiting where priority = 0")
        .execute(&mut *other)
        .await
        .unwrap();
    let raising = priority::raise_priorities(&pool, 64);
    let raising = tokio::time::timeout(std::time::Duration::from_secs(20), raising).await;
    raising.expect("it does not wait").unwrap();
    other.commit().await.unwrap();
    assert_eq!(raised().await, before);
    priority::raise_priorities(&pool, 64).await.unwrap();
    let ahead = MESSAGES / CONVERSATIONS - 1;
    let expected = before + i64::try_from(NUMBERS * ahead).unwrap();
    assert_eq!(raised().await, expected);
}

/// Changes some waiting messages, in one transaction after another, until `stop`.
async fn disturb(pool: Pool, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        sqlx::query("update outbound set is_waiting = not is_waiting where state = 'accepted' and random() < 0.2")
            .execute(&pool)
            .await
            .unwrap();
    }
}

/// The claims of four workers that claim at once.
async fn claim_at_once<T, F>(claim: impl Fn() -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = sqlx::Result<Vec<T>>> + Send + 'static,
{
    let workers: Vec<_> = (0..4).map(|_| tokio::spawn(claim())).collect();
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap().unwrap());
    }
    claimed
}

fn keys(jobs: &[OutboundJob]) -> BTreeSet<i64> {
    jobs.iter().map(|job| job.id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_claim_at_once_beside_other_changes_lose_no_slot_and_share_no_message() {
    let database = connected().await;
    let pool = database.pool.clone();
    deliver(&pool).await;
    let stop = Arc::new(AtomicBool::new(false));
    let disturbing = tokio::spawn(disturb(pool.clone(), Arc::clone(&stop)));
    let (mut now, mut claimed) = (START, BTreeSet::new());
    for _ in 0..500 {
        if claimed.len() == NUMBERS * MESSAGES {
            break;
        }
        let jobs = claim_at_once(|| {
            let pool = pool.clone();
            async move { claim_sendable(&pool, now, LEASE, PACED, 64).await }
        })
        .await;
        let keys = keys(&jobs);
        assert_eq!(keys.len(), jobs.len(), "claimed twice");
        let locations: BTreeSet<_> = jobs.iter().map(|job| &job.location_id).collect();
        assert_eq!(locations.len(), jobs.len(), "two at once of a number");
        assert_eq!(used_slots(&pool, now).await, jobs.len(), "slots");
        sqlx::query("update outbound set state = 'sent' where id = any($1)")
            .bind(keys.iter().copied().collect::<Vec<_>>())
            .execute(&pool)
            .await
            .unwrap();
        assert!(claimed.is_disjoint(&keys));
        claimed.extend(keys);
        now += Duration::seconds(2);
    }
    stop.store(true, Ordering::Relaxed);
    disturbing.await.unwrap();
    assert_eq!(claimed.len(), NUMBERS * MESSAGES, "all had their turn");
}

/// Lets four workers claim until nothing is left, and asserts that each of `count` was claimed once.
async fn assert_each_comes_once<T, F>(count: usize, claim: impl Fn() -> F, key: fn(&T) -> i64)
where
    T: Send + 'static,
    F: Future<Output = sqlx::Result<Vec<T>>> + Send + 'static,
{
    let mut seen = Vec::new();
    for _ in 0..100 {
        let claimed = claim_at_once(&claim).await;
        seen.extend(claimed.iter().map(key));
        if seen.len() >= count {
            break;
        }
    }
    let once: BTreeSet<_> = seen.iter().copied().collect();
    assert_eq!((once.len(), seen.len()), (count, count));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_claim_of_any_kind_gives_a_row_to_two_workers() {
    let database = TestDatabase::new().await;
    let (pool, all) = (database.pool.clone(), NUMBERS * MESSAGES);
    // No location has a number here.
    deliver(&pool).await;
    let unconnected = || {
        let pool = pool.clone();
        async move { outbound::claim_unconnected(&pool, START, LEASE, 7).await }
    };
    assert_each_comes_once(all, unconnected, |job| job.id.0).await;
    let wait_for_echo = format!("update outbound set state = 'unconfirmed', due_at = '{START}'");
    run(&pool, wait_for_echo).await;
    let unconfirmed = || {
        let pool = pool.clone();
        async move { outbound::claim_unconfirmed(&pool, START, LEASE, 7).await }
    };
    assert_each_comes_once(all, unconfirmed, |job| job.id.0).await;
    let read = format!(
        "insert into status_updates (location_id, message_id, ghl_message_id, status, due_at)
         select location_id, id, ghl_message_id, 'read', '{START}' from outbound"
    );
    run(&pool, read).await;
    let updates = || {
        let pool = pool.clone();
        async move { status_updates::claim(&pool, START, LEASE, 7).await }
    };
    assert_each_comes_once(all, updates, |job| job.message_id.0).await;
}

#[tokio::test]
async fn a_number_whose_message_was_not_taken_can_send_at_once() {
    let database = connected().await;
    let pool = database.pool.clone();
    deliver(&pool).await;
    let mut other = pool.begin().await.unwrap();
    sqlx::query("select 1 from outbound where location_id = 'L1' for update")
        .execute(&mut *other)
        .await
        .unwrap();
    let claimed = claim_sendable(&pool, START, LEASE, PACED, 64)
        .await
        .unwrap();
    assert_eq!(claimed.len(), NUMBERS - 1, "nobody waits for the first");
    other.commit().await.unwrap();
    let next = claim_sendable(&pool, START, LEASE, PACED, 64)
        .await
        .unwrap();
    let locations: Vec<_> = next.iter().map(|job| job.location_id.clone()).collect();
    assert_eq!(locations, [LocationId::from("L1")]);
    let slot = numbers::find_next_pacing_slot(&pool, START, START + Duration::MINUTE).await;
    assert_eq!(slot.unwrap(), Some(START + PACED.interval));
}

/// The lines of a source file that use `ctid`, without comments.
fn lines_with_ctid(source: &str) -> Vec<&str> {
    let is_word = |line: &str| {
        line.split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word.eq_ignore_ascii_case("ctid"))
    };
    let code = |line: &&str| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with("--")
    };
    source
        .lines()
        .filter(code)
        .filter(|line| is_word(line))
        .collect()
}

#[test]
fn no_statement_names_a_row_by_its_place() {
    let mut folders = vec![std::path::PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src"
    ))];
    let mut found = Vec::new();
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|kind| kind == "rs" || kind == "sql")
            {
                files += 1;
                let source = std::fs::read_to_string(&path).unwrap();
                let lines = lines_with_ctid(&source);
                found.extend(
                    lines
                        .iter()
                        .map(|line| format!("{}: {}", path.display(), line.trim())),
                );
            }
        }
    }
    assert!(files > 50, "only {files} sources were read");
    assert!(
        found.is_empty(),
        "two rows of a partitioned table can have the same place, and a row that is changed gets another: {found:#?}"
    );
    assert_eq!(lines_with_ctid("where o.ctid = any($1)").len(), 1);
}
