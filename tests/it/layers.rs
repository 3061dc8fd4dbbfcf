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

/// Every path behind a `crate::`, with the braces of imports taken apart.
fn named_paths(text: &str) -> Vec<Vec<&str>> {
    let code: Vec<_> = text.split_inclusive('\n').collect();
    let mut found = Vec::new();
    let mut at = 0;
    for line in code {
        if !line.trim_start().starts_with("//") {
            for (start, name) in line.match_indices("crate::") {
                found.extend(path_tree(&text[at + start + name.len()..]).0);
            }
        }
        at += line.len();
    }
    found
}

/// The paths that begin here, and what follows them.
fn path_tree(text: &str) -> (Vec<Vec<&str>>, &str) {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        let mut paths = Vec::new();
        while let Some(end) = rest.find(|c: char| c == '}' || c == '_' || c.is_alphanumeric()) {
            if rest[end..].starts_with('}') {
                return (paths, &rest[end + 1..]);
            }
            let (inner, after) = path_tree(&rest[end..]);
            paths.extend(inner);
            rest = after;
        }
        return (paths, "");
    }
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric());
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    match rest.strip_prefix("::") {
        Some(rest) => {
            let (mut paths, rest) = path_tree(rest);
            for path in &mut paths {
                path.insert(0, name);
            }
            (paths, rest)
        }
        None => (vec![vec![name]], rest),
    }
}

/// Which module of a crate names which others in other branches of its tree. A parent and what lies below it are one
/// subject and may name each other.
fn imports(root: &Path) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let module = |path: &Path| -> Vec<String> {
        let path = path.strip_prefix(root).unwrap().with_extension("");
        let parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
        parts.filter(|part| part != "mod").collect()
    };
    let files = sources(root);
    let modules: BTreeSet<_> = files.iter().map(|path| module(path)).collect();
    let mut found = BTreeMap::new();
    for file in &files {
        let (own, text) = (module(file), std::fs::read_to_string(file).unwrap());
        let named = named_paths(&text).into_iter().filter_map(|path| {
            let path: Vec<_> = path.into_iter().map(str::to_owned).collect();
            let parts = (1..=path.len()).rev().map(|length| &path[..length]);
            parts.map(<[_]>::to_vec).find(|part| modules.contains(part))
        });
        let others = named.filter(|other| !own.starts_with(other) && !other.starts_with(&own));
        found.insert(own.clone(), others.collect());
    }
    found
}

/// The modules that are in a circle or on the way from one to another.
fn circles(
    mut imports: BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    loop {
        let named: BTreeSet<_> = imports.values().flatten().cloned().collect();
        let before = imports.len();
        imports.retain(|own, others| !others.is_empty() && named.contains(own));
        if imports.len() == before {
            return imports;
        }
        let left: BTreeSet<_> = imports.keys().cloned().collect();
        for others in imports.values_mut() {
            others.retain(|other| left.contains(other));
        }
    }
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

#[test]
fn no_two_files_import_each_other_on_any_way() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = std::fs::read_dir(repository.join("crates")).unwrap();
    let mut roots = vec![repository.join("src"), repository.join("benches/load")];
    roots.extend(crates.map(|entry| entry.unwrap().path().join("src")));
    for root in roots {
        let found = circles(imports(&root));
        assert!(found.is_empty(), "{}: {found:#?}", root.display());
    }
}

#[test]
fn a_circle_would_be_noticed() {
    let text = "use crate::a::{b, c::{D, e as f}, *};\n// crate::x\nfn g() { crate::h::i() }";
    let paths = [vec!["a", "b"], vec!["a", "c", "D"], vec!["a", "c", "e"]];
    let found = named_paths(text);
    assert!(paths.iter().all(|path| found.contains(path)), "{found:?}");
    assert!(found.contains(&vec!["h", "i"]) && !found.contains(&vec!["x"]));
    let name = |name: &str| vec![name.to_owned()];
    let edge = |from, to| (name(from), BTreeSet::from([name(to)]));
    let mut edges = BTreeMap::from([edge("a", "b"), edge("b", "c")]);
    assert!(circles(edges.clone()).is_empty());
    edges.extend([edge("c", "a"), edge("d", "a")]);
    assert_eq!(circles(edges).len(), 3);
}
