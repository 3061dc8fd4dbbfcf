//! Which WhatsApp number a written phone number means.
//!
//! Owns: reading it as the location's country writes numbers. Refuses: guessing where two readings are open, and numbers
//! behind a switchboard.

use std::ops::RangeInclusive;

use phonenumber::country::{Id as Country, Source};
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber};

use crate::model::reason::Failure;

/// Digits of a full number: ITU E.164 allows 15; 7 with a country code exist, less are short codes.
const DIGITS: RangeInclusive<usize> = 7..=15;
/// The zeros of the decimal digits in which phone numbers are written, beside ASCII's (Unicode, category Nd): Arabic,
/// Persian, Devanagari, Bengali, Tamil, Thai, Lao, Burmese, Khmer, full width.
const ZEROS: [char; 10] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{be6}', '\u{e50}', '\u{ed0}', '\u{1040}',
    '\u{17e0}', '\u{ff10}',
];
/// The prefix of international calls in most countries (ITU's recommendation); no national number begins with it.
const INTERNATIONAL: &str = "00";

/// The country of a full number: its own where several share its code, the main one of them for digits that the data
/// does not know; none for digits without a country code.
#[must_use]
pub fn country_of(digits: &str) -> Option<Country> {
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let main = || {
        DATABASE
            .region(&number.code().value())?
            .first()?
            .parse()
            .ok()
    };
    number.country().id().or_else(main)
}

/// E.164 digits of a number as a person in `country` wrote it.
pub(super) fn phone(written: &str, country: Option<Country>) -> Result<String, Failure> {
    let written = plain(written);
    if written.is_empty() {
        return Err(Failure::NoPhone);
    }
    if has_extension(&written) {
        return Err(Failure::PhoneWithExtension);
    }
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let found = if written.starts_with('+') {
        international(&written, &digits)
    } else {
        let abroad = || digits.strip_prefix(INTERNATIONAL).and_then(full);
        // Digits alone mean abroad only where they mean nothing at home.
        let in_country = |country| national(&written, country).or_else(|| full(&digits));
        abroad().or_else(|| country.and_then(in_country))
    };
    found
        .filter(|digits| DIGITS.contains(&digits.len()))
        .ok_or(Failure::PhoneIncomplete)
}

/// Digits and plus of any script as ASCII; without what only marks a phone number.
fn plain(written: &str) -> String {
    let ascii = |c: char| match c {
        '\u{ff0b}' => '+',
        c => digit(c).unwrap_or(c),
    };
    let plain: String = written.trim().chars().map(ascii).collect();
    let marked = plain
        .get(..4)
        .is_some_and(|mark| mark.eq_ignore_ascii_case("tel:"));
    plain[if marked { 4 } else { 0 }..].trim().to_owned()
}

fn digit(c: char) -> Option<char> {
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    })
}

/// A letter, or a mark of dialling further: whatever a parser makes of it, it is not a number alone.
fn has_extension(written: &str) -> bool {
    let further = |c: char| c.is_alphabetic() || matches!(c, ';' | ',' | '#' | '*');
    written.chars().any(further) && written.chars().any(|c| c.is_ascii_digit())
}

/// A number with its plus says everything itself. It need not be "valid", because the data may not know new numbers yet;
/// what the parser changed (a trunk zero behind the country code) counts only if it then is.
fn international(written: &str, digits: &str) -> Option<String> {
    let number = phonenumber::parse(None, written).ok()?;
    let changed = e164(&number);
    Some(if number.is_valid() {
        changed
    } else {
        digits.to_owned()
    })
}

/// The number that people of `country` reach by dialling this.
fn national(written: &str, country: Country) -> Option<String> {
    let number = phonenumber::parse(Some(country), written).ok()?;
    // Behind a country's own prefix of calls abroad the parser reads numbers by the wrong country's rules.
    let abroad = number.code().source() == Source::Idd;
    (number.is_valid() && !abroad).then(|| e164(&number))
}

/// The number with these digits, if it can exist.
fn full(digits: &str) -> Option<String> {
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    (number.is_valid() && e164(&number) == digits).then(|| digits.to_owned())
}

fn e164(number: &PhoneNumber) -> String {
    let written = number.format().mode(Mode::E164).to_string();
    written.chars().filter(char::is_ascii_digit).collect()
}
