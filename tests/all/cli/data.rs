//! import, datasets, format, recipe.

use serde_json::{Value, json};

use super::{Place, list, number, row, rows, text};

/// Imports a file in a fresh workspace: the report, and the examples as stored.
fn imported(name: &str, content: &str, more: &[&str]) -> (Value, Vec<Value>) {
    let place = Place::new();
    let file = place.write(name, content);
    let report = place.ok(&[&["import", &file, "--name", "d"], more].concat());
    (report, place.json(&["datasets", "d", "--items"]).lines)
}

#[test]
fn every_format_is_read() {
    let samsum = r#"[{"id":"7","summary":"Ann waits.","dialogue":"Ann: Here?\r\nBo : Soon.\r\n"}]"#;
    let (report, items) = imported("val.json", samsum, &[]);
    assert_eq!(
        (text(&report["format"]), &report["splits"]["validation"]),
        ("samsum_json", &json!(1))
    );
    assert_eq!(
        items[0],
        json!({"id":"7","split":"validation","origin":"imported",
        "dialogue":"Ann: Here?\nBo: Soon.","references":["Ann waits."]})
    );

    let single = r##"{"fname":"a_0","dialogue":"#Person1#: Hi\n#Person2#: Hi","summary":"They greet.","topic":"x"}"##;
    let (report, _) = imported("train.jsonl", single, &[]);
    assert_eq!(
        (text(&report["format"]), &report["references"]),
        ("dialogsum_jsonl", &json!({"min":1,"max":1}))
    );
    let three = r##"{"fname":"b_0","dialogue":"#Person1#: Hi\n#Person2#: Yo","summary1":"A","summary2":"B","summary3":"C"}"##;
    let (report, items) = imported("test.jsonl", three, &[]);
    assert_eq!(
        (&report["references"], &items[0]["references"]),
        (&json!({"min":3,"max":3}), &json!(["A", "B", "C"]))
    );
    assert_eq!(items[0]["split"], "test");

    let mts = "\u{feff}ID,section_header,section_text,dialogue\r\n\
        0,CC,\"Cough, dry.\",\"Doctor: What brings you?\r\nPatient: A\u{a0}\"\"dry\"\" cough.\"\r\n";
    let (report, items) = imported("ValidationSet.csv", mts, &[]);
    assert_eq!(text(&report["format"]), "mts_dialog_csv");
    assert_eq!(
        items[0]["dialogue"],
        "Doctor: What brings you?\nPatient: A \"dry\" cough."
    );

    let tweets =
        r#"{"conversation_id":"c1","turns":["lost my bag","on it"],"summaries":["S1","S2"]}"#;
    let (report, items) = imported(
        "t.jsonl",
        tweets,
        &["--speakers", "Customer,Agent", "--split", "train"],
    );
    assert_eq!(text(&report["format"]), "tweetsumm_jsonl");
    assert_eq!(items[0]["dialogue"], "Customer: lost my bag\nAgent: on it");

    let brackets =
        r#"[{"dialogue":"[doctor] Where is the pain?\n[patient] Here.","summary":"Pain."}]"#;
    let (_, items) = imported("a.json", brackets, &["--split", "test"]);
    assert!(
        text(&items[0]["dialogue"])
            .lines()
            .all(|line| line.contains(": ")),
        "{}",
        items[0]
    );
    for (name, content) in [
        ("a.csv", "dialogue,summary\n\"A: x\nB: y\",S\n"),
        ("a.tsv", "dialogue\tsummary\nA: x\tS\n"),
        (
            "a.jsonl",
            "{\"dialogue\":\"A: x\\nB: y\",\"summary\":\"S\"}\n",
        ),
    ] {
        assert_eq!(
            imported(name, content, &["--split", "train"]).0["imported"],
            1,
            "{name}"
        );
    }
}

#[test]
fn transcripts_are_read_with_the_summaries_beside_them() {
    let place = Place::new();
    let call = place.write(
        "call.vtt",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Is it\n\n00:02.000 --> 00:03.000\n<v Ann>late?\n\n\
         00:03.000 --> 00:04.000\n<v Bo>Ten minutes.\n",
    );
    let film = place.write(
        "film.srt",
        "1\n00:00:01,000 --> 00:00:02,000\n[Cy] <i>Hi</i>\n\nSummary: Cy greets.",
    );
    let talks = "# One\n**Dee (00:01):** Yes?\n**Eve (00:02):** No.\n## Summary\nThey differ.\n\
                 # Two\nDee: No?\nEve: Yes.\n";
    let talks = place.write("talks.md", talks);
    let args = [
        "import", &call, &film, &talks, "--name", "d", "--split", "train",
    ];
    place.refuses(&args, 2, "bad_rows", &["row 3", "no summary", "--skip-bad"]);
    let beside = place.write("call.summary.txt", "A delay.");

    // A shell's `*` names the summary's file too; that changes nothing.
    for more in [None, Some(beside.as_str())] {
        let dry: Vec<&str> = args
            .into_iter()
            .chain(more)
            .chain(["--skip-bad", "--dry-run"])
            .collect();
        let report = place.ok(&dry);
        assert_eq!(
            (text(&report["format"]), &report["read"]),
            ("vtt+srt+md", &json!(4))
        );
        assert_eq!(
            (&report["issues"][0]["row"], &report["issues"][0]["code"]),
            (&json!(7), &json!("missing_summary"))
        );
    }
    place.ok(&[&args[..], &["--skip-bad"]].concat());
    let items = place.json(&["datasets", "d", "--items"]).lines;
    let pairs: Vec<_> = items
        .iter()
        .map(|item| (text(&item["dialogue"]), text(&item["references"][0])))
        .collect();
    let expected = [
        ("Ann: Is it late?\nBo: Ten minutes.", "A delay."),
        ("Cy: Hi", "Cy greets."),
        ("Dee: Yes?\nEve: No.", "They differ."),
    ];
    assert_eq!(pairs, expected);
}

#[test]
fn speakers_are_never_guessed() {
    let place = Place::new();
    let file = place.write(
        "t.jsonl",
        r#"{"conversation_id":"c1","turns":["lost my bag","on it"],"summaries":["S"]}"#,
    );
    let error = place.refuses(
        &["import", &file, "--name", "d"],
        2,
        "speakers_needed",
        &["--speakers Customer,Agent"],
    );
    assert_eq!(
        (&error["file"], &error["row"], &error["field"]),
        (&json!(file), &json!(1), &json!("turns"))
    );
}

#[test]
fn columns_are_mapped_as_told() {
    let csv = "talk,short,long,who\n\"A: x\nB: y\",S,\"S and more\",7\n";
    let map = "dialogue=talk,summary=short,long,id=who";
    let (report, items) = imported("a.csv", csv, &["--map", map, "--split", "train"]);
    assert_eq!(report["mapping"]["summaries"], json!(["short", "long"]));
    assert_eq!(
        (&items[0]["id"], &items[0]["references"]),
        (&json!("7"), &json!(["S", "S and more"]))
    );

    let place = Place::new();
    let file = place.write("a.csv", csv);
    place.refuses(
        &["import", &file, "--name", "d"],
        2,
        "needs_mapping",
        &["talk", "--map"],
    );
    place.refuses(
        &["import", &file, "--name", "d", "--dry-run"],
        2,
        "needs_mapping",
        &["talk", "--map"],
    );
    let wrong = [
        "import",
        file.as_str(),
        "--name",
        "d",
        "--map",
        "dialogue=nope,summary=short",
    ];
    assert_eq!(
        place.refuses(&wrong, 2, "unknown_column", &["nope", "talk"])["field"],
        "nope"
    );
    place.refuses(
        &["import", &file, "--name", "d", "--map", "short"],
        2,
        "usage",
        &["--map"],
    );
}

#[test]
fn bad_rows_are_listed_and_left_out_only_when_told() {
    let place = Place::new();
    let mut rows = rows(2, 1, 1);
    rows.push(json!({"id": "x", "split": "train", "dialogue": "A: hm\nB: hm"}));
    let file = place.write_rows("a.jsonl", &rows);
    let error = place.refuses(
        &["import", &file, "--name", "d"],
        2,
        "bad_rows",
        &["row 5", "--skip-bad"],
    );
    assert_eq!(
        (&error["file"], &error["row"], &error["field"]),
        (&json!(file), &json!(5), &json!("summary"))
    );

    let report = place.ok(&["import", &file, "--name", "d", "--dry-run"]);
    assert_eq!(
        (&report["dry_run"], &report["issues"][0]["row"]),
        (&json!(true), &json!(5))
    );
    assert_eq!(
        place.ok(&["datasets"])["datasets"],
        json!([]),
        "a dry run stores nothing"
    );

    let report = place.ok(&["import", &file, "--name", "d", "--skip-bad"]);
    assert_eq!(
        (&report["read"], &report["imported"], &report["skipped"]),
        (&json!(5), &json!(4), &json!(1))
    );
    for key in ["row", "field", "code", "reason", "fix"] {
        assert!(!report["issues"][0][key].is_null(), "{report}");
    }
}

#[test]
fn splits_are_told_drawn_or_read_from_the_name() {
    let plain: Vec<Value> = (0..40)
        .map(|i| json!({"dialogue": format!("A: {i}?\nB: {i}!"), "summary": format!("{i}.")}))
        .collect();
    let content: String = plain.iter().map(|row| format!("{row}\n")).collect();
    for split in ["train", "validation", "test"] {
        let (report, items) = imported("a.jsonl", &content, &["--split", split]);
        assert_eq!(report["splits"][split], 40);
        assert!(items.iter().all(|item| item["split"] == split));
    }
    let (drawn, items) = imported("a.jsonl", &content, &["--seed", "3"]);
    assert_eq!(
        (&drawn["splits"]["test"], &drawn["seed"]),
        (&json!(6), &json!(3))
    );
    assert_eq!(
        imported("a.jsonl", &content, &["--seed", "3"]).1,
        items,
        "the same seed draws the same"
    );
    assert_ne!(imported("a.jsonl", &content, &["--seed", "4"]).1, items);
    assert_eq!(
        imported("my_test.jsonl", &content, &["--split", "auto"]).0["splits"]["test"],
        40
    );
}

#[test]
fn a_second_import_adds_and_takes_leaks_off_the_training_side() {
    let place = Place::new();
    place.import("d", &rows(3, 1, 1));
    // Spaces and case aside it is the first training dialogue.
    let leak = row(
        "new",
        "test",
        "ANN: Is  the train bus 0 late?\nBo: Yes, by 0 minutes.",
        "Late.",
    );
    let file = place.write_rows("more.jsonl", std::slice::from_ref(&leak));
    let strict = ["import", file.as_str(), "--name", "d", "--strict"];
    place.refuses(&strict, 2, "leaks", &["train-0", "Nothing was imported"]);

    let report = place.ok(&["import", &file, "--name", "d"]);
    assert_eq!(
        (&report["leaks"][0]["id"], &report["leaks"][0]["with"]),
        (&json!("train-0"), &json!("new"))
    );
    let stored = place.ok(&["datasets", "d"]);
    assert_eq!(
        stored["splits"],
        json!({"test": 2, "train": 2, "validation": 1})
    );

    // The very same row is here already; the same dialogue in another row is kept. Neither is silent.
    let other = row("newer", "test", text(&leak["dialogue"]), "Late.");
    let other = place.write_rows("other.jsonl", std::slice::from_ref(&other));
    for (file, imported, code) in [(&file, 0, "already_here"), (&other, 1, "duplicate")] {
        let report = place.ok(&["import", file, "--name", "d"]);
        assert_eq!(
            (&report["imported"], &report["issues"][0]["code"]),
            (&json!(imported), &json!(code))
        );
    }
    let (out, _) = place.human(&["datasets"], 0);
    assert!(out.contains("d ") && out.contains("validation"), "{out}");
}

#[test]
fn leaks_within_one_import_are_counted() {
    let place = Place::new();
    let mut rows = rows(2, 1, 1);
    rows.push(row("twin", "train", text(&rows[3]["dialogue"]), "Again."));
    let file = place.write_rows("a.jsonl", &rows);
    place.refuses(
        &["import", &file, "--name", "d", "--strict"],
        2,
        "leaks",
        &["twin", "test-0"],
    );
    let report = place.ok(&["import", &file, "--name", "d"]);
    assert_eq!(
        (list(&report["leaks"]).len(), &report["skipped"]),
        (1, &json!(1))
    );
}

#[test]
fn data_sets_that_are_not_there_are_named() {
    let place = Place::new();
    assert_eq!(place.ok(&["datasets"])["datasets"], json!([]));
    let (out, _) = place.human(&["datasets"], 0);
    assert!(out.contains("duologue import"), "{out}");
    place.import("d", &rows(1, 1, 1));
    place.refuses(&["datasets", "nope"], 2, "no_such_dataset", &["nope", "d"]);
    place.refuses(
        &["import", "nope.jsonl", "--name", "d"],
        2,
        "not_found",
        &["nope.jsonl"],
    );
}

#[test]
fn the_format_rule_tells_what_each_rule_says() {
    let place = Place::new();
    place.import("d", &rows(6, 1, 1));
    let good = "Ann: Is the bus late?\nBo: Yes, by 3 minutes.";
    let lines = [
        json!({"id": "good", "text": good}),
        json!({"id": "cut", "text": good, "ended": false}),
        json!({"dialogue": "no speaker at all"}),
    ];
    let file = place.write_rows("f.jsonl", &lines);
    for more in [&[][..], &["--dataset", "d"]] {
        let answer = place.json(&[&["format", file.as_str()], more].concat());
        let passes: Vec<bool> = answer
            .lines
            .iter()
            .map(|line| line["pass"] == true)
            .collect();
        assert!(!passes[1] && !passes[2], "{:?}", answer.lines);
        assert_eq!(
            (&answer.lines[0]["id"], &answer.lines[2]["id"]),
            (&json!("good"), &json!(3))
        );
        assert_eq!(answer.lines[1]["rules"]["ended"], false);
        let rate = passes.iter().filter(|pass| **pass).count() as f64 / 3.0;
        assert_eq!(
            (number(&answer.last["format_rate"]), &answer.last["n"]),
            (rate, &json!(3))
        );
        let ended = &answer.last["rules"]["ended"];
        assert!(
            ["rate", "limit", "source", "real_reject"]
                .iter()
                .all(|key| ended.get(key).is_some()),
            "{ended}"
        );
        assert!((number(&ended["rate"]) - 2.0 / 3.0).abs() < 1e-12);
        if !more.is_empty() {
            assert!(passes[0], "{}", answer.lines[0]);
            assert_eq!(answer.last["rules"]["min_turns"]["source"], "calibrated");
        }
    }
    place.refuses(
        &["format", &file, "--dataset", "nope"],
        2,
        "no_such_dataset",
        &["nope"],
    );
    let bad = place.write("bad.jsonl", "{\"text\":\"A: x\"}\n\n{\"txt\":1}\n");
    let error = place.refuses(&["format", &bad], 2, "file", &["line 3", "text"]);
    assert_eq!((&error["file"], &error["row"]), (&json!(bad), &json!(3)));
}

#[test]
fn the_recipe_is_printed_with_reasons_and_read_back() {
    let place = Place::new();
    let fields = place.ok(&["recipe", "--print"])["fields"].clone();
    for field in list(&fields) {
        assert!(
            !text(&field["doc"]).is_empty() && !text(&field["source"]).is_empty(),
            "{field}"
        );
        assert_eq!(field["value"], field["default"], "{field}");
    }
    let value = |result: &Value, key: &str| {
        list(&result["fields"])
            .iter()
            .find(|field| field["key"] == key)
            .expect("a field")["value"]
            .clone()
    };
    let paper = place.ok(&["recipe", "--print", "--preset", "paper"]);
    assert_eq!(
        (
            number(&value(&paper, "sft_lr")),
            number(&value(&paper, "stage1_stop_lr"))
        ),
        (2e-4, 2e-5)
    );
    let small = [
        "recipe",
        "--print",
        "--preset",
        "small",
        "--set",
        "shots=7",
        "--set",
        "lr_search=0.5,1",
    ];
    let small = place.ok(&small);
    assert_eq!(
        (value(&small, "shots"), value(&small, "lr_search")),
        (json!(7), json!([0.5, 1.0]))
    );

    // What is printed for people is the file that --recipe reads.
    let (toml, _) = place.human(
        &["recipe", "--print", "--preset", "small", "--set", "shots=7"],
        0,
    );
    let file = place.write("r.toml", toml);
    assert_eq!(value(&place.ok(&["recipe", "--recipe", &file]), "shots"), 7);

    place.refuses(
        &["recipe", "--set", "shot=1"],
        2,
        "recipe",
        &["shot", "recipe --print"],
    );
    place.refuses(
        &["recipe", "--set", "shots=0"],
        2,
        "recipe",
        &["shots", "at least 1"],
    );
    place.refuses(
        &["recipe", "--preset", "big"],
        2,
        "usage",
        &["big", "small"],
    );
    let bad = place.write("bad.toml", "no_such_field = 1\n");
    assert_eq!(
        place.refuses(
            &["recipe", "--recipe", &bad],
            2,
            "recipe",
            &["no_such_field"]
        )["file"],
        json!(bad)
    );
    place.refuses(
        &["recipe", "--recipe", "gone.toml"],
        2,
        "file",
        &["gone.toml"],
    );
}

#[test]
fn a_wrong_use_is_an_error_line_too() {
    let place = Place::new();
    let error = place.fails(&["import"], 2, "usage");
    assert!(text(&error["message"]).contains("--name"), "{error}");
    place.fails(&["frobnicate"], 2, "usage");
    place.fails(&["show", "x", "--items"], 2, "usage");
    place.fails(&["evaluate", "--run", "x", "--multi", "best"], 2, "usage");
}

/// Tokens are those of the model that is asked about; no other example is named.
#[test]
fn examples_longer_than_a_models_context_are_named() {
    let place = Place::new();
    let long = format!("A: {}\nB: Yes.", "Is the bus late? ".repeat(300));
    let rows = [
        row("short", "train", "A: Is it late?\nB: Yes.", "It is."),
        row("long", "train", &long, "It is."),
    ];
    place.import("d", &rows);
    let found = place.ok(&["datasets", "d", "--model", &super::tiny()]);
    assert_eq!(found["context_tokens"], 512);
    let named: Vec<&str> = list(&found["too_long"])
        .iter()
        .map(|example| text(&example["id"]))
        .collect();
    assert_eq!(named, ["long"]);
    assert!(number(&found["too_long"][0]["tokens"]) > 512.0, "{found}");
    assert!(
        place
            .human(&["datasets", "d", "--model", &super::tiny()], 0)
            .0
            .contains("long (")
    );
}

/// Rows with ids from 0, of texts that no other month has.
fn month(name: &str, n: usize) -> Vec<Value> {
    let row = |i: usize| {
        json!({"id": i.to_string(), "summary": format!("Bo says when in {name}."),
            "dialogue": format!("Ann: When in {name}, {i}?\nBo: On day {i}.")})
    };
    (0..n).map(row).collect()
}

#[test]
fn a_third_file_of_one_name_keeps_its_rows() {
    let place = Place::new();
    for (name, n) in [("jan", 12), ("feb", 12), ("mar", 20)] {
        let lines: Vec<String> = month(name, n).iter().map(Value::to_string).collect();
        let file = place.write(&format!("{name}/log.jsonl"), lines.join("\n"));
        let report = place.ok(&["import", &file, "--name", "c", "--split", "train"]);
        assert_eq!(
            (number(&report["imported"]), number(&report["skipped"])),
            (n as f64, 0.0),
            "{report}"
        );
    }
    assert_eq!(place.ok(&["datasets", "c"])["n"], 44);
}

#[test]
fn single_transcripts_do_not_all_go_to_test() {
    let place = Place::new();
    for i in 1..=6 {
        let text = format!("Ann: Is it {i}?\nBo: It is {i}.\nSummary: It is {i}.\n");
        let file = place.write(&format!("t{i}.txt"), &text);
        let report = place.ok(&["import", &file, "--name", "y"]);
        let whole = json!([{"case": "one_split", "split": "train"}]);
        assert!(i > 1 || report["remarks"] == whole, "{report}");
        let again = place.ok(&["import", &file, "--name", "y"]);
        assert_eq!(
            (&again["imported"], &again["issues"][0]["code"]),
            (&json!(0), &json!("already_here"))
        );
    }
    let splits = place.ok(&["datasets", "y"])["splits"].clone();
    for split in ["train", "validation", "test"] {
        assert!(number(&splits[split]) >= 1.0, "{splits}");
    }
    assert!(number(&splits["train"]) >= 3.0, "{splits}");
}

#[test]
fn eight_imports_at_once_lose_nothing() {
    let place = Place::new();
    let files: Vec<String> = (0..8)
        .map(|i| {
            let lines: Vec<String> = month(&format!("month {i}"), 10)
                .iter()
                .map(Value::to_string)
                .collect();
            place.write(&format!("{i}/log.jsonl"), lines.join("\n"))
        })
        .collect();
    std::thread::scope(|scope| {
        for file in &files {
            scope.spawn(|| place.ok(&["import", file, "--name", "all"]));
        }
    });
    let items = place.json(&["datasets", "all", "--items"]).lines;
    let ids: std::collections::HashSet<&str> = items.iter().map(|item| text(&item["id"])).collect();
    assert_eq!((items.len(), ids.len()), (80, 80));
}

#[test]
fn an_import_is_undone_by_its_number() {
    let place = Place::new();
    let report = place.import("d", &month("jan", 10));
    let import = number(&report["import"]) as u64;
    let listed = place.ok(&["datasets", "d", "--imports"]);
    assert_eq!(
        (
            &listed["imports"][0]["id"],
            &listed["imports"][0]["present"]
        ),
        (&json!(import), &json!(10))
    );
    let undone = place.ok(&["datasets", "d", "--undo", &import.to_string()]);
    assert_eq!(undone["removed"], 10);
    assert_eq!(place.ok(&["datasets"])["datasets"], json!([]));
}

#[test]
fn dialogues_without_a_summary_are_kept_when_asked() {
    let place = Place::new();
    let mut rows = month("jan", 10);
    rows[3]["summary"] = json!("");
    let file = place.write_rows("d.jsonl", &rows);
    let import = ["import", &file, "--name", "d"];
    place.refuses(&import, 2, "bad_rows", &["row 4"]);
    let report = place.ok(&[&import[..], &["--keep-unsummarised"]].concat());
    assert_eq!(
        (&report["imported"], &report["unsummarised"]),
        (&json!(10), &json!(1))
    );
    assert_eq!(place.ok(&["datasets"])["datasets"][0]["unsummarised"], 1);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_the_workspace() {
    use std::os::unix::fs::PermissionsExt;
    fn open(path: &std::path::Path, found: &mut Vec<String>) {
        let entry = std::fs::symlink_metadata(path).expect("a file");
        if entry.permissions().mode() & 0o077 != 0 {
            found.push(path.display().to_string());
        }
        if entry.is_dir() {
            for entry in std::fs::read_dir(path).expect("a folder") {
                open(&entry.expect("an entry").path(), found);
            }
        }
    }
    let place = Place::new();
    place.import("d", &month("jan", 10));
    let look = || {
        let mut found = Vec::new();
        open(&place.workspace(), &mut found);
        found
    };
    assert_eq!(look(), Vec::<String>::new());
    for path in [
        place.workspace(),
        place.workspace().join("workspace.sqlite"),
    ] {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("opened");
    }
    place.ok(&["datasets"]);
    assert_eq!(look(), Vec::<String>::new());
}
