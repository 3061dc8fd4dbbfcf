//! The sandbox: the service beside a simulated GHL and a simulated Waapify, in one process and on one port.
//!
//! The crate `simulators` holds both vendors, which refuse what the real platforms refuse (`docs/vendors`), and the
//! page at `/`. Service and vendors talk over HTTP only.
//!
//! * [`Sandbox`]: all of it, running
//! * `script`, `play_script`: plays a whole conversation by itself
//! * `openapi`: a page of the service's routes; `reset`: deletes the data of vendors and service

mod openapi;
mod reset;
mod script;

use std::net::SocketAddr;

use anyhow::ensure;
use axum::Router;
pub(in crate::cli) use script::play_script;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use simulators::{InstallKind, Simulation, SimulationConfig, Timings, seed};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::accounts::connect::Entered;
use crate::app::{App, Database, Reserved};
use crate::cli::answer::Form;
use crate::clients::attachment_source::NetworkScope;
use crate::config::Settings;
use crate::db::connection::Pool;
use crate::http::HookSecrets;
use crate::model::ids::LocationId;
use crate::runtime::clock::Clock;
use crate::{app, clients, config};

const CLIENT_ID: &str = "66c0ffee0ddba11000000000-sandbox";
const CLIENT_SECRET: &str = "sandbox-client-secret";
/// Opens the sandbox's operator pages, which show made-up data only.
pub const ADMIN_TOKEN: &str = seed::ADMIN_TOKEN;
/// Seals only data that the sandbox made up.
const ENCRYPTION_KEY: &str = "c2FuZGJveCBrZXksIHNlYWxzIG5vdGhpbmcgcmVhbCE=";
/// Default pause between two sends: short for people who try the sandbox, but still visible.
const MIN_INTERVAL_MS: &str = "200";

/// Runs the sandbox until it is stopped. It starts installed and connected. Its database is the `named` one or a
/// private PostgreSQL. With `fresh`, deletes what earlier runs stored there.
///
/// # Errors
/// When it cannot start; the error says what to do.
pub(in crate::cli) async fn run(
    named: Option<&SecretString>,
    fresh: bool,
    form: Form,
) -> anyhow::Result<()> {
    let stop = app::stop_on_signal()?;
    let reserved = reserve()?;
    let database = Database::open_sandbox(named, fresh).await?;
    let pool = database.migrated_pool().await?;
    let listener = reserved.listen()?;
    let sandbox = Sandbox::start(listener, pool.clone(), Timings::default(), stop)?;
    sandbox.install_and_connect().await?;
    announce(form, &sandbox.address, &database)?;
    let outcome = sandbox.running.await?;
    database.close(pool).await?;
    outcome
}

fn announce(form: Form, address: &Url, database: &Database) -> anyhow::Result<()> {
    let document = json!({"address": address.as_str(), "database": database.to_string()});
    form.print(&document, || {
        format!(
            "\n  The sandbox is ready: open {address}\n  Its tables are in {database}.\n  Ctrl-C stops it.\n\n"
        )
    })
}

/// The service and its simulated vendors, running on one port.
#[derive(Debug)]
pub struct Sandbox {
    /// The simulated vendors.
    pub simulation: Simulation,
    /// The service.
    pub app: App,
    /// Where the service listens; GHL's pages are at [`Sandbox::ghl_address`].
    pub address: Url,
    http: reqwest::Client,
    running: JoinHandle<anyhow::Result<()>>,
}

impl Sandbox {
    /// Starts both over an empty database or one that a sandbox used, until `stop` is cancelled. Nothing is installed.
    ///
    /// # Errors
    /// When a part cannot be built.
    pub fn start(
        listener: TcpListener,
        pool: Pool,
        timings: Timings,
        stop: CancellationToken,
    ) -> anyhow::Result<Self> {
        let port = listener.local_addr()?.port();
        let address = Url::parse(&format!("http://127.0.0.1:{port}"))?;
        let http = clients::http_client()?;
        let simulation = Simulation::new(SimulationConfig {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            service_url: address.clone(),
            timings,
            http: http.clone(),
        })?;
        simulation.ghl.add_location(
            seed::COMPANY_ID,
            seed::SECOND_LOCATION_ID,
            seed::SECOND_LOCATION_NAME,
        );
        simulation.ghl.set_posts_dnd_updates(true);
        let settings = settings(&simulation, &address)?;
        enter_addresses(&simulation, &settings);
        let app = App::with_network_scope(
            &settings,
            pool.clone(),
            Clock::system(),
            NetworkScope::Simulated,
        )?;
        let extra: Router = simulation
            .vendors_router()
            .merge(simulation.page_router())
            .merge(openapi::router())
            .merge(reset::router(simulation.clone(), pool));
        let running = tokio::spawn(app.clone().run(listener, extra, stop));
        Ok(Self {
            simulation,
            app,
            address,
            http,
            running,
        })
    }

    /// The address of GHL's pages, which are on another site than the service's.
    #[must_use]
    pub fn ghl_address(&self) -> Url {
        simulators::site_address(&self.address)
    }

    /// Does what an agency does first: installs the app, then connects a number.
    ///
    /// # Errors
    /// When one of these steps fails.
    pub async fn install_and_connect(&self) -> anyhow::Result<()> {
        let location_id = seed::LOCATION_ID.to_owned();
        let code = self
            .simulation
            .ghl
            .issue_code(InstallKind::Location { location_id });
        let callback = self.address.join("/oauth/callback")?;
        let answer = self
            .http
            .get(callback)
            .query(&[("code", code)])
            .send()
            .await?;
        ensure!(
            answer.status().is_success() || answer.status().is_redirection(),
            "the install answered {}",
            answer.status()
        );
        let entered = Entered {
            instance_id: seed::INSTANCE_ID.to_owned(),
            access_token: seed::ACCESS_TOKEN.into(),
            number: seed::NUMBER.to_owned(),
        };
        let location = LocationId::from(seed::LOCATION_ID);
        self.app
            .connector
            .connect(&location, &entered, None)
            .await?;
        Ok(())
    }
}

/// Enters the service's addresses in the simulated developer portal.
fn enter_addresses(simulation: &Simulation, settings: &Settings) {
    let secrets = HookSecrets::derive(&settings.ghl);
    let (delivery, app) = (&secrets.delivery, &secrets.app);
    simulation
        .ghl
        .enter_addresses(delivery.expose_secret(), app.expose_secret());
}

/// The service's settings in the sandbox: the simulated vendors' addresses and keys. Only the pause between two sends
/// and the targets of alerts may come from the environment.
fn settings(simulation: &Simulation, address: &Url) -> anyhow::Result<Settings> {
    let keys = simulation.ghl.public_keys();
    let rsa = simulation.ghl.rsa_public_key_pem()?;
    let base = address.as_str().trim_end_matches('/');
    let site = simulators::site_address(address);
    let site = site.as_str().trim_end_matches('/');
    let value = |name: &str| match name {
        "PUBLIC_URL" => Some(base.to_owned()),
        "GHL_CLIENT_ID" => Some(CLIENT_ID.to_owned()),
        "GHL_CLIENT_SECRET" => Some(CLIENT_SECRET.to_owned()),
        "GHL_SHARED_SECRET" => Some(seed::SHARED_SECRET.to_owned()),
        "GHL_CONVERSATION_PROVIDER_ID" => Some(seed::PROVIDER_ID.to_owned()),
        "GHL_MARKETPLACE_BASE" | "APP_FRAME_ANCESTORS" => Some(site.to_owned()),
        "ADMIN_TOKEN" => Some(ADMIN_TOKEN.to_owned()),
        "GHL_API_BASE" => Some(format!("{base}/sim/ghl")),
        "GHL_ED25519_PUBLIC_KEY" => Some(keys.ed25519_base64.clone()),
        "GHL_RSA_PUBLIC_KEY" => Some(rsa.clone()),
        "WAAPIFY_API_BASE" => Some(format!("{base}/sim/waapify/api")),
        "WHATSAPP_MEDIA_BASE" => Some(format!("{base}/sim/whatsapp")),
        name if name.starts_with("ALERT_") => env(name),
        "WAAPIFY_MIN_INTERVAL_MS" => env(name).or_else(|| Some(MIN_INTERVAL_MS.to_owned())),
        // Otherwise what is written at night would wait; a number's page can switch it on.
        "PROTECT_NUMBERS" => env(name).or_else(|| Some("false".to_owned())),
        "ENCRYPTION_KEYS" => Some(ENCRYPTION_KEY.to_owned()),
        _ => None,
    };
    Ok(config::load(value)?)
}

/// Listens on this machine only unless `BIND_ADDR` says otherwise, because the page has no access control.
fn reserve() -> anyhow::Result<Reserved> {
    let defaulted = |name: &str| match name {
        "BIND_ADDR" => env(name).or_else(|| Some("127.0.0.1:8080".to_owned())),
        name => env(name),
    };
    let address: SocketAddr = config::load_bind(defaulted)?;
    app::reserve(address)
}

fn env(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}
