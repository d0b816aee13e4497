//! Writes a rated study to a folder: the layout that [`super::import`] reads, with a dictionary of its columns and the
//! results beside it. What is written gives the same results when it is read again.

use std::path::Path;

use contract::{FileAction, ItemState, StudyResults};
use serde::Serialize;
use serde_json::json;

use super::record::{GivenMark, GivenScore, GivenVote, RatedDialogue, RatedItem, StudyRecord};
use crate::error::{Error, Result};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// Its name in the folder.
    pub path: String,
    /// Lines or entries in it.
    pub rows: usize,
    /// SHA-256 of its bytes.
    pub sha256: String,
}

/// How the long tables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// With a header, separated by commas.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// A file beside the study's own.
pub(super) struct Extra {
    name: String,
    rows: usize,
    bytes: Vec<u8>,
}

impl Extra {
    pub(super) fn json(name: &str, rows: usize, value: &impl Serialize) -> Self {
        Self {
            name: name.to_owned(),
            rows,
            bytes: pretty(value),
        }
    }

    /// The ending says how it is written.
    pub(super) fn table(stem: &str, lines: &[impl Serialize], format: TableFormat) -> Self {
        let ending = match format {
            TableFormat::Csv => "csv",
            TableFormat::JsonLines => "jsonl",
        };
        Self {
            name: format!("{stem}.{ending}"),
            rows: lines.len(),
            bytes: table(lines, format),
        }
    }

    pub(super) fn text(name: &str, rows: usize, text: String) -> Self {
        Self {
            name: name.to_owned(),
            rows,
            bytes: text.into_bytes(),
        }
    }
}

/// A column of the long tables, for the dictionary.
#[derive(Clone, Serialize)]
struct Column {
    file: &'static str,
    column: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    unit: &'static str,
    values: &'static str,
    meaning: &'static str,
}

/// Writes the study, and `more` beside it; with `redact` the texts of dialogues and summaries are left empty.
///
/// # Errors
/// A folder or file that cannot be written.
pub(super) fn write(
    record: &StudyRecord,
    results: &StudyResults,
    folder: &Path,
    format: TableFormat,
    redact: bool,
    more: Vec<Extra>,
) -> Result<Vec<WrittenFile>> {
    let io = |path: &Path, error: &std::io::Error| Error::io(FileAction::Write, path, error);
    std::fs::create_dir_all(folder).map_err(|error| io(folder, &error))?;
    let mut plan = json!({"format": "duologue.study", "version": 1});
    if let (Some(head), serde_json::Value::Object(fields)) =
        (plan.as_object_mut(), json!(record.plan))
    {
        head.extend(fields);
    }
    let (dialogues, items) = texts(record, redact);
    let dictionary = columns();
    let mut files = vec![
        ("study.json", 1, pretty(&plan)),
        ("dialogues.json", dialogues.len(), pretty(&dialogues)),
        ("items.json", items.len(), pretty(&items)),
        ("results.json", 1, pretty(results)),
        ("dictionary.json", dictionary.len(), pretty(&dictionary)),
    ];
    let (ratings, votes, marks) = match format {
        TableFormat::Csv => ("ratings.csv", "pair_votes.csv", "best_worst.csv"),
        TableFormat::JsonLines => ("ratings.jsonl", "pair_votes.jsonl", "best_worst.jsonl"),
    };
    let lines: Vec<ScoreLine<'_>> = record.scores.iter().map(ScoreLine::from).collect();
    files.push((ratings, lines.len(), table(&lines, format)));
    if !record.votes.is_empty() {
        let lines: Vec<&GivenVote> = record.votes.iter().collect();
        files.push((votes, lines.len(), table(&lines, format)));
    }
    if !record.marks.is_empty() {
        let lines: Vec<&GivenMark> = record.marks.iter().collect();
        files.push((marks, lines.len(), table(&lines, format)));
    }
    let files = files
        .into_iter()
        .map(|(name, rows, bytes)| (name.to_owned(), rows, bytes));
    let more = more
        .into_iter()
        .map(|extra| (extra.name, extra.rows, extra.bytes));
    let mut written = Vec::new();
    for (name, rows, bytes) in files.chain(more) {
        let path = folder.join(&name);
        host::file::write(&path, &bytes).map_err(|error| io(&path, &error))?;
        written.push(WrittenFile {
            path: name,
            rows,
            sha256: store::sha256_hex(&bytes),
        });
    }
    Ok(written)
}

fn texts(record: &StudyRecord, redact: bool) -> (Vec<RatedDialogue>, Vec<RatedItem>) {
    let (mut dialogues, mut items) = (record.dialogues.clone(), record.items.clone());
    if redact {
        for turn in dialogues
            .iter_mut()
            .flat_map(|dialogue| &mut dialogue.turns)
        {
            turn.s.clear();
            turn.t.clear();
        }
        items.iter_mut().for_each(|item| item.text.clear());
    }
    (dialogues, items)
}

/// A line of the long table as it is written: a repeat is 1.
#[derive(Serialize)]
struct ScoreLine<'a> {
    dialogue: u32,
    item: u32,
    rater: &'a str,
    step: u32,
    place: u32,
    repeat: u8,
    criterion: &'a str,
    score: Option<u8>,
    state: ItemState,
    active_ms: i64,
    at_ms: Option<i64>,
}

impl<'a> From<&'a GivenScore> for ScoreLine<'a> {
    fn from(line: &'a GivenScore) -> Self {
        Self {
            dialogue: line.dialogue,
            item: line.item,
            rater: &line.rater,
            step: line.step,
            place: line.place,
            repeat: u8::from(line.repeat),
            criterion: &line.criterion,
            score: line.score,
            state: line.state,
            active_ms: line.active_ms,
            at_ms: line.at_ms,
        }
    }
}

/// JSON for people; only a map whose keys are not strings cannot be written, and none of ours has such keys.
fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

fn table(lines: &[impl Serialize], format: TableFormat) -> Vec<u8> {
    match format {
        TableFormat::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for line in lines {
                // A line has a value in each column and goes into memory: there is nothing that could fail.
                let _written = writer.serialize(line);
            }
            writer.into_inner().unwrap_or_default()
        }
        TableFormat::JsonLines => {
            let line = |line| serde_json::to_string(line).unwrap_or_default() + "\n";
            lines.iter().map(line).collect::<String>().into_bytes()
        }
    }
}

fn columns() -> Vec<Column> {
    [rating_columns(), vote_columns(), mark_columns(), beside()].concat()
}

fn rating_columns() -> Vec<Column> {
    let ratings = |column, kind, unit, values, meaning| Column {
        file: "ratings",
        column,
        kind,
        unit,
        values,
        meaning,
    };
    vec![
        ratings(
            "dialogue",
            "integer",
            "",
            "",
            "number of the dialogue in dialogues.json",
        ),
        ratings(
            "item",
            "integer",
            "",
            "",
            "number of the summary in items.json, which names its systems",
        ),
        ratings("rater", "text", "", "", "slot on the roster"),
        ratings(
            "step",
            "integer",
            "",
            "from 0",
            "place of the dialogue in the rater's order",
        ),
        ratings(
            "place",
            "integer",
            "",
            "from 0",
            "place of the summary in the dialogue",
        ),
        ratings(
            "repeat",
            "integer",
            "",
            "0, 1",
            "1: shown for the second time; counts for consistency alone",
        ),
        ratings(
            "criterion",
            "text",
            "",
            "",
            "what is scored; study.json has its scale",
        ),
        ratings(
            "score",
            "integer",
            "points",
            "1 to the scale's points, or empty",
            "the score; empty: not given",
        ),
        ratings(
            "state",
            "text",
            "",
            "draft, done, skipped",
            "how far the rater was with the summary",
        ),
        ratings(
            "active_ms",
            "integer",
            "ms",
            "",
            "active time on the summary",
        ),
        ratings(
            "at_ms",
            "integer",
            "ms since 1970",
            "",
            "when the score was given",
        ),
    ]
}

/// A column: file, name, type, unit, values, meaning.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// The tables beside the study's own.
const BESIDE: [Row; 17] = [
    ("shown", "rater", "text", "", "", "slot on the roster"),
    (
        "shown",
        "step",
        "integer",
        "",
        "from 0",
        "place in the rater's order",
    ),
    (
        "shown",
        "item",
        "integer",
        "",
        "",
        "number of the text in items.json",
    ),
    (
        "shown",
        "state",
        "text",
        "",
        "draft, done, skipped",
        "how far the rater was with it",
    ),
    (
        "shown",
        "reason",
        "text",
        "",
        "unreadable, other_language, broken_text, other, or empty",
        "why it was skipped",
    ),
    (
        "shown",
        "active_ms",
        "integer",
        "ms",
        "",
        "time with signs of life",
    ),
    ("shown", "idle_ms", "integer", "ms", "", "time without"),
    (
        "shown",
        "flag",
        "integer",
        "",
        "0, 1",
        "1: it may have a real person's data",
    ),
    ("shown", "note", "text", "", "", "the rater's note"),
    (
        "raters",
        "state",
        "text",
        "",
        "invited, active, locked, withdrawn",
        "where they stand",
    ),
    (
        "raters",
        "counted",
        "integer",
        "",
        "0, 1",
        "1: what they rated counts",
    ),
    (
        "raters",
        "steps",
        "integer",
        "",
        "",
        "dialogues, repeats or pairs that they were given",
    ),
    (
        "events",
        "what",
        "text",
        "",
        "",
        "what happened to the study",
    ),
    ("events", "payload", "text", "", "JSON", "more about it"),
    (
        "companion",
        "wilcoxon_pratt_p",
        "number",
        "",
        "",
        "Wilcoxon's test on dialogues, zeros by Pratt",
    ),
    (
        "companion",
        "sign_test_p",
        "number",
        "",
        "",
        "sign test on dialogues, ties left out",
    ),
    (
        "companion",
        "pairwise_diff",
        "number",
        "points",
        "",
        "difference over dialogues in which these two systems have a score",
    ),
];

fn beside() -> Vec<Column> {
    BESIDE
        .into_iter()
        .map(|(file, column, kind, unit, values, meaning)| Column {
            file,
            column,
            kind,
            unit,
            values,
            meaning,
        })
        .collect()
}

fn mark_columns() -> Vec<Column> {
    let marks = |column, kind, unit, meaning| Column {
        file: "best_worst",
        column,
        kind,
        unit,
        values: "",
        meaning,
    };
    vec![
        marks("dialogue", "integer", "", "number of the dialogue"),
        marks("rater", "text", "", "slot on the roster"),
        marks(
            "shown",
            "text",
            "",
            "numbers of the summaries in the order shown",
        ),
        marks("best", "integer", "", "number of the summary named best"),
        marks("worst", "integer", "", "number of the summary named worst"),
        marks("active_ms", "integer", "ms", "active time on the dialogue"),
    ]
}

fn vote_columns() -> Vec<Column> {
    let votes = |column, kind, unit, values, meaning| Column {
        file: "pair_votes",
        column,
        kind,
        unit,
        values,
        meaning,
    };
    vec![
        votes("dialogue", "integer", "", "", "number of the dialogue"),
        votes("rater", "text", "", "", "slot on the roster"),
        votes(
            "left",
            "text",
            "",
            "",
            "system whose summary stood on the left",
        ),
        votes(
            "right",
            "text",
            "",
            "",
            "system whose summary stood on the right",
        ),
        votes(
            "choice",
            "text",
            "",
            "left, right, tie",
            "what the rater chose",
        ),
        votes("active_ms", "integer", "ms", "", "active time on the pair"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::{import, results::results};
    use super::*;

    #[test]
    fn what_is_written_gives_the_same_results() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/study_results");
        let read = import::read(&golden).unwrap();
        let found = results(&read);
        let dir = tempfile::tempdir().unwrap();
        let files = write(
            &read,
            &found,
            dir.path(),
            TableFormat::Csv,
            false,
            Vec::new(),
        )
        .unwrap();
        assert_eq!(files.len(), 7);
        assert_eq!(import::read(dir.path()).unwrap(), read);
        let redacted = tempfile::tempdir().unwrap();
        write(
            &read,
            &found,
            redacted.path(),
            TableFormat::Csv,
            true,
            Vec::new(),
        )
        .unwrap();
        let again = import::read(redacted.path()).unwrap();
        assert!(again.items.iter().all(|item| item.text.is_empty()));
        assert_eq!(results(&again), found);
    }
}
