//! Times in addresses and forms of the operator's pages: `24h`, `7d`, or a moment.

use maud::{Markup, html};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::http::pages::operator::components;
use crate::model::language::Language;
use crate::model::zone::Zone;

/// What a form offers, with its name in English and Malay.
pub(super) const CHOICES: [(&str, &str, &str); 4] = [
    ("1h", "the last hour", "sejam yang lalu"),
    ("24h", "the last 24 hours", "24 jam yang lalu"),
    ("7d", "the last 7 days", "7 hari yang lalu"),
    ("30d", "the last 30 days", "30 hari yang lalu"),
];

/// The longest time back: further than any message lies.
const MAX_BACK: i64 = 24 * 365 * 10;

/// The moment that a text names: so many hours or days before now, or itself. None for anything else.
pub(super) fn parse(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let back = |digits: &str, hours: i64| {
        let count: i64 = digits.parse().ok()?;
        let back = count.checked_mul(hours)?;
        (0..=MAX_BACK)
            .contains(&back)
            .then(|| now - Duration::hours(back))
    };
    if let Some(digits) = text.strip_suffix('h') {
        return back(digits, 1);
    }
    if let Some(digits) = text.strip_suffix('d') {
        return back(digits, 24);
    }
    moment(text)
}

/// The moment that a text names by itself.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    // Postgres knows years of four digits.
    (1970..9999).contains(&at.year()).then_some(at)
}

/// A moment as addresses have it.
pub(super) fn written(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// Whether a form offers it.
pub(super) fn is_choice(text: &str) -> bool {
    CHOICES.iter().any(|(choice, ..)| *choice == text)
}

/// What people read of such a text: a moment in their own zone.
pub(super) fn label(language: Language, text: &str) -> Markup {
    let plain = || html! { (words(language, text)) };
    moment(text).map_or_else(plain, components::moment)
}

/// The same where only plain text can stand; with the distance to UTC.
pub(super) fn plain_label(language: Language, zone: &Zone, text: &str) -> String {
    moment(text).map_or_else(|| words(language, text).to_owned(), |at| zone.seconds(at))
}

/// The name of a choice; anything else as it is.
fn words(language: Language, text: &str) -> &str {
    let known = CHOICES.iter().find(|(choice, ..)| *choice == text);
    known.map_or(text, |(_, english, malay)| language.pick(*english, *malay))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_text_names_a_moment_or_nothing() {
        let now = datetime!(2026-11-27 12:00 UTC);
        for (text, expected) in [
            ("1h", Some(now - Duration::HOUR)),
            ("7d", Some(now - Duration::days(7))),
            ("2026-11-26T12:00:00Z", Some(now - Duration::DAY)),
            ("", None),
            ("h", None),
            ("-1h", None),
            ("99999999999999999999d", None),
            ("9223372036854775807d", None),
            ("+10000-01-01T00:00:00Z", None),
            ("yesterday", None),
        ] {
            assert_eq!(parse(text, now), expected, "{text}");
        }
    }
}
