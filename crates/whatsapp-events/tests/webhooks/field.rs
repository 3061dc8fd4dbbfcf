//! Messages that people who run such bridges report: encrypted edits, pictures that come twice, words in unusual places.

use super::*;
use whatsapp_events::{SealedKind, Twin, edit_ids, edit_without_own_id};

fn field(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(CORPUS).join("field").join(file)).expect(file)
}

fn field_message(file: &str) -> Message {
    message_of(the_event(parse(&field(file)).expect(file)))
}

// ---- encrypted edits ----

fn writer() -> Person {
    person(Some("60123000099"), Some("112233445566778"))
}

#[test]
fn an_encrypted_edit_is_opened_with_the_secret_of_its_original() {
    let original = field_message("edit-encrypted-original.json");
    let sealed = field_message("edit-encrypted.json");
    assert!(matches!(&sealed.content, Content::Sealed(sealed) if sealed.kind == SealedKind::Edit));
    assert_eq!(sealed.about.as_deref(), Some(original.id.as_str()));
    let secret = original.secret.unwrap();
    for writers in [
        vec![person(Some("60123000099"), None)],
        vec![writer()],
        vec![person(None, Some("1")), person(Some("60123000099"), None)],
    ] {
        let opened = sealed.unsealed(&secret, &writers).unwrap();
        let text = text_of(&opened, Some("Saya nak 2 meja"), FileFate::None);
        assert_eq!(
            text.as_deref(),
            Some("> Saya nak 2 meja\n[Edited] Saya nak 20 meja")
        );
        let plain = update_of(&original.id, "Saya nak 20 meja");
        let told = edit_without_own_id(&opened.id);
        assert_eq!(told, Some(plain.id.as_str()), "both forms are one edit");
        assert!(opened.id.starts_with(&edit_ids(&original.id).0));
    }
    for (secret, writers) in [
        ([7; 32], vec![writer()]),
        (secret, vec![person(Some("60123000098"), None)]),
        (secret, Vec::new()),
    ] {
        assert_eq!(sealed.unsealed(&secret, &writers), None);
    }
    let line = text_of(&sealed, Some("Saya nak 2 meja"), FileFate::None);
    assert_eq!(
        line.as_deref(),
        Some("> Saya nak 2 meja\n[Message edited — open WhatsApp on the phone to see it]")
    );
    assert!(sealed.id.starts_with(&edit_ids(&original.id).1));
}

/// The decrypted form of an edit.
fn update_of(id: &str, text: &str) -> Message {
    let key = json!({"remoteJid": "60123000099@s.whatsapp.net", "fromMe": false, "id": id});
    let update = json!({"message": {"editedMessage": {"message": {"conversation": text}}}});
    message_of(event_of(
        &json!({"event": "messages.update", "data": [{"key": key, "update": update}]}),
    ))
}

#[test]
fn the_secret_is_read_also_where_it_stands_beside_the_message() {
    let body: Value = serde_json::from_slice(&field("edit-encrypted-original.json")).unwrap();
    let item = &body["data"]["messages"][0];
    let expected = field_message("edit-encrypted-original.json").secret;
    assert!(expected.is_some());
    let around = item["message"]["messageContextInfo"].clone();
    let (inside, mut beside) = (item.clone(), item.clone());
    beside["message"]
        .as_object_mut()
        .unwrap()
        .remove("messageContextInfo");
    let mut alone = beside.clone();
    beside["messageContextInfo"] = around.clone();
    alone["messageSecret"] = around["messageSecret"].clone();
    for item in [inside, beside, alone] {
        let message = message_of(event_of(&upsert(&item)));
        assert_eq!(message.secret, expected, "{item}");
    }
    let mut child: Value = serde_json::from_slice(&field("hd-photo-child.json")).unwrap();
    let item = &mut child["data"]["messages"][0];
    let message = item["message"].as_object_mut().unwrap();
    if let Some(around) = message.remove("messageContextInfo") {
        item["messageContextInfo"] = around;
        let twin = message_of(event_of(&upsert(item))).twin;
        assert!(twin.is_some_and(|twin| twin.is_better));
    }
}

#[test]
fn other_encrypted_changes_and_damaged_ones_have_a_line() {
    let sealed = |body: Value| said(&json!({"secretEncryptedMessage": body}));
    for (kind, line) in [
        (json!(1), "Event changed"),
        (json!("EVENT_EDIT"), "Event changed"),
        (json!("POLL_EDIT"), "Poll changed"),
        (json!(5), "Poll changed"),
        (json!("MESSAGE_SCHEDULE"), "Message changed"),
        (json!("NEW_KIND"), "Message changed"),
        (json!(2), "Message edited"),
    ] {
        let message = sealed(json!({"secretEncType": kind, "targetMessageKey": {"id": "A"}}));
        let expected = format!("[{line} — open WhatsApp on the phone to see it]");
        assert_eq!(text_of(&message, None, FileFate::None), Some(expected));
        assert_eq!(message.unsealed(&[0; 32], &[writer()]), None);
    }
    let long = "A".repeat(1_000_000);
    for body in [
        json!({"secretEncType": 2, "encIv": "AAAA", "encPayload": "AAAA", "targetMessageKey": {"id": "A"}}),
        json!({"secretEncType": 2, "encIv": "AAAAAAAAAAAAAAAA", "encPayload": long, "targetMessageKey": {"id": "A"}}),
        json!({"secretEncType": 2, "encIv": "AAAAAAAAAAAAAAAA", "encPayload": [1, 2, 3], "targetMessageKey": {"id": "A"}}),
        json!({"secretEncType": 2}),
    ] {
        assert_eq!(sealed(body).unsealed(&[0; 32], &[writer()]), None);
    }
}

// ---- pictures that come twice ----

#[test]
fn the_better_picture_and_the_moving_part_name_what_they_belong_to() {
    let small = field_message("hd-photo-small.json");
    let child = field_message("hd-photo-child.json");
    assert_eq!(small.twin, None);
    let twin = |is_better, of: Option<&str>| {
        Some(Twin {
            of: of.map(str::to_owned),
            is_better,
        })
    };
    assert_eq!(child.twin, twin(true, Some(&small.id)));
    assert!(child.file.is_some() && child.file != small.file);
    let of = |kind: Value| json!({"messageAssociation": {"associationType": kind, "parentMessageKey": {"id": "P"}}});
    for (kind, expected) in [
        (json!(10), twin(true, Some("P"))),
        (json!("HD_IMAGE_DUAL_UPLOAD"), twin(true, Some("P"))),
        (json!("HD_VIDEO_DUAL_UPLOAD"), twin(true, Some("P"))),
        (json!(12), twin(false, Some("P"))),
        (json!("HEVC_VIDEO_DUAL_UPLOAD"), twin(false, Some("P"))),
        (json!(1), None),
        (json!("MEDIA_ALBUM"), None),
        (json!(null), None),
    ] {
        let inside = json!({"associatedChildMessage": {"message": {"videoMessage": {}, "messageContextInfo": of(kind.clone())}}});
        let beside = json!({"videoMessage": {}, "messageContextInfo": of(kind)});
        assert_eq!(
            (said(&inside).twin, said(&beside).twin),
            (expected.clone(), expected)
        );
    }
    let part = json!({"videoMessage": {"contextInfo": {"pairedMediaType": "MOTION_PHOTO_CHILD"}}});
    assert_eq!(said(&part).twin, twin(false, None));
    let photo = json!({"imageMessage": {"contextInfo": {"pairedMediaType": "SD_IMAGE_PARENT"}}});
    assert_eq!(said(&photo).twin, None);
}

// ---- words that are there ----

#[test]
fn what_is_needed_to_pay_is_shown() {
    let pix = text_of(&field_message("pix-key.json"), None, FileFate::None);
    assert_eq!(
        pix.as_deref(),
        Some("[Payment]\nLoja Exemplo\nPix key (EMAIL): loja@exemplo.test\nReference: 4TLKX1")
    );
    let order = json!({"currency": "BRL", "reference_id": "R1", "total_amount": {"value": 12345, "offset": 100},
        "order": {"status": "pending", "items": [{"name": "Bolo", "quantity": 2, "amount": {"value": 5000, "offset": 100}}]},
        "payment_settings": [
            {"type": "pix_dynamic_code", "pix_dynamic_code": {"code": "00020126", "merchant_name": "Loja", "key": "1", "key_type": "CPF"}},
            {"type": "payment_link", "payment_link": {"uri": "https://pay.example/1"}},
            {"type": "boleto", "boleto": {"digitable_line": "03399"}}, {"type": 7}, null]});
    let flow = |params: Value| json!({"buttons": [{"name": "review_and_pay", "buttonParamsJson": params}]});
    for params in [json!(order.to_string()), order] {
        wording::check(&[(
            json!({"viewOnceMessage": {"message": {"interactiveMessage": {"body": {"text": "Your order"}, "footer": {"text": "Thanks"}, "nativeFlowMessage": flow(params)}}}}),
            "[Payment: BRL 123.45, view once] Your order\nThanks\n- 2 × Bolo, BRL 50.00\nLoja\nPix key (CPF): 1\nPix code: 00020126\nhttps://pay.example/1\n03399\nStatus: pending\nReference: R1",
        )]);
    }
    wording::check(&[
        (
            json!({"requestPaymentMessage": {"amount": {"value": "1250", "offset": 100, "currencyCode": "INR"}, "noteMessage": {"conversation": "lunch"}}}),
            "[Payment: INR 12.50~] lunch",
        ),
        (
            json!({"sendPaymentMessage": {"noteMessage": {"extendedTextMessage": {"text": "paid"}}}}),
            "[Payment~] paid",
        ),
    ]);
}

#[test]
fn all_words_of_a_program_are_shown() {
    let url = json!([{"urlButton": {"displayText": "Track", "url": "https://x.my/1"}}, {"quickReplyButton": {"displayText": "Stop"}}]);
    let hydrated = json!({"hydratedTitleText": "Notice", "hydratedContentText": "Sent", "hydratedFooterText": "Courier", "hydratedButtons": url});
    let shown_as = "Notice\nSent\nCourier\n- Track: https://x.my/1\n- Stop";
    for message in [
        json!({"templateMessage": {"hydratedTemplate": hydrated}}),
        json!({"templateMessage": {"hydratedFourRowTemplate": hydrated}}),
        json!({"highlyStructuredMessage": {"namespace": "n", "hydratedHsm": {"hydratedTemplate": hydrated}}}),
        json!({"templateMessage": {"fourRowTemplate": {"content": {"hydratedHsm": {"hydratedFourRowTemplate": hydrated}}}}}),
    ] {
        assert_eq!(shown(&message).as_deref(), Some(shown_as), "{message}");
    }
    wording::check(&[
        (
            json!({"interactiveMessage": {"header": {"title": "Shop", "subtitle": "Open"}, "body": {"text": "Hello"}, "footer": {"text": "Bye"}}}),
            "Shop\nOpen\nHello\nBye",
        ),
        (
            json!({"interactiveMessage": {"header": {"imageMessage": {}}, "body": {"text": "Hello"}}}),
            "[Image~] Hello",
        ),
        (
            json!({"interactiveMessage": {"carouselMessage": {"cards": [{"header": {"title": "A"}, "body": {"text": "one"}}, {"body": {"text": "two"}}]}}}),
            "A\none\ntwo",
        ),
        (
            json!({"interactiveMessage": {"nativeFlowMessage": {"buttons": [
                {"name": "cta_copy", "buttonParamsJson": "{\"display_text\":\"Copy\",\"copy_code\":\"X1\"}"},
                {"name": "single_select", "buttonParamsJson": "{\"title\":\"Menu\",\"sections\":[{\"rows\":[{\"title\":\"Nasi\",\"description\":\"hot\"}]}]}"},
                {"name": "x", "buttonParamsJson": "{oops"}]}}}),
            "- Copy: X1\n- Menu\n- Nasi, hot",
        ),
        (json!({"interactiveMessage": {"body": {}}}), "[Message~]"),
        (
            json!({"templateMessage": {"templateId": "x"}}),
            "[Message~]",
        ),
    ]);
}

#[test]
fn an_answer_of_meta_ai_that_is_passed_on_is_read() {
    let rich = json!({"messageType": 1, "submessages": [
        {"messageType": 2, "messageText": "It opens at nine."},
        {"messageType": 5, "codeMetadata": {"codeBlocks": [{"codeContent": "a = 1\n"}, {"codeContent": "b = 2"}]}},
        {"messageType": 4, "tableMetadata": {"title": "Hours", "rows": [{"items": ["Mon", "9"]}]}}, null]});
    wording::check(&[
        (
            json!({"botForwardedMessage": {"message": {"richResponseMessage": rich}}}),
            "[Forwarded] It opens at nine.\na = 1\nb = 2\nHours\nMon | 9",
        ),
        (
            json!({"richResponseMessage": {"submessages": []}}),
            "[Message~]",
        ),
    ]);
}

#[test]
fn text_of_which_nothing_is_seen_is_said_to_be_empty() {
    for unseen in [
        "\u{200B}",
        " \n\t",
        "\u{A0}",
        "\u{200D}\u{FE0F}",
        " \u{2060} ",
        "\u{3164}",
        "\u{2800}\n\u{2800}",
        "\u{E0020}",
    ] {
        wording::check(&[
            (json!({"conversation": unseen}), "[Empty message]"),
            (json!({"imageMessage": {"caption": unseen}}), "[Image~]"),
            (
                json!({"protocolMessage": {"type": 14, "key": {"id": "A"}, "editedMessage": {"conversation": unseen}}}),
                "[Edited] [Empty message]",
            ),
        ]);
    }
    assert_eq!(
        shown(&json!({"conversation": "a\u{200B}"})).as_deref(),
        Some("a\u{200B}")
    );
    assert_eq!(shown(&json!({"conversation": ""})), None);
}

#[test]
fn people_who_are_mentioned_are_named() {
    let message = said(
        &json!({"extendedTextMessage": {"text": "@112233445566778 and @60129998888, not @6012999888 a@b",
        "contextInfo": {"mentionedJid": ["112233445566778@lid", "60129998888@s.whatsapp.net", "60129998888:2@c.us", 7, "x@g.us"]}}}),
    );
    assert_eq!(message.mentions.len(), 3);
    let named = message.with_names(|person| match person.lid.as_deref() {
        Some(_) => Some("Siti".to_owned()),
        None => Some("Raj @112233445566778".to_owned()),
    });
    assert_eq!(
        text_of(&named, None, FileFate::None).as_deref(),
        Some("@Siti and @Raj @112233445566778, not @6012999888 a@b")
    );
}

#[test]
fn an_assistant_is_nobody() {
    for jid in [
        "867051314767696@bot",
        "13135550002@s.whatsapp.net",
        "13135559999@c.us",
        "13165550012:3@s.whatsapp.net",
    ] {
        for from_me in [true, false] {
            let key = json!({"remoteJid": jid, "fromMe": from_me, "remoteJidAlt": "60123456789@s.whatsapp.net"});
            assert_eq!(chat_and_sender(&key), (Chat::Assistant, None), "{jid}");
        }
    }
    let alt =
        json!({"remoteJid": "112233445566778@lid", "remoteJidAlt": "13135550002@s.whatsapp.net"});
    assert_eq!(chat_and_sender(&alt), (Chat::Assistant, None));
    for person in ["131355512345@c.us", "1313555123@c.us", "13145550002@c.us"] {
        assert!(
            matches!(
                chat_and_sender(&json!({"remoteJid": person})).0,
                Chat::Person(_)
            ),
            "{person}"
        );
    }
}
