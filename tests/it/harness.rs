//! What all tests use: a real PostgreSQL with one database for each test, payloads, settings, and routes without a
//! port. The whole service between simulated vendors is in `bridge`.

use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use private_postgres::{self, PrivatePostgres};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use simulators::{CustomerFile, seed};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tower::ServiceExt as _;
use url::Url;
use waapify_ghl::config::Settings;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::http::HookSecrets;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::{config, db};

pub use crate::bridge::Bridge;

/// The test key of `tests/payloads/ghl/keys` that signs the corpus.
pub const TEST_ED25519_KEY: &str = include_str!("../payloads/ghl/keys/test-ed25519.public.pem");
pub const TEST_RSA_KEY: &str = include_str!("../payloads/ghl/keys/test-rsa4096.public.pem");
/// The gateway's text when its own server is down.
pub const OUTAGE: &str =
    "\n\n{\"status\":\"error\",\"message\":\"Cannot connect to server. Please try again later\"}";
/// Longest wait for another task or process: the longest lease of a killed process is a minute.
const PATIENCE: Duration = Duration::from_mins(2);

/// A payload of the corpus; a webhook of the gateway as if it had been written an hour ago.
pub fn payload(path: &str) -> Vec<u8> {
    let file = format!("{}/tests/payloads/{path}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let is_webhook = ["waapify/webhooks/", "waapify/field/"]
        .iter()
        .any(|folder| path.starts_with(folder));
    match String::from_utf8(bytes) {
        Ok(text) if is_webhook => fresh(&text).into_bytes(),
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

/// What is days old is not posted by itself, so the times of the gateway's webhooks are moved to an hour ago.
fn fresh(body: &str) -> String {
    let hour_ago = Clock::system().now() - time::Duration::HOUR;
    let day = format!("{}T", hour_ago.date());
    let mut moved = String::new();
    let mut rest = body;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| !c.is_ascii_digit());
        let (digits, after) = from.split_at(end.unwrap_or(from.len()));
        moved += before;
        match written(digits) {
            Some(before_last) => moved += &(hour_ago.unix_timestamp() - before_last).to_string(),
            None => moved += digits,
        }
        rest = after;
    }
    moved += rest;
    moved.replace("2026-01-01T", &day)
}

/// How many seconds before the last body of its kind something was written; none for digits that are no time of the corpus.
fn written(digits: &str) -> Option<i64> {
    /// How the seconds of the corpus begin, and the last of those.
    const TIMES: [(&str, i64); 3] = [
        ("17672", 1_767_250_800),
        ("17900", 1_790_000_000),
        ("17957", 1_795_717_600),
    ];
    let is_its = |(begin, _): &&(&str, i64)| digits.len() == 10 && digits.starts_with(begin);
    let (_, last) = TIMES.iter().find(is_its)?;
    Some(last - digits.parse::<i64>().ok()?)
}

/// The `x-ghl-signature` of a webhook of the corpus.
pub fn signature_of(file: &str) -> String {
    let signatures: Value = serde_json::from_slice(&payload("ghl/keys/signatures.json")).unwrap();
    let rows = signatures["signatures"].as_array().unwrap();
    let row = rows.iter().find(|row| row["file"] == file).unwrap();
    row["x-ghl-signature"].as_str().unwrap().to_owned()
}

/// The files of the corpus for one route, according to its index.
pub fn corpus(entrance: &str) -> Vec<String> {
    let index: Vec<Value> = serde_json::from_slice(&payload("ghl/webhooks/_index.json")).unwrap();
    let rows = index.iter().filter(|row| row["to"] == entrance);
    rows.map(|row| row["file"].as_str().unwrap().to_owned())
        .collect()
}

/// Fails the test if no PostgreSQL can be started.
pub fn require_postgres() {
    assert!(
        private_postgres::is_installed(),
        "This test needs PostgreSQL's programs: `./dev test` installs them, or says how."
    );
}

/// The server that all tests of this process share: `DATABASE_URL`, or a throw-away server that ends with the
/// process.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return url;
        }
        require_postgres();
        // The server ends when the thread that started it ends.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let cluster = PrivatePostgres::throw_away().unwrap();
            sender.send(cluster.url("postgres")).unwrap();
            loop {
                std::thread::park();
            }
        });
        receiver.recv().unwrap()
    })
}

fn url_of(database: &str) -> String {
    let mut url = Url::parse(server()).unwrap();
    url.set_path(database);
    url.into()
}

async fn execute(sql: String) {
    let mut connection = PgConnection::connect(server()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// A pool that waits longer for its connections than the service: tests share the machine, and are often many at once.
pub fn open_pool(url: &str) -> Pool {
    let options = db::connect_options(url, None).unwrap();
    db::open_patient_pool(options, Duration::from_mins(1))
}

/// A migrated database of this process that is copied for each test.
async fn template() -> &'static str {
    static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("template_{}", random_name());
            execute(format!("create database {name}")).await;
            let pool = open_pool(&url_of(&name));
            db::migrate(&pool).await.unwrap();
            crate::drawing::guard(&pool).await;
            // Postgres cannot copy a database that has connections.
            pool.close().await;
            name
        })
        .await
}

fn random_name() -> String {
    format!("t{:016x}", rand::random::<u64>())
}

/// A database for one test.
pub struct TestDatabase {
    name: String,
    pub pool: Pool,
}

impl TestDatabase {
    /// A database with the schema.
    pub async fn new() -> Self {
        let name = random_name();
        execute(format!(
            "create database {name} template {}",
            template().await
        ))
        .await;
        let pool = open_pool(&url_of(&name));
        Self { name, pool }
    }

    /// A database without tables.
    pub async fn empty() -> Self {
        let name = random_name();
        execute(format!("create database {name}")).await;
        let pool = open_pool(&url_of(&name));
        Self { name, pool }
    }

    pub fn url(&self) -> String {
        url_of(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A throw-away server takes its databases with it. (To drop one can take a minute: Postgres 15 waits until
        // its autovacuum launcher wakes.)
        if std::env::var_os("DATABASE_URL").is_none() {
            return;
        }
        let sql = format!("drop database if exists {} with (force)", self.name);
        let dropped = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute(sql));
        });
        let _ = dropped.join();
    }
}

/// The environment of a service at `public_url` with its vendors at `vendors`, and with the corpus's keys.
pub fn environment(public_url: &str, vendors: &str) -> Vec<(String, String)> {
    let pairs = [
        ("PUBLIC_URL", public_url.to_owned()),
        ("GHL_CLIENT_ID", "66b1f0a2c3d4e5f60718293a-test".to_owned()),
        ("GHL_CLIENT_SECRET", "test-client-secret".to_owned()),
        ("GHL_SHARED_SECRET", "test-shared-secret".to_owned()),
        ("GHL_API_BASE", format!("{vendors}/sim/ghl")),
        ("GHL_ED25519_PUBLIC_KEY", TEST_ED25519_KEY.to_owned()),
        ("GHL_RSA_PUBLIC_KEY", TEST_RSA_KEY.to_owned()),
        ("WAAPIFY_API_BASE", format!("{vendors}/sim/waapify/api")),
        ("WHATSAPP_MEDIA_BASE", format!("{vendors}/sim/whatsapp")),
        ("WAAPIFY_MIN_INTERVAL_MS", "0".to_owned()),
        // Tests write to people who never wrote; those of the protection switch it on.
        ("PROTECT_NUMBERS", "false".to_owned()),
        (
            "ENCRYPTION_KEYS",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        ),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// The path of the Delivery URL, or of the Default Webhook URL, of a service with these settings.
pub fn hook_path(environment: &[(String, String)], plain: &str) -> String {
    let secrets = HookSecrets::derive(&settings(environment).ghl);
    let secret = match plain {
        "/hooks/delivery" => secrets.delivery,
        "/hooks/app" => secrets.app,
        other => panic!("{other}"),
    };
    format!("{plain}/{}", secret.expose_secret())
}

pub fn settings(environment: &[(String, String)]) -> Settings {
    let find = |name: &str| {
        environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    config::load(find).unwrap()
}

/// Waits for something that another task or process does.
pub async fn wait(what: &str, came_true: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(Duration::from_millis(5));
    while !came_true().await {
        assert!(Instant::now() < deadline, "did not come true: {what}");
        look.tick().await;
    }
}

pub fn location() -> LocationId {
    LocationId::from(seed::LOCATION_ID)
}

/// Sends a request to routes without a port.
pub async fn ask(routes: &Router, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let answer = routes.clone().oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&bytes).into_owned(),
    )
}

/// A file that begins like a JPEG.
pub fn picture(caption: &str) -> CustomerFile<'_> {
    CustomerFile {
        kind: "image",
        bytes: b"\xff\xd8\xff\xe0 a picture",
        mimetype: "image/jpeg",
        name: None,
        caption: Some(caption),
    }
}
