//! What a target reads: a title, a text, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::crypto::derive_secret;
use crate::db::alerts::Turn;
use crate::db::alerts::ledger::{Item, Stage};
use crate::doctor;
use crate::doctor::{Finding, State};
use crate::model::language::Language;
use crate::workers::Context;
use crate::workers::alerts::digest;
use crate::workers::alerts::digest::{Reader, label, page, place, stage, zone};

/// A message.
#[derive(Debug)]
pub(super) struct Message {
    /// One line.
    pub title: String,
    /// Some lines.
    pub text: String,
    /// Everything, in our own form.
    pub json: Value,
    /// The same for the same news.
    pub id: String,
}

impl Message {
    /// The message about these incidents; about none: a test.
    pub(super) fn new(turn: &Turn, items: &[Item], language: Language, context: &Context) -> Self {
        let title = title(items, language);
        let is_operators = turn.channel.company().is_none();
        let reader = Reader {
            language,
            pages: is_operators.then_some(context.public_url.as_str()),
        };
        let text = text(items, reader);
        let ordered = digest::order(items);
        let alerts: Vec<_> = ordered.iter().map(|item| entry(item, reader)).collect();
        let id = id(turn, items);
        let json = json!({
            "version": 1,
            "id": id,
            "at": moment(context.clock.now()),
            "title": title,
            "text": text,
            "alerts": alerts,
        });
        Self {
            title,
            text,
            json,
            id,
        }
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

fn text(items: &[Item], reader: Reader<'_>) -> String {
    if items.is_empty() {
        let test = reader.language.pick(
            "This target gets alerts of incidents from now on: when one begins, daily while it lasts, and when it is over.",
            "Mulai sekarang sasaran ini menerima makluman masalah: apabila bermula, setiap hari selagi ada, dan apabila selesai.",
        );
        return test.to_owned();
    }
    digest::text(items, reader)
}

fn entry(item: &Item, reader: Reader<'_>) -> Value {
    let language = reader.language;
    let of = &item.incident;
    let found = (item.stage != Stage::Ended).then(|| doctor::describe_in(&zone(item), of));
    let said = |pick: fn(&Finding) -> Option<&crate::model::language::Text>| {
        found
            .as_ref()
            .and_then(pick)
            .map(|text| text.of(language).to_owned())
    };
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
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
        "page": page(item, reader),
    })
}

fn moment(at: OffsetDateTime) -> Option<String> {
    at.format(&Rfc3339).ok()
}
