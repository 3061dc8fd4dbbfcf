//! The routes that the simulated GHL knows: their names, versions, token classes, and their sentences for the traffic
//! log.

use axum::http::Method;
use serde_json::Value;

use crate::call::{Answer, Call};
use crate::ghl::{Ghl, contacts, conversations, messages, oauth, opt_outs, upload};
use crate::traffic_log::quoted;

/// Handles a call. The last argument is the id that the token belongs to.
pub(super) type Run = fn(&Ghl, &Call, &str) -> Result<Answer, Answer>;

/// The class of token that a route wants, and its handler.
pub(super) enum Class {
    Company(Run),
    Location(Run),
}

pub(super) struct Rule {
    pub(super) version: &'static str,
    pub(super) class: Class,
}

pub(super) struct Route {
    pub(super) name: &'static str,
    /// `None` for the one route without version and token.
    pub(super) rule: Option<Rule>,
}

const APRIL: &str = "2021-04-15";
const JULY: &str = "2021-07-28";

/// The route of a call, if there is one.
pub(super) fn find(call: &Call) -> Option<Route> {
    let post = call.method == Method::POST;
    let get = call.method == Method::GET;
    let put = call.method == Method::PUT;
    let location = |version, run| {
        Some(Rule {
            version,
            class: Class::Location(run),
        })
    };
    let company = |run| {
        Some(Rule {
            version: JULY,
            class: Class::Company(run),
        })
    };
    let (name, rule) = match call.segments().as_slice() {
        ["oauth", "token"] if post => ("POST /oauth/token", None),
        ["oauth", "locationToken"] if post => {
            ("POST /oauth/locationToken", company(oauth::location_token))
        }
        ["oauth", "installedLocations"] if get => (
            "GET /oauth/installedLocations",
            company(oauth::installed_locations),
        ),
        ["contacts", "upsert"] if post => {
            ("POST /contacts/upsert", location(JULY, contacts::upsert))
        }
        ["contacts"] | ["contacts", ""] if post => {
            ("POST /contacts/", location(JULY, contacts::create))
        }
        ["contacts", "search", "duplicate"] if get => (
            "GET /contacts/search/duplicate",
            location(JULY, contacts::find_duplicate),
        ),
        ["contacts", _] if get => ("GET /contacts/{id}", location(JULY, contacts::show)),
        ["contacts", _] if put => ("PUT /contacts/{id}", location(JULY, opt_outs::update)),
        ["conversations", "search"] if get => (
            "GET /conversations/search",
            location(APRIL, conversations::search),
        ),
        ["conversations", "messages", "export"] if get => (
            "GET /conversations/messages/export",
            location(APRIL, conversations::export),
        ),
        ["conversations", id, "messages"] if get && *id != "messages" => (
            "GET /conversations/{id}/messages",
            location(APRIL, conversations::list_messages),
        ),
        ["conversations"] if post => (
            "POST /conversations/",
            location(APRIL, conversations::create),
        ),
        ["conversations", "messages"] if post => (
            "POST /conversations/messages",
            location(APRIL, opt_outs::send),
        ),
        ["conversations", "messages", _] if get => (
            "GET /conversations/messages/{id}",
            location(APRIL, opt_outs::show_message),
        ),
        ["conversations", "messages", "inbound"] if post => (
            "POST /conversations/messages/inbound",
            location(APRIL, messages::inbound),
        ),
        ["conversations", "messages", "upload"] if post => (
            "POST /conversations/messages/upload",
            location(APRIL, upload::upload),
        ),
        ["conversations", "messages", _, "status"] if put => (
            "PUT /conversations/messages/{id}/status",
            location(APRIL, messages::status),
        ),
        ["locations", _] if get => ("GET /locations/{id}", location(JULY, oauth::show_location)),
        ["locations", _, "conversationChannels", _] if get => (
            "GET /locations/{id}/conversationChannels/SMS",
            location("v3", conversations::channels),
        ),
        _ => return None,
    };
    Some(Route { name, rule })
}

/// The call and its answer in one sentence.
pub(super) fn summary(call: &Call, answer: &Answer) -> String {
    let asked = asked(call);
    if (200..300).contains(&answer.status) {
        return asked;
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    let reason =
        ["message", "error_description"]
            .iter()
            .find_map(|field| match body.get(field)? {
                Value::String(text) => Some(text.clone()),
                Value::Array(list) => Some(
                    list.iter()
                        .filter_map(Value::as_str)
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
                _ => None,
            });
    match reason {
        Some(reason) => format!("{asked} · refused: {reason}"),
        None => format!("{asked} · refused"),
    }
}

fn asked(call: &Call) -> String {
    let body: Value = serde_json::from_slice(&call.body).unwrap_or(Value::Null);
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
    match find(call).map_or("", |route| route.name) {
        "POST /oauth/token" => {
            let form = call.form();
            let grant = form.iter().find(|(name, _)| name == "grant_type");
            match grant.map(|(_, value)| value.as_str()) {
                Some("refresh_token") => "Renews its tokens".to_owned(),
                _ => "Exchanges the install code for tokens".to_owned(),
            }
        }
        "POST /oauth/locationToken" => "Asks for a location's token".to_owned(),
        "GET /oauth/installedLocations" => "Asks where the app is installed".to_owned(),
        "POST /contacts/upsert" => format!("Finds or adds the contact {}", text("phone")),
        "GET /contacts/search/duplicate" => {
            format!(
                "Looks for the contact {}",
                call.query_value("number").unwrap_or("?")
            )
        }
        "GET /contacts/{id}" => "Reads a contact".to_owned(),
        "PUT /contacts/{id}" => match body
            .pointer("/dndSettings/SMS/status")
            .and_then(Value::as_str)
        {
            Some("inactive") => "Switches Do Not Disturb off for SMS".to_owned(),
            _ => "Switches Do Not Disturb on for SMS".to_owned(),
        },
        "GET /conversations/messages/{id}" => "Asks who wrote a message".to_owned(),
        "POST /conversations/messages" => {
            format!("Answers the customer: {}", quoted(text("message")))
        }
        "GET /conversations/search" => "Looks for a conversation".to_owned(),
        "GET /conversations/{id}/messages" => "Reads a conversation".to_owned(),
        "GET /conversations/messages/export" => "Reads a contact's messages".to_owned(),
        "POST /conversations/" => "Begins a conversation".to_owned(),
        "POST /conversations/messages/inbound" => {
            let whose = match text("direction") {
                "inbound" => "the customer's message",
                _ => "the message from the business's phone",
            };
            format!("Puts {whose} into GHL: {}", quoted(text("message")))
        }
        "POST /conversations/messages/upload" => "Uploads a file".to_owned(),
        "PUT /conversations/messages/{id}/status" => status_asked(&body),
        "GET /locations/{id}" => "Asks what the sub-account is called".to_owned(),
        "GET /locations/{id}/conversationChannels/SMS" => "Asks who is the SMS provider".to_owned(),
        _ => format!("Asks for {}", call.path),
    }
}

fn status_asked(body: &Value) -> String {
    let status = body.get("status").and_then(Value::as_str).unwrap_or("?");
    match body.pointer("/error/message").and_then(Value::as_str) {
        Some(reason) => format!("Marks the message {status}: {}", quoted(reason)),
        None => format!("Marks the message {status}"),
    }
}
