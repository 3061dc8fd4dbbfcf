//! The commands, their arguments and exit codes: 0 success, 1 failure with the reason on standard error, 2 wrong
//! settings or arguments.
//!
//! `doctor`, `marketplace`, `messages` and `sandbox` hold one command each, this file the others. `table` lays out
//! tables, `fatal` prints the error of a failed command.

mod access_token;
mod doctor;
mod fatal;
mod marketplace;
mod messages;
pub mod sandbox;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use doctor::DoctorArgs;
use messages::Messages;
use secrecy::SecretString;
use table::table;
use tracing::{info, warn};

use crate::accounts::connect::Entered;
use crate::accounts::key_rotation;
use crate::accounts::key_rotation::Rotation;
use crate::app::{App, Database};
use crate::config::Settings;
use crate::config::install_link::find_brand;
use crate::db::accounts::{companies, installs};
use crate::db::connection::Pool;
use crate::db::numbers;
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::InstallStatus;
use crate::runtime::clock::Clock;
use crate::runtime::logging;
use crate::runtime::logging::LogSettings;
use crate::{app, config, db, http};

/// Longest time that the container's health check waits for the service. Docker's default is 30 s.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes WhatsApp the SMS provider of GoHighLevel, through Waapify.
#[derive(Debug, Parser)]
#[command(name = "waapify-ghl", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service (the default)
    Serve,
    /// Run the service beside a simulated GHL and Waapify, with a page to play with
    Sandbox(SandboxArgs),
    /// Connect a WhatsApp number to a location
    Connect(ConnectArgs),
    /// List the locations: install status, token, number, last messages
    Installs,
    /// Say what is wrong with the service and its locations, and how to fix it
    Doctor(DoctorArgs),
    /// List messages, show one's steps, send failed ones again
    #[command(subcommand)]
    Messages(Messages),
    /// Print what to enter in GHL's developer portal, field by field, as Markdown
    Marketplace(marketplace::GuideArgs),
    /// Seal all tokens and credentials with the newest key; the service may keep running
    RotateKeys,
    /// Bring the database's schema up to date
    Migrate,
    /// Ask the running service whether it is ready (for containers)
    Health,
    /// Show the version
    Version,
}

#[derive(Debug, Args)]
struct SandboxArgs {
    /// Play a whole conversation, print it, and exit 0 or 1
    #[arg(long)]
    script: bool,
    /// Forget the conversations of earlier runs
    #[arg(long)]
    fresh: bool,
    /// Keep its tables in this PostgreSQL database, in a schema of their own; without it, in a private PostgreSQL
    #[arg(long, value_name = "URL", value_parser = secret)]
    database_url: Option<SecretString>,
}

#[derive(Debug, Args)]
struct ConnectArgs {
    /// GHL's id of the location
    #[arg(long)]
    location: String,
    /// Waapify's instance id
    #[arg(long)]
    instance_id: String,
    /// Waapify's access token; without it, `WAAPIFY_ACCESS_TOKEN`, a prompt, or the first line of standard input. Arguments
    /// are seen by everyone on this machine
    #[arg(long, value_parser = secret)]
    access_token: Option<SecretString>,
    /// The WhatsApp number with its country code, such as 60123456789
    #[arg(long)]
    number: String,
    /// Pause between two sends of this number, in milliseconds; without it, that of the settings
    #[arg(long, value_parser = clap::value_parser!(i32).range(0..=60_000))]
    interval_ms: Option<i32>,
    /// Whether messages of groups that this number is in go to GHL, a contact for each group; without it, as before
    #[arg(long)]
    groups: Option<Switch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "clap's parsers may refuse a value"
)]
fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(text.into())
}

/// Runs this process's command and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    // Development only: a container has no `.env` file. Variables that are already set win.
    let _ = dotenvy::dotenv();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return fatal::refuse(config::load_log(env).format, &error),
    };
    let log = log_settings(&cli);
    let traces = logging::start(&log);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fatal::fail(log.format, &error.into()),
    };
    let outcome = runtime.block_on(run(cli.command.unwrap_or(Command::Serve)));
    if let Some(traces) = traces {
        traces.stop();
    }
    match outcome {
        Ok(code) => code,
        Err(error) => fatal::fail(log.format, &error),
    }
}

/// The sandbox script's transcript and the doctor's report are to be read, so these commands log little unless
/// `RUST_LOG` asks for more.
fn log_settings(cli: &Cli) -> LogSettings {
    let quiet = match &cli.command {
        Some(Command::Sandbox(args)) if args.script => Some("warn"),
        Some(Command::Doctor(_)) => Some("error"),
        _ => None,
    };
    let serves = matches!(&cli.command, None | Some(Command::Serve));
    config::load_log(|name| match name {
        // Only the service handles messages of its own accord.
        "OTEL_EXPORTER_OTLP_ENDPOINT" if !serves => None,
        "RUST_LOG" if quiet.is_some() => env(name).or_else(|| quiet.map(str::to_owned)),
        name => env(name),
    })
}

#[allow(
    clippy::print_stdout,
    reason = "a command's answer belongs to the terminal"
)]
async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve().await?,
        Command::Sandbox(args) => return sandbox(args).await,
        Command::Connect(args) => connect(args).await?,
        Command::Installs => list_installs().await?,
        Command::Doctor(args) => return doctor::run(args).await,
        Command::Messages(command) => return messages::run(command).await,
        Command::Marketplace(args) => marketplace::run(&args)?,
        Command::RotateKeys => return rotate_keys().await,
        Command::Migrate => migrate().await?,
        Command::Health => health().await?,
        Command::Version => println!("waapify-ghl {}", env!("CARGO_PKG_VERSION")),
    }
    Ok(ExitCode::SUCCESS)
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn settings() -> anyhow::Result<Settings> {
    Ok(config::load(env)?)
}

/// The sandbox has no settings of its own. `DATABASE_URL` is the service's, so the sandbox does not touch it.
#[allow(
    clippy::print_stderr,
    reason = "what a command does not do belongs to the terminal"
)]
async fn sandbox(args: SandboxArgs) -> anyhow::Result<ExitCode> {
    let named = config::check_database_url("--database-url", args.database_url)?;
    if config::load_database_url(env).is_some() {
        eprintln!(
            "DATABASE_URL is set, but the sandbox does not use it; --database-url names a database for it."
        );
    }
    if args.script {
        return sandbox::play_script(named.as_ref()).await;
    }
    sandbox::run(named.as_ref(), args.fresh).await?;
    Ok(ExitCode::SUCCESS)
}

/// The database for commands that only read; its schema is not changed. If none was given, prints which one was found.
async fn read_database() -> anyhow::Result<(Database, Pool)> {
    let given = config::load_database_url(env);
    let database = find_database(given.as_ref()).await?;
    let pool = database.checked_pool().await?;
    Ok((database, pool))
}

#[allow(
    clippy::print_stderr,
    reason = "which database a command reads belongs to the terminal"
)]
async fn find_database(given: Option<&SecretString>) -> anyhow::Result<Database> {
    let database = Database::find(given).await?;
    if database.is_private() {
        eprintln!("Reading {database}.");
    }
    Ok(database)
}

/// A clock that goes by the database's time.
async fn clock_of(pool: &Pool) -> anyhow::Result<Clock> {
    let clock = Clock::system();
    let synchronized = db::clock::synchronize(pool, &clock).await;
    synchronized.context("the database's time cannot be read")?;
    Ok(clock)
}

async fn serve() -> anyhow::Result<()> {
    let settings = settings()?;
    let stop = app::stop_on_signal()?;
    let reserved = app::reserve(settings.bind)?;
    let database = Database::open(settings.database_url.as_ref()).await?;
    let migrated = stop.run_until_cancelled(database.migrated_pool()).await;
    let Some(pool) = migrated.transpose()? else {
        info!("stopped before the database's schema was up to date");
        return Ok(());
    };
    key_rotation::check(&pool, &settings.sealer).await?;
    let listener = reserved.listen()?;
    if let Some(brand) = find_brand(&settings.public_url) {
        warn!(
            brand,
            "PUBLIC_URL contains one of GHL's own names: GHL's developer portal refuses such an address"
        );
    }
    info!(address = %listener.local_addr()?, public_url = %settings.public_url, "listening");
    let app = App::new(&settings, pool.clone(), clock_of(&pool).await?)?;
    let outcome = app.run(listener, http::front_page(), stop).await;
    database.close(pool).await?;
    outcome
}

#[allow(
    clippy::print_stdout,
    reason = "a command's answer belongs to the terminal"
)]
async fn connect(args: ConnectArgs) -> anyhow::Result<()> {
    let settings = settings()?;
    let access_token = match args.access_token {
        Some(given) => given,
        None => access_token::read(env)?,
    };
    let database = Database::join(settings.database_url.as_ref()).await?;
    let pool = database.migrated_pool().await?;
    // The service must be able to open what is sealed here.
    key_rotation::check(&pool, &settings.sealer).await?;
    let app = App::new(&settings, pool.clone(), clock_of(&pool).await?)?;
    let location = LocationId(args.location);
    let entered = Entered {
        instance_id: args.instance_id,
        access_token,
        number: args.number,
    };
    let outcome = app.connector.connect(&location, &entered, None).await;
    let install_status = installs::find_install_status(&pool, &location).await;
    if let Ok(connected) = &outcome {
        numbers::record_interval(&pool, &location, &connected.number, args.interval_ms).await?;
        if let Some(groups) = args.groups {
            let forwards = groups == Switch::On;
            numbers::record_groups(&pool, &location, &connected.number, forwards).await?;
        }
    }
    database.close(pool).await?;
    let connected = outcome.context("not connected")?;
    let number = &connected.number;
    println!("Connected +{number} to location {location}. Waapify now posts its events here.");
    for sharer in &connected.sharers {
        println!(
            "Location {sharer} is connected to the same number or instance. Its replies and ticks now come to {location}."
        );
    }
    let install_status = install_status?;
    if install_status != InstallStatus::Installed {
        println!(
            "GHL's side: {}. Messages flow both ways once the app is installed there.",
            install_status.label(Language::English)
        );
    }
    Ok(())
}

#[allow(
    clippy::print_stdout,
    reason = "a command's answer belongs to the terminal"
)]
async fn list_installs() -> anyhow::Result<()> {
    let (database, pool) = read_database().await?;
    let rows = installs::list_installs(&pool).await;
    let companies = companies::list_dead_companies(&pool).await;
    database.close(pool).await?;
    print!("{}", table(&rows?));
    for (company, why) in companies? {
        let why = why.map(|why| why.english()).unwrap_or_default();
        println!("Agency {company} must install the app again: {why}");
    }
    Ok(())
}

/// Exits 1 while some value still needs an older key, which must not be dropped yet.
#[allow(
    clippy::print_stdout,
    reason = "a command's answer belongs to the terminal"
)]
async fn rotate_keys() -> anyhow::Result<ExitCode> {
    let settings = settings()?;
    let database = Database::join(settings.database_url.as_ref()).await?;
    let pool = database.migrated_pool().await?;
    let rotation = key_rotation::rotate(&pool, &settings.sealer).await;
    let left = key_rotation::count_older(&pool, &settings.sealer).await;
    database.close(pool).await?;
    let Rotation {
        resealed,
        unreadable,
    } = rotation?;
    println!("{resealed} values are sealed with the newest key now.");
    if unreadable > 0 {
        println!("{unreadable} cannot be opened with any of ENCRYPTION_KEYS and stay as they are.");
    }
    if left? > 0 {
        println!(
            "Keep the older keys: some values need them. If a process still runs with the old settings, restart it, then run this again."
        );
        return Ok(ExitCode::FAILURE);
    }
    println!("Every older key may be taken out of ENCRYPTION_KEYS.");
    Ok(ExitCode::SUCCESS)
}

async fn migrate() -> anyhow::Result<()> {
    let given = config::load_database_url(env);
    let database = Database::join(given.as_ref()).await?;
    let pool = database.migrated_pool().await?;
    info!("the schema is up to date");
    database.close(pool).await
}

/// Asks `/readyz` on this machine, at the port the service listens on.
async fn health() -> anyhow::Result<()> {
    let bind = config::load_bind(env)?;
    let host = if bind.ip().is_unspecified() {
        "127.0.0.1".to_owned()
    } else {
        bind.ip().to_string()
    };
    let client = crate::clients::http_client()?;
    let url = format!("http://{host}:{}/readyz", bind.port());
    let answer = client.get(&url).timeout(HEALTH_TIMEOUT).send().await;
    let answer = answer
        .ok()
        .with_context(|| format!("the service does not answer at {url}"))?;
    if !answer.status().is_success() {
        bail!("not ready: {}", answer.status());
    }
    Ok(())
}
