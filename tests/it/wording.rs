//! The words that people read: `docs/wording.md` lists all of them in both languages for whoever reviews the Malay, and one
//! thing has one word.
//!
//! The sentences are read from the sources, where both languages stand side by side: in calls of `pick` and `Text::new`,
//! and in the tables of states and reasons.

mod literals;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use literals::Pair;

const FILE: &str = "docs/wording.md";
const HEAD: &str = "# Wording\n\nEvery sentence that people read, in English and in Malay, for a Malay speaker's review; and the \
    terms, of which each\nthing has one. Generated: `WRITE_WORDING=1 cargo test --test it wording` writes this file, and the \
    tests compare it. A\nsentence is changed in the file that stands above it. `{…}` stands for a value.\n";

/// A term in English and in Malay, the part of the Malay word that all its forms have, and what it is.
const TERMS: [(&str, &str, &str, &str); 32] = [
    (
        "agency",
        "agensi",
        "agensi",
        "the GHL account above sub-accounts",
    ),
    (
        "sub-account",
        "sub-akaun",
        "sub-akaun",
        "GHL also calls it location",
    ),
    (
        "location",
        "sub-akaun",
        "sub-akaun",
        "only in commands and settings; people read sub-account",
    ),
    (
        "operator",
        "pengendali",
        "pengendali",
        "whoever runs this service",
    ),
    (
        "customer",
        "pelanggan",
        "pelanggan",
        "who writes to the business on WhatsApp",
    ),
    ("contact", "kenalan", "kenalan", "a customer in GHL"),
    (
        "conversation",
        "perbualan",
        "perbualan",
        "the messages with a contact in GHL",
    ),
    ("message", "mesej", "mesej", ""),
    (
        "reply",
        "balasan, membalas",
        "balas",
        "a customer's message",
    ),
    (
        "number",
        "nombor",
        "nombor",
        "the business's WhatsApp number",
    ),
    ("phone", "telefon", "telefon", ""),
    (
        "link",
        "pautan, memautkan",
        "aut",
        "of a phone to Waapify; also a link on a page",
    ),
    (
        "connect",
        "sambungan, menyambung",
        "ambung",
        "of a number to a sub-account",
    ),
    (
        "install",
        "pemasangan, memasang",
        "asang",
        "of the app in GHL",
    ),
    ("uninstall", "nyahpasang", "nyahpasang", ""),
    (
        "provider",
        "penyedia",
        "penyedia",
        "the SMS provider that a sub-account has chosen",
    ),
    (
        "credentials",
        "maklumat sambungan",
        "maklumat sambungan",
        "instance id and access token of Waapify",
    ),
    (
        "instance",
        "sambungan",
        "sambungan",
        "a number's place in Waapify, which shows its id as Instance ID",
    ),
    ("service", "perkhidmatan", "perkhidmatan", "this program"),
    (
        "alert",
        "makluman",
        "makluman",
        "what a person is told of an incident",
    ),
    (
        "incident",
        "masalah",
        "masalah",
        "something that needs a person",
    ),
    (
        "on hold",
        "ditahan",
        "tahan",
        "a number that sends nothing for now",
    ),
    (
        "held",
        "ditahan",
        "tahan",
        "a message that is not shown in GHL for now",
    ),
    (
        "ticks",
        "pengesahan",
        "pengesahan",
        "WhatsApp's confirmations: delivered, read",
    ),
    ("setting", "tetapan", "tetap", ""),
    ("event", "peristiwa", "peristiwa", "what a vendor reports"),
    (
        "attachment",
        "lampiran",
        "lampiran",
        "a file that the business sends",
    ),
    ("file", "fail", "fail", "a file that a customer sends"),
    ("group", "kumpulan", "kumpulan", "a WhatsApp group"),
    ("database", "pangkalan data", "pangkalan data", ""),
    ("failure", "kegagalan", "gagal", ""),
    ("page", "halaman", "halaman", ""),
];

/// Names that vendors give things, which stay as they are, and words that are no terms where they stand.
const NAMES: [&str; 17] = [
    "Advanced Settings",
    "Settings (iPhone)",
    "Conversation Providers",
    "Custom Conversation Provider",
    "custom conversation provider",
    "conversations/message.write",
    "locations.readonly",
    "Linked devices",
    "Link a device",
    "Agency. It must be Sub-account",
    "target user must be Sub-Account",
    "{{alert}}",
    "tell whoever gave you",
    "Phone Numbers",
    "Instance ID",
    "Conversation provider",
    "+{number}",
];

/// Words that must not stand in what people read, because another one is the term.
const OTHER_WORDS: [(&str, &str); 6] = [
    ("troubles", "incidents"),
    ("acara", "peristiwa"),
    ("lokasi", "sub-akaun"),
    ("muatkan semula", "muat semula"),
    ("setelan", "tetapan"),
    ("perangkat", "peranti"),
];

/// A sentence that old rows keep as it was (`old_reasons`).
const KEPT: &str = "GHL's grant names neither a location nor a company";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The sentences of each file that has some.
fn sentences() -> Vec<(String, Vec<Pair>)> {
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap();
        (name.to_owned(), literals::pairs(&text))
    };
    let all = sources(&root().join("src")).into_iter().map(read);
    all.filter(|(_, pairs)| !pairs.is_empty()).collect()
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.trim()
        .replace('|', "\\|")
        .replace('<', "\\<")
        .replace('\n', " ")
}

fn list(sentences: &[(String, Vec<Pair>)]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Terms\n\n| English | Malay | what it is |\n|---|---|---|\n");
    for (english, malay, _, meaning) in TERMS {
        writeln!(page, "| {english} | {malay} | {meaning} |").unwrap();
    }
    for (file, pairs) in sentences {
        writeln!(page, "\n## `{file}`\n\n| English | Malay |\n|---|---|").unwrap();
        for Pair { english, malay } in pairs {
            writeln!(page, "| {} | {} |", cell(english), cell(malay)).unwrap();
        }
    }
    page
}

#[test]
fn the_list_for_review_has_every_sentence() {
    let (page, file) = (list(&sentences()), root().join(FILE));
    if std::env::var_os("WRITE_WORDING").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == page,
        "{FILE} is not what the sources say: WRITE_WORDING=1 cargo test --test it wording"
    );
}

/// Waapify's label of the field is English everywhere; our own sentences are not.
#[test]
fn malay_sentences_have_a_malay_word_for_an_instance() {
    for (file, pairs) in sentences() {
        for pair in pairs {
            let malay = pair.malay.replace("Instance ID", " ").to_lowercase();
            assert!(!malay.contains("instance"), "{file}: {}", pair.malay);
            assert!(!malay.contains("this app"), "{file}: {}", pair.malay);
        }
    }
}

/// Whether a text has a term, or a plural or past of it.
fn has_term(text: &str, term: &str) -> bool {
    let mut text = text.to_owned();
    for name in NAMES {
        text = text.replace(name, " ");
    }
    let text = text.to_lowercase();
    let is_end =
        |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || "-_/{".contains(c));
    text.match_indices(term).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let begins = before.is_none_or(|c| !c.is_alphanumeric() && !"-_/{".contains(c));
        let rest = &text[at + term.len()..];
        begins
            && ["", "s", "ed", "led", "'s"]
                .iter()
                .any(|end| rest.strip_prefix(end).is_some_and(is_end))
    })
}

#[test]
fn one_thing_has_one_word() {
    let mut faults = Vec::new();
    for (file, pairs) in sentences() {
        for Pair { english, malay } in pairs.into_iter().filter(|pair| pair.english != KEPT) {
            let theirs = malay.to_lowercase();
            for (term, word, stem, _) in TERMS {
                if has_term(&english, term) && !theirs.contains(stem) {
                    faults.push(format!("{file}: {term} is {word}: {english:?} {malay:?}"));
                }
            }
            for (other, term) in OTHER_WORDS {
                if theirs.contains(other) || english.to_lowercase().contains(other) {
                    faults.push(format!(
                        "{file}: {term}, not {other}: {english:?} {malay:?}"
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
