//! `/operator/numbers`: every number of every business, and the state of its link.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;

use crate::db::views::operator;
use crate::db::views::operator::{NumberRow, WhichNumbers};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::message_charts::Sparks;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::language::Language;

const PATH: &str = "/operator/numbers";

/// The query of the list, and of its export.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Which {
    /// The last location of the previous page.
    location: Option<String>,
    /// The last number of that location on the previous page.
    number: Option<String>,
    /// If set, only those on hold.
    held: Option<String>,
    /// If set, only connected ones.
    connected: Option<String>,
    /// Only those on hold for this reason, by its code.
    hold: Option<String>,
    /// Only those that send nothing because everything fails with this reason, by its code.
    circuit: Option<String>,
    /// Only those of this agency.
    agency: Option<String>,
}

impl Which {
    /// Without what is empty.
    pub(super) fn trimmed(&self) -> Self {
        let entered = |text: &Option<String>| components::entered(text.as_ref());
        Self {
            location: entered(&self.location),
            number: entered(&self.number),
            held: self.held.clone(),
            connected: self.connected.clone(),
            hold: entered(&self.hold),
            circuit: entered(&self.circuit),
            agency: entered(&self.agency),
        }
    }

    /// Of which numbers it speaks.
    pub(super) fn which(&self) -> WhichNumbers<'_> {
        WhichNumbers {
            location: None,
            company: self.agency.as_deref(),
            connected: self.connected.is_some(),
            held: self.held.is_some(),
            hold: self.hold.as_deref(),
            circuit: self.circuit.as_deref(),
        }
    }

    /// The same numbers at another address, after one of them.
    fn address(&self, path: &str, after: Option<&NumberRow>) -> String {
        let parts = [
            ("location", after.map(|row| row.location_id.as_str())),
            ("number", after.map(|row| row.number.as_str())),
            ("held", self.held.as_deref()),
            ("connected", self.connected.as_deref()),
            ("hold", self.hold.as_deref()),
            ("circuit", self.circuit.as_deref()),
            ("agency", self.agency.as_deref()),
        ];
        components::with_query(path, &parts)
    }
}

pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let (which, pool, now) = (which.trimmed(), &state.pool, state.clock.now());
    let key = |text: &Option<String>| text.clone().unwrap_or_default();
    let after = (key(&which.location), key(&which.number));
    let after = (after.0.as_str(), after.1.as_str());
    let mut rows = operator::list_numbers(pool, which.which(), after, components::limit()).await?;
    let has_more = rows.len() > components::PAGE;
    rows.truncate(components::PAGE);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|last| which.address(PATH, Some(last)));
    let shown: Vec<_> = rows.iter().map(|row| row.location_id.as_str()).collect();
    let sparks = Sparks::find(pool, &distinct(shown), now).await?;
    let agency = components::owner(pool, which.agency.as_deref()).await?;
    let by = [
        (language.pick("on hold", "ditahan"), which.hold.clone()),
        (
            language.pick("those that cannot send:", "yang tidak dapat menghantar:"),
            which.circuit.clone(),
        ),
        (language.pick("agency", "agensi"), agency),
    ];
    let body = html! {
        section.panel {
            p {
                @if which.held.is_some() { a href=(PATH) { (language.pick("Show all", "Tunjuk semua")) } }
                @else { a href="/operator/numbers?held=1" { (language.pick("Only those on hold", "Hanya yang ditahan")) } }
            }
            (components::filtered(language, &by, PATH))
            (table(language, &rows, &sparks, now))
            (components::next(language, next))
            p { a href=(which.address("/operator/numbers.csv", None)) { (language.pick("All of these as CSV", "Semua ini sebagai CSV")) } }
        }
    };
    let title = language.pick("Numbers", "Nombor");
    Ok(operator.page(language, Place::Numbers, title, &body))
}

/// Each once; they are in order.
fn distinct(mut ids: Vec<&str>) -> Vec<&str> {
    ids.dedup();
    ids
}

/// Numbers as rows.
pub(super) fn table(
    language: Language,
    rows: &[NumberRow],
    sparks: &Sparks,
    now: OffsetDateTime,
) -> Markup {
    let names = language.pick(
        [
            "Number",
            "Sub-account",
            "State",
            "Last 14 days",
            "Connected",
            "Last event",
        ],
        [
            "Nombor",
            "Sub-akaun",
            "Keadaan",
            "14 hari lalu",
            "Disambung",
            "Peristiwa terakhir",
        ],
    );
    let rows = rows.iter().map(|row| {
        html! {
            tr {
                td data-label=(names[0]) { "+" (row.number) }
                td data-label=(names[1]) { (components::named_location(&row.location_id, row.location_name.as_deref())) }
                td data-label=(names[2]) { (state(language, row, now)) }
                td data-label=(names[3]) { (sparks.of_number(language, &row.location_id, &row.number)) }
                td data-label=(names[4]) { (components::moment(row.connected_at)) }
                td data-label=(names[5]) { (components::maybe(row.last_event)) }
            }
        }
    });
    components::table(language, &names, rows)
}

fn state(language: Language, row: &NumberRow, now: OffsetDateTime) -> Markup {
    html! {
        @if !row.is_connected {
            span.pill { (language.pick("disconnected", "diputuskan")) }
        } @else if let Some(hold) = &row.hold_reason {
            span.pill.bad { (language.pick("on hold", "ditahan")) }
            p { (reason(language, hold)) }
            @if row.next_send_at > now {
                p.hint { (language.pick("Tried again at ", "Dicuba lagi pada ")) (components::moment(row.next_send_at)) }
            }
        } @else if row.is_default {
            span.pill.good { (language.pick("sends", "menghantar")) }
        } @else {
            span.pill { (language.pick("only receives", "menerima sahaja")) }
        }
        @if let Some(interval) = row.min_interval_ms {
            p.hint { (language.pick("Pause of its own: ", "Jeda sendiri: ")) (interval) " ms" }
        }
    }
}
