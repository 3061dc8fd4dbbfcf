//! What strangers' bodies cost: the real program's memory while they post what is expensive to read.
//!
//! Linux tells a process's memory in `/proc`; elsewhere these tests hold nothing. The limits have wide margins: a body
//! that is read and taken apart needs a hundred times its size.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::commands::Serving;
use crate::harness::{Bridge, wait};

const MEGABYTE: u64 = 1024 * 1024;
/// Little to send, much to hold: each of its objects takes 700 bytes as a tree.
const ITEM: &str = r#"{"":0},"#;
/// What one request of a stranger may add.
const ONE: u64 = 20 * MEGABYTE;
/// What a thousand at once may add.
const THOUSAND: u64 = 150 * MEGABYTE;
/// What three bodies of a known caller may add, each of which is held some times on its way into the database and out of
/// it. One of them as a tree would take 1,400 MB.
const KNOWN: u64 = 300 * MEGABYTE;
/// A refused caller is answered or cut off long before.
const PATIENCE: Duration = Duration::from_secs(30);

/// A list of about this many bytes.
fn expensive(bytes: usize) -> String {
    format!("[{}0]", ITEM.repeat(bytes / ITEM.len()))
}

/// The requests that a stranger can make, each with an expensive body.
fn strangers_requests(bytes: usize) -> Vec<Arc<[u8]>> {
    let body = expensive(bytes);
    [
        "/hooks/waapify/guess",
        "/hooks/delivery",
        "/hooks/delivery/guess",
        "/hooks/app",
        "/hooks/app/guess",
        "/hooks/external-auth/guess",
        "/connect/guess",
        "/app/session",
    ]
    .into_iter()
    .map(|path| {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-ghl-signature: {}\r\ncontent-length: {}\r\n\r\n",
            "A".repeat(86) + "==",
            body.len()
        );
        [head.as_bytes(), body.as_bytes()].concat().into()
    })
    .collect()
}

/// Sends as much of a request as is taken, and awaits the answer or the end.
async fn post(address: String, request: Arc<[u8]>) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut from, mut to) = stream.split();
    let mut answer = [0; 512];
    let exchange = async {
        tokio::select! {
            read = from.read(&mut answer) => read,
            _ = to.write_all(&request) => from.read(&mut answer).await,
        }
    };
    let read = timeout(PATIENCE, exchange)
        .await
        .expect("answered or cut off");
    answer[..read.unwrap_or(0)].to_vec()
}

impl Serving {
    /// Bytes of a line of Linux's `/proc/<pid>/status`.
    fn memory(&self, line: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        let line = status.lines().find_map(|text| text.strip_prefix(line));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or_default() * 1024
    }

    /// What something adds to the process's memory at its highest.
    async fn added<T>(&self, what: impl Future<Output = T>) -> u64 {
        // From here on the peak counts anew.
        let _ = fs::write(format!("/proc/{}/clear_refs", self.id()), "5");
        let before = self.memory("VmRSS:");
        what.await;
        self.memory("VmHWM:").saturating_sub(before)
    }
}

#[tokio::test]
async fn no_request_of_a_stranger_needs_much_memory() {
    let bridge = Bridge::bare().await;
    let service = Serving::start(&bridge).await;
    let address = service.address.trim_start_matches("http://").to_owned();
    for request in strangers_requests(14_000_000) {
        let line = request.split(|byte| *byte == b'\r').next().unwrap();
        let line = String::from_utf8_lossy(line).into_owned();
        let added = service.added(post(address.clone(), request)).await;
        assert!(added <= ONE, "{line}: {} MB", added / MEGABYTE);
    }
}

#[tokio::test]
async fn a_thousand_strangers_at_once_need_little_memory() {
    let bridge = Bridge::bare().await;
    let service = Serving::start(&bridge).await;
    let address = service.address.trim_start_matches("http://").to_owned();
    let requests = strangers_requests(2_000_000);
    let added = service
        .added(async {
            let mut all = JoinSet::new();
            for n in 0..1_000 {
                all.spawn(post(
                    address.clone(),
                    Arc::clone(&requests[n % requests.len()]),
                ));
            }
            all.join_all().await
        })
        .await;
    assert!(added <= THOUSAND, "{} MB", added / MEGABYTE);
}

/// Sends a head that does not end, until it is refused.
async fn endless_head(address: String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /healthz HTTP/1.1\r\nhost: x\r\na: {}",
        "x".repeat(390_000)
    );
    let (mut from, mut to) = stream.split();
    let mut answer = [0; 512];
    let refused = async {
        let _ = to.write_all(head.as_bytes()).await;
        from.read(&mut answer).await
    };
    let _ = timeout(PATIENCE, refused).await.expect("refused");
}

#[tokio::test]
async fn a_thousand_heads_that_do_not_end_need_little_memory() {
    let bridge = Bridge::bare().await;
    let service = Serving::start(&bridge).await;
    let address = service.address.trim_start_matches("http://").to_owned();
    let added = service
        .added(async {
            let heads: JoinSet<()> = (0..1_000).map(|_| endless_head(address.clone())).collect();
            heads.join_all().await
        })
        .await;
    assert!(added <= THOUSAND, "{} MB", added / MEGABYTE);
}

#[tokio::test]
async fn a_number_that_posts_what_is_expensive_is_read_with_bounds_too() {
    let bridge = Bridge::new().await;
    let webhook = bridge.simulation.waapify.webhook().unwrap();
    let secret = webhook.path_segments().unwrap().next_back().unwrap();
    let service = Serving::start(&bridge).await;
    // As trees these would take 400 MB. (Larger ones keep a program without optimisations busy for minutes.)
    let added = service
        .added(async {
            for body in [
                expensive(4_000_000),
                format!(
                    r#"{{"event":"contacts.upsert","data":{}}}"#,
                    expensive(4_000_000)
                ),
                format!(
                    r#"{{"event":"messages.upsert","data":[{{"key":{{"id":"a"}},"message":{}}}]}}"#,
                    expensive(4_000_000)
                ),
            ] {
                let url = format!("{}/hooks/waapify/{secret}", service.address);
                let answer = bridge.http.post(url).body(body).send().await.unwrap();
                assert_eq!(answer.status(), StatusCode::OK);
            }
            wait("they are read", async || {
                let left: i64 = sqlx::query_scalar(
                    "select count(*) from waapify_events where state not in ('done', 'failed')",
                )
                .fetch_one(&bridge.database.pool)
                .await
                .unwrap();
                left == 0
            })
            .await;
        })
        .await;
    assert!(added <= KNOWN, "{} MB", added / MEGABYTE);
    let message = json!({"event": "messages.upsert", "data": []});
    assert_eq!(bridge.gateway_posts(&message).await, StatusCode::OK);
}
