//! Parts of a page that `/assets/live.js` keeps up to date while somebody looks: it asks for the page again and changes
//! what has changed, so that focus, scroll, open details and typed text stay.
//!
//! A live part is an element with an id and `data-live`, whose value is the pause in seconds; one without `data-live` has come
//! to its end. Rows have a `data-key`, by which they are known again. Text in an element with `data-say` is told to screen
//! readers when it changes. While the server is away, a line above says since when nothing is new ([`stale_line`]).

use axum::http::{HeaderMap, HeaderName};
use maud::{Markup, html};

use crate::model::language::Language;

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

/// The place where the script says, while the server does not answer, that the page is as it was.
pub(super) fn stale_line(language: Language) -> Markup {
    let text = language.pick(
        "The server does not answer. This page is as it was at {time}; it goes on by itself when the server is back.",
        "Pelayan tidak menjawab. Halaman ini menunjukkan keadaan pada {time}; ia dikemas kini sendiri apabila pelayan kembali.",
    );
    html! { div #stale role="status" data-text=(text) {} }
}
