//! The commands, their arguments and exit codes: 0 success, 1 failure with the reason on standard error, 2 wrong
//! settings or arguments.
//!
//! `audit`, `connect`, `doctor`, `events`, `installs`, `marketplace`, `messages`, `numbers` and `sandbox` hold one command each, `upkeep` and `shell` some
//! small ones, this file the others. `answer` prints what commands answer, with `table` and `moment`; `fatal` prints the
//! error of a failed command; `help` and `reason_code` read arguments.

mod access_token;
mod answer;
mod audit;
mod connect;
mod doctor;
mod events;
mod fatal;
mod help;
mod installs;
mod marketplace;
mod messages;
mod moment;
mod numbers;
mod reason_code;
pub mod sandbox;
mod shell;
mod table;
mod upkeep;

use std::process::ExitCode;

use answer::Form;
use anyhow::Context as _;
use audit::AuditArgs;
use clap::{Args, Parser, Subcommand};
use connect::ConnectArgs;
use doctor::DoctorArgs;
use events::Events;
use messages::Messages;
use numbers::Numbers;
use secrecy::SecretString;
use shell::{CompletionsArgs, ManArgs};
use tracing::{info, warn};

use crate::accounts::key_rotation;
use crate::app::{App, Database};
use crate::config::Settings;
use crate::config::install_link::find_brand;
use crate::db::connection::Pool;
use crate::runtime::clock::Clock;
use crate::runtime::logging;
use crate::runtime::logging::{LogFormat, LogSettings};
use crate::{app, config, db, http};

/// The flag that [`fatal`] must know of before the arguments are read.
const JSON: &str = "--json";

/// Makes WhatsApp the SMS provider of GoHighLevel, through Waapify.
#[derive(Debug, Parser)]
#[command(name = "waapify-ghl", version)]
struct Cli {
    /// Answer with one JSON document; on standard error, one JSON object a line
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service (the default)
    Serve,
    /// Run the service beside a simulated GHL and Waapify, with a page to play with
    ///
    /// Of the service's settings only `BIND_ADDR`, `PORT`, `WAAPIFY_MIN_INTERVAL_MS`, `PROTECT_NUMBERS`, those of logs, `ALERT_…` and `OTEL_…` count.
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
    /// Let a number go on after WhatsApp refused several of its messages
    #[command(subcommand)]
    Numbers(Numbers),
    /// List what Waapify posted and was set aside, because processes ended over it; have it read again
    #[command(subcommand)]
    Events(Events),
    /// List who did what on the pages, inside GHL and at the command line, newest first
    Audit(AuditArgs),
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
    /// Print what completes commands and flags in a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them into a folder
    Man(ManArgs),
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
    let cli = match Cli::try_parse_from(help::as_flag(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => {
            let is_json = std::env::args_os().any(|argument| argument == JSON);
            return fatal::refuse(
                fatal::Form::new(is_json, config::load_log(env).format),
                &error,
            );
        }
    };
    let log = log_settings(&cli);
    let traces = logging::start(&log);
    let errors = fatal::Form::new(cli.json, log.format);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fatal::fail(errors, &error.into()),
    };
    let form = if cli.json { Form::Json } else { Form::Text };
    let outcome = runtime.block_on(run(cli.command.unwrap_or(Command::Serve), form));
    if let Some(traces) = traces {
        traces.stop();
    }
    match outcome {
        Ok(code) => code,
        Err(error) => fatal::fail(errors, &error),
    }
}

/// The sandbox script's transcript and the doctor's report are to be read, so these commands log little unless
/// `RUST_LOG` asks for more. With `--json` all of standard error is JSON.
fn log_settings(cli: &Cli) -> LogSettings {
    let quiet = match &cli.command {
        Some(Command::Sandbox(args)) if args.script => Some("warn"),
        Some(Command::Doctor(_)) => Some("error"),
        _ => None,
    };
    let serves = matches!(
        &cli.command,
        None | Some(Command::Serve | Command::Sandbox(_))
    );
    let log = config::load_log(|name| match name {
        // Only the service handles messages of its own accord.
        "OTEL_EXPORTER_OTLP_ENDPOINT" if !serves => None,
        "RUST_LOG" if quiet.is_some() => env(name).or_else(|| quiet.map(str::to_owned)),
        name => env(name),
    });
    let format = if cli.json {
        LogFormat::Json
    } else {
        log.format
    };
    LogSettings { format, ..log }
}

async fn run(command: Command, form: Form) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve => serve().await?,
        Command::Sandbox(args) => return sandbox(args, form).await,
        Command::Connect(args) => connect::run(args, form).await?,
        Command::Installs => installs::run(form).await?,
        Command::Doctor(args) => return doctor::run(args, form).await,
        Command::Messages(command) => return messages::run(command, form).await,
        Command::Numbers(command) => return numbers::run(command, form).await,
        Command::Events(command) => return events::run(command, form).await,
        Command::Audit(args) => return audit::run(args, form).await,
        Command::Marketplace(args) => marketplace::run(&args, form)?,
        Command::RotateKeys => return upkeep::rotate_keys(form).await,
        Command::Migrate => upkeep::migrate(form).await?,
        Command::Health => upkeep::health(form).await?,
        Command::Version => {
            let version = env!("CARGO_PKG_VERSION");
            form.print(&serde_json::json!({"version": version}), || {
                format!("waapify-ghl {version}\n")
            })?;
        }
        Command::Completions(args) => shell::completions(&args)?,
        Command::Man(args) => shell::man(&args, form)?,
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
async fn sandbox(args: SandboxArgs, form: Form) -> anyhow::Result<ExitCode> {
    let named = config::check_database_url("--database-url", args.database_url)?;
    if config::load_database_url(env).is_some() {
        form.note(
            "DATABASE_URL is set, but the sandbox does not use it; --database-url names a database for it.",
        )?;
    }
    if args.script {
        return sandbox::play_script(named.as_ref(), form).await;
    }
    sandbox::run(named.as_ref(), args.fresh, form).await?;
    Ok(ExitCode::SUCCESS)
}

/// The address of the database, if one is given.
fn database_url() -> anyhow::Result<Option<SecretString>> {
    let given = config::load_database_url(env);
    Ok(config::check_database_url("DATABASE_URL", given)?)
}

/// The database for commands that only read; its schema is not changed. If none was given, prints which one was found.
async fn read_database(form: Form) -> anyhow::Result<(Database, Pool)> {
    let given = database_url()?;
    let database = find_database(given.as_ref(), form).await?;
    let pool = database.checked_pool().await?;
    Ok((database, pool))
}

async fn find_database(given: Option<&SecretString>, form: Form) -> anyhow::Result<Database> {
    let database = Database::find(given).await?;
    if database.is_private() {
        form.note(&format!("Reading {database}."))?;
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
    // Before it listens: what has listened once does not end because the database fails.
    let clock = clock_of(&pool).await?;
    let listener = reserved.listen()?;
    if let Some(brand) = find_brand(&settings.public_url) {
        warn!(
            brand,
            "PUBLIC_URL contains one of GHL's own names: GHL's developer portal refuses such an address"
        );
    }
    info!(address = %listener.local_addr()?, public_url = %settings.public_url, "listening");
    let app = App::new(&settings, pool.clone(), clock)?;
    let outcome = app.run(listener, http::front_page(), stop).await;
    database.close(pool).await?;
    outcome
}
