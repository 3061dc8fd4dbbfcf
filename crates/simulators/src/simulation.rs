//! The world of the sandbox: both simulated vendors, their seed data, their speed, and the
//! routers they are served by. Everything is in memory and gone with the process.

use std::io;

use axum::Router;
use reqwest::Client;
use url::Url;

use crate::ghl::Ghl;
use crate::shared::Shared;
use crate::timings::Timings;
use crate::traffic_log::TrafficLog;
use crate::waapify::Waapify;

/// What a world needs to know about the service it surrounds.
#[derive(Clone, Debug)]
pub struct SimulationConfig {
    /// The marketplace app's client id; the app id is the part before its `-`.
    pub client_id: String,
    /// The marketplace app's secret.
    pub client_secret: String,
    /// Where the service listens, without a path.
    pub service_url: Url,
    /// How fast everything happens.
    pub timings: Timings,
    /// The client for posts to the service.
    pub http: Client,
}

/// Both vendors and what they share; cheap to clone.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The simulated platform.
    pub ghl: Ghl,
    /// The simulated gateway, as its seeded instance.
    pub waapify: Waapify,
    /// What crossed the wires.
    pub wire: TrafficLog,
    timings: Shared<Timings>,
    service_url: Shared<Url>,
}

impl Simulation {
    /// A world with its seed data, in which nothing is installed or linked to the service yet.
    ///
    /// # Errors
    /// If the system gives no randomness for the signing key.
    pub fn new(config: SimulationConfig) -> io::Result<Self> {
        let wire = TrafficLog::default();
        let timings = Shared::new(config.timings);
        let service_url = Shared::new(config.service_url);
        let app = (config.client_id, config.client_secret);
        let ghl = Ghl::new(app, &service_url, &timings, &wire, config.http.clone())?;
        let waapify = Waapify::new(&timings, &wire, config.http);
        Ok(Self {
            ghl,
            waapify,
            wire,
            timings,
            service_url,
        })
    }

    /// GHL's API at `/sim/ghl`, the gateway's at `/sim/waapify/api`, WhatsApp's media host at `/sim/whatsapp`.
    pub fn vendors_router(&self) -> Router {
        Router::new()
            .nest("/sim/ghl", self.ghl.router())
            .nest("/sim/waapify/api", self.waapify.router())
            .nest("/sim/whatsapp", self.waapify.media_router())
    }

    /// Forgets what happened: nothing is installed or linked, nobody wrote, and GHL's own SMS provider is chosen.
    pub fn forget(&self) {
        self.ghl.forget();
        self.waapify.forget();
        self.wire.clear();
    }

    /// Changes the speed of a running world.
    pub fn adjust(&self, change: impl FnOnce(&mut Timings)) {
        change(&mut self.timings.lock());
    }

    /// The service has moved: from now on GHL posts there. (The gateway posts to the address
    /// it was given through `setwebhook.php`.)
    pub fn set_service_url(&self, url: Url) {
        *self.service_url.lock() = url;
    }
}
