//! `messages replay --reason … --since …`: all that failed for a reason, or since a time.
//!
//! What could only fail in the same way again is left. Each message is replayed in a transaction of its own, the oldest
//! first, so that a run that is cut off has replayed some, and the next run does the rest.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use serde::Serialize;

use crate::cli::answer::{ASIDE, Form, HEAD, LOOK, paint, shown_code};
use crate::cli::audit::Deed;
use crate::cli::messages::finding::Period;
use crate::cli::messages::outcome::{
    Left, MAY_HAVE_ARRIVED, NoAnswer, Outcome, WOULD_FAIL_AGAIN, ask, refusal,
};
use crate::cli::{audit, clock_of};
use crate::db::connection::Pool;
use crate::db::replays;
use crate::db::replays::{Replay, many};
use crate::db::views::failures::Failed;
use crate::db::views::messages::MessageRow;
use crate::model::audit::Action;
use crate::model::ids::LocationId;
use crate::model::reason::codes_of;
use crate::runtime::clock::Clock;

/// Which messages.
pub(super) struct Wanted {
    pub(super) location: Option<LocationId>,
    pub(super) reason: Option<String>,
    pub(super) period: Period,
}

/// What would be done, in JSON.
#[derive(Serialize)]
struct Preview {
    dry_run: bool,
    /// All that `--yes` sends.
    matching: Vec<i64>,
    /// Those of them that are sent only after a second yes.
    may_have_arrived: Vec<i64>,
    by_reason: BTreeMap<String, usize>,
    left: Vec<Left>,
}

pub(super) async fn run(
    pool: &Pool,
    wanted: &Wanted,
    is_dry: bool,
    yes: bool,
    form: Form,
) -> anyhow::Result<ExitCode> {
    let clock = clock_of(pool).await?;
    let mut outcome = Outcome::default();
    let (rows, unsure) = find(pool, wanted, &clock, &mut outcome).await?;
    let preview = preview(&rows, unsure, &mut outcome);
    if is_dry {
        form.print(&preview, || described(&preview))?;
        return Ok(ExitCode::SUCCESS);
    }
    outcome.left = preview.left.iter().map(Left::clone).collect();
    if !rows.is_empty() && !yes && !confirms(&preview)? {
        for row in &rows {
            outcome.leave(row.id, "not_confirmed", "left as they are".to_owned());
        }
        form.print(&outcome, || "Nothing was replayed.\n".to_owned())?;
        return Ok(ExitCode::FAILURE);
    }
    replay_all(pool, rows, yes, &clock, &mut outcome).await?;
    let deed = Deed {
        action: Action::ReplayMany,
        location: wanted.location.as_ref(),
        place: wanted.reason.as_deref(),
        count: outcome.replayed.len(),
        is_done: true,
    };
    audit::record(pool, deed).await?;
    form.print(&outcome, || report(&outcome))?;
    Ok(outcome.exit_code())
}

/// The failed messages that may be replayed, oldest first, and which of them may have arrived. Others are noted as left.
async fn find(
    pool: &Pool,
    wanted: &Wanted,
    clock: &Clock,
    outcome: &mut Outcome,
) -> anyhow::Result<(Vec<MessageRow>, Vec<i64>)> {
    let (since, until) = wanted.period.resolve(clock.now())?;
    let failed = Failed {
        location: wanted.location.clone(),
        reasons: wanted.reason.as_deref().map(codes_of),
        since,
        until,
        ..Failed::default()
    };
    let scope = failed.scope(pool).await?;
    let found = many::find(pool, &scope, usize::MAX).await?;
    for row in found.hopeless {
        let why = format!("would fail in the same way again ({})", code(&row));
        outcome.leave(row.id, WOULD_FAIL_AGAIN, why);
    }
    for row in found.uninstalled {
        note(outcome, &row, Replay::Uninstalled);
    }
    let unsure = found.unsure.iter().map(|row| row.id.0).collect();
    let mut rows = found.again;
    rows.extend(found.unsure);
    rows.sort_by_key(|row| row.id);
    Ok((rows, unsure))
}

/// The code as `list` shows it.
fn code(row: &MessageRow) -> String {
    shown_code(row).unwrap_or("unknown").to_owned()
}

fn preview(rows: &[MessageRow], may_have_arrived: Vec<i64>, outcome: &mut Outcome) -> Preview {
    let mut by_reason = BTreeMap::new();
    for row in rows {
        *by_reason.entry(code(row)).or_default() += 1;
    }
    Preview {
        dry_run: true,
        matching: rows.iter().map(|row| row.id.0).collect(),
        may_have_arrived,
        by_reason,
        left: std::mem::take(&mut outcome.left),
    }
}

fn described(preview: &Preview) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let count = preview.matching.len();
    let _ = writeln!(
        out,
        "{}",
        paint(HEAD, &format!("{count} would be sent again"))
    );
    for (reason, count) in &preview.by_reason {
        let _ = writeln!(out, "  {count:>7} {reason}");
    }
    if !preview.may_have_arrived.is_empty() {
        let line = format!(
            "{} of them may have arrived: sent only after a second yes, or with --yes",
            preview.may_have_arrived.len()
        );
        let _ = writeln!(out, "{}", paint(LOOK, &line));
    }
    write_left(&mut out, &preview.left);
    out
}

fn write_left(out: &mut String, left: &[Left]) {
    for left in left {
        let style = if left.code == WOULD_FAIL_AGAIN {
            ASIDE
        } else {
            LOOK
        };
        let line = format!("{} left: {}", left.ids.len(), left.why);
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "{}", paint(style, &line));
    }
}

/// Says how many there are, and asks. Without a terminal nobody can say yes.
fn confirms(preview: &Preview) -> anyhow::Result<bool> {
    let matching = preview.matching.len();
    if !io::stdin().is_terminal() {
        return Err(NoAnswer { matching }.into());
    }
    let which = match matching {
        1 => "this one".to_owned(),
        count => format!("these {count}"),
    };
    let question = format!("{}Send {which} again?", described(preview));
    Ok(ask(&anstream::adapter::strip_str(&question).to_string())?)
}

/// Those that may have arrived are asked about last, all at once.
async fn replay_all(
    pool: &Pool,
    rows: Vec<MessageRow>,
    anyway: bool,
    clock: &Clock,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let mut unsure = Vec::new();
    for row in rows {
        match replays::replay_found(pool, row.clone(), anyway, clock.now()).await? {
            Replay::MayHaveArrived(_) => unsure.push(row),
            other => note(outcome, &row, other),
        }
    }
    if unsure.is_empty() {
        return Ok(());
    }
    let count = unsure.len();
    let which = if count == 1 { "it" } else { "these" };
    if !ask(&format!(
        "{count} may have arrived. Send {which} again, too?"
    ))? {
        for row in unsure {
            outcome.leave(row.id, MAY_HAVE_ARRIVED, "may have arrived".to_owned());
        }
        return Ok(());
    }
    for row in unsure {
        let replay = replays::replay_found(pool, row.clone(), true, clock.now()).await?;
        note(outcome, &row, replay);
    }
    Ok(())
}

fn note(outcome: &mut Outcome, row: &MessageRow, replay: Replay) {
    match refusal(replay) {
        None => outcome.replayed.push(row.id.0),
        Some((code, why)) => outcome.leave(row.id, code, why),
    }
}

fn report(outcome: &Outcome) -> String {
    let mut out = match outcome.replayed.len() {
        0 => "Nothing was replayed.\n".to_owned(),
        count => format!("{count} back in the queue\n"),
    };
    write_left(&mut out, &outcome.left);
    out
}
