//! Identifiers, each a type of its own so that they cannot be swapped.
//!
//! Owns only their form. Whether an id exists is known to the database.

use std::fmt;

pub use whatsapp_events::json::is_id;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as the vendor writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A GHL sub-account.
    LocationId
}
text_id! {
    /// A GHL agency, which owns locations.
    CompanyId
}
text_id! {
    /// A GHL contact; it also identifies the conversation, because GHL has one for each contact.
    ContactId
}
text_id! {
    /// GHL's id of a message: `messageId` of a delivery, or of an inbound message that was posted.
    GhlMessageId
}
text_id! {
    /// WhatsApp's id of a message: `key.id` of Baileys.
    WaMessageId
}

/// Our id of a message, from one sequence for both directions, so that one number identifies it for an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct MessageId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Longest host name and longest label (RFC 1035).
const MAX_HOST_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// The host name in a text, in lower case; `https://` before and a slash after it are allowed. None if it is no public
/// name of two or more labels, such as an IP address. The result is safe in a header.
#[must_use]
pub fn host_name(text: &str) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("https://").unwrap_or(text);
    let host = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let (_, last) = host.rsplit_once('.')?;
    let is_name = host.len() <= MAX_HOST_BYTES
        && host.split('.').all(is_label)
        && last.starts_with(|c: char| c.is_ascii_alphabetic());
    is_name.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_public_host_name_is_one() {
        for (text, host) in [
            ("app.agency.my", "app.agency.my"),
            ("https://App.Agency.MY/", "app.agency.my"),
            (" xn--80ak6aa92e.com ", "xn--80ak6aa92e.com"),
            ("a-1.b2.co", "a-1.b2.co"),
        ] {
            assert_eq!(host_name(text).as_deref(), Some(host), "{text}");
        }
        let (label, host) = ("a".repeat(64), "a.".repeat(130));
        for text in [
            "",
            ".",
            "localhost",
            "*",
            "*.agency.my",
            "agency..my",
            ".agency.my",
            "agency.my.",
            "-a.my",
            "a-.my",
            "127.0.0.1",
            "[::1]",
            "0x7f.1",
            "agency.my:443",
            "http://agency.my",
            "https://agency.my/path",
            "user@agency.my",
            "agency.my; script-src *",
            "agency.my https://evil.example",
            "agency.my\r\nset-cookie: a=b",
            "agensi\u{e9}.my",
            "'self'.my",
            &format!("{label}.my"),
            &format!("{host}my"),
        ] {
            assert_eq!(host_name(text), None, "{text}");
        }
    }
}
