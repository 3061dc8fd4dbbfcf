//! Reads what people enter: keys, and numbers as people write them.

use secrecy::ExposeSecret as _;

use crate::accounts::connect::{ConnectError, Entered, Field};
use crate::clients::waapify::Credentials;

/// Digits of a WhatsApp number with its country code. E.164 allows 15; fewer than 7 are short codes.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// The keys that somebody entered.
pub(super) fn credentials(entered: &Entered) -> Result<Credentials, ConnectError> {
    let filled = |value: &str, field| {
        let value = value.trim();
        if is_key(value) {
            Ok(value.to_owned())
        } else {
            Err(ConnectError::Field(field))
        }
    };
    Ok(Credentials {
        instance_id: filled(&entered.instance_id, Field::InstanceId)?,
        access_token: filled(entered.access_token.expose_secret(), Field::AccessToken)?.into(),
    })
}

/// Longest instance id or token that is accepted. Some gateways issue signed tokens of several hundred characters.
const MAX_KEY_BYTES: usize = 1_024;

/// Whether a text may be an instance id or a token.
pub(in crate::accounts) fn is_key(text: &str) -> bool {
    (1..=MAX_KEY_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

/// Reads the digits of a number written with or without plus, spaces, dashes and brackets. A number with its country
/// code never begins with 0.
///
/// # Errors
/// [`ConnectError::BadNumber`].
pub fn digits(written: &str) -> Result<String, ConnectError> {
    let known = |c: char| c.is_ascii_digit() || " +-().\u{a0}".contains(c);
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let full = NUMBER_DIGITS.contains(&digits.len()) && !digits.starts_with('0');
    if full && written.trim().chars().all(known) {
        Ok(digits)
    } else {
        Err(ConnectError::BadNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_be_written_as_people_write_it_but_in_full() {
        for written in ["60123456789", "+60 12-345 6789", "+60 (12) 345.6789"] {
            assert_eq!(digits(written).unwrap(), "60123456789", "{written}");
        }
        for written in ["", "0123456789", "60", "60123456789012345", "6012345678x"] {
            assert!(digits(written).is_err(), "{written}");
        }
    }
}
