//! Numbers on hold, beside what the watch noticed: a send finds out at once, the watch looks every quarter of an hour.

use std::collections::BTreeMap;

use crate::db::history::incidents::Incident;
use crate::doctor::labels::number as say;
use crate::doctor::{Finding, State, describe_to};
use crate::model::reason::{Hold, Reason};
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;

/// The holds whose cause the watch notices, too.
const NOTICED: [Hold; 3] = [Hold::LinkLost, Hold::Credentials, Hold::OtherNumber];

/// What the watch calls the cause of a hold; none where it does not look for that.
#[must_use]
pub fn cause_of_hold(reason: &Reason) -> Option<IncidentKind> {
    match reason {
        Reason::Hold(hold) if NOTICED.contains(hold) => Some(IncidentKind::Link),
        _ => None,
    }
}

/// The codes of the holds that have the cause of an incident.
#[must_use]
pub fn codes_of_cause(kind: IncidentKind) -> Vec<&'static str> {
    let of_kind = |hold: &Hold| cause_of_hold(&hold.clone().into()) == Some(kind);
    let holds = NOTICED.iter().filter(|hold| of_kind(hold));
    holds.map(Hold::code).collect()
}

/// Whether an incident of a number is the same matter as the hold of that number: its cause, or only what follows from that.
#[must_use]
pub fn is_same_matter(kind: IncidentKind, hold: &Reason) -> bool {
    match cause_of_hold(hold) {
        // Nothing is heard of a phone that is not linked.
        Some(IncidentKind::Link) => matches!(
            kind,
            IncidentKind::Link | IncidentKind::Silence | IncidentKind::Unheard
        ),
        cause => cause == Some(kind),
    }
}

/// Describes a hold in the words of its check.
#[must_use]
pub fn describe_hold(number: &str, reason: &Reason) -> Finding {
    Finding::new("hold", State::Bad, say::on_hold(reason)).of_number(number)
}

/// What is wrong with a location: its holds (number and reason), then its open incidents, what is broken first. Each matter is
/// told once: by its cause, where the watch has noticed that, else by the hold. `takers` as for [`describe_to`].
#[must_use]
pub fn describe_all(
    zone: &Zone,
    holds: &[(&str, &Reason)],
    open: &[Incident],
    takers: &BTreeMap<i64, String>,
) -> Vec<Finding> {
    let is_cause = |incident: &Incident, (number, reason): &(&str, &Reason)| {
        incident.number == *number && cause_of_hold(reason) == Some(incident.kind)
    };
    let untold = holds
        .iter()
        .filter(|hold| !open.iter().any(|one| is_cause(one, hold)));
    let follows = |incident: &&Incident| {
        holds.iter().any(|hold| {
            incident.number == hold.0
                && is_same_matter(incident.kind, hold.1)
                && !is_cause(incident, hold)
        })
    };
    let incidents = open.iter().filter(|incident| !follows(incident));
    let mut found: Vec<_> = untold
        .map(|(number, reason)| describe_hold(number, reason))
        .chain(incidents.map(|incident| describe_to(zone, incident, takers)))
        .collect();
    found.sort_by_key(|one| one.state != State::Bad);
    found
}
