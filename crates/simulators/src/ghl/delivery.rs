//! The posts of the simulated GHL to the service: outbound messages to the delivery URL, with retries, and app
//! events. Every body is signed over its exact bytes.

use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use crate::call::Answer;
use crate::ghl::Ghl;
use crate::ghl::state::{Direction, Echoes, Message, source_of};
use crate::keys::PublicKeys;
use crate::traffic_log::quoted;
use crate::webhook_sender::Parcel;
use crate::{clock, seed};

/// Documented: up to 12 retries. Here the first call counts as one of them.
const TRIES: u32 = 12;
/// After this many doublings the pause stays the same: the documentation says "seconds to minutes".
const MAX_DOUBLINGS: u32 = 6;

/// The service's paths, as its developer entered them in the portal.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// Of the conversation provider's Delivery URL.
    delivery: String,
    /// Of the app's Default Webhook URL.
    app_events: String,
}

impl Default for Addresses {
    fn default() -> Self {
        Self {
            delivery: "/hooks/delivery".to_owned(),
            app_events: "/hooks/app".to_owned(),
        }
    }
}

/// How posts to the service are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignWith {
    /// `x-ghl-signature`, as today.
    Ed25519,
    /// `x-wh-signature`, the older header.
    Rsa,
    /// Not signed.
    Nothing,
}

/// `ProviderOutboundMessage`: the documented fields, in the documented order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outbound<'a> {
    contact_id: &'a str,
    location_id: &'a str,
    message_id: &'a str,
    r#type: &'a str,
    phone: &'a str,
    message: &'a str,
    attachments: &'a [String],
    #[serde(skip_serializing_if = "str::is_empty")]
    user_id: &'a str,
}

/// The delivery body of a message that no GHL user wrote.
pub(super) fn delivery_of(message: &Message, phone: &str) -> Option<Bytes> {
    let body = Outbound {
        contact_id: &message.contact_id,
        location_id: &message.location_id,
        message_id: &message.id,
        r#type: "SMS",
        phone,
        message: &message.text,
        attachments: &message.attachments,
        user_id: "",
    };
    serde_json::to_vec(&body).ok().map(Bytes::from)
}

impl Ghl {
    /// The business writes to a contact. GHL stores the message and delivers it in the background, with retries until
    /// the service answers 2xx; while another SMS provider is chosen, that one sends it, and nothing is delivered. Returns the id of the message, or `None` if there is no such contact.
    ///
    /// Must be called within a Tokio runtime.
    #[allow(
        clippy::must_use_candidate,
        reason = "the effect counts; not every caller wants the id"
    )]
    pub fn agent_sends(
        &self,
        contact_id: &str,
        text: &str,
        attachments: &[String],
    ) -> Option<String> {
        let mut state = self.inner.state.lock();
        let contact = state.contact(contact_id)?.clone();
        let id = clock::letters(20);
        let body = Outbound {
            contact_id,
            location_id: &contact.location_id,
            message_id: &id,
            r#type: "SMS",
            phone: contact.phone.as_deref().unwrap_or_default(),
            message: text,
            attachments,
            user_id: seed::USER_ID,
        };
        let body = Bytes::from(serde_json::to_vec(&body).ok()?);
        let owner = (contact.location_id.as_str(), contact_id);
        let mut message = state.new_message(id.clone(), owner, Direction::Outbound, text);
        message.attachments = attachments.to_vec();
        if !state.takes_our_way(&mut message) {
            state.messages.push(message);
            return Some(id);
        }
        message.posted = Some(body.clone());
        state.messages.push(message);
        drop(state);
        self.deliver_soon(id.clone(), body);
        Some(id)
    }

    /// Posts any body to the delivery URL, once, signed. If it names a message, a location and a contact, the message
    /// is stored, so that its status can be updated. Returns the status of the answer, or `None` if there was none.
    pub async fn agent_sends_raw(&self, body: &Value) -> Option<u16> {
        let bytes = Bytes::from(body.to_string());
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let id = text("messageId").unwrap_or_default().to_owned();
        if let (false, Some(location_id), Some(contact_id)) =
            (id.is_empty(), text("locationId"), text("contactId"))
        {
            let mut state = self.inner.state.lock();
            if state.message_mut(&id).is_none() {
                let shown = text("message").unwrap_or_default();
                let owner = (location_id, contact_id);
                let mut message = state.new_message(id.clone(), owner, Direction::Outbound, shown);
                message.posted = Some(bytes.clone());
                message.source = Some(source_of(body).to_owned());
                state.messages.push(message);
            }
        }
        self.deliver_once(&id, bytes).await
    }

    /// Posts the same bytes of a message again, once. Returns the status of the answer, or `None` if there is no such
    /// message or no answer.
    pub async fn redeliver(&self, message_id: &str) -> Option<u16> {
        let body = self
            .inner
            .state
            .lock()
            .message_mut(message_id)?
            .posted
            .clone()?;
        self.deliver_once(message_id, body).await
    }

    /// Posts an app event (INSTALL, UNINSTALL, …) to the service, once, signed.
    pub async fn posts_app_event(&self, event: &Value) -> Option<u16> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or("?");
        let summary = format!("App event {kind}");
        let path = self.inner.addresses.lock().app_events.clone();
        self.post_signed(&path, Bytes::from(event.to_string()), summary)
            .await
    }

    /// An INSTALL event for a location, as documented, for [`Self::posts_app_event`].
    #[must_use]
    pub fn install_event(&self, location_id: &str) -> Value {
        self.location_event("INSTALL", location_id)
    }

    /// An UNINSTALL event for a location, as documented, for [`Self::posts_app_event`].
    #[must_use]
    pub fn uninstall_event(&self, location_id: &str) -> Value {
        self.location_event("UNINSTALL", location_id)
    }

    fn location_event(&self, kind: &str, location_id: &str) -> Value {
        let (company, company_name) = {
            let state = self.inner.state.lock();
            let company = state
                .locations
                .get(location_id)
                .map(|location| location.company_id.clone());
            let name = company
                .as_ref()
                .and_then(|id| state.companies.get(id))
                .cloned();
            (company, name)
        };
        let mut event = json!({
            "type": kind,
            "appId": self.app_id(),
            "versionId": self.app_id(),
            "locationId": location_id,
            "companyId": company,
            "timestamp": clock::stamp(clock::now()),
            "webhookId": clock::trace_id(),
        });
        if kind == "INSTALL" {
            event["installType"] = json!("Location");
            event["userId"] = json!(seed::USER_ID);
            event["companyName"] = json!(company_name);
            event["isWhitelabelCompany"] = json!(false);
        }
        event
    }

    /// Enters the last parts of the service's addresses in the developer portal: of the Delivery URL, and of the Default
    /// Webhook URL. Without this the simulated platform posts to the plain addresses.
    pub fn enter_addresses(&self, delivery: &str, app: &str) {
        *self.inner.addresses.lock() = Addresses {
            delivery: format!("/hooks/delivery/{delivery}"),
            app_events: format!("/hooks/app/{app}"),
        };
    }

    /// Sets how posts are signed.
    pub fn set_signing(&self, with: SignWith) {
        *self.inner.sign_with.lock() = with;
    }

    /// The public key for `x-ghl-signature`, for the service's settings.
    #[must_use]
    pub fn public_keys(&self) -> PublicKeys {
        self.inner.keys.public()
    }

    /// The public key for `x-wh-signature` as PEM. The first call generates the key.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn rsa_public_key_pem(&self) -> std::io::Result<String> {
        self.inner.keys.rsa_pem()
    }

    /// The signature header for a body, as set; `None` if posts are unsigned.
    #[must_use]
    pub fn signature(&self, body: &[u8]) -> Option<(&'static str, String)> {
        let with = *self.inner.sign_with.lock();
        match with {
            SignWith::Ed25519 => Some(("x-ghl-signature", self.inner.keys.ed25519(body))),
            SignWith::Rsa => Some(("x-wh-signature", self.inner.keys.rsa(body).ok()?)),
            SignWith::Nothing => None,
        }
    }

    /// Delivers the outbound message that the call with this answer has stored, if echoes are switched on.
    pub(super) async fn echo(&self, answer: &Answer) {
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let id = answer
            .get("messageId")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let (echoes, body) = {
            let mut state = self.inner.state.lock();
            let posted = state
                .message_mut(id)
                .and_then(|message| message.posted.clone());
            (state.echoes, posted)
        };
        let (Some(body), id) = (body, id.to_owned()) else {
            return;
        };
        match echoes {
            Echoes::Never => {}
            Echoes::BeforeAnswer => self.clone().deliver(id, body).await,
            Echoes::AfterAnswer => {
                let (ghl, underway) = (self.clone(), self.inner.webhooks.traffic.begin());
                tokio::spawn(async move {
                    tokio::time::sleep(ghl.timings().echo_after).await;
                    ghl.deliver(id, body).await;
                    drop(underway);
                });
            }
        }
    }

    pub(super) async fn deliver(self, id: String, body: Bytes) {
        let post = || self.deliver_once(&id, body.clone());
        if self.retry(post).await {
            return;
        }
        let mut state = self.inner.state.lock();
        let message = state.message_mut(&id);
        // A message that was redelivered and accepted in the meantime has not failed.
        if let Some(message) = message.filter(|message| message.taken.is_none()) {
            message.set_status("failed");
            message.error = Some(json!({ "message": "The provider could not be reached." }));
        }
    }

    /// Posts the event of a stored message until the service accepts it, as often as the platform tries.
    pub(super) async fn tell_of(self, message_id: String, event: Value) {
        let note = |set: fn(&mut Message)| {
            if let Some(message) = self.inner.state.lock().message_mut(&message_id) {
                set(message);
            }
        };
        note(|message| message.first_delivery = Some(clock::instant()));
        if self.retry(|| self.posts_app_event(&event)).await {
            note(|message| message.taken = Some(clock::instant()));
        }
    }

    /// Makes the platform's retries. Returns whether one was answered with 2xx.
    async fn retry<F: Future<Output = Option<u16>>>(&self, post: impl Fn() -> F) -> bool {
        for doubling in 0..TRIES {
            if post()
                .await
                .is_some_and(|status| (200..300).contains(&status))
            {
                return true;
            }
            let base = self.timings().delivery_retry_base;
            let pause = base * 2_u32.pow(doubling.min(MAX_DOUBLINGS));
            let jitter = pause.mul_f64(rand::random_range(0.0..0.25));
            tokio::time::sleep(pause + jitter).await;
        }
        false
    }

    /// An `InboundMessage` or `OutboundMessage` event, as documented.
    pub(super) fn stored_message_event(&self, message: &Message) -> Value {
        let (kind, direction) = match message.direction {
            Direction::Inbound => ("InboundMessage", "inbound"),
            Direction::Outbound => ("OutboundMessage", "outbound"),
        };
        json!({
            "type": kind,
            "appId": self.app_id(),
            "versionId": self.app_id(),
            "locationId": message.location_id,
            "contactId": message.contact_id,
            "conversationId": message.conversation_id,
            "messageId": message.id,
            "body": message.text,
            "attachments": message.attachments,
            "contentType": "text/plain",
            "direction": direction,
            "messageType": "SMS",
            "messageTypeString": "TYPE_CUSTOM_SMS",
            "status": "delivered",
            "dateAdded": clock::stamp(message.at),
            "timestamp": clock::stamp(clock::now()),
            "webhookId": clock::trace_id(),
        })
    }

    async fn deliver_once(&self, id: &str, body: Bytes) -> Option<u16> {
        let summary = {
            let mut state = self.inner.state.lock();
            state.message_mut(id).map_or_else(
                || "Delivers a message".to_owned(),
                |message| {
                    message.deliveries += 1;
                    message.first_delivery.get_or_insert_with(clock::instant);
                    let again = if message.deliveries > 1 { "again " } else { "" };
                    format!(
                        "Delivers {again}the business's message: {}",
                        quoted(&message.text)
                    )
                },
            )
        };
        let path = self.inner.addresses.lock().delivery.clone();
        let status = self.post_signed(&path, body, summary).await;
        if status.is_some_and(|status| (200..300).contains(&status))
            && let Some(message) = self.inner.state.lock().message_mut(id)
        {
            message.taken.get_or_insert_with(clock::instant);
            if message.status == "pending" {
                message.set_status("sent");
            }
        }
        status
    }

    /// Posts a body to a path of the service as GHL does: signed, once.
    pub async fn post_signed(&self, path: &str, body: Bytes, summary: String) -> Option<u16> {
        let url = self.inner.service_url.lock().join(path).ok()?;
        let patience: Duration = self.timings().delivery_patience;
        let headers = self.signature(&body).into_iter().collect();
        let parcel = Parcel {
            url,
            headers,
            body: body.to_vec(),
            summary,
            patience,
        };
        self.inner.webhooks.post(parcel).await
    }
}
