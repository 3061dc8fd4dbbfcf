//! The last step of the set-up, which only a person can do in GHL: a short list with a picture, and a check that turns
//! green when GHL names us as the SMS provider.
//!
//! Owns the text and the picture, for the connect page and the page inside GHL. Does not ask GHL: a [`Finding`] is
//! passed in. The page loads `/assets/connect.js`, which requests [`answer`] from `check` every few seconds.

use std::time::Duration;

use maud::{Markup, PreEscaped, html};

use crate::doctor::{Finding, State};
use crate::http::pages::layout::components;
use crate::model::language::Language;

/// GHL's settings page with the place to click. Its menu names are English in every language; [`OURS`] is none of them.
const DRAWING: &str = include_str!("sms_provider.svg");
/// What stands in the drawing for this app.
const OURS: &str = "{ours}";
/// How long a page waits for GHL's answer. Its script asks again.
const PATIENCE: Duration = Duration::from_secs(4);

/// The query of a page's address with which a browser without JavaScript asks GHL again.
pub(in crate::http) const ASKED: &str = "check";

/// GHL's answer, if it arrives soon.
pub(in crate::http) async fn in_time(
    check: impl Future<Output = Option<Finding>>,
) -> Option<Finding> {
    tokio::time::timeout(PATIENCE, check).await.ok()?
}

/// The list on the page of a number that was connected just now: what nobody has done yet is no fault. `check` is the
/// address that returns [`first_answer`]; the page's script loads the page again when GHL names us.
pub(in crate::http) fn first(language: Language, finding: Option<&Finding>, check: &str) -> Markup {
    html! { div data-goes-on { (list(language, finding, check, &first_answer(language, finding))) } }
}

/// As [`answer`], as the next step and not as a fault.
pub(in crate::http) fn first_answer(language: Language, finding: Option<&Finding>) -> Markup {
    let open = finding.filter(|finding| matches!(finding.state, State::Warn | State::Bad));
    let Some(finding) = open else {
        return answer(language, finding);
    };
    html! { div data-state="bad" { p.note {
        (finding.what.of(language)) " "
        (language.pick("This page goes on by itself when it is chosen.", "Halaman ini bersambung sendiri apabila ia dipilih."))
    } } }
}

/// The list. `finding` is the last answer, if there is one. `check` is the address that returns [`answer`].
pub(in crate::http) fn checklist(
    language: Language,
    finding: Option<&Finding>,
    check: &str,
) -> Markup {
    let shown = match finding {
        Some(_) => answer(language, finding),
        None => asking(language),
    };
    list(language, finding, check, &shown)
}

fn list(language: Language, finding: Option<&Finding>, check: &str, shown: &Markup) -> Markup {
    let state = finding.map(|finding| finding.state);
    let class = (state == Some(State::Good)).then_some("done");
    let done = language.pick(
        "GHL sends through this app",
        "GHL menghantar melalui aplikasi ini",
    );
    html! {
        section.last-mile data-check=(check) data-again=(again(language)) data-done=(done) {
            h2 { @match state {
                Some(State::Good) => (done),
                Some(State::Warn | State::Bad) => (language.pick("One click is left, in GHL", "Tinggal satu klik, dalam GHL")),
                Some(State::Unknown) | None => (language.pick("Choose this app in GHL", "Pilih aplikasi ini dalam GHL")),
            } }
            p { (language.pick(
                "GHL lets only an agency admin choose the SMS provider: account users do not see the setting. If you are none, send this page to yours.",
                "GHL hanya membenarkan admin agensi memilih penyedia SMS: pengguna akaun biasa tidak nampak tetapan ini. Jika anda bukan admin agensi, hantar halaman ini kepada admin anda.",
            )) }
            ol.steps {
                li class=[class] { (language.pick("In GHL, open the sub-account, then ", "Dalam GHL, buka sub-akaun, kemudian ")) strong { "Settings › Phone Numbers" } "." }
                li class=[class] { (language.pick("Open ", "Buka ")) strong { "Advanced Settings › SMS Provider" } "." }
                li class=[class] { (language.pick("Choose this app and press ", "Pilih aplikasi ini dan tekan ")) strong { "Save" } "." }
            }
            figure aria-hidden="true" { (PreEscaped(DRAWING.replace(OURS, language.pick("This app", "Aplikasi ini")))) }
            div role="status" aria-live="polite" data-answer { (shown) }
            noscript { p { a href={ "?" (ASKED) } { (again(language)) } } }
            (reasons(language))
        }
    }
}

fn asking(language: Language) -> Markup {
    html! { p.note { (language.pick("Asking GHL…", "Bertanya kepada GHL…")) } }
}

fn again(language: Language) -> &'static str {
    language.pick("Check again", "Semak sekali lagi")
}

/// The part that is renewed: GHL's answer now; none if it has not come.
pub(in crate::http) fn answer(language: Language, finding: Option<&Finding>) -> Markup {
    let Some(finding) = finding else {
        return html! { div data-state="unknown" { (asking(language)) } };
    };
    let state = match finding.state {
        State::Good => "good",
        State::Warn | State::Bad => "bad",
        State::Unknown => "unknown",
    };
    html! { div data-state=(state) { ul.findings { li { (components::found(language, finding)) } } } }
}

/// Why the app may be missing in GHL's list (`docs/vendors/ghl.md#sms-provider`).
fn reasons(language: Language) -> Markup {
    let reasons = [
        language.pick(
            "The provider was created after the app was installed here. Uninstall the app from this sub-account, then install it again.",
            "Penyedia dicipta selepas aplikasi dipasang di sini. Nyahpasang aplikasi daripada sub-akaun ini, kemudian pasang semula.",
        ),
        language.pick(
            "In the marketplace app, “Is this a Custom Conversation Provider” is ticked. It must not be: only then it can be the SMS provider.",
            "Dalam aplikasi marketplace, “Is this a Custom Conversation Provider” ditanda. Ia tidak boleh ditanda: barulah ia boleh menjadi penyedia SMS.",
        ),
        language.pick(
            "The app lacks a scope, such as conversations/message.write. Add it in a new version of the app, then install that.",
            "Aplikasi kekurangan satu scope, contohnya conversations/message.write. Tambah scope itu dalam versi baharu aplikasi, kemudian pasang versi itu.",
        ),
        language.pick(
            "The app's target user is Agency. It must be Sub-account.",
            "Target user aplikasi ialah Agency. Ia mesti Sub-account.",
        ),
    ];
    html! {
        details {
            summary { (language.pick("The app is not in that list", "Aplikasi ini tiada dalam senarai itu")) }
            p { (language.pick("It is one of these:", "Sebabnya salah satu daripada ini:")) }
            ul { @for reason in reasons { li { (reason) } } }
            p.hint { (language.pick(
                "You can fix the one at the top yourself; the others are for the maker of the app.",
                "Anda boleh membaiki yang paling atas sendiri; yang lain adalah untuk pembuat aplikasi.",
            )) }
        }
    }
}
