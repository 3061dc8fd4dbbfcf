//! How fast `POST /hooks/delivery` accepts (verify Ed25519, commit, answer), beside pgbench doing the bare insert.
//!
//! The real program runs in its own process over a private, durable PostgreSQL. At each number of connections its
//! rounds alternate with pgbench's (same server, table, columns and body size, new ids, prepared statements), and each
//! pair gives one ratio. Generator, service and database share the machine, so only ratios can be compared.
//!
//! Accepting is measured alone: the location's number may send only in years, so nothing is ever claimed. What stays
//! is the worker's look at the queue, which each delivery rings for and which grows with what waits there; so the table
//! is emptied before each round. The log, at its usual level, goes to `/dev/null`.
//!
//! The load comes from a bare keep-alive client on one thread, with requests that are built and signed before the
//! clock starts. So it takes less than a tenth of the processor time that the service takes, as little as pgbench does
//! on the other side of the ratio; with reqwest and signing it would compete with what it measures.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot run should stop, and its table belongs to the terminal"
)]

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sqlx::{Connection as _, PgConnection};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use waapify_ghl::clients;
use waapify_ghl::cluster::{self, Cluster, Durability};

const PROGRAM: &str = env!("CARGO_BIN_EXE_waapify-ghl");
const LEVELS: [u32; 3] = [1, 16, 64];
const ROUNDS: usize = 7;
/// pgbench takes whole seconds.
const ROUND_SECONDS: u64 = 2;
/// Signed requests at hand when a round begins; one that uses them up ends early.
const PREPARED: usize = 40_000;
/// Starts of a service whose schema is up to date.
const STARTS: usize = 5;
/// Longest wait for the service.
const PATIENCE: Duration = Duration::from_secs(30);

const LOCATION: &str = "wAapLoc4b9QxT2mK7pZd";
/// Message ids and contacts have 19 digits on both sides of the comparison.
const FIRST_ID: u64 = 1_000_000_000_000_000_000;
const LAST_ID: u64 = 8_999_999_999_999_999_999;
const LAST_CONTACT: u64 = FIRST_ID + 999;
const TEXT: &str = "Selamat datang! Pesanan anda telah diterima dan sedang diproses. Kami akan hubungi anda sebaik \
    sahaja ia dihantar. Terima kasih!";
/// A location whose number may not send yet.
const SEED: &str = "
    insert into locations values ('wAapLoc4b9QxT2mK7pZd', null, now());
    insert into numbers values
        ('wAapLoc4b9QxT2mK7pZd', '60123456789', 'none', '', '', '', true, '2100-01-01', null, now())";
/// What `db::outbound::accept_delivery` does, but for its line in `timeline`.
const INSERT: &str = "
insert into outbound (location_id, ghl_message_id, conversation, body, due_at, accepted_at)
values ('wAapLoc4b9QxT2mK7pZd', :message, :contact, :body, now(), now()) on conflict (location_id, ghl_message_id) do nothing;
";
const SETTINGS: &str =
    "select 'PostgreSQL ' || string_agg(name || ' ' || setting, ', ' order by name)
    from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit')";

fn main() {
    // `cargo test --all-targets` runs this file too, without the flag and without optimisation.
    if !env::args().any(|argument| argument == "--bench") {
        println!("measures only when started with `cargo bench --bench accept`");
        return;
    }
    // In cargo's folder: the system's temporary one is often in memory, where a sync costs nothing.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("accept");
    fs::create_dir_all(&folder).unwrap();
    // What a failed run left.
    cluster::remove_data(&folder).unwrap();
    let cluster = Cluster::start(&folder, Durability::Durable).unwrap();
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().unwrap();
    runtime.block_on(run(&cluster.url("postgres"), &folder));
    cluster.stop().unwrap();
    cluster::remove_data(&folder).unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

async fn run(url: &str, folder: &Path) {
    let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let key = Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap();
    let mut database = PgConnection::connect(url).await.unwrap();
    let public_key = STANDARD.encode(key.public_key());
    let mut starts = Vec::new();
    for _ in 0..=STARTS {
        starts.push(Service::start(url, &public_key).await.1.as_millis());
    }
    let first_start = starts.remove(0);
    starts.sort_unstable();
    let (service, _) = Service::start(url, &public_key).await;
    execute(&mut database, SEED).await;
    thread::sleep(Duration::from_secs(1));
    let idle = service.memory("VmRSS:");

    let pgbench = Pgbench::find(url, folder);
    let load = Load {
        address: service.address,
        key,
        requests: Arc::default(),
    };
    load.round(64).await; // opens the service's connections to the database
    let mut levels = LEVELS.map(|connections| Level {
        connections,
        ..Level::default()
    });
    for _ in 0..ROUNDS {
        for level in &mut levels {
            level.measure(&load, &mut database, pgbench.as_ref()).await;
        }
    }

    println!("{}", text(&mut database, SETTINGS).await);
    println!("medians of {ROUNDS} rounds of {ROUND_SECONDS} s on each side");
    if pgbench.is_none() {
        println!("pgbench was not found, so there is nothing to compare with");
    }
    println!("\nconnections  ours/s  pgbench/s  ratio  p50 ms  p99 ms");
    for level in &mut levels {
        println!("{}", level.line());
    }
    let (peak, size) = (service.memory("VmHWM:"), fs::metadata(PROGRAM).unwrap());
    let start = starts[STARTS / 2];
    println!("\nresident memory  {idle} idle, {peak} at most under load");
    println!("start to ready   {start} ms, {first_start} ms with an empty database");
    println!("release binary   {}", megabytes(size.len()));
}

async fn execute(connection: &mut PgConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

async fn text(connection: &mut PgConnection, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// `serve` in a process of its own, which is killed with this value.
struct Service {
    child: Child,
    address: SocketAddr,
}

impl Service {
    /// Returns at the first 200 of `/readyz`, and after how long. Its vendors' addresses are a closed port.
    async fn start(database_url: &str, public_key: &str) -> (Self, Duration) {
        let free = TcpListener::bind("127.0.0.1:0");
        let address = free.and_then(|free| free.local_addr()).unwrap();
        let mut command = Command::new(PROGRAM);
        // Away from a developer's `.env`.
        command.arg("serve").env_clear().current_dir("/");
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.envs([
            ("DATABASE_URL", database_url),
            ("BIND_ADDR", address.to_string().as_str()),
            ("PUBLIC_URL", "http://localhost:8080"),
            ("GHL_CLIENT_ID", "bench"),
            ("GHL_CLIENT_SECRET", "bench"),
            ("GHL_API_BASE", "http://127.0.0.1:9"),
            ("WAAPIFY_API_BASE", "http://127.0.0.1:9"),
            ("GHL_ED25519_PUBLIC_KEY", public_key),
            ("ENCRYPTION_KEYS", &STANDARD.encode([0; 32])),
            ("LOG_FORMAT", "json"),
        ]);
        let http = clients::http_client().unwrap();
        let begin = Instant::now();
        let child = command.spawn().unwrap();
        let mut service = Self { child, address };
        // It listens before it opens its database, so that most of the time the request waits there.
        let ready = async || {
            let answer = http.get(format!("http://{address}/readyz")).send().await;
            answer.is_ok_and(|answer| answer.status().is_success())
        };
        while !ready().await {
            let ended = service.child.try_wait().unwrap();
            assert!(ended.is_none(), "the service ended: {ended:?}");
            assert!(begin.elapsed() < PATIENCE, "the service is not ready");
            thread::sleep(Duration::from_millis(1));
        }
        (service, begin.elapsed())
    }

    /// A line of Linux's `/proc/<pid>/status`.
    fn memory(&self, name: &str) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.map_or("unknown".to_owned(), |kilobytes| {
            megabytes(kilobytes * 1024)
        })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A delivery as GHL posts it.
fn delivery() -> String {
    let message = rand::random_range(FIRST_ID..=LAST_ID);
    let contact = rand::random_range(FIRST_ID..=LAST_CONTACT);
    format!(
        r#"{{"contactId":"{contact}","locationId":"{LOCATION}","messageId":"{message}","type":"SMS","phone":"+60123456789","message":"{TEXT}","attachments":[],"userId":"wAapUsr5jWm3XcV8bNq1"}}"#
    )
}

/// The client side.
struct Load {
    address: SocketAddr,
    key: Ed25519KeyPair,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Load {
    fn request(&self) -> Vec<u8> {
        let body = delivery();
        let signature = STANDARD.encode(self.key.sign(body.as_bytes()));
        let length = body.len();
        format!(
            "POST /hooks/delivery HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
             x-ghl-signature: {signature}\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// Posts one delivery after another on each connection; how long each took, and all of them.
    async fn round(&self, connections: u32) -> (Vec<Duration>, Duration) {
        let missing = PREPARED - self.requests.lock().unwrap().len();
        let fresh: Vec<_> = (0..missing).map(|_| self.request()).collect();
        self.requests.lock().unwrap().extend(fresh);
        let mut streams = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(self.address).await.unwrap();
            stream.set_nodelay(true).unwrap();
            streams.push(stream);
        }
        let (mut tasks, length) = (JoinSet::new(), Duration::from_secs(ROUND_SECONDS));
        let begin = Instant::now();
        for stream in streams {
            let requests = Arc::clone(&self.requests);
            tasks.spawn(async move {
                let mut took = Vec::new();
                let next = || requests.lock().unwrap().pop();
                while begin.elapsed() < length
                    && let Some(request) = next()
                {
                    let asked = Instant::now();
                    post(&stream, &request).await;
                    took.push(asked.elapsed());
                }
                took
            });
        }
        let took = tasks.join_all().await.concat();
        (took, begin.elapsed())
    }
}

/// One request and its answer, which must be 200 and has no body.
async fn post(stream: &TcpStream, request: &[u8]) {
    stream.writable().await.unwrap();
    // It is far smaller than the socket's buffer, which is empty.
    assert_eq!(stream.try_write(request).unwrap(), request.len());
    let (mut answer, mut filled) = ([0; 2048], 0);
    while !answer[..filled].ends_with(b"\r\n\r\n") {
        stream.readable().await.unwrap();
        match stream.try_read(&mut answer[filled..]) {
            Ok(0) => panic!("closed after {}", answer[..filled].escape_ascii()),
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => panic!("{error}"),
        }
    }
    let accepted = answer.starts_with(b"HTTP/1.1 200 ");
    assert!(accepted, "refused: {}", answer[..filled].escape_ascii());
}

/// PostgreSQL's own load generator, with a script of one insert.
struct Pgbench {
    program: PathBuf,
    script: PathBuf,
    url: String,
    body: String,
}

impl Pgbench {
    /// In `PATH`, else where Debian's packages put it.
    fn find(url: &str, folder: &Path) -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let packaged = versions.flatten().map(|version| version.path().join("bin"));
        let path = env::var_os("PATH").unwrap_or_default();
        let program = env::split_paths(&path)
            .chain(packaged)
            .map(|folder| folder.join("pgbench"))
            .find(|program| program.is_file())?;
        let script = folder.join("insert.sql");
        let message = format!("\\set message random({FIRST_ID}, {LAST_ID})\n");
        let contact = format!("\\set contact random({FIRST_ID}, {LAST_CONTACT})");
        fs::write(&script, message + &contact + INSERT).unwrap();
        Some(Self {
            program,
            script,
            url: url.to_owned(),
            // It has no backslash, so it is a bytea as it stands.
            body: format!("body={}", delivery()),
        })
    }

    /// Inserts a second, without the time to connect.
    fn round(&self, connections: u32) -> f64 {
        let (clients, threads) = (connections.to_string(), connections.min(2).to_string());
        let seconds = ROUND_SECONDS.to_string();
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-T", &seconds, "-c", &clients]);
        command.args(["-j", &threads, "-D", &self.body, "-f"]);
        command.arg(&self.script).arg(&self.url);
        let output = command.output().unwrap();
        let report = String::from_utf8_lossy(&output.stdout);
        let tps = report.lines().rev().find_map(|line| {
            let (number, _) = line.strip_prefix("tps = ")?.split_once(' ')?;
            number.parse().ok().filter(|_| output.status.success())
        });
        tps.unwrap_or_else(|| panic!("{report}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// What was measured at one number of connections.
#[derive(Default)]
struct Level {
    connections: u32,
    ours: Vec<f64>,
    pgbench: Vec<f64>,
    took: Vec<Duration>,
}

impl Level {
    /// One round of each side.
    async fn measure(&mut self, load: &Load, sql: &mut PgConnection, pgbench: Option<&Pgbench>) {
        execute(sql, "truncate outbound, timeline").await;
        let (took, all) = load.round(self.connections).await;
        // Every 200 was a commit, and no worker touched it.
        let stored = "select count(*)::text from outbound where state = 'accepted'";
        assert_eq!(text(sql, stored).await, took.len().to_string());
        let accepted = f64::from(u32::try_from(took.len()).unwrap());
        self.ours.push(accepted / all.as_secs_f64());
        self.took.extend(took);
        if let Some(pgbench) = pgbench {
            execute(sql, "truncate outbound, timeline").await;
            self.pgbench.push(pgbench.round(self.connections));
        }
    }

    fn line(&mut self) -> String {
        self.took.sort_unstable();
        let milliseconds = |percent: usize| {
            self.took[(self.took.len() - 1) * percent / 100].as_secs_f64() * 1000.0
        };
        let pairs = self.ours.iter().zip(&self.pgbench);
        let ratios: Vec<f64> = pairs.map(|(ours, pgbench)| ours / pgbench).collect();
        let compared = match median(&ratios) {
            Some(ratio) => format!("{:>9.0}  {ratio:>5.2}", median(&self.pgbench).unwrap()),
            None => format!("{:>9}  {:>5}", "-", "-"),
        };
        format!(
            "{:>11}  {:>6.0}  {compared}  {:>6.2}  {:>6.2}",
            self.connections,
            median(&self.ours).unwrap(),
            milliseconds(50),
            milliseconds(99),
        )
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[allow(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
