//! A database whose connections go silent, whose server becomes read-only or full, or that is locked at the start; and the
//! time, which is the database's.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use time::Duration;
use url::Url;
use waapify_ghl::app::App;
use waapify_ghl::db;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::workers::Worker as _;
use waapify_ghl::workers::waapify_events::WaapifyEvents;

use crate::commands::{Serving, program};
use crate::harness::{
    Bridge, TestDatabase, ask, environment, hook_path, payload, settings, signature_of, wait,
};
use crate::killed_child::KilledChild;
use crate::proxy::Proxy;

const WAITS: &str = "select exists (select from pg_locks where not granted
    and database = (select oid from pg_database where datname = current_database()))";
const IS_LEASED: &str = "select exists (select from waapify_events where is_leased)";

/// The address of the database behind the proxy.
async fn behind_proxy(database: &TestDatabase) -> (Proxy, String) {
    let mut url = Url::parse(&database.url()).unwrap();
    let target = (url.host_str().unwrap().to_owned(), url.port().unwrap());
    let target = tokio::net::lookup_host(target).await.unwrap().next();
    let proxy = Proxy::start().await;
    proxy.aim(vec![target.unwrap()]);
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.address.port())).unwrap();
    (proxy, url.into())
}

#[tokio::test]
async fn connections_that_go_silent_are_replaced_and_messages_go_on_both_ways() {
    let bridge = Bridge::new().await;
    let (proxy, url) = behind_proxy(&bridge.database).await;
    let process = Serving::start_with(&bridge, |command| {
        command.env("DATABASE_URL", url);
    })
    .await;
    let first = bridge.agent_writes("satu").await;
    wait("the first is sent", async || {
        bridge.state(&first).await == "sent"
    })
    .await;
    proxy.forget_connections();
    let second = bridge.agent_writes("dua").await;
    let reply = bridge.customer_writes("tiga").await;
    wait("the second is sent", async || {
        bridge.state(&second).await == "sent"
    })
    .await;
    wait("the reply is posted", async || {
        let found = bridge.inbound(&reply).await;
        found.is_some_and(|(state, _, _)| state == "posted")
    })
    .await;
    process.signal(Signal::TERM);
    assert_eq!(process.ended().await.0, Some(0));
}

/// The server claims, and its answer is lost: that counts against no event.
#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_given_back() {
    let bridge = Bridge::new().await;
    let (proxy, url) = behind_proxy(&bridge.database).await;
    let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
    let pool = db::open_pool(&url).unwrap();
    let app = App::new(&settings(&environment), pool, Clock::system()).unwrap();
    let worker = WaapifyEvents(Arc::clone(&app.context));
    assert!(worker.claim(8).await.unwrap().is_empty(), "it is connected");
    bridge.customer_writes("hai").await;
    let database = &bridge.database.pool;
    let mut blocker = database.begin().await.unwrap();
    let lock = sqlx::raw_sql("lock table numbers in access exclusive mode");
    lock.execute(&mut *blocker).await.unwrap();
    let claim = tokio::spawn(async move { worker.claim(8).await });
    let is = async |sql: &'static str| {
        let answer = sqlx::query_scalar::<_, bool>(sql);
        answer.fetch_one(database).await.unwrap()
    };
    wait("it waits for the lock", async || is(WAITS).await).await;
    proxy.forget_connections();
    blocker.rollback().await.unwrap();
    wait("it has claimed", async || is(IS_LEASED).await).await;
    assert!(claim.await.unwrap().is_err());
    wait("it is given back", async || !is(IS_LEASED).await).await;
}

/// The routes of the service over a pool of its own.
struct Routes {
    database: TestDatabase,
    delivery: String,
    router: axum::Router,
}

impl Routes {
    async fn new() -> Self {
        let database = TestDatabase::new().await;
        let url = database.url();
        Self::over(database, &url)
    }

    fn over(database: TestDatabase, url: &str) -> Self {
        let pool = db::open_pool(url).unwrap();
        let environment = environment("http://localhost:8080", "http://127.0.0.1:9");
        let app = App::new(&settings(&environment), pool, Clock::system()).unwrap();
        Self {
            database,
            delivery: hook_path(&environment, "/hooks/delivery"),
            router: app.router(),
        }
    }

    async fn run(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql)
            .execute(&self.database.pool)
            .await
            .unwrap();
    }

    async fn deliver(&self) -> StatusCode {
        let file = "provider_outbound_sms_unicode.json";
        let request = Request::post(&self.delivery).header("x-ghl-signature", signature_of(file));
        let body = Body::from(payload(&format!("ghl/webhooks/{file}")));
        ask(&self.router, request.body(body).unwrap()).await.0
    }

    async fn readiness(&self) -> (StatusCode, String) {
        let request = Request::get("/readyz").body(Body::empty()).unwrap();
        let (status, _, text) = ask(&self.router, request).await;
        (status, text)
    }
}

#[tokio::test]
async fn a_server_that_was_read_only_is_left_without_a_restart() {
    let routes = Routes::new().await;
    let name: String = sqlx::query_scalar("select current_database()::text")
        .fetch_one(&routes.database.pool)
        .await
        .unwrap();
    let set = format!("alter database \"{name}\" set default_transaction_read_only = on");
    routes.run(&set).await;
    // Connections that are made now stay read-only, as those to a primary that became a standby.
    assert_eq!(routes.deliver().await, StatusCode::TOO_MANY_REQUESTS);
    let (status, text) = routes.readiness().await;
    assert_eq!(
        (status, text.as_str()),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database is read-only\n"
        )
    );
    let reset = format!(
        "set default_transaction_read_only = off; alter database \"{name}\" reset default_transaction_read_only"
    );
    routes.run(&reset).await;
    wait("it is ready", async || {
        routes.readiness().await.0 == StatusCode::OK
    })
    .await;
    assert_eq!(routes.deliver().await, StatusCode::OK);
}

#[tokio::test]
async fn a_full_disk_asks_ghl_to_come_again_and_is_told_by_the_probe() {
    let routes = Routes::new().await;
    routes
        .run(
            "create function full_disk() returns trigger language plpgsql as
             $$ begin raise exception 'No space left on device' using errcode = 'disk_full'; end $$;
             create trigger full_disk before insert on outbound execute function full_disk()",
        )
        .await;
    assert_eq!(routes.deliver().await, StatusCode::TOO_MANY_REQUESTS);
    let (status, text) = routes.readiness().await;
    assert_eq!(
        (status, text.as_str()),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not store deliveries\n"
        )
    );
    routes.run("drop trigger full_disk on outbound").await;
    assert_eq!(routes.deliver().await, StatusCode::OK);
    assert_eq!(routes.readiness().await.0, StatusCode::OK);
}

/// A role in `database` with this many connections, and the address with it.
async fn limited_role(database: &TestDatabase, connections: u32) -> String {
    let role = format!("limited_{:016x}", rand::random::<u64>());
    let sql = format!(
        "create role {role} login password '{role}' connection limit {connections};
         grant all on all tables in schema public to {role};
         grant all on all sequences in schema public to {role}"
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&database.pool)
        .await
        .unwrap();
    let mut url = Url::parse(&database.url()).unwrap();
    url.set_username(&role).unwrap();
    url.set_password(Some(&role)).unwrap();
    url.into()
}

#[tokio::test]
async fn without_a_free_connection_ghl_is_asked_to_come_again_until_there_is_one() {
    let database = TestDatabase::new().await;
    // As many as a process opens at most, and some more.
    let url = limited_role(&database, 25).await;
    let mut others = Vec::new();
    for _ in 0..25 {
        others.push(PgConnection::connect(&url).await.unwrap());
    }
    let routes = Routes::over(database, &url);
    assert_eq!(routes.deliver().await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(routes.readiness().await.0, StatusCode::SERVICE_UNAVAILABLE);
    for other in others {
        other.close().await.unwrap();
    }
    wait("it is ready", async || {
        routes.readiness().await.0 == StatusCode::OK
    })
    .await;
    assert_eq!(routes.deliver().await, StatusCode::OK);
}

#[tokio::test]
async fn a_start_behind_a_lock_says_what_it_waits_for_and_obeys_sigterm() {
    let bridge = Bridge::bare().await;
    let mut blocker = bridge.database.pool.begin().await.unwrap();
    sqlx::query("lock table _sqlx_migrations")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let mut command = program(Some(&bridge));
    let mut child = KilledChild::spawn(command.arg("serve").stderr(Stdio::piped()));
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let ended = tokio::task::spawn_blocking(move || {
        let mut lines = lines.map_while(Result::ok);
        let said = lines.any(|line| line.contains("before this session ends"));
        kill_process(pid, Signal::TERM).unwrap();
        lines.for_each(drop);
        (said, child.wait().unwrap().code())
    });
    assert_eq!(ended.await.unwrap(), (true, Some(0)));
    drop(blocker);
}

#[tokio::test]
async fn the_time_is_the_databases_whatever_the_machines_clock_says() {
    let database = TestDatabase::new().await;
    let clock = Clock::system();
    let real = clock.now();
    for wrong in [real - Duration::hours(1), real + Duration::minutes(5)] {
        clock.set(wrong);
        db::clock::synchronize(&database.pool, &clock)
            .await
            .unwrap();
        let off = clock.now() - time_of(&database.pool).await;
        assert!(off.abs() < Duration::seconds(30), "{off}");
    }
}

async fn time_of(pool: &Pool) -> time::OffsetDateTime {
    let time = sqlx::query_scalar("select clock_timestamp()");
    time.fetch_one(pool).await.unwrap()
}
