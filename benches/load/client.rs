//! The caller that posts deliveries: plain keep-alive connections on one thread, with requests that are built and
//! signed before the clock starts. So it takes less than a tenth of the service's processor time, as little as
//! pgbench takes on its side. With reqwest and signing it would compete with what it measures.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use waapify_ghl::config;
use waapify_ghl::http::HookSecrets;

use crate::service::CLIENT;

/// pgbench accepts only whole seconds.
pub const ROUND_SECONDS: u64 = 2;
/// Signed requests that are ready when a round begins. A round that uses them all ends early.
const PREPARED: usize = 60_000;

/// The location of the deliveries.
pub const LOCATION: &str = "wAapLoc4b9QxT2mK7pZd";
/// Message ids and contacts have 19 digits on both sides of the comparison.
pub const FIRST_ID: u64 = 1_000_000_000_000_000_000;
pub const LAST_ID: u64 = 8_999_999_999_999_999_999;
pub const LAST_CONTACT: u64 = FIRST_ID + 999;
const TEXT: &str = "Selamat datang! Pesanan anda telah diterima dan sedang diproses. Kami akan hubungi anda sebaik \
    sahaja ia dihantar. Terima kasih!";

/// A delivery as GHL posts it.
pub fn delivery() -> String {
    delivery_to(LOCATION)
}

/// A delivery for this location.
pub fn delivery_to(location: &str) -> String {
    let contact = rand::random_range(FIRST_ID..=LAST_CONTACT);
    // Each contact has its own phone.
    let phone = contact % 10_000_000;
    delivery_of(location, &contact.to_string(), &format!("+6012{phone:07}"))
}

/// A delivery for this contact of a location.
pub fn delivery_of(location: &str, contact: &str, phone: &str) -> String {
    let message = rand::random_range(FIRST_ID..=LAST_ID);
    format!(
        r#"{{"contactId":"{contact}","locationId":"{location}","messageId":"{message}","type":"SMS","phone":"{phone}","message":"{TEXT}","attachments":[],"userId":"wAapUsr5jWm3XcV8bNq1"}}"#
    )
}

/// The path of the Delivery URL of a service of [`crate::service`].
pub fn delivery_path() -> String {
    let settings = [
        ("PUBLIC_URL", "http://localhost"),
        ("GHL_CLIENT_ID", CLIENT),
        ("GHL_CLIENT_SECRET", CLIENT),
        (
            "ENCRYPTION_KEYS",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ];
    let find = |name: &str| {
        let mut pairs = settings.iter();
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let secrets = HookSecrets::derive(&config::load(find).unwrap().ghl);
    format!("/hooks/delivery/{}", secrets.delivery.expose_secret())
}

/// The bytes of a request.
pub fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A connection for many requests.
pub async fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends one request and reads its answer, which must be 200 without a body.
pub async fn post(stream: &TcpStream, request: &[u8]) {
    stream.writable().await.unwrap();
    // The request is far smaller than the socket's buffer, which is empty.
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

/// The platform: its key, and deliveries that it signed.
pub struct Load {
    key: Ed25519KeyPair,
    path: String,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Load {
    pub fn new() -> Self {
        let seed = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self {
            key: Ed25519KeyPair::from_pkcs8(seed.as_ref()).unwrap(),
            path: delivery_path(),
            requests: Arc::default(),
        }
    }

    /// The key with which the service checks signatures.
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.key.public_key())
    }

    fn request(&self) -> Vec<u8> {
        self.signed(&delivery())
    }

    /// A delivery with its signature.
    pub fn signed(&self, body: &str) -> Vec<u8> {
        let signature = STANDARD.encode(self.key.sign(body.as_bytes()));
        let header = format!("x-ghl-signature: {signature}\r\n");
        request(&self.path, &header, body)
    }

    /// Inserts per second, without the time to connect.
    pub async fn round(&self, address: SocketAddr, connections: u32) -> (Vec<Duration>, Duration) {
        let missing = PREPARED - self.requests.lock().unwrap().len();
        let fresh: Vec<_> = (0..missing).map(|_| self.request()).collect();
        self.requests.lock().unwrap().extend(fresh);
        let mut streams = Vec::new();
        for _ in 0..connections {
            streams.push(connect(address).await);
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
        let mut took = tasks.join_all().await.concat();
        let all = begin.elapsed();
        took.sort_unstable();
        (took, all)
    }
}
