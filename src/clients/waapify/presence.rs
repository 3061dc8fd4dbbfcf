//! What `send.php?type=check_phone` says about a phone (`docs/vendors/waapify.md#check-phone`); pure.
//!
//! Only a positive answer about the phone that was asked for teaches something. Everything that is not understood is
//! [`Presence::Unknown`].

use serde_json::Value;

use crate::clients::waapify::answer::{gateways_own, is_refusal};
use crate::model::phone_forms;

/// Whether a phone is on WhatsApp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Yes {
        /// The number (digits) under which WhatsApp knows it, if named.
        address: Option<String>,
        /// Digits of its LID, if named.
        lid: Option<String>,
    },
    /// Waapify says that it is not. Whether that is reliable is not established.
    No,
    /// There is no answer that says either.
    Unknown,
    /// The build knows no such question.
    Unsupported,
}

/// Most entries that are read of an answer about one phone, which has one.
const MAX_ENTRIES: usize = 16;

/// The meaning of an answer about `phone` (digits).
pub(super) fn read(status: u16, text: &str, phone: &str) -> Presence {
    let Some(answer) = gateways_own(status, text) else {
        return Presence::Unknown;
    };
    let words = text_at(&answer, "message").unwrap_or_default();
    if is_refusal(&answer) {
        let is_unsupported = words.to_lowercase().contains("type not supported");
        return if is_unsupported {
            Presence::Unsupported
        } else {
            Presence::Unknown
        };
    }
    match field(&answer, "data") {
        Some(Value::Array(entries)) if entries.is_empty() => absent(&words),
        Some(Value::Array(entries)) => of_entries(entries, phone),
        Some(entry @ Value::Object(_)) => of_entries(std::slice::from_ref(entry), phone),
        _ => Presence::Unknown,
    }
}

/// An empty list alone may be a failure of the build.
fn absent(words: &str) -> Presence {
    if words.trim().eq_ignore_ascii_case("not available") {
        Presence::No
    } else {
        Presence::Unknown
    }
}

/// The entry about the phone. An answer about another phone says nothing about this one.
fn of_entries(entries: &[Value], phone: &str) -> Presence {
    let own = |entry: &&Value| {
        let jid = text_at(entry, "jid").and_then(|jid| whatsapp_events::phone_of_jid(&jid));
        jid.is_some_and(|found| phone_forms::is_same(&found, phone))
    };
    let Some(entry) = entries.iter().take(MAX_ENTRIES).find(own) else {
        return Presence::Unknown;
    };
    match field(entry, "exists") {
        Some(Value::Bool(true)) => Presence::Yes {
            address: text_at(entry, "jid").and_then(|jid| whatsapp_events::phone_of_jid(&jid)),
            lid: text_at(entry, "lid").and_then(|lid| whatsapp_events::lid_of_jid(&lid)),
        },
        Some(Value::Bool(false)) => Presence::No,
        _ => Presence::Unknown,
    }
}

/// A field whatever the case of its name: the answer has `Data` where others have `data`.
fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut fields = object.as_object()?.iter();
    fields
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

fn text_at(object: &Value, name: &str) -> Option<String> {
    field(object, name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: &str = "60123456789";

    fn corpus(name: &str) -> String {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/payloads/waapify/check_phone"
        );
        std::fs::read_to_string(format!("{folder}/{name}.json")).unwrap()
    }

    fn yes(lid: Option<&str>) -> Presence {
        Presence::Yes {
            address: Some(PHONE.to_owned()),
            lid: lid.map(str::to_owned),
        }
    }

    #[test]
    fn the_answers_that_were_seen_are_understood() {
        let exists = corpus("exists");
        assert_eq!(read(200, &exists, PHONE), yes(Some("112233445566778")));
        for absent in ["absent_empty", "absent_false"] {
            assert_eq!(read(200, &corpus(absent), "60123450000"), Presence::No);
        }
        let unsupported = read(200, &corpus("error"), PHONE);
        assert_eq!(unsupported, Presence::Unsupported);
    }

    #[test]
    fn other_forms_of_a_positive_answer_are_read_too() {
        let jid = format!("{PHONE}:3@s.whatsapp.net");
        for (data, lid) in [
            (format!(r#"[{{"jid":"{jid}","exists":true}}]"#), None),
            (
                format!(r#"{{"jid":"{jid}","exists":true,"lid":"77:2@lid"}}"#),
                Some("77"),
            ),
            (
                format!(r#"[{{"JID":"{jid}","Exists":true,"LID":"no address"}}]"#),
                None,
            ),
            (
                format!(r#"[{{"jid":"{jid}","exists":true,"lid":"{jid}"}}]"#),
                None,
            ),
        ] {
            for (status, name) in [("Status", "Data"), ("status", "data")] {
                let body = format!(r#"{{"{status}":"success","{name}":{data}}}"#);
                assert_eq!(read(200, &body, PHONE), yes(lid), "{body}");
            }
        }
        let other_form =
            r#"{"Status":"success","Data":[{"jid":"551187654321@s.whatsapp.net","exists":true}]}"#;
        let address = Some("551187654321".to_owned());
        let found = read(200, other_form, "5511987654321");
        assert_eq!(found, Presence::Yes { address, lid: None });
    }

    #[test]
    fn what_is_not_understood_is_unknown() {
        for (status, body) in [
            (502, "<html>"),
            (200, "<!DOCTYPE html><title>Login</title>"),
            (200, ""),
            (200, "null"),
            (200, "[]"),
            (200, r#"{"Status":"success","Data":[]}"#),
            (200, r#"{"Status":"success","Data":null}"#),
            (200, r#"{"Status":"success","Data":"yes"}"#),
            (200, r#"{"Status":"success","Data":[7,null,"x"]}"#),
            (
                200,
                r#"{"Status":"success","Data":[{"exists":true,"lid":"7@lid"}]}"#,
            ),
            (
                200,
                r#"{"Status":"success","Data":[{"jid":"60199999999@s.whatsapp.net","exists":true,"lid":"7@lid"}]}"#,
            ),
            (
                200,
                r#"{"Status":"success","Data":[{"jid":"60123456789@s.whatsapp.net","exists":"perhaps"}]}"#,
            ),
            (
                200,
                r#"{"status":"error","message":"Relogin required","relogin":true}"#,
            ),
        ] {
            assert_eq!(read(status, body, PHONE), Presence::Unknown, "{body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_it_panic(status in 100u16..1000, body: String) {
            let _ = read(status, &body, PHONE);
        }
    }
}
