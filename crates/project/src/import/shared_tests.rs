//! Import of the real data sets, where they are at hand; every expected count is taken from the file itself.

use serde_json::Value;

use super::leak::Key;
use super::*;

fn import(file: &str, speakers: Option<&[&str]>) -> Option<(Import, String)> {
    let path = shared_data(file)?;
    let raw = std::fs::read_to_string(&path).unwrap();
    let speakers = speakers.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let import = read(
        &[path],
        &ImportOptions {
            speakers,
            ..ImportOptions::default()
        },
    )
    .unwrap();
    println!(
        "{file}: {} rows, {} examples, {} issues",
        import.read,
        import.examples.len(),
        import.issues.len()
    );
    Some((import, raw))
}

fn lines(raw: &str) -> Vec<Value> {
    raw.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All of a row's words appear in order, whatever line ends and spaces the file has.
fn squeezed(text: &str) -> String {
    let text = text.replace(['\u{feff}', '\u{a0}', '\u{202f}'], " ");
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn assert_whole(import: &Import, format: &str, rows: usize) {
    assert_eq!(
        (&*import.format.to_string(), import.detection),
        (format, Detection::Detected)
    );
    assert_eq!(
        (import.read, import.examples.len(), import.bad_rows()),
        (rows, rows, 0),
        "{:?}",
        import.errors().next()
    );
}

/// A single test, so that a machine without the data sets skips just once.
#[test]
fn published_data_sets() {
    samsum();
    dialogsum();
    mts_dialog();
    tweetsumm();
    primock_and_todsum();
    fredsum_columns_are_guessed_with_all_their_references();
    real_splits_are_cleaned_of_doubles();
    ordinary_lines_are_read_as_ever();
}

fn samsum() {
    for (file, split) in [
        ("samsum/val.json", Split::Validation),
        ("samsum/test.json", Split::Test),
    ] {
        let Some((import, raw)) = import(file, None) else {
            return;
        };
        let rows: Vec<Value> = serde_json::from_str(&raw).unwrap();
        assert_whole(&import, "samsum_json", rows.len());
        for (row, example) in rows.iter().zip(&import.examples) {
            assert_eq!(
                squeezed(&example.dialogue),
                squeezed(row["dialogue"].as_str().unwrap())
            );
            assert_eq!(
                example.references,
                [row["summary"].as_str().unwrap().trim()]
            );
            assert_eq!(
                (example.external_id.as_str(), example.split),
                (row["id"].as_str().unwrap(), split)
            );
            assert!(!example.dialogue.contains('\r'));
        }
    }
}

fn dialogsum() {
    for (file, split) in [
        ("dialogsum/dev.jsonl", Split::Validation),
        ("dialogsum/train_1500.jsonl", Split::Train),
    ] {
        let Some((import, raw)) = import(file, None) else {
            return;
        };
        let rows = lines(&raw);
        assert_whole(&import, "dialogsum_jsonl", rows.len());
        assert!(
            import
                .examples
                .iter()
                .all(|example| example.split == split && example.references.len() == 1)
        );
        assert_eq!(
            import.examples[0].external_id,
            rows[0]["fname"].as_str().unwrap()
        );
    }
}

fn mts_dialog() {
    let files = [
        "mts_dialog/MTS-Dialog-TrainingSet.csv",
        "mts_dialog/MTS-Dialog-ValidationSet.csv",
    ];
    for (file, split) in files.into_iter().zip([Split::Train, Split::Validation]) {
        let Some((import, raw)) = import(file, None) else {
            return;
        };
        let mut reader = csv::Reader::from_reader(raw.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_whole(&import, "mts_dialog_csv", rows.len());
        for (row, example) in rows.iter().zip(&import.examples) {
            assert_eq!(example.external_id, row[0]);
            assert_eq!(
                (squeezed(&example.references[0]), example.split),
                (squeezed(&row[2]), split)
            );
        }
    }
}

fn tweetsumm() {
    let Some(path) = shared_data("tweetsumm/train.jsonl") else {
        return;
    };
    let bare = read(std::slice::from_ref(&path), &ImportOptions::default()).unwrap_err();
    assert_eq!(bare.code().as_str(), "speakers_needed");
    for file in ["tweetsumm/train.jsonl", "tweetsumm/valid.jsonl"] {
        let Some((import, raw)) = import(file, Some(&["Customer", "Agent"])) else {
            return;
        };
        let rows = lines(&raw);
        assert_whole(&import, "tweetsumm_jsonl", rows.len());
        for (row, example) in rows.iter().zip(&import.examples) {
            assert_eq!(
                example.references.len(),
                row["summaries"].as_array().unwrap().len()
            );
            let turns = row["turns"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|turn| !turn.as_str().unwrap().trim().is_empty());
            assert_eq!(example.dialogue.lines().count(), turns.count());
        }
    }
}

fn primock_and_todsum() {
    let Some((primock, raw)) = import("primock57/consultations.jsonl", None) else {
        return;
    };
    assert_whole(&primock, "primock57_jsonl", lines(&raw).len());
    let Some((todsum, raw)) = import("todsum/valid.jsonl", Some(&["User", "Agent"])) else {
        return;
    };
    assert_whole(&todsum, "todsum_jsonl", lines(&raw).len());
    assert!(
        todsum
            .examples
            .iter()
            .all(|example| example.references.len() == 1)
    );
}

fn fredsum_columns_are_guessed_with_all_their_references() {
    let Some((import, raw)) = import("fredsum/debates_fr_train.jsonl", None) else {
        return;
    };
    let rows = lines(&raw);
    assert_eq!(
        (import.examples.len(), import.mapping.dialogue.as_str()),
        (rows.len(), "transcript")
    );
    for (row, example) in rows.iter().zip(&import.examples) {
        let texts = ["abstractive_1", "abstractive_2", "abstractive_3"]
            .iter()
            .filter(|name| row[**name].is_string());
        assert_eq!(example.references.len(), texts.count());
    }
}

fn real_splits_are_cleaned_of_doubles() {
    let files: Option<Vec<PathBuf>> = ["samsum/val.json", "samsum/test.json"]
        .into_iter()
        .map(shared_data)
        .collect();
    let Some(files) = files else { return };
    let mut import = read(&files, &ImportOptions::default()).unwrap();
    let before = import.examples.len();
    let leaks = find_leaks(&mut import.examples);
    println!("{} dialogues of {before} stand in both files", leaks.len());
    assert_eq!(import.examples.len() + leaks.len(), before);
    assert!(
        leaks
            .iter()
            .all(|leak| (leak.split, leak.with_split) == (Split::Validation, Split::Test))
    );
    let test: HashSet<Key> = import
        .examples
        .iter()
        .filter(|e| e.split == Split::Test)
        .map(|e| Key::of(0, &e.dialogue))
        .collect();
    let left = import
        .examples
        .iter()
        .filter(|e| e.split == Split::Validation);
    assert!(
        left.into_iter()
            .all(|example| !test.contains(&Key::of(0, &example.dialogue)))
    );
}

/// The reading of lines before there was a grammar: what comes before the first colon.
fn first_colon(line: &str) -> Option<&str> {
    let (name, text) = line.split_once(':')?;
    let is_time = name.ends_with(|c: char| c.is_ascii_digit())
        && text.starts_with(|c: char| c.is_ascii_digit());
    let name = name.trim();
    let is_name = !name.is_empty()
        && name.chars().count() <= crate::dialogue::MAX_SPEAKER_CHARS
        && name.chars().any(char::is_alphanumeric)
        && !name.starts_with('[');
    (is_name && !text.starts_with("//") && !is_time).then_some(name)
}

fn ordinary_lines_are_read_as_ever() {
    let files = ["samsum/val.json", "samsum/test.json", "dialogsum/dev.jsonl"];
    for file in files {
        let Some((import, _)) = import(file, None) else {
            return;
        };
        let doubtful = import
            .issues
            .iter()
            .filter(|issue| issue.code() == IssueCode::UnsureSpeaker);
        let doubtful: Vec<_> = doubtful.collect();
        for issue in &doubtful {
            println!("{file} {}: {}", issue.row, issue.fault);
        }
        assert!(
            doubtful.len() * 50 < import.read,
            "{} of {}",
            doubtful.len(),
            import.read
        );
        let lines = import
            .examples
            .iter()
            .flat_map(|example| example.dialogue.lines());
        let mut changed = 0;
        for line in lines.clone() {
            let turn = &crate::dialogue::Dialogue::parse(line).turns[0];
            if turn.speaker.as_deref() != first_colon(line) {
                changed += 1;
                println!("{file}: {line}");
            }
        }
        assert!(changed * 1000 < lines.count(), "{changed} lines");
    }
}
