//! What GHL shows of a contact: its phones and its name.

use std::borrow::Cow;

use serde_json::Value;
use whatsapp_events::json::scalar_text;

use crate::model::ids::ContactId;
use crate::model::opt_out::{Dnd, STOP_CODE};

/// A contact that an answer names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedContact {
    /// Its id.
    pub id: ContactId,
    /// What GHL calls it, if the answer tells that.
    pub name: Option<String>,
    /// Its "do not disturb", if the answer tells that.
    pub dnd: Option<Dnd>,
}

impl NamedContact {
    /// Reads a contact; none when it has no id.
    pub(super) fn read(contact: &Value) -> Option<Self> {
        let id = contact.get("id").and_then(Value::as_str)?;
        Some(Self {
            id: ContactId::from(id),
            name: name_of(contact),
            dnd: dnd_of(contact),
        })
    }

    /// A contact of which only the id is told.
    pub(super) fn nameless(id: &str) -> Self {
        Self {
            id: ContactId::from(id),
            name: None,
            dnd: None,
        }
    }
}

/// The name of a contact as people see it in GHL: first and last name, or one field with both. The fields in small letters
/// are for GHL's search.
fn name_of(contact: &Value) -> Option<String> {
    let text = |field| contact.get(field).and_then(Value::as_str).map(str::trim);
    let text = |field| text(field).filter(|text| !text.is_empty());
    let parts: Vec<_> = ["firstName", "lastName"]
        .into_iter()
        .filter_map(text)
        .collect();
    let whole = ["name", "contactName", "fullName"]
        .into_iter()
        .find_map(text);
    match (parts.is_empty(), whole) {
        (false, _) => Some(parts.join(" ")),
        (true, whole) => whole.map(str::to_owned),
    }
}

/// The phones of a contact, as people wrote them: GHL keeps what was imported, in any form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPhones {
    /// The main one first; empty where the answer names none.
    pub written: Vec<String>,
    /// The contact's country as ISO's two letters, if GHL knows it.
    pub country: Option<String>,
    /// What GHL calls the contact.
    pub name: Option<String>,
    /// Its "do not disturb", if the answer tells that.
    pub dnd: Option<Dnd>,
    /// Its tags in small letters, if the answer tells them.
    pub tags: Option<Vec<String>>,
}

impl ContactPhones {
    /// Further phones stand in a list, or alone; each is a text, or has it under one of two keys.
    pub(super) fn read(contact: &Value) -> Self {
        let further = match contact.get("additionalPhones") {
            Some(Value::Array(list)) => list.iter().collect(),
            other => Vec::from_iter(other),
        };
        let phones = contact.get("phone").into_iter();
        let written = phones.chain(further.into_iter().map(phone_of));
        let country = contact.get("country").and_then(Value::as_str);
        Self {
            written: written
                .filter_map(scalar_text)
                .filter(|phone| !phone.trim().is_empty())
                .map(Cow::into_owned)
                .collect(),
            country: country.map(|country| country.trim().to_ascii_uppercase()),
            name: name_of(contact),
            dnd: dnd_of(contact),
            tags: tags_of(contact),
        }
    }
}

/// The tags of a contact, compared without regard to large and small letters: GHL stores small ones.
fn tags_of(contact: &Value) -> Option<Vec<String>> {
    let tags = contact.get("tags")?.as_array()?.iter();
    let tags = tags.filter_map(Value::as_str);
    Some(tags.map(|tag| tag.trim().to_lowercase()).collect())
}

/// "Do not disturb" for SMS, of a contact or of an event about it. The switch for all channels counts where SMS has none of
/// its own; its list of channels may name SMS only. None where nothing is said.
pub(super) fn dnd_of(contact: &Value) -> Option<Dnd> {
    let sms = contact.pointer("/dndSettings/SMS");
    let field = |name| sms.and_then(|sms| sms.get(name)).and_then(Value::as_str);
    match field("status") {
        Some("active") if field("code") == Some(STOP_CODE) => Some(Dnd::Ours),
        Some("active" | "permanent") => Some(Dnd::Others),
        Some("inactive") => Some(Dnd::Off),
        _ if contact.get("dnd").and_then(Value::as_bool)? => Some(Dnd::Others),
        _ => Some(Dnd::Off),
    }
}

fn phone_of(further: &Value) -> &Value {
    let keys = ["phone", "phoneNumber"];
    let found = keys.iter().find_map(|key| further.get(key));
    found.unwrap_or(further)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_what_people_see_in_ghl() {
        let name = |contact: Value| name_of(&contact);
        for (contact, expected) in [
            (
                json!({"firstName": "Aisyah", "lastName": "binti Ali", "name": "x"}),
                Some("Aisyah binti Ali"),
            ),
            (
                json!({"firstName": " Aisyah ", "lastName": null}),
                Some("Aisyah"),
            ),
            (
                json!({"firstName": "", "lastName": "", "contactName": "Kedai"}),
                Some("Kedai"),
            ),
            (
                json!({"firstNameLowerCase": "aisyah", "companyName": "Kedai"}),
                None,
            ),
            (json!({"name": 5}), None),
        ] {
            assert_eq!(name(contact.clone()).as_deref(), expected, "{contact}");
        }
    }

    #[test]
    fn do_not_disturb_is_that_of_sms_and_whose_it_is() {
        let dnd = |contact: Value| dnd_of(&contact);
        let sms = |status, code| json!({"dnd": false, "dndSettings": {"SMS": {"status": status, "code": code}}});
        assert_eq!(dnd(sms("active", "WA_STOP")), Some(Dnd::Ours));
        assert_eq!(dnd(sms("active", "103")), Some(Dnd::Others));
        assert_eq!(dnd(sms("permanent", "WA_STOP")), Some(Dnd::Others));
        assert_eq!(dnd(sms("inactive", "WA_START")), Some(Dnd::Off));
        let other = json!({"dnd": true, "dndSettings": {"Call": {"status": "active"}}});
        assert_eq!(dnd(other), Some(Dnd::Others));
        assert_eq!(dnd(json!({"dnd": false})), Some(Dnd::Off));
        for nothing in [
            json!({}),
            json!({"dnd": null, "dndSettings": {"SMS": null}}),
        ] {
            assert_eq!(dnd(nothing), None);
        }
    }

    #[test]
    fn all_shapes_are_read_and_no_other_value_is_a_phone() {
        let read = |contact: Value| ContactPhones::read(&contact).written;
        assert_eq!(
            read(
                json!({"phone": "1", "additionalPhones": ["2", {"phone": "3"}, {"phoneNumber": 4}]})
            ),
            ["1", "2", "3", "4"]
        );
        assert_eq!(read(json!({"additionalPhones": {"phone": "5"}})), ["5"]);
        assert_eq!(read(json!({"additionalPhones": "6"})), ["6"]);
        for none in [
            json!({}),
            json!({"phone": null, "additionalPhones": []}),
            json!({"phone": " ", "additionalPhones": [null, {}, [1]]}),
        ] {
            assert!(read(none.clone()).is_empty(), "{none}");
        }
    }
}
