//! Edits and revokes: two forms each, which are known to be one by their ids.

use whatsapp_events::edit_without_own_id;

use super::*;

fn upserted(from_me: bool, protocol: &Value) -> Message {
    let mut item = item(&json!({"protocolMessage": protocol}));
    item["key"] =
        json!({"remoteJid": "60123456789@s.whatsapp.net", "fromMe": from_me, "id": "OWN"});
    message_of(event_of(&upsert(&item)))
}

#[test]
fn both_forms_of_an_edit_are_the_same_edit() {
    for edited in [
        json!({"conversation": "three"}),
        json!({"extendedTextMessage": {"text": "three"}}),
        json!({"imageMessage": {"caption": "three"}}),
    ] {
        for kind in [json!("MESSAGE_EDIT"), json!(14), json!("14")] {
            // The key inside is written from the sender's point of view; the key outside says who edited.
            let key =
                json!({"remoteJid": "60111234567@s.whatsapp.net", "fromMe": true, "id": "A1"});
            let protocol = json!({"type": kind, "key": key, "editedMessage": edited, "timestampMs": "1767250051000"});
            let bare = upserted(false, &protocol);
            let wrapped =
                said(&json!({"editedMessage": {"message": {"protocolMessage": protocol}}}));
            let updated = message_of(update(
                false,
                &json!({"message": {"editedMessage": {"message": edited}}, "messageTimestamp": 1_767_250_050}),
            ));
            assert_eq!(edit_without_own_id(&updated.id), Some(updated.id.as_str()));
            for message in [&bare, &wrapped, &updated] {
                // The message has an id of its own as well, the update has none.
                let told = edit_without_own_id(&message.id).unwrap();
                assert_eq!(Some(told), edit_without_own_id(&bare.id));
                assert_eq!((message.from_me, message.origin), (false, Origin::Customer));
                assert_eq!(message.about.as_deref(), Some("A1"));
                let text = text_of(message, Some("two"), FileFate::None);
                assert_eq!(text.as_deref(), Some("> two\n[Edited] three"));
                assert!(message.sent_at.is_some() && message.file.is_none());
            }
        }
    }
}

#[test]
fn another_text_another_target_and_a_revoke_are_other_changes() {
    let edit = |target: &str, text: &str| {
        upserted(
            false,
            &json!({"type": 14, "key": {"id": target}, "editedMessage": {"conversation": text}}),
        )
        .id
    };
    let revoke = |target: &str| upserted(false, &json!({"type": 0, "key": {"id": target}})).id;
    let ids = [
        edit("A", "x"),
        edit("A", "y"),
        edit("B", "x"),
        edit("A", ""),
        revoke("A"),
        revoke("B"),
    ];
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(ids.iter().all(|id| id.len() < 64));
    assert_eq!(edit("A", "x"), edit("A", "x"));
    let longest = "a".repeat(128);
    assert!(edit(&longest, "x").len() < 64);
}

#[test]
fn every_form_of_a_revoke_is_the_same_revoke() {
    let key = json!({"id": "A1", "fromMe": true});
    let mut stub = item(&json!(null));
    stub["messageStubType"] = json!("REVOKE");
    let forms = [
        upserted(false, &json!({"type": "REVOKE", "key": key})),
        upserted(false, &json!({"type": 0, "key": key})),
        upserted(false, &json!({"type": "0", "key": key})),
        message_of(update(
            false,
            &json!({"message": null, "messageStubType": 1}),
        )),
        message_of(update(
            false,
            &json!({"message": null, "messageStubType": "REVOKE"}),
        )),
        message_of(update(
            false,
            &json!({"message": {"protocolMessage": {"type": 0, "key": key}}}),
        )),
        message_of(event_of(&upsert(&stub))),
    ];
    for message in &forms {
        assert_eq!(message.id, forms[0].id);
        assert_eq!(message.about.as_deref(), Some("A1"));
        assert_eq!(message.content, Content::Deleted);
        let text = text_of(message, None, FileFate::None);
        assert_eq!(text.as_deref(), Some("[Message deleted]"));
    }
}

#[test]
fn who_changed_it_is_said_outside() {
    let edit = json!({"type": 14, "key": {"id": "A", "fromMe": false}, "editedMessage": {"conversation": "x"}});
    assert!(upserted(true, &edit).from_me);
    let edit = json!({"message": {"editedMessage": {"message": {"conversation": "x"}}}});
    assert!(message_of(update(true, &edit)).from_me);
}

#[test]
fn a_change_that_names_nothing_keeps_its_words_and_its_id() {
    let edit = upserted(
        false,
        &json!({"type": 14, "editedMessage": {"conversation": "x"}}),
    );
    assert_eq!((edit.id.as_str(), edit.about.as_deref()), ("OWN", None));
    let text = text_of(&edit, None, FileFate::None);
    assert_eq!(text.as_deref(), Some("[Edited] x"));
    for other in [json!("EPHEMERAL_SETTING"), json!(3), json!(null)] {
        let message = upserted(false, &json!({"type": other}));
        assert_eq!(message.content, Content::Noise);
    }
    let inner = json!({"protocolMessage": {"type": 14, "editedMessage": {"conversation": "x"}}});
    let twice = upserted(
        false,
        &json!({"type": 14, "key": {"id": "A"}, "editedMessage": inner}),
    );
    let text = text_of(&twice, None, FileFate::None);
    assert_eq!(text.as_deref(), Some("[Edited] x"), "an edit in an edit");
    let unreadable = upserted(false, &json!({"type": 14, "key": {"id": "A"}}));
    let text = text_of(&unreadable, None, FileFate::None);
    assert_eq!(text.as_deref(), Some("[Edited] [Message]"));
}
