//! The protection of a number: how many people it may write to that never wrote to it, and when; and "go on" after WhatsApp
//! refused several messages.

mod entered;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use entered::{Entered, Fault, Field};
use maud::{Markup, html};
use tracing::info;

use crate::db::history::incidents;
use crate::db::numbers::protection::Of;
use crate::db::numbers::{protection, restrictions};
use crate::db::views::number_cards;
use crate::db::views::number_cards::Card;
use crate::db::views::overview::NumberState;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::{see, tabs};
use crate::http::pages::number_cards as cards;
use crate::model::language::{Language, Text};

async fn find(state: &HttpState, visitor: &LocationUser) -> Result<(NumberState, Card), PageError> {
    let row = visitor.find_number(state).await?;
    let of = Of {
        location: &visitor.location,
        number: &row.number,
    };
    let card = number_cards::find(&state.pool, of, state.clock.now()).await?;
    Ok((row, card.ok_or_else(not_here)?))
}

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let (row, card) = find(&state, &visitor).await?;
    let entered = Entered::of(&card.protection.settings, state.protects_numbers);
    let is_saved = visitor.query_param("saved").is_some();
    let shown = (&entered, None);
    Ok(page(
        &state,
        language,
        &visitor,
        (&row, &card),
        shown,
        is_saved,
    ))
}

/// Stores what counts from the next message on.
pub(super) async fn save(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let (row, card) = find(&state, visitor).await?;
    let entered = Entered::from(&sent);
    let settings = match entered.check(&card.protection.settings, state.protects_numbers) {
        Ok(settings) => settings,
        Err(fault) => {
            let shown = (&entered, Some(&fault));
            let page = page(&state, language, visitor, (&row, &card), shown, false);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let (location, now) = (&visitor.location, state.clock.now());
    let number = row.number.as_str();
    let of = Of { location, number };
    if !protection::record_settings(&state.pool, of, &settings, now).await? {
        return Err(not_here());
    }
    info!(%location, "the protection of a number is changed");
    state.signals.outbound.notify_one();
    Ok(see(
        &visitor.address(&format!("/numbers/{number}/protection?saved"))
    ))
}

/// Lets everything leave again that no person wrote.
pub(super) async fn go_on(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let row = sent.visitor.find_number(&state).await?;
    let (location, now) = (&sent.visitor.location, state.clock.now());
    let number = row.number.as_str();
    if restrictions::go_on(&state.pool, Of { location, number }, now).await? {
        info!(%location, "a number goes on");
        incidents::check_soon(&state.pool, location, now).await?;
        state.signals.monitor.notify_one();
        state.signals.outbound.notify_one();
    }
    Ok(see(&sent
        .visitor
        .address(&format!("/numbers/{number}/protection"))))
}

/// The button after WhatsApp refused several messages; nothing otherwise.
fn go_on_form(
    language: Language,
    visitor: &LocationUser,
    (row, card): (&NumberState, &Card),
) -> Markup {
    html! {
        @if card.protection.stopped_at.is_some() {
            p.notice.bad role="status" { (language.pick(
                "WhatsApp refused several messages of this number, so only what people write leaves. Look at WhatsApp on the phone first: it says if the account is restricted, and until when.",
                "WhatsApp menolak beberapa mesej nombor ini, maka hanya yang ditulis oleh orang dihantar. Lihat WhatsApp pada telefon dahulu: ia menyatakan jika akaun disekat, dan sehingga bila.",
            )) }
            @if visitor.may_change() {
                form.actions method="post" action=(visitor.address(&format!("/numbers/{}/go-on", row.number))) {
                    (visitor.token())
                    button type="submit" { (language.pick("Go on", "Teruskan")) }
                }
            }
        }
    }
}

fn page(
    state: &HttpState,
    language: Language,
    visitor: &LocationUser,
    number: (&NumberState, &Card),
    (entered, fault): (&Entered, Option<&Fault>),
    is_saved: bool,
) -> Markup {
    let (row, card) = number;
    let (is_on, now) = (state.protects_numbers, state.clock.now());
    let zone = &visitor.names.zone;
    let title = format!(
        "+{} · {}",
        row.number,
        language.pick("Protection", "Perlindungan")
    );
    let body = html! {
        @if is_saved { p.notice.good role="status" { (language.pick("Saved.", "Disimpan.")) } }
        section.panel {
            (go_on_form(language, visitor, number))
            (cards::card(language, ("card", card), zone, is_on, now))
        }
        section.panel {
            h2 { (language.pick("Why numbers are protected", "Mengapa nombor dilindungi")) }
            p { (language.pick(
                "WhatsApp bans numbers that write to many people who never wrote to them. So those messages leave slowly: a few on the first days, more with every week, in working hours only, with a pause after each. What is too much for today waits for tomorrow in its order.",
                "WhatsApp menyekat nombor yang menulis kepada ramai orang yang belum pernah menulis kepadanya. Maka mesej begitu dihantar perlahan-lahan: beberapa pada hari-hari pertama, lebih banyak setiap minggu, dalam waktu bekerja sahaja, dengan jeda selepas setiap satu. Yang berlebihan untuk hari ini menunggu esok mengikut susunan.",
            )) }
            p { (language.pick(
                "Never held: what a person of your business writes in GHL or on the phone, and every message to somebody who has ever written to you.",
                "Tidak pernah ditahan: apa yang ditulis oleh orang perniagaan anda dalam GHL atau pada telefon, dan setiap mesej kepada sesiapa yang pernah menulis kepada anda.",
            )) }
            (form(language, visitor, (row, card), (entered, fault)))
        }
        p { a href=(visitor.address(&format!("/numbers/{}", row.number))) { (language.pick("Back to the number's settings", "Kembali ke tetapan nombor")) } }
    };
    tabs::framed(language, visitor, None, &title, &body)
}

fn form(
    language: Language,
    visitor: &LocationUser,
    (row, card): (&NumberState, &Card),
    (entered, fault): (&Entered, Option<&Fault>),
) -> Markup {
    let may_change = visitor.may_change();
    let limits = &card.limits;
    let usual = |count: i32| count.to_string();
    let field = |field: Field, typed: &str, empty: &str, words: (&Text, &Text)| {
        input(language, (field, typed, empty), fault, may_change, words)
    };
    html! {
        form method="post" action=(visitor.address(&format!("/numbers/{}/protection", row.number))) {
            (visitor.token())
            label.check {
                input type="checkbox" name="on" value="1" checked[entered.is_on] disabled[!may_change];
                span { (language.pick("Protect this number", "Lindungi nombor ini")) }
            }
            label.check {
                input type="checkbox" name="old" value="1" checked[entered.is_old] disabled[!may_change];
                span { (language.pick("This number is old: it was used with customers for months before it was linked here", "Nombor ini lama: ia digunakan dengan pelanggan berbulan-bulan sebelum dipautkan di sini")) }
            }
            (field(Field::Daily, &entered.daily, &usual(limits.daily), (
                &Text::new("New people a day", "Orang baharu sehari"),
                &Text::new("Empty: by the level, which rises with the days since the number was linked.", "Kosong: mengikut tahap, yang meningkat dengan bilangan hari sejak nombor dipautkan."),
            )))
            (field(Field::Hourly, &entered.hourly, &usual(limits.hourly), (
                &Text::new("New people an hour", "Orang baharu sejam"),
                &Text::new("Empty: a fifth of the day's.", "Kosong: satu perlima daripada sehari."),
            )))
            (field(Field::From, &entered.from, "09:00", (
                &Text::new("From", "Dari"),
                &Text::new("The time of the day from which on new people are written to.", "Waktu mula menulis kepada orang baharu."),
            )))
            (field(Field::Until, &entered.until, "20:00", (
                &Text::new("Until", "Hingga"),
                &Text::new("The time from which on they wait for the next day; 24:00 is midnight.", "Waktu mulai mereka menunggu hari berikutnya; 24:00 ialah tengah malam."),
            )))
            (field(Field::Zone, &entered.zone, limits.zone.name(), (
                &Text::new("Time zone", "Zon waktu"),
                &Text::new("Empty: that of the sub-account in GHL.", "Kosong: zon waktu sub-akaun dalam GHL."),
            )))
            .actions { @if may_change { button type="submit" { (language.pick("Save", "Simpan")) } } }
        }
    }
}

fn input(
    language: Language,
    (field, typed, empty): (Field, &str, &str),
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
        input #(name) name=(name) value=(typed) placeholder=(empty) autocomplete="off" maxlength=(MAX_TYPED) readonly[!may_change]
            aria-describedby=(described) aria-invalid=[fault.map(|_| "true")];
        @if let Some((_, text)) = fault { p.error #(fault_id) role="alert" { (text.of(language)) } }
        p.hint #(hint_id) { (hint.of(language)) }
    }
}

/// Longest field, in characters: the longest name of a zone has some thirty.
const MAX_TYPED: usize = 60;
