//! Hostile and broken input: nothing panics, and what the types guarantee holds.

use proptest::prelude::*;

use super::*;

#[test]
fn nesting_without_end_is_refused_and_not_followed() {
    let deep = [
        r#"{"data":"#.repeat(100_000),
        "1".to_owned(),
        "}".repeat(100_000),
    ]
    .concat();
    assert!(matches!(parse(deep.as_bytes()), Err(BadBody::NotJson(_))));
}

#[test]
fn a_card_without_end_is_read_only_as_far_as_it_is_shown() {
    let cards = [
        format!("ORG:{}", "a;".repeat(30_000)),
        "ORG:a\n".repeat(10_000),
        "TEL:1\nEMAIL:a@b\n".repeat(4_000),
    ];
    for card in cards {
        let text = shown(&json!({"contactMessage": {"vcard": card}})).unwrap();
        assert!(text.len() < 200, "{} bytes: {}", text.len(), &text[..200]);
    }
}

/// Any JSON, built from the words that the parser looks for.
fn any_json() -> impl Strategy<Value = Value> {
    let words = prop::sample::select(vec![
        "event",
        "data",
        "messages",
        "key",
        "id",
        "remoteJid",
        "fromMe",
        "update",
        "status",
        "message",
        "messageStubType",
        "messageTimestamp",
        "low",
        "high",
        "protocolMessage",
        "type",
        "conversation",
        "ephemeralMessage",
        "templateMessage",
        "editedMessage",
        "contextInfo",
        "quotedMessage",
        "stanzaId",
        "externalAdReply",
        "ctwaClid",
        "imageMessage",
        "documentMessage",
        "mediaKey",
        "directPath",
        "fileName",
        "caption",
        "contactMessage",
        "contactsArrayMessage",
        "contacts",
        "vcard",
        "locationMessage",
        "degreesLatitude",
        "pollCreationMessage",
        "options",
        "orderMessage",
        "totalAmount1000",
        "reactionMessage",
        "text",
        "seconds",
        "MESSAGE_EDIT",
        "REVOKE",
        "messages.upsert",
        "messages.update",
        "state",
        "PENDING",
        "1@lid",
        "60123456789@s.whatsapp.net",
        "1@g.us",
        "1@broadcast",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        words.clone().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(words.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Replaces the `target`-th value below `value`, counted depth first. Returns how many were counted.
fn replace(value: &mut Value, target: usize, with: &Value) -> usize {
    if target == 0 {
        *value = with.clone();
        return 1;
    }
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(fields) => fields.values_mut().collect(),
        _ => return 1,
    };
    let mut passed = 1;
    for child in children {
        if passed > target {
            break;
        }
        passed += replace(child, target - passed, with);
    }
    passed
}

/// Asserts what the types guarantee for any body.
fn assert_sound(parsed: Result<Webhook, BadBody>) {
    let Ok(webhook) = parsed else { return };
    assert!(!webhook.events.is_empty());
    for event in webhook.events {
        let _ = format!("{event:?}");
        if let Event::Message(message) = event {
            assert!(!message.id.is_empty() && message.id.len() <= 128);
            assert_eq!(message.from_me, message.origin != Origin::Customer);
            for fate in [
                FileFate::None,
                FileFate::Attached,
                FileFate::Linked("https://f"),
                FileFate::Missing("it is gone"),
            ] {
                assert!(
                    text_of(&message, Some("> a\nb"), fate)
                        .is_none_or(|text| !text.trim().is_empty() && !text.contains('\0'))
                );
            }
            if let Chat::Person(person) = message.chat {
                assert!(person.phone.is_some() || person.lid.is_some());
                assert!(
                    person
                        .phone
                        .is_none_or(|phone| phone.bytes().all(|byte| byte.is_ascii_digit()))
                );
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        assert_sound(parse(&bytes));
    }

    #[test]
    fn arbitrary_escapes_never_panic(text in r#"\{"event":"(\\u[dD][89a-fA-F][0-9]{0,2}|\\\\|\\|x){0,12}"?\}?"#) {
        assert_sound(parse(text.as_bytes()));
    }

    #[test]
    fn arbitrary_json_never_panics(value in any_json()) {
        assert_sound(parse(value.to_string().as_bytes()));
        assert_sound(parse(upsert(&value).to_string().as_bytes()));
        assert_sound(parse(upsert(&item(&value)).to_string().as_bytes()));
        for event in ["messages.update", "call", "contacts.upsert", "groups.update"] {
            assert_sound(parse(json!({"event": event, "data": value}).to_string().as_bytes()));
        }
    }

    #[test]
    fn mutated_corpus_bodies_never_panic(
        pick in any::<prop::sample::Index>(), place in 0_usize..40, with in any_json(), cut in any::<prop::sample::Index>(), flip: u8,
    ) {
        let rows = index();
        let mut bytes = body(pick.get(&rows)["file"].as_str().unwrap());
        if let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) {
            replace(&mut value, place, &with);
            assert_sound(parse(value.to_string().as_bytes()));
        }
        if !bytes.is_empty() {
            let at = cut.index(bytes.len());
            assert_sound(parse(&bytes[..at]));
            bytes[at] ^= flip;
            assert_sound(parse(&bytes));
        }
    }

    #[test]
    fn timestamps_agree_in_every_encoding(seconds in 1_230_768_000_i64..4_102_444_800) {
        let signed_low = i32::from_ne_bytes(u32::try_from(seconds).unwrap().to_ne_bytes());
        for time in [
            json!(seconds), json!(seconds.to_string()), json!(format!("{seconds}.0").parse::<f64>().unwrap()),
            json!({"low": signed_low, "high": 0, "unsigned": true}), json!({"low": signed_low, "high": 0, "unsigned": false}),
            json!({"low": signed_low.to_string(), "high": "0"}),
        ] {
            let mut item = item(&json!({"conversation": "hi"}));
            item["messageTimestamp"] = time;
            let sent_at = message_of(event_of(&upsert(&item))).sent_at;
            prop_assert_eq!(sent_at.map(time::OffsetDateTime::unix_timestamp), Some(seconds));
        }
    }
}
