//! What demos leave in a workspace: votes and corrections, kept with the dialogue's hash, the writer and the time, and
//! what they come to. The window and `duologue demo` read the same figures.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use contract::problem::ImportProblem;
use contract::{
    DemoCorrection, DemoEvidence, DemoMeter, DemoPair, DemoRate, DemoSide, DemoVote, DemoWriter,
    FileAction, Summarized,
};
use metrics::interval::wilson;
use serde::Serialize;

use crate::dialogue::Dialogue;
use crate::error::{Error, Result, corrupt};
use crate::import::{self, ImportOptions};
use crate::session::Session;

impl Session {
    /// Keeps a vote about two summaries of a dialogue, whose hash is filled in here.
    ///
    /// # Errors
    /// What the store reports, also for a run that is gone.
    pub fn keep_demo_vote(&self, dialogue: &str, vote: DemoVote, now_ms: i64) -> Result<()> {
        let kept = DemoVote {
            at_ms: now_ms,
            dialogue_sha256: dialogue_sha256(dialogue),
            ..vote
        };
        Ok(self.store.append_demo_vote(&kept)?)
    }

    /// Keeps a summary of a dialogue that somebody corrected; the hash is filled in here.
    ///
    /// # Errors
    /// What the store reports, also for a run that is gone.
    pub fn keep_demo_correction(
        &self,
        dialogue: &str,
        correction: DemoCorrection,
        now_ms: i64,
    ) -> Result<()> {
        let kept = DemoCorrection {
            at_ms: now_ms,
            dialogue_sha256: dialogue_sha256(dialogue),
            ..correction
        };
        Ok(self.store.append_demo_correction(&kept)?)
    }

    /// Everything that demos have left here, with what it comes to.
    pub fn demo_evidence(&self) -> Result<DemoEvidence> {
        let (votes, corrections) = (self.store.demo_votes()?, self.store.demo_corrections()?);
        Ok(DemoEvidence {
            pairs: pairs(&votes),
            meters: meters(&corrections),
            votes,
            corrections,
        })
    }

    /// Removes every vote and every correction; returns how many there were.
    pub fn clear_demo(&self) -> Result<usize> {
        let count = self.store.demo_votes()?.len() + self.store.demo_corrections()?.len();
        self.store.clear_demo()?;
        Ok(count)
    }
}

/// SHA-256 of a dialogue as models read it, so that blanks and line ends make no difference.
pub(crate) fn dialogue_sha256(dialogue: &str) -> String {
    let canonical = Dialogue::parse(dialogue).join_continuations().to_text();
    store::sha256_hex(canonical.as_bytes())
}

/// Which of two named writers a vote was for.
fn winner(vote: &DemoVote) -> Option<&DemoWriter> {
    match vote.choice {
        DemoSide::Left => Some(&vote.left),
        DemoSide::Right => Some(&vote.right),
        DemoSide::Neither => None,
    }
}

/// The votes by pair of writers, whichever side they were on; the pair with the most votes first.
fn pairs(votes: &[DemoVote]) -> Vec<DemoPair> {
    let mut by_pair: BTreeMap<(&DemoWriter, &DemoWriter), Vec<&DemoVote>> = BTreeMap::new();
    for vote in votes.iter().filter(|vote| vote.left != vote.right) {
        let pair = ((&vote.left).min(&vote.right), (&vote.left).max(&vote.right));
        by_pair.entry(pair).or_default().push(vote);
    }
    let mut found: Vec<DemoPair> = by_pair
        .into_iter()
        .map(|((first, second), votes)| {
            let wins = |writer| {
                let won = votes.iter().filter(|vote| winner(vote) == Some(writer));
                won.count()
            };
            let (first_wins, second_wins) = (wins(first), wins(second));
            let dialogues: BTreeSet<&str> = votes
                .iter()
                .map(|vote| vote.dialogue_sha256.as_str())
                .collect();
            let rate = wilson(first_wins, first_wins + second_wins);
            DemoPair {
                first: first.clone(),
                second: second.clone(),
                first_wins: first_wins as u32,
                second_wins: second_wins as u32,
                ties: (votes.len() - first_wins - second_wins) as u32,
                dialogues: dialogues.len() as u32,
                rate: rate.map(|rate| DemoRate {
                    mean: rate.value,
                    low: rate.low,
                    high: rate.high,
                }),
            }
        })
        .collect();
    let votes_of = |pair: &DemoPair| pair.first_wins + pair.second_wins + pair.ties;
    found.sort_by_key(|pair| std::cmp::Reverse(votes_of(pair)));
    found
}

/// What corrections took, by writer.
fn meters(corrections: &[DemoCorrection]) -> Vec<DemoMeter> {
    let mut by_writer: BTreeMap<&DemoWriter, Vec<&DemoCorrection>> = BTreeMap::new();
    for correction in corrections {
        by_writer
            .entry(&correction.writer)
            .or_default()
            .push(correction);
    }
    let meter = |(writer, corrections): (&DemoWriter, Vec<&DemoCorrection>)| {
        let sum = |value: fn(&DemoCorrection) -> u32| -> f64 {
            corrections
                .iter()
                .map(|correction| f64::from(value(correction)))
                .sum()
        };
        let words = sum(|correction| correction.words).max(1.0);
        DemoMeter {
            writer: writer.clone(),
            summaries: corrections.len() as u32,
            changed_of_100: 100.0 * sum(|correction| correction.words_changed) / words,
            seconds: sum(|correction| correction.ms) / 1e3 / corrections.len().max(1) as f64,
        }
    };
    by_writer.into_iter().map(meter).collect()
}

/// A writer in plain words, as files and the terminal have it.
pub fn writer_name(writer: &DemoWriter) -> String {
    match writer {
        DemoWriter::Base { model } if model.is_empty() => "model of an earlier version".to_owned(),
        DemoWriter::Base { model } => format!("base model {model}"),
        DemoWriter::System { run, system, .. } => format!("{system} of {run}"),
        DemoWriter::Reference => "reference".to_owned(),
    }
}

/// What demos left, as a table in CSV: a line for each vote and each correction, the oldest first. Texts of corrections are
/// in it.
///
/// # Errors
/// [`corrupt`] if a line cannot be written.
pub fn csv(evidence: &DemoEvidence) -> Result<String> {
    let mut lines: Vec<(i64, Line<'_>)> = Vec::new();
    for vote in &evidence.votes {
        lines.push((vote.at_ms, Line::of_vote(vote)));
    }
    for correction in &evidence.corrections {
        lines.push((correction.at_ms, Line::of_correction(correction)));
    }
    lines.sort_by_key(|(at_ms, _)| *at_ms);
    csv_table(lines.iter().map(|(_, line)| line))
}

/// A line of the table.
#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    at_ms: i64,
    dialogue_sha256: &'a str,
    left_or_writer: String,
    right: Option<String>,
    choice: Option<DemoSide>,
    seed: Option<u32>,
    words: Option<u32>,
    words_changed: Option<u32>,
    ms: Option<u32>,
    before: Option<&'a str>,
    after: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn of_vote(vote: &'a DemoVote) -> Self {
        Self {
            kind: "vote",
            at_ms: vote.at_ms,
            dialogue_sha256: &vote.dialogue_sha256,
            left_or_writer: writer_name(&vote.left),
            right: Some(writer_name(&vote.right)),
            choice: Some(vote.choice),
            seed: Some(vote.seed),
            words: None,
            words_changed: None,
            ms: None,
            before: None,
            after: None,
        }
    }

    fn of_correction(correction: &'a DemoCorrection) -> Self {
        Self {
            kind: "correction",
            at_ms: correction.at_ms,
            dialogue_sha256: &correction.dialogue_sha256,
            left_or_writer: writer_name(&correction.writer),
            right: None,
            choice: None,
            seed: None,
            words: Some(correction.words),
            words_changed: Some(correction.words_changed),
            ms: Some(correction.ms),
            before: Some(&correction.before),
            after: Some(&correction.after),
        }
    }
}

/// What demos left, as JSON.
///
/// # Errors
/// [`corrupt`] if it cannot be written.
pub fn json(evidence: &DemoEvidence) -> Result<String> {
    serde_json::to_string_pretty(evidence).map_err(|error| corrupt("demo", error))
}

/// A dialogue of many that are summarized at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchDialogue {
    /// What tells it from the others: its file, and its id there.
    pub name: String,
    /// `Name: text` lines.
    pub text: String,
    /// The summary that came with it.
    pub reference: Option<String>,
}

/// A line of the table of many dialogues.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BatchRow {
    /// Its name.
    pub name: String,
    /// What was written.
    pub summary: String,
    /// The summary that came with it.
    pub reference: Option<String>,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the summary.
    pub new_tokens: usize,
}

impl BatchDialogue {
    /// Its line of the table.
    pub fn summarized(self, summarized: &Summarized) -> BatchRow {
        BatchRow {
            name: self.name,
            summary: summarized.summary.clone(),
            reference: self.reference,
            prompt_tokens: summarized.prompt_tokens,
            new_tokens: summarized.new_tokens,
        }
    }
}

/// The form of a table of many dialogues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchTable {
    /// With a line of names.
    Csv,
    /// One object a line.
    Jsonl,
}

impl BatchTable {
    /// The form that the ending of a file's name stands for.
    pub fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::Jsonl),
            _ => None,
        }
    }
}

/// A table of many dialogues, as a file has it.
///
/// # Errors
/// [`corrupt`] if a line cannot be written.
pub fn batch_table(rows: &[BatchRow], form: BatchTable) -> Result<String> {
    match form {
        BatchTable::Csv => csv_table(rows),
        BatchTable::Jsonl => rows
            .iter()
            .map(|row| serde_json::to_string(row).map(|line| line + "\n"))
            .collect::<Result<_, _>>()
            .map_err(|error| corrupt("table", error)),
    }
}

/// Dialogues of many files.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Those that were read, file by file.
    pub dialogues: Vec<BatchDialogue>,
    /// Files that could not be read.
    pub unread: Vec<Unread>,
}

/// A file that could not be read.
#[derive(Clone, Debug)]
pub struct Unread {
    /// Its name, without its folder.
    pub file: String,
    /// Why it could not be read.
    pub problem: ImportProblem,
}

/// Every dialogue of these files, and of the files in these folders, as the import reads them. Nothing is stored. A file
/// that cannot be read does not hold the others up.
///
/// # Errors
/// [`Error::Problem`] if a folder cannot be listed, or if the only file cannot be read.
pub fn batch(places: &[PathBuf]) -> Result<Batch> {
    let mut files = Vec::new();
    for place in places {
        match place.is_dir() {
            true => files.extend(files_in(place)?),
            false => files.push(place.clone()),
        }
    }
    let options = ImportOptions {
        keep_unsummarised: true,
        ..ImportOptions::default()
    };
    let mut batch = Batch::default();
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match import::read(std::slice::from_ref(file), &options) {
            Ok(found) => batch
                .dialogues
                .extend(found.examples.into_iter().map(|example| BatchDialogue {
                    name: format!("{name} {}", example.external_id),
                    text: example.dialogue,
                    reference: example.references.into_iter().next(),
                })),
            Err(problem) if files.len() == 1 => return Err(problem.into()),
            Err(problem) => batch.unread.push(Unread {
                file: name.into_owned(),
                problem,
            }),
        }
    }
    Ok(batch)
}

/// The files of a folder that the import may read, by name.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).map_err(|error| Error::io(FileAction::Read, folder, &error))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && import::is_named_as_readable(path))
        .collect();
    files.sort();
    Ok(files)
}

/// Rows as CSV, with the names of their fields as the first line.
fn csv_table(rows: impl IntoIterator<Item = impl Serialize>) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .map_err(|error| corrupt("table", error))?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|error| corrupt("table", error.error()))?;
    String::from_utf8(bytes).map_err(|error| corrupt("table", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> DemoWriter {
        DemoWriter::Base { model: "m".into() }
    }

    fn vote(dialogue: &str, left: DemoWriter, right: DemoWriter, choice: DemoSide) -> DemoVote {
        DemoVote {
            at_ms: 0,
            dialogue_sha256: dialogue.into(),
            left,
            right,
            seed: 1,
            choice,
        }
    }

    fn correction(words: u32, words_changed: u32, ms: u32) -> DemoCorrection {
        DemoCorrection {
            at_ms: 0,
            dialogue_sha256: "d".into(),
            writer: base(),
            before: "a, b".into(),
            after: "say \"b\"".into(),
            words,
            words_changed,
            ms,
        }
    }

    #[test]
    fn what_is_kept_has_the_hash_of_the_dialogue_and_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let session = Session::open(folder.path()).unwrap();
        let asked = vote("", base(), DemoWriter::Reference, DemoSide::Left);
        session
            .keep_demo_vote("Ada: yes\n", asked.clone(), 5)
            .unwrap();
        session.keep_demo_vote("Ada:  yes", asked, 6).unwrap();
        session
            .keep_demo_correction("Ada: no", correction(2, 1, 3), 7)
            .unwrap();
        let evidence = session.demo_evidence().unwrap();
        let hashes: BTreeSet<&str> = evidence
            .votes
            .iter()
            .map(|vote| vote.dialogue_sha256.as_str())
            .collect();
        assert_eq!((hashes.len(), evidence.votes[1].at_ms), (1, 6));
        assert_eq!(evidence.pairs[0].dialogues, 1);
        assert!(!hashes.contains(evidence.corrections[0].dialogue_sha256.as_str()));
        assert_eq!(session.clear_demo().unwrap(), 3);
        assert_eq!(session.demo_evidence().unwrap(), DemoEvidence::default());
    }

    #[test]
    fn votes_are_counted_whichever_side_they_were_on() {
        use DemoSide::{Left, Neither, Right};
        let reference = DemoWriter::Reference;
        let votes = [
            vote("a", base(), reference.clone(), Left),
            vote("b", reference.clone(), base(), Right),
            vote("b", reference.clone(), base(), Left),
            vote("c", base(), reference.clone(), Neither),
            // A writer against itself says nothing.
            vote("d", base(), base(), Left),
        ];
        let found = pairs(&votes);
        let [pair] = found.as_slice() else {
            panic!("one pair: {found:?}")
        };
        assert_eq!((&pair.first, &pair.second), (&base(), &reference));
        assert_eq!((pair.first_wins, pair.second_wins, pair.ties), (2, 1, 1));
        assert_eq!(pair.dialogues, 3);
        let (rate, wanted) = (pair.rate.unwrap(), wilson(2, 3).unwrap());
        assert_eq!((rate.low, rate.high), (wanted.low, wanted.high));
        assert_eq!(pairs(&votes[3..4])[0].rate, None);
    }

    #[test]
    fn corrections_are_averaged_over_words_and_summaries() {
        let found = meters(&[correction(10, 1, 1_000), correction(30, 3, 3_000)]);
        assert_eq!(found.len(), 1);
        assert!((found[0].changed_of_100 - 10.0).abs() < 1e-9);
        assert!((found[0].seconds - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_table_has_a_line_for_each_and_quotes_what_needs_it() {
        let evidence = DemoEvidence {
            votes: vec![vote("a", base(), DemoWriter::Reference, DemoSide::Right)],
            corrections: vec![correction(2, 1, 5)],
            ..DemoEvidence::default()
        };
        let text = csv(&evidence).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("kind,at_ms,dialogue_sha256,"));
        assert_eq!(lines[1], "vote,0,a,base model m,reference,right,1,,,,,");
        assert!(
            lines[2].ends_with(",\"a, b\",\"say \"\"b\"\"\""),
            "{}",
            lines[2]
        );
    }

    #[test]
    fn a_folder_is_read_file_by_file_and_a_bad_one_keeps_nobody_back() {
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        std::fs::create_dir(&calls).unwrap();
        std::fs::write(
            calls.join("b.txt"),
            "Ada: Are you in?\nBen: Yes, until noon.\n",
        )
        .unwrap();
        std::fs::write(
            calls.join("a.csv"),
            "dialogue,summary\n\"Ada: Hello there.\nBen: Hello.\",They greet.\n",
        )
        .unwrap();
        std::fs::write(calls.join("broken.json"), "{").unwrap();
        std::fs::write(calls.join("picture.png"), "no text").unwrap();
        let Batch { dialogues, unread } = batch(&[calls]).unwrap();
        assert_eq!(dialogues.len(), 2);
        assert!(dialogues[0].name.starts_with("a.csv "));
        assert_eq!(dialogues[0].reference.as_deref(), Some("They greet."));
        assert_eq!(dialogues[1].text, "Ada: Are you in?\nBen: Yes, until noon.");
        assert_eq!(unread.len(), 1);
        assert_eq!(unread[0].file, "broken.json");
        let summarized = Summarized {
            summary: "A, b".into(),
            prompt_tokens: 3,
            new_tokens: 2,
            ttft_ms: 1.0,
            tokens_per_s: 2.0,
        };
        let rows = [dialogues[1].clone().summarized(&summarized)];
        let table = batch_table(&rows, BatchTable::Csv).unwrap();
        assert!(table.ends_with(",\"A, b\",,3,2\n"), "{table}");
        let table = batch_table(&rows, BatchTable::Jsonl).unwrap();
        assert!(table.contains("\"reference\":null"), "{table}");
    }
}
