//! A QR code for a phone to scan, with instructions: for the connect page and the page inside GHL.
//!
//! Owns the text, and the JSON for the script. Does not ask Waapify; the addresses that it is given do.

use maud::{Markup, html};
use serde::Serialize;

use crate::accounts::qr_linking::Progress;
use crate::model::language::{Language, Text};

/// The answer of the state's address, as JSON.
#[derive(Serialize)]
pub(in crate::http) struct Said {
    /// `waiting`, `troubled` (it may still go on), `linked` (the page loads itself again) or `stopped`.
    state: &'static str,
    /// A text for people.
    text: String,
}

impl Said {
    fn new(state: &'static str, text: &Text, language: Language) -> Self {
        Self {
            state,
            text: text.of(language).to_owned(),
        }
    }

    /// The progress in one language.
    pub(in crate::http) fn of(language: Language, progress: &Progress) -> Self {
        match progress {
            Progress::Waiting => Self::new("waiting", &waiting(), language),
            Progress::Linked(_) => Self::linked(),
            Progress::Stopped(error) if error.is_passing() => {
                Self::new("troubled", &error.text(), language)
            }
            Progress::Stopped(error) => Self::new("stopped", &error.text(), language),
        }
    }

    /// Linking cannot continue.
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

/// The text while no phone has scanned the code.
pub(in crate::http) fn waiting() -> Text {
    Text::new(
        "Waiting for your phone. The code changes by itself every few seconds.",
        "Menunggu telefon anda. Kod ini bertukar sendiri setiap beberapa saat.",
    )
}

/// The text while the service itself does not answer.
fn away(language: Language) -> &'static str {
    language.pick(
        "The server does not answer. This page asks again by itself, and goes on when it is back.",
        "Pelayan tidak menjawab. Halaman ini bertanya lagi sendiri, dan bersambung apabila ia kembali.",
    )
}

/// The code, and how to scan it. The page's script, `/assets/connect.js`, loads it again from `picture` (a PNG; it
/// retries after anything else), requests [`Said`] from `state`, and reloads the page when the phone is linked.
pub(in crate::http) fn code(language: Language, picture: &str, state: &str) -> Markup {
    html! {
        ol.steps {
            li { (language.pick(
                "On the phone that has the number, open WhatsApp or WhatsApp Business.",
                "Pada telefon yang mempunyai nombor itu, buka WhatsApp atau WhatsApp Business.",
            )) }
            li { (language.pick(
                "Open Settings (iPhone) or the menu ⋮ (Android), then Linked devices › Link a device.",
                "Buka Settings (Tetapan) pada iPhone, atau menu ⋮ pada Android, kemudian Linked devices (Peranti terpaut) › Link a device (Pautkan peranti).",
            )) }
            li { (language.pick("Point the camera at this code.", "Halakan kamera pada kod ini.")) }
        }
        figure.qr data-picture=(picture) data-state=(state)
            data-late=(language.pick("The code is being made…", "Kod sedang disediakan…"))
            data-stuck=(language.pick(
                "Waapify has given no code yet. It may be busy: wait a minute, then load this page again. If that does not help, look whether Waapify works at all.",
                "Waapify belum memberi kod. Ia mungkin sibuk: tunggu seminit, kemudian muat semula halaman ini. Jika tidak membantu, semak sama ada Waapify berfungsi.",
            ))
            data-away=(away(language))
            data-over=(language.pick("Show a new code", "Tunjukkan kod baharu")) {
            img src=(picture) width="272" height="272"
                alt=(language.pick("QR code to link your phone", "Kod QR untuk memautkan telefon anda"));
            figcaption.hint { span role="status" data-said { (waiting().of(language)) } }
        }
    }
}
