//! `doctor`: prints what is wrong with the service and its locations, as text or as JSON.
//!
//! Exits 2 if settings are missing, wrong or do not fit the database; else 1 if a finding is bad; else 0. With missing
//! settings, everything that does not need them is still checked. Does not change the schema, and fixes nothing except
//! webhooks, on request.

mod causes;
mod report;

use std::collections::HashMap;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;
use tracing::error;

use crate::accounts::connect;
use crate::app::App;
use crate::cli::answer::Form;
use crate::cli::{env, find_database};
use crate::db::accounts::{account_names, installs};
use crate::db::connection::Pool;
use crate::db::history::health_facts;
use crate::db::numbers::NumberRow;
use crate::doctor::{Doctor, Finding, State};
use crate::model::ids::LocationId;
use crate::model::states::InstallStatus;
use crate::model::zone::Zone;
use crate::runtime::clock::Clock;
use crate::{config, db};

/// Locations that are checked at once. Each waits for both vendors; hundreds are then done within minutes.
const AT_ONCE: usize = 8;
/// A database that nobody can reach, used if the real one cannot be opened.
const NOWHERE: &str = "postgres://not-set.invalid/none";

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Only this location (GHL's id), beside the service itself
    #[arg(long)]
    location: Option<String>,
    /// Only what is not well, grouped by cause, the worst first
    #[arg(long)]
    bad: bool,
    /// First have Waapify post the events of every connected number here again
    #[arg(long)]
    register_webhooks: bool,
}

/// A location for people: its name, and its id, by which commands take it.
fn named(location: &LocationId, name: Option<&str>) -> String {
    name.map_or_else(
        || location.to_string(),
        |name| format!("{name} ({location})"),
    )
}

/// A finding with the location it is about.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationId>,
    /// What GHL calls the location.
    #[serde(skip_serializing_if = "Option::is_none")]
    location_name: Option<String>,
    #[serde(flatten)]
    finding: Finding,
}

pub(super) async fn run(args: DoctorArgs, form: Form) -> anyhow::Result<ExitCode> {
    let (settings, faults) = config::load_beside_faults(env)?;
    let database = match find_database(settings.database_url.as_ref(), form).await {
        Ok(database) => Some(database),
        Err(cause) => {
            error!(
                cause = format!("{cause:#}"),
                "the database cannot be opened"
            );
            None
        }
    };
    let pool = match &database {
        Some(database) => database.pool()?,
        None => db::open_pool(NOWHERE)?,
    };
    let app = App::new(&settings, pool.clone(), Clock::system())?;
    let doctor = app.context.doctor.with_faults(faults);
    let findings = doctor.check_service().await;
    let given = args.location.map(LocationId);
    let locations = locations(&pool, &findings, given).await?;
    let is_registered = if args.register_webhooks {
        register_webhooks(&app, &locations).await
    } else {
        Ok(())
    };
    let mut rows: Vec<Row> = findings
        .into_iter()
        .map(|finding| Row {
            location: None,
            location_name: None,
            finding,
        })
        .collect();
    let ids: Vec<_> = locations.iter().map(LocationId::as_str).collect();
    // None where the database cannot be read, which a finding says.
    let names = account_names::list_names(&pool, &ids)
        .await
        .unwrap_or_default();
    rows.extend(check_all(&doctor, &locations, &names).await);
    if let Some(database) = database {
        database.close(pool).await?;
    }
    print(&rows, args.bad, form)?;
    is_registered?;
    Ok(exit_code(&rows))
}

fn print(rows: &[Row], only_bad: bool, form: Form) -> anyhow::Result<()> {
    let ok = rows.iter().all(|row| row.finding.state != State::Bad);
    if only_bad {
        let document = json!({"ok": ok, "causes": causes::group(rows)});
        return form.print(&document, || causes::report(rows));
    }
    form.print(&json!({"ok": ok, "findings": rows}), || {
        report::report(rows)
    })
}

/// The locations to check: the given one or all. None while the database cannot be read.
async fn locations(
    pool: &Pool,
    findings: &[Finding],
    given: Option<LocationId>,
) -> sqlx::Result<Vec<LocationId>> {
    let is_readable = findings
        .iter()
        .any(|finding| finding.check == "database" && finding.state == State::Good);
    match given {
        _ if !is_readable => Ok(Vec::new()),
        Some(location) => Ok(vec![location]),
        None => list_locations(pool).await,
    }
}

async fn list_locations(pool: &Pool) -> sqlx::Result<Vec<LocationId>> {
    let rows = installs::list_installs(pool).await?;
    let present = rows
        .into_iter()
        .filter(|row| row.install_status != InstallStatus::Uninstalled);
    Ok(present.map(|row| row.location_id).collect())
}

async fn check_all(
    doctor: &Doctor,
    locations: &[LocationId],
    names: &HashMap<String, String>,
) -> Vec<Row> {
    // Beside those of the service, which are not any sub-account's.
    let here = Zone::system();
    let here = &here;
    let checks = locations.iter().map(|location| async move {
        let findings = doctor.check_location_in(Some(here), location).await;
        findings.into_iter().map(move |finding| Row {
            location: Some(location.clone()),
            location_name: names.get(location.as_str()).cloned(),
            finding,
        })
    });
    let checked: Vec<_> = stream::iter(checks).buffered(AT_ONCE).collect().await;
    checked.into_iter().flatten().collect()
}

/// Registers all webhooks that can be; returns the first failure.
async fn register_webhooks(app: &App, locations: &[LocationId]) -> anyhow::Result<()> {
    let mut outcome = Ok(());
    for location in locations {
        let relay = &app.context;
        let now = relay.clock.now();
        for number in health_facts::list_numbers(&relay.pool, location, now).await? {
            let row = NumberRow {
                number: number.number,
                instance_id: number.instance_id,
                access_token: number.access_token,
            };
            let registered = match connect::open_credentials(&relay.sealer, location, &row) {
                Ok(credentials) => app.connector.settle_webhook(&credentials).await,
                Err(error) => Err(error.into()),
            };
            let registered = registered
                .with_context(|| format!("the webhook of location {location} is not registered"));
            outcome = outcome.and(registered);
        }
    }
    outcome
}

fn exit_code(rows: &[Row]) -> ExitCode {
    let mut bad = rows.iter().filter(|row| row.finding.state == State::Bad);
    let is_of_settings = |row: &Row| ["settings", "keys"].contains(&row.finding.check);
    match bad.next() {
        None => ExitCode::SUCCESS,
        Some(first) if is_of_settings(first) || bad.any(is_of_settings) => ExitCode::from(2),
        Some(_) => ExitCode::FAILURE,
    }
}
