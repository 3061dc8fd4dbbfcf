//! Faults that a test prepares for the next requests to a route, and the requests that arrived. A fault replaces or
//! delays whatever the vendor would have answered.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use axum::http::HeaderMap;
use serde_json::Value;
use time::OffsetDateTime;

use crate::call::{Answer, Call};
use crate::clock;
use crate::shared::Shared;

/// How many requests are remembered; a sandbox may run for days.
const REMEMBERED: usize = 10_000;

/// An error of a vendor, for one request to a route.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The vendor does nothing and gives this answer.
    Answer {
        /// The HTTP status.
        status: u16,
        /// Header names and values.
        headers: Vec<(String, String)>,
        /// The body, as it is.
        body: String,
    },
    /// The vendor does what was asked, waits for `wait`, and gives this answer instead of the true one.
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
    /// The vendor does nothing for this time, then answers with an empty 504.
    Hang(Duration),
    /// The vendor does what was asked, but only after this time.
    Slow(Duration),
}

impl Fault {
    /// The vendor does nothing and answers with `status` and `body`.
    #[must_use]
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    /// The vendor does what was asked, but answers with `status` and `body`.
    #[must_use]
    pub fn after_effect(status: u16, body: &str) -> Self {
        Self::AfterEffect {
            wait: Duration::ZERO,
            status,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    /// The vendor does what was asked, but answers with a 504 only after `wait`.
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

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The method and the pattern of the route, such as `PUT /conversations/messages/{id}/status`;
    /// for the gateway the bare file name, such as `send.php`.
    pub route: String,
    /// The requested path, without the prefix at which the vendor is nested.
    pub path: String,
    /// The query as a JSON object of strings.
    pub query: Value,
    /// The body: JSON, a form as an object of strings, or else a string; `null` if empty.
    pub body: Value,
    /// The headers, including secrets.
    pub headers: HeaderMap,
    /// When it arrived.
    pub at: OffsetDateTime,
}

#[derive(Debug, Default)]
struct Book {
    once: HashMap<String, VecDeque<Fault>>,
    always: HashMap<String, Fault>,
    /// By name and value of a query parameter.
    callers: HashMap<(String, String), Fault>,
    seen: VecDeque<Seen>,
}

/// The prepared faults and remembered requests of one vendor. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Faults(Shared<Book>);

impl Faults {
    /// The next request to `route` (a pattern as in [`Seen::route`]) gets this fault. Several faults of one route are
    /// used in the order of the calls.
    pub fn push(&self, route: &str, fault: Fault) {
        self.0
            .lock()
            .once
            .entry(route.to_owned())
            .or_default()
            .push_back(fault);
    }

    /// Every request to `route` gets this fault, until [`Self::clear`]. The route `*` means every route.
    pub fn always(&self, route: &str, fault: Fault) {
        self.0.lock().always.insert(route.to_owned(), fault);
    }

    /// Every request whose query has this parameter gets this fault, until [`Self::clear_for`]: an instance that hangs.
    pub fn always_for(&self, parameter: (&str, &str), fault: Fault) {
        let (name, value) = parameter;
        let caller = (name.to_owned(), value.to_owned());
        self.0.lock().callers.insert(caller, fault);
    }

    /// Ends [`Self::always_for`].
    pub fn clear_for(&self) {
        self.0.lock().callers.clear();
    }

    /// Removes the faults of [`Self::push`] and [`Self::always`].
    pub fn clear(&self) {
        let mut book = self.0.lock();
        book.once.clear();
        book.always.clear();
    }

    /// All requests that arrived, oldest first. Refused ones are included.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.0.lock().seen.iter().cloned().collect()
    }

    /// The requests to `route`, oldest first.
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

    /// The number of requests to `route`.
    #[must_use]
    pub fn count(&self, route: &str) -> usize {
        self.0
            .lock()
            .seen
            .iter()
            .filter(|seen| seen.route == route)
            .count()
    }

    /// Forgets the requests that have arrived.
    pub fn forget_seen(&self) {
        self.0.lock().seen.clear();
    }

    /// Remembers a call and returns the fault that it gets.
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
        let caller = call
            .query
            .iter()
            .find_map(|parameter| book.callers.get(parameter));
        caller
            .or_else(|| book.always.get(route))
            .or_else(|| book.always.get("*"))
            .cloned()
    }
}

/// Runs `act`, or the fault, or both.
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
