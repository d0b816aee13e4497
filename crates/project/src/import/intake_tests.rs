//! Practice formats against fixtures: dialogues, what is dropped, format, encoding, member, sheet, issues, refusals.
//!
//! `fixtures/README.md` says what a file of expectations holds.

use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Expected {
    format: Option<FileFormat>,
    encoding: Option<Encoding>,
    dialogues: Vec<ExpectedDialogue>,
    dropped: Vec<ExpectedDropped>,
    inside: Option<String>,
    sheet: Option<String>,
    #[serde(default)]
    issues: Vec<ExpectedIssue>,
    error: Option<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct ExpectedDialogue {
    turns: Vec<ExpectedTurn>,
    summary: Option<String>,
}

#[derive(Deserialize, Debug, PartialEq)]
struct ExpectedTurn {
    speaker: String,
    text: String,
}

#[derive(Deserialize)]
struct ExpectedDropped {
    at: u64,
    reason: DropReason,
    text: String,
}

#[derive(Deserialize)]
struct ExpectedIssue {
    row: usize,
    code: IssueCode,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/fixtures")
}

/// What a file holds before its rows are judged.
fn records(path: &Path, options: &ImportOptions) -> Result<(Records, Encoding), ImportProblem> {
    let file = path.display().to_string();
    let bytes = read_file(path)?;
    let beside = transcript::path_beside(path).filter(|beside| beside.is_file());
    let beside = beside.map(|beside| (read_file(&beside).unwrap(), beside));
    let beside = beside
        .as_ref()
        .map(|(bytes, path)| Beside::new(path, bytes));
    let input = Input {
        path,
        file: &file,
        bytes: &bytes,
        beside: beside.as_ref(),
    };
    let taken = recognise::take_apart(&input, options)?;
    let records = turn_rows::gather(&file, taken.records, None, None)?;
    Ok((records, taken.encoding))
}

/// The dialogues of all rows, with or without a summary.
fn dialogues(records: &Records, options: &ImportOptions) -> Vec<ExpectedDialogue> {
    let layout = columns::detect(records, &ImportOptions::default(), "file").unwrap();
    let text = |record: &Record, column: &str| {
        let value = record.fields.get(column)?.as_str()?.to_owned();
        Some(value).filter(|text| !text.is_empty())
    };
    // A summary that is made up here lets every row through.
    let mut filled = Records {
        columns: records.columns.clone(),
        rows: records
            .rows
            .iter()
            .map(|record| {
                let mut fields = record.fields.clone();
                fields.insert(layout.map.summaries[0].as_str().into(), "s".into());
                Record {
                    row: record.row,
                    fields,
                }
            })
            .collect(),
        ..Records::new(records.layout)
    };
    let drafts = record::drafts(
        &mut filled,
        &layout,
        options,
        "file",
        &mut Issues::default(),
    )
    .unwrap();
    let turn = |turn: crate::dialogue::Turn| ExpectedTurn {
        speaker: turn.speaker.unwrap_or_default(),
        text: turn.text,
    };
    drafts
        .into_iter()
        .zip(&records.rows)
        .map(|(draft, record)| ExpectedDialogue {
            turns: crate::dialogue::Dialogue::parse(&draft.dialogue)
                .turns
                .into_iter()
                .map(turn)
                .collect(),
            summary: text(record, &layout.map.summaries[0]),
        })
        .collect()
}

fn check(name: &str) {
    let path = fixtures().join(name);
    let expected = fixtures().join(format!("{name}.expected.json"));
    let expected: Expected = serde_json::from_slice(&std::fs::read(expected).unwrap()).unwrap();
    let options = ImportOptions::default();
    let read = records(&path, &options);
    if let Some(error) = expected.error {
        let problem = read.err().unwrap();
        assert_eq!(problem.code().as_str(), error, "{name}");
        return;
    }
    let (records, encoding) = read.unwrap_or_else(|problem| panic!("{name}: {problem}"));
    let layout = columns::detect(&records, &ImportOptions::default(), name).unwrap();
    assert_eq!(Some(layout.format), expected.format, "{name}");
    assert_eq!(Some(encoding), expected.encoding, "{name}");
    assert_eq!(records.inside, expected.inside, "{name}");
    if expected.sheet.is_some() {
        assert_eq!(records.sheet, expected.sheet, "{name}");
    }
    let bad: Vec<usize> = expected.issues.iter().map(|issue| issue.row).collect();
    let mut good = records;
    let import = self::import(&path);
    for issue in &expected.issues {
        let found = import.issues.iter().any(|found| {
            found.row == issue.row
                && found.code() == issue.code
                && found.severity == Severity::Error
        });
        assert!(found, "{name}: {:?}", import.issues);
    }
    good.rows.retain(|record| !bad.contains(&record.row));
    assert_eq!(dialogues(&good, &options), expected.dialogues, "{name}");
    let dropped: Vec<(u64, DropReason, String)> = good
        .measure
        .dropped
        .into_iter()
        .map(|dropped| (dropped.at, dropped.reason, dropped.text))
        .collect();
    let wanted: Vec<(u64, DropReason, String)> = expected
        .dropped
        .into_iter()
        .map(|dropped| {
            let text: String = dropped.text.chars().take(60).collect();
            (dropped.at, dropped.reason, text)
        })
        .collect();
    assert_eq!(dropped, wanted, "{name}");
    assert_even(&import);
}

fn import(path: &Path) -> Import {
    read(&[path.to_owned()], &ImportOptions::default()).unwrap()
}

/// Everything that was read is in one part of the account, and what is skipped belongs to a bad row.
fn assert_even(import: &Import) {
    let account = import.account(&import.examples);
    let sum = account.imported + account.skipped + account.merged + account.dropped;
    assert_eq!(sum, account.read, "{account:?}");
    assert_eq!(account.skipped > 0, import.bad_rows() > 0, "{account:?}");
}

#[test]
fn every_fixture_gives_what_it_should() {
    let mut count = 0;
    let mut names: Vec<String> = std::fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in &names {
        if names.contains(&format!("{name}.expected.json")) {
            check(name);
            count += 1;
        }
    }
    assert_eq!(count, 27);
}
