//! `events`: what Waapify posted and the service set aside, because processes ended or tries failed while it was read. Lists
//! it, and has it read again.
//!
//! Never shows what an event says.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Serialize;
use time::OffsetDateTime;
use tracing::info;

use crate::cli::answer::{Form, Why};
use crate::cli::messages::ask;
use crate::cli::table::{Cell, align};
use crate::cli::{clock_of, moment, read_database};
use crate::db::connection::Pool;
use crate::db::webhooks::waapify_events;
use crate::db::webhooks::waapify_events::AsideRow;
use crate::model::ids::LocationId;
use crate::workers::waapify_events::LAST_CHANCE;

/// Events in one answer and in one replay, unless another number is given: so many are read in some seconds.
const LIMIT: i64 = 100;
/// Most that may be given.
const MAX_LIMIT: i64 = 10_000;

const HEADER: [&str; 6] = ["ID", "ARRIVED", "LOCATION", "NUMBER", "BYTES", "REASON"];

#[derive(Debug, Subcommand)]
pub(super) enum Events {
    /// List what was set aside, oldest first
    List(Which),
    /// Have it read again by the running service
    ///
    /// Messages in it go to GHL by their own times. An event that ends one more process is set aside again at once.
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// Only those of this location (GHL's id)
    #[arg(long, value_name = "ID")]
    location: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = LIMIT, value_parser = clap::value_parser!(i64).range(1..=MAX_LIMIT))]
    limit: i64,
}

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Their numbers, as `list` shows them; without any, the oldest
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    #[command(flatten)]
    which: Which,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: i64,
    location: &'a LocationId,
    number: &'a str,
    #[serde(with = "time::serde::rfc3339")]
    received_at: OffsetDateTime,
    bytes: i32,
    reason: Option<Why>,
}

impl<'a> From<&'a AsideRow> for Event<'a> {
    fn from(row: &'a AsideRow) -> Self {
        Self {
            id: row.id,
            location: &row.location_id,
            number: &row.number,
            received_at: row.received_at,
            bytes: row.bytes,
            reason: row.reason.as_ref().map(Why::from),
        }
    }
}

/// What became of events, in JSON.
#[derive(Serialize)]
struct Outcome {
    read_again: Vec<i64>,
    /// Named, but not among those that are aside.
    unknown: Vec<i64>,
}

/// Exits 1 when an event that was named is not aside, or nobody confirmed.
pub(super) async fn run(command: Events, form: Form) -> anyhow::Result<ExitCode> {
    let (database, pool) = read_database(form).await?;
    let outcome = match command {
        Events::List(which) => list(&pool, &which, form).await,
        Events::Replay(args) => replay(&pool, &args, form).await,
    };
    database.close(pool).await?;
    outcome
}

async fn find(pool: &Pool, which: &Which, ids: Option<&[i64]>) -> sqlx::Result<Vec<AsideRow>> {
    let location = which.location.as_deref().map(LocationId::from);
    waapify_events::list_aside(pool, ids, location.as_ref(), which.limit).await
}

async fn list(pool: &Pool, which: &Which, form: Form) -> anyhow::Result<ExitCode> {
    let rows = find(pool, which, None).await?;
    let events = rows.iter().map(Event::from).collect();
    form.print(&Listed { events }, || table(&rows))?;
    Ok(ExitCode::SUCCESS)
}

fn table(rows: &[AsideRow]) -> String {
    let cells = |row: &AsideRow| -> [Cell; 6] {
        let why = row.reason.as_ref().map(Why::from);
        [
            row.id.to_string(),
            moment::minutes(row.received_at),
            row.location_id.to_string(),
            row.number.clone(),
            row.bytes.to_string(),
            why.map(Why::into_text).unwrap_or_default(),
        ]
        .map(Cell::from)
    };
    let rows: Vec<_> = rows.iter().map(cells).collect();
    align(HEADER, &rows).join("\n") + "\n"
}

async fn replay(pool: &Pool, args: &ReplayArgs, form: Form) -> anyhow::Result<ExitCode> {
    let named = (!args.ids.is_empty()).then_some(args.ids.as_slice());
    let rows = find(pool, &args.which, named).await?;
    if named.is_none() && !rows.is_empty() && !args.yes && !confirms(rows.len(), form)? {
        return Ok(ExitCode::FAILURE);
    }
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let now = clock_of(pool).await?.now();
    let read_again = waapify_events::read_again(pool, &ids, LAST_CHANCE, now).await?;
    for row in rows.iter().filter(|row| read_again.contains(&row.id)) {
        info!(location = %row.location_id, event = row.id, "an event that was set aside is read again, by an operator");
    }
    let wanted: BTreeSet<_> = args.ids.iter().copied().collect();
    let unknown: Vec<_> = wanted
        .into_iter()
        .filter(|id| !read_again.contains(id))
        .collect();
    let is_done = unknown.is_empty();
    let outcome = Outcome {
        read_again,
        unknown,
    };
    form.print(&outcome, || report(&outcome))?;
    Ok(if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Asks a person, if there is a terminal.
fn confirms(count: usize, form: Form) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        let why = format!("{count} events would be read again; add --yes to do it");
        form.note(&why)?;
        return Ok(false);
    }
    ask(&format!("Have {count} events read again?"))
}

fn report(outcome: &Outcome) -> String {
    let mut out = format!("{} are read again.\n", outcome.read_again.len());
    for id in &outcome.unknown {
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{id}: no event with this number is set aside");
    }
    out
}
