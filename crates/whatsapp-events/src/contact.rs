//! Address book and group news → who belongs to which address, and what people and groups are called.
//!
//! Owns: the field names of both generations of Baileys. Refuses what tells nothing new: pictures, settings,
//! members. A first login's list has thousands of entries, so an entry costs a few look-ups and no more.

use serde_json::Value;

use crate::{ContactNews, Event, GroupNews, Person, Reason, fields, jid};

/// Where a person's addresses are: 6.7 has `id`, `jid` and `lid`; 7.x `id`, `phoneNumber` and `lid`; its news of
/// pairs has `lid` and `pn`.
const ADDRESSES: &[&str] = &[
    "id",
    "jid",
    "phoneNumber",
    "pn",
    "senderPn",
    "lid",
    "senderLid",
];
/// Where a name is: the address book's, the one a business proved, the one they gave themselves.
const NAMES: &[&str] = &["/name", "/verifiedName", "/notify"];

/// What the entries tell, or that they tell nothing.
pub(super) fn read(entries: &[Value]) -> Vec<Event> {
    told(entries, Reason::Contacts, |entry| {
        group(entry, &["/name", "/subject"]).or_else(|| contact(entry))
    })
}

/// What the groups are called, or that nothing says so.
pub(super) fn read_groups(entries: &[Value]) -> Vec<Event> {
    told(entries, Reason::Groups, |entry| group(entry, &["/subject"]))
}

fn told(entries: &[Value], nothing: Reason, read: impl Fn(&Value) -> Option<Event>) -> Vec<Event> {
    let mut events: Vec<Event> = entries.iter().filter_map(read).collect();
    if events.is_empty() {
        events.push(Event::Ignored {
            what: nothing,
            id: None,
        });
    }
    events
}

fn contact(entry: &Value) -> Option<Event> {
    let mut person = jid::person(entry, ADDRESSES)?;
    if person.phone.is_none() {
        // Some builds write the number without a server.
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
