//! Every file and every address inside the repository that the documents name exists.

use std::path::{Path, PathBuf};

/// Folders whose files the documents name.
const FOLDERS: [&str; 8] = [
    "src/",
    "crates/",
    "tests/",
    "benches/",
    "config/",
    "migrations/",
    "docs/",
    "fuzz/",
];
/// A README is read to its end only if it is short.
const MOST_README_LINES: usize = 120;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.ends_with("docs") || path.is_dir() && folder.ends_with("docs") {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found
}

/// The texts between backticks that look like a file of this repository.
fn named_paths(text: &str) -> Vec<&str> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted
        .map(|name| name.split('#').next().unwrap_or_default())
        .filter(|name| FOLDERS.iter().any(|folder| name.starts_with(folder)))
        .filter(|name| !name.contains(|c: char| "*{}<>… ".contains(c)))
        .collect()
}

/// The targets of links that lie in the repository: `](target)`.
fn link_targets(text: &str) -> Vec<&str> {
    let links = text.split("](").skip(1);
    links
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        .collect()
}

/// The anchor that a heading gets: in lower case, without punctuation, with hyphens for blanks.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

/// Whether `target`, as linked in `document`, exists: the file, and the heading if one is named.
fn leads_somewhere(document: &Path, target: &str) -> bool {
    let (path, heading) = target.split_once('#').unwrap_or((target, ""));
    let file = match path {
        "" => document.to_owned(),
        path => document.parent().unwrap().join(path),
    };
    if heading.is_empty() {
        return file.exists();
    }
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    headings.any(|line| anchor(line) == heading)
}

#[test]
fn every_link_in_a_document_leads_somewhere() {
    let mut dead = Vec::new();
    let mut links = 0;
    for document in documents(root()) {
        let text = std::fs::read_to_string(&document).unwrap();
        for target in link_targets(&text) {
            links += 1;
            if !leads_somewhere(&document, target) {
                dead.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(links > 50, "only {links} links were read");
    assert!(dead.is_empty(), "{dead:#?}");
}

#[test]
fn a_dead_link_is_noticed() {
    let readme = root().join("README.md");
    let text = "see [a](docs/ARCHITECTURE.md#rooms), [b](docs/none.md), [c](#no-such-heading), [d](https://example.com/)";
    let targets = link_targets(text);
    assert_eq!(
        targets,
        [
            "docs/ARCHITECTURE.md#rooms",
            "docs/none.md",
            "#no-such-heading"
        ]
    );
    let lead = targets
        .iter()
        .map(|target| leads_somewhere(&readme, target));
    assert!(lead.eq([true, false, false]));
}

#[test]
fn every_file_that_a_document_names_exists() {
    let mut missing = Vec::new();
    for document in documents(root()) {
        let text = std::fs::read_to_string(&document).unwrap();
        for path in named_paths(&text) {
            if !root().join(path).exists() {
                missing.push(format!("{}: {path}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_readmes_are_short() {
    for name in ["README.md", "README.ms.md"] {
        let lines = std::fs::read_to_string(root().join(name))
            .unwrap()
            .lines()
            .count();
        assert!(lines <= MOST_README_LINES, "{name} has {lines} lines");
    }
}

#[test]
fn a_path_is_found_in_a_text_and_other_words_are_not() {
    let text = "see `src/lib.rs` and `docs/vendors/ghl.md#refresh`, not `src/**` or src/main.rs or `cargo test`";
    assert_eq!(named_paths(text), ["src/lib.rs", "docs/vendors/ghl.md"]);
}
