//! `/operator/locations`: a list of all, page by page, and a page for each.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded;

use crate::db::accounts::installs::InstallRow;
use crate::db::connection::Pool;
use crate::db::views::failures::Failed;
use crate::db::views::locations as places;
use crate::db::views::operator;
use crate::db::views::operator::WhichNumbers;
use crate::db::views::row_names::RowNames;
use crate::doctor;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::message_charts;
use crate::http::pages::message_charts::{Chart, Sparks};
use crate::http::pages::operator::{
    Operator, Place, components, labels, location_panels, not_found, protection, search,
};
use crate::model::ids::{LocationId, MessageId};
use crate::model::language::Language;
use crate::model::states::{IncidentKind, InstallStatus, TokenProblem};

/// How many failures and messages a location's page shows.
const LAST: i64 = 10;

const PATH: &str = "/operator/locations";

/// The query of the list, and of its export.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Which {
    /// The last location of the previous page.
    after: Option<String>,
    /// If set, only those that need attention.
    troubled: Option<String>,
    /// What is searched: a part of an id, a name or a number.
    find: Option<String>,
    /// Only those of this agency.
    agency: Option<String>,
    /// Only those with this install status.
    status: Option<String>,
    /// Only those with an open incident of this kind.
    incident: Option<String>,
    /// Only those with an open incident of this kind, or a number on hold for the same cause.
    cause: Option<String>,
    /// Only those with this problem of their token.
    token: Option<String>,
    /// What `find` means as a whole number.
    #[serde(skip)]
    numbers: Vec<String>,
}

impl Which {
    /// Without what is empty; with the numbers that may be meant.
    pub(super) async fn read(&self, pool: &Pool) -> sqlx::Result<Self> {
        let mut which = self.trimmed();
        if let Some(text) = &which.find {
            which.numbers = search::numbers_meant(pool, text).await?;
        }
        Ok(which)
    }

    /// Without what is empty.
    fn trimmed(&self) -> Self {
        let entered = |text: &Option<String>| components::entered(text.as_ref());
        Self {
            after: entered(&self.after),
            troubled: self.troubled.clone(),
            find: entered(&self.find),
            agency: entered(&self.agency),
            status: entered(&self.status),
            incident: entered(&self.incident),
            cause: entered(&self.cause),
            token: entered(&self.token),
            numbers: Vec::new(),
        }
    }

    /// Of which locations it speaks.
    pub(super) fn which(&self) -> places::Which<'_> {
        places::Which {
            troubled: self.troubled.is_some(),
            search: self.find.as_deref(),
            company: self.agency.as_deref(),
            status: self.status.as_deref().and_then(InstallStatus::find),
            incident: self.incident.as_deref().and_then(IncidentKind::find),
            cause: self.cause(),
            token: self.token.as_deref().and_then(TokenProblem::find),
            numbers: &self.numbers,
        }
    }

    /// The kind, and the codes of the holds with the same cause.
    fn cause(&self) -> Option<places::Cause> {
        let kind = IncidentKind::find(self.cause.as_deref()?)?;
        Some(places::Cause {
            kind,
            holds: doctor::codes_of_cause(kind),
        })
    }

    /// The same locations at another address, after one of them.
    fn address(&self, path: &str, after: Option<&str>) -> String {
        let parts = [
            ("after", after),
            ("troubled", self.troubled.as_deref()),
            ("find", self.find.as_deref()),
            ("agency", self.agency.as_deref()),
            ("status", self.status.as_deref()),
            ("incident", self.incident.as_deref()),
            ("cause", self.cause.as_deref()),
            ("token", self.token.as_deref()),
        ];
        components::with_query(path, &parts)
    }

    /// What is on, in words.
    fn described(&self, language: Language, agency: Option<String>) -> Markup {
        let which = self.which();
        let label = |label: Option<&str>| label.map(str::to_owned);
        let by = [
            (language.pick("agency", "agensi"), agency),
            (
                language.pick("install", "pemasangan"),
                label(which.status.map(|one| one.label(language))),
            ),
            (
                language.pick("trouble", "masalah"),
                label(
                    which
                        .incident
                        .or(which.cause.map(|cause| cause.kind))
                        .map(|one| one.label(language)),
                ),
            ),
            (
                language.pick("token", "token"),
                label(which.token.map(|one| one.label(language))),
            ),
        ];
        components::filtered(language, &by, PATH)
    }
}

/// Shows a page of the list, or redirects to the only location that fits what was searched for.
pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let which = which.read(&state.pool).await?;
    let (pool, after) = (&state.pool, which.after.as_deref().unwrap_or_default());
    let mut rows = places::list_locations(pool, after, which.which(), components::limit()).await?;
    if let ([only], Some(_), "") = (&rows[..], &which.find, after) {
        return Ok(Redirect::to(&components::address(&only.location_id)).into_response());
    }
    let has_more = rows.len() > components::PAGE;
    rows.truncate(components::PAGE);
    let next = rows.last().filter(|_| has_more);
    let next = next.map(|last| which.address(PATH, Some(last.location_id.as_str())));
    let shown: Vec<_> = rows.iter().map(|row| row.location_id.as_str()).collect();
    let sparks = Sparks::find(pool, &shown, state.clock.now()).await?;
    let agency = components::owner(pool, which.agency.as_deref()).await?;
    let body = html! {
        (form(language, &which))
        section.panel {
            (which.described(language, agency))
            (table(language, &rows, &sparks))
            (components::next(language, next))
            p { a href=(which.address("/operator/locations.csv", None)) { (language.pick("All of these as CSV", "Semua ini sebagai CSV")) } }
        }
    };
    let title = language.pick("Sub-accounts", "Sub-akaun");
    Ok(operator
        .page(language, Place::Locations, title, &body)
        .into_response())
}

fn form(language: Language, which: &Which) -> Markup {
    html! {
        section.panel {
            form method="get" action=(PATH) {
                @if let Some(agency) = &which.agency { input type="hidden" name="agency" value=(agency); }
                label for="find" { (language.pick("Find sub-accounts", "Cari sub-akaun")) }
                input #find name="find" type="search" autocomplete="off" value=(which.find.as_deref().unwrap_or_default()) placeholder=(language.pick("name, agency, id or number", "nama, agensi, ID atau nombor"));
                div.actions {
                    button.quiet.small type="submit" { (language.pick("Find", "Cari")) }
                    @if which.troubled.is_some() { a href=(PATH) { (language.pick("Show all", "Tunjuk semua")) } }
                    @else { a href="/operator/locations?troubled=1" { (language.pick("Only those that need somebody", "Hanya yang perlu perhatian")) } }
                    a href="/operator/agencies" { (language.pick("By agency", "Mengikut agensi")) }
                }
            }
        }
    }
}

fn table(language: Language, rows: &[InstallRow], sparks: &Sparks) -> Markup {
    let names = language.pick(
        [
            "Sub-account",
            "State",
            "Last 14 days",
            "Number",
            "Last from GHL",
            "Last from a customer",
            "Last tick",
        ],
        [
            "Sub-akaun",
            "Keadaan",
            "14 hari lalu",
            "Nombor",
            "Terakhir dari GHL",
            "Terakhir dari pelanggan",
            "Pengesahan terakhir",
        ],
    );
    let rows = rows.iter().map(|row| {
        html! {
            tr {
                td data-label=(names[0]) { (named(row)) }
                td data-label=(names[1]) { (labels::state(language, row)) }
                td data-label=(names[2]) { (sparks.of(language, &row.location_id)) }
                td data-label=(names[3]) { (number(language, row)) }
                td data-label=(names[4]) { (components::maybe(row.last_out)) }
                td data-label=(names[5]) { (components::maybe(row.last_in)) }
                td data-label=(names[6]) { (components::maybe(row.last_ack)) }
            }
        }
    });
    components::table(language, &names, rows)
}

/// The name, with the id beside it.
fn named(row: &InstallRow) -> Markup {
    html! {
        @if let Some(name) = &row.name {
            a href=(components::address(&row.location_id)) { bdi { (name) } }
            br;
        }
        (components::location(&row.location_id))
    }
}

fn number(language: Language, row: &InstallRow) -> Markup {
    html! {
        @match &row.number {
            Some(number) => { "+" (number) " " }
            None => { (language.pick("none", "tiada")) }
        }
        @if row.hold_reason.is_some() { span.pill.bad { (language.pick("on hold", "ditahan")) } }
    }
}

/// The query of a location's page.
#[derive(Deserialize)]
pub(super) struct Asked {
    /// If set, GHL and Waapify are asked.
    check: Option<String>,
    /// How much the charts show.
    period: Option<String>,
}

pub(super) async fn show(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Path(location): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Markup, PageError> {
    let location = LocationId(location.replace('\0', ""));
    let pool = &state.pool;
    let row = places::find_location(pool, &location)
        .await?
        .ok_or_else(not_found)?;
    let of_location = WhichNumbers {
        location: Some(&location),
        ..WhichNumbers::default()
    };
    let now = state.clock.now();
    let numbers = operator::list_numbers(pool, of_location, ("", ""), LAST).await?;
    let sparks = Sparks::find(pool, &[location.as_str()], now).await?;
    let backlog = operator::find_backlog(pool, &location).await?;
    let newest = MessageId(i64::MAX);
    let failed = Failed {
        location: Some(location.clone()),
        ..Failed::default()
    };
    let failures = failed.scope(pool).await?.list(pool, newest, LAST).await?;
    let messages = operator::list_messages(pool, &location, newest, LAST).await?;
    let known = [
        RowNames::of(pool, &failures).await?,
        RowNames::of(pool, &messages).await?,
    ];
    let health = location_panels::health(
        &state,
        language,
        (&location, &numbers),
        &operator.zone,
        asked.check.is_some(),
    )
    .await?;
    let chart = Chart {
        location: Some(&location),
        zone: &operator.zone,
        period: asked.period.as_deref(),
        address: &components::address(&location),
    };
    let charts = message_charts::panel(pool, language, chart, now).await?;
    let cards = protection::panel(&state, &operator, language, &location, &numbers).await?;
    let body = html! {
        (health)
        (charts)
        div.panels {
            (location_panels::facts(language, &row))
            (location_panels::backlog_panel(language, &location, &backlog))
        }
        section.panel {
            h2 { (language.pick("Numbers", "Nombor")) }
            (crate::http::pages::operator::numbers::table(language, &numbers, &sparks, now))
        }
        (cards)
        section.panel {
            h2 { (language.pick("Last failures", "Kegagalan terakhir")) }
            (components::messages(language, &failures, &known[0]))
            p { a href={ "/operator/failures?location=" (query_value(&location)) } { (language.pick("All its failures", "Semua kegagalannya")) } }
        }
        section.panel {
            h2 { (language.pick("Last messages", "Mesej terakhir")) }
            (components::messages(language, &messages, &known[1]))
            p { a href={ (components::address(&location)) "/messages" } { (language.pick("All its messages", "Semua mesejnya")) } }
            p { a href={ "/operator/audit?location=" (query_value(&location)) } { (language.pick("Who did what here", "Siapa buat apa di sini")) } }
        }
    };
    let name = row.name.as_deref().unwrap_or(location.as_str());
    let title = format!("{} {name}", language.pick("Sub-account", "Sub-akaun"));
    Ok(operator.page(language, Place::Locations, &title, &body))
}

/// A location's id, escaped for a query.
pub(super) fn query_value(location: &LocationId) -> String {
    form_urlencoded::byte_serialize(location.as_str().as_bytes()).collect()
}
