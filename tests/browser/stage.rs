//! A sandbox for one test: the service and the simulated vendors on a free port, with their own database.

use std::time::Duration;

use simulators::{DefaultProvider, Timings, seed};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use waapify_ghl::cli::sandbox::Sandbox;

use crate::harness::{TestDatabase, wait};

/// Longest wait for what a page must show. It is long, for busy machines.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Pause between two polls of a page, because each poll interrupts the browser.
pub const LOOK: Duration = Duration::from_millis(50);

/// Polls until it is true. Returns false when that takes too long.
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

    /// The app is installed in the seeded sub-account, and its number is connected.
    pub async fn connected() -> Self {
        let stage = Self::bare().await;
        stage.sandbox.install_and_connect().await.unwrap();
        stage
    }

    /// Like [`Controls::connected`], with some messages: one that was read and its reply, one that failed because of
    /// its number, and one from a new customer. GHL's own SMS provider is chosen again.
    pub async fn lively() -> Self {
        let stage = Self::connected().await;
        let (ghl, waapify) = (
            &stage.sandbox.simulation.ghl,
            &stage.sandbox.simulation.waapify,
        );
        ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Ours);
        let read = ghl.agent_sends(seed::AISYAH.0, "Pesanan anda telah dihantar. 🎉", &[]);
        let failed = ghl.agent_sends(seed::NOMBOR_SALAH.0, "Ada apa-apa soalan?", &[]);
        ghl.set_default_provider(seed::LOCATION_ID, DefaultProvider::Twilio);
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

    /// An address of the service.
    pub fn service(&self, path: &str) -> String {
        self.sandbox.address.join(path).unwrap().into()
    }

    /// An address of GHL.
    pub fn ghl(&self, path: &str) -> String {
        self.sandbox.ghl_address().join(path).unwrap().into()
    }
}
