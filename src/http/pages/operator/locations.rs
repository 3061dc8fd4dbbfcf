//! `/operator/locations`: a list of all, page by page, and a page for each.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use url::form_urlencoded;

use crate::db::accounts::installs::InstallRow;
use crate::db::history::incidents;
use crate::db::views::operator;
use crate::db::views::operator::Backlog;
use crate::doctor;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::{Operator, Place, components, labels, not_found, overview};
use crate::model::ids::{LocationId, MessageId};
use crate::model::language::Language;

/// How many failures and messages a location's page shows.
const LAST: i64 = 10;

/// The query of the list.
#[derive(Deserialize)]
pub(super) struct Which {
    /// The last location of the previous page.
    #[serde(default)]
    after: String,
    /// If set, only those that need attention.
    troubled: Option<String>,
    /// What is searched: a part of an id, a name or a number.
    find: Option<String>,
}

/// Shows a page of the list, or redirects to the only location that fits what was searched for.
pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Response, PageError> {
    let search = which.find.as_deref().unwrap_or_default().replace('\0', "");
    let search = Some(search.trim()).filter(|search| !search.is_empty());
    let after = which.after.replace('\0', "");
    let listed = operator::Which {
        troubled: which.troubled.is_some(),
        search,
    };
    let mut rows =
        operator::list_locations(&state.pool, &after, listed, components::limit()).await?;
    if let ([only], Some(_), "") = (&rows[..], search, after.as_str()) {
        return Ok(Redirect::to(&components::address(&only.location_id)).into_response());
    }
    let troubled = listed.troubled;
    let has_more = rows.len() > components::PAGE;
    rows.truncate(components::PAGE);
    let next = rows.last().filter(|_| has_more).map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("after", last.location_id.as_str());
        if troubled {
            query.append_pair("troubled", "1");
        }
        if let Some(search) = search {
            query.append_pair("find", search);
        }
        format!("/operator/locations?{}", query.finish())
    });
    let body = html! {
        section.panel {
            form method="get" action="/operator/locations" {
                label for="find" { (language.pick("Find sub-accounts", "Cari sub-akaun")) }
                input #find name="find" type="search" autocomplete="off" value=(search.unwrap_or_default()) placeholder=(language.pick("name, agency, id or number", "nama, agensi, ID atau nombor"));
                div.actions {
                    button.quiet.small type="submit" { (language.pick("Find", "Cari")) }
                    @if troubled { a href="/operator/locations" { (language.pick("Show all", "Tunjuk semua")) } }
                    @else { a href="/operator/locations?troubled=1" { (language.pick("Only those that need somebody", "Hanya yang perlu perhatian")) } }
                }
            }
        }
        section.panel { (table(language, &rows)) (components::next(language, next)) }
    };
    let title = language.pick("Sub-accounts", "Sub-akaun");
    Ok(operator
        .page(language, Place::Locations, title, &body)
        .into_response())
}

fn table(language: Language, rows: &[InstallRow]) -> Markup {
    let names = language.pick(
        [
            "Sub-account",
            "State",
            "Token until",
            "Number",
            "Last from GHL",
            "Last from a customer",
            "Last tick",
        ],
        [
            "Sub-akaun",
            "Keadaan",
            "Token hingga",
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
                td data-label=(names[2]) { (components::maybe(row.expires_at)) }
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
}

/// Longest wait for GHL and Waapify, which the checks ask about each number.
const MAX_CHECK: Duration = Duration::from_secs(30);

/// The open incidents that the monitor noticed; if `is_asked`, what GHL and Waapify say now.
async fn health(
    state: &HttpState,
    language: Language,
    location: &LocationId,
    is_asked: bool,
) -> Result<Markup, PageError> {
    let found = if is_asked {
        let checked = state.doctor.check_location(location);
        tokio::time::timeout(MAX_CHECK, checked).await.ok()
    } else {
        let open = incidents::list_open(&state.pool, location).await?;
        Some(open.iter().map(doctor::describe).collect())
    };
    Ok(html! {
        section.panel {
            h2 { (language.pick("Its health", "Kesihatannya")) }
            @if !is_asked && found.as_ref().is_some_and(Vec::is_empty) {
                p { (language.pick("The watch has noticed nothing.", "Pemantau tidak mengesan apa-apa.")) }
            }
            (overview::findings(language, found.as_deref()))
            p.actions {
                a.button.quiet href={ (components::address(location)) "?check=1" } { (language.pick("Check now", "Semak sekarang")) }
            }
        }
    })
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
    let row = operator::find_location(pool, &location)
        .await?
        .ok_or_else(not_found)?;
    let numbers = operator::list_numbers(pool, Some(&location), ("", ""), false, LAST).await?;
    let backlog = operator::find_backlog(pool, &location).await?;
    let newest = MessageId(i64::MAX);
    let failures = operator::list_failures(pool, Some(&location), newest, LAST).await?;
    let messages = operator::list_messages(pool, &location, newest, LAST).await?;
    let health = health(&state, language, &location, asked.check.is_some()).await?;
    let body = html! {
        (health)
        div.panels {
            (facts(language, &row))
            (backlog_panel(language, &backlog))
        }
        section.panel {
            h2 { (language.pick("Numbers", "Nombor")) }
            (crate::http::pages::operator::numbers::table(language, &numbers, state.clock.now()))
        }
        section.panel {
            h2 { (language.pick("Last failures", "Kegagalan terakhir")) }
            (components::messages(language, &failures))
            p { a href={ "/operator/failures?location=" (query_value(&location)) } { (language.pick("All its failures", "Semua kegagalannya")) } }
        }
        section.panel {
            h2 { (language.pick("Last messages", "Mesej terakhir")) }
            (components::messages(language, &messages))
            p { a href={ (components::address(&location)) "/messages" } { (language.pick("All its messages", "Semua mesejnya")) } }
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

fn facts(language: Language, row: &InstallRow) -> Markup {
    html! {
        section.panel {
            h2 { "GHL" }
            dl.facts {
                dt { (language.pick("Its id", "IDnya")) }
                dd.id { (row.location_id) }
                dt { (language.pick("Stands", "Keadaan")) }
                dd { (labels::state(language, row)) }
                dt { (language.pick("Agency", "Agensi")) }
                dd {
                    @if let Some(name) = &row.company_name { bdi { (name) } " " }
                    span.id { (row.company_id.as_ref().map_or("–", |company| company.as_str())) }
                }
                dt { (language.pick("Token until", "Token hingga")) }
                dd { (components::maybe(row.expires_at)) }
                dt { (language.pick("Last from GHL", "Terakhir dari GHL")) }
                dd { (components::maybe(row.last_out)) }
                dt { (language.pick("Last from a customer", "Terakhir dari pelanggan")) }
                dd { (components::maybe(row.last_in)) }
                dt { (language.pick("Last tick", "Pengesahan terakhir")) }
                dd { (components::maybe(row.last_ack)) }
            }
            @if let Some(trouble) = &row.trouble { p.notice.warn { (reason(language, trouble)) } }
        }
    }
}

fn backlog_panel(language: Language, backlog: &Backlog) -> Markup {
    let counts = [
        (
            backlog.outbound,
            language.pick("waiting for WhatsApp", "menunggu WhatsApp"),
        ),
        (
            backlog.unconfirmed,
            language.pick(
                "being sent or not confirmed",
                "sedang dihantar atau belum disahkan",
            ),
        ),
        (
            backlog.inbound,
            language.pick("waiting for GHL", "menunggu GHL"),
        ),
        (backlog.held, language.pick("held", "ditahan")),
        (
            backlog.statuses,
            language.pick("ticks for GHL", "pengesahan untuk GHL"),
        ),
    ];
    html! {
        section.panel {
            h2 { (language.pick("What waits", "Yang menunggu")) }
            ul.counts {
                @for (count, what) in counts { li { strong { (overview::count(count)) } span { (what) } } }
            }
        }
    }
}
