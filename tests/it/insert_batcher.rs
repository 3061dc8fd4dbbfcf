//! Deliveries that arrive together: a shared commit must not change their results.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::task::JoinSet;
use waapify_ghl::app::App;
use waapify_ghl::db::connection::{Pool, Transaction};
use waapify_ghl::runtime::clock::Clock;

use crate::harness::{Bridge, TestDatabase, ask, environment, hook_path, settings, wait};

/// How long a caller may wait for the database.
const STORE_TIMEOUT: Duration = Duration::from_secs(1);
/// A machine that is too busy for all these attempts cannot run tests.
const ATTEMPTS: usize = 20;
/// More than the four batches of sixteen signatures need, with a few turns each.
const TURNS: usize = 200;

/// The routes over a database, and the key that signs deliveries for them.
struct Service {
    database: TestDatabase,
    routes: Router,
    key: Ed25519KeyPair,
}

impl Service {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap();
        let mut environment = environment("http://localhost:8080", "http://127.0.0.1:9");
        environment.retain(|(name, _)| name != "GHL_ED25519_PUBLIC_KEY");
        let public_key = STANDARD.encode(key.public_key());
        environment.push(("GHL_ED25519_PUBLIC_KEY".to_owned(), public_key));
        let settings = settings(&environment);
        let app = App::new(&settings, database.pool.clone(), Clock::system()).unwrap();
        let routes = app.router();
        Self {
            database,
            routes,
            key,
        }
    }

    /// Delivers a message of one conversation.
    fn deliver(&self, id: &str) -> impl Future<Output = StatusCode> + Send + use<> {
        let body = format!(
            r#"{{"locationId":"loc","contactId":"one","messageId":"{id}","type":"SMS","message":"hai"}}"#
        );
        let signature = STANDARD.encode(self.key.sign(body.as_bytes()));
        let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
        let path = hook_path(&environment, "/hooks/delivery");
        let request = Request::post(path).header("x-ghl-signature", signature);
        let request = request.body(Body::from(body)).unwrap();
        let routes = self.routes.clone();
        async move { ask(&routes, request).await.0 }
    }

    /// Delivers `first`, then all of `ids` while a commit is in progress, so that they share the next commit. Runs
    /// `prepare` first.
    ///
    /// A caller waits for the database for one second. If that second passes before all are answered, the machine is
    /// too busy to prove anything, and the next attempt begins with an empty database.
    async fn delivered_together(prepare: &'static str, ids: &[&str]) -> (Self, Vec<StatusCode>) {
        for _ in 0..ATTEMPTS {
            let service = Self::new().await;
            let pool = &service.database.pool;
            sqlx::raw_sql(prepare).execute(pool).await.unwrap();
            // This opens the service's connection, which takes time.
            wait("the first delivery is stored", async || {
                service.deliver("first").await == StatusCode::OK
            })
            .await;
            let blocker = lock(pool).await;
            let begin = Instant::now();
            let answers = service.deliver_behind(blocker, ids).await;
            if begin.elapsed() < STORE_TIMEOUT {
                return (service, answers);
            }
        }
        panic!("each attempt took longer than a second");
    }

    /// Delivers all of them while `blocker` holds up a commit.
    async fn deliver_behind(&self, blocker: Transaction, ids: &[&str]) -> Vec<StatusCode> {
        // A repeated delivery changes nothing, but its commit waits like any other.
        let again = tokio::spawn(self.deliver("first"));
        self.wait_for_the_lock().await;
        let mut tasks = JoinSet::new();
        for (place, id) in ids.iter().enumerate() {
            let delivery = self.deliver(id);
            tasks.spawn(async move { (place, delivery.await) });
        }
        // The tasks of this thread check the signatures in the order in which they were spawned, and each turn lets
        // all of them continue. After this many turns all deliveries wait for the commit.
        for _ in 0..TURNS {
            tokio::task::yield_now().await;
        }
        blocker.rollback().await.unwrap();
        let mut answers = tasks.join_all().await;
        answers.sort_unstable_by_key(|(place, _)| *place);
        let _ = again.await.unwrap();
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    /// Waits until a commit waits for [`lock`].
    async fn wait_for_the_lock(&self) {
        wait("a commit waits for the lock", async || {
            let waiting = "select count(*) from pg_locks where not granted
                and database = (select oid from pg_database where datname = current_database())";
            self.count(waiting).await > 0
        })
        .await;
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let count = sqlx::query_scalar(sql).fetch_one(&self.database.pool);
        count.await.unwrap()
    }

    async fn stored(&self) -> Vec<String> {
        sqlx::query_scalar("select ghl_message_id from outbound order by id")
            .fetch_all(&self.database.pool)
            .await
            .unwrap()
    }
}

async fn lock(pool: &Pool) -> Transaction {
    let mut blocker = pool.begin().await.unwrap();
    // Opens one more connection, for the query that sees what waits.
    drop(pool.acquire().await.unwrap());
    sqlx::query("lock table outbound in share mode")
        .execute(&mut *blocker)
        .await
        .unwrap();
    blocker
}

#[tokio::test]
async fn deliveries_that_come_together_share_a_commit_and_keep_their_order() {
    let ids: Vec<String> = (0..50).map(|number| format!("m{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let (service, answers) = Service::delivered_together("", &ids).await;
    assert_eq!(answers, [StatusCode::OK; 50]);
    let stored = service.stored().await;
    assert_eq!((stored[0].as_str(), stored.len()), ("first", 51));
    assert_eq!(stored[1..], ids);
    let commits = service
        .count("select count(distinct xmin::text) from outbound")
        .await;
    assert_eq!(commits, 2, "one for the first, and one for all that waited");
}

#[tokio::test]
async fn one_message_that_comes_twice_at_once_is_stored_once() {
    let ids = ["a", "b", "a", "first", "c", "a"];
    let (service, answers) = Service::delivered_together("", &ids).await;
    assert_eq!(answers, [StatusCode::OK; 6]);
    assert_eq!(service.stored().await, ["first", "a", "b", "c"]);
}

#[tokio::test]
async fn a_delivery_that_postgres_refuses_costs_no_other_its_place() {
    let refuse = "alter table outbound add check (ghl_message_id <> 'bad')";
    let (service, answers) = Service::delivered_together(refuse, &["a", "bad", "b"]).await;
    let refused = StatusCode::TOO_MANY_REQUESTS;
    assert_eq!(answers, [StatusCode::OK, refused, StatusCode::OK]);
    assert_eq!(service.stored().await, ["first", "a", "b"]);
}

#[tokio::test]
async fn who_waits_longer_than_a_second_is_asked_to_come_again() {
    let service = Service::new().await;
    let blocker = lock(&service.database.pool).await;
    let first = tokio::spawn(service.deliver("a"));
    service.wait_for_the_lock().await;
    let begin = Instant::now();
    assert_eq!(service.deliver("b").await, StatusCode::TOO_MANY_REQUESTS);
    assert!(begin.elapsed() < Duration::from_secs(2));
    assert_eq!(first.await.unwrap(), StatusCode::TOO_MANY_REQUESTS);
    blocker.rollback().await.unwrap();
    assert_eq!(service.deliver("c").await, StatusCode::OK);
    let stored = service.stored().await;
    assert_eq!(stored, ["a", "c"], "nobody waited for b any more");
}

#[tokio::test]
async fn deliveries_do_not_wait_for_the_workers_connections() {
    let service = Service::new().await;
    let pool = &service.database.pool;
    let mut taken = Vec::new();
    while let Ok(connection) = pool.acquire().await {
        taken.push(connection);
    }
    // A busy machine may need more than a second to open a connection, but not forever.
    wait("it is stored", async || {
        service.deliver("a").await == StatusCode::OK
    })
    .await;
    // This refusal needs the pool.
    let event = Request::post("/hooks/waapify/guess").body(Body::from("no JSON"));
    let (status, headers, _) = ask(&service.routes, event.unwrap()).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after"));
    drop(taken);
    assert_eq!(service.stored().await, ["a"]);
}

#[tokio::test]
async fn a_connection_that_died_meanwhile_costs_no_webhook() {
    let bridge = Bridge::new().await;
    bridge.agent_writes("satu").await;
    let pool = &bridge.database.pool;
    // Several connections of the pool that were used a moment ago.
    let mut used = Vec::new();
    for _ in 0..8 {
        used.push(pool.acquire().await.unwrap());
    }
    drop(used);
    bridge.customer_writes("dua").await;
    let mut own = pool.acquire().await.unwrap();
    sqlx::query(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .execute(&mut own)
    .await
    .unwrap();
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    let event = bridge.http.post(webhook).body("{}").send().await.unwrap();
    assert_eq!(event.status(), StatusCode::OK, "an event comes only once");
    bridge.agent_writes("tiga").await;
    let delivered: i64 = sqlx::query_scalar("select count(*) from outbound")
        .fetch_one(&mut own)
        .await
        .unwrap();
    assert_eq!(delivered, 2);
}
