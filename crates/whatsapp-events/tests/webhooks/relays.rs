//! What relays make of a body, and the shape of one that nobody understands.

use whatsapp_events::{is_readable, shape};

use super::*;

fn hi() -> Value {
    let key = json!({"remoteJid": "60123456789@s.whatsapp.net", "id": "A1"});
    json!({"key": key, "message": {"conversation": "{\"event\":\"x\"} & 1+1=2 ü"}})
}

#[test]
fn an_envelope_of_a_relay_is_opened_where_nothing_else_is_wrapped() {
    let body = upsert(&item(&json!({"conversation": "hi"})));
    let expected = parse(body.to_string().as_bytes()).unwrap().events;
    for field in ["body", "payload", "json"] {
        for wrapped in [
            json!({field: body}),
            json!([{field: body}]),
            json!({"a": 1, field: {"body": body}}),
        ] {
            let read = parse(wrapped.to_string().as_bytes()).unwrap();
            assert_eq!(read.events, expected, "{wrapped}");
        }
    }
}

/// Percent encoding of everything that is no letter.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

#[test]
fn what_a_relay_wraps_is_read_as_what_is_inside() {
    let body = json!({"instance_id": "I", "event": "messages.upsert", "data": {"messages": [hi()], "type": "notify"}});
    let expected = parse(body.to_string().as_bytes()).unwrap();
    let (text, data) = (body.to_string(), body["data"].to_string());
    let quoted = |text: &str| Value::from(text).to_string();
    let list = json!([hi()]).to_string();
    for wrapped in [
        quoted(&text),
        quoted(&quoted(&text)),
        json!({"instance_id": "I", "event": "messages.upsert", "data": data}).to_string(),
        quoted(&json!({"instance_id": "I", "event": "messages.upsert", "data": quoted(&data)}).to_string()),
        json!({"instance_id": "I", "event": "messages.upsert", "data": {"messages": list}}).to_string(),
        json!({"instance_id": "I", "event": "messages.upsert", "data": {"messages": [hi().to_string()]}}).to_string(),
        json!({"instance_id": "I", "data": json!({"event": "messages.upsert", "data": data}).to_string()}).to_string(),
        json!([body]).to_string(),
        json!([body]).to_string().replace('[', " [ "),
        json!({"headers": {"a": "b"}, "body": body}).to_string(),
        json!([{"headers": {"a": "b"}, "body": body}]).to_string(),
        json!([text]).to_string(),
        json!({"body": text}).to_string(),
        json!({"payload": text}).to_string(),
        format!("payload={}", encoded(&text)),
        format!("a=b&body={}&c", encoded(&text)),
        encoded(&text),
        format!("{}=", encoded(&text)),
        format!("instance_id=I&event=messages.upsert&data={}", encoded(&data)),
        format!("instance_id=I&event=messages.upsert&data%5Bmessages%5D={}", encoded(&list)),
        {
            let message = encoded(hi()["message"]["conversation"].as_str().unwrap());
            format!("instance_id=I&event=messages.upsert&data[messages][0][key][remoteJid]=60123456789%40s.whatsapp.net&data[messages][0][key][id]=A1&data[messages][0][message][conversation]={message}&data[type]=notify")
        },
    ] {
        assert!(is_readable(wrapped.as_bytes()), "{wrapped}");
        assert_eq!(parse(wrapped.as_bytes()).expect(&wrapped).events, expected.events, "{wrapped}");
    }
}

#[test]
fn what_cannot_be_read_is_told_apart_at_the_door() {
    for refused in [
        "",
        "hello",
        "\"hello\"",
        "a=b&c=d",
        "event",
        "event=x&instance_id=I",
        "%zz=1&event=x",
        "\"\\\"x\\\"\"",
        "{\"event\":",
        "data[=1",
    ] {
        assert!(!is_readable(refused.as_bytes()), "{refused}");
    }
    for taken in [
        "{}",
        "[]",
        "null",
        "{\"event\":\"state\",\"data\":\"logout\"}",
        "event=state&data=logout",
    ] {
        assert!(is_readable(taken.as_bytes()), "{taken}");
    }
    assert_eq!(
        the_event(parse(b"event=state&data=logout").unwrap()),
        Event::Unlinked
    );
    let deep = "a".to_owned() + &"[a]".repeat(200_000) + "=1&event=x";
    assert!(!is_readable(deep.as_bytes()));
    assert!(!is_readable("a=1&".repeat(100_000).as_bytes()));
    let mut layers = "{}".to_owned();
    for _ in 0..14 {
        layers = Value::from(layers).to_string();
    }
    assert!(!is_readable(layers.as_bytes()));
    let large = json!({"event": "messages.upsert", "data": [], "x": "y".repeat(9 * 1024 * 1024)})
        .to_string();
    assert!(is_readable(large.as_bytes()));
    assert!(!is_readable(
        Value::from(large.as_str()).to_string().as_bytes()
    ));
    assert!(!is_readable(format!("data={large}").as_bytes()));
}

#[test]
fn the_shape_of_a_body_has_names_and_no_contents() {
    let body = json!({"instance_id": "68C0", "event": "status.change", "data": {"Aisyah Rahman": 1, "60123456789": "x",
        "items": [{"key": {"id": "secret", "fromMe": true}, "n": 1.5, "none": null, "deep": {"a": {"b": {"c": 1}}}}, 2]}});
    assert_eq!(
        shape(body.to_string().as_bytes()),
        "status.change: {data: {?: number, ?: text, items: [{deep: {a: {b: …}}, key: {fromMe: flag, id: text}, n: number, none: null}]}, event: text, instance_id: text}"
    );
    assert_eq!(shape(b"hello"), "not JSON, 5 bytes");
    assert_eq!(shape(b"[]"), "[]");
    let hidden = json!({"event": "60123456789", "x": 1}).to_string();
    assert_eq!(shape(hidden.as_bytes()), "{event: text, x: number}");
}
