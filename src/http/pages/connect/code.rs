//! Renders the page with the QR code, and how to scan it with the phone in one's hand.

use maud::{Markup, html};

use crate::http::HttpState;
use crate::http::pages::connect::views::{REFRESH_SECONDS, SCRIPT, ways_out};
use crate::http::pages::connect::{Opened, scan_address};
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, qr};
use crate::model::language::{Language, Text};

/// The QR code. `problem` is what Waapify said instead of linking.
pub(super) fn scan(
    language: Language,
    state: &HttpState,
    opened: &Opened,
    problem: Option<&Text>,
) -> Markup {
    let title = language.pick(
        "Scan this code with WhatsApp",
        "Imbas kod ini dengan WhatsApp",
    );
    let frame = Frame {
        scripts: SCRIPT,
        refresh: Some(REFRESH_SECONDS),
        ..Frame::default()
    };
    let body = html! {
        @if let Some(problem) = problem { p.notice.bad role="alert" { (problem.of(language)) } }
        (qr::code(language, &format!("{}/qr.png", opened.path), &format!("{}/state", opened.path)))
        (share(language, &scan_address(state, opened)))
        div.actions {
            form method="post" action={ (opened.path) "/cancel" } {
                button.quiet type="submit" { (language.pick("Use other keys instead", "Guna maklumat lain")) }
            }
        }
        (ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

/// What to do when the phone that has to scan shows this page.
fn share(language: Language, address: &str) -> Markup {
    html! {
        details {
            summary { (language.pick("The phone with the number is the one in my hand", "Telefon dengan nombor itu ialah yang di tangan saya")) }
            p { (language.pick(
                "A phone cannot scan its own screen. Open this address on another screen, such as a computer or somebody else's phone: the code appears there. Scan it with this phone, then come back to this page.",
                "Telefon tidak boleh mengimbas skrinnya sendiri. Buka alamat ini pada skrin lain, contohnya komputer atau telefon orang lain: kod akan muncul di situ. Imbas dengan telefon ini, kemudian kembali ke halaman ini.",
            )) }
            label for="share" { (language.pick("Address of the code", "Alamat kod")) }
            input #share value=(address) readonly aria-describedby="share-hint"
                data-copy=(language.pick("Copy the address", "Salin alamat"))
                data-copied=(language.pick("Copied", "Disalin"));
            p.hint #share-hint { (language.pick(
                "It shows nothing but the code, and ends with this page's own link. Whoever has it could scan the code, so you are asked about the number before it is used.",
                "Ia hanya menunjukkan kod, dan tamat bersama pautan halaman ini. Sesiapa yang memilikinya boleh mengimbas kod itu, jadi anda akan ditanya tentang nombor itu sebelum ia digunakan.",
            )) }
            p { a href={ "mailto:?body=" (address) } { (language.pick("Send it to myself by mail", "Hantar kepada diri sendiri melalui e-mel")) } }
        }
    }
}
