//! What routes and workers are built from: one value of each service over one database.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::accounts::connect::Connector;
use crate::accounts::installs::Installs;
use crate::accounts::tokens::Tokens;
use crate::clients::attachment_links::Attachments;
use crate::clients::{alert_webhook, attachment_source, waapify, whatsapp_media};
use crate::config::alerts::AlertSettings;
use crate::crypto::Sealer;
use crate::db::connection::Pool;
use crate::runtime::clock::Clock;
use crate::runtime::counters::Counters;
use crate::runtime::notify::Signals;

/// The services of one process. Clones share their state.
#[derive(Clone, Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "they are settings, each of its own"
)]
pub struct Services {
    /// The database.
    pub pool: Pool,
    /// Calls GHL with valid tokens.
    pub tokens: Tokens,
    /// Turns install codes into tokens, and records installs and uninstalls.
    pub installs: Installs,
    /// Connects numbers, and points their webhooks here.
    pub connector: Connector,
    /// The gateway.
    pub waapify: waapify::Client,
    /// The client of the servers that hold agents' attachments.
    pub origin: attachment_source::Client,
    /// Makes addresses of our own for these attachments.
    pub attachments: Attachments,
    /// Whom the operator wants to be told of incidents.
    pub alert_settings: AlertSettings,
    /// Posts alerts.
    pub alert_webhooks: alert_webhook::Client,
    /// Fetches customers' media from WhatsApp.
    pub media: whatsapp_media::Client,
    /// Seals and opens secrets.
    pub sealer: Sealer,
    /// The clock.
    pub clock: Clock,
    /// Signals to this process's workers.
    pub signals: Arc<Signals>,
    /// Counts what this process has done.
    pub counters: Counters,
    /// The service's public address.
    pub public_url: Url,
    /// Least pause between two sends of one number.
    pub min_interval: Duration,
    /// Whether messages to chats without a phone are sent to their LIDs.
    pub sends_to_hidden: bool,
    /// Whether Waapify is asked about phones, to learn LIDs.
    pub checks_phones: bool,
    /// Whether numbers write slowly to people who never wrote, unless their own settings say otherwise.
    pub protects_numbers: bool,
    /// Whether Waapify is asked before the first message to such a phone.
    pub checks_strangers: bool,
    /// How long a person's answer may wait to be sent.
    pub max_age_person: Duration,
    /// How long any other message may wait.
    pub max_age_automated: Duration,
}
