//! What routes and workers are built from: one value of each service over one database.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use url::Url;

use crate::accounts::connect::Connector;
use crate::accounts::installs::Installs;
use crate::accounts::tokens::Tokens;
use crate::clients::attachment_links::Attachments;
use crate::clients::{attachment_source, waapify, whatsapp_media};
use crate::crypto::Sealer;
use crate::runtime::clock::Clock;
use crate::runtime::counters::Counters;
use crate::runtime::notify::Signals;

/// The services of one process. Clones share what they hold.
#[derive(Clone, Debug)]
pub struct Services {
    /// The database.
    pub pool: PgPool,
    /// GHL, with a valid token.
    pub tokens: Tokens,
    /// Where the app is installed; turns install codes into tokens.
    pub installs: Installs,
    /// Connects numbers, and points their webhooks here.
    pub connector: Connector,
    /// The gateway.
    pub waapify: waapify::Client,
    /// The servers of agents' files.
    pub origin: attachment_source::Client,
    /// Addresses of our own for these files.
    pub attachments: Attachments,
    /// Where customers' files are fetched.
    pub media: whatsapp_media::Client,
    /// Seals secrets, and opens what is sealed.
    pub sealer: Sealer,
    /// The time.
    pub clock: Clock,
    /// Signals to this process's workers.
    pub signals: Arc<Signals>,
    /// What this process has done.
    pub counters: Counters,
    /// The address the world reaches us at.
    pub public_url: Url,
    /// Least pause between two sends of one number.
    pub min_interval: Duration,
}
