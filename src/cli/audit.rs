//! `audit`: who did what, newest first; and the record of what commands themselves do.

use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use tracing::warn;

use crate::cli::answer::{BAD, Form, GOOD, LOOK};
use crate::cli::table::{Cell, align};
use crate::cli::{clock_of, env, moment, read_database};
use crate::db::connection::Pool;
use crate::db::history::audit;
use crate::db::history::audit::{Entry, NewEntry};
use crate::model::audit::{Action, ActorKind, Outcome};
use crate::model::ids::LocationId;

/// Variables with the name of whoever runs a command, the best first: `sudo` keeps who called it.
const USERS: [&str; 3] = ["SUDO_USER", "USER", "LOGNAME"];

#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// Only what was done in this location (GHL's id)
    #[arg(long, value_name = "ID")]
    location: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

pub(super) async fn run(args: AuditArgs, form: Form) -> anyhow::Result<ExitCode> {
    let (database, pool) = read_database(form).await?;
    let location = args.location.map(LocationId);
    let listed = audit::list(&pool, location.as_ref(), i64::MAX, args.limit.into()).await;
    database.close(pool).await?;
    let entries = listed?;
    let document: Vec<_> = entries.iter().map(described).collect();
    form.print(&json!({"entries": document}), || table(&entries))?;
    Ok(ExitCode::SUCCESS)
}

fn described(entry: &Entry) -> Value {
    json!({
        "id": entry.id,
        "at": entry.at.format(&Rfc3339).unwrap_or_default(),
        "by": entry.actor_kind.as_str(),
        "who": entry.actor,
        "who_is": entry.actor_name,
        "action": entry.action.as_str(),
        "location": Some(&entry.location_id).filter(|id| !id.as_str().is_empty()),
        "on": entry.place,
        "count": entry.count,
        "outcome": entry.outcome.as_str(),
    })
}

fn table(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "Nothing was recorded.\n".to_owned();
    }
    let header = ["WHEN", "BY", "WHO", "ACTION", "LOCATION", "ON", "OUTCOME"];
    let rows: Vec<_> = entries.iter().map(cells).collect();
    align(header, &rows).concat()
}

fn cells(entry: &Entry) -> [Cell; 7] {
    let style = match entry.outcome {
        Outcome::Done => GOOD,
        Outcome::Refused => LOOK,
        Outcome::Failed => BAD,
    };
    let count = entry.count.map(|count| format!(" ({count})"));
    let place = entry.place.clone().unwrap_or_default();
    [
        moment::minutes(entry.at).into(),
        entry.actor_kind.as_str().to_owned().into(),
        who(entry).into(),
        entry.action.as_str().to_owned().into(),
        entry.location_id.to_string().into(),
        format!("{place}{}", count.unwrap_or_default()).into(),
        Cell::new(style, entry.outcome.as_str()),
    ]
}

/// The name, where GHL told one, with the id beside it.
fn who(entry: &Entry) -> String {
    let shown = [entry.actor_name.as_deref(), entry.actor.as_deref()];
    let shown: Vec<_> = shown.into_iter().flatten().collect();
    shown.join(" ")
}

/// What a command did.
pub(super) struct Deed<'a> {
    pub(super) action: Action,
    pub(super) location: Option<&'a LocationId>,
    pub(super) place: Option<&'a str>,
    pub(super) count: usize,
    pub(super) is_done: bool,
}

/// Records it. It was done, even where that cannot be recorded.
pub(super) async fn record(pool: &Pool, deed: Deed<'_>) -> anyhow::Result<()> {
    let user = USERS.iter().find_map(|name| env(name));
    let entry = NewEntry {
        actor_kind: ActorKind::Command,
        actor: user.as_deref(),
        action: deed.action,
        location: deed.location,
        place: deed.place,
        count: i32::try_from(deed.count).ok(),
        outcome: if deed.is_done {
            Outcome::Done
        } else {
            Outcome::Refused
        },
    };
    let now = clock_of(pool).await?.now();
    if let Err(error) = audit::record(pool, entry, now).await {
        warn!(%error, "what this command did could not be recorded");
    }
    Ok(())
}
