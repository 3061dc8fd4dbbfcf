//! The layout of tables on the terminal, and the table of `installs`.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::db::accounts::installs::InstallRow;
use crate::model::language::Language;
use crate::model::progress::Progress;

/// Format of a time in a table.
pub(super) const MINUTES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]Z");
const HEADER: [&str; 7] = [
    "LOCATION",
    "AGENCY",
    "STATE",
    "TOKEN UNTIL",
    "NUMBER",
    "LAST IN",
    "LAST OUT",
];

/// One line for each location, and below it what is wrong with it.
pub(super) fn table(rows: &[InstallRow]) -> String {
    if rows.is_empty() {
        return "No location has installed the app or is connected yet.\n".to_owned();
    }
    let cells: Vec<_> = rows.iter().map(cells).collect();
    let mut lines = align(HEADER, &cells).into_iter();
    let mut out = lines.next().unwrap_or_default();
    for (row, line) in rows.iter().zip(lines) {
        out.push_str(&line);
        // Writing to a `String` cannot fail.
        for kind in &row.incident_kinds {
            let _ = writeln!(out, "    {}", kind.label(Language::English));
        }
        for wrong in [&row.trouble, &row.hold_reason].into_iter().flatten() {
            let _ = writeln!(out, "    {wrong}");
        }
        if let Some(progress) = unproven(row) {
            let _ = writeln!(out, "    {progress}");
        }
    }
    out
}

/// What a connected sub-account still waits for, until a message went each way.
fn unproven(row: &InstallRow) -> Option<&'static str> {
    let progress = row.progress();
    let is_shown = !matches!(progress, Progress::Works | Progress::NoNumber);
    is_shown.then(|| progress.label(Language::English))
}

fn cells(row: &InstallRow) -> [String; HEADER.len()] {
    let none = || "-".to_owned();
    let moment = |at: Option<OffsetDateTime>| {
        at.and_then(|at| at.format(MINUTES).ok())
            .unwrap_or_else(none)
    };
    let number = row.number.as_ref().map(|number| format!("+{number}"));
    [
        row.location_id.to_string(),
        row.company_id
            .as_ref()
            .map_or_else(none, ToString::to_string),
        row.install_status.label(Language::English).to_owned(),
        moment(row.expires_at),
        number.unwrap_or_else(none),
        moment(row.last_in),
        moment(row.last_out),
    ]
}

/// The header and the rows as lines with aligned columns.
pub(super) fn align<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> Vec<String> {
    let header = header.map(str::to_owned);
    let lines = || [&header].into_iter().chain(rows);
    let widths: [usize; N] = std::array::from_fn(|column| {
        lines()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or_default()
    });
    let line = |cells: &[String; N]| {
        let padded = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    lines().map(line).collect()
}
