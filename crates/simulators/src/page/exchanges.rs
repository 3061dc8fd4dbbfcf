//! One exchange in full, as `curl` would repeat it, and the exchanges that one message caused.
//!
//! All secrets are shown: the sandbox made them up.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;
use url::Url;

use super::refused;
use crate::ghl::{Direction, Message};
use crate::simulation::Simulation;
use crate::traffic_log::{Content, Edge, Exchange};

/// Headers that belong to a connection, or that `curl` makes itself.
const OWN_HEADERS: [&str; 5] = [
    "host",
    "content-length",
    "connection",
    "transfer-encoding",
    "accept-encoding",
];

/// Headers and bodies of an exchange.
pub(super) async fn show(
    State(simulation): State<Simulation>,
    Path(number): Path<u64>,
) -> Response {
    let exchanges = simulation.traffic.exchanges();
    let Some(exchange) = exchanges.iter().find(|one| one.number == number) else {
        return refused(StatusCode::NOT_FOUND, "This exchange is forgotten.");
    };
    Json(json!({
        "method": exchange.method,
        "address": exchange.address,
        "request": in_full(&exchange.request),
        "answer": exchange.answer.as_ref().map(in_full),
        "curl": curl(exchange),
    }))
    .into_response()
}

/// The body is null if it is not text, or too long to be kept.
fn in_full(content: &Content) -> Value {
    json!({ "headers": content.headers, "body": content.text(), "bytes": content.length })
}

/// The shell command that sends the request again; none if its body is not text, or too long to be kept.
fn curl(exchange: &Exchange) -> Option<String> {
    let body = exchange.request.text()?;
    let method = &exchange.method;
    let mut words = vec![format!("curl -i -X {method} {}", quoted(&exchange.address))];
    for (name, value) in &exchange.request.headers {
        if !OWN_HEADERS.contains(&name.as_str()) {
            words.push(format!("-H {}", quoted(&format!("{name}: {value}"))));
        }
    }
    if !body.is_empty() {
        words.push(format!("--data-binary {}", quoted(body)));
    }
    Some(words.join(" \\\n  "))
}

/// One word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The exchanges that a message caused, by its id in GHL or on WhatsApp; all exchanges without an id.
pub(super) fn about(simulation: &Simulation, id: Option<&str>) -> Vec<Exchange> {
    let mut exchanges = simulation.traffic.exchanges();
    if let Some(id) = id {
        let traces = Traces::of(simulation, id);
        exchanges.retain(|exchange| traces.are_in(exchange));
    }
    exchanges
}

/// By what the exchanges of a message are known.
struct Traces {
    ids: Vec<String>,
    send: Option<Send>,
}

/// What the gateway was asked for, which GHL's id is not among: a send that nobody answered has no other trace.
struct Send {
    number: String,
    text: String,
    has_files: bool,
    from: OffsetDateTime,
    /// When the same text was written again to the same contact.
    until: Option<OffsetDateTime>,
}

impl Traces {
    fn of(simulation: &Simulation, id: &str) -> Self {
        let messages = simulation.ghl.messages().into_iter();
        let mut traces = messages.map(|message| Self::of_message(simulation, &message));
        let found = traces.find(|traces| traces.ids.iter().any(|known| known == id));
        found.unwrap_or_else(|| Self {
            ids: vec![id.to_owned()],
            send: None,
        })
    }

    fn of_message(simulation: &Simulation, message: &Message) -> Self {
        let mut ids = vec![message.id.clone()];
        ids.extend(message.alt_id.clone());
        let send = Send::of(simulation, message);
        if let Some(send) = &send {
            ids.extend(send.on_phone(simulation));
        }
        Self { ids, send }
    }

    fn are_in(&self, exchange: &Exchange) -> bool {
        let is_named = self.ids.iter().any(|id| mentions(exchange, id));
        is_named || self.send.as_ref().is_some_and(|send| send.is_in(exchange))
    }
}

impl Send {
    /// None for a message that the customer wrote, or to a contact without a phone.
    fn of(simulation: &Simulation, message: &Message) -> Option<Self> {
        if message.direction == Direction::Inbound {
            return None;
        }
        let number = simulation.ghl.phone_of(&message.contact_id)?;
        let later = simulation.ghl.messages_with(&message.contact_id);
        let mut same = later.into_iter().filter(|later| {
            later.direction == Direction::Outbound
                && later.text == message.text
                && later.at > message.at
        });
        Some(Self {
            number,
            text: message.text.clone(),
            has_files: !message.attachments.is_empty(),
            from: message.at,
            until: same.next().map(|later| later.at),
        })
    }

    fn is_at(&self, at: OffsetDateTime) -> bool {
        at >= self.from && self.until.is_none_or(|until| at < until)
    }

    /// WhatsApp's ids of what became of it: the parts of its text on the phone, and its files.
    fn on_phone(&self, simulation: &Simulation) -> Vec<String> {
        let chat = simulation.waapify.heard().chat(&self.number);
        let parts = chat.into_iter().filter(|part| {
            let is_part = !part.text.is_empty() && self.text.contains(part.text.as_str());
            let is_file = self.has_files && part.media_url.is_some();
            part.from_business && self.is_at(part.at) && (is_part || is_file)
        });
        parts.map(|part| part.id).collect()
    }

    fn is_in(&self, exchange: &Exchange) -> bool {
        let Ok(address) = Url::parse(&exchange.address) else {
            return false;
        };
        let has = |name: &str, wanted: &str| {
            let mut pairs = address.query_pairs();
            pairs.any(|(given, value)| given == name && value == wanted)
        };
        exchange.edge == Edge::ServiceToWaapify
            && self.is_at(exchange.at)
            && has("number", self.number.trim_start_matches('+'))
            && has("message", &self.text)
    }
}

fn mentions(exchange: &Exchange, id: &str) -> bool {
    let is_in = |content: &Content| String::from_utf8_lossy(&content.body).contains(id);
    exchange.address.contains(id)
        || is_in(&exchange.request)
        || exchange.answer.as_ref().is_some_and(is_in)
}
