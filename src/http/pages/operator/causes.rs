//! Why something is wrong, and which incidents and holds are one matter.

use maud::{Markup, html};

use crate::db::history::incidents::Incident;
use crate::db::views::troubles::Held;
use crate::doctor;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::components;
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::IncidentKind;

/// An incident, or a number that sends nothing.
#[derive(Clone, Copy)]
pub(super) enum Matter<'a> {
    Incident(&'a Incident),
    Held(&'a Held),
}

/// Why something is wrong.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// What the watch notices, or would.
    Kind(IncidentKind),
    /// The reason of a hold, by its code.
    Hold(String),
    /// The reason for which everything fails, by its code.
    Circuit(String),
}

impl<'a> Matter<'a> {
    /// Why.
    pub(super) fn cause(&self) -> Cause {
        match self {
            Self::Incident(incident) => Cause::Kind(incident.kind),
            Self::Held(held) => cause_of(held).map_or_else(
                || {
                    let code = held.reason.code().to_owned();
                    if held.is_circuit {
                        Cause::Circuit(code)
                    } else {
                        Cause::Hold(code)
                    }
                },
                Cause::Kind,
            ),
        }
    }

    /// Where; empty: the service.
    pub(super) const fn location(&self) -> &'a LocationId {
        match self {
            Self::Incident(incident) => &incident.location_id,
            Self::Held(held) => &held.location_id,
        }
    }
}

impl Cause {
    /// Its name; `all` have it.
    pub(super) fn what(&self, language: Language, all: &[Matter<'_>]) -> Markup {
        match (self, all.first()) {
            (Self::Kind(kind), _) => html! { (kind.label(language)) },
            (_, Some(Matter::Held(held))) => reason(language, &held.reason),
            _ => html! {},
        }
    }

    /// The list of those that have it.
    pub(super) fn list(&self) -> String {
        match self {
            Self::Kind(kind) => format!("/operator/locations?cause={kind}"),
            Self::Hold(code) => {
                components::with_query("/operator/numbers", &[("hold", Some(code))])
            }
            Self::Circuit(code) => {
                components::with_query("/operator/numbers", &[("circuit", Some(code))])
            }
        }
    }
}

/// What the watch calls the cause of a number that sends nothing.
fn cause_of(held: &Held) -> Option<IncidentKind> {
    if !held.is_circuit {
        return doctor::cause_of_hold(&held.reason);
    }
    // The gateway itself.
    let is_gateways = held.location_id.as_str().is_empty();
    is_gateways.then_some(IncidentKind::Gateway)
}

fn is_about(held: &Held, incident: &Incident) -> bool {
    held.location_id == incident.location_id && held.number == incident.number
}

/// Whether an incident is the cause of a hold.
pub(super) fn is_told_by(held: &Held, incident: &Incident) -> bool {
    is_about(held, incident) && cause_of(held) == Some(incident.kind)
}

/// Whether an incident only follows from a hold.
pub(super) fn is_followed_by(held: &Held, incident: &Incident) -> bool {
    is_about(held, incident)
        && !held.is_circuit
        && doctor::is_same_matter(incident.kind, &held.reason)
        && cause_of(held) != Some(incident.kind)
}
