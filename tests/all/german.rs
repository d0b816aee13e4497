//! The window says in German what the engine says in English: every setting by its key, every source of a default. What
//! has a code needs no test here: the page's tables are typed by the codes.

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
fn every_source_of_a_default_has_german_words() {
    let page = text("ui/src/text/de/sources.ts");
    let named = |source: &str| {
        [
            format!("'{source}':"),
            format!("\"{source}\":"),
            format!("\n  {source}:"),
        ]
        .iter()
        .any(|key| page.contains(key))
    };
    let fields = Recipe::default().fields().expect("the settings");
    let missing: BTreeSet<&str> = fields
        .iter()
        .map(|field| field.source.as_str())
        .filter(|source| !named(source))
        .collect();
    assert!(
        missing.is_empty(),
        "ui/src/text/de/sources.ts lacks {missing:?}"
    );
}
