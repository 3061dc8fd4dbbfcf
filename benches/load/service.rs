//! The real program in its own process.

use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use waapify_ghl::clients;

use crate::figures::megabytes;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_waapify-ghl");
/// Longest wait for the service.
const PATIENCE: Duration = Duration::from_mins(1);
/// The id and the secret of the marketplace app.
pub const CLIENT: &str = "bench";
/// A closed port, for parts without vendors.
pub const NOWHERE: &str = "http://127.0.0.1:9";

/// A free address of this machine.
pub fn free_address() -> SocketAddr {
    let free = TcpListener::bind("127.0.0.1:0");
    free.and_then(|free| free.local_addr()).unwrap()
}

/// The settings of a service at `address` with its vendors at `vendors`. Its log has the usual level and is
/// discarded.
pub fn environment(
    database_url: &str,
    address: SocketAddr,
    public_key: &str,
    vendors: &str,
) -> Vec<(&'static str, String)> {
    vec![
        ("DATABASE_URL", database_url.to_owned()),
        ("BIND_ADDR", address.to_string()),
        ("PUBLIC_URL", format!("http://{address}")),
        ("GHL_CLIENT_ID", CLIENT.to_owned()),
        ("GHL_CLIENT_SECRET", CLIENT.to_owned()),
        ("GHL_SHARED_SECRET", "bench".to_owned()),
        ("GHL_API_BASE", vendors.to_owned()),
        ("WAAPIFY_API_BASE", vendors.to_owned()),
        ("WHATSAPP_MEDIA_BASE", vendors.to_owned()),
        ("WAAPIFY_MIN_INTERVAL_MS", "0".to_owned()),
        // It measures how fast messages leave, to people who never wrote.
        ("PROTECT_NUMBERS", "false".to_owned()),
        ("GHL_ED25519_PUBLIC_KEY", public_key.to_owned()),
        ("ENCRYPTION_KEYS", STANDARD.encode([0; 32])),
        ("LOG_FORMAT", "json".to_owned()),
    ]
}

/// A running `serve`. It is killed when this value is dropped.
pub struct Service {
    child: Child,
    pub address: SocketAddr,
}

impl Service {
    /// Starts a service for deliveries only. Also returns how long it took to be ready.
    pub async fn start(database_url: &str, public_key: &str) -> (Self, Duration) {
        let address = free_address();
        let environment = environment(database_url, address, public_key, NOWHERE);
        Self::start_with(address, environment).await
    }

    /// Starts a service and waits for the first 200 of `/readyz`. Also returns how long that took.
    pub async fn start_with(
        address: SocketAddr,
        environment: Vec<(&'static str, String)>,
    ) -> (Self, Duration) {
        let mut command = Command::new(PROGRAM);
        // Not in a folder with a developer's `.env`.
        command.arg("serve").env_clear().current_dir("/");
        command.stdin(Stdio::null()).stderr(Stdio::null());
        command.envs(environment);
        let http = clients::http_client().unwrap();
        let begin = Instant::now();
        let child = command.spawn().unwrap();
        let mut service = Self { child, address };
        // It listens once its database is open and its keys fit. Until then the connection is refused.
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

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// A line of Linux's `/proc/<pid>/status`, such as `VmRSS:`.
    pub fn memory(&self, name: &str) -> String {
        self.bytes(name).map_or("unknown".to_owned(), megabytes)
    }

    /// The same in bytes; none on other systems.
    pub fn bytes(&self, name: &str) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        number.map(|kilobytes| kilobytes * 1024)
    }

    /// Processor time from Linux's `/proc/<pid>/stat`, which counts in hundredths of a second.
    pub fn processor(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()));
        let stat = stat.unwrap_or_default();
        let (_, fields) = stat.rsplit_once(')').unwrap_or_default();
        // The 14th and 15th field of the line: user and system time.
        let fields = fields.split_whitespace().skip(11).take(2);
        Duration::from_millis(
            10 * fields
                .filter_map(|ticks| ticks.parse::<u64>().ok())
                .sum::<u64>(),
        )
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
