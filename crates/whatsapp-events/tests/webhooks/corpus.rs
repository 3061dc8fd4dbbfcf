//! The corpus, row by row: every field of its index is checked.

use super::corpus_events::{
    check_ack, check_batch, check_call, check_change, check_contacts, check_malformed,
};
use super::*;

/// Index fields that the test below checks.
const CHECKED: &[&str] = &[
    "file",
    "event",
    "chat",
    "id",
    "fromMe",
    "sender",
    "kind",
    "text",
    "textLen",
    "caption",
    "fileName",
    "phone",
    "group",
    "ptt",
    "apiEcho",
    "ignore",
    "count",
    "unique",
    "status",
    "targetId",
    "malformed",
    "mediaVector",
    "quotedId",
    "replyId",
    "adSourceId",
    "ctwaClid",
    "viewOnce",
    "lat",
    "lng",
];

/// Index fields that are remarks, or that this crate does not read.
const NOT_OURS: &[&str] = &["size", "note", "envelope", "bytes", "longs", "mentionsMe"];

#[test]
fn every_row_of_the_index_says_what_the_parser_gives() {
    let rows = index();
    for row in &rows {
        let file = row["file"].as_str().unwrap();
        for field in row.as_object().unwrap().keys() {
            assert!(
                CHECKED.contains(&field.as_str()) || NOT_OURS.contains(&field.as_str()),
                "{file}: unknown {field}"
            );
        }
        if row["malformed"] == true {
            check_malformed(file);
            continue;
        }
        let webhook = parse(&body(file)).expect(file);
        assert_eq!(
            webhook.instance_id.as_deref(),
            Some("68C0FFEE1A2B3"),
            "{file}"
        );
        if let Some(count) = row["count"].as_u64() {
            check_batch(file, row, webhook, count);
            continue;
        }
        if row["event"] == "contacts.upsert" {
            check_contacts(file, &webhook);
            continue;
        }
        check_row(file, row, the_event(webhook));
    }
    let on_disk = std::fs::read_dir(Path::new(CORPUS).join("webhooks"))
        .unwrap()
        .count();
    assert_eq!(rows.len(), on_disk, "every file has a row");
}

fn check_row(file: &str, row: &Value, event: Event) {
    let kind = row["kind"].as_str();
    let ignored = |what: Reason, id: &Value| Event::Ignored {
        what,
        id: id.as_str().map(str::to_owned),
    };
    let parsed: Value = serde_json::from_slice(&body(file)).unwrap();
    let first_id = |pointer: &str| parsed.pointer(pointer).cloned().unwrap_or_default();
    match (row["event"].as_str().unwrap(), kind) {
        (_, Some("ack")) => check_ack(file, row, &receipt_of(event)),
        (_, Some(kind @ ("edit" | "revoke"))) => check_change(file, row, kind, &message_of(event)),
        ("messages.update", Some("noise")) => {
            assert_eq!(
                event,
                ignored(Reason::NoStatus, &first_id("/data/data/0/key/id")),
                "{file}"
            );
        }
        ("messages.upsert", Some("missed_call")) => {
            let call = call_of(event);
            assert_eq!(
                Some(call.id.as_str()),
                first_id("/data/data/messages/0/key/id").as_str(),
                "{file}"
            );
            assert_eq!(call_text(&call), "[Missed WhatsApp voice call]", "{file}");
        }
        ("messages.upsert", Some("group_event")) => {
            assert_eq!(
                event,
                ignored(
                    Reason::GroupNotice,
                    &first_id("/data/data/messages/0/key/id")
                ),
                "{file}"
            );
        }
        ("messages.upsert", Some(kind)) => check_message(file, row, kind, &message_of(event)),
        ("call", None) => check_call(file, row, &parsed["data"]["data"][0], &call_of(event)),
        ("contacts.update" | "contact.update", None) if file.contains("picture") => {
            assert_eq!(event, ignored(Reason::Contacts, &Value::Null), "{file}");
        }
        ("contacts.update" | "contact.update", None) => {
            let Event::Contact(contact) = event else {
                panic!("{file}: {event:?}")
            };
            assert!(
                contact.person == person(Some("60123456789"), None),
                "{file}"
            );
            assert_eq!(contact.name.as_deref(), Some("Aisyah Rahman"), "{file}");
        }
        ("groups.update", None) => {
            let Event::Group(group) = event else {
                panic!("{file}: {event:?}")
            };
            assert_eq!(group.group, "120363041234567890@g.us", "{file}");
            assert_eq!(group.subject, "Nama Grup Baru", "{file}");
        }
        ("message-receipt.update", None) => {
            assert_eq!(
                event,
                ignored(Reason::OtherMessageEvent, &Value::Null),
                "{file}"
            );
        }
        ("ready", None) => {
            assert_eq!(
                event,
                Event::Linked {
                    account: Some(person(Some("60111234567"), None))
                },
                "{file}"
            );
        }
        ("state", None) => assert_eq!(event, Event::Unlinked, "{file}"),
        other => panic!("{file}: the walk does not know {other:?}"),
    }
}

fn check_message(file: &str, row: &Value, kind: &str, message: &Message) {
    let from_me = row["fromMe"].as_bool().unwrap();
    assert_eq!(message.id, row["id"].as_str().unwrap(), "{file}");
    assert_eq!(message.from_me, from_me, "{file}");
    assert!(message.sent_at.is_some(), "{file}");
    let origin = match (from_me, row["apiEcho"] == true) {
        (false, _) => Origin::Customer,
        (true, true) => Origin::OwnEcho,
        (true, false) => Origin::OwnPhone,
    };
    assert_eq!(message.origin, origin, "{file}");
    check_place(file, row, message);
    check_around(file, row, message);
    check_file(file, row, message);
    check_content(file, row, kind, message);
}

/// What it refers to, what was chosen, the ad, view once.
fn check_around(file: &str, row: &Value, message: &Message) {
    if let Some(quoted) = row["quotedId"].as_str() {
        assert_eq!(message.about.as_deref(), Some(quoted), "{file}");
        assert!(message.quote.is_some(), "{file}");
    }
    assert_eq!(message.choice.as_deref(), row["replyId"].as_str(), "{file}");
    let ad = message.ad.as_ref();
    if let Some(source) = row["adSourceId"].as_str() {
        assert_eq!(ad.unwrap().source_id.as_deref(), Some(source), "{file}");
    }
    if let Some(click) = row["ctwaClid"].as_str() {
        assert_eq!(ad.unwrap().click_id.as_deref(), Some(click), "{file}");
    }
    if row["viewOnce"] == true {
        assert!(message.marks.view_once, "{file}");
    }
}

/// Every kind that has a file gives one. If a vector is named, the file is exactly that.
fn check_file(file: &str, row: &Value, message: &Message) {
    const WITH_FILES: &[&str] = &["image", "video", "audio", "document", "sticker"];
    assert_eq!(
        message.file.is_some(),
        WITH_FILES.contains(&row["kind"].as_str().unwrap()),
        "{file}"
    );
    if let Some(vector) = row["mediaVector"].as_str().and_then(files::vector) {
        files::assert_is_vector(file, message.file.as_ref().unwrap(), &vector);
    }
}

/// Chat, sender, phone, group, ignore.
fn check_place(file: &str, row: &Value, message: &Message) {
    let digits = |jid: &str| jid.split(['@', ':']).next().unwrap_or_default().to_owned();
    let chat = row["chat"].as_str().unwrap();
    let (_, server) = chat.split_once('@').unwrap();
    match (&message.chat, server) {
        (Chat::Person(person), "lid") => assert_eq!(person.lid, Some(digits(chat)), "{file}"),
        (Chat::Person(person), "s.whatsapp.net" | "c.us") => {
            assert_eq!(person.phone, Some(digits(chat)), "{file}");
        }
        (Chat::Person(person), "broadcast") => {
            assert_eq!(Some(person), message.sender.as_ref(), "{file}");
        }
        (Chat::Group(group), "g.us") => assert_eq!(group, chat, "{file}"),
        (Chat::Status, "broadcast") => assert_eq!(chat, "status@broadcast", "{file}"),
        (Chat::Newsletter, "newsletter") => {}
        other => panic!("{file}: {other:?}"),
    }
    if row["group"] == true {
        assert!(matches!(message.chat, Chat::Group(_)), "{file}");
    }
    assert_eq!(
        row["ignore"] == true,
        matches!(message.chat, Chat::Status | Chat::Newsletter),
        "{file}"
    );
    let sender = row["sender"].as_str().unwrap();
    match &message.sender {
        None => assert!(message.from_me || sender.ends_with("@newsletter"), "{file}"),
        Some(person) if sender.ends_with("@lid") => {
            assert_eq!(person.lid, Some(digits(sender)), "{file}");
        }
        Some(person) => assert_eq!(person.phone, Some(digits(sender)), "{file}"),
    }
    if let Some(phone) = row["phone"].as_str() {
        assert_eq!(
            message.sender.as_ref().unwrap().phone.as_deref(),
            Some(phone),
            "{file}"
        );
    }
}

/// Kind, text, textLen, caption, fileName, ptt.
fn check_content(file: &str, row: &Value, kind: &str, message: &Message) {
    let content = &message.content;
    let line = text_of(message, None, FileFate::None);
    let expected: &[Kind] = match kind {
        "text" => {
            let Content::Text(text) = content else {
                panic!("{file}: {content:?}")
            };
            if let Some(expected) = row["text"].as_str() {
                // A program's message has a heading and buttons, too.
                let has_line = text.lines().any(|line| line == expected);
                assert!(text == expected || has_line, "{file}: {text}");
                let blank = expected.is_empty() && line.is_none();
                assert!(blank || line.as_ref().unwrap().contains(expected), "{file}");
            }
            if let Some(length) = row["textLen"].as_u64() {
                assert_eq!(text.chars().count() as u64, length, "{file}");
                assert_eq!(line.as_ref(), Some(text), "{file}: whole");
            }
            return;
        }
        "noise" => return assert_eq!(*content, Content::Noise, "{file}"),
        "stub" => return assert_eq!(*content, Content::Undecrypted, "{file}"),
        "image" => &[Kind::Image],
        "video" => &[Kind::Video, Kind::Gif, Kind::VideoNote],
        "audio" => &[Kind::Audio, Kind::VoiceNote],
        "document" => &[Kind::Document],
        "sticker" => &[Kind::Sticker],
        "album" => &[Kind::Album],
        "location" => &[Kind::Location, Kind::LiveLocation],
        "contact" => &[Kind::Contact],
        "poll" => &[Kind::Poll],
        "poll_vote" => &[Kind::PollVote],
        "order" => &[Kind::Order],
        "unsupported" => &[Kind::Other],
        "other" => &[Kind::Other, Kind::GroupInvite, Kind::Call, Kind::Event],
        kind => panic!("{file}: the walk does not know {kind}"),
    };
    let Content::NotText {
        kind,
        title,
        caption,
        ..
    } = content
    else {
        panic!("{file}: {content:?}")
    };
    assert!(expected.contains(kind), "{file}: {kind:?}");
    assert_eq!(line.is_some(), *kind != Kind::Album, "{file}");
    if let (Some(lat), Some(lng)) = (row["lat"].as_f64(), row["lng"].as_f64()) {
        let map = format!("https://maps.google.com/?q={lat},{lng}");
        assert!(line.as_ref().unwrap().contains(&map), "{file}");
    }
    if let Some(ptt) = row["ptt"].as_bool() {
        assert_eq!(*kind == Kind::VoiceNote, ptt, "{file}");
    }
    if let Some(expected) = row["caption"].as_str() {
        assert_eq!(caption.as_deref(), Some(expected), "{file}");
        assert!(line.as_ref().unwrap().contains(expected), "{file}");
    }
    if let Some(expected) = row["fileName"].as_str() {
        assert_eq!(title.as_deref(), Some(expected), "{file}");
    }
}
