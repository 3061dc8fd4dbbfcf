//! What travels to and from GHL, as GHL spells it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::ids::{CompanyId, ContactId, LocationId};

/// A token pair as GHL hands it out. Both spellings of the fields are read.
#[derive(Deserialize)]
pub struct Grant {
    /// The bearer.
    #[serde(alias = "accessToken")]
    pub access_token: SecretString,
    /// Good for one refresh; a minted location token may lack it.
    #[serde(alias = "refreshToken")]
    pub refresh_token: Option<SecretString>,
    /// Seconds until the access token ends. A grant that does not say so is a grant all the same.
    #[serde(
        alias = "expiresIn",
        default = "unknown_life",
        deserialize_with = "seconds"
    )]
    pub expires_in: i64,
    /// `Company` or `Location`; absent from a minted token.
    #[serde(alias = "user_type", rename = "userType")]
    pub user_type: Option<String>,
    /// Present in a location's grant.
    #[serde(alias = "location_id", rename = "locationId")]
    pub location_id: Option<LocationId>,
    /// The agency.
    #[serde(alias = "company_id", rename = "companyId")]
    pub company_id: Option<CompanyId>,
}

/// An inbound message to post. No provider id: the default SMS provider must not name one.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundMessage<'a> {
    /// The sender.
    pub contact_id: &'a ContactId,
    /// What it says.
    pub message: &'a str,
    /// WhatsApp's id.
    pub alt_id: &'a str,
    /// When it was written.
    #[serde(serialize_with = "rfc3339")]
    pub date: OffsetDateTime,
}

/// The last message of a conversation, as far as GHL tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    /// What it says.
    pub text: String,
    /// The customer wrote it; none where GHL does not say.
    pub is_inbound: Option<bool>,
    /// When it was written or stored; none where GHL does not say.
    pub at: Option<OffsetDateTime>,
}

impl LastMessage {
    /// From a conversation of GHL's search; none when nothing was written in it.
    pub(super) fn read(conversation: &Value) -> Option<Self> {
        let text = |name: &str| conversation.get(name).and_then(Value::as_str);
        Some(Self {
            text: text("lastMessageBody")?.to_owned(),
            is_inbound: text("lastMessageDirection").map(|direction| direction == "inbound"),
            at: conversation.get("lastMessageDate").and_then(moment),
        })
    }
}

/// Milliseconds since 1970, or RFC 3339.
fn moment(value: &Value) -> Option<OffsetDateTime> {
    if let Some(text) = value.as_str() {
        return OffsetDateTime::parse(text, &Rfc3339).ok();
    }
    let milliseconds = value.as_i64()?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

/// Why a message failed, as GHL shows it; GHL wants all three fields.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StatusError<'a> {
    /// Short and stable.
    pub code: &'a str,
    /// Where it comes from.
    pub r#type: &'a str,
    /// The sentence.
    pub message: &'a str,
}

/// Seconds an access token is believed to live where GHL does not say: an hour, so that it is renewed long before the
/// day that GHL's tokens live.
const fn unknown_life() -> i64 {
    3_600
}

/// A number, or a number in quotes.
fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = crate::json::scalar_text(&value);
    Ok(text
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(unknown_life))
}

fn rfc3339<S: serde::Serializer>(at: &OffsetDateTime, serializer: S) -> Result<S::Ok, S::Error> {
    let text = at.format(&Rfc3339).map_err(serde::ser::Error::custom)?;
    serializer.serialize_str(&text)
}

#[derive(Deserialize)]
pub(super) struct LocationsPage {
    #[serde(alias = "items")]
    pub(super) locations: Vec<InstalledLocation>,
    pub(super) pagination: Option<Pagination>,
}

/// Only newer answers have it.
#[derive(Deserialize)]
pub(super) struct Pagination {
    #[serde(rename = "nextPageToken")]
    pub(super) next_page_token: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct InstalledLocation {
    #[serde(rename = "_id", alias = "id")]
    pub(super) id: LocationId,
    #[serde(rename = "isInstalled")]
    pub(super) is_installed: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_last_message_is_read_with_and_without_what_the_description_leaves_out() {
        let read = |conversation: Value| LastMessage::read(&conversation);
        let bare = read(json!({"lastMessageBody": "hai"})).unwrap();
        assert_eq!((bare.is_inbound, bare.at), (None, None));
        let millennium = OffsetDateTime::from_unix_timestamp(946_684_800).ok();
        for date in [
            json!(946_684_800_000_i64),
            json!("2000-01-01T00:00:00.000Z"),
        ] {
            let full = json!({"lastMessageBody": "hai", "lastMessageDirection": "outbound", "lastMessageDate": date});
            let full = read(full).unwrap();
            assert_eq!((full.is_inbound, full.at), (Some(false), millennium));
        }
        assert_eq!(read(json!({"lastMessageBody": null})), None);
    }

    #[test]
    fn both_spellings_of_a_grant_are_read() {
        for file in [
            "token_location",
            "token_company",
            "location_token_v2_without_refresh",
            "location_token_v3",
        ] {
            let path = format!(
                "{}/tests/payloads/ghl/responses/{file}.json",
                env!("CARGO_MANIFEST_DIR")
            );
            let grant: Grant = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            assert!(grant.expires_in > 86_000, "{file}");
            assert_eq!(
                grant.location_id.is_none(),
                file == "token_company",
                "{file}"
            );
        }
    }
}
