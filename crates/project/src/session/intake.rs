//! Import: what files hold becomes part of a data set, in one transaction over all processes.
//!
//! Flow: files → [`crate::import::read`] (outside the transaction: it may take long) → the examples that are there → splits,
//! what is here already, leaks, ids ([`Arrival`]) → stored. Every row that was read is stored or named.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};

use contract::problem::{Double, ImportProblem, RowFault, RunProblem, WrongState};
use contract::{
    Account, DatasetName, Detection, DropReason, Dropped, Encoding, ExampleKind, Formats, Leak,
    Origin, PastImport, Remark, RunId, SourceFile, Split, SplitChoice, SplitCounts, SplitRule,
};
use serde::Serialize;
use serde_json::json;
use store::{Changes, ExampleRow, NewDataset, NewExample, NewImport, RunExamples, Undo};

use super::Session;
use crate::deidentify::{Deidentify, Replacements, deidentify};
use crate::error::{Error, Result};
use crate::hygiene;
use crate::import::issues::Issues;
use crate::import::leak::{self, Key, Place};
use crate::import::{
    ColumnMap, Import, ImportOptions, ImportedExample, Issue, Reading, Standing, draw,
};
use crate::selection::Selection;

/// What to import and how strict to be.
#[derive(Clone, Debug, Default)]
pub struct ImportRequest {
    /// The files, read as one data set.
    pub files: Vec<PathBuf>,
    /// Name of the data set; one that exists is added to.
    pub name: DatasetName,
    /// Which split the rows belong to.
    pub split: SplitChoice,
    /// The columns; guessed where absent.
    pub map: Option<ColumnMap>,
    /// Speakers for turns that name none.
    pub speakers: Option<Vec<String>>,
    /// Import the good rows although there are bad ones.
    pub skip_bad: bool,
    /// Refuse if a dialogue is in two splits.
    pub strict: bool,
    /// Keep dialogues without a summary: they wait for one, and no run reads them.
    pub keep_unsummarised: bool,
    /// Report what would happen and store nothing.
    pub dry_run: bool,
    /// Seed for drawing the splits, used if neither a column nor a file name tells them.
    pub seed: u64,
    /// Encoding, separator and how chats are divided.
    pub reading: Reading,
    /// How what identifies somebody is replaced; it stays where absent.
    pub deidentify: Option<Deidentify>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Name of the data set.
    pub dataset: DatasetName,
    /// The format, for instance `samsum_json`.
    pub format: Formats,
    /// The columns used.
    pub mapping: ColumnMap,
    /// How the splits came about.
    pub split_rule: Option<SplitRule>,
    /// Rows read, good and bad.
    pub read: usize,
    /// Rows stored, or importable in a dry run.
    pub imported: usize,
    /// Rows left out: bad ones, leaks and those that are here already.
    pub skipped: usize,
    /// The import's number, by which it can be undone; none if nothing was stored.
    pub import: Option<i64>,
    /// Dialogues of this import that wait for a summary.
    pub unsummarised: usize,
    /// Examples of this import by split.
    pub splits: SplitCounts,
    /// Fewest and most gold summaries of an example.
    pub references: MinMax,
    /// Dialogues removed from the training side.
    pub leaks: Vec<Leak>,
    /// Problems and remarks by row, which each shell phrases.
    #[serde(skip)]
    pub issues: Vec<Issue>,
    /// What was guessed, and what concerns the data set as a whole.
    pub remarks: Vec<Remark>,
    /// How sure the import is about the columns.
    pub detection: Detection,
    /// How the first file's bytes were read.
    pub encoding: Option<Encoding>,
    /// How each file was read.
    pub sources: Vec<SourceFile>,
    /// Where everything that was read went.
    pub account: Account,
    /// What is not part of a conversation.
    pub dropped: Vec<Dropped>,
    /// How many of it by reason.
    pub dropped_by: BTreeMap<DropReason, usize>,
    /// What was replaced because it identifies somebody; `None` unless that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deid: Option<Replacements>,
}

/// A range of counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MinMax {
    /// Smallest count.
    pub min: usize,
    /// Largest count.
    pub max: usize,
}

impl Session {
    /// Imports files as a data set. All or nothing: bad rows refuse the import unless the user lets them be skipped.
    /// What the data set holds already is looked at and changed in one transaction, so that imports of several
    /// processes follow one another.
    pub fn import(&self, request: &ImportRequest, now_ms: i64) -> Result<ImportReport> {
        let options = ImportOptions {
            split: request.split,
            map: request.map.clone(),
            speakers: request.speakers.clone(),
            seed: request.seed,
            keep_unsummarised: request.keep_unsummarised,
            reading: request.reading.clone(),
        };
        let found = self.read_files(&request.files, &options)?;
        found.require_mapping()?;
        if !request.dry_run {
            refuse_unusable(request, &found)?;
        }
        let new = NewImport {
            dataset: NewDataset {
                name: request.name.clone(),
                format: found.format.to_string(),
                mapping: json!(found.mapping),
                created_at_ms: now_ms,
            },
            files: request
                .files
                .iter()
                .map(|file| file.display().to_string())
                .collect(),
        };
        if request.dry_run {
            let standing = self.store.examples_of(&request.name)?;
            return Ok(arrive(request, found, &standing)?.1);
        }
        let (import, mut report) = self
            .store
            .import(&new, |standing| arrive(request, found, standing))?;
        report.import = import;
        Ok(report)
    }

    /// The imports of a data set that can be undone, the newest first.
    pub fn imports(&self, dataset: &DatasetName) -> Result<Vec<PastImport>> {
        Ok(self.store.imports(self.store.dataset(dataset)?.id)?)
    }

    /// Undoes an import: its examples go, and those that it took off the training side come back. Returns how many went.
    ///
    /// # Errors
    /// [`WrongState::ImportInUse`] with the runs that read any of them.
    pub fn undo_import(&self, dataset: &DatasetName, import: i64) -> Result<usize> {
        let row = self.store.dataset(dataset)?;
        self.store.undo_import(row.id, import, |undo| {
            let keys: HashSet<i64> = undo.leaving.iter().map(|row| row.id).collect();
            let runs: Vec<RunId> = undo
                .runs
                .iter()
                .filter(|run| reads(run, &keys))
                .map(|run| run.run.clone())
                .collect();
            match runs.is_empty() {
                true => Ok(coming_back(undo)),
                false => Err(WrongState::ImportInUse {
                    import: import.cast_unsigned(),
                    dataset: dataset.to_owned(),
                    runs,
                }
                .into()),
            }
        })
    }
}

/// The examples that an import took away and that may come back: not those that would leak into another split, which a
/// later import filled. An id given to another row since then gets the next free number.
fn coming_back(undo: Undo) -> Vec<NewExample> {
    let split_of: HashMap<Key, Split> = undo
        .staying
        .iter()
        .map(|row| (Key::of(0, &row.dialogue), row.split))
        .collect();
    let mut taken: HashSet<String> = undo
        .staying
        .into_iter()
        .map(|row| row.external_id)
        .collect();
    let mut back = undo.removed;
    back.retain(|example| {
        split_of
            .get(&Key::of(0, &example.dialogue))
            .is_none_or(|split| *split == example.split)
    });
    for example in &mut back {
        let id = example.external_id.clone();
        let mut count = 1;
        while !taken.insert(example.external_id.clone()) {
            count += 1;
            example.external_id = format!("{id}#{count}");
        }
    }
    back
}

/// Whether a run reads one of the examples. A record that cannot be read may name any of them.
fn reads(run: &RunExamples, keys: &HashSet<i64>) -> bool {
    let Ok(selection) = serde_json::from_value::<Selection>(run.examples.clone()) else {
        return true;
    };
    [&selection.shots, &selection.validation, &selection.test]
        .into_iter()
        .flatten()
        .any(|key| keys.contains(key))
}

/// Refuses files with bad rows, unless they may be skipped, and files without a good one.
fn refuse_unusable(request: &ImportRequest, found: &Import) -> Result<()> {
    if let Some(first) = found.errors().next()
        && !request.skip_bad
    {
        return Err(bad_rows(found, first));
    }
    if found.examples.is_empty() {
        return Err(RunProblem::EmptyDataset {
            dataset: request.name.clone(),
            lacks: ExampleKind::Usable,
        }
        .into());
    }
    Ok(())
}

/// What an import changes in a data set with the examples `standing`, and the report of it.
fn arrive(
    request: &ImportRequest,
    found: Import,
    standing: &[ExampleRow],
) -> Result<(Changes, ImportReport)> {
    let mut arrival = Arrival::new(request, found, standing);
    arrival.draw_splits(request.seed);
    arrival.leave_out_what_is_here();
    let (leaks, removed) = arrival.take_off_leaks();
    if let Some(first) = leaks.first().filter(|_| request.strict) {
        return Err(ImportProblem::Leaks {
            count: leaks.len(),
            id: first.id.clone(),
            with: first.with.clone(),
        }
        .into());
    }
    arrival.name_repeats(&request.name);
    arrival.give_free_ids();
    arrival.remark(&removed);
    let Arrival {
        mut found,
        remarks,
        issues,
        ..
    } = arrival;
    found.issues.extend(issues.into_list());
    let mut examples = std::mem::take(&mut found.examples);
    let how = request.deidentify.as_ref();
    let deid = how
        .map(|how| deidentify(&mut examples, how, request.dry_run))
        .transpose()?;
    let mut report = report(request, found, &examples, leaks, remarks);
    report.deid = deid;
    let added = match request.dry_run {
        true => Vec::new(),
        false => examples.into_iter().map(new_example).collect(),
    };
    Ok((Changes { removed, added }, report))
}

/// An import on its way into a data set.
struct Arrival<'a> {
    found: Import,
    /// The key of each example of `found`.
    keys: Vec<Key>,
    standing: &'a [ExampleRow],
    /// The key of each example that is there already.
    standing_keys: Vec<Key>,
    /// What is found now.
    issues: Issues,
    /// Whether the user said which split the rows belong to.
    asked: bool,
    remarks: Vec<Remark>,
}

impl<'a> Arrival<'a> {
    fn new(request: &ImportRequest, found: Import, standing: &'a [ExampleRow]) -> Self {
        let key = |dialogue: &String| Key::of(request.seed, dialogue);
        let arriving = found.examples.iter();
        let standing_there = standing.iter();
        Self {
            keys: arriving.map(|example| key(&example.dialogue)).collect(),
            standing_keys: standing_there.map(|row| key(&row.dialogue)).collect(),
            issues: Issues::default(),
            found,
            standing,
            asked: request.split != SplitChoice::Auto,
            remarks: Vec::new(),
        }
    }

    /// Draws the splits again where they are drawn: now it is known what the data set holds. Dialogues that wait for a
    /// summary are divided apart from the others, which alone are learnt from and tested on now.
    fn draw_splits(&mut self, seed: u64) {
        if !matches!(self.found.split_rule, Some(SplitRule::Drawn { .. })) {
            return;
        }
        let mut arrived: Vec<(Key, Split)> = Vec::new();
        let mut rule = None;
        for summarised in [true, false] {
            let mut standing = Standing::default();
            standing.add(arrived.drain(..), false);
            for counts in [false, true] {
                let rows = self.standing.iter().zip(&self.standing_keys);
                let same = rows.filter(|(row, _)| counts == (row.is_summarised() == summarised));
                standing.add(same.map(|(row, key)| (*key, row.split)), counts);
            }
            let examples = self.found.examples.iter_mut().zip(&self.keys);
            let (mut examples, keys): (Vec<_>, Vec<Key>) = examples
                .filter(|(example, _)| example.references.is_empty() != summarised)
                .map(|(example, key)| (example, *key))
                .unzip();
            if keys.is_empty() {
                continue;
            }
            let (drawn, shares) = draw(&keys, &standing);
            for (example, split) in examples.iter_mut().zip(&drawn) {
                example.split = *split;
            }
            // The others go where the same dialogue goes.
            if summarised && keys.len() < self.keys.len() {
                arrived.extend(keys.into_iter().zip(drawn));
            }
            rule.get_or_insert(SplitRule::Drawn { seed, shares });
        }
        self.found.split_rule = rule.or(self.found.split_rule);
    }

    /// Keeps the examples for which this is true.
    fn retain(
        keys: &mut Vec<Key>,
        examples: &mut Vec<ImportedExample>,
        mut stays: impl FnMut(&ImportedExample, Key) -> bool,
    ) {
        let mut kept = Vec::with_capacity(keys.len());
        let mut each = keys.drain(..);
        examples.retain(|example| {
            let key = each.next();
            let is_kept = key.is_some_and(|key| stays(example, key));
            kept.extend(key.filter(|_| is_kept));
            is_kept
        });
        drop(each);
        *keys = kept;
    }

    /// Leaves out each row that the data set has from an earlier import of the same file: the same id, split, dialogue
    /// and summaries.
    fn leave_out_what_is_here(&mut self) {
        let mut here: HashMap<Key, Vec<&ExampleRow>> = HashMap::new();
        for (row, key) in self.standing.iter().zip(&self.standing_keys) {
            here.entry(*key).or_default().push(row);
        }
        let mut rows = 0;
        let issues = &mut self.issues;
        Self::retain(&mut self.keys, &mut self.found.examples, |example, key| {
            let same = here.get(&key);
            let same = same.and_then(|rows| rows.iter().find(|row| is_same(example, row)));
            if let Some(row) = same {
                rows += 1;
                issues.push(already_here(example, row));
            }
            same.is_none()
        });
        if rows > 0 {
            self.remarks.push(Remark::AlreadyHere { rows });
        }
    }

    /// Takes dialogues that are in two splits off the training side, earlier imports included. Returns the leaks and
    /// the keys of stored rows that have to go.
    fn take_off_leaks(&mut self) -> (Vec<Leak>, Vec<i64>) {
        let standing = self.standing.iter().zip(&self.standing_keys);
        let stored = standing.map(|(row, key)| Place {
            id: &row.external_id,
            split: row.split,
            key: *key,
        });
        let examples = self.found.examples.iter().zip(&self.keys);
        let arriving = examples.map(|(example, key)| Place {
            id: &example.external_id,
            split: example.split,
            key: *key,
        });
        let places: Vec<Place<'_>> = stored.chain(arriving).collect();
        let (mut leaks, mut removed, mut gone) = (Vec::new(), Vec::new(), HashSet::new());
        for (index, leak) in leak::losers(&places) {
            leaks.push(leak);
            match index.checked_sub(self.standing.len()) {
                None => removed.push(self.standing[index].id),
                Some(index) => drop(gone.insert(index)),
            }
        }
        drop(places);
        let mut index = 0..;
        let mut stays = move || index.next().is_none_or(|index| !gone.contains(&index));
        Self::retain(&mut self.keys, &mut self.found.examples, |_, _| stays());
        (leaks, removed)
    }

    /// Names the dialogues that are already in the same split of the data set. They are kept, as within a file.
    fn name_repeats(&mut self, dataset: &DatasetName) {
        let known: HashMap<(Split, Key), &str> = self
            .standing
            .iter()
            .zip(&self.standing_keys)
            .map(|(row, key)| ((row.split, *key), row.external_id.as_str()))
            .collect();
        for (example, key) in self.found.examples.iter().zip(&self.keys) {
            let Some(id) = known.get(&(example.split, *key)) else {
                continue;
            };
            let fault = RowFault::Duplicate(Double::DataSet {
                dataset: dataset.to_owned(),
                id: (*id).to_owned(),
            });
            let issue = Issue::warning(&example.file, example.row, "dialogue", fault);
            self.issues.push(issue);
        }
    }

    /// Gives each row an id that nothing in the data set has: its own, else with its file's name before it, else
    /// with a number.
    fn give_free_ids(&mut self) {
        // Ids are known by a hash: there may be as many as rows.
        let hasher = RandomState::new();
        let standing = self.standing.iter();
        let mut taken: HashSet<u64> = standing
            .map(|row| hasher.hash_one(&row.external_id))
            .collect();
        let mut counted: HashMap<String, usize> = HashMap::new();
        let mut rows = 0;
        for example in &mut self.found.examples {
            if taken.insert(hasher.hash_one(&example.external_id)) {
                continue;
            }
            rows += 1;
            let located = located(example);
            let mut free = located.clone();
            while !taken.insert(hasher.hash_one(&free)) {
                // Where a hundred files of one name were imported, the search begins where the last one ended.
                let count = counted.entry(located.clone()).or_insert(1);
                *count += 1;
                free = format!("{located}#{count}");
            }
            example.external_id = free;
        }
        if rows > 0 {
            self.remarks.push(Remark::Renamed { rows });
        }
    }

    /// What concerns the whole data set, as it will be.
    fn remark(&mut self, removed: &[i64]) {
        let arriving = self.found.examples.iter().map(|example| example.split);
        let stays = |row: &&ExampleRow| !removed.contains(&row.id);
        let staying = self.standing.iter().filter(stays).map(|row| row.split);
        let splits: HashSet<Split> = staying.chain(arriving).collect();
        if let (false, [split]) = (self.asked, &*splits.into_iter().collect::<Vec<_>>()) {
            self.remarks.push(Remark::OneSplit { split: *split });
        }
        let rows = unsummarised(&self.found.examples);
        if rows > 0 {
            self.remarks.push(Remark::Unsummarised { rows });
        }
        let dialogues = self.found.examples.iter().map(|example| &*example.dialogue);
        if let Some((language, dialogues)) = hygiene::other_than_english(dialogues) {
            self.remarks.push(Remark::NotEnglish {
                language,
                dialogues,
            });
        }
    }
}

/// Whether a row of the same dialogue is this very one, imported before. An id that another row already had got the
/// file's name and a number on its way in.
fn is_same(example: &ImportedExample, row: &ExampleRow) -> bool {
    let located = located(example);
    let renamed = |id: &str| {
        id.strip_prefix(&located)
            .is_some_and(|end| end.is_empty() || end.starts_with('#'))
    };
    example.split == row.split
        && example.references == row.references
        && (example.external_id == row.external_id || renamed(&row.external_id))
}

/// A row's id with its file's name before it, unless it has that already.
fn located(example: &ImportedExample) -> String {
    let stem = Path::new(&*example.file)
        .file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    match example.external_id.strip_prefix(&stem) {
        Some(end) if end.starts_with(':') => example.external_id.clone(),
        _ => format!("{stem}:{}", example.external_id),
    }
}

fn already_here(example: &ImportedExample, row: &ExampleRow) -> Issue {
    let fault = RowFault::AlreadyHere {
        id: row.external_id.clone(),
    };
    Issue::warning(&example.file, example.row, "", fault)
}

fn unsummarised(examples: &[ImportedExample]) -> usize {
    examples
        .iter()
        .filter(|example| example.references.is_empty())
        .count()
}

fn bad_rows(found: &Import, first: &Issue) -> Error {
    ImportProblem::BadRows {
        count: found.bad_rows(),
        read: found.read,
        file: first.file.clone(),
        row: first.row,
        field: first.field.clone(),
        fault: Box::new(first.fault.clone()),
    }
    .into()
}

fn report(
    request: &ImportRequest,
    found: Import,
    examples: &[ImportedExample],
    leaks: Vec<Leak>,
    remarks: Vec<Remark>,
) -> ImportReport {
    let mut splits = SplitCounts::default();
    for example in examples {
        splits.add(example.split);
    }
    let references = examples.iter().map(|example| example.references.len());
    let mut dropped_by = BTreeMap::new();
    for dropped in &found.dropped {
        *dropped_by.entry(dropped.reason).or_default() += 1;
    }
    ImportReport {
        account: found.account(examples),
        detection: found.detection,
        encoding: found.sources.first().map(|source| source.encoding),
        sources: found.sources,
        dropped: found.dropped,
        dropped_by,
        dataset: request.name.clone(),
        format: found.format,
        mapping: found.mapping,
        split_rule: found.split_rule,
        read: found.read,
        imported: examples.len(),
        skipped: found.read.saturating_sub(examples.len()),
        import: None,
        unsummarised: unsummarised(examples),
        splits,
        references: MinMax {
            min: references.clone().min().unwrap_or(0),
            max: references.max().unwrap_or(0),
        },
        leaks,
        issues: found.issues,
        deid: None,
        remarks: found.remarks.into_iter().chain(remarks).collect(),
    }
}

fn new_example(example: ImportedExample) -> NewExample {
    NewExample {
        external_id: example.external_id,
        split: example.split,
        origin: Origin::Imported,
        dialogue: example.dialogue,
        references: example.references,
    }
}

#[cfg(test)]
#[path = "intake_tests.rs"]
mod tests;
