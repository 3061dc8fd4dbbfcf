//! What travels to and from GHL, as GHL spells it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
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
    let value = serde_json::Value::deserialize(deserializer)?;
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
