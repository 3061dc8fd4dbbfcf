//! A message's text in a form that the gateway does not change.
//!
//! Decides what is replaced, and where a long text is cut. It must not drop a word.

use unicode_segmentation::UnicodeSegmentation;
use url::form_urlencoded;

/// Longest encoded text of one send: the gateway reads it from the address, which servers cut at about 8 KB
/// (`docs/vendors/waapify.md#requests`). The rest is for the other parameters.
pub(super) const MAX_ENCODED_BYTES: usize = 5_500;

/// Replaces braces and brackets, because the gateway rewrites them, and one such text can hang it for everyone
/// (`docs/vendors/waapify.md#text-changes`).
pub(super) fn safe(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| match c {
            '{' | '[' => '(',
            '}' | ']' => ')',
            c => c,
        })
        .collect()
}

/// Cuts a text that does not fit into one send: at the last line break or space that fits, otherwise between two
/// graphemes (characters as people see them).
pub(super) fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fits = fitting_prefix(rest);
        let cut = if fits == rest.len() {
            fits
        } else {
            sensible_cut(&rest[..fits])
        };
        parts.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Bytes of a text in the gateway's address.
pub(super) fn encoded_bytes(text: &str) -> usize {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(str::len)
        .sum()
}

/// Bytes of the longest prefix that fits, in whole graphemes; at least one `char`.
fn fitting_prefix(text: &str) -> usize {
    let mut encoded = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        encoded += encoded_bytes(grapheme);
        if encoded > MAX_ENCODED_BYTES {
            // A grapheme that is too long by itself (a heap of combining marks) is cut inside.
            return if at > 0 { at } else { fitting_chars(text) };
        }
    }
    text.len()
}

fn fitting_chars(text: &str) -> usize {
    let mut encoded = 0;
    let too_far = text.char_indices().find(|(_, c)| {
        encoded += encoded_bytes(c.encode_utf8(&mut [0; 4]));
        encoded > MAX_ENCODED_BYTES
    });
    too_far.map_or(text.len(), |(at, _)| at)
}

fn sensible_cut(text: &str) -> usize {
    let late_enough = |cut: &usize| *cut > text.len() / 2;
    let line = text.rfind('\n').filter(late_enough);
    let space = || text.rfind(char::is_whitespace).filter(late_enough);
    line.or_else(space).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(text: &str) -> Vec<usize> {
        split(text).iter().map(String::len).collect()
    }

    #[test]
    fn what_just_fits_goes_out_whole_and_one_letter_more_in_two_parts() {
        assert_eq!(lengths(&"a".repeat(5_500)), [5_500]);
        assert_eq!(lengths(&"a".repeat(5_501)), [5_500, 1]);
        // Each of these takes nine bytes of an address.
        assert_eq!(lengths(&"中".repeat(612)), [611 * 3, 3]);
        assert!(lengths(" \n ").is_empty());
    }

    #[test]
    fn a_text_is_cut_at_a_late_line_break_else_at_a_late_blank_else_where_it_ends() {
        let text = |before: usize, blank: char, between: usize, after: usize| {
            let (before, between) = ("x".repeat(before), "y".repeat(between));
            format!("{before}{blank}{between} {}", "z".repeat(after))
        };
        assert_eq!(lengths(&text(3_000, '\n', 1_000, 2_000)), [3_000, 3_001]);
        assert_eq!(lengths(&text(1_000, '\n', 3_000, 2_000)), [4_001, 2_000]);
        assert_eq!(lengths(&text(1_000, '\n', 500, 5_000)), [5_498, 1_004]);
        // Not in the first half: 2,749 of 5,498 bytes that fit are just too early.
        assert_eq!(lengths(&text(2_749, '\n', 4_000, 1)), [5_498, 1_254]);
        assert_eq!(lengths(&text(2_750, '\n', 4_000, 1)), [2_750, 4_002]);
    }

    #[test]
    fn one_endless_character_is_cut_inside() {
        let endless = format!("e{}", "\u{301}".repeat(1_000));
        assert_eq!(endless.graphemes(true).count(), 1);
        // Each mark takes six bytes of an address, 916 of them and the letter fit.
        assert_eq!(lengths(&endless), [1 + 2 * 916, 2 * 84]);
        // The letter, one mark of nine bytes and 915 of six fit exactly.
        let exact = format!("e\u{20d0}{}", "\u{301}".repeat(1_000));
        assert_eq!(lengths(&exact), [1 + 3 + 2 * 915, 2 * 85]);
        let behind = format!("abc{endless}");
        assert_eq!(split(&behind)[0], "abc");
    }
}
