//! Takes any bytes as a webhook: nothing panics, nothing takes long, and `Debug` shows nothing private.
//!
//! Owns what must hold for any event, and the list of private values of each event.

#![no_main]

mod tree;

use std::fmt::Debug;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use waapify_ghl_fuzz::timed;
use whatsapp_events::{
    Ad, BadBody, Call, Chat, ContactNews, Content, Event, FileFate, GroupNews, MediaFile, Message,
    Origin, Person, Webhook, call_text, is_readable, parse, shape, text_of,
};

/// Longest `Debug` of an error. It names the position and has no room for the body.
const MAX_FAULT: usize = 160;
/// Longest shape of a body.
const MAX_SHAPE: usize = 400;

fuzz_target!(|data: &[u8]| timed(data, read));

// Half of the bodies stay JSON, because random bytes seldom pass the JSON reader.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed.is_multiple_of(2)
        && let Some(body) = tree::mutated(&data[..size], max_size, seed)
    {
        data[..body.len()].copy_from_slice(&body);
        body.len()
    } else {
        fuzzer_mutate(data, size, max_size)
    }
});

fn read(data: &[u8]) {
    // Both look at bodies that nothing else understands.
    let (is_readable, shape) = (is_readable(data), shape(data));
    assert!(shape.chars().count() <= MAX_SHAPE);
    assert!(
        is_readable || parse(data).is_err(),
        "refused at the door and read"
    );
    match parse(data) {
        Err(fault @ (BadBody::NotJson(_) | BadBody::NotObject | BadBody::TooManyItems)) => {
            assert!(format!("{fault:?} {fault}").len() <= MAX_FAULT);
        }
        Ok(webhook) => check(&webhook),
    }
}

fn check(webhook: &Webhook) {
    assert!(!webhook.events.is_empty());
    for event in &webhook.events {
        assert_discreet(event, &redacted(event));
        match event {
            Event::Message(message) => check_message(message),
            Event::Call(call) => assert!(!call_text(call).is_empty()),
            Event::Receipt(receipt) => {
                let code = receipt.refusal_code.as_deref().unwrap_or_default();
                assert!(code.bytes().all(|byte| byte.is_ascii_digit()));
            }
            _ => {}
        }
    }
}

fn check_message(message: &Message) {
    assert!(!message.id.is_empty() && message.id.len() <= 128);
    assert_eq!(message.from_me, message.origin != Origin::Customer);
    // A secret of the same sender opens nothing that it was not made for, and a name changes only mentions.
    let people: Vec<Person> = message.sender.iter().cloned().collect();
    let secret = message.secret.unwrap_or_default();
    assert!(message.unsealed(&secret, &people).is_none());
    let named = message.clone().with_names(|_| None);
    assert!(named == *message);
    let fates = [
        FileFate::None,
        FileFate::Attached,
        FileFate::Linked("https://f"),
        FileFate::Missing("it is gone"),
    ];
    for fate in fates {
        if let Some(text) = text_of(message, None, fate) {
            assert!(!text.trim().is_empty() && !text.contains('\0'));
            // A later message may answer this one.
            assert!(text_of(message, Some(&text), fate).is_some());
        }
    }
    if let Chat::Person(person) = &message.chat {
        assert!(person.phone.is_some() || person.lid.is_some());
        let phone = person.phone.as_deref().unwrap_or_default();
        assert!(phone.bytes().all(|byte| byte.is_ascii_digit()));
    }
}

/// `Debug` must not change when every private value is replaced; then it shows none of them.
fn assert_discreet(event: &impl Debug, redacted: &impl Debug) {
    let (shown, expected) = (format!("{event:?}"), format!("{redacted:?}"));
    assert!(shown == expected, "Debug shows a private value");
    assert_eq!(format!("{event:#?}"), format!("{redacted:#?}"));
}

/// The event with other texts, names, numbers and addresses of the same length. Every field is named, so that a new
/// field must be added here.
fn redacted(event: &Event) -> Event {
    match event.clone() {
        Event::Message(message) => Event::Message(Box::new(redacted_message(*message))),
        Event::Receipt(mut receipt) => {
            receipt.chat = receipt.chat.map(chat);
            Event::Receipt(receipt)
        }
        Event::Call(call) => Event::Call(Call {
            chat: chat(call.chat),
            from: call.from.map(person),
            ..call
        }),
        Event::Contact(ContactNews { person: who, name }) => Event::Contact(ContactNews {
            person: person(who),
            name: name.map(other),
        }),
        Event::Group(GroupNews { group, subject }) => Event::Group(GroupNews {
            group: other(group),
            subject: other(subject),
        }),
        Event::Linked { account } => Event::Linked {
            account: account.map(person),
        },
        event @ (Event::Unlinked | Event::Ignored { .. }) => event,
    }
}

fn redacted_message(message: Message) -> Message {
    let Message {
        id,
        from_me,
        chat: place,
        sender,
        sender_name,
        sent_at,
        origin,
        content: said,
        file: attached,
        about,
        quote,
        choice,
        ad,
        marks,
        mentions,
        secret,
        twin,
    } = message;
    Message {
        id,
        from_me,
        chat: chat(place),
        sender: sender.map(person),
        sender_name: sender_name.map(other),
        sent_at,
        origin,
        content: content(said),
        file: attached.map(file),
        about,
        quote: quote.map(other),
        choice: choice.map(other),
        ad: ad.map(|ad| Ad {
            title: ad.title.map(other),
            url: ad.url.map(other),
            source_id: ad.source_id.map(other),
            click_id: ad.click_id.map(other),
        }),
        marks,
        mentions: mentions.into_iter().map(person).collect(),
        secret: secret.map(|secret| secret.map(|byte| !byte)),
        twin,
    }
}

fn content(content_before: Content) -> Content {
    match content_before {
        Content::Text(text) => Content::Text(other(text)),
        Content::NotText {
            kind,
            title,
            caption,
            lines,
        } => Content::NotText {
            kind,
            title: title.map(other),
            caption: caption.map(other),
            lines: lines.into_iter().map(other).collect(),
        },
        Content::Edited(inner) => Content::Edited(Box::new(content(*inner))),
        // Only its kind is shown, and its bytes are of no use without the secret.
        same @ (Content::Sealed(_) | Content::Deleted | Content::Undecrypted | Content::Noise) => {
            same
        }
    }
}

fn file(file: MediaFile) -> MediaFile {
    MediaFile {
        keys: file.keys,
        length: file.length,
        direct_path: file.direct_path.map(other),
        url: file.url.map(other),
        media_key: file.media_key.map(|byte| !byte),
        sha256: file.sha256.map(|hash| hash.map(|byte| !byte)),
        encrypted_sha256: file.encrypted_sha256.map(|hash| hash.map(|byte| !byte)),
        mimetype: file.mimetype.map(other),
        file_name: file.file_name.map(other),
    }
}

fn chat(chat: Chat) -> Chat {
    match chat {
        Chat::Person(who) => Chat::Person(person(who)),
        Chat::Group(address) => Chat::Group(other(address)),
        same @ (Chat::Broadcast
        | Chat::Status
        | Chat::Newsletter
        | Chat::Assistant
        | Chat::Other) => same,
    }
}

fn person(person: Person) -> Person {
    Person {
        phone: person.phone.map(other),
        lid: person.lid.map(other),
    }
}

/// A text of the same length in which no byte is the same.
#[expect(clippy::needless_pass_by_value, reason = "fits Option::map")]
fn other(text: String) -> String {
    text.bytes()
        .map(|byte| if byte == b'#' { '%' } else { '#' })
        .collect()
}
