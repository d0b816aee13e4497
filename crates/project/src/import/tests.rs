//! Import on invented files, one test per format and per kind of bad row.

use contract::ErrorPlace;
use proptest::prelude::*;

use super::*;

pub(super) fn import_with(
    name: &str,
    content: impl AsRef<[u8]>,
    options: &ImportOptions,
) -> Result<Import, ImportProblem> {
    read_parts(&[(PathBuf::from(name), content.as_ref().to_vec())], options)
}

pub(super) fn import(name: &str, content: impl AsRef<[u8]>) -> Import {
    import_with(name, content, &ImportOptions::default()).unwrap()
}

pub(super) fn with_speakers(names: &[&str]) -> ImportOptions {
    let speakers = names.iter().map(|name| (*name).to_owned()).collect();
    ImportOptions {
        speakers: Some(speakers),
        ..ImportOptions::default()
    }
}

/// The texts of the imported dialogues.
pub(super) fn dialogues(import: &Import) -> Vec<&str> {
    import
        .examples
        .iter()
        .map(|example| example.dialogue.as_str())
        .collect()
}

/// Where each piece that was left out is, why, and what it says.
pub(super) fn dropped(import: &Import) -> Vec<(u64, &'static str, &str)> {
    import
        .dropped
        .iter()
        .map(|dropped| (dropped.at, dropped.reason.as_str(), dropped.text.as_str()))
        .collect()
}

pub(super) fn codes(import: &Import) -> Vec<(usize, &str, &'static str)> {
    import
        .issues
        .iter()
        .map(|issue| (issue.row, issue.field.as_str(), issue.code().as_str()))
        .collect()
}

#[test]
fn samsum_json_list() {
    let text = r#"[{"id":"7","summary":"Ann waits.","dialogue":"Ann: Here?\r\nBo : Soon.\r\n"},
                   {"id":"8","summary":"Cy left.","dialogue":"Cy: Bye\nDee: Bye"}]"#;
    let import = import("val.json", text);
    assert_eq!(
        (&*import.format.to_string(), import.detection, import.read),
        ("samsum_json", Detection::Detected, 2)
    );
    assert_eq!(import.examples[0].dialogue, "Ann: Here?\nBo: Soon.");
    assert_eq!(import.examples[0].external_id, "7");
    assert_eq!(import.examples[1].row, 2);
    assert!(
        import
            .examples
            .iter()
            .all(|example| example.split == Split::Validation)
    );
    assert_eq!(import.columns, ["id", "summary", "dialogue"]);
    assert_eq!(import.preview[1], ["8", "Cy left.", "Cy: Bye\nDee: Bye"]);
    assert!(import.issues.is_empty());
}

#[test]
fn dialogsum_json_lines_with_one_or_three_references() {
    let single = r##"{"fname":"dev_0","dialogue":"#Person1#: Hi\n#Person2#: Hi","summary":"They greet.","topic":"greet"}"##;
    let three = r##"{"fname":"test_0","dialogue":"#Person1#: Hi\n#Person2#: Yo","summary2":"B","summary1":"A","summary3":"C"}"##;
    assert_eq!(
        import("dev.jsonl", single).examples[0].references,
        ["They greet."]
    );
    let import = import("test.jsonl", three);
    assert_eq!(
        (&*import.format.to_string(), import.examples[0].split),
        ("dialogsum_jsonl", Split::Test)
    );
    assert_eq!(import.examples[0].references, ["A", "B", "C"]);
    assert_eq!(
        import.mapping.summaries,
        ["summary1", "summary2", "summary3"]
    );
}

#[test]
fn mts_dialog_csv_with_quoted_line_breaks_and_byte_order_mark() {
    let text = "\u{feff}ID,section_header,section_text,dialogue\r\n\
                0,CC,\"Cough, dry.\",\"Doctor: What brings you?\r\nPatient: A \"\"dry\"\" cough. \r\n\"\r\n\
                1,CC,Fever.,\"Doctor: Fever?\r\nPatient: Yes.\"\r\n";
    let import = import("ValidationSet.csv", text);
    assert_eq!(
        (&*import.format.to_string(), import.read),
        ("mts_dialog_csv", 2)
    );
    assert_eq!(
        import.examples[0].dialogue,
        "Doctor: What brings you?\nPatient: A \"dry\" cough."
    );
    assert_eq!(import.examples[0].references, ["Cough, dry."]);
    assert_eq!(
        import
            .examples
            .iter()
            .map(|example| example.row)
            .collect::<Vec<_>>(),
        [2, 3]
    );
    assert_eq!(import.examples[1].split, Split::Validation);
}

#[test]
fn tweetsumm_turns_need_speakers_and_are_never_guessed() {
    let text = r#"{"conversation_id":"c1","turns":["my parcel: lost","","please look","Note: done"],"summaries":["S1","S2"]}"#;
    let error = import_with("train.jsonl", text, &ImportOptions::default()).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.place()),
        (
            "speakers_needed",
            ErrorPlace::file("train.jsonl")
                .with_row(1)
                .with_field("turns")
        )
    );
    let import = import_with("train.jsonl", text, &with_speakers(&["Customer", "Agent"])).unwrap();
    assert_eq!(import.format.to_string(), "tweetsumm_jsonl");
    assert_eq!(
        import.examples[0].dialogue,
        "Customer: my parcel: lost\nCustomer: please look\nAgent: Note: done"
    );
    assert_eq!(import.examples[0].references, ["S1", "S2"]);
    for bad in [&["Customer"][..], &["A", ""], &["A", "B:C"]] {
        assert_eq!(
            import_with("a.jsonl", text, &with_speakers(bad))
                .unwrap_err()
                .code()
                .as_str(),
            "bad_speakers"
        );
    }
}

#[test]
fn primock_turns_as_objects() {
    let text = r#"{"id":"d1","utterances":[{"start":1.0,"speaker":"Doctor","text":"Hello?"},{"speaker":"Patient","text":"Hi\nthere"}],"note":"HPC: fine\nPlan: rest"}"#;
    let import = import("consultations.jsonl", text);
    assert_eq!(
        (
            &*import.format.to_string(),
            import.mapping.dialogue.as_str()
        ),
        ("primock57_jsonl", "utterances")
    );
    assert_eq!(
        import.examples[0].dialogue,
        "Doctor: Hello?\nPatient: Hi there"
    );
    assert_eq!(import.examples[0].references, ["HPC: fine\nPlan: rest"]);
}

#[test]
fn todsum_summary_is_one_text_in_sentences() {
    let text = r#"{"dialog_id":"P1","text":["a hotel","which one"],"dst":{},"summary":["The user asks.","It is booked."]}"#;
    let import = import_with("valid.jsonl", text, &with_speakers(&["User", "Agent"])).unwrap();
    assert_eq!(
        (
            &*import.format.to_string(),
            import.examples[0].references.as_slice()
        ),
        (
            "todsum_jsonl",
            &["The user asks. It is booked.".to_owned()][..]
        )
    );
}

#[test]
fn plain_layouts_with_guessed_columns() {
    let cases = [
        (
            "a.json",
            r#"{"version":1,"data":[{"conversation":"A: x\nB: y","abstract":"s"}]}"#,
            "json",
        ),
        (
            "a.jsonl",
            "{\"transcript\":\"[doctor] x\\n[patient] y\",\"note\":\"s\"}\n\n",
            "jsonl",
        ),
        ("a.csv", "Chat;Summary\n\"A: x\nB: y\";s\n", "csv"),
        ("a.tsv", "dialogue\tsummary\nA: x\ts\n", "tsv"),
        ("a.txt", "dialogue\tsummary\nA: x\ts\n", "tsv"),
        (
            "a.json",
            "{\"dialogue\":[{\"role\":\"A\",\"content\":\"x\"}],\"summary\":\"s\"}",
            "jsonl",
        ),
    ];
    for (name, text, format) in cases {
        let import = import(name, text);
        assert_eq!(
            (&*import.format.to_string(), import.examples.len()),
            (format, 1),
            "{name}: {text}"
        );
        assert!(
            import.examples[0].dialogue.contains(": x"),
            "{:?}",
            import.examples[0]
        );
        assert_eq!(import.examples[0].references, ["s"]);
    }
    assert_eq!(
        import("a.jsonl", "{\"transcript\":\"A: x\",\"note\":\"s\"}").detection,
        Detection::PleaseCheck
    );
}

#[test]
fn unknown_columns_need_a_mapping_and_take_one() {
    let text = "a,b,c\nA: x,s1,s2\nB: y,t1,\n";
    let unmapped = import("a.csv", text);
    assert!(unmapped.needs_mapping && unmapped.examples.is_empty() && unmapped.issues.is_empty());
    assert_eq!(
        (
            unmapped.columns.len(),
            unmapped.preview.len(),
            unmapped.read
        ),
        (3, 2, 2)
    );
    assert_eq!(
        unmapped.require_mapping().unwrap_err().code().as_str(),
        "needs_mapping"
    );
    let parts = [("b.csv", "dialogue,summary\nA: x,s\n"), ("a.csv", text)];
    let mixed = parts.map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec()));
    let mixed = read_parts(&mixed, &ImportOptions::default()).unwrap();
    assert!(mixed.needs_mapping && mixed.examples.is_empty() && mixed.columns == unmapped.columns);
    let map = |dialogue: &str| {
        let map = ColumnMap {
            dialogue: dialogue.into(),
            summaries: vec!["b".into(), "c".into()],
            id: None,
            split: None,
        };
        ImportOptions {
            map: Some(map),
            ..ImportOptions::default()
        }
    };
    let mapped = import_with("a.csv", text, &map("a")).unwrap();
    assert_eq!(mapped.examples[0].references, ["s1", "s2"]);
    assert_eq!(
        (
            mapped.examples[1].references.as_slice(),
            mapped.examples[1].external_id.as_str()
        ),
        (&["t1".to_owned()][..], "a:3")
    );
    let error = import_with("a.csv", text, &map("x")).unwrap_err();
    assert_eq!(
        (error.code().as_str(), error.place().field.as_deref()),
        ("unknown_column", Some("x"))
    );
    assert!(error.to_string().contains("a, b, c"));
}

#[test]
fn bad_rows_are_named_and_the_others_stay() {
    let lines = [
        r#"{"id":1,"dialogue":"A: x","summary":"s"}"#,
        r#"{"id":2,"summary":"s"}"#,
        r#"{"id":3,"dialogue":"A: x"}"#,
        r#"{"id":4,"dialogue":" ","summary":""}"#,
        r#"{"id":5,"dialogue":7,"summary":[1]}"#,
        r#"{"id":6,"dialogue":"A: x","#,
        r#"[1]"#,
        r#"{"id":1,"dialogue":"A: z","summary":"s"}"#,
        r#"{"id":9,"dialogue":"nobody speaks","summary":"s"}"#,
    ];
    let mut bytes = lines.join("\n").into_bytes();
    bytes.extend(b"\n{\"id\":10,\"dialogue\":\"A: \xff\"}\n");
    let import = import("a.jsonl", &bytes);
    let expected = [
        (2, "dialogue", "missing_dialogue"),
        (3, "summary", "missing_summary"),
        (4, "dialogue", "empty_dialogue"),
        (4, "summary", "empty_summary"),
        (5, "dialogue", "not_text"),
        (5, "summary", "not_text"),
        (6, "", "json"),
        (7, "", "not_object"),
        (8, "id", "duplicate_id"),
        (9, "dialogue", "no_speaker"),
        (10, "", "invalid_utf8"),
    ];
    assert_eq!(codes(&import), expected);
    assert_eq!(
        (import.read, import.bad_rows(), import.examples.len()),
        (10, 8, 2)
    );
    let offset = bytes.iter().position(|&byte| byte == 0xff).unwrap();
    assert!(
        import.issues[10]
            .fault
            .to_string()
            .contains(&format!("byte {offset} ")),
        "{}",
        import.issues[10].fault.to_string()
    );
    assert!(import.issues.iter().all(|issue| issue.file == "a.jsonl"));
}

#[test]
fn bad_table_rows_are_numbered_as_a_spreadsheet_shows_them() {
    let text =
        b"dialogue,summary\n\"A: x\nB: y\",s\nA: only\nA: \xe9,s\nA: ok,s\n\"A: open,s\nA: not swallowed,s\n";
    let import = import("a.csv", text);
    assert_eq!(
        codes(&import),
        [
            (3, "", "ragged_row"),
            (4, "", "invalid_utf8"),
            (6, "", "open_quote")
        ]
    );
    assert_eq!(
        import
            .examples
            .iter()
            .map(|example| example.row)
            .collect::<Vec<_>>(),
        [2, 5, 7]
    );
    assert_eq!((import.read, import.bad_rows()), (6, 3));
}

#[test]
fn whole_files_that_cannot_be_read_say_why() {
    let cases: [(&str, &[u8], &str); 14] = [
        ("a.json", b"[{\"dialogue\":\"A: x\",\n\"summary\":", "json"),
        ("a.json", b"{\"data\": [1,\n", "json"),
        ("a.json", b"[{\"dialogue\":\"\xff\"}]", "invalid_utf8"),
        ("a.csv", b"dial\xff,summary\nx,y\n", "invalid_utf8"),
        ("a.csv", b"\xff\xfed\0", "empty"),
        ("a.json", b"  \n", "empty"),
        ("a.csv", b"dialogue,summary\n", "empty"),
        ("a.bin", b"nothing that is known", "unknown_format"),
        ("a.txt", b"%PDF-1.4", "pdf"),
        ("a.txt", b"{\\rtf1 x}", "rtf"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ", "old_office"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 ", "old_office"),
        ("a.txt", b"\n<!DOCTYPE HTML><p>x", "html"),
        ("a.zip", b"PK\x03\x04 cut off", "archive"),
    ];
    for (name, bytes, code) in cases {
        let error = import_with(name, bytes, &ImportOptions::default()).unwrap_err();
        assert_eq!(error.code().as_str(), code, "{name}: {error}");
        assert_eq!(error.place().file.as_deref(), Some(name));
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(
        import_with("a.json", "[]", &ImportOptions::default())
            .unwrap_err()
            .code()
            .as_str(),
        "empty"
    );
    let broken = import_with("a.json", cases[0].1, &ImportOptions::default()).unwrap_err();
    assert_eq!(broken.place().row, Some(2));
    let folder = tempfile::tempdir().unwrap();
    let error_for =
        |name: &str| read(&[folder.path().join(name)], &ImportOptions::default()).unwrap_err();
    assert_eq!(
        (
            error_for("none.json").code().as_str(),
            error_for("").code().as_str()
        ),
        ("not_found", "unreadable")
    );
    assert_eq!(
        read(&[], &ImportOptions::default())
            .unwrap_err()
            .code()
            .as_str(),
        "no_files"
    );
}

fn rows(count: usize) -> String {
    (0..count)
        .map(|i| format!("{{\"dialogue\":\"A: row {i}\",\"summary\":\"s\"}}\n"))
        .collect()
}

#[test]
fn splits_come_from_the_choice_the_column_the_name_or_a_draw() {
    let text = "dialogue,summary,split\nA: x,s,train\nA: y,s,Dev\nA: z,s,test\nA: w,s,holdout\n";
    let by_column = import("a.csv", text);
    let splits: Vec<Split> = by_column
        .examples
        .iter()
        .map(|example| example.split)
        .collect();
    assert_eq!(splits, [Split::Train, Split::Validation, Split::Test]);
    assert_eq!(codes(&by_column), [(5, "split", "split")]);
    let chosen = ImportOptions {
        split: SplitChoice::Test,
        ..ImportOptions::default()
    };
    let chosen = import_with("a.csv", text, &chosen).unwrap();
    assert!(
        chosen
            .examples
            .iter()
            .all(|example| example.split == Split::Test)
            && chosen.examples.len() == 4
    );

    let count = |import: &Import, split| {
        import
            .examples
            .iter()
            .filter(|example| example.split == split)
            .count()
    };
    let drawn = import("notes.jsonl", rows(50));
    assert_eq!(
        [Split::Train, Split::Validation, Split::Test].map(|split| count(&drawn, split)),
        [35, 7, 8]
    );
    let shares = contract::SplitShares {
        train: 70,
        validation: 15,
        test: 15,
    };
    assert_eq!(drawn.split_rule, Some(SplitRule::Drawn { seed: 0, shares }));
    let again = import("notes.jsonl", rows(50));
    assert_eq!(drawn.examples, again.examples);
    let other = import_with(
        "notes.jsonl",
        rows(50),
        &ImportOptions {
            seed: 1,
            ..ImportOptions::default()
        },
    )
    .unwrap();
    assert_ne!(drawn.examples, other.examples);
}

#[test]
fn several_files_keep_their_splits_and_get_unique_ids() {
    let row = |text: &str| format!("ID,section_text,dialogue\n0,s,{text}\n").into_bytes();
    let parts = [
        (PathBuf::from("d/TrainingSet.csv"), row("A: x")),
        (PathBuf::from("d/ValidationSet.csv"), row("A: y")),
    ];
    let import = read_parts(&parts, &ImportOptions::default()).unwrap();
    let ids: Vec<_> = import
        .examples
        .iter()
        .map(|example| (example.external_id.as_str(), example.split))
        .collect();
    assert_eq!(
        ids,
        [("0", Split::Train), ("ValidationSet:0", Split::Validation)]
    );
    assert_eq!(
        (&*import.format.to_string(), import.read),
        ("mts_dialog_csv", 2)
    );
}

fn example(id: &str, split: Split, dialogue: &str) -> ImportedExample {
    let references = vec!["s".to_owned()];
    ImportedExample {
        external_id: id.into(),
        split,
        dialogue: dialogue.into(),
        references,
        file: "f".into(),
        row: 1,
        units: Units::ROW,
    }
}

#[test]
fn leaks_leave_the_training_side() {
    let mut examples = vec![
        example("t1", Split::Train, "A: Hello  there\nB: x"),
        example("t2", Split::Train, "A: other"),
        example("t3", Split::Train, "A: third"),
        example("v1", Split::Validation, "a: hello there\nb: x"),
        example("v2", Split::Validation, "A: THIRD"),
        example("e1", Split::Test, "A: third"),
    ];
    let leaks = find_leaks(&mut examples);
    let listed: Vec<_> = leaks
        .iter()
        .map(|leak| (leak.id.as_str(), leak.with.as_str()))
        .collect();
    assert_eq!(listed, [("t1", "v1"), ("t3", "e1"), ("v2", "e1")]);
    let left: Vec<_> = examples
        .iter()
        .map(|example| example.external_id.as_str())
        .collect();
    assert_eq!(left, ["t2", "v1", "e1"]);
    assert!(find_leaks(&mut examples).is_empty());
}

#[test]
fn duplicates_within_a_split_are_kept_and_named() {
    let import = import(
        "train.jsonl",
        [
            r#"{"dialogue":"A: x","summary":"s"}"#,
            r#"{"dialogue":"A: X ","summary":"t"}"#,
        ]
        .join("\n"),
    );
    assert_eq!(import.examples.len(), 2);
    assert_eq!(codes(&import), [(2, "dialogue", "duplicate")]);
    assert_eq!(
        (import.bad_rows(), import.issues[0].severity),
        (0, Severity::Warning)
    );
}

#[test]
fn the_projects_own_sample_is_clean() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/clinic_intake.jsonl");
    let mut import = read(&[path], &ImportOptions::default()).unwrap();
    assert!(import.issues.is_empty(), "{:?}", import.issues);
    assert!(find_leaks(&mut import.examples).is_empty());
    let pairs: Vec<_> = import
        .examples
        .iter()
        .map(|example| (&example.dialogue, &example.references[0]))
        .collect();
    let (rule, guards) = (
        crate::format_rule::FormatRule::default(),
        crate::format_rule::ContentGuards::default(),
    );
    for (dialogue, summary) in pairs {
        assert!(
            rule.check(dialogue, true).pass && guards.check(dialogue, summary).pass,
            "{dialogue}"
        );
        let turns = dialogue.lines().count();
        assert!((4..=12).contains(&turns), "{turns} turns: {dialogue}");
        let named = crate::dialogue::Dialogue::parse(dialogue)
            .speakers()
            .iter()
            .all(|name| summary.contains(name));
        assert!(named, "{summary}");
    }
}

const NAMES: [&str; 10] = [
    "a.json",
    "a.jsonl",
    "a.csv",
    "a.tsv",
    "a.txt",
    "a.md",
    "a.vtt",
    "a.srt",
    "a",
    "train.json",
];

proptest! {
    #[test]
    fn reading_never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in 0..NAMES.len()) {
        let _ = import_with(NAMES[name], &bytes, &ImportOptions::default());
    }

    #[test]
    fn reading_never_panics_on_nearly_right_text(
        pieces in proptest::collection::vec(
            proptest::sample::select(vec![
                "[", "]", "{", "}", "\"", "\"dialogue\"", "\"summary\"", ":", ",", "\n", "\r\n", "A: x", "dialogue,summary",
                "Summary:", "# ", "---", "\n\n", "WEBVTT", "00:01.000 --> 00:02.000", "<v A>", "[00:01]", "**", "&lt;", "NOTE",
                "turns", "null", "1", "\t", ";", "\\u0000", "\u{feff}", "id", "[{\"dialogue\":\"A: x\",\"summary\":\"s\"}]",
            ]),
            0..30,
        ),
        name in 0..NAMES.len(),
    ) {
        for options in [ImportOptions::default(), with_speakers(&["A", "B"])] {
            if let Ok(import) = import_with(NAMES[name], pieces.concat(), &options) {
                prop_assert!(import.examples.len() + import.bad_rows() <= import.read || import.needs_mapping);
            }
        }
    }

    #[test]
    fn every_row_is_an_example_or_an_issue(texts in proptest::collection::vec("(?s).{0,40}", 1..6)) {
        let lines: Vec<String> = texts.iter()
            .map(|text| serde_json::json!({"dialogue": format!("A: {text}"), "summary": text}).to_string())
            .collect();
        let import = import("a.jsonl", lines.join("\n"));
        prop_assert_eq!(import.read, texts.len());
        prop_assert_eq!(import.examples.len() + import.bad_rows(), import.read);
    }
}

#[test]
fn columns_and_speakers_are_read_from_one_text_in_both_shells() {
    let map: ColumnMap = "dialogue=talk, summary = a, b ,id=key,split=part"
        .parse()
        .unwrap();
    assert_eq!(
        (map.dialogue.as_str(), map.summaries.as_slice()),
        ("talk", &["a".into(), "b".into()][..])
    );
    assert_eq!(
        (map.id.as_deref(), map.split.as_deref()),
        (Some("key"), Some("part"))
    );
    for wrong in [
        "nonsense",
        "",
        "dialogue=d,summary=s,role=x",
        "dialogue=d,summary=s,id=k,b",
        "dialogue=,summary=s",
    ] {
        let refused = wrong.parse::<ColumnMap>().unwrap_err();
        assert!(
            matches!(refused, BadColumnMap::Part { .. }),
            "{wrong}: {refused}"
        );
    }
    assert_eq!(
        "summary=s".parse::<ColumnMap>(),
        Err(BadColumnMap::Incomplete)
    );
    assert_eq!("dialogue=d".parse::<ColumnMap>().unwrap().dialogue, "d");
    assert_eq!(Speakers::from("Customer , Agent").0, ["Customer", "Agent"]);
}
