//! Reads messages that are nothing more than text: what a person wrote, chose, or entered in a form.

use serde_json::Value;

use crate::{Content, Kind, MediaFile, fields};

/// Fields that are text, with the places of the text, the best first.
const TEXTS: &[(&str, &[&str])] = &[
    ("extendedTextMessage", &["/text"]),
    ("buttonsResponseMessage", &["/selectedDisplayText"]),
    ("listResponseMessage", &["/title"]),
    ("templateButtonReplyMessage", &["/selectedDisplayText"]),
    ("interactiveResponseMessage", &["/body/text"]),
    ("questionResponseMessage", &["/text"]),
    ("conversation", &[""]),
];

/// Where the id of a chosen button or row is.
const CHOICES: &[&str] = &[
    "/selectedButtonId",
    "/singleSelectReply/selectedRowId",
    "/selectedId",
];

/// The text of a message that is nothing more than text.
pub(super) fn find(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    let content = TEXTS.iter().find_map(|(field, pointers)| {
        let body = message.get(field).filter(|body| !body.is_null())?;
        let text = fields::first_text(body, pointers);
        let content = form(body, text.as_ref())
            .or_else(|| text.or_else(|| choice_words(body)).map(Content::Text))
            .unwrap_or_else(|| match *field {
                "conversation" | "extendedTextMessage" => Content::Text(blank(body, pointers)),
                // An answer without text may still mean something on the phone.
                _ => other(),
            });
        Some((content, body))
    });
    content.map(|(content, body)| (content, None, body))
}

/// A text that is blank, as it is.
fn blank(body: &Value, pointers: &[&str]) -> String {
    let mut texts = pointers.iter().filter_map(|at| body.pointer(at)?.as_str());
    texts.next().unwrap_or_default().replace('\0', "")
}

/// The answer of a native flow, which is JSON inside a string.
fn native_flow(body: &Value) -> Option<Value> {
    let params = body.pointer("/nativeFlowResponseMessage/paramsJson")?;
    match params.as_str() {
        Some(text) => crate::json::parse(text.as_bytes()).ok(),
        None => Some(params.clone()),
    }
}

/// The id of the chosen button or row.
pub(super) fn choice(body: &Value) -> Option<String> {
    fields::title(body, CHOICES).or_else(|| fields::title(&native_flow(body)?, &["/id"]))
}

/// The chosen option when the message has no text for it; its id if there is no better name.
fn choice_words(body: &Value) -> Option<String> {
    native_flow(body)
        .and_then(|params| fields::first_text(&params, &["/display_text", "/title"]))
        .or_else(|| choice(body))
}

/// Limits for the answers of a form that are shown. WhatsApp's forms have a few dozen answers on one level.
const MAX_ANSWERS: usize = 50;
const MAX_FORM_DEPTH: usize = 3;

/// The answers of a form. A native flow is a form, not a choice, if it has a token or one of these names.
fn form(body: &Value, text: Option<&String>) -> Option<Content> {
    let name = fields::text(body.pointer("/nativeFlowResponseMessage/name"));
    let params = native_flow(body)?;
    let is_form = params.get("flow_token").is_some()
        || matches!(
            name.as_deref(),
            Some("flow" | "galaxy_message" | "address_message")
        );
    let mut lines = Vec::new();
    answers(&params, MAX_FORM_DEPTH, &mut lines);
    (is_form && !lines.is_empty()).then(|| Content::NotText {
        kind: Kind::Form,
        title: None,
        caption: text.cloned(),
        lines,
    })
}

fn answers(params: &Value, depth: usize, lines: &mut Vec<String>) {
    for (name, value) in params.as_object().into_iter().flatten() {
        if lines.len() >= MAX_ANSWERS || matches!(name.as_str(), "flow_token" | "id" | "version") {
            continue;
        }
        if let (Some(name), Some(answer)) = (
            fields::title(&Value::from(name.as_str()), &[""]),
            answer(value),
        ) {
            lines.push(format!("{name}: {answer}"));
        } else if depth > 1 && value.is_object() {
            answers(value, depth - 1, lines);
        }
    }
}

/// One answer, never shortened, because it is what the customer wrote.
fn answer(value: &Value) -> Option<String> {
    match value {
        Value::Bool(yes) => Some(if *yes { "yes" } else { "no" }.to_owned()),
        Value::Array(items) => {
            let items: Vec<_> = items
                .iter()
                .filter_map(|item| fields::text(Some(item)))
                .collect();
            (!items.is_empty()).then(|| items.join(", "))
        }
        value => fields::text(Some(value)),
    }
}

const fn other() -> Content {
    Content::NotText {
        kind: Kind::Other,
        title: None,
        caption: None,
        lines: Vec::new(),
    }
}
