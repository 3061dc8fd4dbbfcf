//! Reads Baileys' `message` object into [`Said`].
//!
//! Owns wrappers, text fields, edits, revokes, and what accompanies a message: quote, ad, marks. Kinds that are more
//! than text are in `kinds`, and the wording is in `wording`.

use serde_json::Value;

use crate::{Ad, Content, Kind, Marks, MediaFile, fields, kinds, wording};

/// The content of a `message` object. The fields are those of [`crate::Message`].
#[derive(Default)]
pub(super) struct Said {
    pub(super) content: Content,
    pub(super) file: Option<MediaFile>,
    pub(super) about: Option<String>,
    pub(super) quote: Option<String>,
    pub(super) choice: Option<String>,
    pub(super) ad: Option<Ad>,
    pub(super) marks: Marks,
}

/// How many wrappers are removed. The most ever seen are five.
const MAX_WRAPPERS: usize = 10;

/// Fields that accompany a message and do not tell its kind.
const COMPANIONS: &[&str] = &[
    "messageContextInfo",
    "senderKeyDistributionMessage",
    "fastRatchetKeySenderKeyDistributionMessage",
];

/// Fields that no person wrote, or that cannot be read. `protocolMessage` is checked for edits and revokes first.
const NOISE: &[&str] = &[
    "protocolMessage",
    "encReactionMessage",
    "keepInChatMessage",
    "messageHistoryBundle",
    "messageHistoryNotice",
    "pinInChatMessage",
    "secretEncryptedMessage",
    "stickerSyncRmrMessage",
];

/// Fields that are text, with the places of the text, the best first.
const TEXTS: &[(&str, &[&str])] = &[
    ("extendedTextMessage", &["/text"]),
    ("buttonsResponseMessage", &["/selectedDisplayText"]),
    ("listResponseMessage", &["/title"]),
    ("templateButtonReplyMessage", &["/selectedDisplayText"]),
    ("interactiveResponseMessage", &["/body/text"]),
    (
        "templateMessage",
        &[
            "/hydratedTemplate/hydratedContentText",
            "/hydratedFourRowTemplate/hydratedContentText",
            "/fourRowTemplate/hydratedContentText",
            "/fourRowTemplate/contentText",
            "/fourRowTemplate/content",
            "/interactiveMessageTemplate/body/text",
            "/hydratedTemplate/hydratedTitleText",
            "/hydratedFourRowTemplate/hydratedTitleText",
        ],
    ),
    ("buttonsMessage", &["/contentText", "/text"]),
    ("listMessage", &["/description", "/title"]),
    ("interactiveMessage", &["/body/text", "/header/title"]),
    ("questionResponseMessage", &["/text"]),
    ("conversation", &[""]),
];

/// Where the id of a chosen button or row is.
const CHOICES: &[&str] = &[
    "/selectedButtonId",
    "/singleSelectReply/selectedRowId",
    "/selectedId",
];

/// Where a vote, an answer or a reaction names its target. A reply names it in its context.
const ABOUT: &[&str] = &[
    "/pollCreationMessageKey/id",
    "/eventCreationMessageKey/id",
    "/key/id",
];

/// Where a field of an unknown kind may hold text.
const PERHAPS_WORDS: &[&str] = &["/caption", "/text", "/body/text", "/contentText"];

/// Reads a `message` object. `None` if it is `null`, empty, or not an object.
pub(super) fn read(message: &Value) -> Option<Said> {
    let mut marks = Marks::default();
    let Some(message) = unwrapped(message, &mut marks) else {
        return Some(Said {
            content: other(None),
            marks,
            ..Said::default()
        });
    };
    let fields = message.as_object()?;
    if fields.values().all(Value::is_null) {
        return None;
    }
    if let Some(change) = message.get("protocolMessage").and_then(edit_or_revoke) {
        return Some(change);
    }
    let (content, file, body) = kinds::find(message)
        .or_else(|| words(message))
        .unwrap_or_else(|| unknown(message));
    let around = context(message);
    marks.view_once |= fields::flag(body.get("viewOnce"));
    marks.disappearing |= fields::integer(around.get("expiration")).is_some_and(|left| left > 0);
    marks.forwarded |= fields::flag(around.get("isForwarded"));
    let about = ABOUT
        .iter()
        .find_map(|pointer| fields::name(body.pointer(pointer)));
    Some(Said {
        about: about.or_else(|| fields::name(around.get("stanzaId"))),
        quote: quote(around),
        choice: choice(body),
        ad: around.get("externalAdReply").and_then(ad),
        content,
        file,
        marks,
    })
}

const fn other(caption: Option<String>) -> Content {
    Content::NotText {
        kind: Kind::Other,
        title: None,
        caption,
        lines: Vec::new(),
    }
}

/// Removes the wrappers and records in `marks` what they mean. `None` if there are more than [`MAX_WRAPPERS`].
fn unwrapped<'a>(message: &'a Value, marks: &mut Marks) -> Option<&'a Value> {
    let mut message = message;
    for _ in 0..=MAX_WRAPPERS {
        match wrapped(message) {
            Some((wrapper, inner)) => {
                marks.view_once |= wrapper.starts_with("viewOnceMessage");
                marks.disappearing |= wrapper == "ephemeralMessage";
                message = inner;
            }
            None => return Some(message),
        }
    }
    None
}

/// The message inside a wrapper, which is any field that holds an object `message`. Known wrappers are
/// `ephemeralMessage`, `viewOnceMessage` (`V2`, `V2Extension`), `documentWithCaptionMessage`,
/// `editedMessage`, `associatedChildMessage`, `groupStatusMessage` (`V2`), `deviceSentMessage`,
/// `lottieStickerMessage`, `pollCreationMessageV4`. The name is not checked, because WhatsApp adds a wrapper
/// every few months, always in this form.
fn wrapped(message: &Value) -> Option<(&str, &Value)> {
    let fields = message.as_object()?.iter();
    fields
        .filter(|(field, _)| !COMPANIONS.contains(&field.as_str()))
        .find_map(|(field, body)| {
            let inner = body.get("message").filter(|inner| inner.is_object())?;
            Some((field.as_str(), inner))
        })
}

/// An edit or a revoke; its type is a number or a name (`ProtocolMessage.Type`). Only the id of its `key` is used:
/// the other fields of the key are written from the sender's point of view.
fn edit_or_revoke(protocol: &Value) -> Option<Said> {
    let kind = protocol.get("type");
    let content = match (fields::integer(kind), fields::text(kind).as_deref()) {
        (Some(0), _) | (_, Some("REVOKE")) => Content::Deleted,
        (Some(14), _) | (_, Some("MESSAGE_EDIT")) => edited(protocol.get("editedMessage")),
        _ => return None,
    };
    Some(Said {
        content,
        about: fields::name(protocol.pointer("/key/id")),
        ..Said::default()
    })
}

/// The new content of an edited message. Its file, if any, is the one that came with the first version.
pub(super) fn edited(message: Option<&Value>) -> Content {
    match message.and_then(read).map(|said| said.content) {
        Some(edited @ Content::Edited(_)) => edited,
        Some(content @ (Content::Text(_) | Content::NotText { .. })) => {
            Content::Edited(Box::new(content))
        }
        _ => Content::Edited(Box::new(other(None))),
    }
}

/// The `contextInfo` of the first field that has one.
fn context(message: &Value) -> &Value {
    let fields = message.as_object().into_iter().flatten();
    fields
        .filter(|(field, _)| !COMPANIONS.contains(&field.as_str()))
        .find_map(|(_, body)| {
            body.get("contextInfo")
                .filter(|context| context.is_object())
        })
        .unwrap_or(&Value::Null)
}

/// The message that this one answers, in one line.
fn quote(context: &Value) -> Option<String> {
    let quoted = context.get("quotedMessage").and_then(read)?;
    let quote = wording::brief(&quoted.content)?;
    let is_status = context.get("remoteJid").and_then(Value::as_str) == Some("status@broadcast");
    Some(if is_status {
        format!("[Status] {quote}")
    } else {
        quote
    })
}

/// Longest address of an ad, in bytes; the same limit as in `file`.
const MAX_ADDRESS: usize = 2048;
/// Longest id of an ad or click, in bytes. Click ids are about 100.
const MAX_AD_ID: usize = 512;

/// The ad that led the customer here. `None` for link previews of bots, which use the same field without a source.
fn ad(reply: &Value) -> Option<Ad> {
    let source_id = fields::token(reply.get("sourceId"), MAX_AD_ID);
    let click_id = fields::token(reply.get("ctwaClid"), MAX_AD_ID);
    let led_here = source_id.is_some()
        || click_id.is_some()
        || fields::text(reply.get("sourceType")).is_some();
    led_here.then(|| Ad {
        title: fields::title(reply, &["/title", "/body"]),
        url: fields::token(reply.get("sourceUrl"), MAX_ADDRESS)
            .filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        source_id,
        click_id,
    })
}

/// The text of a message that is nothing more than text.
fn words(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    let content = TEXTS.iter().find_map(|(field, pointers)| {
        let body = message.get(field).filter(|body| !body.is_null())?;
        let text = fields::first_text(body, pointers);
        let content = form(body, text.as_ref())
            .or_else(|| text.or_else(|| choice_words(body)).map(Content::Text))
            .unwrap_or_else(|| match *field {
                "conversation" | "extendedTextMessage" => Content::Text(String::new()),
                // A menu or an answer without text may still mean something on the phone.
                _ => other(None),
            });
        Some((content, body))
    });
    content.map(|(content, body)| (content, None, body))
}

/// A message without a known field: noise, or something to look at on the phone, with any text that it may hold.
fn unknown(message: &Value) -> (Content, Option<MediaFile>, &Value) {
    let fields = message.as_object().into_iter().flatten();
    let said = fields
        .filter(|(field, body)| !body.is_null() && !COMPANIONS.contains(&field.as_str()))
        .find(|(field, _)| !NOISE.contains(&field.as_str()));
    match said {
        None => (Content::Noise, None, &Value::Null),
        Some((_, body)) => (other(fields::first_text(body, PERHAPS_WORDS)), None, body),
    }
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
fn choice(body: &Value) -> Option<String> {
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
