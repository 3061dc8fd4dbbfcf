//! Divides a body with very many items into bodies with fewer, without reading the items.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::envelope::{HOLDERS, MAX_ENVELOPES};
use crate::json;

/// The fields of an object, unread.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Bodies of at most `max` items each, which together say what this one says, in its order; none if it has no more than
/// that. An item costs a few bytes of memory here, however it is made.
#[must_use]
pub fn split(body: &[u8], max: usize) -> Option<Vec<Vec<u8>>> {
    // Each item has at least two bytes and a comma.
    if max == 0 || body.len() / 3 <= max {
        return None;
    }
    let repaired;
    let body = if let Ok(body) = serde_json::from_slice(body) {
        body
    } else {
        repaired = json::repaired(body);
        serde_json::from_str(&repaired).ok()?
    };
    let (envelopes, items) = open(body)?;
    if items.len() <= max {
        return None;
    }
    Some(
        items
            .chunks(max)
            .map(|items| wrap(&envelopes, items))
            .collect(),
    )
}

/// The envelopes, outermost first, each with the field that holds the next one; and the items in the innermost.
fn open(body: &RawValue) -> Option<(Vec<(Fields<'_>, &'static str)>, Vec<&RawValue>)> {
    let mut envelopes = Vec::new();
    let mut payload = body;
    // The name of the event may be around the items' own envelopes, or around them and one more.
    for _ in 0..=MAX_ENVELOPES + 1 {
        if payload.get().starts_with('[') {
            let items = serde_json::from_str(payload.get()).ok()?;
            return (!envelopes.is_empty()).then_some((envelopes, items));
        }
        let fields: Fields<'_> = serde_json::from_str(payload.get()).ok()?;
        let is_item = fields.contains_key("key");
        let field = next(&fields, envelopes.is_empty()).filter(|_| !is_item)?;
        payload = fields.get(field)?;
        envelopes.push((fields, field));
    }
    None
}

/// The field of an envelope that holds the next one, as [`crate::parse`] finds it.
fn next(fields: &Fields<'_>, is_body: bool) -> Option<&'static str> {
    let has_name = fields
        .get("event")
        .is_some_and(|name| name.get().starts_with('"'));
    let has_data = fields.get("data").is_some_and(|data| data.get() != "null");
    if (is_body || has_name) && has_data {
        return Some("data");
    }
    HOLDERS
        .iter()
        .copied()
        .find(|field| fields.contains_key(*field))
}

/// A body with these items in these envelopes.
fn wrap(envelopes: &[(Fields<'_>, &'static str)], items: &[&RawValue]) -> Vec<u8> {
    let mut body = String::new();
    let mut ends = Vec::new();
    for (fields, holder) in envelopes {
        body.push('{');
        for (name, value) in fields.iter().filter(|(name, _)| name.as_str() != *holder) {
            push_name(&mut body, name);
            body.push_str(value.get());
            body.push(',');
        }
        push_name(&mut body, holder);
        ends.push('}');
    }
    body.push('[');
    for (n, item) in items.iter().enumerate() {
        body.push_str(if n > 0 { "," } else { "" });
        body.push_str(item.get());
    }
    body.push(']');
    body.extend(ends);
    body.into_bytes()
}

fn push_name(body: &mut String, name: &str) {
    body.push_str(&serde_json::Value::from(name).to_string());
    body.push(':');
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Event, parse};

    fn events(bodies: &[Vec<u8>]) -> Vec<Event> {
        let parsed = bodies.iter().map(|body| parse(body).unwrap());
        parsed.flat_map(|webhook| webhook.events).collect()
    }

    fn receipts(count: usize) -> Value {
        let receipt = |n| {
            let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "id": format!("A{n}"), "fromMe": true});
            json!({"key": key, "update": {"status": 3}})
        };
        (0..count).map(receipt).collect()
    }

    #[test]
    fn parts_say_what_the_whole_says() {
        let items = receipts(10);
        for body in [
            json!({"instance_id": "x", "event": "messages.update", "data": items}),
            json!({"data": {"event": "messages.update", "data": items}, "instance_id": "x"}),
            json!({"data": {"event": "messages.update", "data": {"messages": items, "type": "n"}}}),
            json!({"event": "messages.update", "messages": items}),
            json!({"event": "messages.update", "data": {"data": {"messages": items}}}),
        ] {
            let body = serde_json::to_vec(&body).unwrap();
            let parts = split(&body, 4).unwrap();
            assert_eq!(parts.len(), 3);
            assert_eq!(events(&parts), parse(&body).unwrap().events);
            assert_eq!(split(&body, 10), None);
        }
    }

    #[test]
    fn damaged_text_is_divided_too_and_what_has_no_items_is_not() {
        let mut body =
            serde_json::to_vec(&json!({"event": "messages.update", "data": receipts(9)})).unwrap();
        body.splice(1..1, *b"\"x\":\"\xff\",");
        assert_eq!(
            events(&split(&body, 4).unwrap()),
            parse(&body).unwrap().events
        );
        for body in [
            &b"[1,2,3,4,5,6,7,8,9]"[..],
            b"{\"event\":\"x\",\"data\":{\"key\":[1,2,3,4,5,6,7]}}",
            b"not JSON at all, but long enough",
        ] {
            assert_eq!(split(body, 2), None, "{body:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_it_panic(body: Vec<u8>, max in 0_usize..4) {
            let _ = split(&body, max);
        }
    }
}
