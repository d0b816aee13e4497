//! The window says in German what the engine says in English: every setting by its key, every error by its code, every
//! fault of a row. The engine keeps the English words; these lists must not fall behind.

use std::collections::BTreeSet;
use std::path::Path;

use project::recipe::Recipe;

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the root")
        .join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The keys of a list of the page: its lines of the form `  key: …`.
fn keys(list: &str) -> BTreeSet<String> {
    let page = text(&format!("ui/src/text/de/{list}.ts"));
    let (_, body) = page.split_once("Record<string").expect("a list");
    let key = |line: &str| {
        let name = line.strip_prefix("  ")?.split_once(':')?.0;
        name.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            .then(|| name.to_owned())
    };
    body.lines().filter_map(key).collect()
}

/// Words of the form that codes have, wherever `begins` stands before their quotation mark.
fn codes(file: &str, begins: &str) -> BTreeSet<String> {
    let text = text(file);
    let words = text
        .split(begins)
        .skip(1)
        .filter_map(|after| after.strip_prefix('"')?.split('"').next());
    let is_code = |word: &&str| {
        word.chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    words
        .filter(|word| !word.is_empty())
        .filter(is_code)
        .map(str::to_owned)
        .collect()
}

fn nothing_missing(list: &str, wanted: &BTreeSet<String>) {
    let there = keys(list);
    let missing: Vec<&String> = wanted.difference(&there).collect();
    assert!(
        missing.is_empty(),
        "ui/src/text/de/{list}.ts lacks {missing:?}"
    );
}

#[test]
fn every_setting_has_german_words_and_no_other() {
    let fields = Recipe::default().fields().expect("the settings");
    let wanted: BTreeSet<String> = fields
        .into_iter()
        .map(|field| field.key.to_owned())
        .collect();
    assert!(wanted.len() > 60, "{}", wanted.len());
    assert_eq!(keys("recipe"), wanted);
}

#[test]
fn every_code_of_an_error_has_german_words() {
    let sources = [
        "crates/project/src/error.rs",
        "crates/project/src/error_store.rs",
        "crates/project/src/import/error.rs",
        "crates/mrds/src/error.rs",
        "crates/mrds/src/error_model.rs",
        "crates/hub/src/error.rs",
    ];
    let mut wanted: BTreeSet<String> = sources.iter().flat_map(|file| codes(file, "=> ")).collect();
    for file in [
        "download",
        "error",
        "instance",
        "log",
        "place",
        "worker",
        "command/setting",
    ] {
        let named = codes(&format!("src-tauri/src/{file}.rs"), "AppError::new(");
        wanted.extend(
            named
                .into_iter()
                .filter(|code| code.starts_with("window_") && code != "window_x"),
        );
    }
    assert!(wanted.len() > 55, "{wanted:?}");
    nothing_missing("errors", &wanted);
}

#[test]
fn every_fault_of_a_row_has_german_words() {
    let page = text("crates/project/src/import.rs");
    let (_, list) = page
        .split_once("A stable word: `")
        .expect("the list of codes");
    let (list, _) = list.split_once("pub code").expect("its end");
    let word = |word: &str| {
        word.trim_matches(|c: char| !c.is_ascii_alphanumeric())
            .to_owned()
    };
    let wanted: BTreeSet<String> = list
        .split_whitespace()
        .map(word)
        .filter(|word| !word.is_empty() && word != "and")
        .collect();
    assert!(
        wanted.contains("empty_summary") && wanted.contains("duplicate"),
        "{wanted:?}"
    );
    nothing_missing("issues", &wanted);
}
