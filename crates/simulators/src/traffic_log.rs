//! The traffic log: the last 200 HTTP exchanges between the service and its vendors, each with a sentence for a
//! person, without secrets, and beside it what crossed the wire. Also counts what is in progress, so that a test knows when the vendors will post nothing
//! more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::time::Instant;
use url::form_urlencoded;

use crate::clock;
use crate::shared::Shared;

/// Enough for a long conversation on the page.
const KEPT: usize = 200;
/// A longer path is cut; the summary says what was in it.
const PATH_CHARS: usize = 240;
/// Longer bodies are cut in the log: much more than any body of JSON has, much less than a file.
const BODY_BYTES: usize = 32 * 1024;
/// Replaces a secret.
const HIDDEN: &str = "•••";
/// Query parameters whose values are secrets.
const SECRETS: [&str; 4] = ["access_token", "code", "client_secret", "refresh_token"];

/// The direction of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// A delivery or an app event.
    GhlToService,
    /// A call to GHL's API.
    ServiceToGhl,
    /// A call to the gateway.
    ServiceToWaapify,
    /// A file from WhatsApp's media host.
    ServiceToWhatsapp,
    /// A webhook of the gateway.
    WaapifyToService,
}

impl Edge {
    /// Where the sandbox serves the receiver; empty for the service, which is at the root.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::GhlToService | Self::WaapifyToService => "",
            Self::ServiceToGhl => "/sim/ghl",
            Self::ServiceToWaapify => "/sim/waapify/api",
            Self::ServiceToWhatsapp => "/sim/whatsapp",
        }
    }
}

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// Counts up from 1; never reused.
    pub number: u64,
    /// When the request was sent.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The sender and the receiver.
    pub edge: Edge,
    /// The HTTP method.
    pub method: String,
    /// Path and query, without secrets.
    pub path: String,
    /// The answer's status; `None` if no answer came.
    pub status: Option<u16>,
    /// One sentence about the request and its result.
    pub summary: String,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
    /// The full address, with its secrets.
    #[serde(skip)]
    pub(super) address: String,
    #[serde(skip)]
    pub(super) request: Content,
    /// None if no answer came.
    #[serde(skip)]
    pub(super) answer: Option<Content>,
}

/// Headers and body as they crossed the wire, with all secrets.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) headers: Vec<(String, String)>,
    /// At most the first [`BODY_BYTES`].
    pub(super) body: Bytes,
    /// The length of the whole body.
    pub(super) length: usize,
}

impl Content {
    pub(super) fn new(headers: Vec<(String, String)>, body: &[u8]) -> Self {
        Self {
            headers,
            body: Bytes::copy_from_slice(body.get(..BODY_BYTES).unwrap_or(body)),
            length: body.len(),
        }
    }

    /// The body if it is text and not cut.
    pub(super) fn text(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.body).ok();
        text.filter(|text| self.length == self.body.len() && !text.contains('\0'))
    }
}

/// Headers as pairs of text. Values that are no text are left out.
pub(super) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.to_string(), value.to_str().ok()?.to_owned()))
    };
    headers.iter().filter_map(text).collect()
}

#[derive(Debug, Default)]
struct Log {
    last_number: u64,
    exchanges: VecDeque<Exchange>,
}

/// The log. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct TrafficLog {
    log: Shared<Log>,
    under_way: Arc<AtomicUsize>,
}

/// Counts as in progress until it is dropped.
#[derive(Debug)]
pub(super) struct Underway(Arc<AtomicUsize>);

impl Drop for Underway {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request in progress, to be finished with its answer.
pub(super) struct Started {
    at: OffsetDateTime,
    began: Instant,
    edge: Edge,
    method: String,
    path: String,
    address: String,
    request: Content,
}

impl Started {
    /// Records the time at which a request to `origin` starts, and what is in it.
    pub(super) fn now(edge: Edge, method: &str, target: &Target<'_>, request: Content) -> Self {
        let Target {
            origin,
            path,
            query,
        } = *target;
        let prefix = edge.prefix();
        let asked = query.filter(|query| !query.is_empty());
        let asked = asked.map(|query| format!("?{query}")).unwrap_or_default();
        Self {
            at: clock::now(),
            began: clock::instant(),
            edge,
            method: method.to_owned(),
            path: readable_path(path, query),
            address: format!("{origin}{prefix}{path}{asked}"),
            request,
        }
    }
}

/// Where a request goes.
pub(super) struct Target<'a> {
    /// Scheme, host and port.
    pub(super) origin: &'a str,
    /// Below the prefix at which the receiver is served.
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
}

impl TrafficLog {
    /// The log, with the oldest exchange first.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.log.lock().exchanges.iter().cloned().collect()
    }

    /// Removes all exchanges.
    pub(super) fn clear(&self) {
        self.log.lock().exchanges.clear();
    }

    /// The number of things in progress: requests that a vendor has not answered yet, and posts that it makes or
    /// plans, including retries and acks. At 0 the vendors post nothing more on their own.
    #[must_use]
    pub fn under_way(&self) -> usize {
        self.under_way.load(Ordering::SeqCst)
    }

    /// Counts one more thing as in progress.
    pub(super) fn begin(&self) -> Underway {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        Underway(Arc::clone(&self.under_way))
    }

    /// Records the end of a request.
    pub(super) fn finish(&self, started: Started, answer: Option<(u16, Content)>, summary: String) {
        let took = clock::instant().saturating_duration_since(started.began);
        let (status, answer) = answer.unzip();
        let mut log = self.log.lock();
        log.last_number += 1;
        let exchange = Exchange {
            number: log.last_number,
            at: started.at,
            edge: started.edge,
            method: started.method,
            path: started.path,
            status,
            summary,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            address: started.address,
            request: started.request,
            answer,
        };
        log.exchanges.push_back(exchange);
        while log.exchanges.len() > KEPT {
            log.exchanges.pop_front();
        }
    }
}

/// `text` in quotation marks, as one line of 80 characters at most.
pub(super) fn quoted(text: &str) -> String {
    const CHARS: usize = 80;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String = line.chars().take(CHARS).collect();
    if line.chars().count() > CHARS {
        shown.push('…');
    }
    format!("“{shown}”")
}

fn readable_path(path: &str, query: Option<&str>) -> String {
    let mut readable = match path.split_once("/hooks/waapify/") {
        Some((before, _)) => format!("{before}/hooks/waapify/{HIDDEN}"),
        None => path.to_owned(),
    };
    let pairs: Vec<String> = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .map(|(name, value)| {
            let secret = SECRETS.contains(&name.as_ref());
            // A webhook address contains the secret that proves its caller.
            let address = name == "webhook_url";
            let shown = match () {
                () if secret => HIDDEN.to_owned(),
                () if address => readable_path(&value, None),
                () => value.into_owned(),
            };
            format!("{name}={shown}")
        })
        .collect();
    if !pairs.is_empty() {
        readable.push('?');
        readable.push_str(&pairs.join("&"));
    }
    if readable.chars().count() > PATH_CHARS {
        readable = readable.chars().take(PATH_CHARS).collect();
        readable.push('…');
    }
    readable
}
