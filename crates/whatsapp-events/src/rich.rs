//! Reads the messages of programs: menus, templates, orders with their payment, and answers of Meta AI.
//!
//! Such a message has its words in many places, and all of them are shown: heading, text, footer, buttons. Keys and codes
//! for a payment are words, too.

use serde_json::Value;

use crate::details::{items, listed, money, together};
use crate::{Content, Kind, MediaFile, fields, kinds};

/// Fields of a message that are of this kind.
const FIELDS: &[&str] = &[
    "templateMessage",
    "highlyStructuredMessage",
    "interactiveMessage",
    "buttonsMessage",
    "listMessage",
];
/// Fields that hold a part of such a message, which has the same form.
const PARTS: &[&str] = &[
    "hydratedHsm",
    "templateMessage",
    "hydratedTemplate",
    "hydratedFourRowTemplate",
    "fourRowTemplate",
    "interactiveMessageTemplate",
    "content",
];
/// Places of the words of one part, in the order in which they are shown.
const HEADINGS: &[&str] = &["/hydratedTitleText", "/header/title", "/title", "/text"];
const SUBTITLES: &[&str] = &["/header/subtitle"];
const TEXTS: &[&str] = &[
    "/hydratedContentText",
    "/body/text",
    "/body",
    "/contentText",
    "/description",
    "/content",
];
const FOOTERS: &[&str] = &[
    "/hydratedFooterText",
    "/footer/text",
    "/footerText",
    "/footer",
];
/// Levels of parts in parts. Templates have three.
const MAX_DEPTH: usize = 6;
/// Cards of a carousel that are read; WhatsApp allows ten.
const MAX_CARDS: usize = 10;

/// What was found in the parts of a message.
#[derive(Default)]
struct Found {
    words: Vec<String>,
    buttons: Vec<String>,
    payment: Option<(Option<String>, Vec<String>)>,
    file: Option<(Content, Option<MediaFile>)>,
}

/// The content, the file and the field of a program's message; none if it is none, or says nothing that is known.
pub(super) fn find(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    if let Some(body) = message.get("richResponseMessage") {
        let text = answer(body)?;
        return Some((Content::Text(text), None, body));
    }
    let body = FIELDS
        .iter()
        .find_map(|field| message.get(field).filter(|body| body.is_object()))?;
    let mut found = Found::default();
    found.read(body, MAX_DEPTH);
    let (content, file) = found.content()?;
    Some((content, file, body))
}

impl Found {
    fn read(&mut self, part: &Value, depth: usize) {
        for places in [HEADINGS, SUBTITLES, TEXTS] {
            self.say(fields::first_text(part, places));
        }
        let inner = PARTS.iter().filter_map(|name| part.get(name));
        let cards = part.pointer("/carouselMessage/cards");
        let cards = cards.and_then(Value::as_array).into_iter().flatten();
        for inner in inner.chain(cards.take(MAX_CARDS)) {
            if depth > 0 && inner.is_object() {
                self.read(inner, depth - 1);
            }
        }
        self.say(fields::first_text(part, FOOTERS));
        self.read_buttons(part);
        let header = part.get("header").unwrap_or(part);
        if self.file.is_none() {
            self.file = kinds::find(header).map(|(content, file, _)| (content, file));
        }
    }

    /// Adds words, each once.
    fn say(&mut self, words: Option<String>) {
        self.words
            .extend(words.filter(|words| !self.words.contains(words)));
    }

    fn read_buttons(&mut self, part: &Value) {
        let flow = part.get("nativeFlowMessage").unwrap_or(&Value::Null);
        for button in items(flow, "buttons") {
            let Some(params) = params(button) else {
                continue;
            };
            if let Some(payment) = payment(&params) {
                self.payment.get_or_insert(payment);
            } else {
                self.buttons.extend(label(&params));
                self.buttons.extend(rows(&params));
            }
        }
        let hydrated = items(part, "hydratedButtons").flat_map(|button| {
            ["quickReplyButton", "urlButton", "callButton"]
                .iter()
                .filter_map(|kind| label(button.get(kind)?))
        });
        self.buttons.extend(hydrated);
        let plain = items(part, "buttons")
            .filter_map(|button| fields::title(button, &["/buttonText/displayText"]));
        self.buttons.extend(plain.map(|name| format!("- {name}")));
        self.buttons.extend(rows(part));
    }

    fn content(self) -> Option<(Content, Option<MediaFile>)> {
        let buttons = listed(self.buttons);
        if let Some((title, mut lines)) = self.payment {
            lines.extend(buttons);
            let content = Content::NotText {
                kind: Kind::Payment,
                title,
                caption: joined(&self.words),
                lines,
            };
            return Some((content, None));
        }
        if let Some((Content::NotText { kind, title, .. }, file)) = self.file {
            let content = Content::NotText {
                kind,
                title,
                caption: joined(&self.words),
                lines: buttons,
            };
            return Some((content, file));
        }
        let text = joined(&[self.words, buttons].concat())?;
        Some((Content::Text(text), None))
    }
}

fn joined(lines: &[String]) -> Option<String> {
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// The parameters of a button, which are JSON inside a text.
fn params(button: &Value) -> Option<Value> {
    match button.get("buttonParamsJson")? {
        Value::String(text) => crate::json::parse(text.as_bytes()).ok(),
        params => Some(params.clone()),
    }
}

/// A button's name, with where it leads.
fn label(button: &Value) -> Option<String> {
    let name = fields::title(button, &["/display_text", "/displayText", "/title"]);
    let target = fields::title(
        button,
        &["/url", "/copy_code", "/phone_number", "/phoneNumber"],
    );
    match (name, target) {
        (Some(name), Some(target)) => Some(format!("- {name}: {target}")),
        (name, target) => name.or(target).map(|one| format!("- {one}")),
    }
}

/// The rows of a list.
fn rows(list: &Value) -> Vec<String> {
    let rows = items(list, "sections").flat_map(|section| items(section, "rows"));
    rows.filter_map(|row| {
        let name = together([
            fields::title(row, &["/title"]),
            fields::title(row, &["/description"]),
        ]);
        Some(format!("- {}", name?))
    })
    .collect()
}

/// The amount of a payment and everything that is needed to pay; none if it is no payment.
fn payment(params: &Value) -> Option<(Option<String>, Vec<String>)> {
    let is_payment = [
        "payment_settings",
        "total_amount",
        "payment_status",
        "order",
    ]
    .iter()
    .any(|field| params.get(field).is_some());
    if !is_payment {
        return None;
    }
    let currency = params.get("currency");
    let amount = money(params.get("total_amount"), currency);
    let goods = params.get("order").into_iter().flat_map(|order| {
        items(order, "items").filter_map(|item| {
            let count = fields::integer(item.get("quantity")).filter(|count| *count > 1);
            let count = count.map(|count| format!("{count} ×"));
            let name = fields::title(item, &["/name"])?;
            let name = [count, Some(name)].into_iter().flatten();
            let name = name.collect::<Vec<_>>().join(" ");
            let price = money(item.get("amount"), currency);
            Some(format!("- {}", together([Some(name), price])?))
        })
    });
    let mut lines = listed(goods.collect());
    lines.extend(items(params, "payment_settings").flat_map(setting));
    let told = [
        ("Status", "/payment_status"),
        ("Status", "/order/status"),
        ("Order", "/order/description"),
        ("Note", "/additional_note"),
        ("Reference", "/reference_id"),
    ];
    lines.extend(
        told.iter()
            .filter_map(|(name, place)| named(name, params, place)),
    );
    Some((amount, lines))
}

fn named(name: &str, params: &Value, place: &str) -> Option<String> {
    fields::title(params, &[place]).map(|value| format!("{name}: {value}"))
}

/// One way to pay: a Pix key or code, a link, a payment slip. What is not known is shown with WhatsApp's own names.
fn setting(setting: &Value) -> Vec<String> {
    let Some(kind) = fields::name(setting.get("type")) else {
        return Vec::new();
    };
    let way = setting.get(&kind).unwrap_or(&Value::Null);
    let mut lines = Vec::from_iter(fields::title(way, &["/merchant_name"]));
    if kind.starts_with("pix") {
        let kind = fields::title(way, &["/key_type"]).map(|kind| format!(" ({kind})"));
        let key = fields::title(way, &["/key"]);
        lines.extend(key.map(|key| format!("Pix key{}: {key}", kind.unwrap_or_default())));
        lines.extend(
            fields::token(way.get("code"), MAX_CODE).map(|code| format!("Pix code: {code}")),
        );
        return lines;
    }
    let known = [
        "uri",
        "url",
        "digitable_line",
        "code",
        "vpa",
        "account_number",
    ];
    let values = known
        .iter()
        .filter_map(|field| fields::token(way.get(field), MAX_CODE));
    lines.extend(values);
    lines
}

/// Longest code for a payment, in bytes: a Pix code has at most 512, a payment link is an address.
const MAX_CODE: usize = 2048;

/// The answer of an assistant: its paragraphs, program texts and tables.
fn answer(body: &Value) -> Option<String> {
    let parts = items(body, "submessages").filter_map(|part| {
        fields::first_text(part, &["/messageText", "/latexMetadata/text"])
            .or_else(|| code(part))
            .or_else(|| table(part))
    });
    joined(&parts.collect::<Vec<_>>())
}

fn code(part: &Value) -> Option<String> {
    let blocks = items(part.get("codeMetadata")?, "codeBlocks");
    let text: String = blocks
        .filter_map(|block| fields::text(block.get("codeContent")))
        .collect();
    (!text.is_empty()).then_some(text)
}

fn table(part: &Value) -> Option<String> {
    let table = part.get("tableMetadata")?;
    let row = |row: &Value| {
        let cells = items(row, "items").filter_map(|cell| fields::text(Some(cell)));
        cells.collect::<Vec<_>>().join(" | ")
    };
    let rows = items(table, "rows").map(row).filter(|row| !row.is_empty());
    let title = fields::title(table, &["/title"]).into_iter();
    joined(&title.chain(rows).collect::<Vec<_>>())
}
