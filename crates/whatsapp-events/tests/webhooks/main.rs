//! Reading webhook bodies: the corpus row by row, the rules behind it, and hostile input. `vectors` is about files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that unwraps has found its failure"
)]

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use whatsapp_events::{
    BadBody, Call, CallOutcome, Chat, Content, Event, FileFate, Kind, MediaFile, MediaKeys,
    Message, Origin, Person, Reason, Receipt, ReceiptLevel, Webhook, call_text, group_text, parse,
    text_of,
};

mod around;
mod calls;
mod changes;
mod contacts;
mod contents;
mod corpus;
mod corpus_events;
mod field;
mod files;
mod hostile;
mod receipts;
mod relays;
mod shapes;
mod vectors;
mod wording;

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/payloads/waapify");

fn body(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(CORPUS).join("webhooks").join(file)).expect(file)
}

fn index() -> Vec<Value> {
    let index = std::fs::read(Path::new(CORPUS).join("webhooks-index.json")).unwrap();
    let index: Value = serde_json::from_slice(&index).unwrap();
    index["files"].as_array().unwrap().clone()
}

/// The only event of a body.
fn the_event(webhook: Webhook) -> Event {
    let [event] = <[Event; 1]>::try_from(webhook.events).expect("one event");
    event
}

fn event_of(body: &Value) -> Event {
    the_event(parse(body.to_string().as_bytes()).unwrap())
}

fn message_of(event: Event) -> Message {
    match event {
        Event::Message(message) => *message,
        other => panic!("not a message: {other:?}"),
    }
}

fn call_of(event: Event) -> Call {
    match event {
        Event::Call(call) => call,
        other => panic!("not a call: {other:?}"),
    }
}

fn receipt_of(event: Event) -> Receipt {
    match event {
        Event::Receipt(receipt) => receipt,
        other => panic!("not a receipt: {other:?}"),
    }
}

fn upsert(item: &Value) -> Value {
    json!({"instance_id": "I", "data": {"event": "messages.upsert", "data": {"messages": [item], "type": "notify"}}})
}

/// An item from one customer with this `message`.
fn item(message: &Value) -> Value {
    json!({
        "key": {"remoteJid": "60123456789@s.whatsapp.net", "fromMe": false, "id": "A1"},
        "messageTimestamp": 1_767_250_000,
        "message": message,
    })
}

/// An item with these key fields and the text "hi".
fn item_with_key(key: &Value) -> Value {
    let mut item = item(&json!({"conversation": "hi"}));
    for (field, value) in key.as_object().unwrap() {
        item["key"][field] = value.clone();
    }
    item
}

fn content_of(message: &Value) -> Content {
    said(message).content
}

fn said(message: &Value) -> Message {
    message_of(event_of(&upsert(&item(message))))
}

fn shown(message: &Value) -> Option<String> {
    text_of(&said(message), None, FileFate::None)
}

fn chat_and_sender(key: &Value) -> (Chat, Option<Person>) {
    let message = message_of(event_of(&upsert(&item_with_key(key))));
    (message.chat, message.sender)
}

fn person(phone: Option<&str>, lid: Option<&str>) -> Person {
    Person {
        phone: phone.map(str::to_owned),
        lid: lid.map(str::to_owned),
    }
}

fn update(key_from_me: bool, update: &Value) -> Event {
    event_of(
        &json!({"instance_id": "I", "data": {"event": "messages.update", "data": [
            {"key": {"remoteJid": "60123456789@s.whatsapp.net", "fromMe": key_from_me, "id": "A1"}, "update": update}
        ]}}),
    )
}
