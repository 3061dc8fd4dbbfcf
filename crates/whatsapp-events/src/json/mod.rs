//! Reads JSON as the two vendors really send it.
//!
//! Repairs damaged text that strict readers refuse. Never guesses at broken structure: what is not JSON after the
//! repairs is an error. `outline` proves and divides JSON without building a tree.

mod outline;

use std::borrow::Cow;

pub use outline::{elements, is_object, pick, prove, scalar, text, tree};
pub(crate) use outline::{members, name_of};
use serde::de::Error as _;
use serde_json::Value;

/// Most bytes of one tree. Honest messages and answers take far less: a group of five thousand members takes 10 MB, a
/// preview whose bytes are numbers some megabytes. Fourteen megabytes of tiny objects would take 1.4 GB.
const MAX_TREE_BYTES: usize = 32 * 1024 * 1024;
/// A body of this size cannot take more, which saves counting: no JSON takes 300 times its own bytes.
const SURELY_SMALL: usize = MAX_TREE_BYTES / 300;

/// Reads a body with damaged *text*. Bytes that are not UTF-8 become `U+FFFD`, and so do lone surrogate escapes:
/// `JSON.stringify` writes `\ud83d` without its partner when a text was cut inside an emoji.
///
/// # Errors
/// When the body is not JSON after these repairs, or when it would take more than 32 MB as a tree.
pub fn parse(body: &[u8]) -> serde_json::Result<Value> {
    if body.len() > SURELY_SMALL && outline::tree_bytes(body) > MAX_TREE_BYTES {
        return Err(serde_json::Error::custom(
            "more values than are read at once",
        ));
    }
    // The repairs cost time, so they are tried only when a strict reader refuses the body.
    serde_json::from_slice(body).or_else(|_| serde_json::from_str(&repaired(body)))
}

/// A body with its damaged text repaired.
pub(crate) fn repaired(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    replace_lone_surrogates(text.trim_start_matches('\u{feff}'))
}

/// Finds the JSON value in an answer with text around it: PHP prints newlines or warnings before its JSON
/// (`docs/vendors/waapify.md#answers`).
#[must_use]
pub fn find(text: &str) -> Option<Value> {
    if let Ok(value) = parse(text.trim().as_bytes()) {
        return Some(value);
    }
    let mut objects = text.match_indices('{').take(MAX_CANDIDATES);
    objects.find_map(|(start, _)| {
        serde_json::Deserializer::from_str(&text[start..])
            .into_iter::<Value>()
            .next()?
            .ok()
    })
}

/// How many braces are tried as the start of the JSON. A warning holds few, and every try reads the rest of the
/// answer.
const MAX_CANDIDATES: usize = 16;

/// A string, number or boolean as text. `None` for null, lists and objects.
#[must_use]
pub fn scalar_text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth) => Some(Cow::Owned(truth.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Longest id, in bytes. The vendors' ids have 20 to 45 characters; a database index has no room for kilobytes.
const MAX_ID_BYTES: usize = 128;

/// Whether a text can be a vendor's id: not empty, short, without control characters (Postgres refuses NUL).
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}

fn replace_lone_surrogates(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        out.push_str(before);
        let (written, taken) = match code_unit(escape) {
            Some(0xD800..=0xDBFF) => match escape.get(6..).and_then(code_unit) {
                Some(0xDC00..=0xDFFF) => (escape.get(..12), 12),
                _ => (Some(REPLACEMENT), 6),
            },
            Some(0xDC00..=0xDFFF) => (Some(REPLACEMENT), 6),
            Some(_) => (escape.get(..6), 6),
            // An escape of two characters. A backslash at the very end is left for the reader to refuse.
            None => {
                let len = 1 + escape[1..].chars().next().map_or(0, char::len_utf8);
                (escape.get(..len), len)
            }
        };
        out.push_str(written.unwrap_or_default());
        rest = escape.get(taken..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

const REPLACEMENT: &str = "\\ufffd";

/// The UTF-16 code unit of an escape such as `\u0041` at the start of `text`.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        for (body, text) in [
            (r#""a\ud83d b""#, "a\u{fffd} b"),
            (r#""\udc4b""#, "\u{fffd}"),
            (r#""\ud83d\ud83d\udc4b""#, "\u{fffd}👋"),
            (r#""\\ud83d \"""#, "\\ud83d \""),
            (r#""\ud83dA""#, "\u{fffd}A"),
        ] {
            assert_eq!(parse(body.as_bytes()).unwrap(), Value::from(text), "{body}");
        }
    }

    #[test]
    fn an_id_is_not_empty_short_and_without_control_characters() {
        assert!(is_id("a") && is_id(&"a".repeat(128)) && is_id("é"));
        assert!(!is_id("") && !is_id(&"a".repeat(129)) && !is_id("a\0") && !is_id("a\n"));
    }

    #[test]
    fn texts_numbers_and_truths_are_text_and_nothing_else_is() {
        let text = |value: Value| scalar_text(&value).map(Cow::into_owned);
        assert_eq!(text(Value::from("a")).as_deref(), Some("a"));
        assert_eq!(text(Value::from(1.5)).as_deref(), Some("1.5"));
        assert_eq!(text(Value::from(false)).as_deref(), Some("false"));
        for none in [Value::Null, serde_json::json!(["a"]), serde_json::json!({})] {
            assert_eq!(text(none), None);
        }
    }

    #[test]
    fn an_answer_is_looked_for_behind_so_many_braces_and_no_more() {
        let behind = |braces: usize| find(&format!("{}{{\"a\":1}}", "{x ".repeat(braces)));
        assert_eq!(
            behind(MAX_CANDIDATES - 1),
            Some(serde_json::json!({"a": 1}))
        );
        assert_eq!(behind(MAX_CANDIDATES), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_do_not_lose_the_message() {
        assert_eq!(parse(b"\"a\xffb\"").unwrap(), Value::from("a\u{fffd}b"));
    }

    #[test]
    fn an_answer_is_found_behind_newlines_and_warnings() {
        let answer = serde_json::json!({"status": "error"});
        assert_eq!(find("\n\n{\"status\":\"error\"}"), Some(answer.clone()));
        assert_eq!(find("<br />{x}\n{\"status\":\"error\"}"), Some(answer));
        assert_eq!(find("\n\nnull"), Some(Value::Null));
        assert_eq!(find("<html></html>"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>, text in ".*\\\\u.*") {
            let _ = parse(&body);
            let _ = parse(text.as_bytes());
            let _ = find(&text);
        }

        #[test]
        fn any_text_survives_the_trip(text: String) {
            let body = serde_json::to_vec(&text).unwrap();
            proptest::prop_assert_eq!(parse(&body).unwrap(), Value::from(text.clone()));
            let escaped: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let escaped = escaped.concat();
            proptest::prop_assert_eq!(parse(format!("\"{escaped}\\ud800\"").as_bytes()).unwrap(), Value::from(text + "\u{fffd}"));
        }
    }
}
