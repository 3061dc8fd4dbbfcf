//! Parts of a page that `/assets/live.js` keeps up to date while somebody looks: it asks for the page again and changes
//! what has changed, so that focus, scroll, open details and typed text stay.
//!
//! A live part is an element with an id and `data-live`, whose value is the pause in seconds; one without `data-live` has come
//! to its end. Rows have a `data-key`, by which they are known again. Text in an element with `data-say` is told to screen
//! readers when it changes.

use axum::http::{HeaderMap, HeaderName};

/// The script of such a page.
pub(in crate::http) const SCRIPT: &str = "/assets/live.js";

/// Seconds between two looks at one message, which a person waits for.
pub(in crate::http) const MESSAGE: u32 = 3;
/// Seconds between two looks at a list: its newest row is soon there, and a look costs some 20 ms of the database.
pub(in crate::http) const LIST: u32 = 5;
/// Seconds between two looks at an overview, which counts.
pub(in crate::http) const OVERVIEW: u32 = 10;

/// The header of the script's requests.
static LIVE: HeaderName = HeaderName::from_static("x-live");

/// Whether a script asks and no person: nothing may follow from the question.
pub(in crate::http) fn is_live(headers: &HeaderMap) -> bool {
    headers.contains_key(&LIVE)
}
