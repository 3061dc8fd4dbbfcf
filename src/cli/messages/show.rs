//! `messages show`.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;
use time::OffsetDateTime;

use crate::cli::answer::{Form, HEAD, Why, paint, style_of};
use crate::cli::messages::list::why;
use crate::cli::messages::{Message, Names};
use crate::cli::moment;
use crate::cli::table::{Cell, align};
use crate::db::connection::Pool;
use crate::db::outbound::receipts::{DELIVERED, READ};
use crate::db::views::messages;
use crate::db::views::messages::{MessageRow, Step, WhatsAppCopy};
use crate::model::ids::{MessageId, WaMessageId};
use crate::model::reason::Reason;
use crate::model::states::Direction;

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    message: Message<'a>,
    whatsapp: Vec<Copy<'a>>,
    steps: Vec<StepLine>,
}

#[derive(Serialize)]
struct Copy<'a> {
    id: &'a WaMessageId,
    /// From 0.
    part: Option<i32>,
    status: Option<&'static str>,
    refused_code: Option<&'a str>,
}

#[derive(Serialize)]
struct StepLine {
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    state: &'static str,
    cause: Option<Why>,
}

pub(super) async fn run(pool: &Pool, id: MessageId, form: Form) -> anyhow::Result<ExitCode> {
    let Some(row) = messages::find_message(pool, id).await? else {
        bail!("no message has the number {id}");
    };
    let copies = messages::list_copies(pool, &row).await?;
    let steps = messages::list_steps(pool, &row).await?;
    let names = Names::find(pool, std::slice::from_ref(&row)).await?;
    let shown = Shown {
        message: Message::new(&row, &names),
        whatsapp: copies.iter().map(copy).collect(),
        steps: steps
            .iter()
            .map(|step| StepLine {
                at: step.at,
                state: step.state.as_str(),
                cause: step.cause.as_ref().map(Why::from),
            })
            .collect(),
    };
    form.print(&shown, || {
        heading(&row, &names, &copies) + "\n" + &timeline(&steps)
    })?;
    Ok(ExitCode::SUCCESS)
}

fn timeline(steps: &[Step]) -> String {
    let cells = |step: &Step| {
        let cause = step.cause.as_ref().map(Reason::english);
        [
            moment::seconds(step.at).into(),
            Cell::new(style_of(step.state), step.state.as_str()),
            cause.unwrap_or_default().into(),
        ]
    };
    let rows: Vec<_> = steps.iter().map(cells).collect();
    align(["WHEN", "STEP", "WHY"], &rows).concat()
}

/// Describes a message, one fact a line.
fn heading(row: &MessageRow, names: &Names, copies: &[WhatsAppCopy]) -> String {
    let way = match row.direction {
        Direction::Outbound => "from GHL to WhatsApp",
        Direction::Inbound => "from WhatsApp to GHL",
    };
    let reason = why(row).map(|why| format!(" ({why})"));
    let state = paint(style_of(row.state), row.state.as_str());
    let mut lines = vec![
        ("message", format!("{}, {way}", row.id)),
        ("state", format!("{state}{}", reason.unwrap_or_default())),
        ("location", names.place(row)),
    ];
    if let Some(number) = &row.number {
        lines.push(("number", format!("+{number}")));
    }
    lines.push(("chat", names.chat(row)));
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
        let _ = writeln!(text, "{} {value}", paint(HEAD, &format!("{name:<14}")));
    }
    text
}

fn whatsapp(copy: &WhatsAppCopy) -> String {
    let mut text = copy.wa_message_id.to_string();
    // Writing to a `String` cannot fail.
    if let Some(part) = copy.part {
        let _ = write!(text, ", part {}", part + 1);
    }
    if let Some(code) = &copy.refused {
        let _ = write!(text, ", refused (code {code})");
    } else if let Some(status) = status(copy) {
        let _ = write!(text, ", {status}");
    }
    text
}

fn copy(copy: &WhatsAppCopy) -> Copy<'_> {
    Copy {
        id: &copy.wa_message_id,
        part: copy.part,
        status: status(copy),
        refused_code: copy.refused.as_deref(),
    }
}

const fn status(copy: &WhatsAppCopy) -> Option<&'static str> {
    match copy.level {
        level if level >= READ => Some("read"),
        level if level >= DELIVERED => Some("delivered"),
        _ => None,
    }
}
