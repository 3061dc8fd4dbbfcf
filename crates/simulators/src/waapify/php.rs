//! Answers as PHP writes them: two newlines first, slashes and all non-ASCII characters escaped, declared as HTML.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::call::Answer;

/// An answer of the gateway: always 200, always `text/html`.
pub(super) fn answer(body: &Value) -> Answer {
    Answer::new(
        200,
        "text/html; charset=UTF-8",
        format!("\n\n{}", encoded(body)),
    )
}

/// A refusal of the gateway.
pub(super) fn error(message: &str) -> Answer {
    answer(&json!({ "status": "error", "message": message }))
}

/// The gateway's reason, if the answer is a refusal.
pub(super) fn error_in(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let value: Value = serde_json::from_str(text.trim()).ok()?;
    if value.get("status")?.as_str()? != "error" {
        return None;
    }
    value.get("message")?.as_str().map(str::to_owned)
}

/// JSON as `json_encode` writes it. Slashes and non-ASCII characters occur only inside strings, so the whole text
/// can be escaped at once.
fn encoded(body: &Value) -> String {
    let mut out = String::new();
    for letter in body.to_string().chars() {
        if letter == '/' {
            out.push_str("\\/");
        } else if letter.is_ascii() {
            out.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// What the gateway's template language makes of a text: one alternative of `{a|b}`, just `x` of `{x}`, also
/// nested. Braces around a quotation mark or a newline are kept.
pub(super) fn unspun(text: &str) -> String {
    let mut text = text.to_owned();
    let mut from = 0;
    while let Some(close) = text
        .get(from..)
        .and_then(|rest| rest.find('}'))
        .map(|at| from + at)
    {
        let open = text.get(..close).and_then(|before| before.rfind('{'));
        let inner = open.and_then(|open| text.get(open + 1..close));
        match (open, inner) {
            (Some(open), Some(inner)) if !inner.contains(['"', '\r', '\n']) => {
                let options: Vec<&str> = inner.split('|').collect();
                let chosen = options.get(rand::random_range(0..options.len()));
                let chosen = chosen.copied().unwrap_or_default().to_owned();
                text.replace_range(open..=close, &chosen);
                from = open;
            }
            _ => from = close + 1,
        }
    }
    text
}
