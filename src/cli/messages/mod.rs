//! `messages`: lists messages, shows the steps of one, and puts failed ones back into their queue.
//!
//! Never shows a message's text, or more of a customer's number than its last four digits. Never sends again what may
//! have arrived, unless the operator says yes.

mod bulk;
mod finding;
mod list;
mod outcome;
mod replay;
mod show;

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Subcommand;
use list::ListArgs;
pub(super) use outcome::{NoAnswer, ask};
use replay::ReplayArgs;
use serde::Serialize;
use time::OffsetDateTime;

use crate::cli::answer::{Form, Why};
use crate::db::accounts::account_names;
use crate::db::connection::Pool;
use crate::db::views::messages;
use crate::db::views::messages::MessageRow;
use crate::model::ids::{GhlMessageId, LocationId, MessageId};
use crate::model::reason::Remedy;
use crate::model::states::{Direction, MessageState};

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
    ///
    /// With --reason or --since it replays all that failed so. It says how many and asks first. Messages that could
    /// only fail in the same way again are left: name their ids to replay them all the same.
    #[command(verbatim_doc_comment)]
    Replay(ReplayArgs),
}

/// Exits 1 when a message was not replayed.
pub(super) async fn run(command: Messages, form: Form) -> anyhow::Result<ExitCode> {
    let (database, pool) = crate::cli::read_database(form).await?;
    let outcome = match command {
        Messages::List(args) => list::run(&pool, args, form).await,
        Messages::Show { id } => show::run(&pool, MessageId(id), form).await,
        Messages::Replay(args) => replay::run(&pool, args, form).await,
    };
    database.close(pool).await?;
    outcome
}

/// A message in JSON.
#[derive(Serialize)]
struct Message<'a> {
    id: i64,
    direction: &'static str,
    state: &'static str,
    reason: Option<Why>,
    /// The code that GHL was given.
    error_code: Option<&'a str>,
    remedy: Option<&'static str>,
    #[serde(with = "time::serde::rfc3339")]
    accepted_at: OffsetDateTime,
    location: &'a LocationId,
    /// What GHL calls the location.
    location_name: Option<&'a str>,
    /// What GHL calls the customer.
    customer: Option<&'a str>,
    number: Option<&'a str>,
    chat_end: Option<&'a str>,
    ghl_message_id: Option<&'a GhlMessageId>,
    parts_sent: Option<i32>,
    parts: Option<i32>,
}

impl<'a> Message<'a> {
    fn new(row: &'a MessageRow, names: &'a Names) -> Self {
        Self {
            id: row.id.0,
            direction: row.direction.as_str(),
            state: row.state.as_str(),
            reason: row.reason.as_ref().map(Why::from),
            error_code: error_code(row),
            remedy: row.remedy().map(remedy),
            accepted_at: row.accepted_at,
            location: &row.location_id,
            location_name: names.location(row),
            customer: names.customer(row),
            number: row.number.as_deref(),
            chat_end: row.chat_end.as_deref(),
            ghl_message_id: row.ghl_message_id.as_ref(),
            parts_sent: row.parts_sent,
            parts: row.parts,
        }
    }
}

/// The code that GHL was given for a message that failed.
fn error_code(row: &MessageRow) -> Option<&str> {
    let is_told = row.direction == Direction::Outbound && row.state == MessageState::Failed;
    let reason = row.reason.as_ref().filter(|_| is_told)?;
    Some(reason.error_code())
}

const fn remedy(remedy: Remedy) -> &'static str {
    match remedy {
        Remedy::SendAgain => "send_again",
        Remedy::CorrectContact => "correct_contact",
        Remedy::WriteAnew => "write_anew",
        Remedy::Elsewhere => "elsewhere",
        Remedy::LeaveAlone => "leave_alone",
    }
}

/// What GHL calls the locations and the customers of messages, as far as it told.
struct Names {
    locations: HashMap<String, String>,
    customers: HashMap<MessageId, String>,
}

impl Names {
    async fn find(pool: &Pool, rows: &[MessageRow]) -> sqlx::Result<Self> {
        let ids: Vec<_> = rows.iter().map(|row| row.location_id.as_str()).collect();
        Ok(Self {
            locations: account_names::list_names(pool, &ids).await?,
            customers: messages::list_customers(pool, rows).await?,
        })
    }

    fn location(&self, row: &MessageRow) -> Option<&str> {
        let name = self.locations.get(row.location_id.as_str());
        name.map(String::as_str)
    }

    fn customer(&self, row: &MessageRow) -> Option<&str> {
        self.customers.get(&row.id).map(String::as_str)
    }

    /// The location of a message: its name, and its id, by which commands take it.
    fn place(&self, row: &MessageRow) -> String {
        let (name, id) = (self.location(row), &row.location_id);
        name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"))
    }

    /// The customer, by name and the last digits.
    fn chat(&self, row: &MessageRow) -> String {
        let end = row.chat_end.as_ref().map(|end| format!("…{end}"));
        match (self.customer(row), end) {
            (Some(name), Some(end)) => format!("{name} {end}"),
            (Some(name), None) => name.to_owned(),
            (None, end) => end.unwrap_or_else(|| "-".to_owned()),
        }
    }
}
