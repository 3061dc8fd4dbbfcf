//! Every file that the documents name exists.

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
