//! What several of these pages show: times, lists of messages, the link to the next page.

use maud::{Markup, Render, html};
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::db::accounts::account_names;
use crate::db::connection::Pool;
use crate::db::views::messages::MessageRow;
use crate::db::views::row_names::{Place, RowNames};
use crate::http::pages::layout::components::{message_state, reason};
use crate::http::pages::layout::names::customer;
use crate::http::pages::layout::times;
use crate::model::ids::{CompanyId, LocationId};
use crate::model::language::Language;
use crate::model::states::Direction;
use crate::model::zone::Zone;

/// Rows on one page: more than fit on a screen, few enough to load at once.
pub(super) const PAGE: usize = 50;

/// These pages are about sub-accounts in many zones.
pub(super) const UTC: Zone = Zone::utc();

/// One row more than a page shows, which tells whether there is another page.
pub(super) fn limit() -> i64 {
    i64::try_from(PAGE + 1).unwrap_or(i64::MAX)
}

/// A time; the script shows it in the reader's zone.
pub(super) fn moment(at: OffsetDateTime) -> Markup {
    times::seconds(&UTC, at)
}

/// A time to the minute that may be missing.
pub(super) fn maybe(at: Option<OffsetDateTime>) -> Markup {
    at.map_or_else(|| html! { "–" }, |at| times::minutes(&UTC, at))
}

/// The address of a location's page.
pub(super) fn address(location: &LocationId) -> String {
    let id: String = form_urlencoded::byte_serialize(location.as_str().as_bytes()).collect();
    // In a path, a plus does not mean a space.
    format!("/operator/locations/{}", id.replace('+', "%20"))
}

/// A location, linked to its page.
pub(super) fn location(id: &LocationId) -> Markup {
    html! { a.id href=(address(id)) { (id) } }
}

/// A link to the next page, if there is one.
pub(super) fn next(language: Language, address: Option<String>) -> Markup {
    both_ways(language, None, address)
}

/// Links to the pages before and behind, as far as there are any.
pub(super) fn both_ways(
    language: Language,
    previous: Option<String>,
    next: Option<String>,
) -> Markup {
    html! {
        @if previous.is_some() || next.is_some() {
            p.actions {
                @if let Some(address) = previous {
                    a.button.quiet href=(address) rel="prev" { (language.pick("Previous page", "Halaman sebelumnya")) }
                }
                @if let Some(address) = next {
                    a.button.quiet href=(address) rel="next" { (language.pick("Next page", "Halaman seterusnya")) }
                }
            }
        }
    }
}

pub(super) fn direction(language: Language, direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => language.pick("to WhatsApp", "ke WhatsApp"),
        Direction::Inbound => language.pick("to GHL", "ke GHL"),
    }
}

/// Messages as rows, with the names of whose they are.
pub(super) fn messages(language: Language, rows: &[MessageRow], known: &RowNames) -> Markup {
    let names = language.pick(
        [
            "Message",
            "State",
            "Came at",
            "Sub-account",
            "Customer",
            "Why",
        ],
        [
            "Mesej",
            "Keadaan",
            "Diterima",
            "Sub-akaun",
            "Pelanggan",
            "Sebab",
        ],
    );
    let rows = rows.iter().map(|row| {
        html! {
            tr {
                td data-label=(names[0]) { a href={ "/operator/messages/" (row.id) } { (row.id) ", " (direction(language, row.direction)) } }
                td data-label=(names[1]) { (message_state(language, row.direction, row.state)) }
                td data-label=(names[2]) { (moment(row.accepted_at)) }
                td data-label=(names[3]) { (place(&row.location_id, known.place(&row.location_id))) }
                td data-label=(names[4]) { (customer(known.customer(row.id), row.chat_end.as_deref())) }
                td data-label=(names[5]) { @match &row.reason { Some(why) => (reason(language, why)), None => "–" } }
            }
        }
    });
    table(language, &names, rows)
}

/// A table with these column names; a word if it has no rows.
pub(super) fn table(
    language: Language,
    names: &[&str],
    rows: impl ExactSizeIterator<Item = Markup>,
) -> Markup {
    if rows.len() == 0 {
        return html! { p.hint { (language.pick("There is none.", "Tiada.")) } };
    }
    html! {
        table.rows {
            thead { tr { @for name in names { th scope="col" { (name) } } } }
            tbody { @for row in rows { (row) } }
        }
    }
}

/// An address with those parts of a query that are not none.
pub(super) fn with_query(path: &str, parts: &[(&str, Option<&str>)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parts {
        if let Some(value) = value {
            query.append_pair(name, value);
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// What was entered, without spaces around it and without NUL, which Postgres does not take; none if nothing was.
pub(super) fn entered(text: Option<&String>) -> Option<String> {
    let text = text?.replace('\0', "");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// A location with its agency, by their names and ids.
pub(super) fn place(id: &LocationId, known: Option<&Place>) -> Markup {
    html! {
        // One part, for a phone shows a cell as a grid.
        div {
            (named_location(id, known.and_then(|known| known.name.as_deref())))
            @if let Some(company) = known.and_then(|known| known.company_id.as_ref()) {
                p.note { (agency(company, known.and_then(|known| known.company_name.as_deref()))) }
            }
        }
    }
}

/// An agency by its name and id, linked to the list of its locations.
pub(super) fn agency(id: &CompanyId, name: Option<&str>) -> Markup {
    let list = with_query("/operator/locations", &[("agency", Some(id.as_str()))]);
    html! {
        @match name {
            Some(name) => { a href=(list) { bdi { (name) } } " " span.id { (id) } }
            None => a.id href=(list) { (id) },
        }
    }
}

/// A location by its name, linked to its page; by its id, where it has none.
pub(super) fn named_location(id: &LocationId, name: Option<&str>) -> Markup {
    html! {
        @match name {
            Some(name) => { a href=(address(id)) { bdi { (name) } } " " span.id { (id) } }
            None => (location(id)),
        }
    }
}

/// The filters that are on, with a link that takes them off.
pub(super) fn filtered<V: Render>(
    language: Language,
    by: &[(&str, Option<V>)],
    all: &str,
) -> Markup {
    html! {
        @if by.iter().any(|(_, value)| value.is_some()) {
            p {
                (language.pick("Only ", "Hanya "))
                @for (name, value) in by {
                    @if let Some(value) = value { (name) " " strong { bdi { (value) } } ". " }
                }
                a href=(all) { (language.pick("Show all", "Tunjuk semua")) }
            }
        }
    }
}

/// A location or an agency that a filter names, by its name and id.
pub(super) async fn owner(pool: &Pool, id: Option<&str>) -> sqlx::Result<Option<String>> {
    let Some(id) = id else { return Ok(None) };
    let mut names = account_names::list_names(pool, &[id]).await?;
    let name = names.remove(id).map(|name| format!("{name} ({id})"));
    Ok(Some(name.unwrap_or_else(|| id.to_owned())))
}
