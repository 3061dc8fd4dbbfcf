//! `/operator/numbers`: every number of every business, and the state of its link.

use axum::extract::{Query, State};
use maud::{Markup, html};
use serde::Deserialize;
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::db::views::operator;
use crate::db::views::operator::NumberRow;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::components::reason;
use crate::http::pages::operator::{Operator, Place, components};
use crate::model::language::Language;

/// The query of the list.
#[derive(Deserialize)]
pub(super) struct Which {
    /// The last location of the previous page.
    #[serde(default)]
    location: String,
    /// The last number of that location on the previous page.
    #[serde(default)]
    number: String,
    /// If set, only those on hold.
    held: Option<String>,
}

pub(super) async fn list(
    State(state): State<HttpState>,
    operator: Operator,
    language: Language,
    Query(which): Query<Which>,
) -> Result<Markup, PageError> {
    let held = which.held.is_some();
    let (location, number) = (
        which.location.replace('\0', ""),
        which.number.replace('\0', ""),
    );
    let after = (location.as_str(), number.as_str());
    let mut rows =
        operator::list_numbers(&state.pool, None, after, held, components::limit()).await?;
    let has_more = rows.len() > components::PAGE;
    rows.truncate(components::PAGE);
    let next = rows.last().filter(|_| has_more).map(|last| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("location", last.location_id.as_str());
        query.append_pair("number", &last.number);
        if held {
            query.append_pair("held", "1");
        }
        format!("/operator/numbers?{}", query.finish())
    });
    let body = html! {
        section.panel {
            p {
                @if held { a href="/operator/numbers" { (language.pick("Show all", "Tunjuk semua")) } }
                @else { a href="/operator/numbers?held=1" { (language.pick("Only those on hold", "Hanya yang ditahan")) } }
            }
            (table(language, &rows, state.clock.now()))
            (components::next(language, next))
        }
    };
    let title = language.pick("Numbers", "Nombor");
    Ok(operator.page(language, Place::Numbers, title, &body))
}

/// Numbers as rows.
pub(super) fn table(language: Language, rows: &[NumberRow], now: OffsetDateTime) -> Markup {
    let names = language.pick(
        ["Number", "Sub-account", "State", "Connected", "Last event"],
        [
            "Nombor",
            "Sub-akaun",
            "Keadaan",
            "Disambung",
            "Peristiwa terakhir",
        ],
    );
    let rows = rows.iter().map(|row| {
        html! {
            tr {
                td data-label=(names[0]) { "+" (row.number) }
                td data-label=(names[1]) { (components::location(&row.location_id)) }
                td data-label=(names[2]) { (state(language, row, now)) }
                td data-label=(names[3]) { (components::moment(row.connected_at)) }
                td data-label=(names[4]) { (components::maybe(row.last_event)) }
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
