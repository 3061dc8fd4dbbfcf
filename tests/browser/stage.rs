//! A sandbox of one test's own: the service and the simulated vendors on a free port, over a database of its own.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use waapify_ghl::sandbox::{Sandbox, Timings, seed};

use crate::harness::TestDatabase;

/// Longest wait for what a page shall show. It is generous, for machines that do much else.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// [`PATIENCE`] passes.
pub async fn patience() {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + PATIENCE, PATIENCE);
    ticks.tick().await;
}

/// The running sandbox.
pub struct Stage {
    pub sandbox: Sandbox,
    pub database: TestDatabase,
    _stop: watch::Sender<bool>,
}

impl Stage {
    /// Nothing is installed, and GHL's own SMS provider is chosen.
    pub async fn bare() -> Self {
        let database = TestDatabase::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let timings = Timings::fast();
        let sandbox = Sandbox::start(listener, database.pool.clone(), timings, stopping)
            .await
            .unwrap();
        sandbox.world.forget();
        Self {
            sandbox,
            database,
            _stop: stop,
        }
    }

    /// Installed in the seeded sub-account, and its number connected.
    pub async fn connected() -> Self {
        let stage = Self::bare().await;
        stage.sandbox.install_and_connect().await.unwrap();
        stage
    }

    /// An address at the service.
    pub fn service(&self, path: &str) -> String {
        self.sandbox.address.join(path).unwrap().into()
    }

    /// An address at GHL.
    pub fn ghl(&self, path: &str) -> String {
        self.sandbox.ghl_address().join(path).unwrap().into()
    }

    /// The texts on Aisyah's phone.
    pub fn phone(&self) -> Vec<String> {
        let chat = self.sandbox.world.waapify.chat(seed::AISYAH.2);
        chat.into_iter().map(|message| message.text).collect()
    }
}
