//! One number: its state, and the settings that the location may change.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use time::OffsetDateTime;
use tracing::info;

use crate::db::numbers::settings;
use crate::db::numbers::settings::Preferences;
use crate::db::views::overview::NumberState;
use crate::http::HttpState;
use crate::http::error::PageError;
use crate::http::pages::connect as connecting;
use crate::http::pages::layout::components;
use crate::http::pages::location::location_user::{LocationUser, VerifiedForm, not_here};
use crate::http::pages::location::{labels, removal, see, tabs};
use crate::model::language::Language;
use crate::model::progress::Progress;
use crate::model::reason::{Hold, Reason};

/// Longest pause that may be chosen, as for the operator. With more than a minute, a reply would seem lost.
const MAX_INTERVAL_MS: i32 = 60_000;
/// Longest name of a number, in characters.
const MAX_NAME: usize = 60;

/// A number on the first page.
pub(super) fn summary(
    language: Language,
    visitor: &LocationUser,
    (row, standing): (&NumberState, Standing),
    now: OffsetDateTime,
) -> Markup {
    let address = visitor.address(&format!("/numbers/{}", row.number));
    html! {
        h3 {
            "+" (row.number)
            @if let Some(name) = &row.name { " · " bdi { (name) } }
            " " (link_pill(language, row, standing))
            @if row.is_default { " " span.pill { (language.pick("Sends", "Menghantar")) } }
        }
        (facts(language, visitor, row, now))
        .actions {
            a.button.quiet href=(address) aria-label={ (language.pick("Settings", "Tetapan")) " +" (row.number) } {
                (language.pick("Settings", "Tetapan"))
            }
            @if visitor.may_change() && row.is_connected && row.hold_reason.as_ref().is_some_and(is_for_a_person) {
                (relink_form(language, visitor, row))
            }
            @if visitor.may_change() && row.is_connected && !row.is_default {
                form method="post" action=(format!("{address}/default")) {
                    (visitor.token())
                    button.quiet type="submit" { (language.pick("Send from this number", "Hantar dari nombor ini")) }
                }
            }
        }
    }
}

/// Whether a hold may end when the phone is linked again; a gateway that fails is no matter of the phone.
const fn is_for_a_person(reason: &Reason) -> bool {
    !matches!(reason, Reason::Hold(Hold::GatewayFails { .. }))
}

fn relink_form(language: Language, visitor: &LocationUser, row: &NumberState) -> Markup {
    let address = visitor.address(&format!("/numbers/{}/relink", row.number));
    html! {
        form method="post" action=(address) {
            (visitor.token())
            button.quiet[row.hold_reason.is_none()] type="submit" { (language.pick("Link the phone again", "Pautkan telefon semula")) }
        }
    }
}

/// What is known about a number besides its row.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    /// An incident about it, or about its whole sub-account, lasts.
    pub is_troubled: bool,
    /// How far the sub-account's set-up is proven.
    pub progress: Progress,
}

fn link_pill(language: Language, row: &NumberState, standing: Standing) -> Markup {
    let (kind, word) = match (row.is_connected, &row.hold_reason) {
        (false, _) => ("bad", language.pick("Not connected", "Tidak disambungkan")),
        (true, Some(_)) => ("bad", language.pick("On hold", "Ditahan")),
        (true, None) if standing.is_troubled => (
            "bad",
            language.pick("Needs your attention", "Memerlukan perhatian"),
        ),
        (true, None) => return components::progress(language, standing.progress),
    };
    html! { span class={ "pill " (kind) } { (word) } }
}

fn facts(
    language: Language,
    visitor: &LocationUser,
    row: &NumberState,
    now: OffsetDateTime,
) -> Markup {
    html! {
        @if let Some(reason) = row.hold_reason.as_ref().filter(|_| row.is_connected) {
            p.notice.bad { (components::reason(language, reason)) }
        }
        @if !row.is_connected {
            p.notice.bad { (language.pick(
                "Its credentials were removed when the app was uninstalled. Connect it again.",
                "Maklumat sambungannya dibuang semasa aplikasi dinyahpasang. Sambungkannya sekali lagi.",
            )) }
        }
        dl.facts {
            dt { (language.pick("Connected", "Disambungkan")) }
            dd { (labels::ago(language, visitor, row.connected_at, now)) }
            dt { (language.pick("Last sign from WhatsApp", "Isyarat terakhir dari WhatsApp")) }
            dd {
                @match row.last_event_at {
                    Some(at) => { (labels::ago(language, visitor, at, now)) }
                    None => { (language.pick("none lately", "tiada baru-baru ini")) }
                }
            }
        }
    }
}

pub(super) async fn show(
    State(state): State<HttpState>,
    language: Language,
    visitor: LocationUser,
) -> Result<Markup, PageError> {
    let row = visitor.find_number(&state).await?;
    let entered = Entered::of(&row);
    let saved = visitor.query_param("saved").map(|_| Notice::Saved);
    let linked = visitor.query_param("linked").map(|_| Notice::Linked);
    let notice = saved.or(linked);
    Ok(settings(
        &state,
        language,
        &visitor,
        (&row, &entered),
        notice,
    ))
}

/// A form as the user filled it in.
struct Entered {
    name: String,
    pause: String,
    forwards_groups: bool,
    mirrors_phone: bool,
}

impl Entered {
    fn of(row: &NumberState) -> Self {
        Self {
            name: row.name.clone().unwrap_or_default(),
            pause: row.min_interval_ms.map(seconds).unwrap_or_default(),
            forwards_groups: row.forwards_groups,
            mirrors_phone: row.mirrors_phone,
        }
    }

    fn from(sent: &VerifiedForm) -> Self {
        Self {
            name: sent.field("name").to_owned(),
            pause: sent.field("pause").to_owned(),
            forwards_groups: sent.is_ticked("groups"),
            mirrors_phone: sent.is_ticked("phone"),
        }
    }

    /// What to store, or what is wrong with it. `least` is the operator's own pause in milliseconds. A shorter one may
    /// stay only if the operator gave it to this number.
    fn check(&self, row: &NumberState, least: i32) -> Result<Preferences, Notice> {
        let is_name =
            |name: &str| name.chars().count() <= MAX_NAME && !name.contains(char::is_control);
        if !is_name(&self.name) {
            return Err(Notice::BadName);
        }
        let min_interval_ms = match self.pause.as_str() {
            "" => None,
            text => Some(milliseconds(text).ok_or(Notice::BadPause)?),
        };
        let is_allowed =
            |ms: i32| (least..=MAX_INTERVAL_MS).contains(&ms) || row.min_interval_ms == Some(ms);
        if !min_interval_ms.is_none_or(is_allowed) {
            return Err(Notice::BadPause);
        }
        Ok(Preferences {
            name: Some(self.name.clone()).filter(|name| !name.is_empty()),
            min_interval_ms,
            forwards_groups: self.forwards_groups,
            mirrors_phone: self.mirrors_phone,
        })
    }
}

/// What the settings page says at the top.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Notice {
    Saved,
    Linked,
    BadName,
    BadPause,
}

/// Reads seconds with a decimal point or comma.
fn milliseconds(text: &str) -> Option<i32> {
    let seconds: f64 = text.replace(',', ".").parse().ok()?;
    let is_sane = (0.0..=f64::from(MAX_INTERVAL_MS) / 1000.0).contains(&seconds);
    #[allow(clippy::cast_possible_truncation, reason = "it is from 0 to 60,000")]
    is_sane.then(|| (seconds * 1000.0).round() as i32)
}

fn seconds(ms: i32) -> String {
    (f64::from(ms) / 1000.0).to_string()
}

/// Stores a number's settings.
pub(super) async fn change(
    State(state): State<HttpState>,
    language: Language,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let visitor = &sent.visitor;
    let row = visitor.find_number(&state).await?;
    let entered = Entered::from(&sent);
    let preferences = match entered.check(&row, least_pause(&state)) {
        Ok(preferences) => preferences,
        Err(notice) => {
            let page = settings(&state, language, visitor, (&row, &entered), Some(notice));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response());
        }
    };
    let (pool, location) = (&state.pool, &visitor.location);
    if !settings::record_preferences(pool, location, &row.number, &preferences).await? {
        return Err(not_here());
    }
    info!(%location, "the settings of a number are changed");
    state.signals.outbound.notify_one();
    Ok(see(
        &visitor.address(&format!("/numbers/{}?saved", row.number))
    ))
}

fn least_pause(state: &HttpState) -> i32 {
    i32::try_from(state.min_interval.as_millis()).unwrap_or(MAX_INTERVAL_MS)
}

fn settings(
    state: &HttpState,
    language: Language,
    visitor: &LocationUser,
    (row, entered): (&NumberState, &Entered),
    notice: Option<Notice>,
) -> Markup {
    let least = seconds(least_pause(state));
    let title = format!("+{}", row.number);
    let may_change = visitor.may_change();
    let body = html! {
        section.panel {
            @if notice == Some(Notice::Saved) {
                p.notice.good role="status" { (language.pick("Saved.", "Disimpan.")) }
            }
            @if notice == Some(Notice::Linked) {
                p.notice.good role="status" { (language.pick("The phone is linked. What waited is on its way.", "Telefon sudah dipautkan. Mesej yang menunggu sedang dihantar.")) }
            }
            form method="post" action=(visitor.address(&format!("/numbers/{}", row.number))) {
                (visitor.token())
                label for="name" { (language.pick("Name", "Nama")) }
                input #name name="name" value=(entered.name) maxlength=(MAX_NAME) autocomplete="off" readonly[!may_change]
                    aria-invalid=[(notice == Some(Notice::BadName)).then_some("true")];
                @if notice == Some(Notice::BadName) {
                    p.error role="alert" { (language.pick("Please choose a name of up to 60 letters.", "Sila pilih nama sehingga 60 huruf.")) }
                }
                p.hint { (language.pick("What you call this number here, such as Sales. Customers do not see it.", "Nama yang anda gunakan untuk nombor ini di sini, contohnya Jualan. Pelanggan tidak melihatnya.")) }
                (pause_field(language, entered, &least, notice, may_change))
                label.check {
                    input type="checkbox" name="phone" value="1" checked[entered.mirrors_phone] disabled[!may_change];
                    span { (language.pick("Show in GHL what is written on the phone itself", "Paparkan dalam GHL apa yang ditulis pada telefon itu sendiri")) }
                }
                label.check {
                    input type="checkbox" name="groups" value="1" checked[entered.forwards_groups] disabled[!may_change];
                    span { (language.pick("Show in GHL what customers write in WhatsApp groups", "Paparkan dalam GHL apa yang pelanggan tulis dalam kumpulan WhatsApp")) }
                }
                .actions {
                    @if may_change { button type="submit" { (language.pick("Save", "Simpan")) } }
                    a href=(visitor.address("")) { (language.pick("Back", "Kembali")) }
                }
            }
            @if row.is_connected {
                p { a href=(visitor.address(&format!("/numbers/{}/protection", row.number))) {
                    (language.pick("Protection from a ban: how many new people this number writes to", "Perlindungan daripada sekatan: berapa ramai orang baharu nombor ini hubungi"))
                } }
            }
        }
        @if row.is_connected && visitor.may_change() {
            section.panel {
                h2 { (language.pick("The phone", "Telefon")) }
                p { (language.pick(
                    "If WhatsApp on the phone no longer lists this link under Linked devices, or messages do not leave, link it again. A phone that is linked stays so.",
                    "Jika WhatsApp pada telefon tidak lagi menyenaraikan pautan ini di bawah Linked devices (Peranti terpaut), atau mesej tidak dihantar, pautkannya semula. Telefon yang sudah dipautkan kekal begitu.",
                )) }
                .actions { (relink_form(language, visitor, row)) }
            }
        }
        (removal::panel(language, visitor, row))
    };
    tabs::framed(language, visitor, None, &title, &body)
}

fn pause_field(
    language: Language,
    entered: &Entered,
    least: &str,
    notice: Option<Notice>,
    may_change: bool,
) -> Markup {
    html! {
        label for="pause" { (language.pick("Pause between two messages, in seconds", "Jeda antara dua mesej, dalam saat")) }
        input #pause name="pause" value=(entered.pause) inputmode="decimal" autocomplete="off" placeholder=(least) readonly[!may_change]
            aria-describedby="pause-hint" aria-invalid=[(notice == Some(Notice::BadPause)).then_some("true")];
        @if notice == Some(Notice::BadPause) {
            p.error role="alert" {
                (language.pick("Please enter seconds from ", "Sila masukkan saat dari ")) (least)
                (language.pick(" to 60, or nothing.", " hingga 60, atau kosongkan."))
            }
        }
        p.hint #pause-hint {
            (language.pick("WhatsApp bans numbers that hurry. Nothing: ", "WhatsApp menyekat nombor yang tergesa-gesa. Kosong: ")) (least)
            (language.pick(" seconds, which is also the least.", " saat, iaitu juga yang paling singkat."))
        }
    }
}

/// Makes this the number that the location sends from.
pub(super) async fn make_default(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let location = &sent.visitor.location;
    let row = sent.visitor.find_number(&state).await?;
    if !settings::make_default(&state.pool, location, &row.number).await? {
        return Err(not_here());
    }
    info!(%location, "messages leave from another number");
    state.signals.outbound.notify_one();
    Ok(see(&sent.visitor.address("")))
}

/// Redirects to the form that connects a number.
pub(super) async fn connect(
    State(state): State<HttpState>,
    sent: VerifiedForm,
) -> Result<Response, PageError> {
    let agency = sent.visitor.find_agency(&state).await?;
    let location = &sent.visitor.location;
    let maker = connecting::Maker {
        user: Some(sent.visitor.user()),
        agency: agency.as_ref(),
    };
    let link = connecting::new_link(&state, location, maker).await?;
    Ok(see(&link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_as_people_write_it() {
        for (text, ms) in [
            ("0", 0),
            ("1", 1000),
            ("2.5", 2500),
            ("2,5", 2500),
            ("60", 60_000),
        ] {
            assert_eq!(milliseconds(text), Some(ms), "{text}");
        }
        for text in ["-1", "60.1", "1e9", "inf", "NaN", "x", "1.2.3", "0x10"] {
            assert_eq!(milliseconds(text), None, "{text}");
        }
        assert_eq!(seconds(2500), "2.5");
    }
}
