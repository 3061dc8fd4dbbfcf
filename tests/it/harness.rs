//! What tests stand on: a real PostgreSQL with one database a test, simulated vendors over real HTTP, a clock that is
//! moved by hand, and the routes without a port.

use std::sync::{Arc, OnceLock, mpsc};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt as _;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool};
use tower::ServiceExt as _;
use url::Url;
use waapify_ghl::app::App;
use waapify_ghl::clock::Clock;
use waapify_ghl::cluster::Cluster;
use waapify_ghl::config::{self, Settings};
use waapify_ghl::connect::Entered;
use waapify_ghl::ids::LocationId;
use waapify_ghl::relay::{self, Worker};
use waapify_ghl::sandbox::{InstallKind, Timings, World, WorldConfig, seed};
use waapify_ghl::{clients, db};

/// The test key of `tests/payloads/ghl/keys`, with which the corpus is signed.
pub const TEST_ED25519_KEY: &str = include_str!("../payloads/ghl/keys/test-ed25519.public.pem");
pub const TEST_RSA_KEY: &str = include_str!("../payloads/ghl/keys/test-rsa4096.public.pem");
/// Longest wait for something that another task or process does.
const PATIENCE: Duration = Duration::from_mins(1);

/// A payload of the corpus.
pub fn payload(path: &str) -> Vec<u8> {
    let path = format!("{}/tests/payloads/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The server that all tests of this process share: `DATABASE_URL`, or a throw-away cluster that goes with the process.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        if let Ok(url) = std::env::var("DATABASE_URL") {
            return url;
        }
        // The cluster lives as long as the thread that started it.
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let cluster = Cluster::throw_away().unwrap();
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

/// A migrated database of this process, from which the others are copied.
async fn template() -> &'static str {
    static TEMPLATE: tokio::sync::OnceCell<String> = tokio::sync::OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let name = format!("template_{}", random_name());
            execute(format!("create database {name}")).await;
            let pool = db::open_pool(&url_of(&name)).unwrap();
            db::migrate(&pool).await.unwrap();
            // A database that someone is connected to cannot be copied.
            pool.close().await;
            name
        })
        .await
}

fn random_name() -> String {
    format!("t{:016x}", rand::random::<u64>())
}

/// A database of one test's own.
pub struct TestDatabase {
    name: String,
    pub pool: PgPool,
}

impl TestDatabase {
    /// With the schema.
    pub async fn new() -> Self {
        let name = random_name();
        execute(format!(
            "create database {name} template {}",
            template().await
        ))
        .await;
        let pool = db::open_pool(&url_of(&name)).unwrap();
        Self { name, pool }
    }

    /// Without any table.
    pub async fn empty() -> Self {
        let name = random_name();
        execute(format!("create database {name}")).await;
        let pool = db::open_pool(&url_of(&name)).unwrap();
        Self { name, pool }
    }

    pub fn url(&self) -> String {
        url_of(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        // A throw-away server takes its databases with it. (Dropping each costs up to a minute: Postgres 15 waits for its
        // autovacuum launcher to wake.)
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

/// The environment of a service at `public_url` whose vendors are at `vendors`, with the corpus's keys.
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
        ("WAAPIFY_MIN_INTERVAL_MS", "0".to_owned()),
        (
            "ENCRYPTION_KEYS",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
        ),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}

/// Settings from such an environment.
pub fn settings(environment: &[(String, String)]) -> Settings {
    let find = |name: &str| {
        environment
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    config::load(find).unwrap()
}

/// The service over a database of its own, with simulated vendors; its routes answer on a real port, its workers move
/// only when told.
pub struct Bridge {
    pub database: TestDatabase,
    pub world: World,
    pub clock: Clock,
    pub app: App,
    pub address: String,
    pub http: reqwest::Client,
    /// The service's environment, for a process of the real program.
    pub environment: Vec<(String, String)>,
}

impl Bridge {
    /// Installed and connected.
    pub async fn new() -> Self {
        let bridge = Self::bare().await;
        bridge.install().await;
        bridge.connect().await;
        bridge
    }

    /// Neither installed nor connected.
    pub async fn bare() -> Self {
        Self::with(|_| {}).await
    }

    /// As [`Bridge::bare`], with the environment changed.
    pub async fn with(change: impl FnOnce(&mut Vec<(String, String)>)) -> Self {
        let database = TestDatabase::new().await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut environment = environment(&address, &address);
        let http = clients::http_client().unwrap();
        let world = World::new(WorldConfig {
            client_id: "66b1f0a2c3d4e5f60718293a-test".to_owned(),
            client_secret: "test-client-secret".to_owned(),
            service_url: Url::parse(&address).unwrap(),
            // Customers' phones receive and read only when told.
            timings: Timings {
                delivered_after: None,
                ..Timings::fast()
            },
            http: http.clone(),
        })
        .unwrap();
        let key = world.ghl.public_keys().ed25519_base64;
        environment.retain(|(name, _)| name != "GHL_ED25519_PUBLIC_KEY");
        environment.push(("GHL_ED25519_PUBLIC_KEY".to_owned(), key));
        change(&mut environment);
        // It starts at the real time, so that real processes can share the database.
        let clock = Clock::manual(Clock::system().now());
        let app = App::new(
            &settings(&environment),
            database.pool.clone(),
            clock.clone(),
        )
        .unwrap();
        let routes: Router = app.router().merge(world.vendors_router());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            database,
            world,
            clock,
            app,
            address,
            http,
            environment,
        }
    }

    /// Installs the app into the seeded location, through the callback; the page it leads to.
    pub async fn install(&self) -> String {
        let location_id = seed::LOCATION_ID.to_owned();
        let code = self
            .world
            .ghl
            .issue_code(InstallKind::Location { location_id });
        let (status, page) = self.get(&format!("/oauth/callback?code={code}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page
    }

    /// Connects the seeded number to the seeded location.
    pub async fn connect(&self) {
        self.connect_to(&location()).await;
    }

    /// Connects the seeded number.
    pub async fn connect_to(&self, location: &LocationId) {
        let entered = Entered {
            instance_id: seed::INSTANCE_ID.to_owned(),
            access_token: seed::ACCESS_TOKEN.into(),
            number: seed::NUMBER.to_owned(),
        };
        self.app
            .connector
            .connect(location, &entered)
            .await
            .unwrap();
    }

    pub async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self
            .http
            .get(format!("{}{path}", self.address))
            .send()
            .await
            .unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Lets every worker do what is due now, until nothing is.
    pub async fn settle(&self) {
        let context = &self.app.relay;
        let outbound = Arc::new(relay::outbound::Outbound(Arc::clone(context)));
        let events = Arc::new(relay::gateway_events::GatewayEvents(Arc::clone(context)));
        let inbound = Arc::new(relay::inbound::Inbound(Arc::clone(context)));
        let statuses = Arc::new(relay::status_updates::StatusUpdates(Arc::clone(context)));
        loop {
            let done = step(&outbound).await
                + step(&events).await
                + step(&inbound).await
                + step(&statuses).await;
            if done == 0 {
                return;
            }
        }
    }

    /// Moves the clock, then settles.
    pub async fn after(&self, pause: time::Duration) {
        self.clock.advance(pause);
        self.settle().await;
    }

    /// Settles until something came true that waits for a vendor's own post; the clock stands still.
    pub async fn until(&self, what: &str, came_true: impl AsyncFn() -> bool) {
        wait(what, async || {
            self.settle().await;
            came_true().await
        })
        .await;
    }

    /// Has the business write to Aisyah, and waits until the delivery is stored; GHL's id of it.
    pub async fn agent_writes(&self, text: &str) -> String {
        self.agent_sends(seed::AISYAH.0, text, &[]).await
    }

    /// Has the business send, and waits until the delivery is stored; GHL's id of it.
    pub async fn agent_sends(&self, contact: &str, text: &str, attachments: &[&str]) -> String {
        let attachments: Vec<String> = attachments.iter().map(ToString::to_string).collect();
        let id = self
            .world
            .ghl
            .agent_sends(contact, text, &attachments)
            .unwrap();
        wait("the delivery is stored", async || {
            self.find_outbound(&id).await.is_some()
        })
        .await;
        id
    }

    /// What GHL shows as the status of a message.
    pub fn ghl_status(&self, id: &str) -> String {
        self.world.ghl.message(id).unwrap().status
    }

    /// The sentence GHL shows with a failed message.
    pub fn ghl_error(&self, id: &str) -> String {
        let error = self.world.ghl.message(id).unwrap().error.unwrap();
        error["message"].as_str().unwrap().to_owned()
    }

    async fn find_outbound(&self, ghl_message: &str) -> Option<(String, Option<String>)> {
        sqlx::query_as("select state, reason from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }

    /// State and reason of the outbound message with this GHL id.
    pub async fn outbound(&self, ghl_message: &str) -> (String, Option<String>) {
        self.find_outbound(ghl_message).await.unwrap()
    }

    /// Failed attempts at the current part of that message.
    pub async fn failures(&self, ghl_message: &str) -> i32 {
        sqlx::query_scalar("select failures from outbound where ghl_message_id = $1")
            .bind(ghl_message)
            .fetch_one(&self.database.pool)
            .await
            .unwrap()
    }

    /// State of that message alone.
    pub async fn state(&self, ghl_message: &str) -> String {
        self.outbound(ghl_message).await.0
    }

    /// State, reason and text of the inbound message with this WhatsApp id.
    pub async fn inbound(
        &self,
        wa_message: &str,
    ) -> Option<(String, Option<String>, Option<String>)> {
        sqlx::query_as("select state, reason, text from inbound where wa_message_id = $1")
            .bind(wa_message)
            .fetch_optional(&self.database.pool)
            .await
            .unwrap()
    }
}

async fn step<W: Worker>(worker: &Arc<W>) -> usize {
    relay::step(worker).await.unwrap()
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

/// The seeded location.
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
