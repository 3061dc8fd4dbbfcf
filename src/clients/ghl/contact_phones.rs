//! The phones that GHL shows of a contact.

use std::borrow::Cow;

use serde_json::Value;
use whatsapp_events::json::scalar_text;

/// The phones of a contact, as people wrote them: GHL keeps what was imported, in any form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactPhones {
    /// The main one first; empty where the answer names none.
    pub written: Vec<String>,
    /// The contact's country as ISO's two letters, if GHL knows it.
    pub country: Option<String>,
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
        }
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
