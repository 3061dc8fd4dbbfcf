//! The shape of a body that nobody understood: names of fields and kinds of values, and nothing that a person wrote. It
//! helps to teach this crate a new form, and may be logged, stored and shown.

use crate::json::{elements, is_object, members, name_of, pick, text};
use crate::{fields, relay};

/// Levels that are shown.
const MAX_DEPTH: usize = 6;
/// Fields of an object that are shown.
const MAX_FIELDS: usize = 16;
/// Longest shape, in characters.
const MAX_SHAPE: usize = 400;
/// Longest name that is shown. Longer ones, and those that do not look like a field of a program, may be contents.
const MAX_NAME: usize = 40;

/// The shape of a body, such as `chats.update: {data: [{id: text}], event: text}`.
#[must_use]
pub fn shape(body: &[u8]) -> String {
    let Ok(body) = relay::open(body) else {
        return format!("not JSON, {} bytes", text(body).len());
    };
    let shown = of(&body, MAX_DEPTH);
    let shown = match event(&body) {
        Some(event) => format!("{event}: {shown}"),
        None => shown,
    };
    fields::one_line(&shown, MAX_SHAPE).unwrap_or_default()
}

/// The name of the event, if it looks like one.
fn event(body: &str) -> Option<String> {
    let [outer, data] = pick(body, ["event", "data"]);
    let inner = data.and_then(|data| pick(data, ["event"])[0]);
    let name = inner.filter(|name| name.starts_with('"')).or(outer)?;
    let name = name_of(name).into_owned();
    let is_plain = |c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '-' | '_');
    ((1..=MAX_NAME).contains(&name.len()) && name.chars().all(is_plain)).then_some(name)
}

fn of(value: &str, depth: usize) -> String {
    let value = value.trim_start();
    match value.chars().next() {
        Some('"') => "text".to_owned(),
        Some('t' | 'f') => "flag".to_owned(),
        Some('n') | None => "null".to_owned(),
        Some('{' | '[') if depth == 0 => "…".to_owned(),
        Some('[') => match elements(value).next() {
            Some(first) => format!("[{}]", of(first, depth - 1)),
            None => "[]".to_owned(),
        },
        _ if is_object(value) => object(value, depth),
        _ => "number".to_owned(),
    }
}

/// An object's fields in the order of their names, so that one shape is always written in one way.
fn object(value: &str, depth: usize) -> String {
    let mut shown: Vec<String> = members(value)
        .take(MAX_FIELDS)
        .map(|(name, value)| format!("{}: {}", field(&name_of(name)), of(value, depth - 1)))
        .collect();
    shown.sort_unstable();
    shown.dedup();
    format!("{{{}}}", shown.join(", "))
}

/// The name of a field; `?` for one that may be an address, a number or a text of a person.
fn field(name: &str) -> &str {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name.len() <= MAX_NAME
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        // A name with many digits may be a number of somebody.
        && name.chars().filter(char::is_ascii_digit).count() < 5;
    if is_plain { name } else { "?" }
}
