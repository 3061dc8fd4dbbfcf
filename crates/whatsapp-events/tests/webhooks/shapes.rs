//! Envelopes, addresses and times.

use super::*;

// ---- envelopes ----

#[test]
fn one_item_reads_the_same_in_every_envelope() {
    let item = item(&json!({"conversation": "hi"}));
    let expected = event_of(&upsert(&item));
    for body in [
        json!({"event": "messages.upsert", "data": {"messages": [item], "type": "append"}}),
        json!({"event": "messages.upsert", "data": [item]}),
        json!({"event": "message", "data": {"messages": [item]}}),
        json!({"event": "Messages.Upsert", "data": {"messages": item}}),
        json!({"event": "MESSAGES_UPSERT", "data": item}),
        json!({"event": "messages.upsert", "messages": [item]}),
        json!({"data": {"event": "messages.upsert", "data": [item]}}),
        json!({"data": {"event": "messages.upsert", "messages": [item]}}),
        json!({"event": "messages.upsert", "data": {"data": {"messages": [item], "type": "notify"}}}),
        json!({"event": "whatever", "data": {"event": "messages.upsert", "data": {"messages": [item]}}}),
    ] {
        assert_eq!(event_of(&body), expected, "{body}");
    }
}

#[test]
fn receipts_read_the_same_in_every_envelope_and_keep_their_order() {
    let row = |id: &str, status: u8| json!({"key": {"remoteJid": "6591234567@c.us", "fromMe": true, "id": id}, "update": {"status": status}});
    let rows = json!([row("A", 3), row("B", 0), row("A", 4)]);
    for body in [
        json!({"event": "messages.update", "data": rows}),
        json!({"data": {"event": "messages.update", "data": rows}}),
        json!({"data": {"event": "messages.update", "data": {"messages": rows}}}),
    ] {
        let events = parse(body.to_string().as_bytes()).unwrap().events;
        let seen: Vec<_> = events
            .into_iter()
            .map(receipt_of)
            .map(|receipt| (receipt.id, receipt.level))
            .collect();
        let expected = [
            ("A", ReceiptLevel::Delivered),
            ("B", ReceiptLevel::Refused),
            ("A", ReceiptLevel::Read),
        ];
        assert_eq!(seen, expected.map(|(id, level)| (id.to_owned(), level)));
    }
}

#[test]
fn a_bad_item_does_not_hide_its_neighbours() {
    let body = json!({"event": "messages.upsert", "data": [null, 7, item(&json!({"conversation": "hi"})), {"key": "x"}]});
    let events = parse(body.to_string().as_bytes()).unwrap().events;
    assert_eq!(events.len(), 4);
    assert!(matches!(events[2], Event::Message(_)));
}

#[test]
fn an_event_whose_items_are_not_found_says_so() {
    for data in [json!({"foo": 1}), json!([]), json!("x"), json!(null)] {
        let body = json!({"event": "messages.upsert", "data": data, "foo": 1});
        let what = Reason::NoData;
        assert_eq!(event_of(&body), Event::Ignored { what, id: None }, "{body}");
    }
}

#[test]
fn states_other_than_a_logout_do_not_unlink() {
    assert_eq!(
        event_of(&json!({"event": "state", "data": "LOGOUT"})),
        Event::Unlinked
    );
    for data in [
        json!("connecting"),
        json!(null),
        json!({"connection": "open"}),
    ] {
        let what = Reason::ConnectionState;
        assert_eq!(
            event_of(&json!({"event": "state", "data": data})),
            Event::Ignored { what, id: None }
        );
    }
    let what = Reason::ConnectionState;
    assert_eq!(
        event_of(&json!({"event": "connection.update", "data": {"connection": "close"}})),
        Event::Ignored { what, id: None }
    );
    assert_eq!(
        event_of(&json!({"event": "ready", "data": null})),
        Event::Linked { account: None }
    );
}

#[test]
fn half_an_emoji_does_not_cost_the_message() {
    let body = br#"{"event":"messages.upsert","data":[{"key":{"remoteJid":"60123456789@c.us","id":"A1"},"pushName":"Li\ud83d",
        "message":{"conversation":"C:\\ud83d \ud83d\ude00 \ude00\ud83d \ud83d\ud83d\ude00"}}]}"#;
    let message = message_of(the_event(parse(body).unwrap()));
    assert_eq!(
        message.content,
        Content::Text("C:\\ud83d \u{1F600} \u{FFFD}\u{FFFD} \u{FFFD}\u{1F600}".to_owned())
    );
    assert_eq!(message.sender_name.as_deref(), Some("Li\u{FFFD}"));
}

// ---- addresses ----

#[test]
fn a_person_is_found_by_the_suffix_and_not_by_the_field() {
    let cases = [
        (
            json!({"remoteJid": "60123456789@c.us"}),
            Some("60123456789"),
            None,
        ),
        (
            json!({"remoteJid": "60123456789:12@s.whatsapp.net"}),
            Some("60123456789"),
            None,
        ),
        (
            json!({"remoteJid": "60123456789_1:12@s.whatsapp.net"}),
            Some("60123456789"),
            None,
        ),
        (
            json!({"remoteJid": "112233445566778@lid"}),
            None,
            Some("112233445566778"),
        ),
        (
            json!({"remoteJid": "112233445566778:3@lid", "senderPn": "60123456789@s.whatsapp.net"}),
            Some("60123456789"),
            Some("112233445566778"),
        ),
        (
            json!({"remoteJid": "112233445566778@lid", "remoteJidAlt": "60123456789:4@s.whatsapp.net"}),
            Some("60123456789"),
            Some("112233445566778"),
        ),
        (
            json!({"remoteJid": "112233445566778@lid", "senderPn": "99@lid", "remoteJidAlt": ""}),
            None,
            Some("112233445566778"),
        ),
        (
            json!({"remoteJid": "60123456789@s.whatsapp.net", "remoteJidAlt": "112233445566778@lid", "participant": ""}),
            Some("60123456789"),
            Some("112233445566778"),
        ),
        (
            json!({"remoteJid": "60123456789@s.whatsapp.net", "senderPn": "6599999999@s.whatsapp.net"}),
            Some("60123456789"),
            None,
        ),
    ];
    for (key, phone, lid) in cases {
        let person = person(phone, lid);
        let (chat, sender) = chat_and_sender(&key);
        assert!(
            chat == Chat::Person(person.clone()) && sender == Some(person),
            "{key}"
        );
    }
}

#[test]
fn on_our_own_messages_the_sender_fields_name_us_and_are_not_read() {
    let key = json!({"remoteJid": "112233445566778@lid", "fromMe": true, "senderPn": "60111234567@s.whatsapp.net"});
    assert!(chat_and_sender(&key) == (Chat::Person(person(None, Some("112233445566778"))), None));
    let key = json!({"remoteJid": "112233445566778@lid", "fromMe": true, "remoteJidAlt": "60123456789@s.whatsapp.net"});
    assert!(
        chat_and_sender(&key)
            == (
                Chat::Person(person(Some("60123456789"), Some("112233445566778"))),
                None
            )
    );
}

#[test]
fn a_group_message_names_its_author() {
    let group = Chat::Group("120363041234567890@g.us".to_owned());
    for (key, phone, lid) in [
        (
            json!({"participant": "60123456789:2@s.whatsapp.net"}),
            Some("60123456789"),
            None,
        ),
        (
            json!({"participant": "1122334@lid", "participantPn": "60123456789@s.whatsapp.net"}),
            Some("60123456789"),
            Some("1122334"),
        ),
        (
            json!({"participant": "1122334@lid", "participantAlt": "60123456789@s.whatsapp.net"}),
            Some("60123456789"),
            Some("1122334"),
        ),
        (json!({"participant": "1122334@lid"}), None, Some("1122334")),
    ] {
        let mut key = key;
        key["remoteJid"] = json!("120363041234567890@g.us");
        assert!(
            chat_and_sender(&key) == (group.clone(), Some(person(phone, lid))),
            "{key}"
        );
    }
}

#[test]
fn a_broadcast_list_of_theirs_is_a_personal_message_and_ours_is_not() {
    let aisyah = person(Some("60123456789"), None);
    let key =
        json!({"remoteJid": "1678900000@broadcast", "participant": "60123456789@s.whatsapp.net"});
    assert!(chat_and_sender(&key) == (Chat::Person(aisyah.clone()), Some(aisyah.clone())));
    let key = json!({"remoteJid": "1678900000@broadcast", "participant": "60111234567@s.whatsapp.net", "fromMe": true});
    assert!(chat_and_sender(&key) == (Chat::Broadcast, None));
    let key = json!({"remoteJid": "1678900000@broadcast"});
    assert!(chat_and_sender(&key) == (Chat::Broadcast, None));
    let key = json!({"remoteJid": "status@broadcast", "participant": "60123456789@s.whatsapp.net"});
    assert!(chat_and_sender(&key) == (Chat::Status, Some(aisyah.clone())));
    let key = json!({
        "remoteJid": "1678900000@broadcast", "participant": "1122334@lid", "remoteJidAlt": "60123456789@s.whatsapp.net",
    });
    let aisyah = Person {
        lid: Some("1122334".to_owned()),
        ..aisyah
    };
    assert!(
        chat_and_sender(&key) == (Chat::Person(aisyah.clone()), Some(aisyah)),
        "7.x"
    );
}

#[test]
fn addresses_that_name_nobody_are_not_made_into_phones() {
    for jid in [
        "0@s.whatsapp.net",
        "abc@s.whatsapp.net",
        "kedaikopi@s.whatsapp.net",
        "kedaikopi@lid",
        "@lid",
        "@s.whatsapp.net",
        "60123456789",
        "@",
        "60123456789@evil",
    ] {
        assert!(
            chat_and_sender(&json!({"remoteJid": jid})) == (Chat::Other, None),
            "{jid}"
        );
    }
}

#[test]
fn items_without_a_usable_id_or_chat_are_ignored() {
    let ignored = |key: Value| match event_of(&upsert(&item_with_key(&key))) {
        Event::Ignored { what, id } => (what, id),
        other => panic!("{other:?}"),
    };
    for id in [
        json!(null),
        json!(""),
        json!("  "),
        json!([]),
        json!("x".repeat(4000)),
        json!("a\nb"),
    ] {
        assert_eq!(ignored(json!({"id": id})), (Reason::NoId, None));
    }
    for jid in [json!(null), json!(""), json!({})] {
        assert_eq!(
            ignored(json!({"remoteJid": jid})),
            (Reason::NoChat, Some("A1".to_owned()))
        );
    }
}

#[test]
fn who_wrote_it_follows_from_side_and_status() {
    let origin = |from_me: Value, status: Value| {
        let mut item = item_with_key(&json!({"fromMe": from_me}));
        item["status"] = status;
        item["pushName"] = json!("Aisyah");
        let message = message_of(event_of(&upsert(&item)));
        assert_eq!(
            message.sender_name.is_some(),
            message.origin == Origin::Customer,
            "our own name is nobody's"
        );
        message.origin
    };
    assert_eq!(origin(json!(true), json!("PENDING")), Origin::OwnEcho);
    assert_eq!(origin(json!("true"), json!("PENDING")), Origin::OwnEcho);
    assert_eq!(origin(json!(true), json!(2)), Origin::OwnPhone);
    assert_eq!(origin(json!(true), json!("SERVER_ACK")), Origin::OwnPhone);
    assert_eq!(origin(json!(true), json!(null)), Origin::OwnPhone);
    assert_eq!(origin(json!("1"), json!("PENDING")), Origin::OwnEcho);
    assert_eq!(origin(json!(false), json!("PENDING")), Origin::Customer);
    assert_eq!(origin(json!("false"), json!("PENDING")), Origin::Customer);
    assert_eq!(origin(json!(null), json!(null)), Origin::Customer);
}

#[test]
fn an_id_tells_whether_the_app_on_a_phone_made_it() {
    let digits = |count: usize| "0A1B2C3D".chars().cycle().take(count).collect::<String>();
    for (id, is_phones) in [
        (digits(32), true),
        (format!("3A{}", digits(18)), true),
        (format!("3A{}", digits(30)), true),
        (format!("3EB0{}", digits(28)), false),
        (format!("BAE5{}", digits(28)), false),
        (digits(20), false),
        (digits(31), false),
        (format!("3A{}", digits(17)), false),
        (format!("{}G", digits(31)), false),
        (format!("3A{}-", digits(17)), false),
    ] {
        let message = message_of(event_of(&upsert(&item_with_key(&json!({"id": id})))));
        assert_eq!(message.has_phone_id(), is_phones, "{id}");
    }
}

// ---- times ----

#[test]
fn a_time_that_cannot_be_believed_is_no_time() {
    for time in [
        json!(null),
        json!("NaN"),
        json!(""),
        json!(0),
        json!(1),
        json!(-1),
        json!(4_102_444_800_i64),
        json!(1_230_767_999),
        json!(u64::MAX),
        json!(1e300),
        json!(1_767_250_000.5),
        json!("9".repeat(400)),
        json!([]),
        json!({}),
        json!(true),
        json!({"low": {"low": 1}}),
        json!({"low": 0, "high": i64::MAX, "unsigned": true}),
        json!({"low": -5, "high": i64::MIN}),
    ] {
        let mut item = item(&json!({"conversation": "hi"}));
        item["messageTimestamp"] = time.clone();
        assert_eq!(message_of(event_of(&upsert(&item))).sent_at, None, "{time}");
    }
}
