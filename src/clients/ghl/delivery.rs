//! The fields of a delivery that are looked at before it is stored, and what tells that a body is none.
//!
//! GHL signs everything with one key, and its events about messages name a location and a message, too
//! (`docs/vendors/ghl.md#deliveries`).

use whatsapp_events::json::{pick, scalar};

use crate::config::GhlSettings;

/// The type of an e-mail.
const EMAIL: &str = "Email";
/// The types of a delivery. `Custom` was seen for providers of the type SMS.
const TYPES: [&str; 3] = ["SMS", "Custom", EMAIL];

/// Why a body is not a delivery for our provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDelivery {
    /// Its `type` is that of an event, or of another channel.
    #[error("its type is not that of a delivery")]
    Type,
    /// It tells of a message that GHL has stored.
    #[error("it is an event about a message")]
    Event,
    /// It is for another marketplace app.
    #[error("it is for another marketplace app")]
    OtherApp,
    /// It is for another conversation provider.
    #[error("it is for another conversation provider")]
    OtherProvider,
}

/// What is read of a delivery before it is stored. What it does not name is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryHead {
    /// The sub-account.
    pub location: String,
    /// GHL's id of the message.
    pub message: String,
    /// The customer.
    pub contact: String,
    /// A user of GHL is named as the sender.
    pub has_sender: bool,
    /// That user.
    pub sender: String,
    kind: String,
    app: String,
    provider: String,
    is_event: bool,
}

impl DeliveryHead {
    /// Reads a body that is JSON.
    #[must_use]
    pub fn read(body: &str) -> Self {
        const NAMES: [&str; 10] = [
            "locationId",
            "messageId",
            "contactId",
            "userId",
            "type",
            "appId",
            "conversationProviderId",
            "direction",
            "messageType",
            "body",
        ];
        let [
            location,
            message,
            contact,
            user,
            kind,
            app,
            provider,
            direction,
            message_type,
            text,
        ] = pick(body, NAMES).map(|part| part.filter(|part| *part != "null"));
        let is_event = direction.is_some() || (message_type.is_some() && text.is_some());
        Self {
            location: scalar(location),
            message: scalar(message),
            contact: scalar(contact),
            has_sender: !scalar(user).is_empty(),
            sender: scalar(user),
            kind: scalar(kind),
            app: scalar(app),
            provider: scalar(provider),
            is_event,
        }
    }

    /// What it is instead of a delivery for our provider, as far as that can be told.
    #[must_use]
    pub fn what_else(&self, ours: &GhlSettings) -> Option<NotDelivery> {
        let kind = self.kind.trim();
        let (app, provider) = (self.app.trim(), self.provider.trim());
        let providers = [&ours.provider_id, &ours.call_provider_id];
        let is_ours = || providers.iter().any(|id| id.as_deref() == Some(provider));
        if !kind.is_empty() && !is_type(kind) {
            Some(NotDelivery::Type)
        } else if self.is_event {
            Some(NotDelivery::Event)
        } else if !app.is_empty() && app != ours.app_id() {
            // A delivery names no app, as far as is known.
            Some(NotDelivery::OtherApp)
        } else if !provider.is_empty() && ours.provider_id.is_some() && !is_ours() {
            // A delivery of the default provider names none.
            Some(NotDelivery::OtherProvider)
        } else {
            None
        }
    }

    /// Whether it is an e-mail, which WhatsApp cannot send.
    #[must_use]
    pub fn is_email(&self) -> bool {
        self.kind.trim().eq_ignore_ascii_case(EMAIL)
    }

    /// Whether a body that was posted as an event about the app is a delivery.
    #[must_use]
    pub fn is_delivery(&self) -> bool {
        is_type(self.kind.trim()) && !self.message.is_empty() && !self.is_event
    }
}

fn is_type(kind: &str) -> bool {
    TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind))
}
