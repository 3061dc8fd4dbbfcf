//! Reads address book and group events: which addresses belong together, and the names of people and groups.
//!
//! Knows the field names of both generations of Baileys. Pictures, settings and members are ignored. The list of a
//! first login has thousands of entries, so an entry costs only a few lookups.

use serde_json::Value;

use crate::{ContactNews, Event, GroupNews, Person, fields, jid};

/// Where a person's addresses are. 6.7 has `id`, `jid` and `lid`; 7.x has `id`, `phoneNumber` and `lid`; the events
/// of 7.x for pairs have `lid` and `pn`.
const ADDRESSES: &[&str] = &[
    "id",
    "jid",
    "phoneNumber",
    "pn",
    "senderPn",
    "lid",
    "senderLid",
];
/// Where a name is: in the address book, verified for a business, chosen by the person.
const NAMES: &[&str] = &["/name", "/verifiedName", "/notify"];

/// What an entry of an address book tells: who is who, or the name of a group.
pub(super) fn read(entry: &Value) -> Option<Event> {
    group(entry, &["/name", "/subject"]).or_else(|| contact(entry))
}

/// The name of a group.
pub(super) fn read_group(entry: &Value) -> Option<Event> {
    group(entry, &["/subject"])
}

fn contact(entry: &Value) -> Option<Event> {
    let mut person = jid::person(entry, ADDRESSES)?;
    if person.phone.is_none() {
        // Some builds write the number without `@server`.
        person.phone = fields::name(entry.get("phoneNumber"))
            .and_then(|number| jid::phone_of_jid(&format!("{number}@s.whatsapp.net")));
    }
    let name = fields::title(entry, NAMES);
    let is_pair = matches!(
        person,
        Person {
            phone: Some(_),
            lid: Some(_)
        }
    );
    (is_pair || name.is_some()).then_some(Event::Contact(ContactNews { person, name }))
}

fn group(entry: &Value, names: &[&str]) -> Option<Event> {
    let group =
        fields::name(entry.get("id")).filter(|id| id.to_ascii_lowercase().ends_with("@g.us"))?;
    let subject = fields::title(entry, names)?;
    Some(Event::Group(GroupNews { group, subject }))
}
