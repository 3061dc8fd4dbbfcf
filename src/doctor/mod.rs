//! Checks what is wrong with the service and with a location, and says how to fix it: one list of checks for the
//! command, the page inside GHL, and the operator's pages.
//!
//! `service`, `addresses`, `location`, `number`, `acks`, `provider` and `reachability` check; `labels` has all sentences, `finding` the
//! result; `holds` tells holds and incidents as one. Nothing is fixed here: that is for the workers or a person.

mod acks;
mod addresses;
mod finding;
mod holds;
mod labels;
mod location;
mod number;
mod provider;
mod reachability;
mod service;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use acks::{Acks, Restriction};
pub use finding::{Finding, State};
pub use holds::{cause_of_hold, codes_of_cause, describe_all, is_same_matter};
pub use labels::incident::{PERSISTS, REGISTERED, STOPPED};
pub use location::NEEDED_SCOPES;
pub use number::LinkFault;
pub use provider::Provider;
pub use reachability::answer;

use crate::accounts::tokens::Tokens;
use crate::clients::{ghl, waapify};
use crate::config::{Fault, Settings};
use crate::db::connection::Pool;
use crate::db::history::incidents::{Incident, NO_LOCATION};
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;
use crate::runtime::clock::Clock;

/// Checks the service and its locations. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Doctor(Arc<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    pool: Pool,
    tokens: Tokens,
    ghl: ghl::Client,
    gateway: waapify::Client,
    http: reqwest::Client,
    clock: Clock,
    settings: Settings,
    /// Settings that are missing or wrong. Their values in `settings` mean nothing.
    faults: Vec<Fault>,
}

impl Doctor {
    /// Creates a doctor. `http` requests the service's own public address.
    #[must_use]
    pub fn new(
        settings: &Settings,
        pool: Pool,
        tokens: Tokens,
        clients: (ghl::Client, waapify::Client, reqwest::Client),
        clock: Clock,
    ) -> Self {
        let (ghl, gateway, http) = clients;
        Self(Arc::new(Parts {
            pool,
            tokens,
            ghl,
            gateway,
            http,
            clock,
            settings: settings.clone(),
            faults: Vec::new(),
        }))
    }

    /// The same doctor, if some settings are missing or wrong: nothing that needs one of them is checked.
    #[must_use]
    pub fn with_faults(&self, faults: Vec<Fault>) -> Self {
        Self(Arc::new(Parts {
            faults,
            ..(*self.0).clone()
        }))
    }

    /// The first of these settings that is missing or wrong.
    fn lacks(&self, names: &[&'static str]) -> Option<&'static str> {
        let is_faulty = |name: &&str| self.0.faults.iter().any(|fault| fault.name == *name);
        names.iter().copied().find(is_faulty)
    }
}

/// How bad an incident of this kind is.
#[must_use]
pub const fn severity(kind: IncidentKind) -> State {
    match kind {
        // Nothing is known to be broken: it has not been tried.
        IncidentKind::Undelivered | IncidentKind::Unheard => State::Warn,
        _ => State::Bad,
    }
}

/// Describes an incident, which the monitor opened, in the words of the check that would find it, with times in this
/// machine's zone.
#[must_use]
pub fn describe(incident: &Incident) -> Finding {
    describe_in(&Zone::system(), incident)
}

/// The same with times in a sub-account's zone.
#[must_use]
pub fn describe_in(zone: &Zone, incident: &Incident) -> Finding {
    describe_to(zone, incident, &BTreeMap::new())
}

/// The same for a reader who may know some of the locations that took numbers over, by the incident's id
/// ([`crate::db::numbers::holders::name_takers`]).
#[must_use]
pub fn describe_to(zone: &Zone, incident: &Incident, takers: &BTreeMap<i64, String>) -> Finding {
    let taker = takers.get(&incident.id).map(String::as_str);
    let said = labels::incident::incident(incident, zone, taker);
    let finding = Finding::new(incident.kind.as_str(), severity(incident.kind), said);
    match incident.number.as_str() {
        // An incident of the service says itself what it is about.
        number if !number.is_empty() && incident.location_id.as_str() != NO_LOCATION => {
            finding.of_number(number)
        }
        _ => finding,
    }
}
