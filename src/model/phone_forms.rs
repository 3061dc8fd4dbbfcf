//! Phones that have two numbers on WhatsApp.
//!
//! Where a country changed how its numbers are written, an older account keeps the earlier digits as its address, and
//! nothing but the account says which it has (`docs/vendors/waapify.md#two-forms-of-a-number`). Decides which digits are
//! the same phone. Pure.

use std::ops::RangeInclusive;

/// A change of a country's numbers: these digits come in, or have gone.
struct Change {
    country: &'static str,
    digits: &'static str,
    /// Where, after the country code.
    at: usize,
    /// How many digits a number has without the country code and without these.
    length: usize,
    /// What the part behind them begins with: other numbers of the country did not change.
    begins: RangeInclusive<u8>,
    /// People dial them today.
    is_dialled: bool,
}

const CHANGES: [Change; 4] = [
    // Brazil's mobile phones got a ninth digit from 2012 on; those with other first digits are landlines.
    Change {
        country: "55",
        digits: "9",
        at: 2,
        length: 10,
        begins: b'6'..=b'9',
        is_dialled: true,
    },
    // Mexico's mobile phones lost the 1 in 2019.
    Change {
        country: "52",
        digits: "1",
        at: 0,
        length: 10,
        begins: b'2'..=b'9',
        is_dialled: false,
    },
    // From abroad Argentina's mobile phones are dialled with a 9.
    Change {
        country: "54",
        digits: "9",
        at: 0,
        length: 10,
        begins: b'1'..=b'3',
        is_dialled: true,
    },
    // Benin's numbers got an 01 in 2024.
    Change {
        country: "229",
        digits: "01",
        at: 0,
        length: 8,
        begins: b'2'..=b'9',
        is_dialled: true,
    },
];

impl Change {
    /// The number (digits) with and without the changed digits.
    fn forms(&self, number: &str) -> Option<(String, String)> {
        let national = number.strip_prefix(self.country)?;
        let (area, rest) = national.split_at_checked(self.at)?;
        let has_them = national.len() == self.length + self.digits.len();
        let rest = if has_them {
            rest.strip_prefix(self.digits)?
        } else {
            rest
        };
        let fits = area.len() + rest.len() == self.length
            && rest
                .bytes()
                .next()
                .is_some_and(|first| self.begins.contains(&first));
        let (country, digits) = (self.country, self.digits);
        fits.then(|| {
            (
                format!("{country}{area}{digits}{rest}"),
                format!("{country}{area}{rest}"),
            )
        })
    }
}

/// All numbers (E.164 digits) of the phone with this one: first the one that people dial today.
#[must_use]
pub fn forms(number: &str) -> Vec<String> {
    let changed = CHANGES
        .iter()
        .find_map(|change| Some((change.forms(number)?, change.is_dialled)));
    match changed {
        Some(((with, without), true)) => vec![with, without],
        Some(((with, without), false)) => vec![without, with],
        None => vec![number.to_owned()],
    }
}

/// Of the numbers of a phone, the first that is one by the phone library's data: what GHL accepts as a contact's phone. (A
/// landline of Argentina has no 9.)
#[must_use]
pub fn written(forms: &[String]) -> &str {
    let exists = |number: &&String| {
        phonenumber::parse(None, format!("+{number}")).is_ok_and(|number| number.is_valid())
    };
    let found = forms.iter().find(exists).or_else(|| forms.first());
    found.map_or("", String::as_str)
}

/// The number of a phone that people dial today, by which the service knows the phone.
#[must_use]
pub fn canonical(number: &str) -> String {
    forms(number).swap_remove(0)
}

/// Whether two numbers are the same phone.
#[must_use]
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || canonical(one) == canonical(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_found_from_each() {
        for (dialled, other) in [
            ("5511987654321", "551187654321"),
            ("5547996543210", "554796543210"),
            ("525512345678", "5215512345678"),
            ("5491123456789", "541123456789"),
            ("2290197123456", "22997123456"),
        ] {
            for number in [dialled, other] {
                assert_eq!(forms(number), [dialled, other], "{number}");
                assert_eq!(canonical(number), dialled);
            }
            assert!(is_same(dialled, other));
        }
    }

    #[test]
    fn other_numbers_have_one() {
        for number in [
            "60123456789",
            // Landlines of Brazil, with and without a digit too many.
            "551133334444",
            "5511933334444",
            // Too short and too long.
            "55119876543",
            "55119876543210",
            "52155123456789",
            "55",
            "5",
            "",
            // A number of the United States that begins with a country code above.
            "15521234567",
        ] {
            assert_eq!(forms(number), [number]);
        }
        assert!(!is_same("60123456789", "60123456788"));
    }

    #[test]
    fn no_digits_panic() {
        for number in ["55é1987654321", "54\u{1F600}", "229"] {
            assert_eq!(forms(number), [number]);
        }
    }
}
