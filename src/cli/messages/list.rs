//! `messages list`.

use std::process::ExitCode;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::json;

use crate::cli::answer::{Form, shown_code, style_of};
use crate::cli::messages::finding::Period;
use crate::cli::messages::{Message, Names, finding};
use crate::cli::reason_code::ReasonCode;
use crate::cli::table::{Cell, align};
use crate::cli::{clock_of, moment};
use crate::db::connection::Pool;
use crate::db::views::messages::MessageRow;
use crate::db::views::search::Search;
use crate::model::ids::LocationId;
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// Digits of a customer's number that are shown, and looked for.
const SHOWN_DIGITS: usize = 4;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// Only those in this state
    #[arg(long, value_parser = states())]
    state: Option<MessageState>,
    /// Only those that failed: --state failed
    #[arg(long, conflicts_with_all = ["held", "state"])]
    failed: bool,
    /// Only held ones: WhatsApp hides their senders, or their content has not arrived yet
    #[arg(long, conflicts_with = "state")]
    held: bool,
    /// Only those with this reason: the code that `list` and GHL show, such as `no_phone`
    #[arg(long, value_name = "CODE", value_parser = ReasonCode, hide_possible_values = true)]
    reason: Option<String>,
    #[command(flatten)]
    period: Period,
    /// Only those of customers whose number ends so; the last four digits count
    #[arg(long, value_name = "DIGITS", value_parser = last_digits)]
    phone: Option<String>,
    /// Only those of this location (GHL's id)
    #[arg(long, value_name = "ID")]
    location: Option<String>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

fn states() -> impl TypedValueParser<Value = MessageState> {
    let names = MessageState::ALL.iter().map(|state| state.as_str());
    PossibleValuesParser::new(names)
        .try_map(|name| MessageState::find(&name).ok_or("no state has this name"))
}

fn last_digits(text: &str) -> Result<String, &'static str> {
    let digits: Vec<_> = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || text.chars().any(char::is_alphabetic) {
        return Err("these are no digits of a phone number");
    }
    let hidden = digits.len().saturating_sub(SHOWN_DIGITS);
    Ok(digits[hidden..].iter().collect())
}

pub(super) async fn run(pool: &Pool, args: ListArgs, form: Form) -> anyhow::Result<ExitCode> {
    let state = match (args.failed, args.held) {
        (true, _) => Some(MessageState::Failed),
        (false, true) => Some(MessageState::Held),
        (false, false) => args.state,
    };
    let location = args.location.map(LocationId);
    finding::check_location(pool, location.as_ref()).await?;
    let search = Search {
        location,
        state,
        chat_end: args.phone,
        with_reason: args.reason.is_some(),
        ..Search::default()
    };
    let search = args.period.narrow(search, clock_of(pool).await?.now())?;
    let limit = usize::try_from(args.limit)?;
    let rows = finding::find(pool, &search, args.reason.as_deref(), limit).await?;
    let names = Names::find(pool, &rows).await?;
    let messages: Vec<_> = rows.iter().map(|row| Message::new(row, &names)).collect();
    form.print(&json!({"messages": messages}), || table(&rows, &names))?;
    Ok(ExitCode::SUCCESS)
}

fn table(rows: &[MessageRow], names: &Names) -> String {
    if rows.is_empty() {
        return "No such message.\n".to_owned();
    }
    let header = [
        "ID",
        "DIRECTION",
        "STATE",
        "ACCEPTED",
        "LOCATION",
        "CHAT",
        "REASON",
    ];
    let cells: Vec<_> = rows.iter().map(|row| cells(row, names)).collect();
    align(header, &cells).concat()
}

fn cells(row: &MessageRow, names: &Names) -> [Cell; 7] {
    let direction = match row.direction {
        Direction::Outbound => "out",
        Direction::Inbound => "in",
    };
    [
        row.id.to_string().into(),
        direction.to_owned().into(),
        Cell::new(style_of(row.state), row.state.as_str()),
        moment::minutes(row.accepted_at).into(),
        names.place(row).into(),
        names.chat(row).into(),
        why(row).unwrap_or_default().into(),
    ]
}

/// The reason for a message's state. For a failed outbound message, the code that GHL was given.
pub(super) fn why(row: &MessageRow) -> Option<String> {
    match (row.direction, row.state) {
        (Direction::Outbound, MessageState::Failed) => shown_code(row).map(str::to_owned),
        _ => row.reason.as_ref().map(Reason::english),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_phone_number_its_last_digits_count() {
        for (text, expected) in [
            ("4567", Some("4567")),
            ("67", Some("67")),
            ("…4567", Some("4567")),
            ("+60 12-345 4567", Some("4567")),
            ("", None),
            ("45x7", None),
        ] {
            let read = last_digits(text).ok();
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
