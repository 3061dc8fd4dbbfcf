//! Divides a body with very many items into bodies with fewer, without reading the items.

use crate::envelope::MAX_ENVELOPES;
use crate::json::{elements, is_object, members, name_of};
use crate::relay;

/// The fields that may hold the items of an event, in the order in which [`crate::parse`] looks at them.
const HOLDERS: [&str; 5] = ["messages", "contacts", "calls", "groups", "data"];

/// The fields of an object as they are written, unread.
type Fields<'a> = Vec<(&'a str, &'a str)>;
/// Envelopes, outermost first, each with the field that holds the next one.
type Envelopes<'a> = Vec<(Fields<'a>, &'static str)>;

/// Bodies of at most `max` items each, which together say what this one says, in its order; none if it has no more than
/// that. An item costs a few bytes of memory here, however it is made.
#[must_use]
pub fn split(body: &[u8], max: usize) -> Option<Vec<Vec<u8>>> {
    // Each item has at least two bytes and a comma.
    if max == 0 || body.len() / 3 <= max {
        return None;
    }
    let text = relay::open(body).ok()?;
    let (envelopes, items) = open(text.trim())?;
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

/// The envelopes, and the items in the innermost.
fn open(body: &str) -> Option<(Envelopes<'_>, Vec<&str>)> {
    let mut envelopes = Vec::new();
    let mut payload = body;
    // The name of the event may be around the items' own envelopes, or around them and one more.
    for _ in 0..=MAX_ENVELOPES + 1 {
        if payload.starts_with('[') {
            return (!envelopes.is_empty()).then(|| (envelopes, elements(payload).collect()));
        }
        if !is_object(payload) {
            return None;
        }
        let fields: Fields<'_> = members(payload).collect();
        let is_item = find(&fields, "key").is_some();
        let field = next(&fields, envelopes.is_empty()).filter(|_| !is_item)?;
        payload = find(&fields, field)?;
        envelopes.push((fields, field));
    }
    None
}

/// The value of a field; of a name that comes twice, the last one counts.
fn find<'a>(fields: &Fields<'a>, name: &str) -> Option<&'a str> {
    let mut named = fields.iter().rev();
    let found = named.find(|(written, _)| name_of(written) == name);
    found.map(|(_, value)| *value)
}

/// The field of an envelope that holds the next one, as [`crate::parse`] finds it.
fn next(fields: &Fields<'_>, is_body: bool) -> Option<&'static str> {
    let has_name = find(fields, "event").is_some_and(|name| name.starts_with('"'));
    let has_data = find(fields, "data").is_some_and(|data| data != "null");
    if (is_body || has_name) && has_data {
        return Some("data");
    }
    HOLDERS
        .into_iter()
        .find(|field| find(fields, field).is_some())
}

/// A body with these items in these envelopes.
fn wrap(envelopes: &[(Fields<'_>, &'static str)], items: &[&str]) -> Vec<u8> {
    let mut body = String::new();
    for (fields, holder) in envelopes {
        body.push('{');
        for (name, value) in fields.iter().filter(|(name, _)| name_of(name) != *holder) {
            body.extend([name, ":", value, ","]);
        }
        body.extend(["\"", holder, "\":"]);
    }
    body.push('[');
    body.push_str(&items.join(","));
    body.push(']');
    body.extend(envelopes.iter().map(|_| '}'));
    body.into_bytes()
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
