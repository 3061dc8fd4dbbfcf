//! What a browser sees before it has a session: the page that asks GHL for its user.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::http::error::PageError;
use crate::http::pages::layout;
use crate::http::pages::layout::Frame;
use crate::http::pages::location::shown_in::{SHOWN_IN, ShownIn};
use crate::model::language::{Language, Text};

/// The page that asks by itself, and brings back which site it is shown in. Only this step needs a script, because GHL answers nothing else.
pub(super) fn page(language: Language, shown_in: &ShownIn) -> Markup {
    let scripts = ["/assets/app.js"];
    let frame = Frame {
        scripts: &scripts,
        kept: shown_in.0.as_deref().map(|sealed| (SHOWN_IN, sealed)),
        ..Frame::default()
    };
    let action = match &shown_in.0 {
        Some(sealed) => format!("/app/session?{SHOWN_IN}={sealed}"),
        None => "/app/session".to_owned(),
    };
    let title = language.pick(
        "WhatsApp in this sub-account",
        "WhatsApp dalam sub-akaun ini",
    );
    layout::framed(
        language,
        title,
        frame,
        &html! {
            form #exchange method="post" action=(action) hidden { input type="hidden" name="payload"; }
            p #asking role="status" hidden {
                (language.pick("One moment: we are asking GHL which sub-account is open.", "Sebentar: kami sedang bertanya GHL sub-akaun mana yang dibuka."))
            }
            div #unanswered role="alert" hidden {
                p.notice.warn { (language.pick("GHL did not tell us which sub-account is open.", "GHL tidak memberitahu kami sub-akaun mana yang dibuka.")) }
                p { (language.pick(
                    "This page works inside GHL only. Log in to GHL, open your sub-account, and choose this app in the menu at the left. If you are there already, reload the page in your browser.",
                    "Halaman ini hanya berfungsi di dalam GHL. Log masuk ke GHL, buka sub-akaun anda, dan pilih aplikasi ini dalam menu di sebelah kiri. Jika anda sudah berada di sana, muat semula halaman dalam pelayar anda.",
                )) }
            }
            noscript {
                p.notice.warn { (language.pick(
                    "Please turn JavaScript on for this page: GHL tells us with it which sub-account is open. Everything after that works without.",
                    "Sila hidupkan JavaScript untuk halaman ini: dengan itulah GHL memberitahu kami sub-akaun mana yang dibuka. Selepas itu semuanya berfungsi tanpanya.",
                )) }
            }
        },
    )
}

/// The browser was given a cookie and came back without it.
pub(super) fn no_cookies() -> PageError {
    PageError {
        status: StatusCode::UNAUTHORIZED,
        title: Text::new(
            "Your browser keeps no cookies here",
            "Pelayar anda tidak menyimpan kuki di sini",
        ),
        text: Text::new(
            "This page needs one cookie for an hour, and your browser refuses it inside GHL. Allow cookies for this page (in Safari: update it, or turn off \"Block all cookies\"), or use a current Chrome, Edge or Firefox. Then reload the page in GHL.",
            "Halaman ini memerlukan satu kuki selama sejam, dan pelayar anda menolaknya di dalam GHL. Benarkan kuki untuk halaman ini (dalam Safari: kemas kini, atau matikan \"Block all cookies\"), atau gunakan Chrome, Edge atau Firefox yang terkini. Kemudian muat semula halaman dalam GHL.",
        ),
    }
}
