//! The table of `installs`.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::db::installs::InstallRow;

const MINUTES: &[BorrowedFormatItem<'_>] =
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

/// A line for each location, and beneath it what is wrong with it.
pub(super) fn table(rows: &[InstallRow]) -> String {
    if rows.is_empty() {
        return "No location has installed the app or is connected yet.\n".to_owned();
    }
    let lines: Vec<_> = rows.iter().map(cells).collect();
    let header = HEADER.map(str::to_owned);
    let width = |column: usize| {
        let all = lines.iter().chain([&header]);
        all.map(|line| line[column].chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: [usize; HEADER.len()] = std::array::from_fn(width);
    let mut out = line(&header, &widths);
    for (row, cells) in rows.iter().zip(&lines) {
        out.push_str(&line(cells, &widths));
        for wrong in [&row.trouble, &row.hold_reason].into_iter().flatten() {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "    {wrong}");
        }
    }
    out
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
        row.standing.name().to_owned(),
        moment(row.expires_at),
        number.unwrap_or_else(none),
        moment(row.last_in),
        moment(row.last_out),
    ]
}

fn line(cells: &[String; HEADER.len()], widths: &[usize; HEADER.len()]) -> String {
    let padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:<width$}"));
    let joined = padded.collect::<Vec<_>>().join("  ");
    format!("{}\n", joined.trim_end())
}
