//! What was imported, exported and imported again is the same: ids, splits, dialogues and references, whatever they
//! contain. The four layouts are those that the window writes (`ui/src/screens/data/export.ts`).

use proptest::prelude::*;
use serde_json::json;

use super::tests::import;
use super::{Import, ImportedExample};

/// An example as far as an export holds it; a table has one column for the first reference.
fn kept(example: &ImportedExample, references: usize) -> (String, String, String, Vec<String>) {
    (
        example.external_id.clone(),
        example.split.to_string(),
        example.dialogue.clone(),
        example
            .references
            .iter()
            .take(references)
            .cloned()
            .collect(),
    )
}

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

fn table(examples: &[ImportedExample], separator: &str) -> String {
    let mut lines = vec![
        ["id", "dialogue", "summary", "split"]
            .map(quoted)
            .join(separator),
    ];
    for example in examples {
        let summary = example.references.first().map_or("", String::as_str);
        let cells = [
            &example.external_id,
            &example.dialogue,
            summary,
            example.split.as_str(),
        ];
        lines.push(cells.map(quoted).join(separator));
    }
    lines.join("\n") + "\n"
}

/// The files that an export writes, each with the number of references that it can hold.
fn exports(examples: &[ImportedExample]) -> [(&'static str, String, usize); 4] {
    let rows: Vec<serde_json::Value> = examples
        .iter()
        .map(|example| {
            let summary = match example.references.as_slice() {
                [only] => json!(only),
                several => json!(several),
            };
            json!({"id": example.external_id, "dialogue": example.dialogue, "summary": summary,
                   "split": example.split})
        })
        .collect();
    let lines: Vec<String> = rows.iter().map(|row| format!("{row}\n")).collect();
    [
        ("a.jsonl", lines.concat(), usize::MAX),
        ("a.json", json!(rows).to_string(), usize::MAX),
        ("a.csv", table(examples, ","), 1),
        ("a.tsv", table(examples, "\t"), 1),
    ]
}

fn first_import(rows: &[(String, Vec<String>)]) -> Import {
    let lines: Vec<String> = rows
        .iter()
        .enumerate()
        .map(|(index, (text, summaries))| {
            json!({"id": format!("row {index}"), "dialogue": text, "summary": summaries})
                .to_string()
        })
        .collect();
    import("first.jsonl", lines.join("\n"))
}

proptest! {
    #[test]
    fn an_export_is_imported_as_it_was(
        rows in proptest::collection::vec(
            (
                proptest::collection::vec("(Ann|Dr\\. Ray|\\+49 171 39|张三|🐼|Ben \\(agent\\)): ?(\\PC|[\"',;\\t]){0,24}", 1..6),
                proptest::collection::vec("[A-Za-z0-9\"',; \n]{1,20}", 1..3),
            ),
            1..6,
        ),
    ) {
        let rows: Vec<(String, Vec<String>)> = rows
            .into_iter()
            .map(|(lines, summaries)| (lines.join("\n"), summaries))
            .collect();
        let first = first_import(&rows);
        prop_assume!(!first.examples.is_empty());
        for (name, text, references) in exports(&first.examples) {
            let again = import(name, &text);
            let expected: Vec<_> = first.examples.iter().map(|e| kept(e, references)).collect();
            let found: Vec<_> = again.examples.iter().map(|e| kept(e, references)).collect();
            prop_assert_eq!(found, expected, "{}: {:?} {:?}", name, text, again.issues);
        }
    }
}
