//! Reads JSON values that builds of the gateway encode differently.
//!
//! Numbers as strings and strings as numbers, `{low,high,unsigned}`, flags, bytes, NUL. Also makes a stranger's
//! string safe to show in a line. Does not know the meaning of any field.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;
use time::OffsetDateTime;
use unicode_segmentation::UnicodeSegmentation;

use crate::json::is_id;

/// A string or a number, as text. `None` if blank. NUL is removed, because Postgres cannot store it.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.replace('\0', ""),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// The first text that is not blank at one of `pointers` (RFC 6901).
pub(super) fn first_text(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers
        .iter()
        .find_map(|pointer| text(value.pointer(pointer)))
}

/// An id or an address: trimmed, short, without control characters.
pub(super) fn name(value: Option<&Value>) -> Option<String> {
    let text = text(value)?;
    Some(text.trim())
        .filter(|name| is_id(name))
        .map(str::to_owned)
}

/// An integer: a number, a numeric string, or a `Long` (`{low,high,unsigned}`).
pub(super) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Object(long) => {
            let low = integer(long.get("low").filter(|part| !part.is_object()))?;
            let high = integer(long.get("high").filter(|part| !part.is_object())).unwrap_or(0);
            // JavaScript stores both halves as signed 32-bit numbers.
            high.checked_mul(1 << 32)?.checked_add(low & 0xFFFF_FFFF)
        }
        _ => None,
    }
}

/// A float without a fraction, such as `1.767e9`.
fn whole(float: f64) -> Option<i64> {
    // Above 2^53 a float no longer identifies one integer.
    let exact = float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
    exact.then_some(float as i64)
}

/// True for `true`, `"true"`, `1` and `"1"`, false for anything else.
pub(super) fn flag(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => true,
        other => integer(other) == Some(1),
    }
}

/// The believable range of timestamps, in Unix seconds: 2009, when WhatsApp was founded, to 2100. Anything else (0, a
/// broken clock) counts as no time, but for the same range in milliseconds, which some relays write.
const BELIEVABLE_SECONDS: std::ops::Range<i64> = 1_230_768_000..4_102_444_800;

pub(super) fn instant(value: Option<&Value>) -> Option<OffsetDateTime> {
    let number = integer(value)?;
    let seconds = [number, number / 1_000].into_iter();
    let mut seconds = seconds.filter(|seconds| BELIEVABLE_SECONDS.contains(seconds));
    OffsetDateTime::from_unix_timestamp(seconds.next()?).ok()
}

/// Exactly 32 bytes, in every encoding of [`bytes`].
pub(super) fn bytes32(value: Option<&Value>) -> Option<[u8; 32]> {
    bytes(value, 32)?.try_into().ok()
}

/// At most `max` bytes: base64 (either alphabet, padded or not), an array of numbers, `{"0":…}`, or a `Buffer`
/// (`{"type":"Buffer","data":…}`) around base64 or an array.
pub(super) fn bytes(value: Option<&Value>, max: usize) -> Option<Vec<u8>> {
    let byte = |value: &Value| value.as_u64().and_then(|byte| u8::try_from(byte).ok());
    let bytes: Vec<u8> = match value? {
        // Base64 has four signs for three bytes.
        Value::String(text) if text.len() / 4 <= max / 3 + 2 => base64(text)?,
        Value::Array(items) if items.len() <= max => {
            items.iter().map(byte).collect::<Option<_>>()?
        }
        Value::Object(buffer) if buffer.contains_key("data") => {
            return bytes(buffer.get("data").filter(|data| !data.is_object()), max);
        }
        Value::Object(fields) if fields.len() <= max => (0..fields.len())
            .map(|index| fields.get(&index.to_string()).and_then(byte))
            .collect::<Option<_>>()?,
        _ => return None,
    };
    (bytes.len() <= max).then_some(bytes)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let alphabet = if text.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config).decode(text).ok()
}

/// A text of at most `max` bytes, trimmed. `None` if it is longer or holds whitespace or control characters.
pub(super) fn token(value: Option<&Value>, max: usize) -> Option<String> {
    let text = text(value)?;
    let text = text.trim();
    let usable =
        text.len() <= max && !text.contains(|c: char| c.is_whitespace() || is_invisible(c));
    usable.then(|| text.to_owned())
}

/// Longest title, in characters. WhatsApp allows 255 for questions and file names, and less for the rest.
const MAX_TITLE: usize = 256;

/// The first of `pointers` that leads to something to show, as one line; see [`one_line`].
pub(super) fn title(value: &Value, pointers: &[&str]) -> Option<String> {
    pointers
        .iter()
        .find_map(|pointer| one_line(&text(value.pointer(pointer))?, MAX_TITLE))
}

/// Makes a stranger's string safe for a line: whitespace and control characters become single spaces, direction marks
/// and other invisible characters are removed, and it is cut with `…` at `max` characters. `None` if nothing is left.
pub(super) fn one_line(text: &str, max: usize) -> Option<String> {
    // Enough for `max` characters even if most of the text is whitespace.
    let line = text
        .chars()
        .take(max.saturating_mul(8))
        .filter(|c| !is_invisible(*c) || c.is_control())
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>();
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty() && !is_unseen(&line)).then(|| cut(line, max))
}

/// Cuts between visible characters (graphemes), unless one of them alone is longer than `max`.
fn cut(line: String, max: usize) -> String {
    if line.chars().count() <= max {
        return line;
    }
    let mut left = max.saturating_sub(1);
    let mut end = 0;
    for grapheme in line.graphemes(true) {
        let length = grapheme.chars().count();
        if length > left {
            break;
        }
        left -= length;
        end += grapheme.len();
    }
    if end == 0 {
        return line.chars().take(max).collect();
    }
    format!("{}…", line[..end].trim_end())
}

/// Control characters, direction marks (they reverse a line, so that `gpj.exe` reads `exe.jpg`), and characters
/// without width. The joiners U+200C and U+200D are kept: Persian and emoji need them.
pub(super) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        )
}

/// Whether nothing of a text can be seen, although it is not empty: characters without width, fillers, and white space.
#[must_use]
pub fn is_unseen(text: &str) -> bool {
    let is_unseen = |c: char| {
        is_invisible(c)
            || c.is_whitespace()
            || matches!(
                c,
                '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
                | '\u{200C}' | '\u{200D}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FFA0}'
                | '\u{E0000}'..='\u{E0FFF}'
            )
    };
    !text.is_empty() && text.chars().all(is_unseen)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_time_is_read_in_seconds_or_milliseconds() {
        let seconds = |value: Value| instant(Some(&value)).map(OffsetDateTime::unix_timestamp);
        for value in [
            json!(1_790_000_000),
            json!("1790000000"),
            json!(1_790_000_000_999_i64),
        ] {
            assert_eq!(seconds(value), Some(1_790_000_000));
        }
        for value in [
            json!(0),
            json!(-1),
            json!("soon"),
            json!(i64::MAX),
            json!(1_230_767_999),
        ] {
            assert_eq!(seconds(value), None);
        }
    }
}
