//! What is wrong now, the worst first: since when, how many messages wait, why, and the place to mend it.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::db::views::failures::{Failed, ReasonCount};
use crate::db::views::troubles;
use crate::db::views::troubles::{Held, MAX_WAITING};
use crate::doctor;
use crate::doctor::State;
use crate::http::pages::layout::components::{reason, state_pill};
use crate::http::pages::operator::{components, since};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::IncidentKind;

/// Failures of so long ago are news.
const LATELY: Duration = Duration::hours(24);
/// More than so many of one kind are one entry, which leads to their list.
const TOGETHER: usize = 4;

/// Something that is wrong.
struct Wrong {
    state: State,
    waiting: i64,
    since: Option<OffsetDateTime>,
    what: Markup,
    place: Markup,
}

/// Everything that is wrong.
pub(super) struct Troubles {
    incidents: Vec<Incident>,
    held: Vec<Held>,
    waiting: HashMap<LocationId, i64>,
    names: HashMap<String, String>,
    failed: Vec<ReasonCount>,
    failed_since: OffsetDateTime,
}

impl Troubles {
    /// Reads it.
    pub(super) async fn find(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<Self> {
        let incidents = troubles::list_incidents(pool).await?;
        let mut held = troubles::list_held(pool).await?;
        // An incident says the same, and since when.
        let told: HashSet<_> = incidents
            .iter()
            .map(|one| (&one.location_id, one.number.as_str()))
            .collect();
        held.retain(|one| !told.contains(&(&one.location_id, one.number.as_str())));
        let of_incidents = incidents.iter().map(|one| one.location_id.as_str());
        let places: HashSet<_> = of_incidents
            .chain(held.iter().map(|one| one.location_id.as_str()))
            .filter(|id| !id.is_empty())
            .collect();
        let places: Vec<_> = places.into_iter().collect();
        let waiting = troubles::count_waiting(pool, &places).await?;
        let names = troubles::find_names(pool, &places).await?;
        let failed_since = now - LATELY;
        let failed = Failed {
            since: Some(failed_since),
            ..Failed::default()
        };
        let failed = failed.scope(pool).await?.count_reasons(pool).await?;
        Ok(Self {
            incidents,
            held,
            waiting,
            names,
            failed,
            failed_since,
        })
    }

    /// The panel.
    pub(super) fn panel(&self, language: Language) -> Markup {
        let mut all = self.incidents_as_wrong(language);
        all.extend(self.held_as_wrong(language));
        all.extend(self.failed_as_wrong(language));
        let rank = |state: State| match state {
            State::Bad => 0,
            State::Warn => 1,
            State::Unknown | State::Good => 2,
        };
        all.sort_by_key(|one| (rank(one.state), -one.waiting, one.since));
        html! {
            section.panel data-key="wrong" {
                h2 data-say {
                    @match all.len() {
                        0 => (language.pick("Nothing is wrong", "Tiada masalah")),
                        count => { (language.pick("What is wrong now: ", "Masalah sekarang: ")) (count) }
                    }
                }
                ul.wrong { @for one in &all { (entry(language, one)) } }
            }
        }
    }

    /// In how many sub-accounts there is an incident of a kind.
    pub(super) fn kinds(&self) -> Vec<(IncidentKind, usize)> {
        let in_locations = self
            .incidents
            .iter()
            .filter(|one| !one.location_id.as_str().is_empty());
        let places: HashSet<_> = in_locations
            .map(|one| (one.kind, &one.location_id))
            .collect();
        let count =
            |kind: &IncidentKind| (*kind, places.iter().filter(|(of, _)| of == kind).count());
        let all = IncidentKind::ALL.iter().map(count);
        all.filter(|(_, count)| *count > 0).collect()
    }

    fn incidents_as_wrong(&self, language: Language) -> Vec<Wrong> {
        let mut kinds: Vec<(IncidentKind, Vec<&Incident>)> = Vec::new();
        for incident in &self.incidents {
            match kinds.iter_mut().find(|(kind, _)| *kind == incident.kind) {
                Some((_, of_kind)) => of_kind.push(incident),
                None => kinds.push((incident.kind, vec![incident])),
            }
        }
        let each = kinds.into_iter().flat_map(|(kind, of_kind)| {
            if of_kind.len() > TOGETHER && !of_kind[0].location_id.as_str().is_empty() {
                vec![self.together(language, kind, &of_kind)]
            } else {
                of_kind
                    .into_iter()
                    .map(|one| self.incident(language, one))
                    .collect()
            }
        });
        each.collect()
    }

    fn incident(&self, language: Language, incident: &Incident) -> Wrong {
        let found = doctor::describe(incident);
        let is_of_service = incident.location_id.as_str().is_empty();
        Wrong {
            state: found.state,
            waiting: self.waiting_in(&incident.location_id),
            since: Some(incident.since),
            what: html! {
                strong { (found.what.of(language)) }
                @if let Some(todo) = &found.todo { p.hint { (todo.of(language)) } }
            },
            place: html! {
                @if is_of_service { (language.pick("the service", "perkhidmatan")) }
                @else { (self.place(&incident.location_id, &incident.number)) }
            },
        }
    }

    fn together(&self, language: Language, kind: IncidentKind, all: &[&Incident]) -> Wrong {
        let places: HashSet<_> = all.iter().map(|one| &one.location_id).collect();
        let list = format!("/operator/locations?incident={kind}");
        Wrong {
            state: doctor::describe(all[0]).state,
            waiting: places.iter().map(|place| self.waiting_in(place)).sum(),
            since: all.iter().map(|one| one.since).min(),
            what: html! { strong { (kind.label(language)) } },
            place: html! { a href=(list) { (places.len()) " " (language.pick("sub-accounts", "sub-akaun")) } },
        }
    }

    fn held_as_wrong(&self, language: Language) -> Vec<Wrong> {
        let wrong = |held: &Held| {
            let is_gateways = held.location_id.as_str().is_empty();
            Wrong {
                state: State::Bad,
                waiting: self.waiting_in(&held.location_id),
                since: held.since,
                what: html! { strong { (reason(language, &held.reason)) } },
                place: html! {
                    @if is_gateways { a href="/operator/numbers" { (language.pick("all numbers", "semua nombor")) } }
                    @else { (self.place(&held.location_id, &held.number)) }
                },
            }
        };
        self.held.iter().map(wrong).collect()
    }

    fn failed_as_wrong(&self, language: Language) -> Vec<Wrong> {
        let since = since::written(self.failed_since);
        let wrong = |one: &ReasonCount| {
            let parts = [
                ("reason", one.code.as_deref()),
                ("since", Some(since.as_str())),
            ];
            let list = components::with_query("/operator/failures", &parts);
            Wrong {
                state: State::Warn,
                waiting: 0,
                since: Some(one.first_at),
                what: html! {
                    strong { (one.count) " " (language.pick("messages failed in the last 24 hours", "mesej gagal dalam 24 jam yang lalu")) }
                    @if let Some(why) = &one.reason { p.hint { (reason(language, why)) } }
                },
                place: html! {
                    a href=(list) { (one.code.as_deref().unwrap_or("–")) }
                    " (" (language.pick("sub-accounts: ", "sub-akaun: ")) (one.locations) ")"
                },
            }
        };
        self.failed.iter().map(wrong).collect()
    }

    fn waiting_in(&self, location: &LocationId) -> i64 {
        self.waiting.get(location).copied().unwrap_or_default()
    }

    fn place(&self, location: &LocationId, number: &str) -> Markup {
        let name = self.names.get(location.as_str()).map(String::as_str);
        html! {
            (components::named_location(location, name))
            @if !number.is_empty() { " +" (number) }
        }
    }
}

fn entry(language: Language, wrong: &Wrong) -> Markup {
    html! {
        li {
            (state_pill(language, wrong.state))
            div {
                (wrong.what)
                p.note {
                    (wrong.place)
                    @if let Some(since) = wrong.since { " · " (language.pick("since ", "sejak ")) (components::moment(since)) }
                    @if wrong.waiting > 0 {
                        " · " (wrong.waiting) @if wrong.waiting >= MAX_WAITING { "+" }
                        " " (language.pick("messages wait", "mesej menunggu"))
                    }
                }
            }
        }
    }
}
