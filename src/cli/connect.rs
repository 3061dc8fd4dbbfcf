//! `connect`: connects a number to a location, also before the app is installed there.

use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal as _;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use secrecy::SecretString;
use serde::Serialize;

use crate::accounts::connect;
use crate::accounts::connect::{Connected, Entered};
use crate::accounts::key_rotation;
use crate::app::{App, Database};
use crate::cli::answer::Form;
use crate::cli::messages::ask;
use crate::cli::{access_token, clock_of, env, secret, settings};
use crate::db::accounts::installs;
use crate::db::connection::Pool;
use crate::db::numbers;
use crate::db::numbers::holders;
use crate::db::numbers::holders::{Asker, Holder};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::InstallStatus;

#[derive(Debug, Args)]
pub(super) struct ConnectArgs {
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
    /// Take the number over without asking, where another location is connected to it. Without a terminal nothing is asked, and
    /// nothing is taken over
    #[arg(long)]
    yes: bool,
}

/// Another location has the number, and nobody said that it may be taken over.
#[derive(Debug, thiserror::Error)]
#[error("not connected, and nothing was changed: {0} If that is wanted, add --yes")]
pub(super) struct NoYes(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[derive(Serialize)]
struct Answer<'a> {
    location: &'a LocationId,
    number: &'a str,
    shared_with: &'a [LocationId],
    install_status: &'static str,
}

pub(super) async fn run(args: ConnectArgs, form: Form) -> anyhow::Result<()> {
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
    let asked = check_taking(&pool, &location, &entered, args.yes).await;
    let outcome = match asked {
        Ok(()) => app.connector.connect(&location, &entered, None).await,
        Err(error) => {
            database.close(pool).await?;
            return Err(error);
        }
    };
    let install_status = installs::find_install_status(&pool, &location).await;
    if let Ok(connected) = &outcome {
        let number = &connected.number;
        record_choices(&pool, &location, number, args.interval_ms, args.groups).await?;
    }
    database.close(pool).await?;
    let connected = outcome.context("not connected")?;
    let install_status = install_status?;
    let answer = Answer {
        location: &location,
        number: &connected.number,
        shared_with: &connected.sharers,
        install_status: install_status.as_str(),
    };
    form.print(&answer, || report(&location, &connected, install_status))
}

/// Asks before another location loses the number, if there is a terminal.
async fn check_taking(
    pool: &Pool,
    location: &LocationId,
    entered: &Entered,
    is_sure: bool,
) -> anyhow::Result<()> {
    // What is no number is refused later.
    let number = connect::digits(&entered.number).unwrap_or_default();
    let instance = entered.instance_id.trim();
    let held = holders::list_holders(pool, location, &number, instance, Asker::Operator).await?;
    if held.is_empty() || is_sure {
        return Ok(());
    }
    let warning = taking(&held);
    if io::stdin().is_terminal() && ask(&format!("{warning} Connect it to {location}?"))? {
        return Ok(());
    }
    Err(NoYes(warning).into())
}

/// Who has the number, and what happens there.
fn taking(held: &[Holder]) -> String {
    let named = held.iter().map(|holder| {
        let id = &holder.location_id;
        match holder.name.as_deref().filter(|name| *name != id.as_str()) {
            Some(name) => format!("{name} ({id})"),
            None => id.to_string(),
        }
    });
    let named: Vec<_> = named.collect();
    format!(
        "the number or its instance is connected to {} now, and would stop there: replies and ticks come to one place only.",
        named.join(" and to ")
    )
}

async fn record_choices(
    pool: &Pool,
    location: &LocationId,
    number: &str,
    interval_ms: Option<i32>,
    groups: Option<Switch>,
) -> sqlx::Result<()> {
    numbers::record_interval(pool, location, number, interval_ms).await?;
    if let Some(groups) = groups {
        numbers::record_groups(pool, location, number, groups == Switch::On).await?;
    }
    Ok(())
}

fn report(location: &LocationId, connected: &Connected, install_status: InstallStatus) -> String {
    let number = &connected.number;
    let mut out =
        format!("Connected +{number} to location {location}. Waapify now posts its events here.\n");
    for sharer in &connected.sharers {
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            out,
            "Location {sharer} is connected to the same number or instance. Its replies and ticks now come to {location}."
        );
    }
    if install_status != InstallStatus::Installed {
        let _ = writeln!(
            out,
            "GHL's side: {}. Messages flow both ways once the app is installed there.",
            install_status.label(Language::English)
        );
    }
    out
}
