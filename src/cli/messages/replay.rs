//! `messages replay`: by ids, all replies of a location, or (`bulk`) all that failed for a reason or since a time.

use std::io;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{ArgGroup, Args};

use crate::cli::answer::Form;
use crate::cli::audit::Deed;
use crate::cli::messages::bulk;
use crate::cli::messages::finding;
use crate::cli::messages::finding::Period;
use crate::cli::messages::outcome::{MAY_HAVE_ARRIVED, Outcome, ask, refusal, wording};
use crate::cli::reason_code::ReasonCode;
use crate::cli::{audit, clock_of};
use crate::db::connection::Pool;
use crate::db::replays;
use crate::db::replays::{MayHaveArrived, Replay};
use crate::model::audit::Action;
use crate::model::ids::{LocationId, MessageId};

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("many").args(["replies", "reason", "since"]).multiple(true))]
pub(in crate::cli) struct ReplayArgs {
    /// Their numbers, as `list` shows them
    #[arg(
        value_name = "ID",
        required_unless_present = "many",
        conflicts_with = "many"
    )]
    ids: Vec<i64>,
    /// All failed messages of customers to the location, in their order
    #[arg(long, requires = "location", conflicts_with_all = ["reason", "since", "until", "dry_run"])]
    replies: bool,
    /// All that failed for this reason: the code that `list` and GHL show, such as `gateway_down`
    #[arg(long, value_name = "CODE", value_parser = ReasonCode, hide_possible_values = true)]
    reason: Option<String>,
    #[command(flatten)]
    period: Period,
    /// Only those of this location (GHL's id)
    #[arg(long, value_name = "ID", requires = "many")]
    location: Option<String>,
    /// Only say how many there are, and why they failed
    #[arg(long, requires = "many")]
    dry_run: bool,
    /// Do not ask: also those that may have arrived
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(pool: &Pool, args: ReplayArgs, form: Form) -> anyhow::Result<ExitCode> {
    let location = args.location.map(LocationId);
    finding::check_location(pool, location.as_ref()).await?;
    if args.ids.is_empty() && !args.replies {
        let wanted = bulk::Wanted {
            location,
            reason: args.reason,
            period: args.period,
        };
        return bulk::run(pool, &wanted, args.dry_run, args.yes, form).await;
    }
    let mut ids: Vec<_> = match location {
        Some(location) => replays::list_failed_replies(pool, &location).await?,
        None => args.ids.into_iter().map(MessageId).collect(),
    };
    ids.sort_unstable_by_key(|id| id.0);
    ids.dedup();
    replay_each(pool, &ids, args.yes, form).await
}

/// Replays them one after the other, oldest first, so that no later message overtakes an earlier one.
async fn replay_each(
    pool: &Pool,
    ids: &[MessageId],
    anyway: bool,
    form: Form,
) -> anyhow::Result<ExitCode> {
    let mut outcome = Outcome::default();
    for &id in ids {
        let replay = replays::replay(pool, id, anyway, clock_of(pool).await?.now()).await?;
        let left = match replay {
            Replay::MayHaveArrived(how) => replay_asking(pool, id, how).await?,
            other => refusal(other),
        };
        // Each is said at once, because the next may be asked about.
        match &left {
            None if form == Form::Text => writeln!(io::stdout(), "{id}: back in the queue")?,
            Some((_, why)) if form == Form::Text => {
                writeln!(io::stderr(), "{id}: not replayed: {why}")?;
            }
            _ => {}
        }
        let place = id.to_string();
        let deed = Deed {
            action: Action::Replay,
            location: None,
            place: Some(&place),
            count: 1,
            is_done: left.is_none(),
        };
        audit::record(pool, deed).await?;
        match left {
            None => outcome.replayed.push(id.0),
            Some((code, why)) => outcome.leave(id, code, why),
        }
    }
    form.print(&outcome, || match ids {
        [] => "No reply of this location failed.\n".to_owned(),
        // Each was said above.
        _ => String::new(),
    })?;
    Ok(outcome.exit_code())
}

/// Asks a person, if there is a terminal. Nothing is locked meanwhile, so the state is checked again after the answer.
async fn replay_asking(
    pool: &Pool,
    id: MessageId,
    how: MayHaveArrived,
) -> anyhow::Result<Option<(&'static str, String)>> {
    let (what, question) = wording(how);
    if !io::stdin().is_terminal() {
        let why = format!("{what} Add --yes to do it all the same.");
        return Ok(Some((MAY_HAVE_ARRIVED, why)));
    }
    if !ask(&format!("{id}: {what} {question}"))? {
        return Ok(Some((MAY_HAVE_ARRIVED, "left as it is".to_owned())));
    }
    let replay = replays::replay(pool, id, true, clock_of(pool).await?.now()).await?;
    Ok(refusal(replay))
}
