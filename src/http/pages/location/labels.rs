//! What the page calls things, in both languages.

use maud::{Markup, html};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::db::views::messages::Direction;
use crate::model::language::Language;

const MINUTES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
/// What a browser reads a moment from.
const MACHINE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A state in a word, and the kind of pill it is shown in.
pub(super) fn state(
    language: Language,
    direction: Direction,
    state: &str,
) -> (&'static str, &'static str) {
    let is_out = direction == Direction::Outbound;
    let (kind, english, malay) = match state {
        "accepted" if is_out => ("", "Waiting", "Menunggu"),
        "accepted" => ("", "On its way to GHL", "Dalam perjalanan ke GHL"),
        "sending" => ("", "Being sent", "Sedang dihantar"),
        "unconfirmed" => ("warn", "Not confirmed yet", "Belum disahkan"),
        "sent" => ("good", "Sent", "Dihantar"),
        "delivered" => ("good", "Delivered", "Diterima"),
        "read" => ("good", "Read", "Dibaca"),
        "posted" => ("good", "In GHL", "Dalam GHL"),
        "held" => ("warn", "Held", "Ditahan"),
        "failed" => ("bad", "Failed", "Gagal"),
        "ignored" if is_out => ("", "Not for WhatsApp", "Bukan untuk WhatsApp"),
        "ignored" => ("", "Not shown in GHL", "Tidak dipaparkan dalam GHL"),
        _ => ("", "Unknown", "Tidak diketahui"),
    };
    (kind, language.pick(english, malay))
}

/// The same as a pill.
pub(super) fn state_pill(language: Language, direction: Direction, name: &str) -> Markup {
    let (kind, word) = state(language, direction, name);
    html! { span class={ "pill " (kind) } { (word) } }
}

/// Which way a message goes.
pub(super) fn direction(language: Language, direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => language.pick("To the customer", "Kepada pelanggan"),
        Direction::Inbound => language.pick("From the customer", "Daripada pelanggan"),
    }
}

/// How long ago something was, with the moment itself for those who point at it.
pub(super) fn ago(language: Language, at: OffsetDateTime, now: OffsetDateTime) -> Markup {
    let passed = now - at;
    let (count, english, malay) = if passed < Duration::MINUTE {
        return moment(at, language.pick("just now", "baru sahaja"));
    } else if passed < Duration::HOUR {
        (passed.whole_minutes(), "min ago", "minit lalu")
    } else if passed < Duration::DAY {
        (passed.whole_hours(), "h ago", "jam lalu")
    } else {
        (passed.whole_days(), "d ago", "hari lalu")
    };
    moment(at, &format!("{count} {}", language.pick(english, malay)))
}

fn moment(at: OffsetDateTime, text: &str) -> Markup {
    html! { time datetime=(format(at, MACHINE)) title=(format(at, MINUTES)) { (text) } }
}

/// A moment to the second.
pub(super) fn exactly(at: OffsetDateTime) -> Markup {
    html! { time datetime=(format(at, MACHINE)) { (format(at, SECONDS)) } }
}

fn format(at: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    at.format(format).unwrap_or_default()
}

/// A customer's number, shortened.
pub(super) fn chat(end: Option<&str>) -> String {
    end.map_or_else(|| "—".to_owned(), |end| format!("…{end}"))
}
