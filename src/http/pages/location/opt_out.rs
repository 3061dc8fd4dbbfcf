//! Opting out: the words with which customers end messages, what they are answered, and who said them lately.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use time::OffsetDateTime;
use tracing::info;

use crate::db::opt_outs::settings::OptOutSettings;
use crate::db::opt_outs::views::Shown;
use crate::db::opt_outs::{settings, views};
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::layout::{components, names};
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm};
use crate::http::pages::location::tabs::{Tab, framed};
use crate::http::pages::location::{labels, see};
use crate::model::language::{Language, Text};
use crate::model::opt_out::{
    MAX_ANSWER, MAX_WORD, MAX_WORDS, OptOutState, OptOutWord, OptOutWords, WordFault, common,
    read_words,
};

/// Two lists of the most and longest words and an answer, each character as up to twelve bytes of a form.
pub(super) const MAX_WORDS_FORM: usize = 128 * 1024;
/// Last digits of a customer's number, by which people know it and others do not.
const SHOWN_DIGITS: usize = 4;

/// The form as it was typed.
struct Entered {
    is_on: bool,
    stop: String,
    start: String,
    answer: String,
}

/// A field of the form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Stop,
    Start,
    Answer,
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Start => "start",
            Self::Answer => "answer",
        }
    }
}

/// What is wrong with a field.
type Fault = (Field, Text);

impl Entered {
    fn of(settings: &OptOutSettings) -> Self {
        Self {
            is_on: settings.is_on,
            stop: settings.words.stop.join("\n"),
            start: settings.words.start.join("\n"),
            answer: settings.answer.clone().unwrap_or_default(),
        }
    }

    fn from(sent: &VerifiedForm) -> Self {
        let text = |field: Field| sent.field(field.name()).replace("\r\n", "\n");
        Self {
            is_on: sent.is_ticked("on"),
            stop: text(Field::Stop),
            start: text(Field::Start),
            answer: text(Field::Answer),
        }
    }

    /// What to store, or what is wrong. Where words are switched off, empty lists stand for the usual ones.
    fn check(&self) -> Result<OptOutSettings, Fault> {
        let usual = OptOutWords::default();
        let read = |field, typed: &str, usual: Vec<String>| match read_words(typed) {
            Err(WordFault::Empty) if !self.is_on => Ok(usual),
            read => read.map_err(|fault| (field, fault_of(&fault))),
        };
        let stop = read(Field::Stop, &self.stop, usual.stop)?;
        let start = read(Field::Start, &self.start, usual.start)?;
        if let Some(word) = common(&stop, &start) {
            return Err((Field::Start, in_both(word)));
        }
        if self.answer.chars().count() > MAX_ANSWER {
            return Err((Field::Answer, answer_too_long()));
        }
        Ok(OptOutSettings {
            is_on: self.is_on,
            words: OptOutWords { stop, start },
            answer: Some(self.answer.clone()).filter(|answer| !answer.is_empty()),
        })
    }
}

fn fault_of(fault: &WordFault) -> Text {
    match fault {
        WordFault::Empty => Text::new(
            "Enter at least one word. If no word shall count, take the tick away above.",
            "Masukkan sekurang-kurangnya satu perkataan. Jika tiada perkataan patut dikira, buang tanda di atas.",
        ),
        WordFault::TooMany => Text::new(
            format!("Enter at most {MAX_WORDS} words."),
            format!("Masukkan paling banyak {MAX_WORDS} perkataan."),
        ),
        WordFault::Bad(word) => Text::new(
            format!(
                "This cannot be a word: {word}. It needs letters, and at most {MAX_WORD} characters."
            ),
            format!(
                "Ini tidak boleh menjadi perkataan: {word}. Ia memerlukan huruf, dan paling banyak {MAX_WORD} aksara."
            ),
        ),
    }
}

fn in_both(word: &str) -> Text {
    Text::new(
        format!("This word stands in both lists: {word}. Leave it in one."),
        format!("Perkataan ini ada dalam kedua-dua senarai: {word}. Biarkan dalam satu sahaja."),
    )
}

fn answer_too_long() -> Text {
    Text::new(
        format!("The answer may have at most {MAX_ANSWER} characters."),
        format!("Jawapan boleh mempunyai paling banyak {MAX_ANSWER} aksara."),
    )
}

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let settings = settings::find(&state.pool, &visitor.location).await?;
    let is_saved = visitor.query_param("saved").is_some();
    let entered = Entered::of(&settings);
    page(&state, language, &visitor, (&entered, None), is_saved).await
}

/// Stores what counts from the next message on.
pub(super) async fn save(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let entered = Entered::from(&sent);
    let settings = match entered.check() {
        Ok(settings) => settings,
        Err(fault) => {
            let shown = (&entered, Some(&fault));
            let page = page(&state, language, visitor, shown, false).await?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    settings::record(&state.pool, &visitor.location, &settings).await?;
    info!(location = %visitor.location, is_on = settings.is_on, "the opt-out words are changed");
    Ok(see(&visitor.address("/opt-out?saved")))
}

async fn page(
    state: &HttpState,
    language: Language,
    visitor: &LocationUser,
    (entered, fault): (&Entered, Option<&Fault>),
    is_saved: bool,
) -> Result<Markup, PageError> {
    let (list, now) = (
        views::list(&state.pool, &visitor.location).await?,
        state.clock.now(),
    );
    let body = html! {
        @if is_saved { p.notice.good role="status" { (language.pick("Saved.", "Disimpan.")) } }
        p { (language.pick(
            "A customer who writes one of these words, and nothing else, gets no more messages that no person wrote. Such messages that wait end at once, and Do Not Disturb for SMS is switched on at the contact in GHL. People of your business may still answer.",
            "Pelanggan yang menulis salah satu perkataan ini sahaja tidak lagi menerima mesej yang tidak ditulis oleh seseorang. Mesej begitu yang menunggu ditamatkan serta-merta, dan Do Not Disturb (jangan ganggu) untuk SMS dihidupkan bagi kenalan itu dalam GHL. Orang perniagaan anda masih boleh membalas.",
        )) }
        section.panel { (form(language, visitor, entered, fault)) }
        section.panel {
            h2 { (language.pick("Who said so lately", "Siapa menulisnya baru-baru ini")) }
            @if list.is_empty() {
                p.note { (language.pick("Nobody yet.", "Belum ada sesiapa.")) }
            } @else {
                (said(language, visitor, &list, now))
            }
        }
    };
    let title = language.pick("Opting out", "Berhenti menerima mesej");
    Ok(framed(language, visitor, Some(Tab::OptOut), title, &body))
}

fn form(
    language: Language,
    visitor: &LocationUser,
    entered: &Entered,
    fault: Option<&Fault>,
) -> Markup {
    let may_change = visitor.may_change();
    html! {
        form method="post" action=(visitor.address("/opt-out")) {
            (visitor.token())
            label.check {
                input type="checkbox" name="on" value="1" checked[entered.is_on] disabled[!may_change];
                span { (language.pick("These words count", "Perkataan ini dikira")) }
            }
            (area(language, (Field::Stop, &entered.stop, "8"), fault, may_change, (&Text::new(
                "Words that end messages",
                "Perkataan yang menghentikan mesej",
            ), &Text::new(
                "One word a line. Small or large letters, and a full stop or quotation marks around it, make no difference. Words inside a longer message never count.",
                "Satu perkataan sebaris. Huruf besar atau kecil, dan noktah atau tanda petik di sekelilingnya, tidak membezakan. Perkataan di dalam mesej yang lebih panjang tidak dikira.",
            ))))
            (area(language, (Field::Start, &entered.start, "5"), fault, may_change, (&Text::new(
                "Words that allow them again",
                "Perkataan yang membenarkannya semula",
            ), &Text::new(
                "They lift only what a customer's own word has set, never what a person has set in GHL. YES or Ya would be too common.",
                "Ia hanya membatalkan apa yang ditetapkan oleh perkataan pelanggan itu sendiri, bukan apa yang ditetapkan oleh seseorang dalam GHL. YES atau Ya terlalu biasa.",
            ))))
            (area(language, (Field::Answer, &entered.answer, "3"), fault, may_change, (&Text::new(
                "Answer to a customer who ends messages (may stay empty)",
                "Jawapan kepada pelanggan yang menghentikan mesej (boleh dibiarkan kosong)",
            ), &Text::new(
                "It is sent once, through GHL, so that it stands in the conversation.",
                "Ia dihantar sekali, melalui GHL, supaya ia ada dalam perbualan.",
            ))))
            .actions { @if may_change { button type="submit" { (language.pick("Save", "Simpan")) } } }
        }
    }
}

fn area(
    language: Language,
    (field, typed, rows): (Field, &str, &str),
    fault: Option<&Fault>,
    may_change: bool,
    (label, hint): (&Text, &Text),
) -> Markup {
    let fault = fault.filter(|(place, _)| *place == field);
    let (name, hint_id) = (field.name(), format!("{}-hint", field.name()));
    let fault_id = format!("{name}-fault");
    let described = if fault.is_some() {
        format!("{fault_id} {hint_id}")
    } else {
        hint_id.clone()
    };
    html! {
        label for=(name) { (label.of(language)) }
        textarea #(name) name=(name) rows=(rows) spellcheck="false" readonly[!may_change]
            aria-describedby=(described) aria-invalid=[fault.map(|_| "true")] { (typed) }
        @if let Some((_, text)) = fault { p.error #(fault_id) role="alert" { (text.of(language)) } }
        p.hint #(hint_id) { (hint.of(language)) }
    }
}

fn said(language: Language, visitor: &LocationUser, list: &[Shown], now: OffsetDateTime) -> Markup {
    let head = |english, malay| html! { th scope="col" { (language.pick(english, malay)) } };
    html! {
        table.rows {
            thead { tr {
                (head("Customer", "Pelanggan")) (head("When", "Bila")) (head("What", "Apa")) (head("GHL", "GHL"))
            } }
            tbody {
                @for row in list {
                    tr {
                        td data-label=(language.pick("Customer", "Pelanggan")) { (names::customer(row.name.as_deref(), end_of(&row.phone))) }
                        td data-label=(language.pick("When", "Bila")) { (labels::ago(language, visitor, row.said_at, now)) }
                        td data-label=(language.pick("What", "Apa")) { (what(language, row)) }
                        td data-label="GHL" { (in_ghl(language, row)) }
                    }
                }
            }
        }
    }
}

/// The last digits of a number; none of a hidden sender's address.
fn end_of(phone: &str) -> Option<&str> {
    let begin = phone.len().checked_sub(SHOWN_DIGITS)?;
    phone.get(begin..).filter(|_| !phone.contains('@'))
}

const fn what(language: Language, row: &Shown) -> &'static str {
    match row.state {
        OptOutState::Lifted => OptOutWord::Start.label(language),
        _ => row.word.label(language),
    }
}

fn in_ghl(language: Language, row: &Shown) -> Markup {
    let has_failed = row.state == OptOutState::Refused;
    html! {
        span.pill[has_failed].bad[has_failed] { (row.state.label(language)) }
        @if let Some(reason) = &row.reason { " " (components::reason(language, reason)) }
    }
}
