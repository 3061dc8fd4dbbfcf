//! Renders the pages of `/connect/{token}`.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::accounts::connect::Field;
use crate::doctor::Finding;
use crate::http::pages::connect::Opened;
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, checklist, qr};
use crate::model::language::{Language, Text};

/// Codes change about every 20 s. A browser without JavaScript gets the next one in time.
pub(in crate::http) const REFRESH_SECONDS: u32 = 15;
/// The script of these pages.
const SCRIPT: &[&str] = &["/assets/connect.js"];

/// What the form already contains. Never the access token.
#[derive(Clone, Copy, Default)]
pub(super) struct Typed<'a> {
    pub instance: &'a str,
    pub number: &'a str,
    /// The number that the location is connected to.
    pub connected: Option<&'a str>,
    /// GHL's answer about the SMS provider, if it was asked.
    pub finding: Option<&'a Finding>,
    /// Whether the form asks if a connected number may be replaced.
    pub is_asked: bool,
}

/// What is wrong with a form.
pub(super) struct Fault {
    /// The field to fix; none if no single field is wrong.
    pub field: Option<Field>,
    pub text: Text,
    pub status: StatusCode,
    /// Whether it is about the short form, for the QR code.
    pub is_of_qr: bool,
}

impl Fault {
    pub(super) fn of_form(text: Text) -> Self {
        Self {
            field: None,
            text,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            is_of_qr: false,
        }
    }

    pub(super) fn of_qr(field: Field, text: Text) -> Self {
        Self {
            field: Some(field),
            is_of_qr: true,
            ..Self::of_form(text)
        }
    }
}

/// A field with its hint, and what is wrong with it.
struct Input<'a> {
    id: &'a str,
    field: Field,
    value: &'a str,
    hint: &'a str,
    fault: Option<&'a Text>,
}

fn input(language: Language, input: &Input<'_>) -> Markup {
    let Input {
        id, field, value, ..
    } = input;
    let (error, hint) = (format!("{id}-error"), format!("{id}-hint"));
    let is_bad = input.fault.is_some();
    let described = if is_bad {
        format!("{error} {hint}")
    } else {
        hint.clone()
    };
    html! {
        label for=(id) { (field.label().of(language)) }
        input id=(id) name=(field.name()) required
            type=(if *field == Field::AccessToken { "password" } else { "text" })
            value=[(*field != Field::AccessToken).then_some(value)]
            inputmode=[(*field == Field::Number).then_some("tel")]
            placeholder=[(*field == Field::Number).then_some("60123456789")]
            autocomplete=(if *field == Field::AccessToken { "new-password" } else { "off" })
            spellcheck="false"
            aria-invalid=[is_bad.then_some("true")]
            aria-describedby=(described)
            autofocus[is_bad];
        @if let Some(text) = input.fault { p.error id=(error) role="alert" { (text.of(language)) } }
        p.hint id=(hint) { (input.hint) }
    }
}

/// The form, with both ways to connect.
pub(super) fn form(
    language: Language,
    opened: &Opened,
    typed: Typed<'_>,
    fault: Option<&Fault>,
) -> Markup {
    let title = language.pick(
        "Connect your WhatsApp number",
        "Sambungkan nombor WhatsApp anda",
    );
    let is_of_qr = fault.is_some_and(|fault| fault.is_of_qr);
    let general = fault.filter(|fault| fault.field.is_none());
    let frame = Frame {
        scripts: SCRIPT,
        ..Frame::default()
    };
    let body = html! {
        @if let Some(fault) = general { p.notice.bad role="alert" { (fault.text.of(language)) } }
        (whose(language, opened))
        @if let Some(number) = typed.connected {
            p.notice.good {
                (language.pick("This sub-account is connected to +", "Sub-akaun ini sudah disambungkan kepada +")) (number)
                (language.pick(" already. There is nothing to enter.", ". Tiada apa-apa perlu diisi."))
            }
            (checklist::checklist(language, typed.finding, &format!("{}/provider", opened.path)))
            details open[fault.is_some()] {
                summary { (language.pick("Connect another number", "Sambungkan nombor lain")) }
                (by_keys(language, opened, typed, fault.filter(|fault| !fault.is_of_qr)))
            }
        } @else {
            (by_keys(language, opened, typed, fault.filter(|fault| !fault.is_of_qr)))
        }
        p.or { (language.pick("or", "atau")) }
        details open[is_of_qr] {
            summary { (language.pick("I have no number linked in Waapify yet", "Saya belum memautkan nombor dalam Waapify")) }
            (by_qr(language, opened, typed, fault.filter(|fault| fault.is_of_qr)))
        }
        (ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

/// The sub-account and the agency that the form is for, by their names, or by their ids where GHL has named none.
fn whose(language: Language, opened: &Opened) -> Markup {
    let (location, names) = (opened.location(), &opened.names);
    html! {
        p.note {
            (language.pick("For sub-account ", "Untuk sub-akaun "))
            @match &names.location {
                Some(name) => { strong { bdi { (name) } } " (" span.id { (location) } ")" },
                None => (location),
            }
            @if let Some(id) = &names.company_id {
                (language.pick(" of agency ", " di bawah agensi "))
                @match &names.company {
                    Some(name) => strong { bdi { (name) } },
                    None => (id),
                }
            }
            "."
        }
    }
}

/// The ways out of a frame in GHL. Outside of one, the script hides them.
fn ways_out(language: Language, opened: &Opened) -> Markup {
    html! {
        @if opened.link.made_inside {
            p.note data-framed {
                a href="/app" { (language.pick("Back to the overview", "Kembali ke ringkasan")) }
                " · "
                a href=(opened.path) target="_blank" rel="noopener" {
                    (language.pick("Open this in a window of its own", "Buka dalam tetingkap sendiri"))
                }
            }
        }
    }
}

/// Asks whether a connected number may be replaced.
fn replace_box(language: Language) -> Markup {
    html! {
        label.check {
            input type="checkbox" name="replace" value="1" required;
            span { (language.pick(
                "This sub-account is connected already; replace its number",
                "Sub-akaun ini sudah disambungkan; gantikan nombornya",
            )) }
        }
    }
}

const TOKEN_HINT: (&str, &str) = (
    "In Waapify: open your profile (top right) › API. It is the long text called Access token.",
    "Dalam Waapify: buka profil anda (atas kanan) › API. Ia teks panjang yang dipanggil Access token.",
);

fn by_keys(language: Language, opened: &Opened, typed: Typed<'_>, fault: Option<&Fault>) -> Markup {
    let of = |field| {
        fault
            .filter(|fault| fault.field == Some(field))
            .map(|fault| &fault.text)
    };
    let fields = [
        Input {
            id: "instance_id",
            field: Field::InstanceId,
            value: typed.instance,
            hint: language.pick(
                "In Waapify: open WhatsApp › Accounts. Under your number it says Instance ID, such as 609ACF283A1B2.",
                "Dalam Waapify: buka WhatsApp › Accounts. Di bawah nombor anda tertulis Instance ID, contohnya 609ACF283A1B2.",
            ),
            fault: of(Field::InstanceId),
        },
        Input {
            id: "access_token",
            field: Field::AccessToken,
            value: "",
            hint: language.pick(TOKEN_HINT.0, TOKEN_HINT.1),
            fault: of(Field::AccessToken),
        },
        Input {
            id: "number",
            field: Field::Number,
            value: typed.number,
            hint: language.pick(
                "The number that is linked to this instance, with its country code.",
                "Nombor yang dipautkan kepada instance ini, dengan kod negara.",
            ),
            fault: of(Field::Number),
        },
    ];
    html! {
        form method="post" action=(opened.path) autocomplete="off" {
            @for field in &fields { (input(language, field)) }
            @if typed.is_asked { (replace_box(language)) }
            button type="submit" { (language.pick("Check and connect", "Semak dan sambung")) }
        }
    }
}

fn by_qr(language: Language, opened: &Opened, typed: Typed<'_>, fault: Option<&Fault>) -> Markup {
    let field = Input {
        id: "qr_access_token",
        field: Field::AccessToken,
        value: "",
        hint: language.pick(TOKEN_HINT.0, TOKEN_HINT.1),
        fault: fault
            .filter(|fault| fault.field.is_some())
            .map(|fault| &fault.text),
    };
    html! {
        p { (language.pick(
            "Then a QR code appears here, which you scan with the WhatsApp app of the phone that has the number.",
            "Kemudian kod QR akan muncul di sini, untuk anda imbas dengan aplikasi WhatsApp pada telefon yang mempunyai nombor itu.",
        )) }
        form method="post" action={ (opened.path) "/qr" } autocomplete="off" {
            (input(language, &field))
            @if typed.is_asked { (replace_box(language)) }
            button.quiet type="submit" { (language.pick("Show the QR code", "Tunjukkan kod QR")) }
        }
    }
}

/// The QR code. `problem` is what Waapify said instead of linking.
pub(super) fn scan(language: Language, opened: &Opened, problem: Option<&Text>) -> Markup {
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
        div.actions {
            form method="post" action={ (opened.path) "/cancel" } {
                button.quiet type="submit" { (language.pick("Use other keys instead", "Guna maklumat lain")) }
            }
        }
        (ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

/// The form of the test message, and the result of the last one.
#[derive(Default)]
pub(super) struct TestForm<'a> {
    pub to: &'a str,
    pub result: Option<Result<Text, Text>>,
}

/// What the last page shows.
pub(super) struct Done<'a> {
    pub number: &'a str,
    pub is_shared: bool,
    pub finding: Option<&'a Finding>,
    pub offers_test: bool,
}

/// The last page: everything is done here, but one click may be left in GHL.
pub(super) fn done(
    language: Language,
    opened: &Opened,
    done: &Done<'_>,
    test: &TestForm<'_>,
) -> Markup {
    let title = language.pick(
        "Your WhatsApp number is connected",
        "Nombor WhatsApp anda sudah disambungkan",
    );
    let frame = Frame {
        scripts: SCRIPT,
        ..Frame::default()
    };
    let body = html! {
        p.notice.good {
            "+" (done.number)
            (language.pick(
                " now sends what you write in GHL, and replies come back into the same conversation.",
                " kini menghantar apa yang anda tulis dalam GHL, dan balasan kembali ke perbualan yang sama.",
            ))
        }
        @if done.is_shared {
            p.notice.warn { (language.pick(
                "Another sub-account is connected to the same number. Its replies now come to this one.",
                "Sub-akaun lain juga disambungkan kepada nombor yang sama. Balasannya kini datang ke sub-akaun ini.",
            )) }
        }
        (checklist::checklist(language, done.finding, &format!("{}/provider", opened.path)))
        @if done.offers_test || test.result.is_some() { (test_form(language, opened, test)) }
        p.note { (language.pick(
            "This page stays open for 24 hours. You can send its address to the agency admin who makes the last click.",
            "Halaman ini kekal terbuka selama 24 jam. Anda boleh menghantar alamatnya kepada admin agensi yang membuat klik terakhir.",
        )) }
        (ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
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
            input #to name="to" value=(test.to) inputmode="tel" placeholder="60123456789" required
                aria-invalid=[error.map(|_| "true")]
                aria-describedby=(if error.is_some() { "to-error to-hint" } else { "to-hint" })
                autofocus[error.is_some()];
            @if let Some(text) = error { p.error #to-error role="alert" { (text.of(language)) } }
            p.hint #to-hint { (language.pick(
                "Your own, with its country code. It gets one fixed sentence.",
                "Telefon anda sendiri, dengan kod negara. Ia menerima satu ayat tetap sahaja.",
            )) }
            button.quiet type="submit" { (language.pick("Send the test", "Hantar ujian")) }
        }
    }
}
