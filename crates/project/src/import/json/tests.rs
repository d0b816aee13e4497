//! JSON in the layouts of data sets, what strict JSON does not have, and that no row is lost.

use contract::Split;
use contract::problem::ImportProblem;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::tokens::Tokens;
use crate::import::tests::{codes, import, import_with};
use crate::import::{Import, ImportOptions};
use crate::work::assert_in_proportion;

fn pairs(import: &Import) -> Vec<(&str, &str)> {
    let examples = import.examples.iter();
    examples
        .map(|example| (example.dialogue.as_str(), example.references[0].as_str()))
        .collect()
}

const EXPECTED: [(&str, &str); 2] = [("Ann: a\nBen: b", "S."), ("Cleo: c\nDan: d", "T.")];

#[test]
fn tables_as_pandas_and_the_hub_write_them() {
    let (first, second) = ("Ann: a\nBen: b", "Cleo: c\nDan: d");
    let turns = json!([[{"speaker": "Ann", "text": "a"}, {"speaker": "Ben", "text": "b"}],
                       [{"speaker": "Cleo", "text": "c"}, {"speaker": "Dan", "text": "d"}]]);
    for document in [
        json!({"dialogue": [first, second], "summary": ["S.", "T."]}),
        json!({"dialogue": turns, "summary": ["S.", "T."]}),
        json!({"version": 1, "dialogue": [first, second], "summary": ["S.", "T."], "topic": ["x", "y"]}),
        json!({"dialogue": {"0": first, "1": second}, "summary": {"0": "S.", "1": "T."}}),
        json!({"c1": {"dialogue": first, "summary": "S."}, "c2": {"dialogue": second, "summary": "T."}}),
        json!({"columns": ["dialogue", "summary"], "index": [0, 1], "data": [[first, "S."], [second, "T."]]}),
        json!({"schema": {"fields": [{"name": "dialogue"}]}, "data": [{"dialogue": first, "summary": "S."}, {"dialogue": second, "summary": "T."}]}),
        json!({"features": [{"name": "dialogue"}, {"name": "summary"}],
               "rows": [{"row_idx": 0, "row": {"dialogue": first, "summary": "S."}, "truncated_cells": []},
                        {"row_idx": 1, "row": {"dialogue": second, "summary": "T."}, "truncated_cells": []}]}),
        json!([{"row_idx": 0, "row": {"dialogue": first, "summary": "S."}}, {"row_idx": 1, "row": {"dialogue": second, "summary": "T."}}]),
        json!([["dialogue", "summary"], [first, "S."], [second, "T."]]),
        json!({"result": {"data": [{"dialogue": first, "summary": "S."}, {"dialogue": second, "summary": "T."}]}}),
        json!({"speakers": [{"name": "Ann"}], "items": [{"dialogue": first, "summary": "S."}, {"dialogue": second, "summary": "T."}]}),
    ] {
        let import = import("a.json", document.to_string());
        assert_eq!(pairs(&import), EXPECTED, "{document}: {:?}", import.issues);
        assert_eq!((import.read, import.bad_rows()), (2, 0), "{document}");
    }
    let keys = import(
        "a.json",
        json!({"c1": {"dialogue": first, "summary": "S."}}).to_string(),
    );
    assert_eq!(keys.examples[0].external_id, "c1");
}

#[test]
fn several_objects_may_be_on_a_line() {
    let (first, second) = (
        r#"{"dialogue":"Ann: a\nBen: b","summary":"S."}"#,
        r#"{"dialogue":"Cleo: c\nDan: d","summary":"T."}"#,
    );
    let over_lines = "{\n\"dialogue\":\"Ann: a\\nBen: b\",\n\"summary\":\"S.\"\n}";
    for name in ["a.json", "a.jsonl", "a.txt"] {
        for text in [
            format!("{first}{second}"),
            format!("{first} {second}\r\n"),
            format!("{first},\n{second},\n"),
            format!("{over_lines}{second}"),
            format!("{over_lines},\n{second}\n"),
        ] {
            let import = import(name, text.clone());
            assert_eq!(pairs(&import), EXPECTED, "{name} {text}");
            assert_eq!((import.read, import.bad_rows()), (2, 0), "{text}");
        }
    }
    // What follows an object and is not one makes its line a bad row.
    let text = format!("{first} oops\n{second}\n");
    let import = import("a.jsonl", text);
    assert_eq!((import.read, import.bad_rows()), (2, 1));
    assert_in_proportion(
        &[
            |bytes| r#"{"dialogue":"Ann: a\nBen: b","summary":"S."} "#.repeat(bytes / 48),
            |bytes| r#"{"dialogue":"Ann: a\nBen: b","summary":"S."},"#.repeat(bytes / 48),
        ],
        |text| text,
        |text| drop(import_with("a.jsonl", text, &ImportOptions::default())),
    );
}

#[test]
fn an_object_with_lists_may_be_one_row() {
    let text = json!({"dialogue": ["Ann: a", "Ben: b"], "summary": ["S.", "T."]}).to_string();
    assert_eq!(import("a.json", text).read, 2);
    let text = json!({"turns": ["Ann: a", "Ben: b"], "summaries": ["S.", "T."]}).to_string();
    let import = import("a.json", text);
    assert_eq!((import.read, import.examples[0].references.len()), (1, 2));
}

#[test]
fn lists_named_as_splits_are_read_as_those() {
    let row =
        |id: &str| json!({"id": id, "dialogue": format!("Ann: {id}\nBen: b"), "summary": "S."});
    for (names, outer) in [
        (["train", "validation", "test"], false),
        (["training", "dev", "testing"], false),
        (["train", "val", "test"], true),
        (["train_set", "valid_set", "test_set"], false),
    ] {
        let mut document = json!({
            names[0]: [row("1"), row("2")], names[1]: [row("3")], names[2]: [row("4")],
        });
        if outer {
            document = json!({"version": 2, "data": document});
        }
        let import = import("a.json", document.to_string());
        let splits: Vec<(&str, Split)> = import
            .examples
            .iter()
            .map(|example| (example.external_id.as_str(), example.split))
            .collect();
        let expected = [
            ("1", Split::Train),
            ("2", Split::Train),
            ("3", Split::Validation),
            ("4", Split::Test),
        ];
        assert_eq!(splits, expected, "{names:?}");
    }
    let columns =
        json!({"train": {"dialogue": ["Ann: x\nBen: y"], "summary": ["S."]}, "test": [row("2")]});
    assert_eq!(import("a.json", columns.to_string()).read, 2);
}

#[test]
fn splits_may_count_their_rows_alike() {
    let row =
        |text: &str| json!({"id": 0, "dialogue": format!("Ann: {text}\nBen: b"), "summary": "S."});
    let document = json!({"train": [row("x")], "test": [row("y")]});
    let import = import("a.json", document.to_string());
    let ids: Vec<&str> = import
        .examples
        .iter()
        .map(|example| example.external_id.as_str())
        .collect();
    assert_eq!((ids, import.bad_rows()), (vec!["0", "a:0"], 0));
}

#[test]
fn other_lists_side_by_side_are_named() {
    let row = json!({"dialogue": "Ann: a\nBen: b", "summary": "S."});
    for document in [
        json!({"monday": [row], "tuesday": [row]}),
        json!({"train": [row], "held_out": [row]}),
        json!({"data": {"monday": [row], "tuesday": [row]}}),
    ] {
        let error =
            import_with("a.json", document.to_string(), &ImportOptions::default()).unwrap_err();
        let ImportProblem::SeveralLists { lists, .. } = &error else {
            panic!("{document}: {error}");
        };
        assert_eq!(lists.len(), 2, "{document}");
        assert!(error.to_string().contains(&lists[1]), "{error}");
    }
}

#[test]
fn objects_may_go_over_several_lines() {
    let object = |id: usize| {
        let row = json!({"id": id.to_string(), "dialogue": format!("Ann: {id} {{\nBen: }}"), "summary": "S."});
        serde_json::to_string_pretty(&row).unwrap()
    };
    for name in ["a.jsonl", "a.json", "a.txt", "a"] {
        let text = format!("{}\n{}\r\n\n{}\n", object(1), object(2), object(3));
        let import = import(name, text);
        let rows: Vec<usize> = import.examples.iter().map(|example| example.row).collect();
        assert_eq!((rows, import.read), (vec![1, 6, 12], 3), "{name}");
        let flat = "{\"dialogue\":\"Ann: x\",\"summary\":\"S\"}\r".repeat(3);
        assert_eq!(crate::import::tests::import(name, flat).read, 3, "{name}");
    }
    let broken = format!(
        "{}\n{}\n{}\n",
        object(1),
        "{\n  \"id\": 2,\n  \"dialogue\": Ann\n}",
        object(3)
    );
    let import = import("a.jsonl", broken);
    assert_eq!(codes(&import), [(6, "", "json")]);
    assert!(
        import.issues[0].fault.to_string().contains("line 8"),
        "{}",
        import.issues[0].fault.to_string()
    );
    assert_eq!((import.read, import.examples.len()), (3, 2));
}

#[test]
fn numbers_that_are_no_json_spoil_nothing() {
    let text = "[{\"id\":\"1\",\"score\":NaN,\"low\":-Infinity,\"high\":Infinity,\"dialogue\":\"Ann: NaN\\nBen: b\",\"summary\":\"Infinity\"}]";
    for (name, text) in [("a.json", text), ("a.jsonl", text.trim_matches(['[', ']']))] {
        assert_eq!(
            pairs(&import(name, text)),
            [("Ann: NaN\nBen: b", "Infinity")],
            "{name}"
        );
    }
    let missing = import("a.json", "[{\"dialogue\":\"Ann: x\",\"summary\":NaN}]");
    assert_eq!(codes(&missing), [(1, "summary", "empty_summary")]);
}

#[test]
fn ids_of_any_length_stay_as_they_are_written() {
    let ids = [
        "12345678901234567890123",
        "12345678901234567890124",
        "18446744073709551616",
        "-99999999999999999999",
        "7",
    ];
    let rows: Vec<String> = ids
        .iter()
        .map(|id| format!("{{\"id\":{id},\"dialogue\":\"Ann: {id}\",\"summary\":\"S.\"}}"))
        .collect();
    for (name, text) in [
        ("a.jsonl", rows.join("\n")),
        ("a.json", format!("[{}]", rows.join(","))),
    ] {
        let import = import(name, text);
        let read: Vec<&str> = import
            .examples
            .iter()
            .map(|example| example.external_id.as_str())
            .collect();
        assert_eq!(read, ids, "{name}");
    }
}

#[test]
fn the_place_of_an_error_is_one_of_the_file() {
    let text = "[{\"id\":12345678901234567890123,\n \"n\":12345678901234567890123, \"x\" 1}]";
    let error = import_with("a.json", text, &ImportOptions::default()).unwrap_err();
    let ImportProblem::Json { row, column, .. } = error else {
        panic!("{error}");
    };
    let second = text.lines().nth(1).unwrap();
    assert_eq!((row, column), (2, second.find(" 1}").unwrap() + 2));
}

#[test]
fn json_costs_in_proportion_to_its_length() {
    let makers: [fn(usize) -> String; 6] = [
        |n| {
            (0..n / 20)
                .map(|i| format!("{{\"key{i}\": 1, \"dialogue\": \"Ann: x\"}}\n"))
                .collect()
        },
        |n| "{\n".repeat(n / 2),
        |n| "{\"a\":[\n".repeat(n / 7),
        |n| "{\"a\":\n1,\n".repeat(n / 9),
        |n| format!("[{}1]", "12345678901234567890123,".repeat(n / 24)),
        |n| format!("[{}]", "NaN,".repeat(n / 4)),
    ];
    assert_in_proportion(
        &makers,
        |text| text,
        |text| drop(import_with("a.jsonl", text, &ImportOptions::default())),
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(json!("Ann: x\nBen: y")),
        Just(json!("S")),
        Just(json!(7)),
        Just(json!({"dialogue": "Ann: x", "summary": "S"})),
    ];
    let names = vec![
        "dialogue", "summary", "train", "test", "data", "columns", "rows", "row", "row_idx", "x",
        "turns", "text", "speaker", "name",
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let name = proptest::sample::select(names.clone());
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::vec((name, inner), 0..5).prop_map(|fields| {
                Value::Object(
                    fields
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value))
                        .collect(),
                )
            }),
        ]
    })
}

#[test]
fn rows_under_a_name_that_comes_twice_do_not_vanish() {
    let row = r#"{"dialogue":"Ann: a\nBen: b","summary":"s"}"#;
    let twice = format!(r#"{{"train":[{row}],"train":[{row}]}}"#);
    let problem = import_with("a.json", &twice, &ImportOptions::default()).unwrap_err();
    assert_eq!(problem.code().as_str(), "json");
    assert!(problem.to_string().contains("`train` stands twice"));
    let empty = format!(r#"{{"train":[],"train":[{row}]}}"#);
    assert_eq!(import("a.json", &empty).examples.len(), 1);
}

proptest! {
    #[test]
    fn any_document_is_read_or_refused(document in any_json(), pretty in any::<bool>()) {
        let text = match pretty {
            true => serde_json::to_string_pretty(&document).unwrap(),
            false => document.to_string(),
        };
        for name in ["a.json", "a.jsonl"] {
            if let Ok(import) = import_with(name, &text, &ImportOptions::default()) {
                prop_assert!(import.needs_mapping || import.read == import.examples.len() + import.bad_rows());
            }
        }
    }

    #[test]
    fn strict_json_is_not_touched(document in any_json()) {
        let text = document.to_string();
        let tokens = Tokens::of(text.as_bytes());
        prop_assert_eq!(tokens.bytes(), text.as_bytes());
    }

    #[test]
    fn any_bytes_keep_their_lines(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let tokens = Tokens::of(&bytes);
        let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
        prop_assert_eq!(lines(tokens.bytes()), lines(&bytes));
    }
}
