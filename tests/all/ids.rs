//! An id has a type of its own (`crates/contract/src/id.rs`). What is called after a thing that has one, as a field or
//! as an argument, is not a bare text: a data set where a run is asked for would compile again.

use crate::tidy::{none, text, tracked};

/// What a field or an argument is called, and the type that it has.
const IDS: &[(&str, &str)] = &[
    ("run", "RunId"),
    ("run_id", "RunId"),
    ("runs", "RunId"),
    ("dataset", "DatasetName"),
    ("dataset_name", "DatasetName"),
    ("datasets", "DatasetName"),
    ("model_id", "ModelId"),
    ("model_name", "ModelName"),
    ("experiment", "ExperimentName"),
    ("study", "StudyName"),
    ("studies", "StudyName"),
];

/// Texts that are called so and are no ids, by file and line.
const EXCEPTIONS: &[(&str, &str)] = &[
    // A file, or the name of an experiment that is stored.
    (
        "cli/src/args/experiment.rs",
        "pub(crate) experiment: String,",
    ),
    // Part of a key: of a run that is only planned it is the name that the experiment's file has for the model.
    ("project/src/part.rs", "pub model_id: &'a str,"),
];

/// Rooms that know of ids.
const ROOMS: &[&str] = &[
    "crates/contract/src/",
    "crates/store/src/",
    "crates/project/src/",
    "crates/mrds/src/",
    "crates/cli/src/",
    "src-tauri/src/",
];

#[test]
fn an_id_is_no_bare_text() {
    let files = tracked();
    let is_product = |file: &&String| {
        file.ends_with(".rs")
            && !file.contains("test")
            && ROOMS.iter().any(|room| file.starts_with(room))
    };
    let mut found = Vec::new();
    for file in files.iter().filter(is_product) {
        let source = text(file).unwrap_or_default();
        let product = source.split("#[cfg(test)]\nmod tests {").next();
        for (index, line) in product.unwrap_or_default().lines().enumerate() {
            let bare = IDS.iter().find(|(name, _)| is_bare(line, name));
            let is_excepted = EXCEPTIONS
                .iter()
                .any(|(end, code)| file.ends_with(end) && line.trim() == *code);
            if let Some((_, id)) = bare.filter(|_| !is_excepted) {
                found.push(format!("{file}:{}: {id}: {}", index + 1, line.trim()));
            }
        }
    }
    none(
        &found,
        "give the id its type, or another name to what is none:",
    );
}

#[test]
fn every_exception_is_still_there() {
    let files = tracked();
    let is_there = |(end, code): &&(&str, &str)| {
        let file = files.iter().find(|file| file.ends_with(end));
        let source = file.and_then(|file| text(file)).unwrap_or_default();
        source.lines().any(|line| line.trim() == *code)
    };
    let gone: Vec<String> = EXCEPTIONS
        .iter()
        .filter(|exception| !is_there(exception))
        .map(|(file, code)| format!("{file}: {code}"))
        .collect();
    none(&gone, "take it off the list:");
}

/// Whether something of this name in a line of code is declared as a text.
fn is_bare(line: &str, name: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.match_indices(name).any(|(begin, _)| {
        let is_whole = !code[..begin].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let declared = code[begin + name.len()..].strip_prefix(": ");
        is_whole && declared.is_some_and(begins_with_text)
    })
}

/// Whether a type is a text, or holds texts alone.
fn begins_with_text(declared: &str) -> bool {
    let mut inner = declared;
    while let Some(inside) = ["Option<", "Vec<", "&", "[", "'a ", "mut "]
        .iter()
        .find_map(|around| inner.strip_prefix(around))
    {
        inner = inside;
    }
    ["String", "str"].iter().any(|text| {
        inner.strip_prefix(text).is_some_and(|after| {
            !after.starts_with(|c: char| c.is_alphanumeric() || "_:.".contains(c))
        })
    })
}

#[test]
fn a_bare_id_is_seen() {
    for line in [
        "    pub run: String,",
        "fn show(&self, run: &str) -> Result<()> {",
        "    pub runs: Vec<String>,",
        "    pub run: Option<&'a str>,",
        "    fn differences(&self, runs: &[String])",
    ] {
        assert!(is_bare(line, "run") || is_bare(line, "runs"), "{line}");
    }
    for line in [
        "    pub run: RunId,",
        "    /// run: String",
        "    rerun: String,",
        "    run: String::new(),",
        "    run: strange,",
    ] {
        assert!(!is_bare(line, "run"), "{line}");
    }
}
