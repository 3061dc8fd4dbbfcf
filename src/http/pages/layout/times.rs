//! Times on pages: in the sub-account's zone, or in UTC where there is none; `/assets/times.js` shows them in the reader's.

use maud::{Markup, html};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, UtcOffset};

use crate::model::language::Language;
use crate::model::zone::Zone;

/// The machine-readable format of a time.
const MACHINE: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// A time to the minute.
pub(in crate::http) fn minutes(zone: &Zone, at: OffsetDateTime) -> Markup {
    html! { time datetime=(machine(at)) data-local="minutes" { (zone.minutes(at)) } }
}

/// A time to the second.
pub(in crate::http) fn seconds(zone: &Zone, at: OffsetDateTime) -> Markup {
    html! { time datetime=(machine(at)) data-local="seconds" { (zone.seconds(at)) } }
}

/// How long ago something was. The time itself is shown on hover.
pub(in crate::http) fn ago(
    language: Language,
    zone: &Zone,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Markup {
    let passed = now - at;
    let (count, english, malay) = if passed < Duration::MINUTE {
        return told(zone, at, language.pick("just now", "baru sahaja"));
    } else if passed < Duration::HOUR {
        (passed.whole_minutes(), "min ago", "minit lalu")
    } else if passed < Duration::DAY {
        (passed.whole_hours(), "h ago", "jam lalu")
    } else {
        (passed.whole_days(), "d ago", "hari lalu")
    };
    told(
        zone,
        at,
        &format!("{count} {}", language.pick(english, malay)),
    )
}

fn told(zone: &Zone, at: OffsetDateTime, text: &str) -> Markup {
    html! { time datetime=(machine(at)) title=(zone.minutes(at)) data-local="title" { (text) } }
}

/// In which zone the times of a page are. The script names the reader's instead.
pub(super) fn note(language: Language, zone: &Zone) -> Markup {
    let yours = language.pick(
        "Times are in your time zone, ",
        "Masa adalah dalam zon masa anda, ",
    );
    html! {
        p.note data-zone=(zone.name()) data-yours=(yours) {
            (language.pick("Times are in the time zone ", "Masa adalah dalam zon masa ")) (zone.name()) "."
        }
    }
}

fn machine(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(MACHINE)
        .unwrap_or_default()
}
