//! Reads contact cards (vCard, RFC 6350 and its predecessors) into lines.
//!
//! Only the properties that a reader wants. WhatsApp writes version 3.0 in UTF-8, one property on each line.

use crate::fields;

/// Longest card, in bytes. A card with every field is about 1 KiB; a longer one holds a photo.
const MAX_CARD: usize = 64 * 1024;
/// Most values of a kind, and most parts of an organisation, so that a line stays readable.
const MAX_VALUES: usize = 8;
/// Longest value shown, in characters. The longest mail address has 254.
const MAX_VALUE: usize = 254;

/// Replaces an escaped semicolon for a moment; no value can contain this control character.
const ESCAPED: &str = "\u{1}";

/// The name on a card, and its phones, mail addresses and organisation.
#[derive(Default)]
pub(super) struct Card {
    pub(super) name: Option<String>,
    pub(super) details: Vec<String>,
}

pub(super) fn read(text: &str) -> Card {
    let end = text.floor_char_boundary(MAX_CARD);
    let unfolded = text[..end]
        .replace("\r\n", "\n")
        .replace("\n ", "")
        .replace("\n\t", "");
    let mut card = Card::default();
    let (mut phones, mut mails, mut organisation) = (Vec::new(), Vec::new(), None);
    for (name, parameters, value) in unfolded.lines().filter_map(property) {
        match name.as_str() {
            "FN" => card.name = card.name.or_else(|| shown(value)),
            "TEL" if phones.len() < MAX_VALUES => {
                phones.extend(shown(value).or_else(|| whatsapp_number(parameters)));
            }
            "EMAIL" if mails.len() < MAX_VALUES => mails.extend(shown(value)),
            "ORG" if organisation.is_none() => {
                // A semicolon separates company and department, unless it is escaped.
                let parts = value.replace("\\;", ESCAPED);
                let parts = parts
                    .split(';')
                    .filter_map(|part| shown(&part.replace(ESCAPED, ";")));
                let parts = parts.take(MAX_VALUES).collect::<Vec<_>>();
                organisation = Some(parts.join(", ")).filter(|parts| !parts.is_empty());
            }
            _ => {}
        }
    }
    card.details = [phones, mails, organisation.into_iter().collect()].concat();
    card
}

/// The property of a line in capitals without its group (`item1.`), its parameters, and its value.
fn property(line: &str) -> Option<(String, &str, &str)> {
    let mut quoted = false;
    let colon = line.char_indices().find_map(|(at, c)| {
        quoted ^= c == '"';
        (c == ':' && !quoted).then_some(at)
    })?;
    let (head, value) = (&line[..colon], &line[colon + 1..]);
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    let name = name.rsplit('.').next()?;
    Some((name.trim().to_ascii_uppercase(), parameters, value))
}

/// A value without its escapes, as one line.
fn shown(value: &str) -> Option<String> {
    let plain = value
        .replace("\\n", " ")
        .replace("\\N", " ")
        .replace("\\,", ",")
        .replace("\\;", ";")
        .replace("\\\\", "\\");
    let plain = plain.strip_prefix("tel:").unwrap_or(&plain);
    fields::one_line(plain, MAX_VALUE)
}

/// The phone number in the parameter `waid=60131112222`, with a `+`.
fn whatsapp_number(parameters: &str) -> Option<String> {
    let number = parameters
        .split(';')
        .find_map(|parameter| parameter.strip_prefix("waid="))?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| format!("+{number}"))
}
