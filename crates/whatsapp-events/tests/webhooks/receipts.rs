//! The statuses of sent messages.

use super::*;

#[test]
fn a_status_may_be_a_number_a_string_or_a_name() {
    let levels = [
        (json!(0), ReceiptLevel::Refused),
        (json!("ERROR"), ReceiptLevel::Refused),
        (json!(1), ReceiptLevel::Pending),
        (json!("2"), ReceiptLevel::ServerAck),
        (json!("SERVER_ACK"), ReceiptLevel::ServerAck),
        (json!(3), ReceiptLevel::Delivered),
        (json!("delivery_ack"), ReceiptLevel::Delivered),
        (json!(4.0), ReceiptLevel::Read),
        (json!("PLAYED"), ReceiptLevel::Read),
    ];
    for (status, level) in levels {
        assert_eq!(
            receipt_of(update(true, &json!({"status": status}))).level,
            level,
            "{status}"
        );
    }
    assert!(
        ReceiptLevel::Refused < ReceiptLevel::Pending
            && ReceiptLevel::Delivered < ReceiptLevel::Read
    );
}

#[test]
fn a_lid_that_a_status_names_is_read_wherever_it_stands() {
    const LID: &str = "112233445566778@lid";
    const PHONE: &str = "60123456789@s.whatsapp.net";
    let lid = |key: Value, around: Value| {
        let mut item = json!({"key": key, "update": {"status": 3}});
        item["key"]["fromMe"] = true.into();
        item["key"]["id"] = "A1".into();
        for (field, value) in around.as_object().unwrap() {
            item[field] = value.clone();
        }
        receipt_of(event_of(
            &json!({"event": "messages.update", "data": [item]}),
        ))
        .lid
    };
    for key in [
        json!({"remoteJid": LID}),
        json!({"remoteJid": PHONE, "remoteJidAlt": LID}),
        json!({"remoteJid": PHONE, "participant": "112233445566778:4@lid"}),
        json!({"remoteJid": PHONE, "senderLid": LID}),
        json!({"remoteJid": PHONE, "participantLid": LID}),
        json!({"remoteJid": PHONE, "recipientLid": LID}),
    ] {
        let found = lid(key.clone(), json!({}));
        assert_eq!(found.as_deref(), Some("112233445566778"), "{key}");
    }
    let beside = lid(json!({"remoteJid": PHONE}), json!({"participant": LID}));
    assert_eq!(beside.as_deref(), Some("112233445566778"));
    let group = json!({"remoteJid": "120363041234567890@g.us", "participant": LID});
    assert_eq!(lid(group, json!({})), None, "one of many");
    assert_eq!(lid(json!({"remoteJid": PHONE}), json!({})), None);
}

#[test]
fn only_a_refusal_has_a_code_and_only_digits_are_one() {
    let code = |status: u8, code: Value| {
        receipt_of(update(
            true,
            &json!({"status": status, "messageStubParameters": code}),
        ))
        .refusal_code
    };
    assert_eq!(code(0, json!(["463"])), Some("463".to_owned()));
    assert_eq!(code(0, json!([479])), Some("479".to_owned()));
    assert_eq!(code(0, json!(["12345"])), Some("12345".to_owned()));
    assert_eq!(code(0, json!(["123456"])), None);
    assert_eq!(code(0, json!(["4x63"])), None);
    assert_eq!(code(0, json!([])), None);
    assert_eq!(code(3, json!(["463"])), None);
}

#[test]
fn each_reason_to_ignore_something_has_a_phrase_of_its_own() {
    let reasons = [
        (Reason::NoEventName, "body without an event name"),
        (Reason::UnknownEvent, "unknown event"),
        (Reason::NoData, "event without data"),
        (Reason::Malformed, "malformed item"),
        (Reason::NoId, "message without id"),
        (Reason::NoChat, "message without chat"),
        (Reason::NoContent, "message without content"),
        (Reason::GroupNotice, "group notice"),
        (Reason::SystemNotice, "system notice"),
        (Reason::Contacts, "contacts"),
        (Reason::Groups, "groups"),
        (Reason::ConnectionState, "connection state"),
        (Reason::OtherMessageEvent, "other message event"),
        (Reason::ReadByOwner, "read by the owner"),
        (Reason::UnknownStatus, "unknown status"),
        (Reason::NoStatus, "update without status"),
    ];
    // Logs and metrics are searched for these.
    for (reason, phrase) in reasons {
        assert_eq!(reason.as_str(), phrase);
        assert_eq!(reason.to_string(), phrase);
    }
}

#[test]
fn updates_that_are_no_receipts_say_why() {
    let what = |event: Event| match event {
        Event::Ignored { what, id } if id.as_deref() == Some("A1") => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        what(update(false, &json!({"status": 4}))),
        Reason::ReadByOwner
    );
    assert_eq!(
        what(update(true, &json!({"status": 77}))),
        Reason::UnknownStatus
    );
    assert_eq!(
        what(update(true, &json!({"status": null}))),
        Reason::NoStatus
    );
    for unchanged in [json!(null), json!({}), json!({"conversation": "x"})] {
        let event = update(true, &json!({"message": unchanged}));
        assert_eq!(what(event), Reason::NoStatus, "{unchanged}");
    }
    assert_eq!(
        what(update(true, &json!({"starred": true}))),
        Reason::NoStatus
    );
}
