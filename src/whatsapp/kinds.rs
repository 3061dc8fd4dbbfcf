//! The kinds of messages that are more than words, and what there is to read in each.
//!
//! Owns: [`Kind`] and the table [`KINDS`]. A new kind is a name in the enum, a row of the table, and its name for
//! readers in `wording`. Refuses: wrappers and what lies around a message, which are `content`'s.

use super::{Content, MediaFile, MediaKeys, file, json, vcard};
use serde_json::Value;
use time::OffsetDateTime;

/// What a message is when it is more than words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Kind {
    Image,
    Video,
    Gif,
    VideoNote,
    VoiceNote,
    Audio,
    Document,
    Sticker,
    Location,
    LiveLocation,
    Contact,
    Poll,
    /// Encrypted for the phones of the chat; a gateway does not know the choice.
    PollVote,
    Order,
    Product,
    GroupInvite,
    ChannelInvite,
    /// Without a caption: an earlier one was taken away.
    Reaction,
    Call,
    Event,
    /// Encrypted like a vote.
    EventReply,
    /// What a customer filled in.
    Form,
    Payment,
    PhoneRequest,
    /// Announces pictures that follow as messages of their own.
    Album,
    Other,
}

/// What there is to read in a message of a kind.
#[derive(Default)]
struct Detail {
    title: Option<String>,
    caption: Option<String>,
    lines: Vec<String>,
}

/// One field that is more than words.
struct Row {
    field: &'static str,
    /// The row holds only if this flag of the field is set. Rows are tried in order.
    flag: Option<&'static str>,
    kind: Kind,
    /// The keys of its file.
    keys: Option<MediaKeys>,
    read: fn(&Value) -> Detail,
}

const fn row(field: &'static str, kind: Kind, read: fn(&Value) -> Detail) -> Row {
    Row {
        field,
        flag: None,
        kind,
        keys: None,
        read,
    }
}

const fn media(field: &'static str, kind: Kind, keys: MediaKeys) -> Row {
    Row {
        keys: Some(keys),
        ..row(field, kind, recording)
    }
}

impl Row {
    const fn if_set(self, flag: &'static str) -> Self {
        Self {
            flag: Some(flag),
            ..self
        }
    }

    const fn reading(self, read: fn(&Value) -> Detail) -> Self {
        Self { read, ..self }
    }
}

/// Fields that are more than words. The first row that holds wins.
const KINDS: &[Row] = &[
    media("imageMessage", Kind::Image, MediaKeys::Image),
    media("videoMessage", Kind::Gif, MediaKeys::Video).if_set("gifPlayback"),
    media("videoMessage", Kind::Video, MediaKeys::Video),
    media("ptvMessage", Kind::VideoNote, MediaKeys::Video),
    media("audioMessage", Kind::VoiceNote, MediaKeys::Audio).if_set("ptt"),
    media("audioMessage", Kind::Audio, MediaKeys::Audio),
    media("documentMessage", Kind::Document, MediaKeys::Document).reading(document),
    media("stickerMessage", Kind::Sticker, MediaKeys::Image),
    row("stickerPackMessage", Kind::Sticker, named),
    row("locationMessage", Kind::LiveLocation, location).if_set("isLive"),
    row("locationMessage", Kind::Location, location),
    row("liveLocationMessage", Kind::LiveLocation, location),
    row("contactMessage", Kind::Contact, contact),
    row("contactsArrayMessage", Kind::Contact, contacts),
    row("pollCreationMessage", Kind::Poll, poll),
    row("pollCreationMessageV2", Kind::Poll, poll),
    row("pollCreationMessageV3", Kind::Poll, poll),
    row("pollCreationMessageV5", Kind::Poll, poll),
    row("pollCreationMessageV6", Kind::Poll, poll),
    row("pollResultSnapshotMessage", Kind::Poll, poll),
    row("pollResultSnapshotMessageV3", Kind::Poll, poll),
    row("pollUpdateMessage", Kind::PollVote, named),
    row("orderMessage", Kind::Order, order),
    row("productMessage", Kind::Product, product),
    row("groupInviteMessage", Kind::GroupInvite, named),
    row("newsletterAdminInviteMessage", Kind::ChannelInvite, named),
    row(
        "newsletterFollowerInviteMessageV2",
        Kind::ChannelInvite,
        named,
    ),
    row("reactionMessage", Kind::Reaction, named),
    row("call", Kind::Call, named),
    // The misspelling is WhatsApp's.
    row("callLogMesssage", Kind::Call, call_log),
    row("scheduledCallCreationMessage", Kind::Call, scheduled_call),
    row("scheduledCallEditMessage", Kind::Call, named),
    row("eventMessage", Kind::Event, event),
    row("encEventResponseMessage", Kind::EventReply, named),
    row("sendPaymentMessage", Kind::Payment, payment),
    row("requestPaymentMessage", Kind::Payment, payment),
    row("paymentInviteMessage", Kind::Payment, named),
    row("declinePaymentRequestMessage", Kind::Payment, named),
    row("cancelPaymentRequestMessage", Kind::Payment, named),
    row("invoiceMessage", Kind::Payment, named),
    row("requestPhoneNumberMessage", Kind::PhoneRequest, named),
    row("albumMessage", Kind::Album, named),
];

/// What a message is if it is more than words: its content, its file, and the field that says so.
pub(super) fn find(message: &Value) -> Option<(Content, Option<MediaFile>, &Value)> {
    KINDS.iter().find_map(|row| {
        let body = message.get(row.field).filter(|body| !body.is_null())?;
        let holds = row.flag.is_none_or(|flag| json::flag(body.get(flag)));
        holds.then(|| {
            let Detail {
                title,
                caption,
                lines,
            } = (row.read)(body);
            let content = Content::NotText {
                kind: row.kind,
                title,
                caption,
                lines,
            };
            let file = row.keys.and_then(|keys| file::read(body, keys));
            (content, file, body)
        })
    })
}

/// Most lines shown of a list. WhatsApp allows 12 options; a list of contacts may be longer, and says so.
const MAX_LINES: usize = 20;

/// The first lines of a list, and how many are left out.
fn listed(mut lines: Vec<String>) -> Vec<String> {
    let left_out = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    if left_out > 0 {
        lines.push(format!("and {left_out} more"));
    }
    lines
}

/// The items of an array, or none.
fn items<'a>(body: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    body.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn caption(body: &Value, pointers: &[&str]) -> Option<String> {
    json::first_text(body, pointers)
}

/// What only has a name and words, wherever these are.
fn named(body: &Value) -> Detail {
    Detail {
        title: json::title(body, &["/groupName", "/newsletterName", "/name"]),
        caption: caption(body, &["/caption", "/text", "/note"]),
        lines: Vec::new(),
    }
}

fn recording(body: &Value) -> Detail {
    Detail {
        title: duration(body.get("seconds")),
        caption: caption(body, &["/caption"]),
        lines: Vec::new(),
    }
}

fn document(body: &Value) -> Detail {
    Detail {
        title: file::name(body),
        ..recording(body)
    }
}

/// `0:12`, `1:02:03`; nothing for no length or one of more than a day, which no recording has.
fn duration(seconds: Option<&Value>) -> Option<String> {
    let seconds = json::integer(seconds).filter(|seconds| (1..86_400).contains(seconds))?;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    })
}

fn location(body: &Value) -> Detail {
    let name = json::title(body, &["/name"]);
    let address = json::title(body, &["/address"]);
    let lines = [name.as_ref().and(address.clone()), map_link(body)];
    Detail {
        title: name.or(address),
        caption: caption(body, &["/caption", "/comment"]),
        lines: lines.into_iter().flatten().collect(),
    }
}

fn map_link(body: &Value) -> Option<String> {
    let degrees = |field: &str, limit: f64| {
        let degrees = match body.get(field)? {
            Value::String(text) => text.trim().parse().ok(),
            number => number.as_f64(),
        };
        degrees.filter(|degrees: &f64| degrees.abs() <= limit)
    };
    let latitude = degrees("degreesLatitude", 90.0)?;
    let longitude = degrees("degreesLongitude", 180.0)?;
    Some(format!("https://maps.google.com/?q={latitude},{longitude}"))
}

fn contact(body: &Value) -> Detail {
    let card = vcard::read(&json::text(body.get("vcard")).unwrap_or_default());
    let lines = (!card.details.is_empty()).then(|| card.details.join(", "));
    Detail {
        title: card.name.or_else(|| json::title(body, &["/displayName"])),
        caption: None,
        lines: lines.into_iter().collect(),
    }
}

fn contacts(body: &Value) -> Detail {
    let lines = items(body, "contacts").filter_map(|item| {
        let Detail { title, lines, .. } = contact(item);
        let parts: Vec<_> = title.into_iter().chain(lines).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    });
    Detail {
        lines: listed(lines.collect()),
        title: json::title(body, &["/displayName"]),
        caption: None,
    }
}

fn poll(body: &Value) -> Detail {
    let options = items(body, "options")
        .filter_map(|option| Some(format!("- {}", json::title(option, &["/optionName", ""])?)));
    let results = items(body, "pollVotes").filter_map(|vote| {
        let name = json::title(vote, &["/optionName"])?;
        let count = json::integer(vote.get("optionVoteCount")).unwrap_or(0);
        Some(format!("- {name}: {count}"))
    });
    Detail {
        title: json::title(body, &["/name"]),
        caption: None,
        lines: listed(options.chain(results).collect()),
    }
}

/// An amount in thousandths with its currency: `MYR 178.00`.
fn price(amount1000: Option<&Value>, currency: Option<&Value>) -> Option<String> {
    let thousandths = json::integer(amount1000)?;
    let sign = if thousandths < 0 { "-" } else { "" };
    let (whole, rest) = (
        thousandths.unsigned_abs() / 1000,
        thousandths.unsigned_abs() % 1000,
    );
    let amount = if rest % 10 == 0 {
        format!("{sign}{whole}.{:02}", rest / 10)
    } else {
        format!("{sign}{whole}.{rest:03}")
    };
    // A currency is three letters (ISO 4217).
    Some(match json::token(currency, 3) {
        Some(currency) => format!("{currency} {amount}"),
        None => amount,
    })
}

/// The parts that are there, with commas.
fn together(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn order(body: &Value) -> Detail {
    let count = json::integer(body.get("itemCount")).filter(|count| *count > 0);
    let count = count.map(|count| format!("{count} item{}", if count == 1 { "" } else { "s" }));
    let total = price(body.get("totalAmount1000"), body.get("totalCurrencyCode"));
    Detail {
        title: together([json::title(body, &["/orderTitle"]), count, total]),
        caption: caption(body, &["/message"]),
        lines: Vec::new(),
    }
}

fn product(body: &Value) -> Detail {
    let product = body.get("product").unwrap_or(&Value::Null);
    let currency = product.get("currencyCode");
    // A sale's amount is 0 when there is none.
    let amount = ["salePriceAmount1000", "priceAmount1000"]
        .iter()
        .find_map(|field| {
            product
                .get(field)
                .filter(|amount| json::integer(Some(amount)) != Some(0))
        });
    let name = json::title(body, &["/product/title", "/catalog/title"]);
    Detail {
        title: together([name, price(amount, currency)]),
        caption: caption(
            body,
            &["/body", "/product/description", "/catalog/description"],
        ),
        lines: json::title(body, &["/product/url"]).into_iter().collect(),
    }
}

fn call_log(body: &Value) -> Detail {
    let video = json::flag(body.get("isVideo"));
    let outcome = body.get("callOutcome");
    let outcome = match (json::integer(outcome), json::text(outcome).as_deref()) {
        (Some(1), _) | (_, Some("MISSED")) => Some("missed"),
        (Some(2), _) | (_, Some("FAILED")) => Some("failed"),
        (Some(3), _) | (_, Some("REJECTED")) => Some("declined"),
        _ => None,
    };
    let kind = if video { "video" } else { "voice" };
    Detail {
        title: together([
            Some(kind.to_owned()),
            outcome.map(str::to_owned),
            duration(body.get("durationSecs")),
        ]),
        ..Detail::default()
    }
}

fn scheduled_call(body: &Value) -> Detail {
    let at = json::integer(body.get("scheduledTimestampMs")).map(|ms| Value::from(ms / 1000));
    Detail {
        title: together([json::title(body, &["/title"]), moment(at.as_ref())]),
        ..Detail::default()
    }
}

fn event(body: &Value) -> Detail {
    let name = json::title(body, &["/name"]);
    let cancelled = json::flag(body.get("isCanceled")).then(|| "cancelled".to_owned());
    let place = json::title(body, &["/location/name", "/location/address"]);
    let start = moment(body.get("startTime"));
    let end = start.as_ref().and_then(|_| moment(body.get("endTime")));
    let when = start.map(|start| match end {
        Some(end) => format!("{start} to {end}"),
        None => start,
    });
    let map = body.get("location").and_then(map_link);
    let link = json::title(body, &["/joinLink"]);
    Detail {
        title: together([name, cancelled]),
        caption: caption(body, &["/description"]),
        lines: [when, place, map, link].into_iter().flatten().collect(),
    }
}

/// A moment to the minute, in UTC: whose clock the reader goes by is not known here.
fn moment(seconds: Option<&Value>) -> Option<String> {
    let at: OffsetDateTime = json::instant(seconds)?;
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute) = (at.hour(), at.minute());
    Some(format!(
        "{year}-{:02}-{day:02} {hour:02}:{minute:02} UTC",
        u8::from(month)
    ))
}

fn payment(body: &Value) -> Detail {
    Detail {
        title: price(body.get("amount1000"), body.get("currencyCodeIso4217")),
        caption: caption(
            body,
            &[
                "/noteMessage/extendedTextMessage/text",
                "/noteMessage/conversation",
            ],
        ),
        lines: Vec::new(),
    }
}
