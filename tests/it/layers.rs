//! Which room may import which other: read from the sources, so that no import can break the order unnoticed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms of `src` from the top down. A room imports from lower layers only, and not from its own layer.
const LAYERS: [&[&str]; 8] = [
    &["cli"],
    &["app"],
    // They meet in Postgres only.
    &["http", "workers"],
    &["doctor"],
    &["accounts"],
    &["clients", "db"],
    &["config"],
    &["crypto"],
];
/// Rooms below all layers.
const GROUND: [&str; 2] = ["model", "runtime"];
/// So few that a newcomer can remember them.
const MOST_ROOMS: usize = 12;

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
    found
}

fn layer_of(room: &str) -> Option<usize> {
    if GROUND.contains(&room) {
        return Some(LAYERS.len());
    }
    LAYERS.iter().position(|layer| layer.contains(&room))
}

/// The rooms that a source names, in imports, paths and comments.
fn named_rooms(text: &str) -> BTreeSet<&str> {
    let names = text.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_lowercase() || c == '_'));
        &rest[..end.unwrap_or(rest.len())]
    });
    names.filter(|name| layer_of(name).is_some()).collect()
}

#[test]
fn every_room_stands_in_a_layer_and_there_are_at_most_twelve() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms: Vec<_> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["main.rs", "lib.rs"].contains(&name.as_str()))
        .collect();
    for room in &rooms {
        assert!(layer_of(room).is_some(), "{room} stands in no layer");
    }
    assert!(rooms.len() <= MOST_ROOMS, "{rooms:?}");
}

#[test]
fn no_room_imports_upwards_or_its_neighbour() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = BTreeMap::new();
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let Some(own) = inside
            .components()
            .next()
            .and_then(|it| it.as_os_str().to_str())
        else {
            continue;
        };
        let Some(layer) = layer_of(own) else {
            continue;
        };
        let text = std::fs::read_to_string(&path).unwrap();
        let bad: Vec<_> = named_rooms(&text)
            .into_iter()
            .filter(|other| *other != own && layer_of(other).is_some_and(|other| other <= layer))
            .map(str::to_owned)
            .collect();
        if !bad.is_empty() {
            wrong.insert(inside.to_path_buf(), bad);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_import_upwards_would_be_noticed() {
    let text = "use crate::http::HttpState;\nfn f() { crate::db::ping(); }";
    assert_eq!(named_rooms(text), BTreeSet::from(["db", "http"]));
    assert!(layer_of("http").unwrap() < layer_of("db").unwrap());
    assert_eq!(layer_of("http"), layer_of("workers"));
}
