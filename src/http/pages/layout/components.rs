//! Parts that several pages show.

use maud::{Markup, html};

use crate::db::replays::MayHaveArrived;
use crate::db::views::messages::Step;
use crate::doctor::{Finding, State};
use crate::http::pages::layout::ticks::ticks;
use crate::model::language::Language;
use crate::model::progress::Progress;
use crate::model::reason::Reason;
use crate::model::states::{Direction, MessageState};

/// What checks found, the worst first: what, why it matters, what to do. Good results are folded away.
pub(in crate::http) fn findings(language: Language, findings: &[Finding]) -> Markup {
    let (well, mut open): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.state == State::Good);
    open.sort_by_key(|finding| match finding.state {
        State::Bad => 0,
        State::Warn => 1,
        State::Unknown | State::Good => 2,
    });
    html! {
        @if !open.is_empty() { ul.findings { @for finding in open { li { (found(language, finding)) } } } }
        @if !well.is_empty() {
            details {
                summary { (language.pick("Checked and well: ", "Sudah disemak dan baik: ")) (well.len()) }
                ul.findings { @for finding in well { li { (found(language, finding)) } } }
            }
        }
    }
}

/// One finding.
pub(in crate::http) fn found(language: Language, finding: &Finding) -> Markup {
    html! {
        (state_pill(language, finding.state))
        p {
            @if let Some(number) = &finding.number { "+" (number) ": " }
            (finding.what.of(language))
        }
        @if let Some(why) = &finding.why { p.hint { (why.of(language)) } }
        @if let Some(todo) = &finding.todo {
            p { strong { (language.pick("Do this: ", "Buat ini: ")) } (todo.of(language)) }
        }
    }
}

/// Why a message or a number is in its state, in the reader's language. A vendor's own words stay English, and what they
/// mean stands below.
pub(in crate::http) fn reason(language: Language, reason: &Reason) -> Markup {
    let text = reason.text(language);
    html! {
        @if reason.is_foreign() { span lang="en" { (text) } } @else { (text) }
        @if let Some(meaning) = reason.explanation() { " " span.meaning { (meaning.of(language)) } }
    }
}

/// A check's state in one word.
pub(in crate::http) fn state_pill(language: Language, state: State) -> Markup {
    let (class, word) = match state {
        State::Good => ("pill good", language.pick("All well", "Baik")),
        State::Warn => ("pill warn", language.pick("Look at this", "Sila semak")),
        State::Bad => ("pill bad", language.pick("Needs mending", "Perlu dibaiki")),
        State::Unknown => ("pill", language.pick("Not known", "Tidak diketahui")),
    };
    html! { span class=(class) { (word) } }
}

/// How far a sub-account's set-up is proven, as a pill.
pub(in crate::http) fn progress(language: Language, progress: Progress) -> Markup {
    let tone = match progress {
        Progress::Works => "good",
        Progress::NoNumber => "",
        Progress::Untried | Progress::WaitsForGhl | Progress::WaitsForCustomer => "warn",
    };
    html! { span class={ "pill long " (tone) } { (progress.label(language)) } }
}

/// A message's state, coloured by how good it is.
pub(in crate::http) fn message_state(
    language: Language,
    direction: Direction,
    state: MessageState,
) -> Markup {
    let tone = match state {
        MessageState::Sent
        | MessageState::Delivered
        | MessageState::Read
        | MessageState::Posted => "good",
        MessageState::Unconfirmed | MessageState::Held => "warn",
        MessageState::Failed => "bad",
        MessageState::Accepted | MessageState::Sending | MessageState::Ignored => "",
    };
    html! {
        span class={ "pill " (tone) } {
            @if direction == Direction::Outbound { (ticks(state)) }
            (state.label_of(direction, language))
        }
    }
}

/// The tabs of pages: address, name, and whether it is the current page.
pub(in crate::http) fn tabs<'a>(
    language: Language,
    tabs: impl IntoIterator<Item = (String, &'a str, bool)>,
) -> Markup {
    html! {
        nav aria-label=(language.pick("Pages", "Halaman")) {
            ul.tabs {
                @for (address, name, is_current) in tabs {
                    li { a href=(address) aria-current=[is_current.then_some("page")] { (name) } }
                }
            }
        }
    }
}

/// All steps of a message with their causes. `head` renders state and time.
pub(in crate::http) fn timeline(
    language: Language,
    steps: &[Step],
    head: impl Fn(&Step) -> Markup,
) -> Markup {
    html! {
        ol.timeline {
            @for step in steps {
                li {
                    (head(step))
                    @if let Some(cause) = &step.cause { p { (reason(language, cause)) } }
                }
            }
        }
    }
}

/// Why a message may have arrived, and the label of the button that sends it anyway.
pub(in crate::http) fn may_have_arrived(
    language: Language,
    how: MayHaveArrived,
) -> (String, &'static str) {
    let (english, malay) = match how {
        MayHaveArrived::Unconfirmed => (
            "WhatsApp never confirmed this message, and it may have arrived all the same. Look at the chat on the phone first: sent again, the customer may read it twice.".to_owned(),
            "WhatsApp tidak pernah mengesahkan mesej ini, tetapi ia mungkin sudah sampai. Lihat sembang pada telefon dahulu: jika dihantar lagi, pelanggan mungkin membacanya dua kali.".to_owned(),
        ),
        MayHaveArrived::Refused => (
            "WhatsApp refused a part of this message. That part and all behind it go again.".to_owned(),
            "WhatsApp menolak sebahagian mesej ini. Bahagian itu dan semua selepasnya akan dihantar lagi.".to_owned(),
        ),
        MayHaveArrived::PartsLeft { sent } => (
            format!("{sent} of its parts already left. Only the rest goes now."),
            format!("{sent} bahagiannya sudah dihantar. Hanya bakinya akan dihantar sekarang."),
        ),
        MayHaveArrived::AnswerLost => (
            "GHL may have this message already. Look at the conversation in GHL first: posted again, it may stand there twice.".to_owned(),
            "GHL mungkin sudah menerima mesej ini. Lihat perbualan dalam GHL dahulu: jika dihantar lagi, ia mungkin terpapar dua kali.".to_owned(),
        ),
    };
    let text = match language {
        Language::English => english,
        Language::Malay => malay,
    };
    let yes = match how {
        MayHaveArrived::PartsLeft { .. } => language.pick("Send the rest", "Hantar bakinya"),
        _ => language.pick("Send it again", "Hantar lagi"),
    };
    (text, yes)
}
