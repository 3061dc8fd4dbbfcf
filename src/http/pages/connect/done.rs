//! The last page of a link: the number is connected; then one step at a time until nothing is left.

use maud::{Markup, html};
use time::{Duration, OffsetDateTime};

use crate::db::numbers;
use crate::doctor::{Finding, State};
use crate::http::pages::connect::{HttpState, Language, Opened, PageError, Text, link_gone, views};
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, checklist};
use crate::model::written_phone::grouped;

/// How long a test can be sent. People try it as soon as they have connected.
pub(super) const TEST_LIFE: Duration = Duration::minutes(30);

/// The form of the test message, and the result of the last one.
#[derive(Default)]
pub(super) struct TestForm<'a> {
    pub to: &'a str,
    pub result: Option<Result<Text, Text>>,
}

/// Whether a link can still send a test.
fn is_offered(opened: &Opened, now: OffsetDateTime) -> bool {
    let used_at = opened.link.used_at;
    used_at.is_some_and(|used_at| now < used_at + TEST_LIFE)
}

/// What is left to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// GHL does not send through this app yet, as far as it is known.
    Provider,
    /// No test message was sent yet.
    Test,
    /// Nothing.
    Nothing,
}

/// What the page shows.
struct Done<'a> {
    number: &'a str,
    is_shared: bool,
    finding: Option<&'a Finding>,
    offers_test: bool,
    left: Left,
}

/// The page, with the test message that was tried just now.
pub(super) async fn page(
    state: &HttpState,
    language: Language,
    opened: &Opened,
    test: &TestForm<'_>,
) -> Result<Markup, PageError> {
    let location = opened.location();
    let number = opened.link.number.as_deref().unwrap_or_default();
    let found = numbers::find_number(&state.pool, location, number).await?;
    let found = found.ok_or_else(link_gone)?;
    let sharers = numbers::list_sharers(&state.pool, location, number, &found.instance_id).await?;
    let finding = checklist::in_time(state.provider_looks.look(state, location)).await;
    let is_chosen = finding
        .as_ref()
        .is_some_and(|finding| finding.state == State::Good);
    let offers_test = is_offered(opened, state.clock.now());
    let is_tested = opened.link.tested_at.is_some() || matches!(test.result, Some(Ok(_)));
    let done = Done {
        number,
        is_shared: !sharers.is_empty(),
        finding: finding.as_ref(),
        offers_test,
        left: match (is_chosen, is_tested || !offers_test) {
            (false, _) => Left::Provider,
            (true, false) => Left::Test,
            (true, true) => Left::Nothing,
        },
    };
    Ok(view(language, opened, &done, test))
}

fn view(language: Language, opened: &Opened, done: &Done<'_>, test: &TestForm<'_>) -> Markup {
    let title = match done.left {
        Left::Nothing => language.pick("Done: WhatsApp is set up", "Selesai: WhatsApp sudah sedia"),
        Left::Provider | Left::Test => language.pick(
            "Your WhatsApp number is connected",
            "Nombor WhatsApp anda sudah disambungkan",
        ),
    };
    let frame = Frame {
        scripts: views::SCRIPT,
        ..Frame::default()
    };
    let body = html! {
        p.notice.good {
            (grouped(done.number))
            (language.pick(
                " sends what you write in GHL, and replies come back into the same conversation.",
                " menghantar apa yang anda tulis dalam GHL, dan balasan kembali ke perbualan yang sama.",
            ))
        }
        @if done.is_shared {
            p.notice.warn { (language.pick(
                "Another sub-account is connected to the same number. Its replies now come to this one.",
                "Sub-akaun lain juga disambungkan kepada nombor yang sama. Balasannya kini datang ke sub-akaun ini.",
            )) }
        }
        @match done.left {
            Left::Provider => (provider(language, opened, done, test)),
            Left::Test => (test_form(language, opened, test)),
            Left::Nothing => (nothing_left(language, test)),
        }
        (next(language))
        (views::ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

/// The click in GHL. Meanwhile a test may be sent: somebody else may have to make the click.
fn provider(language: Language, opened: &Opened, done: &Done<'_>, test: &TestForm<'_>) -> Markup {
    html! {
        (checklist::first(language, done.finding, &format!("{}/provider", opened.path)))
        @if done.offers_test || test.result.is_some() {
            details open[test.result.is_some()] {
                summary { (language.pick("Meanwhile, try the number: send a test message", "Sementara itu, cuba nombor ini: hantar mesej ujian")) }
                (test_form(language, opened, test))
            }
        }
        p.note { (language.pick(
            "This page stays open for 24 hours. You can send its address to the agency admin who makes that choice.",
            "Halaman ini kekal terbuka selama 24 jam. Anda boleh menghantar alamatnya kepada admin agensi yang membuat pilihan itu.",
        )) }
    }
}

fn nothing_left(language: Language, test: &TestForm<'_>) -> Markup {
    html! {
        @if let Some(Ok(text)) = &test.result { p.notice.good role="status" { (text.of(language)) } }
        p { (language.pick(
            "Nothing is left to do here. Write to a contact in GHL as you would write an SMS: it goes out as WhatsApp.",
            "Tiada apa-apa lagi perlu dibuat di sini. Tulis kepada kenalan dalam GHL seperti menulis SMS: ia dihantar melalui WhatsApp.",
        )) }
    }
}

/// The way to the next sub-account, for a browser that came from a list of them. The script shows it: the list's address
/// is a secret that this link does not know.
fn next(language: Language) -> Markup {
    html! {
        p data-next hidden { a.button.quiet href="/" { (language.pick("Next sub-account", "Sub-akaun seterusnya")) } }
    }
}

fn test_form(language: Language, opened: &Opened, test: &TestForm<'_>) -> Markup {
    let error = match &test.result {
        Some(Err(said)) => Some(said),
        _ => None,
    };
    html! {
        h2 { (language.pick("Try it: send a test message", "Cuba: hantar mesej ujian")) }
        @if let Some(Ok(text)) = &test.result { p.notice.good role="status" { (text.of(language)) } }
        form method="post" action={ (opened.path) "/test" } autocomplete="off" {
            label for="to" { (language.pick("To which phone", "Kepada telefon mana")) }
            input #to name="to" value=(test.to) inputmode="tel" placeholder="012-345 6789" required
                aria-invalid=[error.map(|_| "true")]
                aria-describedby=(if error.is_some() { "to-error to-hint" } else { "to-hint" })
                autofocus[error.is_some()];
            @if let Some(text) = error { p.error #to-error role="alert" { (text.of(language)) } }
            p.hint #to-hint { (language.pick(
                "Another phone of yours, written as you dial it, or with its country code. It gets one fixed sentence.",
                "Telefon anda yang lain, ditulis seperti anda mendail, atau dengan kod negara. Ia menerima satu ayat tetap sahaja.",
            )) }
            button type="submit" { (language.pick("Send the test", "Hantar ujian")) }
        }
    }
}
