//! What a test prepares and looks at: faults that the next requests to a route meet, and the
//! requests that arrived. A fault is played as told, whatever the vendor would have said.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::Value;
use time::OffsetDateTime;

use crate::call::{Answer, Call};
use crate::clock;
use crate::shared::Shared;

/// What is remembered for inspection; a sandbox may run for days.
const REMEMBERED: usize = 10_000;

/// Something that goes wrong, once, on one route.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing is done; this is answered.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: String,
    },
    /// It is done as usual; after `wait`, this is answered instead of the truth.
    AfterEffect {
        /// How long the answer takes.
        wait: Duration,
        /// The HTTP status.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: String,
    },
    /// Nothing is done and nothing answered for so long; then comes an empty 504.
    Hang(Duration),
    /// As usual, but so much later.
    Slow(Duration),
}

impl Fault {
    /// Nothing is done; `body` is answered with `status`.
    #[must_use]
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    /// It is done, but the caller sees `status` and `body`.
    #[must_use]
    pub fn after_effect(status: u16, body: &str) -> Self {
        Self::AfterEffect {
            wait: Duration::ZERO,
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    /// It is done, but the caller waits `wait` for an answer.
    #[must_use]
    pub fn silent_after_effect(wait: Duration) -> Self {
        Self::AfterEffect {
            wait,
            status: 504,
            headers: Vec::new(),
            body: String::new(),
        }
    }
}

/// A request as it arrived, for a test to look at.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method and the route's pattern, such as `PUT /conversations/messages/{id}/status`;
    /// for the gateway the bare name, such as `send.php`.
    pub route: String,
    /// The path as it was asked for, without the prefix the vendor is nested at.
    pub path: String,
    /// The query as a JSON object of strings.
    pub query: Value,
    /// The body: JSON, or a form as an object of strings, or a string; `null` if empty.
    pub body: Value,
    /// The headers, secrets included.
    pub headers: HeaderMap,
    /// When it arrived.
    pub at: OffsetDateTime,
}

#[derive(Debug, Default)]
struct Book {
    once: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    seen: VecDeque<Seen>,
}

/// Prepared faults and remembered requests of one vendor; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Shared<Book>);

impl Faults {
    /// The next request to `route` (a pattern as in [`Seen::route`]) meets this fault;
    /// faults of one route are used in the order they were pushed.
    pub fn push(&self, route: &str, fault: Fault) {
        self.0
            .lock()
            .once
            .entry(route.to_owned())
            .or_default()
            .push_back(fault);
    }

    /// Every request to `route` meets this fault, until [`Self::clear`]. The route `*` is
    /// every route.
    pub fn always(&self, route: &str, fault: Fault) {
        self.0.lock().always.insert(route.to_owned(), fault);
    }

    /// Nothing goes wrong any more.
    pub fn clear(&self) {
        let mut book = self.0.lock();
        book.once.clear();
        book.always.clear();
    }

    /// Every request that arrived, refused ones included, oldest first.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().seen.iter().cloned().collect()
    }

    /// The requests that arrived at `route`, oldest first.
    #[must_use]
    pub fn seen_at(&self, route: &str) -> Vec<Seen> {
        self.0
            .lock()
            .seen
            .iter()
            .filter(|seen| seen.route == route)
            .cloned()
            .collect()
    }

    /// How many requests arrived at `route`.
    #[must_use]
    pub fn count(&self, route: &str) -> usize {
        self.0
            .lock()
            .seen
            .iter()
            .filter(|seen| seen.route == route)
            .count()
    }

    /// Forgets what has arrived.
    pub fn forget_seen(&self) {
        self.0.lock().seen.clear();
    }

    /// Remembers a call and finds the fault it is to meet.
    pub(super) fn note(&self, route: &str, call: &Call) -> Option<Fault> {
        let mut book = self.0.lock();
        book.seen.push_back(Seen {
            route: route.to_owned(),
            path: call.path.clone(),
            query: call.query_json(),
            body: call.body_json(),
            headers: call.headers.clone(),
            at: clock::now(),
        });
        while book.seen.len() > REMEMBERED {
            book.seen.pop_front();
        }
        if let Some(fault) = book.once.get_mut(route).and_then(VecDeque::pop_front) {
            return Some(fault);
        }
        book.always
            .get(route)
            .or_else(|| book.always.get("*"))
            .cloned()
    }
}

/// Acts, or plays the fault, or both.
pub(super) async fn play(fault: Option<Fault>, act: impl Future<Output = Answer>) -> Answer {
    match fault {
        None => act.await,
        Some(Fault::Answer {
            status,
            headers,
            body,
        }) => Answer::canned(status, headers, body),
        Some(Fault::AfterEffect {
            wait,
            status,
            headers,
            body,
        }) => {
            act.await;
            tokio::time::sleep(wait).await;
            Answer::canned(status, headers, body)
        }
        Some(Fault::Hang(wait)) => {
            tokio::time::sleep(wait).await;
            Answer::canned(504, Vec::new(), String::new())
        }
        Some(Fault::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            act.await
        }
    }
}
