//! Reads what a message that is more than text shows: its title, its text, further lines.
//!
//! Owns the fields of each kind, and the format of durations, prices, places and times.

use serde_json::Value;
use time::OffsetDateTime;

use crate::{fields, file, vcard};

/// What a message shows beside the name of its kind.
#[derive(Default)]
pub(super) struct Detail {
    pub(super) title: Option<String>,
    pub(super) caption: Option<String>,
    pub(super) lines: Vec<String>,
}

/// Most lines of a list. WhatsApp allows 12 options; a longer list of contacts ends with the number left out.
const MAX_LINES: usize = 20;

pub(super) fn listed(mut lines: Vec<String>) -> Vec<String> {
    let left_out = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    if left_out > 0 {
        lines.push(format!("and {left_out} more"));
    }
    lines
}

/// The items of an array; none if the field is not an array.
pub(super) fn items<'a>(body: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    body.get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn caption(body: &Value, pointers: &[&str]) -> Option<String> {
    fields::first_text(body, pointers)
}

/// Reads a kind that has only a name and a text.
pub(super) fn named(body: &Value) -> Detail {
    Detail {
        title: fields::title(body, &["/groupName", "/newsletterName", "/name"]),
        caption: caption(body, &["/caption", "/text", "/note"]),
        lines: Vec::new(),
    }
}

pub(super) fn recording(body: &Value) -> Detail {
    Detail {
        title: duration(body.get("seconds")),
        caption: caption(body, &["/caption"]),
        lines: Vec::new(),
    }
}

pub(super) fn document(body: &Value) -> Detail {
    Detail {
        title: file::name(body),
        ..recording(body)
    }
}

/// `0:12` or `1:02:03`. `None` for no duration and for more than a day, which no recording has.
fn duration(seconds: Option<&Value>) -> Option<String> {
    let seconds = fields::integer(seconds).filter(|seconds| (1..86_400).contains(seconds))?;
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    })
}

pub(super) fn location(body: &Value) -> Detail {
    let name = fields::title(body, &["/name"]);
    let address = fields::title(body, &["/address"]);
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

pub(super) fn contact(body: &Value) -> Detail {
    let card = vcard::read(&fields::text(body.get("vcard")).unwrap_or_default());
    let lines = (!card.details.is_empty()).then(|| card.details.join(", "));
    Detail {
        title: card.name.or_else(|| fields::title(body, &["/displayName"])),
        caption: None,
        lines: lines.into_iter().collect(),
    }
}

pub(super) fn contacts(body: &Value) -> Detail {
    let lines = items(body, "contacts").filter_map(|item| {
        let Detail { title, lines, .. } = contact(item);
        let parts: Vec<_> = title.into_iter().chain(lines).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    });
    Detail {
        lines: listed(lines.collect()),
        title: fields::title(body, &["/displayName"]),
        caption: None,
    }
}

pub(super) fn poll(body: &Value) -> Detail {
    let options = items(body, "options").filter_map(|option| {
        Some(format!(
            "- {}",
            fields::title(option, &["/optionName", ""])?
        ))
    });
    let results = items(body, "pollVotes").filter_map(|vote| {
        let name = fields::title(vote, &["/optionName"])?;
        let count = fields::integer(vote.get("optionVoteCount")).unwrap_or(0);
        Some(format!("- {name}: {count}"))
    });
    Detail {
        title: fields::title(body, &["/name"]),
        caption: None,
        lines: listed(options.chain(results).collect()),
    }
}

/// An amount in thousandths with its currency: `MYR 178.00`.
fn price(amount1000: Option<&Value>, currency: Option<&Value>) -> Option<String> {
    let thousandths = fields::integer(amount1000)?;
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
    Some(match fields::token(currency, 3) {
        Some(currency) => format!("{currency} {amount}"),
        None => amount,
    })
}

/// Joins the parts that exist with commas.
pub(super) fn together(parts: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

pub(super) fn order(body: &Value) -> Detail {
    let count = fields::integer(body.get("itemCount")).filter(|count| *count > 0);
    let count = count.map(|count| format!("{count} item{}", if count == 1 { "" } else { "s" }));
    let total = price(body.get("totalAmount1000"), body.get("totalCurrencyCode"));
    Detail {
        title: together([fields::title(body, &["/orderTitle"]), count, total]),
        caption: caption(body, &["/message"]),
        lines: Vec::new(),
    }
}

pub(super) fn product(body: &Value) -> Detail {
    let product = body.get("product").unwrap_or(&Value::Null);
    let currency = product.get("currencyCode");
    // The sale amount is 0 when there is no sale.
    let amount = ["salePriceAmount1000", "priceAmount1000"]
        .iter()
        .find_map(|field| {
            product
                .get(field)
                .filter(|amount| fields::integer(Some(amount)) != Some(0))
        });
    let name = fields::title(body, &["/product/title", "/catalog/title"]);
    Detail {
        title: together([name, price(amount, currency)]),
        caption: caption(
            body,
            &["/body", "/product/description", "/catalog/description"],
        ),
        lines: fields::title(body, &["/product/url"]).into_iter().collect(),
    }
}

pub(super) fn call_log(body: &Value) -> Detail {
    let video = fields::flag(body.get("isVideo"));
    let outcome = body.get("callOutcome");
    let outcome = match (fields::integer(outcome), fields::text(outcome).as_deref()) {
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

pub(super) fn scheduled_call(body: &Value) -> Detail {
    let at = fields::integer(body.get("scheduledTimestampMs")).map(|ms| Value::from(ms / 1000));
    Detail {
        title: together([fields::title(body, &["/title"]), moment(at.as_ref())]),
        ..Detail::default()
    }
}

pub(super) fn event(body: &Value) -> Detail {
    let name = fields::title(body, &["/name"]);
    let cancelled = fields::flag(body.get("isCanceled")).then(|| "cancelled".to_owned());
    let place = fields::title(body, &["/location/name", "/location/address"]);
    let start = moment(body.get("startTime"));
    let end = start.as_ref().and_then(|_| moment(body.get("endTime")));
    let when = start.map(|start| match end {
        Some(end) => format!("{start} to {end}"),
        None => start,
    });
    let map = body.get("location").and_then(map_link);
    let link = fields::title(body, &["/joinLink"]);
    Detail {
        title: together([name, cancelled]),
        caption: caption(body, &["/description"]),
        lines: [when, place, map, link].into_iter().flatten().collect(),
    }
}

/// A time to the minute, in UTC, because the reader's time zone is not known here.
fn moment(seconds: Option<&Value>) -> Option<String> {
    let at: OffsetDateTime = fields::instant(seconds)?;
    let (year, month, day) = at.to_calendar_date();
    let (hour, minute) = (at.hour(), at.minute());
    Some(format!(
        "{year}-{:02}-{day:02} {hour:02}:{minute:02} UTC",
        u8::from(month)
    ))
}

/// An amount of `value` in units of which `offset` make a whole, with its currency; none for nothing.
pub(super) fn money(amount: Option<&Value>, currency: Option<&Value>) -> Option<String> {
    let amount = amount?;
    let value = fields::integer(amount.get("value")).filter(|value| *value != 0)?;
    let offset = fields::integer(amount.get("offset")).filter(|offset| *offset > 0)?;
    let thousandths = i64::try_from(i128::from(value) * 1000 / i128::from(offset)).ok()?;
    let own = amount
        .get("currencyCode")
        .or_else(|| amount.get("currency"));
    price(Some(&Value::from(thousandths)), own.or(currency))
}

pub(super) fn payment(body: &Value) -> Detail {
    let money = money(body.get("amount"), body.get("currencyCodeIso4217"));
    let note = body.get("noteMessage").map(|note| {
        // A note may be wrapped, because it disappears.
        note.pointer("/ephemeralMessage/message").unwrap_or(note)
    });
    Detail {
        title: money.or_else(|| price(body.get("amount1000"), body.get("currencyCodeIso4217"))),
        caption: note.and_then(|note| {
            caption(
                note,
                &[
                    "/extendedTextMessage/text",
                    "/conversation",
                    "/imageMessage/caption",
                ],
            )
        }),
        lines: moment(body.get("expiryTimestamp"))
            .map(|until| format!("Until {until}"))
            .into_iter()
            .collect(),
    }
}
