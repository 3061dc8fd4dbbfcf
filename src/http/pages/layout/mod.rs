//! The frame of every page: rendered on the server, one style sheet, no inline script.
//!
//! Owns the head, the header with the link to the other `language`, and what all pages share: `times` in people's zones,
//! `names` with their ids, parts that stay up to date (`live`), the `checklist`, `qr` codes. The pages decide what they say, with these classes of
//! `page.css`: `p.notice` with `good`, `warn` or `bad`; `span.pill` with the same; `a.button`, `button` and `.quiet`
//! for the second choice; `section.panel` with an `h2`; `dl.facts`; `table.rows` (its cells name their column in
//! `data-label`, which a phone shows); `ol.steps` (numbered, `li.done` ticked); `figure.qr`; `p.hint` under a field;
//! `.actions` for a row of buttons.

pub(in crate::http) mod charts;
pub(in crate::http) mod checklist;
pub(in crate::http) mod components;
pub(in crate::http) mod language;
pub(in crate::http) mod live;
pub(in crate::http) mod names;
pub(in crate::http) mod qr;
pub(in crate::http) mod ticks;
pub(in crate::http) mod times;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use maud::{DOCTYPE, Markup, html};

use crate::model::language::Language;
use crate::model::zone::Zone;

/// Style sheets and scripts change only with a release. A browser that keeps one for ten minutes is soon up to date.
pub(in crate::http) const ASSET_CACHE: &str = "public, max-age=600";

/// The options of a page's frame.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::http) struct Frame<'a> {
    /// Our scripts that it loads, such as `/assets/app.js`.
    pub scripts: &'a [&'a str],
    /// Seconds after which the page is out of date where no script renews it: a browser without JavaScript gets a link that
    /// loads it again. (A page that reloads by itself takes what people read or type away from them.)
    pub refresh: Option<u32>,
    /// Whether the page is wide, for tables and several panels.
    pub is_wide: bool,
    /// The name at the right of the header: a location's or the operator's.
    pub whose: Option<&'a str>,
    /// The id beside that name.
    pub id: Option<&'a str>,
    /// The zone of the times on the page; none: there are no times.
    pub zone: Option<&'a Zone>,
    /// Whether the times stay in that zone; else the script shows them in the reader's.
    pub is_zone_fixed: bool,
    /// The part of the page's query that the link to the other language must keep.
    pub kept: Option<(&'a str, &'a str)>,
}

impl<'a> Frame<'a> {
    /// A frame with these scripts of ours.
    pub(in crate::http) const fn with_scripts(scripts: &'a [&'a str]) -> Self {
        Self {
            scripts,
            refresh: None,
            is_wide: false,
            whose: None,
            id: None,
            zone: None,
            is_zone_fixed: false,
            kept: None,
        }
    }
}

/// A page with a title and a body.
pub(in crate::http) fn page(language: Language, title: &str, body: &Markup) -> Markup {
    framed(language, title, Frame::default(), body)
}

/// A page with these frame options.
pub(in crate::http) fn framed(
    language: Language,
    title: &str,
    frame: Frame<'_>,
    body: &Markup,
) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) }
                link rel="icon" href="/assets/mark.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/page.css";
                script src="/assets/back.js" defer {}
                @if frame.zone.is_some() { script src="/assets/times.js" defer {} }
                @for script in frame.scripts { script src=(script) defer {} }
            }
            body {
                a.skip href="#content" { (language.pick("Skip to the content", "Terus ke kandungan")) }
                header.top {
                    img src="/assets/mark.svg" alt="" width="28" height="28";
                    span.name { (language.pick("WhatsApp for GHL", "WhatsApp untuk GHL")) }
                    @if let Some(whose) = frame.whose {
                        span.whose { bdi { (whose) } @if let Some(id) = frame.id { " " span.id { (id) } } }
                    }
                    (language::switch(language, frame.kept))
                }
                main #content.wide[frame.is_wide] {
                    h1 { (title) }
                    @if frame.scripts.contains(&live::SCRIPT) { (live::stale_line(language)) }
                    @if let Some(seconds) = frame.refresh { (load_again(language, seconds)) }
                    (body)
                    @if let Some(zone) = frame.zone { (times::note(language, zone, frame.is_zone_fixed)) }
                }
            }
        }
    }
}

/// For a browser without JavaScript.
fn load_again(language: Language, seconds: u32) -> Markup {
    html! {
        noscript { p.notice {
            (language.pick("Without JavaScript this page does not change by itself. After about ", "Tanpa JavaScript halaman ini tidak berubah sendiri. Selepas kira-kira "))
            (seconds)
            (language.pick(" seconds, ", " saat, "))
            a href="" { (language.pick("load it again", "muat semula halaman ini")) }
            "."
        } }
    }
}

/// A page with one text, and the way to where its reader belongs.
pub(in crate::http) fn message(
    language: Language,
    title: &str,
    text: &str,
    home: Option<&str>,
) -> Markup {
    let body = html! {
        p { (text) }
        @if let Some(home) = home {
            p { a href=(home) { (language.pick("Go to the first page", "Pergi ke halaman pertama")) } }
        }
    };
    page(language, title, &body)
}

/// A static file of ours that every page may load.
macro_rules! asset {
    ($kind:literal, $file:literal) => {
        (
            [(CONTENT_TYPE, $kind), (CACHE_CONTROL, ASSET_CACHE)],
            include_str!($file),
        )
    };
}

pub(in crate::http) async fn stylesheet() -> impl IntoResponse {
    let mut sheet = asset!("text/css; charset=utf-8", "page.css");
    sheet.1 = concat!(include_str!("page.css"), include_str!("charts.css"));
    sheet
}

/// The mark in the header and in the tab.
pub(in crate::http) async fn mark() -> impl IntoResponse {
    asset!("image/svg+xml", "mark.svg")
}

/// Lets Back and reload lead somewhere: every page loads it.
pub(in crate::http) async fn back_script() -> impl IntoResponse {
    asset!("text/javascript; charset=utf-8", "back.js")
}

/// Shows the times of a page in one zone.
pub(in crate::http) async fn times_script() -> impl IntoResponse {
    asset!("text/javascript; charset=utf-8", "times.js")
}

/// Keeps parts of a page up to date.
pub(in crate::http) async fn live_script() -> impl IntoResponse {
    asset!("text/javascript; charset=utf-8", "live.js")
}

/// Asks GHL's page around `/app` for its user.
pub(in crate::http) async fn app_script() -> impl IntoResponse {
    asset!("text/javascript; charset=utf-8", "app.js")
}

/// The script of the connect page and of the checklist.
pub(in crate::http) async fn connect_script() -> impl IntoResponse {
    asset!("text/javascript; charset=utf-8", "connect.js")
}
