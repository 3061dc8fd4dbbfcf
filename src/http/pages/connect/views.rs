//! Renders the first page of `/connect/{token}`, the form; `code` renders the QR code.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::accounts::connect::Field;
use crate::doctor::Finding;
use crate::http::pages::connect::Opened;
use crate::http::pages::layout;
use crate::http::pages::layout::{Frame, checklist};
use crate::model::language::{Language, Text};
use crate::model::written_phone::grouped;

/// Codes change about every 20 s. A browser without JavaScript gets the next one in time.
pub(in crate::http) const REFRESH_SECONDS: u32 = 15;
/// A browser without JavaScript looks so often whether Waapify has answered.
const ASKING_SECONDS: u32 = 3;
/// The script of these pages.
pub(super) const SCRIPT: &[&str] = &["/assets/connect.js"];

/// What is known about the link's location.
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts, each of its own"
)]
pub(super) struct Known {
    /// The instance that it had last; empty without one.
    pub instance: String,
    /// The number that it is connected to.
    pub connected: Option<String>,
    /// Its agency has stored a token.
    pub has_token: bool,
    /// The link's holder may have the agency store one.
    pub may_keep: bool,
    /// The link was made for an admin of the agency.
    pub is_agency: bool,
}

/// What the form already contains. Never the access token.
#[derive(Clone, Copy, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are facts, each of its own"
)]
pub(super) struct Typed<'a> {
    pub instance: &'a str,
    pub number: &'a str,
    /// GHL's answer about the SMS provider, if it was asked.
    pub finding: Option<&'a Finding>,
    /// Whether the form asks if a connected number may be replaced.
    pub is_asked: bool,
    /// Whether the keys are unfolded.
    pub wants_keys: bool,
    /// Whether the page asks for the QR code by itself.
    pub begins: bool,
    /// Whether the person came to connect another number.
    pub wants_another: bool,
}

/// What is wrong with a form.
pub(super) struct Fault {
    /// The field to fix; none if no single field is wrong.
    pub field: Option<Field>,
    pub text: Text,
    pub status: StatusCode,
    /// Whether it is about the short form, for the QR code.
    pub is_of_qr: bool,
    /// Whether the person has to say that a connected number may be replaced.
    pub asks_to_replace: bool,
}

impl Fault {
    pub(super) fn of_form(text: Text) -> Self {
        Self {
            field: None,
            text,
            status: StatusCode::UNPROCESSABLE_ENTITY,
            is_of_qr: false,
            asks_to_replace: false,
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
    /// Whether it may stay empty.
    is_optional: bool,
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
        input id=(id) name=(field.name()) required[!input.is_optional]
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

/// The form: the QR code first, then the keys of those who have them.
pub(super) fn form(
    language: Language,
    opened: &Opened,
    known: &Known,
    typed: Typed<'_>,
    fault: Option<&Fault>,
) -> Markup {
    let title = language.pick(
        "Connect your WhatsApp number",
        "Sambungkan nombor WhatsApp anda",
    );
    let general = fault.filter(|fault| fault.field.is_none());
    let frame = Frame {
        scripts: SCRIPT,
        ..Frame::default()
    };
    let body = html! {
        @if let Some(fault) = general { p.notice.bad role="alert" { (fault.text.of(language)) } }
        (whose(language, opened))
        @if let Some(number) = known.connected.as_ref().filter(|_| typed.wants_another) {
            p.note {
                (language.pick("This sub-account is connected to ", "Sub-akaun ini sudah disambungkan kepada ")) (grouped(number))
                (language.pick(
                    ". The number that you connect here becomes the one that sends.",
                    ". Nombor yang anda sambungkan di sini menjadi nombor yang menghantar.",
                ))
            }
            (ways(language, opened, known, typed, fault))
        } @else if let Some(number) = &known.connected {
            p.notice.good {
                (language.pick("This sub-account is connected to +", "Sub-akaun ini sudah disambungkan kepada +")) (number)
                (language.pick(" already. There is nothing to enter.", ". Tiada apa-apa perlu diisi."))
            }
            (checklist::checklist(language, typed.finding, &format!("{}/provider", opened.path)))
            details open[fault.is_some() || typed.wants_keys] {
                summary { (language.pick("Connect another number", "Sambungkan nombor lain")) }
                (ways(language, opened, known, typed, fault))
            }
        } @else {
            (ways(language, opened, known, typed, fault))
        }
        (ways_out(language, opened))
    };
    layout::framed(language, title, frame, &body)
}

/// Both ways to connect.
fn ways(
    language: Language,
    opened: &Opened,
    known: &Known,
    typed: Typed<'_>,
    fault: Option<&Fault>,
) -> Markup {
    let of_keys = fault.filter(|fault| !fault.is_of_qr);
    html! {
        (by_qr(language, opened, known, typed, fault.filter(|fault| fault.is_of_qr)))
        details open[of_keys.is_some() || typed.wants_keys] {
            summary { (language.pick("I have these already: instance id and access token", "Saya sudah ada: ID sambungan (Instance ID) dan token akses")) }
            p { (language.pick(
                "For a number that is linked in Waapify already.",
                "Untuk nombor yang sudah dipautkan dalam Waapify.",
            )) }
            (by_keys(language, opened, known, typed, of_keys))
        }
    }
}

/// While another request asks Waapify for the code of this sub-account. The script loads the page again.
pub(super) fn asking(language: Language, opened: &Opened) -> Markup {
    let title = language.pick("The QR code is on its way", "Kod QR sedang disediakan");
    let frame = Frame {
        scripts: SCRIPT,
        refresh: Some(ASKING_SECONDS),
        ..Frame::default()
    };
    let body = html! {
        p role="status" data-load=(opened.path) { (language.pick(
            "We are asking Waapify for it. That takes some seconds, half a minute at most.",
            "Kami sedang memintanya daripada Waapify. Ini mengambil beberapa saat, paling lama setengah minit.",
        )) }
        p { a href=(opened.path) { (language.pick("Look again", "Lihat sekali lagi")) } }
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
pub(super) fn ways_out(language: Language, opened: &Opened) -> Markup {
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

fn by_keys(
    language: Language,
    opened: &Opened,
    known: &Known,
    typed: Typed<'_>,
    fault: Option<&Fault>,
) -> Markup {
    let of = |field| {
        fault
            .filter(|fault| fault.field == Some(field))
            .map(|fault| &fault.text)
    };
    // A link of the agency's admin may use its token with any of its instances.
    let has_token = known.has_token && known.is_agency;
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
            is_optional: false,
        },
        Input {
            id: "access_token",
            field: Field::AccessToken,
            value: "",
            hint: if has_token {
                language.pick(
                    "Leave it empty to use the one that your agency has stored.",
                    "Biarkan kosong untuk menggunakan token yang disimpan oleh agensi anda.",
                )
            } else {
                language.pick(TOKEN_HINT.0, TOKEN_HINT.1)
            },
            fault: of(Field::AccessToken),
            is_optional: has_token,
        },
    ];
    let asks_number = !typed.number.is_empty() || of(Field::Number).is_some();
    html! {
        form method="post" action=(opened.path) autocomplete="off" {
            @for field in &fields { (input(language, field)) }
            @if asks_number { (number_input(language, typed.number, of(Field::Number))) }
            @if typed.is_asked { (replace_box(language)) }
            button.quiet type="submit" { (language.pick("Check and connect", "Semak dan sambung")) }
        }
    }
}

/// The field of the number, where Waapify does not name it.
pub(super) fn number_input(language: Language, value: &str, fault: Option<&Text>) -> Markup {
    let hint = language.pick(
        "The number that is linked to this instance, with its country code.",
        "Nombor yang dipautkan kepada sambungan Waapify ini, dengan kod negara.",
    );
    let number = Input {
        id: "number",
        field: Field::Number,
        value,
        hint,
        fault,
        is_optional: false,
    };
    input(language, &number)
}

fn by_qr(
    language: Language,
    opened: &Opened,
    known: &Known,
    typed: Typed<'_>,
    fault: Option<&Fault>,
) -> Markup {
    let of_field = fault.filter(|fault| fault.field.is_some());
    let field = Input {
        id: "qr_access_token",
        field: Field::AccessToken,
        value: "",
        hint: language.pick(TOKEN_HINT.0, TOKEN_HINT.1),
        fault: of_field.map(|fault| &fault.text),
        is_optional: false,
    };
    // A stored token that Waapify refuses may be wrong: another one can be entered.
    let asks_token = !known.has_token || of_field.is_some();
    html! {
        p { (language.pick(
            "A QR code appears here, which you scan with the WhatsApp app of the phone that has the number.",
            "Kod QR akan muncul di sini, untuk anda imbas dengan aplikasi WhatsApp pada telefon yang mempunyai nombor itu.",
        )) }
        form method="post" action={ (opened.path) "/qr" } autocomplete="off"
            data-auto[typed.begins] data-busy=(language.pick("Asking Waapify for the code…", "Meminta kod daripada Waapify…")) {
            @if asks_token { (input(language, &field)) }
            @if asks_token && known.has_token { (stored_is_refused(language)) }
            @if known.may_keep { (keep_box(language)) }
            @else if asks_token && !known.has_token { (agency_can_keep(language)) }
            @if typed.is_asked { (replace_box(language)) }
            button type="submit" { (language.pick("Show the QR code", "Tunjukkan kod QR")) }
        }
    }
}

fn stored_is_refused(language: Language) -> Markup {
    html! {
        p.hint { (language.pick(
            "That was the token that your agency has stored. Its admin can replace it on the agency's page of this app in GHL.",
            "Itu token yang disimpan oleh agensi anda. Adminnya boleh menggantikannya di halaman agensi aplikasi ini dalam GHL.",
        )) }
    }
}

/// Who cannot have the token kept is told who can.
fn agency_can_keep(language: Language) -> Markup {
    html! {
        p.hint { (language.pick(
            "An admin of your agency can store the token once for all its sub-accounts, on the agency's page of this app in GHL. Then nobody is asked for it.",
            "Admin agensi anda boleh menyimpan token sekali untuk semua sub-akaunnya, di halaman agensi aplikasi ini dalam GHL. Selepas itu tiada siapa diminta memasukkannya.",
        )) }
    }
}

fn keep_box(language: Language) -> Markup {
    html! {
        label.check {
            input type="checkbox" name="keep" value="1" checked;
            span { (language.pick(
                "Keep this token for all sub-accounts of my agency, so that nobody has to enter it again",
                "Simpan token ini untuk semua sub-akaun agensi saya, supaya tiada siapa perlu memasukkannya lagi",
            )) }
        }
    }
}
