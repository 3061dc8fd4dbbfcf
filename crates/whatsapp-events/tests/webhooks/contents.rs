//! What a message says, what a person reads of it, and what a log never shows.

use super::*;

// ---- content ----

#[test]
fn a_stub_without_content_is_named_and_never_guessed() {
    let event = |stub: Value, message: Value| {
        let mut item = item(&message);
        item["messageStubType"] = stub;
        event_of(&upsert(&item))
    };
    let ignored = |what| Event::Ignored {
        what,
        id: Some("A1".to_owned()),
    };
    for stub in [json!(2), json!("2"), json!("CIPHERTEXT")] {
        for message in [
            json!(null),
            json!({}),
            json!({"senderKeyDistributionMessage": {"groupId": "g"}}),
        ] {
            assert_eq!(
                message_of(event(stub.clone(), message)).content,
                Content::Undecrypted
            );
        }
        let content = message_of(event(stub, json!({"conversation": "hi"}))).content;
        assert_eq!(
            content,
            Content::Text("hi".to_owned()),
            "content beats a stub"
        );
    }
    assert_eq!(event(json!(27), json!(null)), ignored(Reason::GroupNotice));
    assert_eq!(
        event(json!("GROUP_CREATE"), json!(null)),
        ignored(Reason::GroupNotice)
    );
    assert_eq!(
        event(json!("E2E_ENCRYPTED"), json!(null)),
        ignored(Reason::SystemNotice)
    );
    assert_eq!(event(json!(null), json!(null)), ignored(Reason::NoContent));
    assert_eq!(event(json!(0), json!({})), ignored(Reason::NoContent));
}

#[test]
fn every_wrapper_is_taken_off_up_to_a_fixed_depth() {
    let wrappers = [
        "ephemeralMessage",
        "viewOnceMessage",
        "viewOnceMessageV2",
        "viewOnceMessageV2Extension",
        "documentWithCaptionMessage",
        "editedMessage",
        "associatedChildMessage",
        "groupStatusMessage",
        "groupStatusMessageV2",
        "lottieStickerMessage",
    ];
    let wrap = |names: &[&str]| {
        names.iter().rev().fold(json!({"conversation": "hi", "messageContextInfo": {"a": 1}}), |inner, name| {
            json!({*name: {"message": inner}, "messageContextInfo": {"message": {"conversation": "no"}}})
        })
    };
    for name in wrappers {
        assert_eq!(shown(&wrap(&[name])).as_deref(), Some("hi"), "{name}");
    }
    assert_eq!(shown(&wrap(&wrappers)).as_deref(), Some("hi"), "ten deep");
    let sent =
        json!({"deviceSentMessage": {"destinationJid": "x", "message": {"conversation": "hi"}}});
    assert_eq!(shown(&sent).as_deref(), Some("hi"));
    let too_deep = wrap(&["viewOnceMessage"; 40]);
    assert!(
        said(&too_deep).marks.view_once,
        "marks of wrappers that were taken off"
    );
    assert_eq!(
        content_of(&too_deep),
        Content::NotText {
            kind: Kind::Other,
            title: None,
            caption: None,
            lines: Vec::new()
        }
    );
}

#[test]
fn every_kind_of_words_is_read_as_words() {
    for (message, text) in [
        (json!({"conversation": "a"}), "a"),
        (json!({"conversation": 42}), "42"),
        (json!({"extendedTextMessage": {"text": " a \n"}}), " a \n"),
        (
            json!({"buttonsResponseMessage": {"selectedDisplayText": "Yes", "selectedButtonId": "b"}}),
            "Yes",
        ),
        (
            json!({"buttonsResponseMessage": {"selectedButtonId": "b"}}),
            "b",
        ),
        (
            json!({"listResponseMessage": {"title": "Row", "singleSelectReply": {"selectedRowId": "r"}}}),
            "Row",
        ),
        (
            json!({"templateButtonReplyMessage": {"selectedDisplayText": "Call"}}),
            "Call",
        ),
        (
            json!({"interactiveResponseMessage": {"body": {"text": "Ten"}}}),
            "Ten",
        ),
        (
            json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": "{\"id\":\"s\",\"display_text\":\"Ten\"}"}}}),
            "Ten",
        ),
        (
            json!({"interactiveResponseMessage": {"body": {"text": ""}, "nativeFlowResponseMessage": {"paramsJson": "{\"id\":\"s\"}"}}}),
            "s",
        ),
        (
            json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": {"id": 7}}}}),
            "7",
        ),
        (
            json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": "{\"id\":\"s\",\"display_text\":\"T\\ud83d\"}"}}}),
            "T\u{FFFD}",
        ),
        (
            json!({"templateMessage": {"hydratedTemplate": {"hydratedContentText": "T"}}}),
            "T",
        ),
        (
            json!({"templateMessage": {"hydratedFourRowTemplate": {"hydratedContentText": "T"}}}),
            "T",
        ),
        (
            json!({"templateMessage": {"fourRowTemplate": {"hydratedContentText": "T"}}}),
            "T",
        ),
        (
            json!({"buttonsMessage": {"contentText": "Pick", "text": "Header"}}),
            "Header\nPick",
        ),
        (
            json!({"listMessage": {"title": "Menu", "description": "Pick"}}),
            "Menu\nPick",
        ),
        (json!({"listMessage": {"title": "Menu"}}), "Menu"),
        (
            json!({"interactiveMessage": {"body": {"text": "Hello"}}}),
            "Hello",
        ),
        (
            json!({"conversation": "a", "senderKeyDistributionMessage": {}, "someFutureField": {}}),
            "a",
        ),
        (json!({"conversation": "a\u{0}b"}), "ab"),
    ] {
        assert_eq!(
            content_of(&message),
            Content::Text(text.to_owned()),
            "{message}"
        );
    }
    for blank in [
        json!({"conversation": ""}),
        json!({"conversation": "\u{0}"}),
        json!({"extendedTextMessage": {}}),
    ] {
        assert_eq!(shown(&blank), None, "{blank}");
    }
    let broken = json!({"interactiveResponseMessage": {"nativeFlowResponseMessage": {"paramsJson": "{oops"}}});
    assert_eq!(
        shown(&broken).as_deref(),
        Some("[Message — open WhatsApp on the phone to see it]")
    );
}

#[test]
fn what_nobody_wrote_is_noise_and_hides_nothing() {
    for companion in [
        "messageContextInfo",
        "senderKeyDistributionMessage",
        "fastRatchetKeySenderKeyDistributionMessage",
    ] {
        assert_eq!(
            content_of(&json!({companion: {"a": 1}})),
            Content::Noise,
            "{companion}"
        );
        let beside_words = json!({companion: {"a": 1}, "conversation": "hi"});
        assert_eq!(shown(&beside_words).as_deref(), Some("hi"), "{companion}");
    }
    assert_eq!(
        content_of(&json!({"messageContextInfo": {}, "protocolMessage": {"type": 5}})),
        Content::Noise
    );
}

// ---- privacy ----

#[test]
fn debug_output_shows_ids_kinds_and_what_is_known() {
    let mut said = said(
        &json!({"documentMessage": {"fileName": "x", "directPath": "/v/x", "mediaKey": "",
        "fileLength": 9, "contextInfo": {"externalAdReply": {"title": "x", "ctwaClid": "c"}}}}),
    );
    said.sender_name = Some("x".to_owned());
    said.sent_at = None;
    let sender = "Person { phone: known, lid: unknown }";
    let ad = "Ad { title: known, url: unknown, source_id: unknown, click_id: known }";
    let marks = "Marks { forwarded: false, view_once: false, disappearing: false }";
    assert_eq!(
        format!("{said:?}"),
        format!(
            "Message {{ id: \"A1\", from_me: false, chat: {sender}, sender: Some({sender}), sender_name: known, \
             sent_at: None, origin: Customer, content: NotText(Document), file: None, about: None, quote: unknown, \
             choice: unknown, ad: Some({ad}), marks: {marks}, twin: None, .. }}"
        )
    );
    let text = || Content::Text("abc".to_owned());
    for (content, shown) in [
        (text(), "Text(3 bytes)"),
        (Content::Edited(Box::new(text())), "Edited(Text(3 bytes))"),
        (Content::Deleted, "Deleted"),
        (Content::Undecrypted, "Undecrypted"),
        (Content::Noise, "Noise"),
    ] {
        assert_eq!(format!("{content:?}"), shown);
    }
    for (chat, shown) in [
        (Chat::Group("1@g.us".to_owned()), "Group"),
        (Chat::Broadcast, "Broadcast"),
        (Chat::Status, "Status"),
        (Chat::Newsletter, "Newsletter"),
        (Chat::Other, "Other"),
    ] {
        assert_eq!(format!("{chat:?}"), shown);
    }
    let news = |event: &str, item: Value| {
        format!("{:?}", event_of(&json!({"event": event, "data": [item]})))
    };
    assert_eq!(
        news(
            "contacts.upsert",
            json!({"id": "60123456789@c.us", "name": "x"})
        ),
        format!("Contact(ContactNews {{ person: {sender}, name: known }})")
    );
    assert_eq!(
        news("groups.update", json!({"id": "1@g.us", "subject": "x"})),
        "Group(GroupNews)"
    );
}

#[test]
fn debug_output_never_shows_what_people_wrote_or_who_they_are() {
    let secrets = [
        "60123456789",
        "112233445566778",
        "60111234567",
        "Aisyah",
        "secret",
    ];
    let key = json!({"remoteJid": "112233445566778@lid", "senderPn": "60123456789@s.whatsapp.net"});
    let group =
        json!({"remoteJid": "60123456789-1618740914@g.us", "participant": "112233445566778@lid"});
    for key in [key, group] {
        for message in [
            json!({"conversation": "secret"}),
            json!({"documentMessage": {"fileName": "secret", "caption": "secret"}}),
            json!({"contactMessage": {"vcard": "FN:secret\nTEL:60123456789"}}),
            json!({"protocolMessage": {"type": 14, "editedMessage": {"conversation": "secret"}}}),
            json!({"extendedTextMessage": {"text": "secret", "contextInfo": {
                "quotedMessage": {"conversation": "secret"},
                "externalAdReply": {"title": "secret", "sourceUrl": "https://secret", "sourceId": "secret", "ctwaClid": "secret"},
            }}}),
            json!({"buttonsResponseMessage": {"selectedButtonId": "secret"}}),
        ] {
            let mut item = item_with_key(&key);
            item["message"] = message;
            item["pushName"] = json!("Aisyah");
            let shown = format!("{:?}", parse(upsert(&item).to_string().as_bytes()).unwrap());
            assert!(
                secrets.iter().all(|secret| !shown.contains(secret)),
                "{shown}"
            );
        }
    }
    let news = |event: &str, item: Value| {
        parse(
            json!({"event": event, "data": [item]})
                .to_string()
                .as_bytes(),
        )
        .unwrap()
    };
    for webhook in [
        news(
            "call",
            json!({"id": "C", "from": "60123456789@c.us", "chatId": "112233445566778@lid"}),
        ),
        news(
            "contacts.upsert",
            json!({"id": "60123456789@c.us", "name": "Aisyah", "lid": "112233445566778@lid"}),
        ),
        news(
            "groups.update",
            json!({"id": "60123456789-1618740914@g.us", "subject": "secret"}),
        ),
    ] {
        let shown = format!("{webhook:?}");
        assert!(
            secrets.iter().all(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
    for row in index() {
        let shown = format!("{:?}", parse(&body(row["file"].as_str().unwrap())));
        assert!(
            secrets.iter().all(|secret| !shown.contains(secret)),
            "{shown}"
        );
    }
}
