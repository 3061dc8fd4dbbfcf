//! What several of these pages show: times, lists of messages, the link to the next page.

use maud::{Markup, html};
use time::OffsetDateTime;
use url::form_urlencoded;

use crate::db::views::messages::MessageRow;
use crate::http::pages::layout::components::{message_state, reason};
use crate::http::pages::layout::times;
use crate::model::ids::LocationId;
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
    html! {
        @if let Some(address) = address {
            p.actions { a.button.quiet href=(address) rel="next" { (language.pick("Next page", "Halaman seterusnya")) } }
        }
    }
}

pub(super) fn direction(language: Language, direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => language.pick("to WhatsApp", "ke WhatsApp"),
        Direction::Inbound => language.pick("to GHL", "ke GHL"),
    }
}

/// Messages as rows.
pub(super) fn messages(language: Language, rows: &[MessageRow]) -> Markup {
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
                td data-label=(names[3]) { (location(&row.location_id)) }
                td data-label=(names[4]) { @match &row.chat_end { Some(end) => { "…" (end) } None => { "–" } } }
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
pub(super) fn filtered(language: Language, by: &[(&str, Option<String>)], all: &str) -> Markup {
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
