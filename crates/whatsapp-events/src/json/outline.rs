//! Reads JSON without building a tree: whether a text is JSON, what its tree would cost, and the parts of an object or a
//! list as slices of the text.

use std::borrow::Cow;
use std::iter;

use serde::de::{Error as _, IgnoredAny};
use serde_json::{Deserializer, Value};

/// Levels of nesting that are read, as many as `serde_json` follows when it builds a tree.
const MAX_DEPTH: usize = 127;
/// Bytes that an object takes as a tree, whether it has one member or eleven: a node has room for all of them.
const OBJECT_BYTES: usize = 700;
/// Bytes that one more member or element takes at most, without its text.
const MEMBER_BYTES: usize = 160;
/// White space between the parts of JSON.
const BLANK: [char; 4] = [' ', '\t', '\n', '\r'];

/// Counts of what stands outside of strings.
struct Shape {
    objects: usize,
    commas: usize,
    depth: usize,
}

impl Shape {
    /// Counts in one pass. What is not JSON gives some counts, too.
    fn of(body: &[u8]) -> Self {
        let (mut objects, mut commas, mut depth, mut level) = (0, 0, 0, 0_usize);
        let (mut in_string, mut bytes) = (false, body.iter());
        while let Some(byte) = bytes.next() {
            match byte {
                b'\\' if in_string => {
                    bytes.next();
                }
                b'"' => in_string = !in_string,
                _ if in_string => {}
                b'{' | b'[' => {
                    objects += usize::from(*byte == b'{');
                    level += 1;
                    depth = depth.max(level);
                }
                b'}' | b']' => level = level.saturating_sub(1),
                b',' => commas += 1,
                _ => {}
            }
        }
        Self {
            objects,
            commas,
            depth,
        }
    }
}

/// Bytes that a body takes as a tree, at most.
pub(super) fn tree_bytes(body: &[u8]) -> usize {
    let shape = Shape::of(body);
    body.len() + shape.objects * OBJECT_BYTES + shape.commas * MEMBER_BYTES
}

/// A body as text, damaged bytes and byte order marks apart; see [`super::parse`]. Borrowed unless it is damaged.
#[must_use]
pub fn text(body: &[u8]) -> Cow<'_, str> {
    const MARK: char = '\u{feff}';
    match String::from_utf8_lossy(body) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(MARK)),
        Cow::Owned(text) if text.starts_with(MARK) => {
            Cow::Owned(text.trim_start_matches(MARK).to_owned())
        }
        whole @ Cow::Owned(_) => whole,
    }
}

/// Proves that a text is JSON that [`super::parse`] reads, however large, in little more than the text's own memory.
/// Escapes of half a character, which `parse` repairs, are let through; so are numbers beyond all bounds.
///
/// # Errors
/// When it is not.
pub fn prove(text: &str) -> serde_json::Result<()> {
    // First, because the check below follows any nesting, and notes a byte for each level.
    if Shape::of(text.as_bytes()).depth > MAX_DEPTH {
        return Err(serde_json::Error::custom("nested too deeply"));
    }
    serde_json::from_str::<IgnoredAny>(text).map(drop)
}

/// The first value of a text, and what follows it.
fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start_matches(BLANK);
    let mut values = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.split_at_checked(values.byte_offset())
}

/// What follows a sign, if it comes next.
fn after(text: &str, sign: char) -> Option<&str> {
    text.trim_start_matches(BLANK).strip_prefix(sign)
}

/// The elements of a list; none when it is none.
pub fn elements(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = after(list, '[');
    iter::from_fn(move || {
        let (element, behind) = split(rest?)?;
        rest = after(behind, ',');
        Some(element)
    })
}

/// The members of an object: names as they are written, in quotes, and values.
pub(crate) fn members(object: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = after(object, '{');
    iter::from_fn(move || {
        let (name, behind) = split(rest?)?;
        let (value, behind) = split(after(behind, ':')?)?;
        rest = after(behind, ',');
        Some((name, value))
    })
}

/// The values of an object's members with these names, in one pass. Of a name that comes twice, the last one counts, as
/// in a tree. None of all when it is no object.
#[must_use]
pub fn pick<'a, const N: usize>(object: &'a str, names: [&str; N]) -> [Option<&'a str>; N] {
    let mut found = [None; N];
    for (written, value) in members(object) {
        let name = name_of(written);
        if let Some(at) = names.iter().position(|wanted| *wanted == name)
            && let Some(place) = found.get_mut(at)
        {
            *place = Some(value);
        }
    }
    found
}

/// A name without its quotes and escapes.
pub(crate) fn name_of(written: &str) -> Cow<'_, str> {
    if written.contains('\\') {
        let name = super::parse(written.as_bytes()).ok();
        return Cow::Owned(
            name.as_ref()
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
        );
    }
    Cow::Borrowed(written.trim_matches('"'))
}

/// Whether a value is an object.
#[must_use]
pub fn is_object(value: &str) -> bool {
    after(value, '{').is_some()
}

/// The text of a string, a number or a boolean; empty where there is none.
#[must_use]
pub fn scalar(part: Option<&str>) -> String {
    let part = part.filter(|part| !part.starts_with(['{', '[']));
    let value = part.map(tree).unwrap_or_default();
    super::scalar_text(&value).unwrap_or_default().into_owned()
}

/// A part as a tree; [`Value::Null`] when it cannot be one.
#[must_use]
pub fn tree(part: &str) -> Value {
    super::parse(part.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_objects_and_lists_are_found_where_they_stand() {
        let object = r#" { "a" : [1, "]", {"b":2}] , "\u0062":null,"a\"":"x", "c":-1.5e3 } "#;
        let [a, b, quote, c, none] = pick(object, ["a", "b", "a\"", "c", "d"]);
        assert_eq!(a, Some(r#"[1, "]", {"b":2}]"#));
        assert_eq!(
            (b, quote, c, none),
            (Some("null"), Some("\"x\""), Some("-1.5e3"), None)
        );
        let parts: Vec<_> = elements(a.unwrap()).collect();
        assert_eq!(parts, ["1", "\"]\"", "{\"b\":2}"]);
        assert_eq!(pick(r#"{"a":1,"a":2}"#, ["a"]), [Some("2")]);
        for nothing in ["[]", " [ ] ", "{}", "1", "\"[1]\"", "null", ""] {
            assert_eq!(elements(nothing).count(), 0, "{nothing}");
        }
        assert_eq!(pick("[1]", ["a"]), [None]);
    }

    #[test]
    fn what_is_let_through_without_a_tree_is_what_a_tree_is_built_of() {
        for body in [
            &b"{\"a\":\"\\ud83d\"}"[..],
            b"\xef\xbb\xbf{}",
            b"\"a\xffb\"",
            b" [1,2] ",
            b"{\"a\":1,\"a\":2}",
            b"",
            b"{",
            b"{}x",
            b"{'a':1}",
            b"[1,]",
            b"\"\x01\"",
            b"\"\\x\"",
            b"nul",
            b"\xff",
        ] {
            let proven = prove(&text(body)).is_ok();
            assert_eq!(
                proven,
                crate::json::parse(body).is_ok(),
                "{}",
                body.escape_ascii()
            );
        }
        for depth in [127, 128] {
            let nested = "[".repeat(depth) + &"]".repeat(depth);
            let proven = prove(&nested).is_ok();
            assert_eq!(
                proven,
                crate::json::parse(nested.as_bytes()).is_ok(),
                "{depth}"
            );
            assert_eq!(proven, depth < 128);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_a_tree_is_never_better(body: Vec<u8>, written in ".*[{\\[\",:].*") {
            for body in [&body[..], written.as_bytes()] {
                let text = text(body);
                proptest::prop_assert!(crate::json::parse(body).is_err() || prove(&text).is_ok());
                let _ = pick(&text, ["a", "b"]);
                let _ = elements(&text).count();
            }
        }
    }
}
