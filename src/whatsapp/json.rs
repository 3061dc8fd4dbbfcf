//! Reading JSON values whose encoding differs from build to build.
//!
//! Owns: numbers as strings and strings as numbers, `{low,high,unsigned}`, flags in any dress,
//! NUL. Refuses to know what any field means.

use super::BadBody;
use crate::ids::is_id;
use serde_json::Value;

/// Reads a body as JSON, repaired as [`crate::json::parse`] does.
///
/// # Errors
/// [`BadBody::NotJson`]; it says where, not what.
pub(super) fn read(body: &[u8]) -> Result<Value, BadBody> {
    crate::json::parse(body).map_err(BadBody::NotJson)
}

/// A string or a number, as text. `None` if blank. NUL is dropped: Postgres cannot hold it.
pub(super) fn text(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.replace('\0', ""),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.trim().is_empty()).then_some(text)
}

/// The first of `pointers` (RFC 6901) that leads from `value` to text that is not blank.
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

/// A whole number: a number, a numeric string, or a `Long` (`{low,high,unsigned}`).
pub(super) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Object(long) => {
            let low = integer(long.get("low").filter(|part| !part.is_object()))?;
            let high = integer(long.get("high").filter(|part| !part.is_object())).unwrap_or(0);
            // JavaScript keeps both halves as signed 32-bit numbers.
            high.checked_mul(1 << 32)?.checked_add(low & 0xFFFF_FFFF)
        }
        _ => None,
    }
}

/// A float without a fraction, such as `1.767e9`.
fn whole(float: f64) -> Option<i64> {
    // Beyond 2^53 a float no longer names one integer.
    let exact = float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and within 2^53")]
    exact.then_some(float as i64)
}

/// `true`, `"true"`, `1`, `"1"`. Anything else, and nothing, is `false`.
pub(super) fn flag(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => true,
        other => integer(other) == Some(1),
    }
}
