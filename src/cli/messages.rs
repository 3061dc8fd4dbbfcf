//! `messages`: lists messages, shows the steps of one, and puts failed ones back into their queue.
//!
//! Never shows a message's text, or more of a customer's number than its last four digits. Never sends again what may
//! have arrived, unless the operator says yes.

use std::fmt::Write as _;
use std::io;
use std::io::{BufRead, IsTerminal as _, Write};
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::cli::clock_of;
use crate::cli::table::{MINUTES, align};
use crate::db::connection::Pool;
use crate::db::outbound::receipts::{DELIVERED, READ};
use crate::db::replays;
use crate::db::replays::{MayHaveArrived, Replay};
use crate::db::views::messages;
use crate::db::views::messages::{MessageRow, WhatsAppCopy};
use crate::model::ids::{LocationId, MessageId};
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// Format of a time in a timeline.
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");

#[derive(Debug, Subcommand)]
pub(super) enum Messages {
    /// List the last messages of businesses and their customers, newest first
    List(ListArgs),
    /// Show what happened to a message, step by step
    Show {
        /// Its number, as `list` shows it
        #[arg(value_name = "ID")]
        id: i64,
    },
    /// Put failed messages back into their queue; the running service sends them
    ///
    /// A replayed message goes before all that wait in its conversation, because it is older; several go in the
    /// order in which they arrived. Parts that were sent do not go again, except those that WhatsApp refused and
    /// all parts after them. GHL shows the message as failed until WhatsApp confirms it.
    ///
    /// For a message that may have arrived, the command asks on a terminal, and needs --yes elsewhere.
    #[command(verbatim_doc_comment)]
    Replay(ReplayArgs),
}

#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// Only those that failed
    #[arg(long, conflicts_with = "held")]
    failed: bool,
    /// Only held ones: WhatsApp hides their senders, or their content has not arrived yet
    #[arg(long)]
    held: bool,
    /// Only those of this location (GHL's id)
    #[arg(long, value_name = "ID")]
    location: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
}

#[derive(Debug, Args)]
pub(super) struct ReplayArgs {
    /// Their numbers, as `list` shows them
    #[arg(value_name = "ID", required_unless_present = "replies")]
    ids: Vec<i64>,
    /// All failed messages of customers to the location, in their order
    #[arg(long, requires = "location", conflicts_with = "ids")]
    replies: bool,
    /// The location (GHL's id), for --replies
    #[arg(long, value_name = "ID", requires = "replies")]
    location: Option<String>,
    /// Also those that may have arrived
    #[arg(long)]
    yes: bool,
}

/// Exits 1 when a message was not replayed.
pub(super) async fn run(command: Messages) -> anyhow::Result<ExitCode> {
    let (database, pool) = crate::cli::read_database().await?;
    let outcome = match command {
        Messages::List(args) => list(&pool, args).await,
        Messages::Show { id } => show(&pool, MessageId(id)).await,
        Messages::Replay(args) => replay(&pool, args).await,
    };
    database.close(pool).await?;
    outcome
}

async fn list(pool: &Pool, args: ListArgs) -> anyhow::Result<ExitCode> {
    let location = args.location.map(LocationId);
    let state = match (args.failed, args.held) {
        (true, _) => Some(MessageState::Failed),
        (false, true) => Some(MessageState::Held),
        (false, false) => None,
    };
    let rows = messages::list_messages(pool, location.as_ref(), state, args.limit).await?;
    let text = if rows.is_empty() {
        "No such message.\n".to_owned()
    } else {
        let header = [
            "ID",
            "DIRECTION",
            "STATE",
            "ACCEPTED",
            "LOCATION",
            "CHAT",
            "REASON",
        ];
        align(header, &rows.iter().map(cells).collect::<Vec<_>>()).concat()
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn cells(row: &MessageRow) -> [String; 7] {
    [
        row.id.to_string(),
        direction(row.direction).to_owned(),
        row.state.to_string(),
        moment(row.accepted_at, MINUTES),
        row.location_id.to_string(),
        chat(row),
        why(row).unwrap_or_default(),
    ]
}

/// The reason for a message's state. For a failed outbound message, the code that GHL was given.
fn why(row: &MessageRow) -> Option<String> {
    let reason = row.reason.as_ref()?;
    Some(match (row.direction, row.state) {
        (Direction::Outbound, MessageState::Failed) => reason.error_code().to_owned(),
        _ => reason.english(),
    })
}

const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "out",
        Direction::Inbound => "in",
    }
}

fn chat(row: &MessageRow) -> String {
    let end = row.chat_end.as_ref();
    end.map_or_else(|| "-".to_owned(), |end| format!("…{end}"))
}

fn moment(at: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    at.format(format).unwrap_or_default()
}

async fn show(pool: &Pool, id: MessageId) -> anyhow::Result<ExitCode> {
    let Some(row) = messages::find_message(pool, id).await? else {
        bail!("no message has the number {id}");
    };
    let copies = messages::list_copies(pool, &row).await?;
    let steps = messages::list_steps(pool, &row).await?;
    let mut text = heading(&row, &copies);
    let steps: Vec<_> = steps
        .into_iter()
        .map(|step| {
            let cause = step.cause.as_ref().map(Reason::english);
            [
                moment(step.at, SECONDS),
                step.state.to_string(),
                cause.unwrap_or_default(),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&align(["WHEN", "STEP", "WHY"], &steps).concat());
    io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Describes a message, one fact a line.
fn heading(row: &MessageRow, copies: &[WhatsAppCopy]) -> String {
    let way = match row.direction {
        Direction::Outbound => "from GHL to WhatsApp",
        Direction::Inbound => "from WhatsApp to GHL",
    };
    let reason = why(row).map(|why| format!(" ({why})"));
    let mut lines = vec![
        ("message", format!("{}, {way}", row.id)),
        (
            "state",
            format!("{}{}", row.state, reason.unwrap_or_default()),
        ),
        ("location", row.location_id.to_string()),
    ];
    if let Some(number) = &row.number {
        lines.push(("number", format!("+{number}")));
    }
    lines.push(("chat", chat(row)));
    if let Some(id) = &row.ghl_message_id {
        lines.push(("GHL's id", id.to_string()));
    }
    if let (Some(sent), Some(parts)) = (row.parts_sent, row.parts) {
        lines.push(("parts", format!("{sent} of {parts} sent")));
    }
    for copy in copies {
        lines.push(("WhatsApp's id", whatsapp(copy)));
    }
    let mut text = String::new();
    for (name, value) in lines {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{name:<14} {value}");
    }
    text
}

fn whatsapp(copy: &WhatsAppCopy) -> String {
    let mut text = copy.wa_message_id.to_string();
    let _ = match copy.part {
        Some(part) => write!(text, ", part {}", part + 1),
        None => Ok(()),
    };
    let _ = match &copy.refused {
        Some(code) => write!(text, ", refused (code {code})"),
        None if copy.level >= READ => write!(text, ", read"),
        None if copy.level >= DELIVERED => write!(text, ", delivered"),
        None => Ok(()),
    };
    text
}

/// Replays them one after the other, oldest first, so that no later message overtakes an earlier one.
async fn replay(pool: &Pool, args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let mut ids: Vec<_> = match args.location.map(LocationId) {
        Some(location) => replays::list_failed_replies(pool, &location).await?,
        None => args.ids.into_iter().map(MessageId).collect(),
    };
    ids.sort_unstable_by_key(|id| id.0);
    ids.dedup();
    let mut all_done = true;
    for id in ids {
        let left = match replays::replay(pool, id, args.yes, clock_of(pool).await?.now()).await? {
            Replay::MayHaveArrived(how) => replay_asking(pool, id, how).await?,
            other => refusal(other),
        };
        match left {
            None => writeln!(io::stdout(), "{id}: back in the queue")?,
            Some(why) => {
                all_done = false;
                writeln!(io::stderr(), "{id}: not replayed: {why}")?;
            }
        }
    }
    Ok(if all_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Asks a person, if there is a terminal. Nothing is locked meanwhile, so the state is checked again after the answer.
async fn replay_asking(
    pool: &Pool,
    id: MessageId,
    how: MayHaveArrived,
) -> anyhow::Result<Option<String>> {
    let (what, question) = wording(how);
    if !io::stdin().is_terminal() {
        return Ok(Some(format!("{what} Add --yes to do it all the same.")));
    }
    let question = format!("{id}: {what} {question} [y/N] ");
    if !says_yes(&question, &mut io::stdin().lock(), &mut io::stderr())? {
        return Ok(Some("left as it is".to_owned()));
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

/// Why a message was not replayed; none if it was.
fn refusal(replay: Replay) -> Option<String> {
    let why = match replay {
        Replay::Queued => return None,
        Replay::Unknown => "no message has this number".to_owned(),
        Replay::Uninstalled => {
            "the app was uninstalled from its sub-account; install it again first".to_owned()
        }
        Replay::MayHaveArrived(how) => wording(how).0,
        Replay::NotFailed(state, reason) => {
            let reason = reason.as_ref().map(Reason::english).unwrap_or_default();
            match state {
                MessageState::Ignored => format!("it was ignored on purpose: {reason}"),
                MessageState::Held => format!("it is held: {reason}"),
                MessageState::Accepted | MessageState::Sending | MessageState::Unconfirmed => {
                    format!("it is on its way already ({state})")
                }
                _ => format!("it has not failed ({state})"),
            }
        }
    };
    Some(why)
}

/// Asks a person. Only a yes counts as yes.
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
