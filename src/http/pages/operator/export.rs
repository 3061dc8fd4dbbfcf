//! The lists as CSV: streamed page by page, so that a list of any length takes the memory of one page.
//!
//! No message's text, and no customer's number. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a
//! formula: such a cell gets an apostrophe before it.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tracing::warn;

use crate::db::history::audit;
use crate::db::views::locations as places;
use crate::db::views::messages::MessageRow;
use crate::db::views::operator;
use crate::db::views::row_names::RowNames;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::operator::{Operator, audits, failures, locations, numbers};
use crate::model::ids::{CompanyId, MessageId};
use crate::model::language::Language;

/// Rows that one statement reads.
const PAGE: i64 = 500;

/// Cells of a row.
type Cells = Vec<String>;

/// Rows after a key, and the key of the last of them; no key: these were the last rows.
type Page<K> = (Vec<Cells>, Option<K>);

/// A CSV file whose pages `next` reads, from `first` on.
fn file<K, F, R>(name: &str, head: &[&str], first: K, next: F) -> Response
where
    K: Send + 'static,
    F: Fn(K) -> R + Send + 'static,
    R: Future<Output = sqlx::Result<Page<K>>> + Send + 'static,
{
    let head = head.iter().map(ToString::to_string).collect();
    let body = Body::from_stream(lines(head, first, next));
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, disposition),
    ];
    (headers, body).into_response()
}

/// What is left to be sent of a file.
struct Left<K, F> {
    head: Option<Cells>,
    key: Option<K>,
    next: F,
}

fn lines<K, F, R>(head: Cells, first: K, next: F) -> impl Stream<Item = sqlx::Result<Bytes>>
where
    F: Fn(K) -> R,
    R: Future<Output = sqlx::Result<Page<K>>>,
{
    let left = Left {
        head: Some(head),
        key: Some(first),
        next,
    };
    stream::try_unfold(left, |mut left| async move {
        if let Some(head) = left.head.take() {
            return Ok(Some((encoded(vec![head]), left)));
        }
        let Some(key) = left.key.take() else {
            return Ok(None);
        };
        // The reader sees a file that is cut off.
        let page = (left.next)(key).await;
        let (rows, key) = page.inspect_err(|error| warn!(%error, "an export ended early"))?;
        left.key = key;
        Ok(Some((encoded(rows), left)))
    })
}

fn encoded(rows: Vec<Cells>) -> Bytes {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        // Writing to memory fails only where rows have different lengths, and these are made in one place each.
        let _ = writer.write_record(row.iter().map(|cell| harmless(cell)));
    }
    writer.into_inner().unwrap_or_default().into()
}

/// A cell that no spreadsheet takes for a formula.
fn harmless(cell: &str) -> String {
    let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

fn moment(at: Option<OffsetDateTime>) -> String {
    let text = at.and_then(|at| at.format(&Rfc3339).ok());
    text.unwrap_or_default()
}

/// The key of the next page, after a full one.
fn after<T, K>(rows: &[T], key: impl Fn(&T) -> K) -> Option<K> {
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= PAGE);
    rows.last().filter(|_| is_full).map(key)
}

/// `/operator/locations.csv`
pub(super) async fn locations(
    State(state): State<HttpState>,
    _: Operator,
    Query(asked): Query<locations::Which>,
) -> Result<Response, PageError> {
    let pool = state.pool.clone();
    let asked = Arc::new(asked.read(&pool).await?);
    let head = [
        "id",
        "name",
        "agency_id",
        "agency",
        "install_status",
        "token_until",
        "number",
        "on_hold",
        "incidents",
        "last_from_ghl",
        "last_from_customer",
        "last_tick",
    ];
    Ok(file("sub-accounts", &head, String::new(), move |key| {
        let (pool, asked) = (pool.clone(), Arc::clone(&asked));
        async move {
            let rows = places::list_locations(&pool, &key, asked.which(), PAGE).await?;
            let next = after(&rows, |row| row.location_id.0.clone());
            Ok((rows.iter().map(location).collect(), next))
        }
    }))
}

fn location(row: &crate::db::accounts::installs::InstallRow) -> Cells {
    let kinds: Vec<_> = row
        .incident_kinds
        .iter()
        .map(|kind| kind.as_str())
        .collect();
    let hold = row
        .hold_reason
        .as_ref()
        .map(|reason| reason.code().to_owned());
    vec![
        row.location_id.0.clone(),
        row.name.clone().unwrap_or_default(),
        row.company_id
            .as_ref()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
        row.company_name.clone().unwrap_or_default(),
        row.install_status.as_str().to_owned(),
        moment(row.expires_at),
        row.number.clone().unwrap_or_default(),
        hold.unwrap_or_default(),
        kinds.join(" "),
        moment(row.last_out),
        moment(row.last_in),
        moment(row.last_ack),
    ]
}

/// `/operator/numbers.csv`
pub(super) async fn numbers(
    State(state): State<HttpState>,
    _: Operator,
    Query(asked): Query<numbers::Which>,
) -> Response {
    let (pool, asked) = (state.pool.clone(), Arc::new(asked.trimmed()));
    let head = [
        "location_id",
        "location",
        "number",
        "is_default",
        "is_connected",
        "on_hold",
        "connected_at",
        "last_event",
    ];
    let first = (String::new(), String::new());
    file("numbers", &head, first, move |key: (String, String)| {
        let (pool, asked) = (pool.clone(), Arc::clone(&asked));
        async move {
            let key = (key.0.as_str(), key.1.as_str());
            let rows = operator::list_numbers(&pool, asked.which(), key, PAGE).await?;
            let next = after(&rows, |row| (row.location_id.0.clone(), row.number.clone()));
            Ok((rows.iter().map(number).collect(), next))
        }
    })
}

fn number(row: &operator::NumberRow) -> Cells {
    let hold = row
        .hold_reason
        .as_ref()
        .map(|reason| reason.code().to_owned());
    vec![
        row.location_id.0.clone(),
        row.location_name.clone().unwrap_or_default(),
        row.number.clone(),
        row.is_default.to_string(),
        row.is_connected.to_string(),
        hold.unwrap_or_default(),
        moment(Some(row.connected_at)),
        moment(row.last_event),
    ]
}

/// `/operator/failures.csv`
pub(super) async fn failures(
    State(state): State<HttpState>,
    _: Operator,
    language: Language,
    Query(which): Query<failures::Which>,
) -> Result<Response, PageError> {
    let pool = state.pool.clone();
    let failed = which.trimmed().failed(state.clock.now())?;
    let scope = Arc::new(failed.scope(&pool).await?);
    let head = [
        "id",
        "direction",
        "location_id",
        "number",
        "customer_ends_with",
        "reason",
        "why",
        "arrived_at",
        "ghl_message_id",
        // Later columns come last, so that what reads the earlier ones goes on.
        "location",
        "agency_id",
        "agency",
        "customer",
    ];
    Ok(file("failures", &head, MessageId(i64::MAX), move |key| {
        let (pool, scope) = (pool.clone(), Arc::clone(&scope));
        async move {
            let rows = scope.list(&pool, key, PAGE).await?;
            let names = RowNames::of(&pool, &rows).await?;
            let next = after(&rows, |row| row.id);
            let cells = rows.iter().map(|row| failure(language, row, &names));
            Ok((cells.collect(), next))
        }
    }))
}

fn failure(language: Language, row: &MessageRow, names: &RowNames) -> Cells {
    let reason = row.reason.as_ref();
    let place = names.place(&row.location_id);
    let of_place = |text: Option<&str>| text.unwrap_or_default().to_owned();
    vec![
        row.id.to_string(),
        row.direction.as_str().to_owned(),
        row.location_id.0.clone(),
        row.number.clone().unwrap_or_default(),
        row.chat_end.clone().unwrap_or_default(),
        reason
            .map(|reason| reason.code().to_owned())
            .unwrap_or_default(),
        reason
            .map(|reason| reason.text(language))
            .unwrap_or_default(),
        moment(Some(row.accepted_at)),
        row.ghl_message_id
            .as_ref()
            .map(|id| id.0.clone())
            .unwrap_or_default(),
        of_place(place.and_then(|place| place.name.as_deref())),
        of_place(place.and_then(|place| place.company_id.as_ref().map(CompanyId::as_str))),
        of_place(place.and_then(|place| place.company_name.as_deref())),
        of_place(names.customer(row.id)),
    ]
}

/// `/operator/audit.csv`
pub(super) async fn audit(
    State(state): State<HttpState>,
    _: Operator,
    Query(which): Query<audits::Which>,
) -> Response {
    let (pool, location) = (state.pool.clone(), Arc::new(which.location()));
    let head = [
        "id",
        "at",
        "by",
        "who",
        "action",
        "location_id",
        "location",
        "on",
        "count",
        "outcome",
        // Later columns come last, so that what reads the earlier ones goes on.
        "who_is",
    ];
    file("audit", &head, i64::MAX, move |key| {
        let (pool, location) = (pool.clone(), Arc::clone(&location));
        async move {
            let rows = audit::list(&pool, location.as_ref().as_ref(), key, PAGE).await?;
            let next = after(&rows, |row| row.id);
            Ok((rows.iter().map(entry).collect(), next))
        }
    })
}

fn entry(row: &audit::Entry) -> Cells {
    vec![
        row.id.to_string(),
        moment(Some(row.at)),
        row.actor_kind.as_str().to_owned(),
        row.actor.clone().unwrap_or_default(),
        row.action.as_str().to_owned(),
        row.location_id.0.clone(),
        row.location_name.clone().unwrap_or_default(),
        row.place.clone().unwrap_or_default(),
        row.count.map(|count| count.to_string()).unwrap_or_default(),
        row.outcome.as_str().to_owned(),
        row.actor_name.clone().unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("+60123", "'+60123"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("Kedai = Maju", "Kedai = Maju"),
            ("", ""),
        ] {
            assert_eq!(harmless(cell), expected);
        }
        let line = encoded(vec![vec!["=a".to_owned(), "b\",\nc".to_owned()]]);
        assert_eq!(line, "'=a,\"b\"\",\nc\"\n");
    }
}
