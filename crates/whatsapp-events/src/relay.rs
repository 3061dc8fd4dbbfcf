//! Bodies that came through a relay: JSON as a text inside JSON, and the fields of a form.
//!
//! Automation tools and scripts in front of a webhook wrap what they pass on. [`open`] gives the body that is inside, so
//! that everything else reads only one form. The stored bytes stay as they came.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::BadBody;
use crate::json::{is_object, members, name_of, parse, pick, prove, text, tree};

/// Envelopes and texts in each other that are opened. The gateway's own envelopes are up to four, and each relay adds one
/// or two.
const MAX_LAYERS: usize = 10;
/// Largest body that is opened, in bytes: each layer is a copy. Larger ones are address books, which relays do not pass on.
const MAX_WRAPPED: usize = 8 * 1024 * 1024;
/// Fields that may hold the event, or its items, as a text.
const HOLDERS: [&str; 5] = ["data", "messages", "contacts", "calls", "groups"];
/// Fields of a relay's own envelope around the whole body.
const ENVELOPES: [&str; 3] = ["body", "payload", "json"];
/// Most fields of a form. A form of one message with each value in a field of its own has about a hundred.
const MAX_FORM_FIELDS: usize = 5_000;
/// Levels of a form's field, as in `data[messages][0][key][id]`.
const MAX_FORM_DEPTH: usize = 16;

/// The JSON of a body, without a relay's wrapping: an object, a list, or what else the body is.
///
/// # Errors
/// [`BadBody::NotJson`] when there is no JSON in it.
pub(crate) fn open(body: &[u8]) -> Result<Cow<'_, str>, BadBody> {
    let written = text(body);
    let opened = match prove(&written) {
        Ok(()) => written,
        Err(error) => Cow::Owned(form(&written).ok_or(BadBody::NotJson(error))?),
    };
    Ok(match open_value(&opened)? {
        Some(inner) => Cow::Owned(inner),
        None => opened,
    })
}

/// The same for JSON, such as one of several bodies in a list; none if it is not wrapped.
pub(crate) fn open_value(value: &str) -> Result<Option<String>, BadBody> {
    if value.len() > MAX_WRAPPED || !may_be_wrapped(value) {
        return Ok(None);
    }
    let inner = unwrapped(value, MAX_LAYERS)?;
    // Layers may hide nesting that is too deep as a whole.
    inner
        .iter()
        .try_for_each(|inner| prove(inner))
        .map_err(BadBody::NotJson)?;
    Ok(inner)
}

/// Whether a closer look is needed. Most bodies are as the gateway made them, and searching costs least.
fn may_be_wrapped(body: &str) -> bool {
    let signs = [
        "\"{",
        "\"[",
        "\"\\",
        "\" ",
        "\"body\"",
        "\"payload\"",
        "\"json\"",
    ];
    signs.iter().any(|sign| body.contains(sign))
}

/// Whether a body can be read at all, now or later: JSON that is no plain text, or a form with JSON in it.
#[must_use]
pub fn is_readable(body: &[u8]) -> bool {
    open(body).is_ok_and(|body| !is_text(&body))
}

fn is_text(value: &str) -> bool {
    value.trim_start().starts_with('"')
}

/// The value without its wrapping; none if it has none.
fn unwrapped(value: &str, layers: usize) -> Result<Option<String>, BadBody> {
    if layers == 0 {
        return Ok(None);
    }
    if let Some(inner) = inside(value) {
        prove(&inner).map_err(BadBody::NotJson)?;
        return Ok(Some(unwrapped(&inner, layers - 1)?.unwrap_or(inner)));
    }
    if !is_object(value) {
        return Ok(None);
    }
    if let Some(inner) = relayed(value) {
        return Ok(Some(
            unwrapped(inner, layers - 1)?.unwrap_or(inner.to_owned()),
        ));
    }
    with_holders_opened(value, layers)
}

/// The JSON that a text holds. A text that holds no object and no list stays a text, such as the state of a connection.
fn inside(value: &str) -> Option<String> {
    if !is_text(value) {
        return None;
    }
    let Value::String(inner) = tree(value) else {
        return None;
    };
    let inner = inner.trim().to_owned();
    (inner.starts_with(['{', '[', '"']) && prove(&inner).is_ok()).then_some(inner)
}

/// The body inside a relay's own envelope, which names no event itself.
fn relayed(object: &str) -> Option<&str> {
    // An event, or an item.
    let names = ["event", "data", "messages", "key"];
    if pick(object, names).iter().any(Option::is_some) {
        return None;
    }
    let inner = pick(object, ENVELOPES).into_iter().flatten().next()?;
    (is_object(inner) || inside(inner).is_some()).then_some(inner)
}

/// The object with the JSON of its holders in place of their texts; none if no holder is wrapped. An item is left as it
/// is: its texts are people's.
fn with_holders_opened(object: &str, layers: usize) -> Result<Option<String>, BadBody> {
    if pick(object, ["key"])[0].is_some() {
        return Ok(None);
    }
    let mut opened = Vec::new();
    for (name, value) in members(object) {
        if HOLDERS.contains(&name_of(name).as_ref())
            && let Some(inner) = unwrapped(value, layers - 1)?
        {
            opened.push((name, inner));
        }
    }
    if opened.is_empty() {
        return Ok(None);
    }
    let parts: Vec<String> = members(object)
        .map(|(name, value)| {
            let inner = opened.iter().rfind(|(opened, _)| *opened == name);
            let value = inner.map_or(value, |(_, inner)| inner);
            format!("{name}:{value}")
        })
        .collect();
    Ok(Some(format!("{{{}}}", parts.join(","))))
}

/// The fields of a form as a JSON object; none if no field may hold an event. Brackets in a name are levels, as PHP and most
/// tools write them.
fn form(body: &str) -> Option<String> {
    if body.len() > MAX_WRAPPED {
        return None;
    }
    let mut object = Value::Object(Map::new());
    for (count, pair) in body.trim().split('&').enumerate() {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        // A tool that sends JSON as a form has it all in the name of one field.
        if count == 0 && name.starts_with('{') {
            return parse(name.as_bytes()).is_ok().then_some(name);
        }
        if count == MAX_FORM_FIELDS {
            return None;
        }
        insert(&mut object, &path(&name)?, value)?;
    }
    let object = listed(object);
    let holds = |field: &&str| object.get(field).is_some_and(|held| *held != "");
    let is_event = HOLDERS.iter().chain(&ENVELOPES).any(holds);
    is_event.then(|| object.to_string())
}

/// A part of a form without its escapes; none where it is not text.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// The levels of a field's name: `a[b][0]` has three.
fn path(name: &str) -> Option<Vec<&str>> {
    let (first, rest) = match name.split_once('[') {
        Some((first, rest)) => (first, Some(rest.strip_suffix(']')?)),
        None => (name, None),
    };
    let levels: Vec<_> = std::iter::once(first)
        .chain(rest.into_iter().flat_map(|rest| rest.split("][")))
        .collect();
    (levels.len() <= MAX_FORM_DEPTH).then_some(levels)
}

fn insert(object: &mut Value, path: &[&str], value: String) -> Option<()> {
    let (last, above) = path.split_last()?;
    let mut place = object;
    for level in above {
        let fields = place.as_object_mut()?;
        place = fields
            .entry(*level)
            .or_insert_with(|| Value::Object(Map::new()));
    }
    let fields = place.as_object_mut()?;
    let name = if last.is_empty() {
        fields.len().to_string()
    } else {
        (*last).to_owned()
    };
    fields.insert(name, Value::String(value));
    Some(())
}

/// Objects whose names are 0, 1, 2 … as lists.
fn listed(value: Value) -> Value {
    let Value::Object(fields) = value else {
        return value;
    };
    let numbered = (0..fields.len()).map(|n| fields.get(&n.to_string()));
    let items: Option<Vec<_>> = numbered.map(Option::<&Value>::cloned).collect();
    match items.filter(|items| !items.is_empty()) {
        Some(items) => items.into_iter().map(listed).collect(),
        None => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| (name, listed(value)))
                .collect(),
        ),
    }
}
