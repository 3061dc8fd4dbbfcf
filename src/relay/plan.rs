//! What a delivery of GHL becomes on WhatsApp. Pure: bytes in, plan out, and the same plan every time.
//!
//! Owns: reading every shape of `ProviderOutboundMessage` (`facts/ghl.md` section 3), and the sentences a user reads
//! when something cannot be sent. Refuses: guessing a phone number's country.

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;
use url::{Url, form_urlencoded};

use crate::clients::waapify::Media;
use crate::db::outbound::Failure;

/// Longest encoded text of one send: the gateway reads it from the address, which servers cut at about 8 KB
/// (`facts/waapify.md` A); 6 KB leaves room for the other parameters.
const MAX_ENCODED_BYTES: usize = 5_500;
/// Digits of a full number: ITU E.164 allows 15; 7 with a country code exist, less are short codes.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// Extensions that the gateway sends as a picture or video, which carry a caption (`facts/waapify.md` A, "Media").
const CAPTIONED: [&str; 5] = ["jpg", "jpeg", "png", "gif", "mp4"];

/// What to do with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Not for WhatsApp, and why.
    Ignore(&'static str),
    /// Cannot be sent.
    Fail(Failure),
    /// To be sent, part after part.
    Send {
        /// E.164 digits of the customer.
        chat: String,
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
    pub media: Option<Media>,
}

/// Plans a delivery from its signed bytes.
#[must_use]
pub fn plan(body: &[u8]) -> Plan {
    let Ok(delivery) = crate::json::parse(body) else {
        return Plan::Fail(Failure::new(
            "unreadable",
            "The message could not be read. Please send it again.",
        ));
    };
    let text_of = |field: &str| {
        delivery
            .get(field)
            .and_then(crate::json::scalar_text)
            .unwrap_or_default()
    };
    if text_of("type").eq_ignore_ascii_case("email") {
        return Plan::Ignore("an e-mail is not for WhatsApp");
    }
    let chat = match phone(&text_of("phone")) {
        Ok(chat) => chat,
        Err(failure) => return Plan::Fail(failure),
    };
    let media = match delivery.get("attachments").map(attachments) {
        Some(Ok(media)) => media,
        Some(Err(failure)) => return Plan::Fail(failure),
        None => Vec::new(),
    };
    let parts = parts(&safe_text(&text_of("message")), media);
    if parts.is_empty() {
        return Plan::Fail(Failure::new(
            "empty",
            "The message is empty: it has no text and no attachment. Write something and send it again.",
        ));
    }
    Plan::Send { chat, parts }
}

/// E.164 digits of a number written in full. A number without its country code could be someone else's in another
/// country, so it is refused.
fn phone(written: &str) -> Result<String, Failure> {
    if written.trim().is_empty() {
        return Err(Failure::new(
            "no_phone",
            "This contact has no phone number. Add one with its country code, such as +60123456789, and send again.",
        ));
    }
    let number = written
        .trim()
        .starts_with('+')
        .then(|| phonenumber::parse(None, written));
    let digits = match number {
        Some(Ok(number)) => {
            let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
            e164.chars().filter(char::is_ascii_digit).collect()
        }
        Some(Err(_)) | None => String::new(),
    };
    if PHONE_DIGITS.contains(&digits.len()) {
        Ok(digits)
    } else {
        Err(Failure::new(
            "invalid_phone",
            "The contact's phone number is not complete. Write it with its country code, such as +60123456789, and send again.",
        ))
    }
}

/// The gateway rewrites braces and brackets, and one such text can hang it for everyone (`facts/waapify.md` A, "Text
/// changes").
fn safe_text(text: &str) -> String {
    text.trim()
        .chars()
        .map(|c| match c {
            '{' | '[' => '(',
            '}' | ']' => ')',
            c => c,
        })
        .collect()
}

fn attachments(list: &Value) -> Result<Vec<Media>, Failure> {
    let list = match list {
        Value::Array(list) => list.as_slice(),
        Value::Null => &[],
        one => std::slice::from_ref(one),
    };
    let given = list.iter().filter(|item| !matches!(item, Value::Null)).map(|item| {
        // A text everywhere; an object with its address is read too.
        let address = item.get("url").unwrap_or(item).as_str().unwrap_or_default().trim();
        media(address).ok_or_else(|| {
            Failure::new("bad_attachment",
                "An attachment has no address that WhatsApp can fetch. Attach the file again and send it once more.",
            )
        })
    });
    given.collect()
}

fn media(address: &str) -> Option<Media> {
    let url = Url::parse(address).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| Media {
        filename: file_name(&url),
        url: url.into(),
    })
}

/// The last part of the path, decoded.
fn file_name(url: &Url) -> String {
    let last = url
        .path_segments()
        .and_then(|mut parts| parts.next_back())
        .unwrap_or_default();
    // A plus sign is itself in a path; the form decoder would read it as a space.
    let encoded = format!("={}", last.replace('+', "%2B"));
    let decoded = form_urlencoded::parse(encoded.as_bytes())
        .next()
        .map(|(_, name)| name.into_owned());
    decoded
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "file".to_owned())
}

fn parts(text: &str, mut media: Vec<Media>) -> Vec<Part> {
    let mut texts = split(text);
    let first_takes_caption = texts.len() == 1
        && media
            .first()
            .is_some_and(|media| takes_caption(media, text));
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

/// A picture or video whose address and name leave room for the text.
fn takes_caption(media: &Media, text: &str) -> bool {
    let encoded = encoded_bytes(text) + encoded_bytes(&media.url) + encoded_bytes(&media.filename);
    if encoded > MAX_ENCODED_BYTES {
        return false;
    }
    let path = media.url.split(['?', '#']).next().unwrap_or_default();
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| CAPTIONED.contains(&extension.to_lowercase().as_str()))
}

/// Cuts a text that does not fit into one send: at the last line break or space that fits, else between two
/// characters as people see them.
fn split(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let fits = fitting_prefix(rest);
        let cut = if fits == rest.len() {
            fits
        } else {
            sensible_cut(&rest[..fits])
        };
        parts.push(rest[..cut].trim_end().to_owned());
        rest = rest[cut..].trim_start();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Bytes of the longest prefix that fits, in whole characters as people see them; at least one `char`.
fn fitting_prefix(text: &str) -> usize {
    let mut encoded = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        encoded += encoded_bytes(grapheme);
        if encoded > MAX_ENCODED_BYTES {
            // One endless "character" (a heap of combining marks) is cut inside rather than refused.
            return if at > 0 { at } else { fitting_chars(text) };
        }
    }
    text.len()
}

fn fitting_chars(text: &str) -> usize {
    let mut encoded = 0;
    let too_far = text.char_indices().find(|(_, c)| {
        encoded += encoded_bytes(c.encode_utf8(&mut [0; 4]));
        encoded > MAX_ENCODED_BYTES
    });
    too_far.map_or(text.len(), |(at, _)| at)
}

fn encoded_bytes(text: &str) -> usize {
    form_urlencoded::byte_serialize(text.as_bytes())
        .map(str::len)
        .sum()
}

fn sensible_cut(text: &str) -> usize {
    let late_enough = |cut: &usize| *cut > text.len() / 2;
    let line = text.rfind('\n').filter(late_enough);
    let space = || text.rfind(char::is_whitespace).filter(late_enough);
    line.or_else(space).unwrap_or(text.len())
}
