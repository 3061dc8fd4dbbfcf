//! One round: a simulation, its replicas, load and faults together, then repair, then the checks.
//!
//! Owns the meaning of a seed, and the decision when nothing is in progress. Nothing is carried into the next round.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use secrecy::ExposeSecret as _;
use simulators::{Envelope, InstallKind, Simulation, SimulationConfig, Timings};
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use waapify_ghl::accounts::connect::Entered;
use waapify_ghl::app::App;
use waapify_ghl::db::connection::Pool;
use waapify_ghl::http::HookSecrets;
use waapify_ghl::model::ids::LocationId;
use waapify_ghl::runtime::clock::Clock;
use waapify_ghl::{clients, config};

use crate::checks::Checks;
use crate::faults::{Book, Trouble};
use crate::load::{BRAZILIANS, CUSTOMERS, MARK, Shop};
use crate::processes::Replica;
use crate::proxy::Proxy;
use crate::store::{A_DAY, A_MOMENT, Store};
use crate::{load, pass};

const CLIENT_ID: &str = "66b1f0a2c3d4e5f60718293a-crash";
const CLIENT_SECRET: &str = "crash-client-secret";
/// Encrypts only invented data.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// Longest wait for a replica, and after the faults for anything to end: many times the usual duration. The last message
/// may need some days, for each of which all replicas start again.
const PATIENCE: Duration = Duration::from_mins(3);
/// Work that has not changed for this long waits for time to pass. Longer than a call, a statement, and the pause
/// between two polls for a token that another process refreshes.
const STILL: Duration = Duration::from_millis(500);
/// Rounds in which the database has a standby, which takes a second or two to copy.
const STANDBY_SHARE: f64 = 0.3;
const LOOK: Duration = Duration::from_millis(15);

/// The result of a round.
#[derive(Default)]
pub struct Outcome {
    pub counts: BTreeMap<&'static str, u64>,
    pub violations: Vec<String>,
}

/// Plays the round of a seed. Its logs are written to `folder`.
pub async fn play(store: &Mutex<Store>, folder: &Path, seed: u64) -> Outcome {
    fs::create_dir_all(folder).unwrap();
    store.lock().await.clear().await;
    let mut rng = StdRng::seed_from_u64(seed);
    if rng.random_bool(STANDBY_SHARE) {
        store.lock().await.follow().await;
    }
    let stage = Controls::set(store, folder, &mut rng).await;
    let book = Book::default();
    let length = Duration::from_millis(rng.random_range(2_000..3_500));
    let trouble = Trouble {
        simulation: &stage.simulation,
        store,
        replicas: &stage.replicas,
        shops: &stage.shops,
        book: &book,
        until: Instant::now() + length,
    };
    tokio::join!(
        load::run(&stage.simulation, &stage.shops, seed, length),
        trouble.run(seed),
    );
    let mut store = store.lock().await;
    let mut outcome = Outcome::default();
    if let Err(open) = stage.become_quiet(&store, &book).await {
        outcome.violations.push(open);
    }
    let mut checks = Checks::new(&stage.simulation, &store, &book).await;
    checks.run(&stage.shops);
    outcome.violations.extend(checks.violations);
    outcome.counts = checks.counts;
    stage.end(&mut outcome).await;
    store.end_others().await;
    outcome.counts.extend(book.counts.into_inner().unwrap());
    outcome
        .violations
        .extend(book.complaints.into_inner().unwrap());
    outcome
}

/// Everything around the database.
struct Controls {
    simulation: Simulation,
    shops: Vec<Shop>,
    replicas: Vec<Replica>,
    vendors: tokio::task::JoinHandle<()>,
    http: reqwest::Client,
}

impl Controls {
    /// Starts vendors and replicas behind one address, and installs and connects the shops.
    async fn set(store: &Mutex<Store>, folder: &Path, rng: &mut StdRng) -> Self {
        let (url, pool) = {
            let store = store.lock().await;
            (store.url.clone(), store.pool.clone())
        };
        let service = Proxy::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let vendors = format!("http://{}", listener.local_addr().unwrap());
        let simulation = simulation(&service, rng);
        let routes: Router = simulation.vendors_router();
        let vendors_task =
            tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let environment = environment(
            &url,
            &format!("http://{}", service.address),
            &vendors,
            &simulation,
        );
        let replicas: Vec<Replica> = (0..rng.random_range(1..=2))
            .map(|slot| Replica::new(slot, &environment, folder))
            .collect();
        service.aim(replicas.iter().map(|replica| replica.address).collect());
        let stage = Self {
            shops: load::build(&simulation, rng),
            simulation,
            replicas,
            vendors: vendors_task,
            http: clients::http_client().unwrap(),
        };
        stage
            .open(&environment, pool, &format!("http://{}", service.address))
            .await;
        stage
    }

    /// Starts the replicas, installs the app in every shop and connects its number.
    async fn open(&self, environment: &[(String, String)], pool: Pool, address: &str) {
        self.start().await;
        let begin = Instant::now();
        let find = |name: &str| {
            let found = environment.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        let app = App::new(&config::load(find).unwrap(), pool, Clock::system()).unwrap();
        for shop in &self.shops {
            let code = || {
                let location_id = shop.location.clone();
                self.simulation
                    .ghl
                    .issue_code(InstallKind::Location { location_id })
            };
            while !self
                .get(format!("{address}/oauth/callback?code={}", code()))
                .await
            {
                again(begin, "the app is installed").await;
            }
            let entered = Entered {
                instance_id: shop.instance.clone(),
                access_token: shop.token.as_str().into(),
                number: shop.number.clone(),
            };
            let location = LocationId::from(shop.location.as_str());
            while app
                .connector
                .connect(&location, &entered, None)
                .await
                .is_err()
            {
                again(begin, "the number is connected").await;
            }
        }
    }

    /// Starts the replicas that do not run. Returns when all are ready.
    async fn start(&self) {
        let begin = Instant::now();
        for replica in &self.replicas {
            replica.start();
            while !self.get(format!("http://{}/readyz", replica.address)).await {
                replica.revive();
                again(begin, "a replica is ready").await;
            }
        }
    }

    /// Whether an address answers with success or a redirect.
    async fn get(&self, url: String) -> bool {
        let answer = self.http.get(url).send().await;
        let status = answer.map(|answer| answer.status());
        status.is_ok_and(|status| status.is_success() || status.is_redirection())
    }

    /// Waits until nothing is in progress and nothing is due. Where work only waits for time to pass, moves the time.
    /// If `PATIENCE` ends first, the error names what is still open.
    async fn become_quiet(&self, store: &Store, book: &Book) -> Result<(), String> {
        let (mut before, mut since) = (Vec::new(), Instant::now());
        let (mut a_moment, mut left, mut progress) = (true, usize::MAX, Instant::now());
        while progress.elapsed() < PATIENCE {
            for replica in &self.replicas {
                let complaint = replica.revive();
                book.complaints.lock().unwrap().extend(complaint);
            }
            let open = store.open_work().await;
            if open.len() != left {
                (left, progress) = (open.len(), Instant::now());
            }
            let busy = self.simulation.traffic.under_way() > 0;
            if busy || open != before {
                (before, since) = (open, Instant::now());
            } else if since.elapsed() > STILL {
                if open.is_empty() {
                    return Ok(());
                }
                if a_moment {
                    store.let_pass_after(A_MOMENT, &open).await;
                } else {
                    self.let_a_day_pass(store, book).await;
                }
                a_moment = !a_moment;
            }
            pass(LOOK).await;
        }
        Err(format!(
            "not quiet in the end, still open: {:?}",
            store.open_work().await
        ))
    }

    /// Stops all processes first: a process that still holds a job must not lose its lease on a slow machine.
    async fn let_a_day_pass(&self, store: &Store, book: &Book) {
        for replica in &self.replicas {
            let complaint = replica.terminate().await;
            book.complaints.lock().unwrap().extend(complaint);
        }
        store.let_pass_surely(A_DAY).await;
        self.start().await;
    }

    /// Stops the replicas as a deployment does, and reads their logs.
    async fn end(&self, outcome: &mut Outcome) {
        for replica in &self.replicas {
            outcome.violations.extend(replica.terminate().await);
            let logs = replica.logs();
            let numbers = [CUSTOMERS].into_iter().chain(BRAZILIANS);
            for private in numbers.chain([MARK, "panicked"]) {
                if logs.contains(private) {
                    outcome.violations.push(format!("a log holds {private:?}"));
                }
            }
        }
        self.vendors.abort();
    }
}

/// Waits before another attempt. The limit is long, because a busy machine is not a fault of the service.
async fn again(begin: Instant, what: &str) {
    assert!(begin.elapsed() < PATIENCE, "did not come true: {what}");
    pass(LOOK).await;
}

fn simulation(service: &Proxy, rng: &mut StdRng) -> Simulation {
    let mut milliseconds = |range| Duration::from_millis(rng.random_range(range));
    let timings = Timings {
        // Shorter than the real vendors' patience, longer than the service's own second.
        delivery_patience: Duration::from_secs(2),
        // GHL's limit is not tested here.
        rate_window: Duration::from_secs(1),
        send_takes: milliseconds(0..120),
        echo_after: milliseconds(0..60),
        delivered_after: Some(milliseconds(5..150)),
        read_after: Some(milliseconds(5..400)).filter(|after| after.as_millis() % 2 == 0),
        ..Timings::fast()
    };
    let simulation = Simulation::new(SimulationConfig {
        client_id: CLIENT_ID.to_owned(),
        client_secret: CLIENT_SECRET.to_owned(),
        service_url: format!("http://{}", service.address).parse().unwrap(),
        timings,
        http: clients::http_client().unwrap(),
    })
    .unwrap();
    // The vendors' addresses mean nothing to the secrets.
    let settings = environment(
        "postgres://x/x",
        "http://127.0.0.1:9",
        "http://127.0.0.1:9",
        &simulation,
    );
    let find = |name: &str| {
        let mut pairs = settings.iter();
        pairs
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let secrets = HookSecrets::derive(&config::load(find).unwrap().ghl);
    let (delivery, app) = (&secrets.delivery, &secrets.app);
    simulation
        .ghl
        .enter_addresses(delivery.expose_secret(), app.expose_secret());
    let envelopes = [Envelope::Flat, Envelope::Nested, Envelope::NestedArray];
    simulation
        .waapify
        .set_envelope(envelopes[rng.random_range(0..envelopes.len())]);
    // The app is subscribed to GHL's events of stored messages.
    simulation.ghl.set_posts_stored_messages(true);
    simulation
}

fn environment(
    database: &str,
    service: &str,
    vendors: &str,
    simulation: &Simulation,
) -> Vec<(String, String)> {
    let pairs = [
        ("DATABASE_URL", database.to_owned()),
        ("PUBLIC_URL", service.to_owned()),
        ("GHL_CLIENT_ID", CLIENT_ID.to_owned()),
        ("GHL_CLIENT_SECRET", CLIENT_SECRET.to_owned()),
        ("GHL_API_BASE", format!("{vendors}/sim/ghl")),
        (
            "GHL_ED25519_PUBLIC_KEY",
            simulation.ghl.public_keys().ed25519_base64,
        ),
        ("WAAPIFY_API_BASE", format!("{vendors}/sim/waapify/api")),
        ("WHATSAPP_MEDIA_BASE", format!("{vendors}/sim/whatsapp")),
        ("WAAPIFY_MIN_INTERVAL_MS", "0".to_owned()),
        // People write to many who never wrote, at any hour.
        ("PROTECT_NUMBERS", "false".to_owned()),
        ("ENCRYPTION_KEYS", KEY.to_owned()),
        ("LOG_FORMAT", "json".to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).to_vec()
}
