//! The identifiers that travel through the crate, each a type of its own so that they cannot be swapped.
//!
//! Owns: their shape and nothing else. Refuses: meaning; whether an id exists is the database's to say.

use std::fmt;

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
    /// A GHL contact; with GHL it also names the conversation, of which there is one per contact.
    ContactId
}
text_id! {
    /// A message as GHL knows it: `messageId` of a delivery, or of an inbound message that was posted.
    GhlMessageId
}
text_id! {
    /// A message as WhatsApp knows it: `key.id` of Baileys.
    WaMessageId
}

/// A message as we know it: one sequence for both directions, so that an operator can name it by one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
#[sqlx(transparent)]
pub struct MessageId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Longest id that is taken for one. The vendors' have 20 to 45 characters; a database index has no room for kilobytes.
const MAX_ID_BYTES: usize = 128;

/// Whether a text can be a vendor's id: not empty, short, without control characters (of which Postgres refuses NUL).
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&text.len()) && !text.contains(char::is_control)
}
