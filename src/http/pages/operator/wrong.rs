//! What is wrong now, the worst first: since when, how many messages wait, why, and the place to mend it. `causes` says which of it is
//! one matter.

use std::collections::{BTreeMap, HashMap, HashSet};

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use crate::db::connection::Pool;
use crate::db::history::incidents::Incident;
use crate::db::numbers::holders;
use crate::db::numbers::holders::Asker;
use crate::db::views::failures::{Failed, ReasonCount};
use crate::db::views::troubles;
use crate::db::views::troubles::{Held, MAX_WAITING};
use crate::doctor;
use crate::doctor::State;
use crate::http::pages::layout::components::{reason, state_pill};
use crate::http::pages::operator::causes::{Cause, Matter, is_followed_by, is_told_by};
use crate::http::pages::operator::{components, since};
use crate::model::ids::LocationId;
use crate::model::language::Language;
use crate::model::states::IncidentKind;
use crate::model::zone::Zone;

/// Failures of so long ago are news.
const LATELY: Duration = Duration::hours(24);
/// More than so many of one cause are one entry, which unfolds.
const TOGETHER: usize = 4;
/// So many of them are in it, the worst first; the list has all.
const UNFOLDED: usize = 20;

/// Something that is wrong.
struct Wrong {
    state: State,
    waiting: i64,
    since: Option<OffsetDateTime>,
    what: Markup,
    place: Markup,
}

/// What several wrong things have in common.
struct Common {
    /// Its name.
    what: Markup,
    /// The list of all of them, where there is one.
    list: Option<String>,
    /// In how many places it is.
    places: usize,
}

/// Everything that is wrong.
pub(super) struct Troubles {
    incidents: Vec<Incident>,
    /// Those that only follow from a hold, by their ids.
    following: HashSet<i64>,
    held: Vec<Held>,
    waiting: HashMap<LocationId, i64>,
    names: HashMap<String, String>,
    /// Who has taken numbers over.
    takers: BTreeMap<i64, String>,
    failed: Vec<ReasonCount>,
    failed_since: OffsetDateTime,
}

impl Troubles {
    /// Reads it.
    pub(super) async fn find(pool: &Pool, now: OffsetDateTime) -> sqlx::Result<Self> {
        let incidents = troubles::list_incidents(pool).await?;
        let mut held = troubles::list_held(pool).await?;
        let follows = |one: &&Incident| held.iter().any(|hold| is_followed_by(hold, one));
        let following = incidents.iter().filter(follows).map(|one| one.id).collect();
        // An incident says the same, and since when.
        held.retain(|hold| !incidents.iter().any(|one| is_told_by(hold, one)));
        let of_incidents = incidents.iter().map(|one| one.location_id.as_str());
        let places: HashSet<_> = of_incidents
            .chain(held.iter().map(|one| one.location_id.as_str()))
            .filter(|id| !id.is_empty())
            .collect();
        let places: Vec<_> = places.into_iter().collect();
        let waiting = troubles::count_waiting(pool, &places).await?;
        let names = troubles::find_names(pool, &places).await?;
        let takers = holders::name_takers(pool, &incidents, Asker::Operator).await?;
        let failed_since = now - LATELY;
        let failed = Failed {
            since: Some(failed_since),
            ..Failed::default()
        };
        let failed = failed.scope(pool).await?.count_reasons(pool).await?;
        Ok(Self {
            incidents,
            following,
            held,
            waiting,
            names,
            takers,
            failed,
            failed_since,
        })
    }

    /// The panel.
    pub(super) fn panel(&self, language: Language, zone: &Zone) -> Markup {
        let mut all = self.matters_as_wrong(language, zone);
        all.extend(self.failed_as_wrong(language));
        sort(&mut all);
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

    /// Incidents by their kind, each with the holds of the same cause that the watch has not looked at yet; then the other holds.
    fn matters(&self) -> Vec<(Cause, Vec<Matter<'_>>)> {
        let told = |one: &&Incident| !self.following.contains(&one.id);
        let incidents = self.incidents.iter().filter(told);
        let all: Vec<_> = incidents
            .map(Matter::Incident)
            .chain(self.held.iter().map(Matter::Held))
            .collect();
        let matters = grouped(&all, Matter::cause);
        let owned = matters
            .into_iter()
            .map(|(cause, all)| (cause, all.into_iter().copied().collect()));
        owned.collect()
    }

    fn matters_as_wrong(&self, language: Language, zone: &Zone) -> Vec<Wrong> {
        let each = self.matters().into_iter().flat_map(|(cause, all)| {
            let places: HashSet<_> = all.iter().map(Matter::location).collect();
            let is_of_service = places.iter().all(|place| place.as_str().is_empty());
            let common = Common {
                what: html! { strong { (cause.what(language, &all)) } },
                list: (!is_of_service).then(|| cause.list()),
                places: if is_of_service {
                    all.len()
                } else {
                    places.len()
                },
            };
            // Two numbers of one sub-account have the same messages.
            let waiting = places.iter().map(|place| self.waiting_in(place)).sum();
            let all = all.into_iter().map(|one| match one {
                Matter::Incident(incident) => self.incident(language, zone, incident),
                Matter::Held(held) => self.held(language, held),
            });
            together(language, &common, waiting, all.collect())
        });
        each.collect()
    }

    fn incident(&self, language: Language, zone: &Zone, incident: &Incident) -> Wrong {
        let found = doctor::describe_to(zone, incident, &self.takers);
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

    fn held(&self, language: Language, held: &Held) -> Wrong {
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

/// Rows by what they have in common, in the order in which each came first.
fn grouped<T, K: PartialEq>(rows: &[T], key: impl Fn(&T) -> K) -> Vec<(K, Vec<&T>)> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for row in rows {
        let key = key(row);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, of_group)) => of_group.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    groups
}

fn sort(all: &mut [Wrong]) {
    let rank = |state: State| match state {
        State::Bad => 0,
        State::Warn => 1,
        State::Unknown | State::Good => 2,
    };
    all.sort_by_key(|one| (rank(one.state), -one.waiting, one.since));
}

/// Several things of one cause as one, which unfolds; a few as they are.
fn together(language: Language, cause: &Common, waiting: i64, mut all: Vec<Wrong>) -> Vec<Wrong> {
    if all.len() <= TOGETHER {
        return all;
    }
    sort(&mut all);
    let (state, since) = (all[0].state, all.iter().filter_map(|one| one.since).min());
    let places = html! { (cause.places) " " (language.pick("places", "tempat")) };
    vec![Wrong {
        state,
        waiting,
        since,
        what: cause.what.clone(),
        place: html! {
            @match &cause.list {
                Some(list) => a href=(list) { (places) },
                None => (places),
            }
            details {
                summary { (language.pick("Show the worst", "Tunjuk yang paling teruk")) }
                ul { @for one in all.iter().take(UNFOLDED) { li { (one.place) (standing(language, one)) } } }
            }
        },
    }]
}

/// Since when, and what waits.
fn standing(language: Language, wrong: &Wrong) -> Markup {
    html! {
        @if let Some(since) = wrong.since { " · " (language.pick("since ", "sejak ")) (components::moment(since)) }
        @if wrong.waiting > 0 {
            " · " (wrong.waiting) @if wrong.waiting >= MAX_WAITING { "+" }
            " "
            @if wrong.waiting == 1 { (language.pick("message waits", "mesej menunggu")) }
            @else { (language.pick("messages wait", "mesej menunggu")) }
        }
    }
}

fn entry(language: Language, wrong: &Wrong) -> Markup {
    html! {
        li {
            (state_pill(language, wrong.state))
            div {
                (wrong.what)
                div.note { (wrong.place) (standing(language, wrong)) }
            }
        }
    }
}
