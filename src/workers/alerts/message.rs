//! What a target reads: a title, a text, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::crypto::derive_secret;
use crate::db::alerts::Turn;
use crate::db::alerts::ledger::{Item, Stage};
use crate::db::history::incidents::NO_LOCATION;
use crate::doctor;
use crate::doctor::{Finding, State};
use crate::model::language::Language;
use crate::model::zone::Zone;
use crate::workers::Context;

/// Longest text of several incidents, in bytes; the rest is counted, and is in the JSON. Discord takes 2,000 characters,
/// Telegram and ntfy some 4,000.
const MAX_TEXT: usize = 1_800;
/// Up to so many incidents, a text also says what to do about each.
const EXPLAINED: usize = 3;

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    /// One line.
    pub title: String,
    /// Some lines.
    pub text: String,
    /// Everything, in our own form.
    pub json: Value,
}

impl Message {
    /// The message about these incidents; about none: a test.
    pub(super) fn new(turn: &Turn, items: &[Item], language: Language, context: &Context) -> Self {
        let title = title(items, language);
        let text = text(items, language);
        let alerts: Vec<_> = items
            .iter()
            .map(|item| entry(item, language, turn.channel.company().is_none(), context))
            .collect();
        let json = json!({
            "version": 1,
            "id": id(turn, items),
            "at": moment(context.clock.now()),
            "title": title,
            "text": text,
            "alerts": alerts,
        });
        Self { title, text, json }
    }
}

/// The same for the same news, so that what was told twice can be recognised.
fn id(turn: &Turn, items: &[Item]) -> String {
    let mut news = String::new();
    for item in items {
        let (of, since) = (&item.incident, item.incident.since.unix_timestamp());
        // Writing to a `String` cannot fail.
        let _ = write!(
            news,
            "{}/{}/{}/{}/{since};",
            item.stage.as_str(),
            of.location_id,
            of.number,
            of.kind
        );
    }
    derive_secret(&turn.channel.to_string(), &news)
}

fn title(items: &[Item], language: Language) -> String {
    let said = match items {
        [] => language
            .pick(
                "a test: alerts arrive here",
                "ujian: makluman sampai ke sini",
            )
            .to_owned(),
        [item] => format!(
            "{}{}: {}",
            stage(item, language),
            place(item, language),
            label(item, language)
        ),
        _ => {
            let count = |stage| items.iter().filter(|item| item.stage == stage).count();
            let counts = [Stage::Begun, Stage::Lasts, Stage::Ended].map(count);
            match language {
                Language::English => format!(
                    "{} new, {} still there, {} over",
                    counts[0], counts[1], counts[2]
                ),
                Language::Malay => format!(
                    "{} baharu, {} masih ada, {} selesai",
                    counts[0], counts[1], counts[2]
                ),
            }
        }
    };
    format!("[Waapify] {said}")
}

fn text(items: &[Item], language: Language) -> String {
    let mut text = String::new();
    if items.is_empty() {
        text += language.pick(
            "This target gets alerts of incidents from now on: when one begins, daily while it lasts, and when it is over.",
            "Mulai sekarang sasaran ini menerima makluman masalah: apabila bermula, setiap hari selagi ada, dan apabila selesai.",
        );
    }
    let mut named = 0;
    for item in items {
        let (stage, place) = (stage(item, language), place(item, language));
        let line = format!("{stage}{place}: {}", what(item, items.len(), language));
        if named > 0 && text.len() + line.len() > MAX_TEXT {
            break;
        }
        named += 1;
        let _ = writeln!(text, "{line}");
    }
    if items.len() > named {
        let more = items.len() - named;
        let _ = match language {
            Language::English => writeln!(text, "and {more} more"),
            Language::Malay => writeln!(text, "dan {more} lagi"),
        };
    }
    text.trim_end().to_owned()
}

/// What is wrong, since when, and what to do if there are few; of what is over, what it was.
fn what(item: &Item, count: usize, language: Language) -> String {
    if item.stage == Stage::Ended {
        return label(item, language).to_owned();
    }
    let zone = zone(item);
    let finding = doctor::describe_in(&zone, &item.incident);
    let since = zone.minutes(item.incident.since);
    let mut what = format!(
        "{} ({} {since})",
        finding.what.of(language),
        language.pick("since", "sejak")
    );
    if let Some(todo) = finding.todo.as_ref().filter(|_| count <= EXPLAINED) {
        let _ = write!(
            what,
            "\n  {} {}",
            language.pick("Do this:", "Buat ini:"),
            todo.of(language)
        );
    }
    what
}

/// The sub-account's zone, else this machine's.
fn zone(item: &Item) -> Zone {
    item.zone.clone().unwrap_or_else(Zone::system)
}

fn label(item: &Item, language: Language) -> &'static str {
    item.incident.kind.label(language)
}

fn stage(item: &Item, language: Language) -> &'static str {
    match item.stage {
        Stage::Begun => "",
        Stage::Lasts => language.pick("Still: ", "Masih: "),
        Stage::Ended => language.pick("Over: ", "Selesai: "),
    }
}

/// Where it is: the sub-account by its name and id, and the number.
fn place(item: &Item, language: Language) -> String {
    let of = &item.incident;
    if of.location_id.as_str() == NO_LOCATION {
        let service = language.pick("the service", "perkhidmatan");
        return match of.number.as_str() {
            "" => service.to_owned(),
            subject => format!("{service} ({subject})"),
        };
    }
    let id = &of.location_id;
    let name = item.location_name.as_deref();
    let mut place = name.map_or_else(|| id.to_string(), |name| format!("{name} ({id})"));
    if !of.number.is_empty() {
        let _ = write!(place, ", +{}", of.number);
    }
    place
}

fn entry(item: &Item, language: Language, is_operators: bool, context: &Context) -> Value {
    let of = &item.incident;
    let found = (item.stage != Stage::Ended).then(|| doctor::describe_in(&zone(item), of));
    let said = |pick: fn(&Finding) -> Option<&crate::model::language::Text>| {
        found
            .as_ref()
            .and_then(pick)
            .map(|text| text.of(language).to_owned())
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let page = format!(
        "{}/operator/locations/{}",
        context.public_url.as_str().trim_end_matches('/'),
        of.location_id
    );
    json!({
        "stage": item.stage.as_str(),
        "kind": of.kind.as_str(),
        "label": of.kind.label(language),
        "severity": found.as_ref().map(|found| if found.state == State::Bad { "bad" } else { "warn" }),
        "location_id": text(of.location_id.as_str()),
        "location": item.location_name,
        "company_id": item.company_id,
        "subject": text(&of.number),
        "since": moment(of.since),
        "what": said(|found| Some(&found.what)),
        "why": said(|found| found.why.as_ref()),
        "todo": said(|found| found.todo.as_ref()),
        "page": (is_operators && of.location_id.as_str() != NO_LOCATION).then_some(page),
    })
}

fn moment(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}
