//! Webhooks while the database is down: a caller that retries is asked to, and a caller that posts only once waits.

use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use private_postgres::{Durability, PrivatePostgres, remove_data};
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;
use url::Url;
use waapify_ghl::app::App;
use waapify_ghl::crypto::hash_secret;
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::runtime::clock::Clock;

use crate::harness::{
    ask, environment, hook_path, payload, require_postgres, settings, signature_of,
};
use crate::proxy::Proxy;

/// More than the second within which GHL gets its answer.
const SOON: Duration = Duration::from_secs(3);
/// The size of a first login's contact list. Four of them fit into the outage buffer.
const LARGE_BYTES: usize = 15 * 1024 * 1024;

fn routes(pool: &Pool) -> Router {
    let settings = settings(&environment("http://localhost:8080", "http://127.0.0.1:9"));
    let app = App::new(&settings, pool.clone(), Clock::system()).unwrap();
    app.router()
}

fn event(body: &str) -> Request<Body> {
    let request = Request::post("/hooks/waapify/secret").body(Body::from(body.to_owned()));
    request.unwrap()
}

fn delivery() -> Request<Body> {
    let file = "provider_outbound_sms_unicode.json";
    let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
    let path = hook_path(&environment, "/hooks/delivery");
    let request = Request::post(path).header("x-ghl-signature", signature_of(file));
    let body = Body::from(payload(&format!("ghl/webhooks/{file}")));
    request.body(body).unwrap()
}

/// A PostgreSQL for one test that is stopped and started behind one address.
struct Store {
    folder: PathBuf,
    proxy: Proxy,
    cluster: Option<PrivatePostgres>,
}

impl Store {
    async fn new() -> Self {
        require_postgres();
        let name = format!("waapify-ghl-test-outage-{:016x}", rand::random::<u64>());
        let mut store = Self {
            folder: std::env::temp_dir().join(name),
            proxy: Proxy::start().await,
            cluster: None,
        };
        store.start().await;
        store
    }

    async fn start(&mut self) {
        let folder = self.folder.clone();
        let cluster = spawn_blocking(move || PrivatePostgres::start(&folder, Durability::Durable));
        let cluster = cluster.await.unwrap().unwrap();
        let port = Url::parse(&cluster.url("postgres")).unwrap().port();
        self.proxy.aim(vec![([127, 0, 0, 1], port.unwrap()).into()]);
        self.proxy.set_flowing(true);
        self.cluster = Some(cluster);
    }

    /// Makes it silent, then stops it.
    async fn stop(&mut self) {
        self.proxy.set_flowing(false);
        self.proxy.aim(Vec::new());
        let cluster = self.cluster.take().unwrap();
        spawn_blocking(move || cluster.stop().unwrap())
            .await
            .unwrap();
    }

    /// A pool, after a number has been connected.
    async fn pool(&self) -> Pool {
        let url = self.cluster.as_ref().unwrap().url("postgres");
        let mut url = Url::parse(&url).unwrap();
        url.set_port(Some(self.proxy.address.port())).unwrap();
        let pool = db::open_pool(url.as_str()).unwrap();
        db::migrate(&pool).await.unwrap();
        let location = "insert into locations (location_id) values ('loc')";
        sqlx::query(location).execute(&pool).await.unwrap();
        sqlx::query(
            "insert into numbers (location_id, number, instance_id, access_token, webhook_secret,
                webhook_secret_hash, is_default, next_send_at, connected_at)
             values ('loc', '60111234567', 'i', '', '', $1, true, now(), now())",
        )
        .bind(hash_secret("secret"))
        .execute(&pool)
        .await
        .unwrap();
        pool
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        drop(self.cluster.take());
        let _ = remove_data(Path::new(&self.folder));
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn an_event_of_the_gateway_outlasts_a_restart_of_postgres() {
    let mut store = Store::new().await;
    let pool = store.pool().await;
    let routes = routes(&pool);
    assert_eq!(ask(&routes, event("{}")).await.0, StatusCode::OK);
    store.stop().await;
    let waiting = routes.clone();
    let mut waiting = tokio::spawn(async move { ask(&waiting, event("{}")).await.0 });
    let refused = timeout(SOON, ask(&routes, delivery())).await.unwrap();
    assert_eq!(refused.0, StatusCode::TOO_MANY_REQUESTS, "GHL comes again");
    let early = timeout(SOON, &mut waiting).await;
    assert!(early.is_err(), "it waits: {early:?}");
    store.start().await;
    assert_eq!(waiting.await.unwrap(), StatusCode::OK);
    let stored: i64 = sqlx::query_scalar("select count(*) from waapify_events")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored, 2);
    let (status, _, _) = ask(&routes, delivery()).await;
    assert_eq!(status, StatusCode::OK);
    pool.close().await;
}

/// An event of a stranger.
fn strangers_event(body: &str) -> Request<Body> {
    let request = Request::post("/hooks/waapify/guess").body(Body::from(body.to_owned()));
    request.unwrap()
}

/// The statuses of posts that all wait, after the database has come back or the callers have been refused.
fn post_all(routes: &Router, requests: Vec<Request<Body>>) -> JoinSet<StatusCode> {
    let mut waiting = JoinSet::new();
    for request in requests {
        let routes = routes.clone();
        waiting.spawn(async move { ask(&routes, request).await.0 });
    }
    waiting
}

#[tokio::test]
async fn no_more_events_wait_than_there_is_memory_for() {
    let mut store = Store::new().await;
    let pool = store.pool().await;
    let routes = routes(&pool);
    assert_eq!(ask(&routes, event("{}")).await.0, StatusCode::OK);
    store.stop().await;
    let large = format!("[\"{}\"]", "x".repeat(LARGE_BYTES));
    let mut waiting = post_all(&routes, (0..5).map(|_| event(&large)).collect());
    let refused = waiting.join_next().await.unwrap().unwrap();
    assert_eq!(refused, StatusCode::TOO_MANY_REQUESTS);
    let others = timeout(SOON, waiting.join_next()).await;
    assert!(others.is_err(), "four wait: {others:?}");
    // A caller that hangs up makes room.
    waiting.shutdown().await;
    let next = timeout(SOON, ask(&routes, event(&large))).await;
    assert!(next.is_err(), "it waits: {next:?}");
}

#[tokio::test]
async fn strangers_bodies_take_no_room_from_callers_whose_secret_was_good_lately() {
    let mut store = Store::new().await;
    let pool = store.pool().await;
    let routes = routes(&pool);
    assert_eq!(ask(&routes, event("{}")).await.0, StatusCode::OK);
    store.stop().await;
    let large = format!("[\"{}\"]", "x".repeat(LARGE_BYTES));
    let mut strangers = post_all(&routes, (0..20).map(|_| strangers_event(&large)).collect());
    let mut known = post_all(&routes, (0..4).map(|_| event(&large)).collect());
    let early = timeout(SOON, known.join_next()).await;
    assert!(early.is_err(), "all wait: {early:?}");
    store.start().await;
    while let Some(status) = known.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::OK);
    }
    // Strangers waited, too, with their bodies unread.
    while let Some(status) = strangers.join_next().await {
        assert_eq!(status.unwrap(), StatusCode::NOT_FOUND);
    }
    pool.close().await;
}

#[tokio::test]
async fn a_process_that_knows_nobody_yet_keeps_events_as_well() {
    let mut store = Store::new().await;
    let pool = store.pool().await;
    store.stop().await;
    let routes = routes(&pool);
    let mut waiting = post_all(&routes, vec![event("{}"), strangers_event("{}")]);
    let early = timeout(SOON, waiting.join_next()).await;
    assert!(early.is_err(), "they wait: {early:?}");
    store.start().await;
    let statuses = waiting.join_all().await;
    assert!(
        statuses.contains(&StatusCode::OK) && statuses.contains(&StatusCode::NOT_FOUND),
        "{statuses:?}"
    );
    pool.close().await;
}
