//! `installs`: every location with its state, its number and its last messages, and the agencies that must install the
//! app again.

use std::fmt::Write as _;

use serde::Serialize;
use time::OffsetDateTime;

use crate::cli::answer::{BAD, Form, GOOD, LOOK, Why, paint};
use crate::cli::table::{Cell, align};
use crate::cli::{moment, read_database};
use crate::db::accounts::companies;
use crate::db::accounts::installs;
use crate::db::accounts::installs::InstallRow;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::Language;
use crate::model::progress::Progress;
use crate::model::reason::Reason;
use crate::model::states::InstallStatus;

const HEADER: [&str; 7] = [
    "LOCATION",
    "AGENCY",
    "STATE",
    "TOKEN UNTIL",
    "NUMBER",
    "LAST IN",
    "LAST OUT",
];

#[derive(Serialize)]
struct Installs<'a> {
    locations: Vec<Install<'a>>,
    agencies_to_reinstall: Vec<Agency<'a>>,
}

#[derive(Serialize)]
struct Install<'a> {
    location: &'a LocationId,
    name: Option<&'a str>,
    agency: Option<&'a CompanyId>,
    agency_name: Option<&'a str>,
    status: &'static str,
    #[serde(with = "time::serde::rfc3339::option")]
    token_until: Option<OffsetDateTime>,
    trouble: Option<Why>,
    number: Option<&'a str>,
    hold: Option<Why>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_in: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_out: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_ack: Option<OffsetDateTime>,
    incidents: Vec<String>,
}

impl<'a> From<&'a InstallRow> for Install<'a> {
    fn from(row: &'a InstallRow) -> Self {
        Self {
            location: &row.location_id,
            name: row.name.as_deref(),
            agency: row.company_id.as_ref(),
            agency_name: row.company_name.as_deref(),
            status: row.install_status.as_str(),
            token_until: row.expires_at,
            trouble: row.trouble.as_ref().map(Why::from),
            number: row.number.as_deref(),
            hold: row.hold_reason.as_ref().map(Why::from),
            last_in: row.last_in,
            last_out: row.last_out,
            last_ack: row.last_ack,
            incidents: row.incident_kinds.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Serialize)]
struct Agency<'a> {
    agency: &'a CompanyId,
    reason: Option<Why>,
}

pub(super) async fn run(form: Form) -> anyhow::Result<()> {
    let (database, pool) = read_database(form).await?;
    let rows = installs::list_installs(&pool).await;
    let companies = companies::list_dead_companies(&pool).await;
    database.close(pool).await?;
    let (rows, companies) = (rows?, companies?);
    let document = Installs {
        locations: rows.iter().map(Install::from).collect(),
        agencies_to_reinstall: companies
            .iter()
            .map(|(agency, why)| Agency {
                agency,
                reason: why.as_ref().map(Why::from),
            })
            .collect(),
    };
    form.print(&document, || {
        let agencies = companies.iter().map(|(company, why)| {
            let why = why.as_ref().map(Reason::english).unwrap_or_default();
            format!("Agency {company} must install the app again: {why}\n")
        });
        table(&rows) + &agencies.collect::<String>()
    })
}

/// One line for each location, and below it what is wrong with it.
fn table(rows: &[InstallRow]) -> String {
    if rows.is_empty() {
        return "No location has installed the app or is connected yet.\n".to_owned();
    }
    let cells: Vec<_> = rows.iter().map(cells).collect();
    let mut lines = align(HEADER, &cells).into_iter();
    let mut out = lines.next().unwrap_or_default();
    for (row, line) in rows.iter().zip(lines) {
        out.push_str(&line);
        // Writing to a `String` cannot fail.
        if let Some(name) = &row.name {
            let _ = writeln!(out, "    {name}");
        }
        for kind in &row.incident_kinds {
            let _ = writeln!(out, "    {}", paint(BAD, kind.label(Language::English)));
        }
        for wrong in [&row.trouble, &row.hold_reason].into_iter().flatten() {
            let _ = writeln!(out, "    {}", paint(BAD, &wrong.english()));
        }
        if let Some(progress) = unproven(row) {
            let _ = writeln!(out, "    {}", paint(LOOK, progress));
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

fn cells(row: &InstallRow) -> [Cell; HEADER.len()] {
    let none = || "-".to_owned();
    let moment = |at: Option<OffsetDateTime>| at.map_or_else(none, moment::minutes).into();
    let number = row.number.as_ref().map(|number| format!("+{number}"));
    [
        row.location_id.to_string().into(),
        row.company_id
            .as_ref()
            .map_or_else(none, ToString::to_string)
            .into(),
        status(row.install_status),
        moment(row.expires_at),
        number.unwrap_or_else(none).into(),
        moment(row.last_in),
        moment(row.last_out),
    ]
}

fn status(status: InstallStatus) -> Cell {
    let style = match status {
        InstallStatus::Installed => GOOD,
        InstallStatus::NeedsReinstall | InstallStatus::NotInstalled => BAD,
        _ => LOOK,
    };
    Cell::new(style, status.label(Language::English))
}
