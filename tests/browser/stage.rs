//! A sandbox of one test's own: the service and the simulated vendors on a free port, over a database of its own.

use std::time::Duration;

use simulators::{Timings, seed};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use waapify_ghl::cli::sandbox::Sandbox;

use crate::harness::{TestDatabase, wait};

/// Longest wait for what a page shall show. It is generous, for machines that do much else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two looks at a page; each look keeps the browser from its own work.
pub const LOOK: Duration = Duration::from_millis(50);

/// Looks until something came true; false when it does not in time.
pub async fn came_true(look: impl AsyncFn() -> bool) -> bool {
    let mut looks = tokio::time::interval(LOOK);
    for _ in 0..PATIENCE.as_millis() / LOOK.as_millis() {
        looks.tick().await;
        if look().await {
            return true;
        }
    }
    false
}

/// The running sandbox.
pub struct Controls {
    pub sandbox: Sandbox,
    _database: TestDatabase,
    _stop: DropGuard,
}

impl Controls {
    /// Nothing is installed, and GHL's own SMS provider is chosen.
    pub async fn bare() -> Self {
        let database = TestDatabase::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let timings = Timings::fast();
        let sandbox =
            Sandbox::start(listener, database.pool.clone(), timings, stop.clone()).unwrap();
        sandbox.simulation.forget();
        Self {
            sandbox,
            _database: database,
            _stop: stop.drop_guard(),
        }
    }

    /// Installed in the seeded sub-account, and its number connected.
    pub async fn connected() -> Self {
        let stage = Self::bare().await;
        stage.sandbox.install_and_connect().await.unwrap();
        stage
    }

    /// As [`Controls::connected`], with what has been written so far: a message that was read and its reply, one that
    /// failed for its number, and one from someone new.
    pub async fn lively() -> Self {
        let stage = Self::connected().await;
        let (ghl, waapify) = (
            &stage.sandbox.simulation.ghl,
            &stage.sandbox.simulation.waapify,
        );
        let read = ghl.agent_sends(seed::AISYAH.0, "Pesanan anda telah dihantar. 🎉", &[]);
        let failed = ghl.agent_sends(seed::NOMBOR_SALAH.0, "Ada apa-apa soalan?", &[]);
        let (read, failed) = (read.unwrap(), failed.unwrap());
        stage.until_status(&read, "delivered").await;
        waapify.customer_reads(seed::AISYAH.2).await;
        stage.until_status(&read, "read").await;
        stage.until_status(&failed, "failed").await;
        let (_, name, phone) = seed::AISYAH;
        waapify
            .customer_sends(phone, name, "Terima kasih! Bila sampai?")
            .await;
        let (name, phone) = seed::STRANGER;
        waapify
            .customer_sends(phone, name, "Hi, kedai buka hari Ahad?")
            .await;
        wait("both are in GHL", async || {
            let messages = ghl.messages();
            messages
                .iter()
                .filter(|message| message.alt_id.is_some())
                .count()
                == 2
        })
        .await;
        stage
    }

    /// Waits until GHL shows a message with this status.
    pub async fn until_status(&self, message: &str, status: &str) {
        let ghl = &self.sandbox.simulation.ghl;
        wait(&format!("GHL shows {status}"), async || {
            ghl.message(message)
                .is_some_and(|message| message.status == status)
        })
        .await;
    }

    /// An address at the service.
    pub fn service(&self, path: &str) -> String {
        self.sandbox.address.join(path).unwrap().into()
    }

    /// An address at GHL.
    pub fn ghl(&self, path: &str) -> String {
        self.sandbox.ghl_address().join(path).unwrap().into()
    }
}
