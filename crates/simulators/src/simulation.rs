//! Both simulated vendors together: their seed data, their speed, and their routers. Everything is in memory and is
//! lost when the process ends.

use std::io;

use axum::Router;
use reqwest::Client;
use url::Url;

use crate::ghl::Ghl;
use crate::levers::Levers;
use crate::shared::Shared;
use crate::timings::Timings;
use crate::traffic_log::{Edge, TrafficLog};
use crate::waapify::Waapify;

/// What a simulation needs to know about the service.
#[derive(Clone, Debug)]
pub struct SimulationConfig {
    /// The marketplace app's client id; the app id is the part before its `-`.
    pub client_id: String,
    /// The marketplace app's secret.
    pub client_secret: String,
    /// The base address of the service, without a path.
    pub service_url: Url,
    /// The durations of the simulation.
    pub timings: Timings,
    /// The client for posts to the service.
    pub http: Client,
}

/// Both vendors and what they share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The simulated platform.
    pub ghl: Ghl,
    /// The simulated gateway, as a handle for its seeded instance.
    pub waapify: Waapify,
    /// All HTTP exchanges with the service.
    pub traffic: TrafficLog,
    levers: Shared<Levers>,
    timings: Shared<Timings>,
    service_url: Shared<Url>,
}

impl Simulation {
    /// A simulation with its seed data. The app is not installed and no number is connected to the service yet.
    ///
    /// # Errors
    /// When the system gives no randomness for the signing key.
    pub fn new(config: SimulationConfig) -> io::Result<Self> {
        let traffic = TrafficLog::default();
        let timings = Shared::new(config.timings);
        let service_url = Shared::new(config.service_url);
        let app = (config.client_id, config.client_secret);
        let ghl = Ghl::new(app, &service_url, &timings, &traffic, config.http.clone())?;
        let waapify = Waapify::new(&timings, &traffic, config.http);
        Ok(Self {
            ghl,
            waapify,
            traffic,
            levers: Shared::default(),
            timings,
            service_url,
        })
    }

    /// GHL's API at `/sim/ghl`, the gateway's at `/sim/waapify/api`, WhatsApp's media host at `/sim/whatsapp`.
    pub fn vendors_router(&self) -> Router {
        Router::new()
            .nest(Edge::ServiceToGhl.prefix(), self.ghl.router())
            .nest(Edge::ServiceToWaapify.prefix(), self.waapify.router())
            .nest(
                Edge::ServiceToWhatsapp.prefix(),
                self.waapify.media_router(),
            )
    }

    /// Returns to the start: no installs, no webhook addresses, no messages, no faults, and GHL's own SMS provider is chosen.
    pub fn forget(&self) {
        self.ghl.forget();
        self.waapify.forget();
        self.pull(Levers::default());
        self.traffic.clear();
    }

    /// Sets all levers. Faults that were prepared before are removed.
    pub fn pull(&self, levers: Levers) {
        *self.levers.lock() = levers;
        levers.set(&self.ghl, &self.waapify);
    }

    /// The positions of the levers.
    #[must_use]
    pub fn levers(&self) -> Levers {
        *self.levers.lock()
    }

    /// Changes the durations of a running simulation.
    pub fn adjust(&self, change: impl FnOnce(&mut Timings)) {
        change(&mut self.timings.lock());
    }

    /// Tells GHL a new address of the service. (The gateway posts to the address that it got through
    /// `setwebhook.php`.)
    pub fn set_service_url(&self, url: Url) {
        *self.service_url.lock() = url;
    }
}
