//! Finds the WhatsApp number that a written phone number means, and writes a number for people. Pure.
//!
//! Reads it as people in the location's country write numbers. It does not guess between two readings, and refuses
//! numbers with an extension.

use std::ops::RangeInclusive;

use phonenumber::country::{Id as Country, Source};
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber};

use crate::model::phone_forms;
use crate::model::reason::Failure;

/// Digits of a full number: ITU E.164 allows 15; numbers of 7 with a country code exist, shorter ones are short codes.
const DIGITS: RangeInclusive<usize> = 7..=15;
/// The zeros of decimal digits other than ASCII in which phone numbers are written (Unicode, category Nd): Arabic,
/// Persian, Devanagari, Bengali, Tamil, Thai, Lao, Burmese, Khmer, full width.
const ZEROS: [char; 10] = [
    '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{be6}', '\u{e50}', '\u{ed0}', '\u{1040}',
    '\u{17e0}', '\u{ff10}',
];
/// The prefix of international calls in most countries (ITU's recommendation); no national number begins with it.
const INTERNATIONAL: &str = "00";

/// The country of a full number, also where several countries share its code; the main one of them for digits that the
/// data does not know. None for digits without a country code.
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

/// Like [`phone`], for a number that is only compared: an extension behind it changes nothing.
#[must_use]
pub fn main_number(written: &str, country: Option<Country>) -> Option<String> {
    let plain = plain(written);
    let first = plain.find(|c: char| c.is_ascii_digit())?;
    let end = plain[first..].find(is_mark);
    phone(
        &plain[..end.map_or(plain.len(), |end| first + end)],
        country,
    )
    .ok()
}

/// The numbers (E.164 digits, in all their forms) that people in one of these countries may mean by this; none if it has a
/// letter.
#[must_use]
pub fn all_numbers(written: &str, countries: impl IntoIterator<Item = Country>) -> Vec<String> {
    if written.contains(char::is_alphabetic) {
        return Vec::new();
    }
    let countries = countries.into_iter().map(Some).chain([None]);
    let read = countries.filter_map(|country| main_number(written, country));
    let mut numbers: Vec<_> = read
        .chain(readings_of_digits(written))
        .filter(|digits| DIGITS.contains(&digits.len()))
        .flat_map(|digits| phone_forms::forms(&digits))
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The digits of a text as they are, and without the prefix of international calls in front of them, where it has that.
#[must_use]
pub fn readings_of_digits(written: &str) -> Vec<String> {
    let digits: String = plain(written)
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let abroad = digits.strip_prefix(INTERNATIONAL).map(str::to_owned);
    [digits].into_iter().chain(abroad).collect()
}

/// E.164 digits of a number that a person in `country` wrote.
///
/// # Errors
/// Why it is no number that can be written to.
pub fn phone(written: &str, country: Option<Country>) -> Result<String, Failure> {
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
        // Digits alone are read with a country code only if they are no number of `country`.
        let in_country = |country| national(&written, country).or_else(|| full(&digits));
        abroad().or_else(|| country.and_then(in_country))
    };
    found
        .filter(|digits| DIGITS.contains(&digits.len()))
        .ok_or(Failure::PhoneIncomplete)
}

/// A number (E.164 digits) with a plus and in groups, as people in its country read it out.
#[must_use]
pub fn grouped(digits: &str) -> String {
    let plain = format!("+{digits}");
    let number = phonenumber::parse(None, &plain);
    number.map_or(plain, |number| {
        number.format().mode(Mode::International).to_string()
    })
}

/// Digits and plus of any script as ASCII, without a `tel:` in front.
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

/// Whether there is a letter or a mark for an extension: then it is not a number alone, even if it can be parsed.
fn has_extension(written: &str) -> bool {
    written.chars().any(is_mark) && written.chars().any(|c| c.is_ascii_digit())
}

fn is_mark(c: char) -> bool {
    c.is_alphabetic() || matches!(c, ';' | ',' | '#' | '*')
}

/// A number with a plus is complete. It need not be "valid", because the data may not know new numbers yet; a change by
/// the parser (a trunk zero after the country code) counts only if the result is valid.
fn international(written: &str, digits: &str) -> Option<String> {
    let number = phonenumber::parse(None, written).ok()?;
    let changed = e164(&number);
    Some(if number.is_valid() {
        changed
    } else {
        digits.to_owned()
    })
}

/// The number that people in `country` reach by dialling this.
fn national(written: &str, country: Country) -> Option<String> {
    let number = phonenumber::parse(Some(country), written).ok()?;
    // After a country's prefix for calls abroad, the parser applies the rules of the wrong country.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_national_number_is_that_of_each_country_in_which_people_write_so() {
        let countries = [Country::MY, Country::SG];
        for (written, expected) in [
            ("012-345 6789", &["0123456789", "60123456789"][..]),
            ("+60 12 345 6789", &["60123456789"]),
            ("60123456789", &["60123456789"]),
            ("00 60 12-345 6789", &["0060123456789", "60123456789"]),
            ("6012-345", &["6012345"]),
            ("00 6012-345", &["006012345", "6012345"]),
            ("Kedai 012-345 6789", &[]),
            ("12", &[]),
        ] {
            assert_eq!(all_numbers(written, countries), expected, "{written}");
        }
    }

    #[test]
    fn a_number_is_grouped_as_its_country_does_and_an_unknown_one_is_left() {
        assert_eq!(grouped("60123456789"), "+60 12-345 6789");
        assert_eq!(grouped("999"), "+999");
        assert_eq!(grouped(""), "+");
    }
}
