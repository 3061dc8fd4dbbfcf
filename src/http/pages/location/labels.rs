//! Times and numbers, as the pages show them.

use maud::{Markup, html};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime};

use crate::model::language::Language;

const MINUTES: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute] UTC");
const SECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
/// The machine-readable format of a time.
const MACHINE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// How long ago something was. The time itself is shown on hover.
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

/// A time to the second.
pub(super) fn exactly(at: OffsetDateTime) -> Markup {
    html! { time datetime=(format(at, MACHINE)) { (format(at, SECONDS)) } }
}

fn format(at: OffsetDateTime, format: &[BorrowedFormatItem<'_>]) -> String {
    at.format(format).unwrap_or_default()
}

/// The last digits of a customer's number.
pub(super) fn chat(end: Option<&str>) -> String {
    end.map_or_else(|| "—".to_owned(), |end| format!("…{end}"))
}
