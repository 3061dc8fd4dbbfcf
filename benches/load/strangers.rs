//! What strangers cost: the memory that one expensive request adds, and a thousand at once, and how soon `/healthz`
//! answers meanwhile.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use waapify_ghl::clients;

use crate::Controls;
use crate::client::{Load, delivery_path, request};
use crate::figures::megabytes;
use crate::service::Service;

/// Bytes of one expensive body: a list of tiny objects, each of which takes a hundred times its size as a tree.
const LENGTH: usize = 14_000_000;
/// Strangers at once.
const STRANGERS: usize = 1_000;
/// The most that one may add, and that a thousand may add.
const LIMITS: [u64; 2] = [20 * 1024 * 1024, 150 * 1024 * 1024];
/// The slowest answer of `/healthz` meanwhile.
const HEALTH_LIMIT: Duration = Duration::from_millis(100);
/// Pause between two questions to `/healthz`.
const LOOK: Duration = Duration::from_millis(10);
/// A caller is answered or cut off long before.
const PATIENCE: Duration = Duration::from_secs(30);

pub async fn run(stage: &Controls) {
    let url = stage.database("strangers").await;
    let load = Load::new();
    let (service, _) = Service::start(&url, &load.public_key()).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    println!(
        "\nStrangers with bodies of {LENGTH} bytes: resident memory, slowest answer of /healthz"
    );
    println!("requests  added      limit      slowest  limit");
    for (count, limit) in [1, STRANGERS].into_iter().zip(LIMITS) {
        measure(&service, count, limit).await;
    }
}

async fn measure(service: &Service, count: usize, limit: u64) {
    let requests = requests();
    let _ = fs::write(format!("/proc/{}/clear_refs", service.id()), "5");
    let before = service.bytes("VmRSS:").unwrap_or_default();
    let over = Arc::new(AtomicBool::new(false));
    let health = watch(service.address, Arc::clone(&over));
    let mut strangers = JoinSet::new();
    for n in 0..count {
        let request = Arc::clone(&requests[n % requests.len()]);
        strangers.spawn(post(service.address, request));
    }
    strangers.join_all().await;
    over.store(true, Ordering::Relaxed);
    let slowest = health.join().unwrap();
    let peak = service.bytes("VmHWM:").unwrap_or_default();
    let added = peak.saturating_sub(before);
    println!(
        "{count:<8}  {:<9}  {:<9}  {:<4} ms  {} ms",
        megabytes(added),
        megabytes(limit),
        slowest.as_millis(),
        HEALTH_LIMIT.as_millis(),
    );
    assert!(added <= limit, "strangers take memory");
    assert!(slowest <= HEALTH_LIMIT, "strangers hold others up");
}

/// An expensive request to each route that takes bodies.
fn requests() -> Vec<Arc<[u8]>> {
    const ITEM: &str = r#"{"":0},"#;
    let body = format!("[{}0]", ITEM.repeat(LENGTH / ITEM.len()));
    let signature = format!("x-ghl-signature: {}==\r\n", "A".repeat(86));
    let whole = delivery_path();
    [
        "/hooks/waapify/guess",
        "/hooks/delivery",
        "/hooks/app/guess",
        "/hooks/external-auth/guess",
        // Whoever knows the address, and cannot sign.
        &whole,
    ]
    .into_iter()
    .map(|path| request(path, &signature, &body).into())
    .collect()
}

/// Sends as much of a request as is taken, and awaits the answer or the end.
async fn post(address: SocketAddr, request: Arc<[u8]>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.split();
    let mut answer = [0; 512];
    let exchange = async {
        tokio::select! {
            _ = from.read(&mut answer) => {}
            _ = to.write_all(&request) => { let _ = from.read(&mut answer).await; }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, exchange).await;
    assert!(ended.is_ok(), "a stranger was neither answered nor cut off");
}

/// The slowest answer of `/healthz` until it is over, seen from a thread of its own, which waits for no stranger's task.
fn watch(address: SocketAddr, over: Arc<AtomicBool>) -> JoinHandle<Duration> {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let asking = async move {
        let http = clients::http_client().unwrap();
        let mut slowest = Duration::ZERO;
        while !over.load(Ordering::Relaxed) {
            let asked = Instant::now();
            let answer = http.get(format!("http://{address}/healthz")).send().await;
            assert!(answer.unwrap().status().is_success());
            slowest = slowest.max(asked.elapsed());
            tokio::time::sleep(LOOK).await;
        }
        slowest
    };
    thread::spawn(move || runtime.block_on(asking))
}
