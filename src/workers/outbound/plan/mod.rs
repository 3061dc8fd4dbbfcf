//! Plans what a delivery of GHL becomes on WhatsApp. Pure: the same bytes, with the same facts about its files, always
//! give the same plan.
//!
//! Reads every shape of `ProviderOutboundMessage` (`docs/vendors/ghl.md#deliveries`), and decides why something cannot
//! be sent. It asks nobody: if servers must be asked first, that is a plan of its own ([`Plan::Ask`]).
//!
//! * [`attachments`]: what an attachment is, and how the gateway sends it; `names`: its name
//! * `text`: text that the gateway does not change

pub mod attachments;
mod names;
mod text;

use std::borrow::Cow;

use attachments::File;
pub use phonenumber::country::Id as Country;
use serde_json::Value;
use text::{MAX_ENCODED_BYTES, encoded_bytes};
use url::Url;

use crate::clients::attachment_links::longest_address;
use crate::model::reason::Failure;
use crate::model::written_phone;
pub use crate::model::written_phone::{country_of, main_number};

/// What to do with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Cannot be sent.
    Fail(Failure),
    /// Ask what these files are, then plan again with the answers in this order.
    Ask(Vec<Url>),
    /// To be sent, one part after the other.
    Send {
        /// E.164 digits of the customer, or the address of a chat without a phone.
        chat: String,
        /// The contact that has this phone in GHL.
        contact: Option<String>,
        /// At least one.
        parts: Vec<Part>,
    },
}

/// One send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Text, or the file's caption; may be empty with a file.
    pub text: String,
    /// A file.
    pub media: Option<Attachment>,
}

/// A file of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Its address.
    pub url: String,
    /// Its type and name.
    pub file: File,
    /// The gateway gets our own address with this extension; none: it gets `url`.
    pub alias: Option<&'static str>,
}

/// Plans a delivery from its signed bytes. National phone numbers are read as those of `country`. `files` describes
/// each attachment in order, once their servers were asked.
#[must_use]
pub fn plan(body: &[u8], country: Option<Country>, files: Option<&[File]>) -> Plan {
    plan_delivery(body, files, |delivery| {
        let chat = written_phone::phone(&text_of(delivery, "phone"), country)?;
        let contact = text_of(delivery, "contactId").into_owned();
        Ok((chat, Some(contact).filter(|contact| !contact.is_empty())))
    })
}

/// Like [`plan`], for a contact without a phone, whose chat has this address.
#[must_use]
pub fn plan_to(body: &[u8], address: &str, files: Option<&[File]>) -> Plan {
    plan_delivery(body, files, |_| Ok((address.to_owned(), None)))
}

/// Plans a delivery; `whom` says to which chat, and which contact has its phone.
fn plan_delivery(
    body: &[u8],
    files: Option<&[File]>,
    whom: impl FnOnce(&Value) -> Result<(String, Option<String>), Failure>,
) -> Plan {
    let Ok(delivery) = whatsapp_events::json::parse(body) else {
        return Plan::Fail(Failure::Unreadable);
    };
    if text_of(&delivery, "type").eq_ignore_ascii_case("email") {
        return Plan::Fail(Failure::Email);
    }
    let (chat, contact) = match whom(&delivery) {
        Ok(whom) => whom,
        Err(failure) => return Plan::Fail(failure),
    };
    let addresses = match delivery.get("attachments").map(addresses) {
        Some(Ok(addresses)) => addresses,
        Some(Err(failure)) => return Plan::Fail(failure),
        None => Vec::new(),
    };
    let files = match files.filter(|files| files.len() == addresses.len()) {
        Some(files) => files,
        None if addresses.is_empty() => &[],
        None => return Plan::Ask(addresses),
    };
    let media = addresses.iter().zip(files);
    let media: Vec<_> = match media.map(|(url, file)| attachment(url, file)).collect() {
        Ok(media) => media,
        Err(failure) => return Plan::Fail(failure),
    };
    let text = text_of(&delivery, "message");
    // A customer would get an empty bubble.
    let text = if whatsapp_events::is_unseen(&text) {
        String::new()
    } else {
        text::safe(&text)
    };
    let parts = parts(&text, media);
    if parts.is_empty() {
        return Plan::Fail(Failure::Empty);
    }
    Plan::Send {
        chat,
        contact,
        parts,
    }
}

fn text_of<'a>(delivery: &'a Value, field: &str) -> Cow<'a, str> {
    let value = delivery.get(field);
    value
        .and_then(whatsapp_events::json::scalar_text)
        .unwrap_or_default()
}

fn addresses(list: &Value) -> Result<Vec<Url>, Failure> {
    // Some builds write the list as a text.
    let written = list.as_str().filter(|text| text.trim().starts_with('['));
    let written = written.and_then(|text| whatsapp_events::json::parse(text.as_bytes()).ok());
    let given = flat(written.as_ref().unwrap_or(list));
    let given = given
        .into_iter()
        .filter(|item| !is_nothing(item))
        .map(|item| {
            // Usually a text; an object with its address is read too.
            let address = item
                .get("url")
                .unwrap_or(item)
                .as_str()
                .unwrap_or_default()
                .trim();
            web_address(address).ok_or(Failure::NoFileAddress)
        });
    given.collect()
}

/// The items of a list, which some builds write as numbered fields or within other lists. The depth of JSON that is read is
/// limited.
fn flat(list: &Value) -> Vec<&Value> {
    let is_number = |name: &String| name.bytes().all(|byte| byte.is_ascii_digit());
    match list {
        Value::Array(items) => items.iter().flat_map(flat).collect(),
        Value::Object(fields) if fields.keys().all(is_number) => {
            fields.values().flat_map(flat).collect()
        }
        one => vec![one],
    }
}

/// Whether an item stands for no attachment.
fn is_nothing(item: &Value) -> bool {
    match item {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        // Some builds write JSON within a text, or what a program shows for a missing value.
        Value::String(text) => {
            let text = text.trim();
            text.is_empty()
                || text == "undefined"
                || whatsapp_events::is_unseen(text)
                || whatsapp_events::json::parse(text.as_bytes())
                    .is_ok_and(|inner| is_nothing(&inner))
        }
        Value::Array(items) => items.iter().all(is_nothing),
        // A number in an object tells of a file.
        Value::Object(fields) => fields
            .values()
            .all(|field| !field.is_number() && is_nothing(field)),
    }
}

fn web_address(address: &str) -> Option<Url> {
    let url = Url::parse(address).ok()?;
    // Such an address always has a host, or it would not have been read.
    matches!(url.scheme(), "http" | "https").then_some(url)
}

/// Chooses the address for the gateway: the file's own if the gateway then sends the right kind, otherwise one of ours.
/// If that is too long, the other one.
fn attachment(url: &Url, file: &File) -> Result<Attachment, Failure> {
    let with = |alias| Attachment {
        url: url.to_string(),
        file: file.clone(),
        alias,
    };
    let others = [Some(file.alias()), None];
    let mut choices = [file.alias_for(url)].into_iter().chain(others).map(with);
    choices
        .find(|choice| choice.encoded_bytes() <= MAX_ENCODED_BYTES)
        .ok_or_else(|| Failure::FileAddressTooLong {
            file: file.name.clone(),
        })
}

impl Attachment {
    /// The most bytes that address and name take in the URL of the request to the gateway.
    fn encoded_bytes(&self) -> usize {
        let address = match self.alias {
            Some(_) => longest_address(self.url.len()),
            None => encoded_bytes(&self.url),
        };
        address + encoded_bytes(&self.file.name)
    }

    /// Whether it is a picture or video, and its address and name leave room for the text.
    fn takes_caption(&self, text: &str) -> bool {
        self.file.takes_caption() && self.encoded_bytes() + encoded_bytes(text) <= MAX_ENCODED_BYTES
    }
}

fn parts(text: &str, mut media: Vec<Attachment>) -> Vec<Part> {
    let mut texts = text::split(text);
    let first_takes_caption =
        texts.len() == 1 && media.first().is_some_and(|media| media.takes_caption(text));
    let caption = if first_takes_caption {
        texts.pop()
    } else {
        None
    };
    let first = caption.map(|text| Part {
        text,
        media: Some(media.remove(0)),
    });
    let texts = texts.into_iter().map(|text| Part { text, media: None });
    let files = media.into_iter().map(|media| Part {
        text: String::new(),
        media: Some(media),
    });
    first.into_iter().chain(texts).chain(files).collect()
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test that panics has found its failure")]
mod tests;
