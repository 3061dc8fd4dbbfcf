//! The rules for the number that a message leaves from: by user, by tag, by share of new contacts; and what happens while a
//! number is on hold.

mod entered;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use tracing::info;

use self::entered::{Entered, FIELDS, Fault, Known, Place, Typed, choose, field};
use crate::db::numbers::rules;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm};
use crate::http::pages::location::see;
use crate::http::pages::location::tabs::framed;
use crate::model::language::{Language, Text};
use crate::model::number_rule::WhenHeld;

/// Some dozens of numbers with a few hundred users and tags.
pub(super) const MAX_RULES_FORM: usize = 128 * 1024;
/// Users who are named as examples.
const EXAMPLES: usize = 10;

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let stored = rules::list(&state.pool, &visitor.location).await?;
    let when_held = rules::find_when_held(&state.pool, &visitor.location).await?;
    let known = Known::find(&state, &visitor, &stored).await?;
    let entered = Entered::of(&stored, when_held);
    let is_saved = visitor.query_param("saved").is_some();
    Ok(page(language, &visitor, &known, (&entered, None), is_saved))
}

/// Stores the rules for messages from now on.
pub(super) async fn save(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let stored = rules::list(&state.pool, &visitor.location).await?;
    let known = Known::find(&state, visitor, &stored).await?;
    let entered = Entered::from(&sent);
    let (checked, when_held) = match entered.check(&known) {
        Ok(checked) => checked,
        Err(fault) => {
            let page = page(language, visitor, &known, (&entered, Some(&fault)), false);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    rules::record(&state.pool, &visitor.location, &checked, when_held).await?;
    info!(location = %visitor.location, rules = checked.len(), "the rules for numbers are changed");
    state.signals.outbound.notify_one();
    Ok(see(&visitor.address("/number-rules?saved")))
}

fn page(
    language: Language,
    visitor: &LocationUser,
    known: &Known,
    (entered, fault): (&Entered, Option<&Fault>),
    is_saved: bool,
) -> Markup {
    let may_change = visitor.may_change();
    let shown = |name: &str| fault.is_some_and(|(at, _)| at == name);
    let has_place = |fault: &&Fault| {
        let mut places = known.places.iter();
        fault.0 == "held"
            || places.any(|place| {
                FIELDS
                    .map(|kind| field(kind, &place.number))
                    .contains(&fault.0)
            })
    };
    let body = html! {
        @if is_saved { p.notice.good role="status" { (language.pick("Saved.", "Disimpan.")) } }
        p { (language.pick(
            "An answer leaves from the number that the contact last wrote to or was last written from. For contacts without such a number these rules count, in this order: the user who writes, a tag of the contact, the share of new contacts. Everything else leaves from the default number.",
            "Jawapan dihantar dari nombor yang terakhir ditulis oleh kenalan itu, atau yang terakhir menulis kepada kenalan itu. Bagi kenalan tanpa nombor begitu, peraturan ini dikira mengikut susunan ini: pengguna yang menulis, tag kenalan, bahagian kenalan baharu. Selebihnya dihantar dari nombor lalai.",
        )) }
        @if known.places.len() < 2 {
            p.notice.warn { (language.pick(
                "This sub-account has one number, so everything leaves from it. The rules count as soon as another one is connected.",
                "Sub-akaun ini mempunyai satu nombor, maka semuanya dihantar daripadanya. Peraturan dikira sebaik sahaja nombor lain disambungkan.",
            )) }
        }
        @if let Some((_, text)) = fault.filter(|fault| !has_place(fault)) { p.error role="alert" { (text.of(language)) } }
        form method="post" action=(visitor.address("/number-rules")) {
            (visitor.token())
            @for place in &known.places { (number(language, known, place, (entered, fault), may_change)) }
            section.panel {
                h2 { (language.pick("While a number is on hold", "Semasa sesuatu nombor ditahan")) }
                @for choice in WhenHeld::ALL {
                    label.check {
                        input type="radio" name="held" value=(choice.as_str()) checked[entered.when_held == choice.as_str()] disabled[!may_change];
                        span { (choice.label(language)) }
                    }
                }
                @if shown("held") { p.error role="alert" { (choose().of(language)) } }
                p.hint { (language.pick(
                    "This is about messages that wait for a number other than the default one. Their timeline says when one leaves from another number.",
                    "Ini tentang mesej yang menunggu nombor selain nombor lalai. Garis masanya menyatakan apabila sesuatu mesej dihantar dari nombor lain.",
                )) }
                .actions {
                    @if may_change { button type="submit" { (language.pick("Save", "Simpan")) } }
                    a href=(visitor.address("")) { (language.pick("Back", "Kembali")) }
                }
            }
        }
    };
    let title = language.pick(
        "Which number messages leave from",
        "Nombor asal penghantaran mesej",
    );
    framed(language, visitor, None, title, &body)
}

/// The rules of one number.
fn number(
    language: Language,
    known: &Known,
    place: &Place,
    (entered, fault): (&Entered, Option<&Fault>),
    may_change: bool,
) -> Markup {
    let typed = entered.numbers.get(&place.number).cloned();
    let typed = typed.unwrap_or_default();
    let examples: Vec<_> = known
        .users
        .iter()
        .take(EXAMPLES)
        .map(String::as_str)
        .collect();
    html! {
        section.panel {
            h2 {
                "+" (place.number)
                @if let Some(name) = &place.name { " · " bdi { (name) } }
                @if place.is_default { " " span.pill { (language.pick("Sends", "Menghantar")) } }
            }
            @if !place.is_connected {
                p.notice.bad { (language.pick(
                    "This number is not connected any more, so its rules do not count. Connect it again, or empty its fields.",
                    "Nombor ini tidak lagi disambungkan, maka peraturannya tidak dikira. Sambungkannya semula, atau kosongkan medannya.",
                )) }
            }
            (area(language, (&field("users", &place.number), &typed.users), fault, may_change, (&Text::new(
                "Users of GHL who write from it", "Pengguna GHL yang menulis daripadanya",
            ), &Text::new(
                format!("One id a line. Ids that were seen here: {}", examples.join(", ")),
                format!("Satu ID sebaris. ID yang dilihat di sini: {}", examples.join(", ")),
            ))))
            (area(language, (&field("tags", &place.number), &typed.tags), fault, may_change, (&Text::new(
                "Tags of contacts who are written to from it", "Tag kenalan yang dihantar mesej daripadanya",
            ), &Text::new(
                "One tag a line. Small and large letters make no difference. A message waits up to half a minute until GHL has said the contact's tags.",
                "Satu tag sebaris. Huruf besar atau kecil tidak membezakan. Mesej menunggu sehingga setengah minit sehingga GHL menyatakan tag kenalan itu.",
            ))))
            (share(language, place, &typed, fault, may_change))
        }
    }
}

fn share(
    language: Language,
    place: &Place,
    typed: &Typed,
    fault: Option<&Fault>,
    may_change: bool,
) -> Markup {
    let name = field("share", &place.number);
    let fault = fault.filter(|(at, _)| *at == name);
    let (hint_id, fault_id) = (format!("{name}-hint"), format!("{name}-fault"));
    html! {
        label for=(name) { (language.pick("Share of new contacts", "Bahagian kenalan baharu")) }
        input #(name) name=(name) value=(typed.share) inputmode="numeric" autocomplete="off" readonly[!may_change]
            aria-describedby=(hint_id) aria-invalid=[fault.map(|_| "true")];
        @if let Some((_, text)) = fault { p.error #(fault_id) role="alert" { (text.of(language)) } }
        p.hint #(hint_id) { (language.pick(
            "Its part of the sum of all numbers: with 1 and 3 a quarter and three quarters of new contacts are written to from each. Empty: none.",
            "Bahagiannya daripada jumlah semua nombor: dengan 1 dan 3, suku dan tiga suku kenalan baharu dihantar mesej dari setiap satu. Kosong: tiada.",
        )) }
    }
}

fn area(
    language: Language,
    (name, typed): (&str, &str),
    fault: Option<&Fault>,
    may_change: bool,
    (label, hint): (&Text, &Text),
) -> Markup {
    let fault = fault.filter(|(at, _)| at == name);
    let (hint_id, fault_id) = (format!("{name}-hint"), format!("{name}-fault"));
    html! {
        label for=(name) { (label.of(language)) }
        textarea #(name) name=(name) rows="3" spellcheck="false" readonly[!may_change]
            aria-describedby=(hint_id) aria-invalid=[fault.map(|_| "true")] { (typed) }
        @if let Some((_, text)) = fault { p.error #(fault_id) role="alert" { (text.of(language)) } }
        p.hint #(hint_id) { (hint.of(language)) }
    }
}
