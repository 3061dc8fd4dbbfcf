//! The service as a whole: builds every part, runs them, and stops them in order.
//!
//! Owns: start-up and shutdown. If any task ends unexpectedly, the others are stopped and the process fails, so that
//! its supervisor starts a whole one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::attachments::Attachments;
use crate::clients::origin::Reach;
use crate::clients::{self, ghl, origin, waapify, whatsapp_media};
use crate::clock::Clock;
use crate::cluster::{Cluster, Durability, find_running, remove_data};
use crate::config::Settings;
use crate::connect::Connector;
use crate::db;
use crate::doctor::Doctor;
use crate::http::{self, Admin, Files, HttpParts, HttpState, Intake, Meter, Proofs, WaitingRoom};
use crate::installs::Installs;
use crate::relay::app_events::AppEvents;
use crate::relay::gateway_events::GatewayEvents;
use crate::relay::inbound::Inbound;
use crate::relay::media::Media;
use crate::relay::outbound::Outbound;
use crate::relay::status_updates::StatusUpdates;
use crate::relay::upkeep::Upkeep;
use crate::relay::watch::Watch;
use crate::relay::{self, Worker};
use crate::tally::Tally;
use crate::tokens::Tokens;
use crate::wake::Wake;

/// The last part of a stop's time: two seconds for giving back what did not end, one for closing the database, the rest
/// in reserve.
const GIVE_BACK: Duration = Duration::from_secs(5);
/// Of it, the time for closing the database.
const CLOSE: Duration = Duration::from_secs(2);
/// Longest wait for connections that somebody still holds; the server forgets them when the process ends.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for the database at start.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Where a private cluster keeps its data, below the working directory.
const PRIVATE_FOLDER: &str = ".waapify-ghl";
/// The database in it.
const PRIVATE_DATABASE: &str = "waapify_ghl";

/// Every part of the service over one database.
#[derive(Clone, Debug)]
pub struct App {
    /// What the workers share; tests drive them with it.
    pub relay: Arc<relay::Context>,
    /// Connects numbers.
    pub connector: Connector,
    http: HttpState,
    stop_timeout: Duration,
}

impl App {
    /// Builds the parts; touches nothing yet. Files of messages are fetched from the public Internet only.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new(settings: &Settings, pool: PgPool, clock: Clock) -> anyhow::Result<Self> {
        Self::with_reach(settings, pool, clock, Reach::Public)
    }

    /// As [`App::new`], with files from wherever `reach` allows: simulated worlds keep them on this machine.
    ///
    /// # Errors
    /// As [`App::new`].
    pub fn with_reach(
        settings: &Settings,
        pool: PgPool,
        clock: Clock,
        reach: Reach,
    ) -> anyhow::Result<Self> {
        let relay = Arc::new(relay_context(settings, pool, clock, reach)?);
        let http = http_parts(settings, &relay)?;
        Ok(Self {
            connector: relay.connector.clone(),
            relay,
            http: http.into(),
            stop_timeout: settings.stop_timeout,
        })
    }

    /// The routes.
    pub fn router(&self) -> Router {
        http::router(self.http.clone())
    }

    /// Serves `extra` beside the service's own routes, and runs the workers, until `stop` says so. What is in hand may
    /// then end; what does not is given back, and this returns before the stop's time limit.
    ///
    /// # Errors
    /// When a task ends unexpectedly.
    pub async fn run(
        self,
        listener: TcpListener,
        extra: Router,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let (stop_all, stopping) = watch::channel(None);
        let mut tasks = JoinSet::new();
        let mut asked = stopping.clone();
        let server =
            axum::serve(listener, self.router().merge(extra)).with_graceful_shutdown(async move {
                let _ = asked.wait_for(Option::is_some).await;
            });
        tasks.spawn(async move { server.await.context("the HTTP server failed") });
        let (intake, mut asked) = (self.http.intake.clone(), stopping.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = intake.ended() => bail!("the store of deliveries ended"),
                _ = asked.wait_for(Option::is_some) => Ok(()),
            }
        });
        let relay = || Arc::clone(&self.relay);
        spawn_worker(&mut tasks, Outbound(relay()), &stopping);
        spawn_worker(&mut tasks, GatewayEvents(relay()), &stopping);
        spawn_worker(&mut tasks, Inbound(relay()), &stopping);
        spawn_worker(&mut tasks, Media(relay()), &stopping);
        spawn_worker(&mut tasks, StatusUpdates(relay()), &stopping);
        spawn_worker(&mut tasks, AppEvents(relay()), &stopping);
        spawn_worker(&mut tasks, Upkeep(relay()), &stopping);
        spawn_worker(&mut tasks, Watch(relay()), &stopping);
        let unexpected = tokio::select! {
            () = wait_for(stop) => None,
            ended = tasks.join_next() => ended,
        };
        info!("stopping");
        let end = Instant::now() + self.stop_timeout;
        stop_all.send_replace(Some(end - GIVE_BACK));
        let drained = tokio::time::timeout_at(end - CLOSE, drain(tasks)).await;
        match (unexpected, drained) {
            (Some(ended), _) => bail!("a task ended unexpectedly: {ended:?}"),
            (None, Ok(result)) => result,
            (None, Err(_)) => {
                warn!("requests or the database did not end in time and are cut off");
                Ok(())
            }
        }
    }
}

/// What the workers share.
fn relay_context(
    settings: &Settings,
    pool: PgPool,
    clock: Clock,
    reach: Reach,
) -> anyhow::Result<relay::Context> {
    let http_client = clients::http_client()?;
    let (sealer, public_url) = (&settings.sealer, &settings.public_url);
    let ghl = ghl::Client::new(http_client.clone(), &settings.ghl, public_url);
    let waapify = waapify::Client::new(http_client.clone(), settings.waapify.api_base.clone());
    let tokens = Tokens::new(pool.clone(), ghl.clone(), sealer.clone(), clock.clone());
    let installs = Installs::new(pool.clone(), ghl.clone(), tokens.clone(), clock.clone());
    let clients = (ghl, waapify.clone(), http_client);
    let doctor = Doctor::new(
        settings,
        pool.clone(),
        tokens.clone(),
        clients,
        clock.clone(),
    );
    let connector = Connector::new(
        pool.clone(),
        waapify.clone(),
        sealer.clone(),
        clock.clone(),
        public_url.clone(),
    );
    Ok(relay::Context {
        pool,
        tokens,
        installs,
        connector,
        doctor,
        waapify,
        origin: origin::Client::new(reach)?,
        attachments: Attachments::new(sealer.clone(), public_url.clone()),
        sealer: sealer.clone(),
        clock,
        wake: Arc::new(Wake::default()),
        tally: Tally::default(),
        media: whatsapp_media::Client::new(settings.whatsapp_media_base.clone())?,
        public_url: public_url.clone(),
        min_interval: settings.waapify.min_interval,
    })
}

/// What the routes share, most of it with the workers.
fn http_parts(settings: &Settings, relay: &relay::Context) -> anyhow::Result<HttpParts> {
    Ok(HttpParts {
        proofs: Proofs::new(settings.ghl.verifier.clone()),
        intake: Intake::new(&relay.pool)?,
        waiting_room: WaitingRoom::default(),
        pool: relay.pool.clone(),
        ghl: settings.ghl.clone(),
        installs: relay.installs.clone(),
        connector: relay.connector.clone(),
        doctor: relay.doctor.clone(),
        files: Files::new(relay.media.clone()),
        origin: relay.origin.clone(),
        attachments: relay.attachments.clone(),
        attachments_room: http::attachments_room(),
        clock: relay.clock.clone(),
        wake: Arc::clone(&relay.wake),
        public_url: settings.public_url.clone(),
        min_interval: settings.waapify.min_interval,
        tokens: relay.tokens.clone(),
        gateway: relay.waapify.clone(),
        sealer: relay.sealer.clone(),
        admin_token: settings.admin_token.clone(),
        admin: Admin::default(),
        meter: Meter::new(relay.tally.clone(), relay.clock.now()),
    })
}

fn spawn_worker<W: Worker>(
    tasks: &mut JoinSet<anyhow::Result<()>>,
    worker: W,
    stopping: &watch::Receiver<Option<Instant>>,
) {
    let stopping = stopping.clone();
    tasks.spawn(async move {
        relay::run(Arc::new(worker), stopping).await;
        Ok(())
    });
}

async fn drain(mut tasks: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a task ended unexpectedly")??;
    }
    Ok(())
}

/// Waits until `stop` turns true; a dropped sender stops too.
async fn wait_for(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A stop that follows SIGTERM and Ctrl-C.
///
/// # Errors
/// When the signals cannot be caught.
pub fn stop_on_signal() -> anyhow::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (sender, receiver) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        sender.send_replace(true);
    });
    Ok(receiver)
}

/// Listens at an address.
///
/// # Errors
/// When it cannot be had, with what to do.
pub async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address}: another program may use the port. Set PORT to a free one"
        )
    })
}

/// A database: the one that was given, or a private cluster that runs as long as this value lives.
pub struct Database {
    url: SecretString,
    cluster: Option<Cluster>,
}

impl Database {
    /// The given database, or a private cluster in `folder` below the working directory's `.waapify-ghl`.
    ///
    /// # Errors
    /// When no cluster can be started, with what to do.
    pub async fn open(given: Option<&SecretString>, folder: &str) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self {
                url: url.clone(),
                cluster: None,
            });
        }
        let folder = private_folder(folder)?;
        let cluster =
            tokio::task::spawn_blocking(move || Cluster::start(&folder, Durability::Durable))
                .await??;
        info!(folder = %cluster.folder().display(), "DATABASE_URL is not set: running a private PostgreSQL");
        Self::in_cluster(cluster).await
    }

    /// The given database, or that of the private cluster which a running process of ours keeps in `folder`, or a
    /// private cluster for as long as this value lives: for commands beside a running service.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn join(given: Option<&SecretString>, folder: &str) -> anyhow::Result<Self> {
        let running = find_running(&private_folder(folder)?, PRIVATE_DATABASE);
        match (given, running) {
            (None, Some(url)) => Ok(Self {
                url: url.into(),
                cluster: None,
            }),
            _ => Self::open(given, folder).await,
        }
    }

    /// The given database, or a cluster that is gone afterwards.
    ///
    /// # Errors
    /// As [`Database::open`].
    pub async fn throw_away(given: Option<&SecretString>) -> anyhow::Result<Self> {
        if let Some(url) = given {
            return Ok(Self {
                url: url.clone(),
                cluster: None,
            });
        }
        let cluster = tokio::task::spawn_blocking(Cluster::throw_away).await??;
        Self::in_cluster(cluster).await
    }

    async fn in_cluster(cluster: Cluster) -> anyhow::Result<Self> {
        let mut connection = PgConnection::connect(&cluster.url("postgres")).await?;
        let found: Option<i32> = sqlx::query_scalar("select 1 from pg_database where datname = $1")
            .bind(PRIVATE_DATABASE)
            .fetch_optional(&mut connection)
            .await?;
        if found.is_none() {
            sqlx::query("create database waapify_ghl")
                .execute(&mut connection)
                .await?;
        }
        connection.close().await?;
        Ok(Self {
            url: cluster.url(PRIVATE_DATABASE).into(),
            cluster: Some(cluster),
        })
    }

    /// A pool over it as it is; nobody connects yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn pool(&self) -> anyhow::Result<PgPool> {
        db::open_pool(self.url.expose_secret()).context("DATABASE_URL is not a Postgres address")
    }

    /// A pool over it, with the schema brought up to date.
    ///
    /// # Errors
    /// When the database cannot be reached or holds another program's schema.
    pub async fn migrated_pool(&self) -> anyhow::Result<PgPool> {
        let (url, pool) = (self.url.expose_secret(), self.pool()?);
        // A connection of its own says why it cannot be had; the pool would only say that it timed out.
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect(url)).await;
        let unreachable =
            "the database cannot be reached: check DATABASE_URL and that Postgres runs";
        connection
            .context(unreachable)?
            .context(unreachable)?
            .close()
            .await?;
        db::migrate(&pool)
            .await
            .context("the database's schema cannot be brought up to date")?;
        Ok(pool)
    }

    /// Stops the private cluster, if there is one, after everyone has let go of it.
    ///
    /// # Errors
    /// When it does not stop in time.
    pub async fn close(self, pool: PgPool) -> anyhow::Result<()> {
        if tokio::time::timeout(CLOSE_TIMEOUT, pool.close())
            .await
            .is_err()
        {
            warn!("the database's connections did not end in time");
        }
        match self.cluster {
            Some(cluster) => Ok(tokio::task::spawn_blocking(move || cluster.stop()).await??),
            None => Ok(()),
        }
    }
}

/// Clears what a private cluster in `folder` keeps.
///
/// # Errors
/// When a process still uses it, or it cannot be removed.
pub fn clear_private_folder(folder: &str) -> anyhow::Result<()> {
    Ok(remove_data(&private_folder(folder)?)?)
}

fn private_folder(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_dir()?.join(PRIVATE_FOLDER).join(name))
}
