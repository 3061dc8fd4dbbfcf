//! `doctor --bad`: what is not well, grouped by cause, the worst first, with the sub-accounts that have it.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::answer::{HEAD, paint};
use crate::cli::doctor::report::{counts, write_advice, write_state};
use crate::cli::doctor::{Row, named};
use crate::doctor::{Finding, State};
use crate::model::ids::LocationId;
use crate::model::language::Text;

/// Sub-accounts that are named under a cause. One more screen of ids helps nobody, and JSON has them all.
const MOST_NAMED: usize = 20;

/// Findings that say the same.
#[derive(Debug, Serialize)]
pub(super) struct Cause<'a> {
    check: &'static str,
    state: State,
    what: &'a Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<&'a Text>,
    /// Whether the service itself has it.
    of_service: bool,
    /// The locations and numbers that have it.
    locations: Vec<Place<'a>>,
    #[serde(skip)]
    finding: &'a Finding,
}

#[derive(Debug, Serialize)]
struct Place<'a> {
    location: &'a LocationId,
    #[serde(skip_serializing_if = "Option::is_none")]
    location_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<&'a str>,
}

/// The causes of what is not well: bad before what to look at before what is not known; within these the service's
/// first, then those of most sub-accounts.
pub(super) fn group(rows: &[Row]) -> Vec<Cause<'_>> {
    let mut causes: Vec<Cause<'_>> = Vec::new();
    for row in rows.iter().filter(|row| row.finding.state != State::Good) {
        let known = causes
            .iter()
            .position(|cause| is_same(cause.finding, &row.finding));
        let at = known.unwrap_or_else(|| {
            causes.push(Cause::new(&row.finding));
            causes.len() - 1
        });
        causes[at].add(row);
    }
    causes.sort_by_key(|cause| {
        let locations = std::cmp::Reverse(cause.locations.len());
        (weight(cause.state), !cause.of_service, locations)
    });
    causes
}

impl<'a> Cause<'a> {
    fn new(finding: &'a Finding) -> Self {
        Self {
            check: finding.check,
            state: finding.state,
            what: &finding.what,
            why: finding.why.as_ref(),
            todo: finding.todo.as_ref(),
            of_service: false,
            locations: Vec::new(),
            finding,
        }
    }

    fn add(&mut self, row: &'a Row) {
        match &row.location {
            Some(location) => self.locations.push(Place {
                location,
                location_name: row.location_name.as_deref(),
                number: row.finding.number.as_deref(),
            }),
            None => self.of_service = true,
        }
    }
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    one.check == other.check && one.state == other.state && one.what == other.what
}

const fn weight(state: State) -> u8 {
    match state {
        State::Bad => 0,
        State::Warn => 1,
        State::Unknown => 2,
        State::Good => 3,
    }
}

/// The causes for people.
pub(super) fn report(rows: &[Row]) -> String {
    let causes = group(rows);
    if causes.is_empty() {
        return "All is well.\n".to_owned();
    }
    let mut out = String::new();
    for cause in &causes {
        write_cause(&mut out, cause);
    }
    out + &counts(rows)
}

fn write_cause(out: &mut String, cause: &Cause<'_>) {
    let finding = cause.finding;
    write_state(out, finding, &finding.what.english);
    write_advice(out, finding);
    let count = cause.locations.len();
    if count == 0 {
        out.push('\n');
        return;
    }
    let noun = if count == 1 { "location" } else { "locations" };
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "       {}", paint(HEAD, &format!("{count} {noun}:")));
    for place in cause.locations.iter().take(MOST_NAMED) {
        let number = place.number.map(|number| format!(" +{number}"));
        let _ = writeln!(
            out,
            "         {}{}",
            named(place.location, place.location_name),
            number.unwrap_or_default()
        );
    }
    if count > MOST_NAMED {
        let _ = writeln!(
            out,
            "         and {} more; --json names all",
            count - MOST_NAMED
        );
    }
    out.push('\n');
}
