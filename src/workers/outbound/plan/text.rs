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
