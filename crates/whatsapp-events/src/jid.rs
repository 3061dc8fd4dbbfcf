//! WhatsApp addresses (JIDs): `user[_agent][:device]@server`.
//!
//! Owns the meaning of each server, and which of a key's many fields names the person. An address without a usable
//! user names nobody, and a LID is never taken for a phone number.

use serde_json::Value;

use crate::{Chat, Person, fields};

/// Number of digits of a phone number: E.164 allows 15, and the shortest with a country code have 7.
/// `0@s.whatsapp.net` is WhatsApp itself.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Numbers of Meta's assistant, which answers as if it were a person: their beginnings, all of eleven digits. No person
/// has one: the first is reserved for such services, the second is Meta's own.
const ASSISTANTS: [&str; 2] = ["1313555", "131655500"];
const ASSISTANT_DIGITS: usize = 11;

enum Address {
    Phone(String),
    Lid(String),
}

impl Address {
    /// Tests the server and not the name of the field, because 7.x can swap the two addresses.
    fn read(jid: &str) -> Option<Self> {
        let (user, server) = split(jid)?;
        match server.as_str() {
            "s.whatsapp.net" | "c.us" | "hosted" if !is_assistant(jid) => {
                let digits = user.strip_prefix('+').unwrap_or(user);
                (is_digits(digits) && PHONE_DIGITS.contains(&digits.len()))
                    .then(|| Self::Phone(digits.to_owned()))
            }
            "lid" | "hosted.lid" => is_digits(user).then(|| Self::Lid(user.to_owned())),
            _ => None,
        }
    }
}

/// The user without agent and device, and the server in lower case.
fn split(jid: &str) -> Option<(&str, String)> {
    let (user, server) = jid.rsplit_once('@')?;
    let user = user.split([':', '_']).next()?;
    Some((user, server.to_ascii_lowercase()))
}

/// Whether an address is Meta AI's, or that of another assistant of WhatsApp.
fn is_assistant(jid: &str) -> bool {
    let Some((user, server)) = split(jid) else {
        return false;
    };
    let is_number = || {
        user.len() == ASSISTANT_DIGITS
            && is_digits(user)
            && ASSISTANTS.iter().any(|begin| user.starts_with(begin))
    };
    match server.as_str() {
        "bot" => true,
        "s.whatsapp.net" | "c.us" | "hosted" => is_number(),
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The person in these fields: the first phone number and the first LID.
pub(super) fn person(object: &Value, fields: &[&str]) -> Option<Person> {
    let mut person = Person {
        phone: None,
        lid: None,
    };
    for jid in fields
        .iter()
        .filter_map(|field| fields::name(object.get(field)))
    {
        match Address::read(&jid) {
            Some(Address::Phone(phone)) if person.phone.is_none() => person.phone = Some(phone),
            Some(Address::Lid(lid)) if person.lid.is_none() => person.lid = Some(lid),
            _ => {}
        }
    }
    (person.phone.is_some() || person.lid.is_some()).then_some(person)
}

/// The person with this address.
pub(super) fn person_of(jid: &str) -> Option<Person> {
    let (phone, lid) = match Address::read(jid)? {
        Address::Phone(phone) => (Some(phone), None),
        Address::Lid(lid) => (None, Some(lid)),
    };
    Some(Person { phone, lid })
}

/// The phone number of an address such as `60123456789:12@s.whatsapp.net`: digits with the country code.
#[must_use]
pub fn phone_of_jid(jid: &str) -> Option<String> {
    match Address::read(jid)? {
        Address::Phone(phone) => Some(phone),
        Address::Lid(_) => None,
    }
}

/// Digits of a LID such as `112233445566778:12@lid`.
#[must_use]
pub fn lid_of_jid(jid: &str) -> Option<String> {
    match Address::read(jid)? {
        Address::Lid(lid) => Some(lid),
        Address::Phone(_) => None,
    }
}

/// The chat of a key, and the writer (`None` for the business itself, or if nobody is named). `None` without a
/// `remoteJid`.
///
/// # Source
/// Baileys 6.7.24 and 7.0.0-rc14, `decodeMessageNode`. On a message of the business, `senderPn` and
/// `senderLid` are the *business's*, while 7.x's `remoteJidAlt` is the recipient's (`peer_recipient_pn`), unless
/// the server also named the business; so compare it with the business's own number. On broadcasts and statuses,
/// 7.x also puts the participant's other address into `remoteJidAlt`.
pub(super) fn chat(item: &Value, from_me: bool) -> Option<(Chat, Option<Person>)> {
    let key = item.get("key")?;
    let jid = fields::name(key.get("remoteJid"))?;
    let (_, server) = split(&jid).unwrap_or_default();
    Some(match server.as_str() {
        _ if is_with_assistant(item, &jid) => (Chat::Assistant, None),
        "g.us" => (
            Chat::Group(jid),
            participant(item, &[]).filter(|_| !from_me),
        ),
        "newsletter" => (Chat::Newsletter, None),
        "broadcast" => {
            let sender = participant(item, &["remoteJidAlt"]).filter(|_| !from_me);
            if jid.eq_ignore_ascii_case("status@broadcast") {
                (Chat::Status, sender)
            } else {
                (sender.clone().map_or(Chat::Broadcast, Chat::Person), sender)
            }
        }
        _ if from_me => (
            person(key, &["remoteJid", "remoteJidAlt"]).map_or(Chat::Other, Chat::Person),
            None,
        ),
        _ => one_to_one(key),
    })
}

/// The LID that a status of a sent message names, in a chat with one person: as the chat's address or beside it.
pub(super) fn lid_of_receipt(item: &Value) -> Option<String> {
    const FIELDS: &[&str] = &[
        "remoteJid",
        "remoteJidAlt",
        "recipientLid",
        "participant",
        "participantLid",
        "participantAlt",
        "senderLid",
    ];
    let key = item.get("key")?;
    // In a group it is one of many, and an address of an unknown kind stays unknown.
    person(key, &["remoteJid"])?;
    let lid = |object, fields| person(object, fields).and_then(|person| person.lid);
    lid(key, FIELDS).or_else(|| lid(item, &["participant"]))
}

/// Whether a chat is one with an assistant, or the writer in a chat of two is one. In a group it is one of many.
fn is_with_assistant(item: &Value, jid: &str) -> bool {
    let is_named =
        |place: &str| fields::name(item.pointer(place)).is_some_and(|jid| is_assistant(&jid));
    let is_group = split(jid).is_some_and(|(_, server)| server == "g.us");
    !is_group
        && [
            "/key/remoteJid",
            "/key/remoteJidAlt",
            "/key/participant",
            "/participant",
        ]
        .iter()
        .any(|place| is_named(place))
}

/// A chat with one person, and that person as the writer.
fn one_to_one(key: &Value) -> (Chat, Option<Person>) {
    // An address of an unknown kind stays unknown, even if other fields name a person.
    if person(key, &["remoteJid"]).is_none() {
        return (Chat::Other, None);
    }
    let sender = person(
        key,
        &[
            "remoteJid",
            "senderPn",
            "remoteJidAlt",
            "senderLid",
            "participantPn",
            "participantAlt",
        ],
    );
    (sender.clone().map_or(Chat::Other, Chat::Person), sender)
}

/// The writer in a group, a status or a broadcast list.
fn participant(item: &Value, more: &[&str]) -> Option<Person> {
    const FIELDS: &[&str] = &[
        "participant",
        "participantPn",
        "participantAlt",
        "participantLid",
        "senderPn",
        "senderLid",
    ];
    let key = item.get("key")?;
    person(key, &[FIELDS, more].concat()).or_else(|| person(item, &["participant"]))
}
