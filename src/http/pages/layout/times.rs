//! Times on pages: in the sub-account's zone, or in UTC where there is none. `/assets/times.js` shows all times of a page in one
//! zone: its chart's, the sub-account's, or the reader's. The zone is named once, at the end; a time's own distance to UTC is
//! shown on hover.

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
    shown(at, "minutes", &zone.minutes(at))
}

/// A time to the second.
pub(in crate::http) fn seconds(zone: &Zone, at: OffsetDateTime) -> Markup {
    shown(at, "seconds", &zone.seconds(at))
}

fn shown(at: OffsetDateTime, kind: &str, whole: &str) -> Markup {
    let text = whole.rsplit_once(' ').map_or(whole, |(text, _)| text);
    html! { time datetime=(machine(at)) data-local=(kind) title=(whole) { (text) } }
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

/// In which zone the times of a page are. `is_fixed`: the script leaves them there; else it names the reader's instead.
pub(super) fn note(language: Language, zone: &Zone, is_fixed: bool) -> Markup {
    let yours = language.pick(
        "Times are in your time zone, ",
        "Masa adalah dalam zon masa anda, ",
    );
    let others = language.pick("Times are in the time zone ", "Masa adalah dalam zon masa ");
    html! {
        p.note data-zone=(zone.name()) data-one-zone[is_fixed] data-yours=(yours) data-others=(others) {
            (others) (zone.name()) "."
        }
    }
}

fn machine(at: OffsetDateTime) -> String {
    at.to_offset(UtcOffset::UTC)
        .format(MACHINE)
        .unwrap_or_default()
}
