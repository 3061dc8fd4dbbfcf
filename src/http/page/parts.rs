//! Parts that more than one page shows.

use maud::{Markup, html};

use crate::doctor::{Finding, State};
use crate::language::Language;
use crate::reason;

/// What checks found, the worst first: what, why it matters, what to do. What is well is folded away.
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

/// One of them.
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

/// Why a message or a number stands where it stands, by the sentence that is kept: in the reader's language where it is
/// ours, else in English.
pub(in crate::http) fn reason(language: Language, sentence: &str) -> Markup {
    html! {
        @match reason::told_by(sentence) {
            Some(text) => (text.of(language)),
            None => span lang="en" { (sentence) },
        }
    }
}

/// A check's state in a word.
pub(in crate::http) fn state_pill(language: Language, state: State) -> Markup {
    let (class, word) = match state {
        State::Good => ("pill good", language.pick("All well", "Baik")),
        State::Warn => ("pill warn", language.pick("Look at this", "Sila semak")),
        State::Bad => ("pill bad", language.pick("Needs mending", "Perlu dibaiki")),
        State::Unknown => ("pill", language.pick("Not known", "Tidak diketahui")),
    };
    html! { span class=(class) { (word) } }
}

/// The pages beside this one: address, name, and whether it is this one.
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
