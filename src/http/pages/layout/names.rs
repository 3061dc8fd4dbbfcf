//! Names as GHL knows them, with the id beside. A name is in `bdi`: one in Arabic or Hebrew changes nothing around it.

use maud::{Markup, html};

/// A sub-account or an agency: its name with its id, or the id alone.
pub(in crate::http) fn named(name: Option<&str>, id: &str) -> Markup {
    html! {
        @match name {
            Some(name) => { bdi { (name) } " (" span.id { (id) } ")" }
            None => span.id { (id) }
        }
    }
}

/// A customer: the name and the last digits of the number, as far as they are known.
pub(in crate::http) fn customer(name: Option<&str>, end: Option<&str>) -> Markup {
    html! {
        @match (name, end) {
            // One part, for a phone shows a cell as a grid.
            (Some(name), Some(end)) => span { bdi { (name) } " …" (end) }
            (Some(name), None) => bdi { (name) }
            (None, Some(end)) => { "…" (end) }
            (None, None) => "—"
        }
    }
}
