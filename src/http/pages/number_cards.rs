//! How a number is doing, as a card: for a location's users and for the operator. It looks like the ramp card of GHL's own phone
//! numbers: a level, what is used of today's cap, and what to do.

use maud::{Markup, html};
use time::OffsetDateTime;

use crate::db::views::number_cards::{Card, MAX_WAITING};
use crate::http::pages::layout::{charts, components, times};
use crate::model::language::Language;
use crate::model::protection::{RAMP, written};
use crate::model::zone::Zone;

/// Share of answers, in percent, below which people are told to write less to those who do not expect it. Those who sell
/// such tools call 30 and more healthy; below ten, most readers do not want the message.
const FEW_ANSWERS: i64 = 10;
/// People written to before that share says anything.
const ENOUGH: i64 = 20;

/// A card. `is_on`: whether numbers are protected that nobody changed; `zone`: of its times; `id`: unique on the page.
pub(in crate::http) fn card(
    language: Language,
    (id, card): (&str, &Card),
    zone: &Zone,
    is_on: bool,
    now: OffsetDateTime,
) -> Markup {
    let is_on = card.protection.settings.is_on.unwrap_or(is_on);
    html! {
        figure.chart.card {
            figcaption { (language.pick("How this number is doing", "Keadaan nombor ini")) }
            @if is_on { (ramp(language, id, card)) }
            @else { p.note { (language.pick("Its protection is off: to people who never wrote, messages leave without limit.", "Perlindungannya dimatikan: kepada orang yang belum pernah menulis, mesej dihantar tanpa had.")) } }
            dl.facts {
                dt { (language.pick("Linked since", "Dipautkan sejak")) }
                dd { (times::ago(language, zone, card.protection.connected_at, now)) }
                dt { (language.pick("Today", "Hari ini")) }
                dd { (today(language, card)) }
                dt { (language.pick("Answers", "Balasan")) }
                dd { (answers(language, card)) }
                dt { (language.pick("Refused by WhatsApp", "Ditolak oleh WhatsApp")) }
                dd {
                    @match card.refused_at {
                        None => { (language.pick("never in 30 days", "tidak pernah dalam 30 hari")) }
                        Some(at) => {
                            (card.refusals) " " (language.pick("in 30 days, last", "dalam 30 hari, terakhir")) " "
                            (times::ago(language, zone, at, now))
                        }
                    }
                }
                @if card.waiting > 0 && is_on {
                    dt { (language.pick("Wait for their turn", "Menunggu giliran")) }
                    dd {
                        @if card.waiting > MAX_WAITING { (language.pick("more than ", "lebih daripada ")) (MAX_WAITING) }
                        @else { (card.waiting) }
                        @if let Some(why) = &card.why { ": " (components::reason(language, why)) }
                    }
                }
            }
            p.hint { strong { (language.pick("Do this: ", "Buat ini: ")) } (todo(language, card, is_on, now)) }
        }
    }
}

/// The bar of today's first contacts, with the steps of the ramp below.
fn ramp(language: Language, id: &str, card: &Card) -> Markup {
    let (used, cap) = (card.first_contacts, card.limits.daily);
    let of = RAMP.len();
    let (from, until) = card.limits.hours;
    let hours = format!("{}–{}", written(from), written(until));
    let title = match language {
        Language::English => format!("First contacts today: {used} of {cap}"),
        Language::Malay => format!("Kenalan pertama hari ini: {used} daripada {cap}"),
    };
    let level = match (card.limits.level, language) {
        (Some(level), Language::English) => format!("Level {} of {of}", level + 1),
        (Some(level), Language::Malay) => format!("Tahap {} daripada {of}", level + 1),
        (None, _) => language.pick("Your own cap", "Had anda sendiri").to_owned(),
    };
    let hourly = card.limits.hourly;
    let more = match language {
        Language::English => format!("at most {hourly} an hour, from {hours}"),
        Language::Malay => format!("paling banyak {hourly} sejam, dari {hours}"),
    };
    let steps = (of, card.limits.level.map(|level| level + 1));
    html! {
        p { strong { (title) } " · " (level) }
        (charts::ramp(id, &format!("{title}. {level}, {more}."), (used, cap), steps))
        p.note {
            (more) ". "
            @if let Some(next) = card.limits.level.and_then(|level| RAMP.get(level + 1)) {
                @match language {
                    Language::English => { "From day " (next.from_day) " on: " (next.daily) " a day." }
                    Language::Malay => { "Mulai hari ke-" (next.from_day) ": " (next.daily) " sehari." }
                }
            }
        }
    }
}

fn today(language: Language, card: &Card) -> Markup {
    html! {
        (card.sent) " " (language.pick("sent", "dihantar")) ", "
        (card.delivered) " " (language.pick("delivered", "diterima")) ", "
        (card.failed) " " (language.pick("failed", "gagal"))
    }
}

fn share(card: &Card) -> Option<i64> {
    (card.written_to > 0).then(|| card.answered * 100 / card.written_to)
}

fn answers(language: Language, card: &Card) -> Markup {
    html! {
        @match share(card) {
            None => { (language.pick("nobody new was written to in 14 days", "tiada orang baharu dihubungi dalam 14 hari")) }
            Some(share) => {
                (share) "% ("
                @match language {
                    Language::English => { (card.answered) " of " (card.written_to) " people in 14 days" }
                    Language::Malay => { (card.answered) " daripada " (card.written_to) " orang dalam 14 hari" }
                }
                ")"
            }
        }
    }
}

/// What a person can do for the number, the most urgent first.
fn todo(language: Language, card: &Card, is_on: bool, now: OffsetDateTime) -> &'static str {
    let is_resting = card
        .protection
        .strangers_from
        .is_some_and(|until| until > now);
    let has_few_answers =
        card.written_to >= ENOUGH && share(card).is_some_and(|share| share < FEW_ANSWERS);
    if is_on && card.protection.stopped_at.is_some() {
        language.pick(
            "Look at WhatsApp on the phone: it says if the account is restricted. When that is over, press \"Go on\".",
            "Lihat WhatsApp pada telefon: ia menyatakan jika akaun disekat. Apabila selesai, tekan \"Teruskan\".",
        )
    } else if is_on && is_resting {
        language.pick(
            "Nothing: new people wait until WhatsApp has calmed down, answers leave as always. Write afterwards to fewer people who do not expect it.",
            "Tiada apa-apa: orang baharu menunggu sehingga WhatsApp reda, balasan dihantar seperti biasa. Selepas itu, kurangkan mesej kepada orang yang tidak menjangkakannya.",
        )
    } else if has_few_answers {
        language.pick(
            "Few people answer. Write to fewer at a time, say who you are, and ask something that is easy to answer.",
            "Sedikit sahaja yang membalas. Tulis kepada lebih sedikit orang pada satu masa, nyatakan siapa anda, dan tanya sesuatu yang mudah dijawab.",
        )
    } else if !is_on {
        language.pick(
            "Switch its protection on before you write to many people who never wrote to you.",
            "Hidupkan perlindungannya sebelum menulis kepada ramai orang yang belum pernah menulis kepada anda.",
        )
    } else if card.waiting > 0 && card.first_contacts >= card.limits.daily {
        language.pick(
            "Nothing: the rest leaves tomorrow. Who writes to you first never waits.",
            "Tiada apa-apa: selebihnya dihantar esok. Sesiapa yang menulis kepada anda dahulu tidak perlu menunggu.",
        )
    } else {
        language.pick(
            "Nothing. Let people write first where you can: answers have no cap.",
            "Tiada apa-apa. Biarkan orang menulis dahulu jika boleh: balasan tiada had.",
        )
    }
}
