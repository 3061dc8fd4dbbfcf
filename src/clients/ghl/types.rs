//! GHL's requests and answers, in GHL's spelling.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clients::ghl::contact_phones::dnd_of;
use crate::model::ids::{CompanyId, ContactId, GhlMessageId, LocationId, host_name, is_id};
use crate::model::opt_out::Dnd;

/// A token pair from GHL.
pub struct Grant {
    /// The bearer.
    pub access_token: SecretString,
    /// Valid for one refresh; a location token that was made from a company's may lack it.
    pub refresh_token: Option<SecretString>,
    /// What it may do, separated by spaces, if GHL says so.
    pub scope: Option<String>,
    /// Seconds until the access token expires.
    pub expires_in: i64,
    /// `Company` or `Location`; none for a location token that was made from a company's.
    pub user_type: Option<String>,
    /// Present in a location's grant.
    pub location_id: Option<LocationId>,
    /// The agency.
    pub company_id: Option<CompanyId>,
}

impl Grant {
    /// Reads both spellings. Only the access token is required, so that no other field can make us lose a pair.
    pub(super) fn read(answer: &Value) -> Option<Self> {
        let field = |names: [&str; 2]| names.iter().find_map(|name| answer.get(name));
        let text = |names| {
            field(names)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
        };
        let secret = |names| text(names).map(SecretString::from);
        let id = |names| text(names).filter(|id| is_id(id));
        let seconds =
            field(["expires_in", "expiresIn"]).and_then(whatsapp_events::json::scalar_text);
        Some(Self {
            access_token: secret(["access_token", "accessToken"])?,
            refresh_token: secret(["refresh_token", "refreshToken"]),
            scope: text(["scope", "scopes"]).map(str::to_owned),
            expires_in: seconds
                .and_then(|seconds| seconds.parse().ok())
                .unwrap_or(UNKNOWN_LIFE_SECONDS),
            user_type: text(["userType", "user_type"]).map(str::to_owned),
            location_id: id(["locationId", "location_id"]).map(LocationId::from),
            company_id: id(["companyId", "company_id"]).map(CompanyId::from),
        })
    }
}

/// The fields that we read of an event about the app, which GHL posts to `/hooks/app`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GhlEvent {
    /// GHL's `type`.
    pub kind: String,
    /// The marketplace app that it is about; older events lack it.
    pub app_id: Option<String>,
    /// GHL's id of the event; older ones lack it.
    pub webhook_id: Option<String>,
    /// The sub-account.
    pub location_id: Option<LocationId>,
    /// The agency.
    pub company_id: Option<CompanyId>,
    /// The contact, if it is about a contact's message.
    pub contact_id: Option<ContactId>,
    /// When GHL says that it happened.
    pub said_at: Option<OffsetDateTime>,
    /// It names a location, but not by an id.
    pub has_bad_location: bool,
    /// What the agency is called.
    pub company_name: Option<String>,
    /// What it says of the agency's white label.
    pub white_label: WhiteLabel,
    /// The contact that it is about, and its "do not disturb".
    pub dnd: Option<(ContactId, Dnd)>,
}

/// The event that tells of a changed "do not disturb".
const DND_UPDATE: &str = "ContactDndUpdate";

/// What an install says about the domain under which an agency's users see GHL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhiteLabel {
    /// Nothing.
    Unsaid,
    /// There is none, or it is no host name.
    None,
    /// A host name.
    Domain(String),
}

impl WhiteLabel {
    fn read(event: &Value) -> Self {
        let Some(details) = event
            .get("whitelabelDetails")
            .filter(|said| said.is_object())
        else {
            return Self::Unsaid;
        };
        let domain = details.get("domain").and_then(Value::as_str);
        domain.and_then(host_name).map_or(Self::None, Self::Domain)
    }
}

impl GhlEvent {
    /// Reads an event; none when it has no type. A value that is no valid id counts as absent.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        let text = |field: &str| event.get(field)?.as_str().filter(|text| is_id(text));
        let named = event.get("locationId").is_some_and(|id| !id.is_null());
        let location_id = text("locationId").map(LocationId::from);
        Some(Self {
            kind: text("type")?.to_owned(),
            app_id: text("appId").map(str::to_owned),
            webhook_id: text("webhookId").map(str::to_owned),
            has_bad_location: named && location_id.is_none(),
            location_id,
            company_id: text("companyId").map(CompanyId::from),
            contact_id: text("contactId").map(ContactId::from),
            said_at: event.get("timestamp").and_then(moment),
            company_name: event
                .get("companyName")
                .and_then(Value::as_str)
                .map(str::to_owned),
            white_label: WhiteLabel::read(event),
            dnd: text("id")
                .filter(|_| text("type") == Some(DND_UPDATE))
                .map(ContactId::from)
                .zip(dnd_of(event)),
        })
    }

    /// Whether it has to be applied: it reports an install, an uninstall, or whether a contact may be written to.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.is_about_app() || self.dnd.is_some()
    }

    /// Whether it reports an install or uninstall of the app.
    #[must_use]
    pub fn is_about_app(&self) -> bool {
        ["INSTALL", "UNINSTALL"].contains(&self.kind.as_str())
    }

    /// Whether it names the location or company that it is about.
    #[must_use]
    pub fn names_its_subject(&self) -> bool {
        !self.has_bad_location && (self.location_id.is_some() || self.company_id.is_some())
    }
}

/// A message that GHL has stored. GHL reports it in an event (`InboundMessage`, `OutboundMessage`), also for our own
/// posts, or in a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// GHL's id.
    pub id: GhlMessageId,
    /// Its text; may be empty if it has files.
    pub text: String,
    /// Addresses of its files.
    pub files: Vec<String>,
}

impl StoredMessage {
    /// Reads an event or a delivery; none when it names no message.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        let id = event.get("messageId")?.as_str().filter(|id| is_id(id))?;
        let files = event.get("attachments").and_then(Value::as_array);
        let files = files.into_iter().flatten();
        Some(Self {
            id: GhlMessageId::from(id),
            text: ["body", "message"]
                .iter()
                .find_map(|field| event.get(field)?.as_str())
                .unwrap_or_default()
                .to_owned(),
            files: files.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }
}

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The business.
    Outbound,
}

/// A WhatsApp message to post. It has no provider id: the default SMS provider must not be named; that of calls must
/// be, and is added to the request.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InboundMessage<'a> {
    /// Always given, because GHL's default is "outbound".
    pub direction: Direction,
    /// The customer.
    pub contact_id: &'a ContactId,
    /// Its text.
    pub message: &'a str,
    /// WhatsApp's id.
    pub alt_id: &'a str,
    /// When it was written.
    #[serde(serialize_with = "rfc3339")]
    pub date: OffsetDateTime,
    /// Addresses of files that were uploaded before.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub attachments: &'a [String],
    /// For a call: who called whom, for the call log.
    #[serde(skip)]
    pub call: Option<CallLog<'a>>,
}

/// An entry of GHL's call log.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CallLog<'a> {
    /// E.164 with its plus sign.
    pub from: &'a str,
    /// E.164 with its plus sign.
    pub to: &'a str,
    /// `no-answer`, `busy`.
    pub status: &'a str,
}

/// A file to upload.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its name, with an extension that GHL accepts.
    pub name: String,
    /// Its type.
    pub mimetype: &'static str,
    /// Its content; a clone is cheap.
    pub bytes: bytes::Bytes,
}

/// A message that GHL stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// GHL's id.
    pub message: GhlMessageId,
    /// The conversation, if GHL names it.
    pub conversation: Option<String>,
}

/// The last message of a conversation, as GHL's search reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMessage {
    /// Its text.
    pub text: String,
    /// The customer wrote it; none if GHL does not say.
    pub is_inbound: Option<bool>,
    /// When it was written or stored; none if GHL does not say.
    pub at: Option<OffsetDateTime>,
}

impl LastMessage {
    /// Reads a conversation of GHL's search; none when it has no message.
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

/// Why a message failed, as GHL shows it; GHL requires all three fields.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct StatusError<'a> {
    /// Short and stable.
    pub code: &'a str,
    /// The source of the failure.
    pub r#type: &'a str,
    /// The sentence.
    pub message: &'a str,
}

/// Assumed lifetime of an access token in seconds, if GHL does not say: an hour, so that it is renewed long before the
/// day that GHL's tokens last.
const UNKNOWN_LIFE_SECONDS: i64 = 3_600;

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
    pub(super) name: Option<String>,
    #[serde(rename = "isInstalled")]
    pub(super) is_installed: Option<bool>,
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

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
            let answer = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let grant = Grant::read(&answer).unwrap();
            assert!(grant.expires_in > 86_000, "{file}");
            assert_eq!(
                grant.location_id.is_none(),
                file == "token_company",
                "{file}"
            );
        }
    }

    #[test]
    fn a_pair_is_never_lost_for_what_stands_beside_it() {
        for beside in [
            json!({"companyId": 5, "userType": ["Location"], "expires_in": "x"}),
            json!({"accessToken": "b", "locationId": "", "expires_in": null}),
        ] {
            let mut answer = beside;
            answer["access_token"] = "a".into();
            answer["refresh_token"] = "r".into();
            let grant = Grant::read(&answer).unwrap();
            assert_eq!(grant.access_token.expose_secret(), "a");
            assert!(grant.refresh_token.is_some() && grant.location_id.is_none());
            assert_eq!(grant.expires_in, UNKNOWN_LIFE_SECONDS);
        }
        assert!(Grant::read(&json!({"access_token": "", "refresh_token": "r"})).is_none());
    }
}
