//! `doctor`'s report for people: every finding under its location.

use std::fmt::Write as _;

use crate::cli::answer::{ASIDE, BAD, GOOD, HEAD, LOOK, paint};
use crate::cli::doctor::{Row, named};
use crate::doctor::{Finding, State};

/// One line for each finding; below it why it matters and what to do, if it is not good.
pub(super) fn report(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut about = None;
    for row in rows {
        if about != Some(&row.location) {
            about = Some(&row.location);
            let heading = match &row.location {
                None => "The service".to_owned(),
                Some(location) => {
                    out.push('\n');
                    let name = row.location_name.as_deref();
                    format!("Location {}", named(location, name))
                }
            };
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "{}", paint(HEAD, &heading));
        }
        write_finding(&mut out, &row.finding);
    }
    out.push('\n');
    out + &counts(rows)
}

/// How many findings of each state there are.
pub(super) fn counts(rows: &[Row]) -> String {
    let count = |state| rows.iter().filter(|row| row.finding.state == state).count();
    format!(
        "{} bad, {} to look at, {} not known, {} good.\n",
        count(State::Bad),
        count(State::Warn),
        count(State::Unknown),
        count(State::Good)
    )
}

fn write_finding(out: &mut String, finding: &Finding) {
    let number = finding.number.as_ref();
    let number = number.map_or_else(String::new, |number| format!("+{number}: "));
    write_state(out, finding, &format!("{number}{}", finding.what.english));
    write_advice(out, finding);
}

/// The finding's state and check, and what was found.
pub(super) fn write_state(out: &mut String, finding: &Finding, what: &str) {
    let (state, style) = match finding.state {
        State::Good => ("ok", GOOD),
        State::Warn => ("LOOK", LOOK),
        State::Bad => ("BAD", BAD),
        State::Unknown => ("?", ASIDE),
    };
    let state = paint(style, &format!("{state:<4}"));
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "  {state} {:<15} {what}", finding.check);
}

/// Why it matters and what to do, if it is not good.
pub(super) fn write_advice(out: &mut String, finding: &Finding) {
    for (label, text) in [("Why:", &finding.why), ("Do: ", &finding.todo)] {
        if let Some(text) = text {
            // Writing to a `String` cannot fail.
            let _ = writeln!(out, "       {} {}", paint(ASIDE, label), text.english);
        }
    }
}
