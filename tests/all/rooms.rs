//! The modules of a crate use each other in one direction: no circle of files, and none of top-level modules, so that each
//! can be read, and taken out, with nothing but what is below it. The header of the crate's `lib.rs` states the order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Crates whose modules have an order.
const CRATES: &[&str] = &["crates/hub", "crates/lm", "crates/mrds", "crates/project"];

/// Modules, by their path in the crate (`model::decoder`), and those that each one names.
type Edges = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_go_in_one_direction() {
    for room in CRATES {
        let files = edges(&root().join(room).join("src"));
        assert!(
            files.values().any(|named| !named.is_empty()),
            "{room}: no module names another; this test looks at nothing"
        );
        for (what, edges) in [("files", &files), ("modules", &of_top_level(&files))] {
            let circle = circle(edges);
            assert!(
                circle.is_none(),
                "{room}: these {what} use each other in a circle; move what both need below them:\n  {}",
                circle.unwrap_or_default().join(" → ")
            );
        }
    }
}

#[test]
fn paths_are_found_in_product_code_alone() {
    let named = |source: &str| -> Vec<String> {
        let paths = paths_named(source, "model::decoder");
        paths.iter().map(|path| path.join("::")).collect()
    };
    assert_eq!(
        named("use crate::a::X;\nlet y = crate::b::f(); // crate::c\n/// [`crate::d`]\n"),
        ["a::X", "b::f"]
    );
    assert_eq!(
        named("use crate::{\n    a::{X, y::{Y, Z as W}},\n    b,\n};\n"),
        ["a::X", "a::y::Y", "a::y::Z", "b"]
    );
    assert_eq!(named("use super::rope::Rope;\n"), ["model::rope::Rope"]);
    assert_eq!(
        named("use super::super::ops;\n#[cfg(test)]\nmod tests {\n    use crate::c;\n}\n"),
        ["ops"]
    );
}

#[test]
fn a_circle_is_found() {
    let edges = |pairs: &[(&str, &[&str])]| -> Edges {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let edge = |(from, to): &(&str, &[&str])| ((*from).to_owned(), names(to));
        pairs.iter().map(edge).collect()
    };
    let straight = edges(&[("a", &["b::x", "c"]), ("b::x", &["c"]), ("b", &["a"])]);
    assert_eq!(circle(&straight), None);
    let found = circle(&of_top_level(&straight)).unwrap();
    assert_eq!(found, ["a", "b", "a"]);
    let round = edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])]);
    assert_eq!(circle(&round).unwrap(), ["b", "c", "b"]);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The edges between the files of a crate.
fn edges(source: &Path) -> Edges {
    let mut files = BTreeMap::new();
    product_files(source, "", &mut files);
    let used = |from: &str, file: &Path| -> BTreeSet<String> {
        let text = std::fs::read_to_string(file).unwrap();
        let modules = paths_named(&text, from)
            .into_iter()
            .filter_map(|path| deepest(&path, &files));
        modules.filter(|module| module != from).collect()
    };
    let edge = |(module, file): (&String, &PathBuf)| (module.clone(), used(module, file));
    files.iter().map(edge).collect()
}

/// The module that a path leads through last: an item belongs to the file that it is named by.
fn deepest(path: &[String], files: &BTreeMap<String, PathBuf>) -> Option<String> {
    (1..=path.len())
        .rev()
        .map(|count| path[..count].join("::"))
        .find(|module| files.contains_key(module))
}

/// The same edges between top-level modules.
fn of_top_level(files: &Edges) -> Edges {
    let top = |module: &String| module.split("::").next().unwrap().to_owned();
    let mut edges = Edges::new();
    for (from, named) in files {
        let from = top(from);
        let to = named.iter().map(top).filter(|to| *to != from);
        edges.entry(from.clone()).or_default().extend(to);
    }
    edges
}

/// Files of product code by module: neither the crate's root nor files that contain only tests.
fn product_files(folder: &Path, module: &str, files: &mut BTreeMap<String, PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let stem = name.trim_end_matches(".rs");
        if stem.starts_with("test_") || stem.ends_with("tests") {
            continue;
        }
        let inner = match (module, stem) {
            ("", "lib" | "main") => continue,
            (module, "mod") => module.to_owned(),
            ("", stem) => stem.to_owned(),
            (module, stem) => format!("{module}::{stem}"),
        };
        if path.is_dir() {
            product_files(&path, &inner, files);
        } else if name.ends_with(".rs") {
            files.insert(inner, path);
        }
    }
}

/// Every path that begins with `crate` or `super` in the source of `module`, from the crate's root: its tests, comments
/// and documentation left out.
fn paths_named(source: &str, module: &str) -> Vec<Vec<String>> {
    let product = source.split("\n#[cfg(test)]\nmod tests {").next().unwrap();
    let lines: Vec<&str> = product
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect();
    let code = lines.join("\n");
    let mut paths = Vec::new();
    for start in ["crate::", "super::"] {
        for (index, _) in code.match_indices(start) {
            if code[..index].ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c)) {
                continue;
            }
            let mut base: Vec<String> = Vec::new();
            let mut unread = &code[index..];
            if start == "super::" {
                base = module.split("::").map(str::to_owned).collect();
                while let Some(further) = unread.strip_prefix("super::") {
                    base.pop();
                    unread = further;
                }
            }
            read_path(
                unread.strip_prefix("crate::").unwrap_or(unread),
                base,
                &mut paths,
            );
        }
    }
    paths
}

/// Reads `a::b`, or every path of `a::{b, c::d}`; returns what follows.
fn read_path<'a>(text: &'a str, before: Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let (mut path, mut unread) = (before, text.trim_start());
    loop {
        if let Some(mut group) = unread.strip_prefix('{') {
            while !group.trim_start().starts_with('}') {
                let after = read_path(group, path.clone(), paths);
                // An item ends at its comma, whatever name it is given; a group that goes on like no path ends here.
                let end = after.find([',', '}']).unwrap_or(after.len());
                group = after[end..].strip_prefix(',').unwrap_or(&after[end..]);
                if group.is_empty() {
                    return group;
                }
            }
            let closed = group.trim_start();
            return closed.strip_prefix('}').unwrap_or(closed);
        }
        let end = unread
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(unread.len());
        path.push(unread[..end].to_owned());
        match unread[end..].strip_prefix("::") {
            Some(further) => unread = further,
            None => {
                paths.push(path);
                return &unread[end..];
            }
        }
    }
}

/// A circle of modules, from one of them back to it.
fn circle(edges: &Edges) -> Option<Vec<String>> {
    let (mut done, mut path) = (BTreeSet::new(), Vec::new());
    edges
        .keys()
        .find_map(|module| circle_from(module, edges, &mut done, &mut path))
}

fn circle_from(
    module: &str,
    edges: &Edges,
    done: &mut BTreeSet<String>,
    path: &mut Vec<String>,
) -> Option<Vec<String>> {
    if let Some(index) = path.iter().position(|on_path| on_path == module) {
        let mut circle = path[index..].to_vec();
        circle.push(module.to_owned());
        return Some(circle);
    }
    if done.contains(module) {
        return None;
    }
    path.push(module.to_owned());
    let mut named = edges.get(module).into_iter().flatten();
    let found = named.find_map(|next| circle_from(next, edges, done, path));
    path.pop();
    done.insert(module.to_owned());
    found
}
