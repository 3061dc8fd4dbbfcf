//! A QR code that a phone scans, with how to do it: for the connect page and the page inside GHL.
//!
//! Owns: the picture's place, the words, and what the script is told. Refuses: asking Waapify; the addresses do.

use maud::{Markup, html};
use serde::Serialize;

use crate::accounts::qr_linking::Progress;
use crate::model::language::{Language, Text};

/// What the address for the state answers, as JSON.
#[derive(Serialize)]
pub(in crate::http) struct Said {
    /// `waiting`, `linked` (the page loads itself again) or `stopped`.
    state: &'static str,
    /// For people.
    text: String,
}

impl Said {
    fn new(state: &'static str, text: &Text, language: Language) -> Self {
        Self {
            state,
            text: text.of(language).to_owned(),
        }
    }

    /// How far it is, in one language.
    pub(in crate::http) fn of(language: Language, progress: &Progress) -> Self {
        match progress {
            Progress::Waiting => Self::new("waiting", &waiting(), language),
            Progress::Linked(_) => Self::linked(),
            Progress::Stopped(error) if error.is_passing() => {
                Self::new("waiting", &error.text(), language)
            }
            Progress::Stopped(error) => Self::new("stopped", &error.text(), language),
        }
    }

    /// It cannot go on.
    pub(in crate::http) fn stopped(language: Language, text: &Text) -> Self {
        Self::new("stopped", text, language)
    }

    /// A phone is linked.
    pub(in crate::http) fn linked() -> Self {
        Self {
            state: "linked",
            text: String::new(),
        }
    }
}

/// What is said while nobody has scanned.
pub(in crate::http) fn waiting() -> Text {
    Text::new(
        "Waiting for your phone. The code changes by itself every few seconds.",
        "Menunggu telefon anda. Kod ini bertukar sendiri setiap beberapa saat.",
    )
}

/// The code and how to scan it. The page's script, `/assets/connect.js`, has it renewed from `picture` (a PNG; anything
/// else is asked for again), asks `state` for [`Said`], and loads the page again when the phone is linked.
pub(in crate::http) fn code(language: Language, picture: &str, state: &str) -> Markup {
    html! {
        ol.steps {
            li { (language.pick(
                "On the phone that has the number, open WhatsApp or WhatsApp Business.",
                "Pada telefon yang mempunyai nombor itu, buka WhatsApp atau WhatsApp Business.",
            )) }
            li { (language.pick(
                "Open Settings (iPhone) or the menu ⋮ (Android), then Linked devices › Link a device.",
                "Buka Settings (iPhone) atau menu ⋮ (Android), kemudian Linked devices › Link a device.",
            )) }
            li { (language.pick("Point the camera at this code.", "Halakan kamera pada kod ini.")) }
        }
        figure.qr data-picture=(picture) data-state=(state)
            data-late=(language.pick("The code is being made…", "Kod sedang disediakan…"))
            data-over=(language.pick("Show a new code", "Tunjukkan kod baharu")) {
            img src=(picture) width="272" height="272"
                alt=(language.pick("QR code to link your phone", "Kod QR untuk memautkan telefon anda"));
            figcaption.hint role="status" data-said { (waiting().of(language)) }
        }
    }
}
