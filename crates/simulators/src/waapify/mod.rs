//! The simulated Waapify: the gateway's legacy PHP interface, and a WhatsApp that receives everything. It refuses
//! with the gateway's texts, always with HTTP 200.

mod addresses;
mod changes;
mod controls;
mod events;
mod fetch;
mod files;
mod owner;
mod php;
mod qr;
mod send;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

pub use addresses::Address;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
pub use files::CustomerFile;
pub use qr::Build;
use reqwest::Client;
use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::Instant;
use url::Url;

use crate::call::{Answer, Call};
use crate::clock;
use crate::endpoint::{Endpoint, Vendor};
use crate::faults::Faults;
use crate::seed;
use crate::shared::Shared;
use crate::timings::Timings;
use crate::traffic_log::{Edge, TrafficLog, quoted};
use crate::webhook_sender::WebhookSender;

/// The pages that send messages.
pub(super) const SENDS: [&str; 2] = ["send.php", "sendgroupmsg.php"];

/// The envelope of webhooks. It is not known which one Waapify uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// `{instance_id, event, data: {messages, type}}`: the legacy build.
    #[default]
    Flat,
    /// `{instance_id, data: {event, data: {messages, type}}}`: the modern build.
    Nested,
    /// `{instance_id, data: {event, data: [messages]}}`: the extended build.
    NestedArray,
}

/// A message as the customer's phone shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ChatMessage {
    /// WhatsApp's id.
    pub id: String,
    /// Whether the business wrote it.
    pub from_business: bool,
    /// The id of the message whose text this one changes.
    pub edits: Option<String>,
    /// The id of its form in high definition, for a photo that comes twice.
    pub better: Option<String>,
    /// Text or caption, as it arrived.
    pub text: String,
    /// The address of its file, if there is one.
    pub media_url: Option<String>,
    /// `text`, `image`, `video`, `audio` or `document`; `other` for what is none of these.
    pub kind: &'static str,
    /// The file name that the gateway was given.
    pub file_name: Option<String>,
    /// The file itself, if the gateway fetched it.
    #[serde(skip)]
    pub file: Option<Bytes>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The highest ack sent: 1 accepted, 3 delivered, 4 read.
    pub ack: u8,
    /// Whether the service answered the webhook about this message (the customer's message, or the echo) with
    /// success. The gateway posts once, so the service never gets what it did not accept.
    pub heard: bool,
    /// The highest ack whose webhook the service answered with success; 0 for none.
    pub ack_heard: u8,
}

impl ChatMessage {
    /// A text that a person wrote now, on either side.
    fn written(id: &str, text: &str, from_business: bool) -> Self {
        Self {
            id: id.to_owned(),
            from_business,
            edits: None,
            better: None,
            text: text.to_owned(),
            media_url: None,
            kind: "text",
            file_name: None,
            file: None,
            at: clock::now(),
            ack: 0,
            heard: false,
            ack_heard: 0,
        }
    }
}

/// One number of the gateway, linked or waiting for a phone.
#[derive(Debug)]
struct Instance {
    access_token: String,
    /// Empty until a phone is linked.
    number: String,
    name: String,
    linked: bool,
    /// A phone has scanned its QR code, and the session has not been ended since.
    activated: bool,
    /// When its first QR code was shown.
    shown_since: Option<Instant>,
    webhook: Option<Url>,
    /// The customers' phones by their numbers, digits only.
    chats: BTreeMap<String, Chat>,
    /// Their addresses, where these are others.
    addresses: BTreeMap<String, Address>,
    /// Events that are posted when the number is linked again.
    held: Vec<(String, Value)>,
}

#[derive(Debug, Default)]
struct Chat {
    name: String,
    messages: Vec<ChatMessage>,
}

#[derive(Debug, Default)]
struct State {
    instances: BTreeMap<String, Instance>,
    /// The access tokens of accounts, with or without an instance.
    accounts: BTreeSet<String>,
    /// How many linked numbers the plan of each account allows; `None` for no limit.
    max_numbers: Option<usize>,
    build: Build,
    envelope: Envelope,
    /// Echoes have the status of a message that a person wrote.
    hides_echoes: bool,
    /// No echoes are posted.
    loses_echoes: bool,
}

struct Inner {
    state: Shared<State>,
    endpoint: Endpoint,
    media_door: Endpoint,
    /// The files at WhatsApp's media host.
    files: Shared<files::Kept>,
    webhooks: WebhookSender,
    timings: Shared<Timings>,
}

/// The simulated gateway, as a handle for one of its instances. Cheap to clone.
#[derive(Clone)]
pub struct Waapify {
    inner: Arc<Inner>,
    instance_id: String,
}

impl fmt::Debug for Waapify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waapify")
    }
}

impl Waapify {
    pub(super) fn new(timings: &Shared<Timings>, traffic: &TrafficLog, http: Client) -> Self {
        let inner = Inner {
            state: Shared::default(),
            endpoint: Endpoint {
                edge: Edge::ServiceToWaapify,
                traffic: traffic.clone(),
                faults: Faults::default(),
            },
            media_door: Endpoint {
                edge: Edge::ServiceToWhatsapp,
                traffic: traffic.clone(),
                faults: Faults::default(),
            },
            files: Shared::default(),
            webhooks: WebhookSender {
                http,
                traffic: traffic.clone(),
                edge: Edge::WaapifyToService,
            },
            timings: timings.clone(),
        };
        let gateway = Self {
            inner: Arc::new(inner),
            instance_id: seed::INSTANCE_ID.to_owned(),
        };
        let seeded = gateway.add_instance(
            seed::INSTANCE_ID,
            seed::ACCESS_TOKEN,
            seed::NUMBER,
            seed::LOCATION_NAME,
        );
        seeded.seed_customers();
        seeded
    }

    /// The router of the API, to be nested at any prefix.
    pub fn router(&self) -> Router {
        let gateway = self.clone();
        Router::new().fallback(move |request: Request| {
            let gateway = gateway.clone();
            async move { gateway.inner.endpoint.clone().serve(request, gateway).await }
        })
    }

    /// Prepared faults and received requests of all instances.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.endpoint.faults
    }

    fn timings(&self) -> Timings {
        self.inner.timings.lock().clone()
    }

    /// Runs `act` on this handle's instance, if it still exists.
    fn with<T>(&self, act: impl FnOnce(&mut Instance) -> T) -> Option<T> {
        self.inner
            .state
            .lock()
            .instances
            .get_mut(&self.instance_id)
            .map(act)
    }
}

impl Vendor for Waapify {
    fn route(&self, call: &Call) -> String {
        call.segments().join("/")
    }

    async fn act(&self, call: &Call) -> Answer {
        match call.segments().as_slice() {
            ["send.php" | "sendgroupmsg.php"] => send::send(self, call).await,
            ["setwebhook.php"] => send::set_webhook(self, call),
            ["reconnect.php"] => send::reconnect(self, call),
            ["createinstance.php"] => qr::create_instance(self, call),
            ["getqrcode.php"] => qr::show(self, call),
            ["reboot.php"] => qr::reboot(self, call),
            _ => Answer::new(404, "text/html", "<html><h1>404 Not Found</h1></html>"),
        }
    }

    fn summary(&self, call: &Call, answer: &Answer) -> String {
        let query = |name: &str| call.query_value(name).unwrap_or_default();
        let asked = match call.segments().as_slice() {
            ["send.php"] if query("type") == "media" => {
                format!(
                    "Sends a file to {}: {}",
                    query("number"),
                    quoted(query("message"))
                )
            }
            ["send.php"] => format!("Sends to {}: {}", query("number"), quoted(query("message"))),
            ["sendgroupmsg.php"] => {
                let (chat, text) = (query("group_id"), quoted(query("message")));
                format!("Sends to the chat {chat}: {text}")
            }
            ["setwebhook.php"] => "Tells the gateway where to post".to_owned(),
            ["reconnect.php"] => "Asks whether the number is linked".to_owned(),
            ["createinstance.php"] => "Asks for a new instance".to_owned(),
            ["getqrcode.php"] => "Asks for the QR code to scan".to_owned(),
            ["reboot.php"] => "Has the number's session ended, to scan anew".to_owned(),
            _ => format!("Asks for {}", call.path),
        };
        match php::error_in(&answer.body) {
            Some(reason) => format!("{asked} · refused: {reason}"),
            None => asked,
        }
    }
}
