//! The text of a message: the worst first, and what has one cause together, so that of hundreds of incidents none that
//! matters is hidden behind others.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::db::alerts::ledger::{Item, Stage};
use crate::db::history::incidents::NO_LOCATION;
use crate::doctor;
use crate::doctor::State;
use crate::model::language::Language;
use crate::model::zone::Zone;

/// Longest text of several incidents, in bytes; the rest is counted, and is in the JSON. Discord takes 2,000 characters,
/// Telegram and ntfy some 4,000.
const MAX_TEXT: usize = 1_800;
/// Up to so many causes, a text also says what to do about each.
const EXPLAINED: usize = 3;
/// Incidents of one cause that are named; the page of the first leads to the others.
const NAMED: usize = 3;

/// Who reads a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub language: Language,
    /// Where the operator's pages are; none for whoever must not get links to them.
    pub pages: Option<&'a str>,
}

/// How bad it is; the least is the worst.
type Rank = (bool, bool, bool, bool);

/// The worst first: what goes on before what is over, the service before sub-accounts, what is broken before warnings, and
/// the new before what is known.
pub(super) fn order(items: &[Item]) -> Vec<&Item> {
    let mut ordered: Vec<_> = items.iter().collect();
    // Stable: within one rank the oldest comes first, as the ledger has it.
    ordered.sort_by_key(|item| rank(item));
    ordered
}

fn rank(item: &Item) -> Rank {
    let is_ended = item.stage == Stage::Ended;
    let is_warning = !is_ended && doctor::severity(item.incident.kind) != State::Bad;
    (
        is_ended,
        !is_of_service(item),
        is_warning,
        item.stage == Stage::Lasts,
    )
}

/// The text about these incidents.
pub(super) fn text(items: &[Item], reader: Reader<'_>) -> String {
    let groups = group(order(items));
    let language = reader.language;
    let mut text = String::new();
    let mut told = 0;
    for items in &groups {
        let mut lines = describe(items, reader);
        if groups.len() <= EXPLAINED {
            lines += &todo(items, language);
        }
        if told > 0 && text.len() + lines.len() > MAX_TEXT {
            break;
        }
        told += items.len();
        text += &lines;
    }
    if items.len() > told {
        let more = items.len() - told;
        // Writing to a `String` cannot fail.
        let _ = match language {
            Language::English => writeln!(text, "and {more} more"),
            Language::Malay => writeln!(text, "dan {more} lagi"),
        };
    }
    text.trim_end().to_owned()
}

/// Puts together what has one rank and one cause, in the order of the first of each.
fn group(items: Vec<&Item>) -> Vec<Vec<&Item>> {
    let mut groups: Vec<Vec<&Item>> = Vec::new();
    for item in items {
        let found = groups.iter_mut().find(|group| {
            let first = group.first();
            first.is_some_and(|first| cause(first) == cause(item))
        });
        match found {
            Some(group) => group.push(item),
            None => groups.push(vec![item]),
        }
    }
    // Stable: within one rank the cause of most comes first.
    groups.sort_by_key(|group| {
        (
            group.first().map(|item| rank(item)),
            usize::MAX - group.len(),
        )
    });
    groups
}

fn cause(item: &Item) -> (Rank, &'static str, Option<&str>, Option<&str>) {
    let of = &item.incident;
    let reason = of.reason.as_ref().map(crate::model::reason::Reason::code);
    (rank(item), of.kind.as_str(), of.detail.as_deref(), reason)
}

/// The lines about incidents of one cause.
fn describe(items: &[&Item], reader: Reader<'_>) -> String {
    let language = reader.language;
    let Some(first) = items.first() else {
        return String::new();
    };
    let (stage, what) = (stage(first, language), what(first, language));
    if items.len() == 1 {
        let mut line = format!("{stage}{}: {what}\n", place(first, language));
        if let Some(page) = page(first, reader) {
            let _ = writeln!(line, "  {page}");
        }
        return line;
    }
    let mut lines = format!("{stage}{}: {what}", count(items, language));
    lines += language.pick("; first:\n", "; yang pertama:\n");
    for item in items.iter().take(NAMED) {
        let page = page(item, reader).map(|page| format!(": {page}"));
        let _ = writeln!(
            lines,
            "  - {}{}",
            place(item, language),
            page.unwrap_or_default()
        );
    }
    lines
}

/// How many they are.
fn count(items: &[&Item], language: Language) -> String {
    let all = items.len();
    let locations: BTreeSet<_> = items
        .iter()
        .map(|item| item.incident.location_id.as_str())
        .collect();
    if items.iter().any(|item| is_of_service(item)) {
        return match language {
            Language::English => format!("the service, {all} times"),
            Language::Malay => format!("perkhidmatan, {all} kali"),
        };
    }
    match (language, locations.len()) {
        (Language::English, many) if many == all => format!("{all} sub-accounts"),
        (Language::Malay, many) if many == all => format!("{all} sub-akaun"),
        (Language::English, 1) => format!("{all} numbers of one sub-account"),
        (Language::Malay, 1) => format!("{all} nombor satu sub-akaun"),
        (Language::English, many) => format!("{all} numbers of {many} sub-accounts"),
        (Language::Malay, many) => format!("{all} nombor {many} sub-akaun"),
    }
}

/// What is wrong, and since when; of what is over, what it was.
fn what(item: &Item, language: Language) -> String {
    if item.stage == Stage::Ended {
        return label(item, language).to_owned();
    }
    let zone = zone(item);
    let finding = doctor::describe_in(&zone, &item.incident);
    format!(
        "{} ({} {})",
        finding.what.of(language),
        language.pick("since", "sejak"),
        zone.minutes(item.incident.since)
    )
}

/// A line that says what to do about the first; none about what is over.
fn todo(items: &[&Item], language: Language) -> String {
    let lasting = items.iter().find(|item| item.stage != Stage::Ended);
    let finding = lasting.map(|item| doctor::describe_in(&zone(item), &item.incident));
    let todo = finding.and_then(|finding| finding.todo);
    todo.map_or_else(String::new, |todo| {
        let head = language.pick("Do this:", "Buat ini:");
        format!("  {head} {}\n", todo.of(language))
    })
}

fn is_of_service(item: &Item) -> bool {
    item.incident.location_id.as_str() == NO_LOCATION
}

/// The operator's page of the sub-account, or of the service.
pub(super) fn page(item: &Item, reader: Reader<'_>) -> Option<String> {
    let pages = reader.pages?.trim_end_matches('/');
    Some(if is_of_service(item) {
        format!("{pages}/operator")
    } else {
        format!("{pages}/operator/locations/{}", item.incident.location_id)
    })
}

/// The sub-account's zone, else this machine's.
pub(super) fn zone(item: &Item) -> Zone {
    item.zone.clone().unwrap_or_else(Zone::system)
}

pub(super) fn label(item: &Item, language: Language) -> &'static str {
    item.incident.kind.label(language)
}

pub(super) fn stage(item: &Item, language: Language) -> &'static str {
    match item.stage {
        Stage::Begun => "",
        Stage::Lasts => language.pick("Still: ", "Masih: "),
        Stage::Ended => language.pick("Over: ", "Selesai: "),
    }
}

/// Where it is: the sub-account by its name and id, and the number.
pub(super) fn place(item: &Item, language: Language) -> String {
    let of = &item.incident;
    if is_of_service(item) {
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
        // Writing to a `String` cannot fail.
        let _ = write!(place, ", +{}", of.number);
    }
    place
}
