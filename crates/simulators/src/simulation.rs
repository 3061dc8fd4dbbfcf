//! The world of the sandbox: both simulated vendors, their seed data, their speed, and the
//! routers they are served by. Everything is in memory and gone with the process.

use std::io;
use std::time::Duration;

use axum::Router;
use reqwest::Client;
use url::Url;

use crate::ghl::Ghl;
use crate::page;
use crate::shared::Shared;
use crate::traffic_log::TrafficLog;
use crate::waapify::Waapify;

/// What the world contains before anybody touches it.
pub mod seed {
    /// The agency.
    pub const COMPANY_ID: &str = "SandboxCompany000001";
    /// Its one sub-account.
    pub const LOCATION_ID: &str = "SandboxLocation00001";
    /// The sub-account's name, and its name on WhatsApp.
    pub const LOCATION_NAME: &str = "Kedai Contoh";
    /// Another of its sub-accounts, in the sandbox only.
    pub const SECOND_LOCATION_ID: &str = "SandboxLocation00002";
    /// That one's name.
    pub const SECOND_LOCATION_NAME: &str = "Butik Contoh";
    /// What GHL encrypts a page's user with, as the marketplace app's keys show it.
    pub const SHARED_SECRET: &str = "sandbox-shared-secret";
    /// The person who types on the business's side.
    pub const USER_ID: &str = "SandboxUser000000001";
    /// Our conversation provider at that location.
    pub const PROVIDER_ID: &str = "66c0ffee0ddba11000000001";
    /// Contact id, name, phone: one who answers.
    pub const AISYAH: (&str, &str, &str) =
        ("SandboxContact000001", "Aisyah Rahman", "+60123456789");
    /// Contact id, name, phone: another.
    pub const LIM_WEI: (&str, &str, &str) = ("SandboxContact000002", "Lim Wei", "+60198765432");
    /// Contact id, name, phone: a number that is not complete and cannot be sent to.
    pub const NOMBOR_SALAH: (&str, &str, &str) = ("SandboxContact000003", "Nombor Salah", "012345");
    /// Name and phone of a customer whom the business does not know yet.
    pub const STRANGER: (&str, &str) = ("Siti Baharu", "+60137778888");
    /// The gateway's instance.
    pub const INSTANCE_ID: &str = "68C0FFEE1A2B3";
    /// The gateway account's token.
    pub const ACCESS_TOKEN: &str = "sandbox-waapify-token";
    /// The business's WhatsApp number, digits only.
    pub const NUMBER: &str = "60111234567";
    /// The number of a phone that is linked to a new instance, digits only.
    pub const NEW_NUMBER: &str = "60117778888";
    /// What that phone's owner is called on WhatsApp.
    pub const NEW_NAME: &str = "Kedai Kopi Baru";
    /// The app's conversation provider of calls.
    pub const CALL_PROVIDER_ID: &str = "wAapPrvCall7Zk3Q9mTx";
}

/// How fast the world turns.
#[derive(Clone, Debug)]
pub struct Timings {
    /// Life of a GHL access token; told as `expires_in`, in whole seconds.
    pub access_token_lifetime: Duration,
    /// How long an identical refresh gets the same pair again.
    pub refresh_grace: Duration,
    /// How long after the first delivery call GHL refuses status updates of the message.
    pub not_yet: Duration,
    /// Pause before GHL's second delivery try; it doubles with each further one.
    pub delivery_retry_base: Duration,
    /// How long GHL and the gateway wait for the service to answer a post.
    pub delivery_patience: Duration,
    /// The window of GHL's burst limit.
    pub rate_window: Duration,
    /// How long `send.php` takes to answer.
    pub send_takes: Duration,
    /// From a send to the echo webhook; shorter than `send_takes` puts the echo first.
    pub echo_after: Duration,
    /// From the echo to the delivery ack; `None`: only [`Waapify::customer_receives`].
    pub delivered_after: Option<Duration>,
    /// From the delivery to the read ack; `None`: only [`Waapify::customer_reads`].
    pub read_after: Option<Duration>,
    /// How long one QR code of WhatsApp's is valid.
    pub qr_changes_after: Duration,
}

impl Default for Timings {
    /// As a person at the page expects it: a little quicker than the real platforms.
    fn default() -> Self {
        Self {
            access_token_lifetime: Duration::from_secs(86_399),
            refresh_grace: Duration::from_secs(30),
            not_yet: Duration::from_secs(3),
            delivery_retry_base: Duration::from_secs(2),
            delivery_patience: Duration::from_secs(10),
            rate_window: Duration::from_secs(10),
            send_takes: Duration::from_millis(500),
            echo_after: Duration::from_millis(700),
            delivered_after: Some(Duration::from_millis(1_500)),
            read_after: None,
            qr_changes_after: Duration::from_secs(20),
        }
    }
}

impl Timings {
    /// For tests: milliseconds, and status updates are accepted at once.
    #[must_use]
    pub fn fast() -> Self {
        Self {
            not_yet: Duration::ZERO,
            delivery_retry_base: Duration::from_millis(20),
            send_takes: Duration::ZERO,
            echo_after: Duration::from_millis(5),
            delivered_after: Some(Duration::from_millis(10)),
            ..Self::default()
        }
    }
}

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

    /// The page at `/`, with what it asks for under `/sandbox/`, and GHL's own pages under `/sandbox/ghl`.
    pub fn page_router(&self) -> Router {
        page::router(self.clone()).merge(self.ghl.site_router())
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
