//! The service as a whole: builds all parts, runs them, and stops them in order. `database` chooses its database.
//!
//! If a task ends unexpectedly, the others are stopped and the process fails, so that its supervisor restarts it.

mod database;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use axum::Router;
pub use database::Database;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::{JoinError, JoinSet};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::accounts::connect::Connector;
use crate::accounts::installs::Installs;
use crate::accounts::services::Services;
use crate::accounts::tokens::Tokens;
use crate::clients::attachment_links::Attachments;
use crate::clients::attachment_source::NetworkScope;
use crate::clients::{alert_webhook, attachment_source, ghl, waapify, whatsapp_media};
use crate::config::Settings;
use crate::db::connection::Pool;
use crate::doctor::Doctor;
use crate::http::{
    Admin, BodyBudgets, Files, HookSecrets, HttpParts, HttpState, InsertBatcher, InstallCodes,
    KnownSecrets, MisdirectedNotes, OutageBuffer, ProviderLooks, ScrapeState, SignatureBatcher,
};
use crate::model::reason::error_codes;
use crate::runtime::clock::{CLOCK_TOLERANCE, Clock};
use crate::runtime::counters::Counters;
use crate::runtime::notify::Signals;
use crate::runtime::stop::Stop;
use crate::workers::Worker;
use crate::workers::alerts::Alerts;
use crate::workers::ghl_events::GhlEvents;
use crate::workers::hour_counts::HourCounts;
use crate::workers::inbound::Inbound;
use crate::workers::inbound_media::{FetchedFiles, Media};
use crate::workers::monitor::Monitor;
use crate::workers::opt_outs::OptOuts;
use crate::workers::outbound::Outbound;
use crate::workers::phone_checks::PhoneChecks;
use crate::workers::sources::Sources;
use crate::workers::status_updates::StatusUpdates;
use crate::workers::tags::Tags;
use crate::workers::token_upkeep::TokenUpkeep;
use crate::workers::waapify_events::WaapifyEvents;
use crate::{clients, db, http, workers};

/// The last part of the stop timeout: two seconds to release work that has not ended, one to close the database, the
/// rest in reserve.
const GIVE_BACK: Duration = Duration::from_secs(5);
/// The part of [`GIVE_BACK`] for closing the database.
const CLOSE: Duration = Duration::from_secs(2);
/// Connections that may wait to be accepted: the same number as in `TcpListener::bind`.
const BACKLOG: u32 = 1024;
/// How often the database's time is measured: a machine's clock drifts by some milliseconds in a minute.
const CLOCK_PAUSE: Duration = Duration::from_mins(1);

/// What runs until the service stops.
type Tasks = JoinSet<anyhow::Result<()>>;

/// All parts of the service over one database.
#[derive(Clone, Debug)]
pub struct App {
    /// Shared by the workers. Tests run single steps with it.
    pub context: Arc<workers::Context>,
    /// Connects numbers.
    pub connector: Connector,
    http: HttpState,
    stop_timeout: Duration,
}

impl App {
    /// Builds all parts and starts none. Attachments are fetched from the public Internet only.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(settings: &Settings, pool: Pool, clock: Clock) -> anyhow::Result<Self> {
        Self::with_network_scope(settings, pool, clock, NetworkScope::Public)
    }

    /// As [`App::new`], with attachments from wherever `scope` allows: the simulated vendors store them on this
    /// machine.
    ///
    /// # Errors
    /// As [`App::new`].
    pub fn with_network_scope(
        settings: &Settings,
        pool: Pool,
        clock: Clock,
        scope: NetworkScope,
    ) -> anyhow::Result<Self> {
        let (services, doctor) = services(settings, pool, clock, scope)?;
        let http = http_parts(settings, services.clone(), doctor.clone())?;
        Ok(Self {
            connector: services.connector.clone(),
            context: Arc::new(workers::Context {
                services,
                doctor,
                fetched_files: FetchedFiles::default(),
                events_place: Arc::default(),
            }),
            http: http.into(),
            stop_timeout: settings.stop_timeout,
        })
    }

    /// The service's routes.
    pub fn router(&self) -> Router {
        http::router(self.http.clone())
    }

    /// Serves `extra` beside the service's own routes, and runs the workers, until `stop` is cancelled. Running jobs may
    /// then end; those that do not are given back, and this returns before the stop's time limit.
    ///
    /// # Errors
    /// When a task ends unexpectedly.
    pub async fn run(
        self,
        listener: TcpListener,
        extra: Router,
        stop: CancellationToken,
    ) -> anyhow::Result<()> {
        let stopping = Stop::default();
        let mut tasks = JoinSet::new();
        let routes = self.router().merge(extra);
        let counters = self.context.counters.clone();
        let server = http::serve(listener, routes, counters, stopping.requested.clone());
        tasks.spawn(async move {
            server.await;
            Ok(())
        });
        self.spawn_upkeep(&mut tasks, &stopping);
        self.spawn_workers(&mut tasks, &stopping);
        let unexpected = tokio::select! {
            () = stop.cancelled() => None,
            ended = tasks.join_next() => ended,
        };
        info!("stopping");
        let drained = stop_within(self.stop_timeout, tasks, stopping).await;
        match (unexpected, drained) {
            (Some(ended), _) => Err(unexpected_end(ended)),
            (None, Ok(result)) => result,
            (None, Err(_)) => {
                warn!("requests or the database did not end in time and are cut off");
                Ok(())
            }
        }
    }

    /// Notices the end of the insert batcher, without which no delivery is stored, and measures the database's time.
    fn spawn_upkeep(&self, tasks: &mut Tasks, stopping: &Stop) {
        let (batcher, requested) = (self.http.insert_batcher.clone(), stopping.requested.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = batcher.ended() => bail!("the insert batcher ended"),
                () = requested.cancelled() => Ok(()),
            }
        });
        let (pool, clock) = (self.context.pool.clone(), self.context.clock.clone());
        let requested = stopping.requested.clone();
        tasks.spawn(async move {
            requested
                .run_until_cancelled(keep_time(&pool, &clock))
                .await;
            Ok(())
        });
    }

    fn spawn_workers(&self, tasks: &mut Tasks, stopping: &Stop) {
        let context = || Arc::clone(&self.context);
        spawn_worker(tasks, Outbound(context()), stopping);
        spawn_worker(tasks, WaapifyEvents(context()), stopping);
        spawn_worker(tasks, Inbound(context()), stopping);
        spawn_worker(tasks, Media(context()), stopping);
        spawn_worker(tasks, StatusUpdates(context()), stopping);
        spawn_worker(tasks, GhlEvents(context()), stopping);
        spawn_worker(tasks, PhoneChecks(context()), stopping);
        spawn_worker(tasks, OptOuts(context()), stopping);
        spawn_worker(tasks, Sources(context()), stopping);
        spawn_worker(tasks, Tags(context()), stopping);
        spawn_worker(tasks, TokenUpkeep(context()), stopping);
        spawn_worker(tasks, Monitor(context()), stopping);
        spawn_worker(tasks, Alerts::new(context()), stopping);
        spawn_worker(tasks, HourCounts::new(context()), stopping);
    }
}

/// Asks all tasks to end, then gives running jobs back, and waits until all have ended. Fails when the time is over.
async fn stop_within(
    limit: Duration,
    tasks: Tasks,
    stopping: Stop,
) -> Result<anyhow::Result<()>, Elapsed> {
    let end = Instant::now() + limit;
    stopping.requested.cancel();
    let overdue = stopping.overdue;
    tokio::spawn(async move {
        sleep_until(end - GIVE_BACK).await;
        overdue.cancel();
    });
    timeout_at(end - CLOSE, drain(tasks)).await
}

/// Measures the database's time again and again. Where that fails, the clock goes on.
async fn keep_time(pool: &Pool, clock: &Clock) {
    let mut was_off = false;
    loop {
        if let Err(error) = db::clock::synchronize(pool, clock).await {
            warn!(%error, "the database's time could not be measured");
        }
        let ahead = clock.system_ahead();
        let is_off = ahead.abs() > CLOCK_TOLERANCE;
        if is_off && !was_off {
            let seconds = ahead.as_seconds_f64();
            warn!(
                seconds,
                "this machine's clock is ahead of the database's, by which the service goes"
            );
        }
        was_off = is_off;
        sleep(CLOCK_PAUSE).await;
    }
}

/// The error for a task that ended by itself.
fn unexpected_end(ended: Result<anyhow::Result<()>, JoinError>) -> anyhow::Error {
    let why = match ended {
        Ok(Ok(())) => return anyhow!("a task ended unexpectedly"),
        Ok(Err(why)) => why,
        Err(why) => why.into(),
    };
    why.context("a task ended unexpectedly")
}

/// The counters, with every label that a scrape shall have from the start.
fn counters() -> Counters {
    let counters = Counters::default();
    counters.expect_failures(error_codes());
    counters
}

/// Builds what routes and workers share, and the doctor.
fn services(
    settings: &Settings,
    pool: Pool,
    clock: Clock,
    scope: NetworkScope,
) -> anyhow::Result<(Services, Doctor)> {
    let http_client = clients::http_client()?;
    let (sealer, public_url, gateway) = (&settings.sealer, &settings.public_url, &settings.waapify);
    let ghl = ghl::Client::new(http_client.clone(), &settings.ghl, public_url);
    let waapify = waapify::Client::new(http_client.clone(), gateway.api_base.clone());
    let tokens = Tokens::new(pool.clone(), ghl.clone(), sealer.clone(), clock.clone());
    let clients = (ghl.clone(), waapify.clone(), http_client);
    let doctor = Doctor::new(
        settings,
        pool.clone(),
        tokens.clone(),
        clients,
        clock.clone(),
    );
    let services = Services {
        installs: Installs::new(pool.clone(), ghl, tokens.clone(), clock.clone()),
        connector: Connector::new(
            pool.clone(),
            waapify.clone(),
            sealer.clone(),
            clock.clone(),
            public_url.clone(),
        ),
        pool,
        tokens,
        waapify,
        origin: attachment_source::Client::new(scope)?,
        alert_settings: settings.alerts.clone(),
        alert_webhooks: alert_webhook::Client::new(scope)?,
        attachments: Attachments::new(sealer.clone(), public_url.clone()),
        media: whatsapp_media::Client::new(settings.whatsapp_media_base.clone())?,
        sealer: sealer.clone(),
        clock,
        signals: Arc::new(Signals::default()),
        counters: counters(),
        public_url: public_url.clone(),
        min_interval: gateway.min_interval,
        sends_to_hidden: gateway.sends_to_hidden,
        checks_phones: gateway.checks_phones,
        protects_numbers: gateway.protects_numbers,
        checks_strangers: gateway.checks_strangers,
        max_age_person: gateway.max_age_person,
        max_age_automated: gateway.max_age_automated,
    };
    Ok((services, doctor))
}

fn http_parts(
    settings: &Settings,
    services: Services,
    doctor: Doctor,
) -> anyhow::Result<HttpParts> {
    Ok(HttpParts {
        doctor,
        ghl: settings.ghl.clone(),
        signature_batcher: SignatureBatcher::start(settings.ghl.verifier.clone()),
        insert_batcher: InsertBatcher::start(&services.pool)?,
        outage_buffer: OutageBuffer::default(),
        install_codes: InstallCodes::default(),
        provider_looks: ProviderLooks::default(),
        known_secrets: KnownSecrets::default(),
        hook_secrets: HookSecrets::derive(&settings.ghl),
        body_budgets: BodyBudgets::default(),
        misdirected: MisdirectedNotes::default(),
        files: Files::new(services.media.clone()),
        attachment_slots: http::attachment_slots(),
        admin_token: settings.admin_token.clone(),
        allow_users_to_change: settings.allow_users_to_change,
        admin: Admin::default(),
        scrape_state: ScrapeState::new(services.counters.clone(), services.clock.now()),
        services,
    })
}

fn spawn_worker<W: Worker>(tasks: &mut Tasks, worker: W, stopping: &Stop) {
    let stopping = stopping.clone();
    tasks.spawn(async move {
        workers::run(Arc::new(worker), stopping).await;
        Ok(())
    });
}

async fn drain(mut tasks: Tasks) -> anyhow::Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task ended unexpectedly")??;
    }
    Ok(())
}

/// A stop that follows SIGTERM and Ctrl-C.
///
/// # Errors
/// When the signals cannot be caught.
pub fn stop_on_signal() -> anyhow::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let stop = CancellationToken::new();
    let requested = stop.clone();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        requested.cancel();
    });
    Ok(stop)
}

/// An address that this process has reserved. Connections are refused until it listens.
#[derive(Debug)]
pub struct Reserved {
    socket: TcpSocket,
    address: SocketAddr,
}

/// Reserves an address, so that a start without it fails before it has done anything else.
///
/// # Errors
/// When the address cannot be reserved; the error says what to do.
pub fn reserve(address: SocketAddr) -> anyhow::Result<Reserved> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // As `TcpListener::bind` does: connections of an earlier process may still be closing.
    socket.set_reuseaddr(true)?;
    socket.bind(address).with_context(|| in_use(address))?;
    Ok(Reserved { socket, address })
}

impl Reserved {
    /// Listens on the address.
    ///
    /// # Errors
    /// When another program listens there meanwhile; the error says what to do.
    pub fn listen(self) -> anyhow::Result<TcpListener> {
        let listener = self.socket.listen(BACKLOG);
        listener.with_context(|| in_use(self.address))
    }
}

fn in_use(address: SocketAddr) -> String {
    format!("cannot listen on {address}: another program may use the port. Set PORT to a free one")
}
