//! The rows of the corpus that are not plain messages: changes, calls, contacts, receipts, batches, broken bodies.

use super::*;

pub(super) fn check_change(file: &str, row: &Value, kind: &str, message: &Message) {
    assert_eq!(message.about.as_deref(), row["targetId"].as_str(), "{file}");
    assert!(message.id.starts_with(&format!("{kind}:")), "{file}");
    let text = text_of(message, Some("Saya nak 2 unit"), FileFate::None).unwrap();
    let new = row["text"].as_str().map(|text| format!("[Edited] {text}"));
    let new = new.unwrap_or_else(|| "[Message deleted]".to_owned());
    assert_eq!(text, format!("> Saya nak 2 unit\n{new}"), "{file}");
}

pub(super) fn check_call(file: &str, row: &Value, item: &Value, call: &Call) {
    assert_eq!(Some(call.id.as_str()), item["id"].as_str(), "{file}");
    let outcome = match row["status"].as_str().unwrap() {
        "offer" => CallOutcome::Offered,
        "terminate" => CallOutcome::Ended,
        status => panic!("{file}: the walk does not know {status}"),
    };
    assert_eq!(call.outcome, outcome, "{file}");
    assert_eq!(call.is_video, item["isVideo"] == true, "{file}");
    assert_eq!(call.offline, item["offline"] == true, "{file}");
    assert!(call.at.is_some(), "{file}");
    let from = call.from.as_ref().unwrap();
    assert_eq!(from.phone.as_deref(), Some("60123456789"), "{file}");
    assert!(call.chat == Chat::Person(from.clone()), "{file}");
}

pub(super) fn check_contacts(file: &str, webhook: &Webhook) {
    let [
        Event::Contact(aisyah),
        Event::Contact(lim),
        Event::Group(group),
    ] = webhook.events.as_slice()
    else {
        panic!("{file}: {webhook:?}")
    };
    assert!(
        aisyah.person == person(Some("60123456789"), Some("112233445566778")),
        "{file}"
    );
    assert_eq!(aisyah.name.as_deref(), Some("Kak Aisyah"), "{file}");
    assert_eq!(lim.name.as_deref(), Some("Lim Hardware"), "{file}");
    assert_eq!(group.subject, "Grup Contoh", "{file}");
}

pub(super) fn check_ack(file: &str, row: &Value, receipt: &Receipt) {
    let refused = row["status"] == 0;
    let expected = Receipt {
        id: row["id"].as_str().unwrap().to_owned(),
        level: match row["status"].as_u64().unwrap() {
            0 => ReceiptLevel::Refused,
            1 => ReceiptLevel::Pending,
            2 => ReceiptLevel::ServerAck,
            3 => ReceiptLevel::Delivered,
            _ => ReceiptLevel::Read,
        },
        refusal_code: refused.then(|| "463".to_owned()),
        lid: None,
        chat: Some(Chat::Person(person(Some("60123456789"), None))),
    };
    assert_eq!(*receipt, expected, "{file}");
}

pub(super) fn check_batch(file: &str, row: &Value, webhook: Webhook, count: u64) {
    let messages: Vec<Message> = webhook.events.into_iter().map(message_of).collect();
    assert_eq!(messages.len() as u64, count, "{file}");
    let ids: BTreeSet<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids.len() as u64, row["unique"].as_u64().unwrap(), "{file}");
    assert!(
        messages.is_sorted_by_key(|message| message.sent_at),
        "{file}: in the body's order"
    );
}

pub(super) fn check_malformed(file: &str) {
    let parsed = parse(&body(file));
    let reason = match file {
        "bad-not-json.json" | "bad-empty.json" => {
            return assert!(matches!(parsed, Err(BadBody::NotJson(_))), "{file}");
        }
        "bad-null.json" | "bad-array.json" => {
            return assert!(matches!(parsed, Err(BadBody::NotObject)), "{file}");
        }
        // These two are malformed, but a customer wrote something.
        "bad-timestamp-nan.json" => {
            let message = message_of(the_event(parsed.unwrap()));
            assert_eq!(
                (
                    message.sent_at,
                    text_of(&message, None, FileFate::None).as_deref()
                ),
                (None, Some("x")),
                "{file}"
            );
            return;
        }
        "bad-unknown-message-type.json" => {
            let message = message_of(the_event(parsed.unwrap()));
            let line = "[Message — open WhatsApp on the phone to see it]";
            let text = text_of(&message, None, FileFate::None);
            return assert_eq!(text.as_deref(), Some(line), "{file}");
        }
        "bad-empty-object.json" | "bad-no-data.json" | "bad-data-null.json" => Reason::NoEventName,
        "bad-inner-null.json" | "bad-messages-empty.json" => Reason::NoData,
        "bad-messages-null-item.json" => Reason::Malformed,
        "bad-no-remotejid.json" => Reason::NoChat,
        "bad-no-id.json" => Reason::NoId,
        "bad-message-null.json" => Reason::NoContent,
        "bad-unknown-event.json" => Reason::UnknownEvent,
        _ => panic!("the walk does not know {file}"),
    };
    let event = the_event(parsed.expect(file));
    assert!(
        matches!(event, Event::Ignored { what, .. } if what == reason),
        "{file}: {event:?}"
    );
}
