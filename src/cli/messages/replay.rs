//! `messages replay`: by ids, all replies of a location, or (`bulk`) all that failed for a reason or since a time.

use std::io;
use std::io::{BufRead, IsTerminal as _, Write};
use std::process::ExitCode;

use clap::{ArgGroup, Args};
use serde::Serialize;

use crate::cli::answer::Form;
use crate::cli::clock_of;
use crate::cli::messages::bulk;
use crate::cli::messages::finding::Period;
use crate::db::connection::Pool;
use crate::db::replays;
use crate::db::replays::{MayHaveArrived, Replay};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::MessageState;

/// A question could not be asked, and the answer was not given.
#[derive(Debug, thiserror::Error)]
#[error("{matching} messages would be sent again; add --yes to do it, or --dry-run to see which")]
pub(in crate::cli) struct NoAnswer {
    /// How many.
    pub(super) matching: usize,
}

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
    /// All that failed for this reason: the code that `list` and GHL show, such as gateway_down
    #[arg(long, value_name = "CODE")]
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

/// The code for a message that may have arrived.
pub(super) const MAY_HAVE_ARRIVED: &str = "may_have_arrived";

/// Why messages were left as they are, in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Left {
    pub(super) code: &'static str,
    pub(super) why: String,
    pub(super) ids: Vec<i64>,
}

/// What became of the messages, in JSON.
#[derive(Debug, Default, Serialize)]
pub(super) struct Outcome {
    pub(super) replayed: Vec<i64>,
    pub(super) left: Vec<Left>,
}

impl Outcome {
    /// Notes a message that was left.
    pub(super) fn leave(&mut self, id: MessageId, code: &'static str, why: String) {
        match self.left.iter_mut().find(|left| left.why == why) {
            Some(left) => left.ids.push(id.0),
            None => self.left.push(Left {
                code,
                why,
                ids: vec![id.0],
            }),
        }
    }

    /// 1 if a message was left that should have been replayed.
    pub(super) fn exit_code(&self) -> ExitCode {
        let is_done = |left: &Left| left.code == bulk::WOULD_FAIL_AGAIN;
        if self.left.iter().all(is_done) {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

pub(super) async fn run(pool: &Pool, args: ReplayArgs, form: Form) -> anyhow::Result<ExitCode> {
    let location = args.location.map(LocationId);
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
        match left {
            None => outcome.replayed.push(id.0),
            Some((code, why)) => outcome.leave(id, code, why),
        }
    }
    form.print(&outcome, String::new)?;
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

fn wording(how: MayHaveArrived) -> (String, &'static str) {
    match how {
        MayHaveArrived::Unconfirmed => ("It may have arrived.".to_owned(), "Send it again?"),
        MayHaveArrived::Refused => (
            "WhatsApp refused a part of it; that part and all behind it go again.".to_owned(),
            "Send it again?",
        ),
        MayHaveArrived::PartsLeft { sent } => (
            format!("{sent} of its parts already left; only the rest goes."),
            "Send the rest?",
        ),
        MayHaveArrived::AnswerLost => ("GHL may have it already.".to_owned(), "Post it again?"),
    }
}

/// Why a message was not replayed, as a code and in words; none if it was.
pub(super) fn refusal(replay: Replay) -> Option<(&'static str, String)> {
    Some(match replay {
        Replay::Queued => return None,
        Replay::Unknown => ("unknown", "no message has this number".to_owned()),
        Replay::Uninstalled => (
            "uninstalled",
            "the app was uninstalled from its sub-account; install it again first".to_owned(),
        ),
        Replay::MayHaveArrived(how) => (MAY_HAVE_ARRIVED, wording(how).0),
        Replay::NotFailed(state, reason) => ("not_failed", not_failed(state, reason.as_ref())),
    })
}

fn not_failed(state: MessageState, reason: Option<&Reason>) -> String {
    let reason = reason.map(Reason::english).unwrap_or_default();
    match state {
        MessageState::Ignored => format!("it was ignored on purpose: {reason}"),
        MessageState::Held => format!("it is held: {reason}"),
        MessageState::Accepted | MessageState::Sending | MessageState::Unconfirmed => {
            format!("it is on its way already ({state})")
        }
        _ => format!("it has not failed ({state})"),
    }
}

/// Asks the person at the terminal.
pub(super) fn ask(question: &str) -> io::Result<bool> {
    let question = format!("{question} [y/N] ");
    says_yes(&question, &mut io::stdin().lock(), &mut io::stderr())
}

/// Only a yes counts as yes.
fn says_yes(
    question: &str,
    answers: &mut impl BufRead,
    terminal: &mut impl Write,
) -> io::Result<bool> {
    terminal.write_all(question.as_bytes())?;
    terminal.flush()?;
    let mut answer = String::new();
    answers.read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, expected) in [
            ("y\n", true),
            (" YES \n", true),
            ("\n", false),
            ("n\n", false),
            ("yolo\n", false),
            ("", false),
        ] {
            let mut terminal = Vec::new();
            let said = says_yes("Again? ", &mut answer.as_bytes(), &mut terminal).unwrap();
            assert_eq!(
                (said, terminal),
                (expected, b"Again? ".to_vec()),
                "{answer:?}"
            );
        }
    }
}
