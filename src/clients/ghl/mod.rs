//! The part of GHL's API that the service uses (`docs/vendors/ghl.md`).
//!
//! Owns the requests, and the meaning of every error that GHL is known to give (`error`). It stores no tokens; the
//! caller passes them in.

mod accounts;
mod call;
mod channels;
mod contact_phones;
mod conversations;
mod delivery;
mod error;
mod limits;
mod opt_outs;
mod types;
mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub use accounts::Description;
use call::parse;
pub use channels::{SmsProvider, SmsProviders};
pub use contact_phones::{ContactPhones, NamedContact};
pub use conversations::{FoundConversation, ListedMessage, MessagePage};
pub use delivery::{DeliveryHead, NotDelivery};
pub use error::{Advice, CallError};
use limits::LatestLimits;
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde_json::{Value, json};
use tracing::warn;
use types::LocationsPage;
pub use types::{
    CallLog, Direction, GhlEvent, Grant, InboundMessage, LastMessage, NewFile, Posted, StatusError,
    StoredMessage, WhiteLabel,
};
pub use upload::{MAX_UPLOAD_BYTES, takes};
use url::Url;

use crate::clients::endpoint;
use crate::config::GhlSettings;
use crate::crypto::hash_secret;
use crate::model::ids::{CompanyId, ContactId, GhlMessageId, LocationId, is_id};
use crate::model::rate_limits::RateLimits;

/// Version header of the OAuth and contacts routes.
const V_2021_07: &str = "2021-07-28";
/// Version header of the conversations routes.
const V_2021_04: &str = "2021-04-15";
/// A refresh without an answer can be repeated within 30 s of the first (`docs/vendors/ghl.md#refresh`), so it must not
/// take that long itself.
pub const TOKEN_TIMEOUT: Duration = Duration::from_secs(10);
/// Locations that are requested in one page of `/oauth/installedLocations`; GHL may give fewer.
const PAGE: usize = 100;
/// A page shorter than GHL's own default size is the last, unless GHL says that there is another.
const SHORT_PAGE: usize = 20;
/// Most pages that are read: two thousand locations even with the smallest pages, more than any agency has.
const MAX_PAGES: usize = 100;

/// Calls GHL as the marketplace app.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    settings: GhlSettings,
    redirect_uri: Url,
    latest_limits: LatestLimits,
}

impl Client {
    /// A client for the app in `settings`; GHL sends the browser to `public_url` after an install.
    #[must_use]
    pub fn new(http: reqwest::Client, settings: &GhlSettings, public_url: &Url) -> Self {
        Self {
            http,
            settings: settings.clone(),
            redirect_uri: endpoint(public_url, &["oauth", "callback"]),
            latest_limits: LatestLimits::default(),
        }
    }

    /// A copy with its own [`Client::limits`].
    #[must_use]
    pub fn with_own_limits(&self) -> Self {
        Self {
            latest_limits: LatestLimits::default(),
            ..self.clone()
        }
    }

    /// GHL's limits in the last answer.
    #[must_use]
    pub fn limits(&self) -> RateLimits {
        self.latest_limits.get()
    }

    /// A hash of the app's keys, under which GHL's answers to them are stored.
    #[must_use]
    pub fn keys_hash(&self) -> Vec<u8> {
        let (id, secret) = (&self.settings.client_id, &self.settings.client_secret);
        hash_secret(&format!("{id}:{}", secret.expose_secret()))
    }

    /// Exchanges an authorization code. A sub-account install may still answer with a Company grant.
    pub async fn exchange_code(&self, code: &str) -> Result<Grant, CallError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("user_type", "Location"),
            ("redirect_uri", self.redirect_uri.as_str()),
        ];
        self.token(&form).await
    }

    /// Exchanges a refresh token; `user_type` is that of the stored grant.
    ///
    /// # Errors
    /// [`CallError`]; `Reinstall` means that the refresh token is dead.
    pub async fn refresh(&self, token: &SecretString, user_type: &str) -> Result<Grant, CallError> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token.expose_secret()),
            ("user_type", user_type),
        ];
        self.token(&form).await
    }

    /// `POST /oauth/token`: a form in snake case and no Version header.
    async fn token(&self, fields: &[(&str, &str)]) -> Result<Grant, CallError> {
        let app = [
            ("client_id", self.settings.client_id.as_str()),
            ("client_secret", self.settings.client_secret.expose_secret()),
        ];
        let form: Vec<_> = app.iter().chain(fields).collect();
        let url = endpoint(&self.settings.api_base, &["oauth", "token"]);
        self.grant(self.http.post(url).form(&form)).await
    }

    /// Requests a location's token with its company's token.
    pub async fn location_token(
        &self,
        company_token: &SecretString,
        company: &CompanyId,
        location: &LocationId,
    ) -> Result<Grant, CallError> {
        let form = [
            ("companyId", company.as_str()),
            ("locationId", location.as_str()),
        ];
        let request = self.request(
            Method::POST,
            &["oauth", "locationToken"],
            V_2021_07,
            company_token,
        );
        self.grant(request.form(&form)).await
    }

    /// All locations of a company that have the app installed, with their names if GHL gives them.
    pub async fn installed_locations(
        &self,
        company_token: &SecretString,
        company: &CompanyId,
    ) -> Result<BTreeMap<LocationId, Option<String>>, CallError> {
        let (mut installed, mut seen) = (BTreeMap::new(), BTreeSet::new());
        let (mut skip, mut token) = (0, None);
        for _ in 0..MAX_PAGES {
            let page = self
                .locations_page(company_token, company, skip, token.as_deref())
                .await?;
            skip += page.locations.len();
            token = page.pagination.and_then(|next| next.next_page_token);
            let is_last = page.locations.len() < SHORT_PAGE && token.is_none();
            let known = seen.len();
            for location in page.locations {
                seen.insert(location.id.clone());
                if location.is_installed != Some(false) && is_id(location.id.as_str()) {
                    installed.insert(location.id, location.name);
                }
            }
            // A page without anything new was read already, or is the end.
            if is_last || seen.len() == known {
                return Ok(installed);
            }
        }
        warn!(%company, "GHL lists more locations than are believed");
        Ok(installed)
    }

    async fn locations_page(
        &self,
        company_token: &SecretString,
        company: &CompanyId,
        skip: usize,
        page_token: Option<&str>,
    ) -> Result<LocationsPage, CallError> {
        let (limit, skip) = (PAGE.to_string(), skip.to_string());
        let query = [
            ("companyId", company.as_str()),
            ("appId", self.settings.app_id()),
            ("isInstalled", "true"),
            ("limit", &limit),
            page_token.map_or(("skip", skip.as_str()), |token| ("pageToken", token)),
        ];
        let path = ["oauth", "installedLocations"];
        let request = self.request(Method::GET, &path, V_2021_07, company_token);
        parse(self.call(request.query(&query)).await?)
    }

    /// The contact with this phone (E.164 with its plus), if there is one.
    pub async fn find_contact(
        &self,
        token: &SecretString,
        location: &LocationId,
        phone: &str,
    ) -> Result<Option<NamedContact>, CallError> {
        let query = [("locationId", location.as_str()), ("number", phone)];
        let path = ["contacts", "search", "duplicate"];
        let answer = self
            .call(
                self.request(Method::GET, &path, V_2021_07, token)
                    .query(&query),
            )
            .await?;
        // Without the field the answer says neither yes nor no.
        match answer.body.get("contact") {
            Some(Value::Null) => Ok(None),
            Some(contact) => match NamedContact::read(contact) {
                Some(found) => Ok(Some(found)),
                None => Err(answer.incomplete("contact.id")),
            },
            None => Err(answer.incomplete("contact")),
        }
    }

    /// The phones of a contact as GHL has them, and its name.
    ///
    /// # Errors
    /// [`CallError`]; a contact that GHL does not have is a refusal ([`CallError::says_contact_is_gone`]).
    pub async fn find_phones_of_contact(
        &self,
        token: &SecretString,
        contact: &ContactId,
    ) -> Result<ContactPhones, CallError> {
        let path = ["contacts", contact.as_str()];
        let answer = self
            .call(self.request(Method::GET, &path, V_2021_07, token))
            .await?;
        let found = answer.body.get("contact").filter(|found| found.is_object());
        let found = found.ok_or_else(|| answer.incomplete("contact"))?;
        Ok(ContactPhones::read(found))
    }

    /// The contact with this phone, or a new one without a name: it gives no field but the phone, because an upsert
    /// overwrites the others.
    pub async fn upsert_contact(
        &self,
        token: &SecretString,
        location: &LocationId,
        phone: &str,
    ) -> Result<NamedContact, CallError> {
        let body = contact_body(location, phone, None);
        self.upsert(token, &body).await
    }

    /// Creates a contact without a phone: another one each time, as an upsert without phone and mail is known to do.
    pub async fn make_contact_without_phone(
        &self,
        token: &SecretString,
        location: &LocationId,
        name: &str,
        tags: &[&str],
    ) -> Result<NamedContact, CallError> {
        let mut body = json!({"locationId": location, "name": name});
        if !tags.is_empty() {
            body["tags"] = tags.into();
        }
        self.upsert(token, &body).await
    }

    /// Creates the contact with this phone, and changes none: if GHL has one, that one is returned.
    pub async fn create_contact(
        &self,
        token: &SecretString,
        location: &LocationId,
        phone: &str,
        name: Option<&str>,
    ) -> Result<NamedContact, CallError> {
        let body = contact_body(location, phone, name);
        self.store_contact(token, &["contacts", ""], &body).await
    }

    async fn upsert(&self, token: &SecretString, body: &Value) -> Result<NamedContact, CallError> {
        self.store_contact(token, &["contacts", "upsert"], body)
            .await
    }

    /// A refusal because GHL has the contact already names it.
    async fn store_contact(
        &self,
        token: &SecretString,
        path: &[&str],
        body: &Value,
    ) -> Result<NamedContact, CallError> {
        let request = self.request(Method::POST, path, V_2021_07, token);
        let answer = match self.call_with_refusal(request.json(body)).await {
            Ok(answer) => answer,
            Err((error, refusal)) => {
                let existing = refusal.pointer("/meta/contactId").and_then(Value::as_str);
                return existing.map(NamedContact::nameless).ok_or(error);
            }
        };
        let contact = answer.body.get("contact").and_then(NamedContact::read);
        contact.ok_or_else(|| answer.incomplete("contact.id"))
    }

    /// Posts a WhatsApp message into the contact's conversation. An answer without a message id is an error
    /// (`docs/vendors/ghl.md#posting-a-message`).
    ///
    /// # Errors
    /// [`CallError`], which says whether GHL may have the message nevertheless.
    pub async fn post_inbound(
        &self,
        token: &SecretString,
        message: &InboundMessage<'_>,
    ) -> Result<Posted, CallError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Body<'a> {
            r#type: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            conversation_provider_id: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            call: Option<CallLog<'a>>,
            #[serde(flatten)]
            message: &'a InboundMessage<'a>,
        }
        let provider = self.settings.call_provider_id.as_deref();
        let provider = provider.filter(|_| message.call.is_some());
        let body = Body {
            r#type: if provider.is_some() { "Call" } else { "SMS" },
            conversation_provider_id: provider,
            call: provider.and(message.call),
            message,
        };
        let path = ["conversations", "messages", "inbound"];
        let answer = self
            .call(
                self.request(Method::POST, &path, V_2021_04, token)
                    .json(&body),
            )
            .await?;
        let id = |name: &str| {
            let id = answer.body.get(name).and_then(Value::as_str);
            id.filter(|id| !id.is_empty())
        };
        let message = id("messageId").ok_or_else(|| answer.incomplete("messageId"))?;
        Ok(Posted {
            message: GhlMessageId::from(message),
            conversation: id("conversationId").map(ToOwned::to_owned),
        })
    }

    /// Reports a message's status to GHL: `delivered`, `read` or `failed`, the last with its error.
    ///
    /// # Errors
    /// [`CallError`]; a message that GHL does not know yet is `Retry`.
    pub async fn put_status(
        &self,
        token: &SecretString,
        message: &GhlMessageId,
        status: &str,
        error: Option<StatusError<'_>>,
    ) -> Result<(), CallError> {
        let mut body = json!({"status": status});
        if let Some(error) = error {
            body["error"] = json!(error);
        }
        let path = ["conversations", "messages", message.as_str(), "status"];
        let request = self
            .request(Method::PUT, &path, V_2021_04, token)
            .json(&body);
        self.call(request).await?.expect_json()
    }
}

fn contact_body(location: &LocationId, phone: &str, name: Option<&str>) -> Value {
    let mut body = json!({"locationId": location, "phone": phone});
    if let Some(name) = name {
        body["name"] = name.into();
    }
    body
}
