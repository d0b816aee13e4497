//! Reading the user's dialogues: files → [`Import`], with every problem named by file, row and field.
//!
//! Flow: bytes → format, encoding and records (`recognise`) → one turn a row gathered (`turn_rows`) → columns (`columns`)
//! → examples (`record`) → splits (`split`) → leaks ([`leak::find_leaks`]). Bad rows are data ([`Issue`]), and so is what
//! is not part of a conversation ([`Dropped`]); only what concerns a whole file is an [`ImportProblem`]. Nothing here
//! writes: the session decides what to do with the result.
//!
//! A new format is a file of its own and a line in `recognise`; a published layout of rows is a line in `columns`.

mod account;
mod archive;
mod chat;
mod columns;
mod cues;
mod decode;
mod document;
mod docx;
mod head_lines;
pub(crate) mod issues;
mod json;
pub mod leak;
mod limits;
mod lines;
mod meet;
mod names;
mod recognise;
mod record;
pub(crate) mod settle;
mod slack;
mod split;
pub(crate) mod spoken;
mod srt;
mod stamp;
mod table;
mod telegram;
mod text;
mod transcript;
mod turn_rows;
mod value;
mod webvtt;
mod whatsapp;
mod workbook;
mod zoom_chat;

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use account::Measure;
use contract::problem::{Double, ImportProblem, NotFound, RowFault, Unreadable};
use contract::{
    Account, AccountUnit, Detection, DropReason, Dropped, Encoding, FileFormat, Formats,
    IntakeLimit, IssueCode, Language, Remark, Separator, Severity, SourceFile, Split, SplitChoice,
    SplitRule,
};
use issues::Issues;
use limits::Room;
use recognise::{Input, Taken};
use serde::{Deserialize, Serialize};
use transcript::Beside;

pub use account::Units;
pub use leak::find_leaks;
pub use split::shares;
pub(crate) use split::{Standing, draw};
pub use turn_rows::{BadTurnMap, TurnMap};

/// Rows shown before anything is imported.
const PREVIEW_ROWS: usize = 5;
/// Longest preview cell, in characters.
const PREVIEW_CHARS: usize = 400;

/// Which columns (or JSON fields) hold what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnMap {
    /// The dialogue: text, or a list of turns.
    pub dialogue: String,
    /// The summaries; several are several references of one dialogue. None if dialogues without a summary are kept
    /// and the file has no column of them.
    pub summaries: Vec<String>,
    /// The row's id, where there is one.
    #[serde(default)]
    pub id: Option<String>,
    /// The row's split, where there is one.
    #[serde(default)]
    pub split: Option<String>,
}

/// The text form of a [`ColumnMap`] that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadColumnMap {
    /// A part of it names no role.
    #[error(
        "`{part}` is not understood; write dialogue=COLUMN,summary=COLUMN, more summary columns after a comma"
    )]
    Part {
        /// The part between two commas.
        part: String,
    },
    /// The dialogue is missing.
    #[error("a dialogue column is needed; write dialogue=COLUMN,summary=COLUMN")]
    Incomplete,
}

/// Reads `dialogue=C,summary=C[,C2..][,id=C][,split=C]`: a part without `=` is one more column of the summary before
/// it. Blanks around names do not count. Whether there has to be a summary, the import says.
impl std::str::FromStr for ColumnMap {
    type Err = BadColumnMap;

    fn from_str(text: &str) -> Result<Self, BadColumnMap> {
        let mut map = Self::default();
        let mut follows_summary = false;
        for part in text.split(',').map(str::trim) {
            let (role, column) = match part.split_once('=') {
                Some((role, column)) => (role.trim(), column.trim()),
                None if follows_summary => ("summary", part),
                None => ("", part),
            };
            let column = column.to_owned();
            match role {
                "dialogue" if !column.is_empty() => map.dialogue = column,
                "summary" if !column.is_empty() => map.summaries.push(column),
                "id" if !column.is_empty() => map.id = Some(column),
                "split" if !column.is_empty() => map.split = Some(column),
                _ => {
                    return Err(BadColumnMap::Part {
                        part: part.to_owned(),
                    });
                }
            }
            follows_summary = role == "summary";
        }
        match map.dialogue.is_empty() {
            true => Err(BadColumnMap::Incomplete),
            false => Ok(map),
        }
    }
}

/// Names of speakers, as both shells take them: between commas; blanks around them do not count. The import
/// says whether they can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speakers(pub Vec<String>);

impl From<&str> for Speakers {
    fn from(text: &str) -> Self {
        Self(text.split(',').map(|name| name.trim().to_owned()).collect())
    }
}

/// How files are read, where the user knows better than the program.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// How the bytes of texts are read; detected where absent.
    pub encoding: Option<Encoding>,
    /// The separator of tables; detected where absent.
    pub separator: Option<Separator>,
    /// Hours of silence that end a dialogue of a chat; 0 for never, the program's own where absent.
    pub gap_hours: Option<u32>,
    /// The columns of a table with one turn a row; detected where absent.
    pub turns: Option<TurnMap>,
    /// Kinds of text outside a conversation that are let back in, where it has a speaker.
    pub keep_dropped: Vec<DropReason>,
    /// Leave out messages that several people send again and again: a chat program writes them.
    pub drop_repeated: bool,
    /// The language of whoever imports: a hint where bytes alone do not tell their encoding.
    pub language: Option<Language>,
}

/// How to read.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Which split the rows belong to.
    pub split: SplitChoice,
    /// The columns; guessed where absent.
    pub map: Option<ColumnMap>,
    /// Speakers for turns that name none: the first turn is the first speaker's, then they alternate.
    pub speakers: Option<Vec<String>>,
    /// Seed of the draw, used only where neither column nor file name tells the split.
    pub seed: u64,
    /// Keep rows without a summary, with no references.
    pub keep_unsummarised: bool,
    /// Encoding, separator and how chats are divided.
    pub reading: Reading,
}

/// One example, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedExample {
    /// The file's own id, else file and row; unique within the import.
    pub external_id: String,
    /// The split it belongs to.
    pub split: Split,
    /// Canonical `Name: text` lines.
    pub dialogue: String,
    /// One or more gold summaries; training uses the first.
    pub references: Vec<String>,
    /// The file it comes from, as given.
    pub file: Arc<str>,
    /// Its row there: as a spreadsheet counts (the header is row 1), the line of a JSONL file, the item of a list, the
    /// line on which a dialogue of a transcript begins.
    pub row: usize,
    /// What it is made of.
    pub units: Units,
}

/// Something about a row that its owner should know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// The file, as given.
    pub file: String,
    /// The row, counted as in [`ImportedExample::row`].
    pub row: usize,
    /// The column or field; empty where the whole row is meant.
    pub field: String,
    /// What is wrong.
    #[serde(flatten)]
    pub fault: RowFault,
    /// Whether the row is kept out.
    pub severity: Severity,
    /// How many others it stands for: of one kind only the first few are listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more: Option<More>,
}

/// Issues of a kind that are not listed one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct More {
    /// How many there are.
    pub count: usize,
    /// The row of the last.
    pub last_row: usize,
}

impl Issue {
    /// What it is, as one word.
    pub fn code(&self) -> IssueCode {
        self.fault.code()
    }

    /// A warning about a row that is imported nevertheless.
    pub(crate) fn warning(file: &str, row: usize, field: &str, fault: RowFault) -> Self {
        Self {
            file: file.to_owned(),
            row,
            field: field.to_owned(),
            fault,
            severity: Severity::Warning,
            more: None,
        }
    }

    /// Something that keeps a row out.
    pub(crate) fn error(file: &str, row: usize, field: &str, fault: RowFault) -> Self {
        Self {
            severity: Severity::Error,
            ..Self::warning(file, row, field, fault)
        }
    }
}

/// What the files hold.
#[derive(Clone, Debug)]
pub struct Import {
    /// The formats of the files, for instance `samsum_json`.
    pub format: Formats,
    /// The columns in use (of the first file).
    pub mapping: ColumnMap,
    /// How sure the reader is about them.
    pub detection: Detection,
    /// Whether nothing can be read before the columns are named; `examples` is empty then.
    pub needs_mapping: bool,
    /// All columns or fields of the first file.
    pub columns: Vec<String>,
    /// Its first rows, cells in the order of `columns`.
    pub preview: Vec<Vec<String>>,
    /// How the splits came about; `None` before the rows are divided.
    pub split_rule: Option<SplitRule>,
    /// Rows read, good or bad.
    pub read: usize,
    /// The good rows in file order.
    pub examples: Vec<ImportedExample>,
    /// What is wrong, or worth knowing, row by row.
    pub issues: Vec<Issue>,
    /// How each file was read.
    pub sources: Vec<SourceFile>,
    /// What is not part of a conversation, in the order of the files.
    pub dropped: Vec<Dropped>,
    /// What was decided without asking.
    pub remarks: Vec<Remark>,
    /// Everything that was read, in its unit.
    measured: Measured,
    /// Rows that cannot be imported.
    bad_rows: usize,
}

/// All that the files hold.
#[derive(Clone, Copy, Debug)]
struct Measured {
    unit: AccountUnit,
    read: usize,
}

impl Import {
    /// Where everything went, given the examples that are imported in the end.
    pub fn account(&self, examples: &[ImportedExample]) -> Account {
        let Measured { unit, read } = self.measured;
        let count = |part: fn(&Units) -> usize| -> usize {
            examples.iter().map(|example| part(&example.units)).sum()
        };
        let (whole, merged) = (count(|units| units.read), count(|units| units.merged));
        let dropped = self.dropped.len();
        Account {
            unit,
            read,
            imported: whole - merged,
            skipped: read.saturating_sub(whole + dropped),
            merged,
            dropped,
        }
    }

    /// The rows that cannot be imported, one entry per problem.
    pub fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues
            .iter()
            .filter(|issue| issue.severity == Severity::Error)
    }

    /// Refuses an import whose columns have to be named first.
    ///
    /// # Errors
    /// [`ImportProblem::NeedsMapping`] with the columns that are there.
    pub fn require_mapping(&self) -> Result<(), ImportProblem> {
        match self.needs_mapping {
            true => Err(ImportProblem::NeedsMapping {
                columns: contract::excerpts(&self.columns),
            }),
            false => Ok(()),
        }
    }

    /// Number of distinct rows that cannot be imported.
    pub fn bad_rows(&self) -> usize {
        self.bad_rows
    }
}

/// One row of a file before anybody knows its columns.
struct Record {
    row: usize,
    fields: value::Fields,
}

/// A file taken apart.
struct Records {
    /// How its records are laid out: no published format yet.
    layout: FileFormat,
    columns: Vec<String>,
    rows: Vec<Record>,
    /// Rows that could not be taken apart.
    issues: Issues,
    /// Pieces of its records, and what is not a piece.
    measure: Measure,
    remarks: Vec<Remark>,
    /// The member of an archive that was read.
    inside: Option<String>,
    /// The sheet of a workbook that was read.
    sheet: Option<String>,
    /// The separator of a table.
    separator: Option<Separator>,
    /// The file in which a summary can be written that a dialogue of a transcript lacks.
    beside: Option<String>,
    /// The room of the file, with what its rows have taken.
    room: Room,
}

impl Records {
    fn new(layout: FileFormat) -> Self {
        Self {
            layout,
            columns: Vec::new(),
            rows: Vec::new(),
            issues: Issues::default(),
            measure: Measure::of_rows(),
            remarks: Vec::new(),
            inside: None,
            sheet: None,
            separator: None,
            beside: None,
            room: Room::of(0),
        }
    }
}

/// Endings of files that can be imported, without the dot.
pub const ENDINGS: [&str; 16] = [
    "json", "jsonl", "ndjson", "csv", "tsv", "txt", "text", "md", "markdown", "vtt", "srt", "docx",
    "xlsx", "xls", "ods", "zip",
];

/// Whether a file is named as one that can be imported by itself: summaries beside transcripts are read with them.
pub fn is_named_as_readable(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    ENDINGS.contains(&ending.to_lowercase().as_str()) && !transcript::is_beside(path)
}

/// Reads the files as one data set. Summaries beside transcripts are read with them.
///
/// # Errors What concerns a whole file: not found, not readable, unknown format, JSON that breaks off, no rows, a
/// mapped column that does not exist, turns without speakers if no speakers were given.
pub fn read(files: &[PathBuf], options: &ImportOptions) -> Result<Import, ImportProblem> {
    read_with(files, Vec::new(), options)
}

/// The same with files whose content is in memory already.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_with(
    files: &[PathBuf],
    mut parts: Vec<(PathBuf, Vec<u8>)>,
    options: &ImportOptions,
) -> Result<Import, ImportProblem> {
    for path in files {
        let bytes = read_file(path)?;
        parts.push((path.clone(), bytes));
        if let Some(beside) = transcript::path_beside(path)
            && !files.contains(&beside)
            && beside.is_file()
        {
            let bytes = read_file(&beside)?;
            parts.push((beside, bytes));
        }
    }
    read_parts(&parts, options)
}

fn read_file(path: &Path) -> Result<Vec<u8>, ImportProblem> {
    let file = path.display().to_string();
    if path.is_dir() {
        return Err(ImportProblem::Unreadable(Unreadable::Folder { file }));
    }
    if let Ok(about) = path.metadata() {
        limits::check(&file, IntakeLimit::FileBytes, about.len())?;
    }
    std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ImportProblem::NotFound(NotFound::File { file }),
        _ => ImportProblem::Unreadable(Unreadable::Refused {
            file,
            reason: source.to_string(),
        }),
    })
}

/// [`read`] on bytes that are in memory already.
fn read_parts(
    parts: &[(PathBuf, Vec<u8>)],
    options: &ImportOptions,
) -> Result<Import, ImportProblem> {
    if parts.is_empty() {
        return Err(ImportProblem::NoFiles);
    }
    check_speakers(options)?;
    let mut import: Option<Import> = None;
    let mut drafts = Vec::new();
    let contents: HashMap<&PathBuf, &[u8]> = parts
        .iter()
        .map(|(path, bytes)| (path, bytes.as_slice()))
        .collect();
    let besides: HashSet<PathBuf> = parts
        .iter()
        .filter_map(|(path, _)| transcript::path_beside(path))
        .collect();
    let mut turns = 0;
    for (path, bytes) in parts.iter().filter(|(path, _)| !besides.contains(path)) {
        let beside = transcript::path_beside(path);
        let beside = beside.and_then(|path| Some((contents.get(&path)?, path)));
        let (part, found) = read_part(path, bytes, beside, options)?;
        turns += part.measured.read as u64;
        limits::check(&path.display().to_string(), IntakeLimit::Turns, turns)?;
        match drafts.is_empty() {
            true => drafts = found,
            false => drafts.extend(found),
        }
        import = Some(match import {
            None => part,
            Some(first) => join(first, part),
        });
    }
    let mut import = import.ok_or(ImportProblem::NoFiles)?;
    if import.needs_mapping {
        // One file without known columns holds all back: half a data set would look like a complete one.
        drafts.clear();
    }
    let names: Vec<String> = parts
        .iter()
        .map(|(path, _)| path.display().to_string())
        .collect();
    let mut issues = Issues::default();
    let rule = split::assign(&mut drafts, &names, options, &mut issues);
    import.split_rule = Some(rule);
    import.examples = finish(drafts);
    report_duplicates(options.seed, &import.examples, &mut issues);
    import.bad_rows += issues.bad_rows();
    import.issues.extend(issues.into_list());
    Ok(import)
}

/// Reads one file, with the summaries beside it: what is known about it, and its good rows.
fn read_part(
    path: &Path,
    bytes: &[u8],
    beside: Option<(&&[u8], PathBuf)>,
    options: &ImportOptions,
) -> Result<(Import, Vec<record::Draft>), ImportProblem> {
    let file = path.display().to_string();
    let language = options.reading.language;
    let beside = beside.map(|(bytes, path)| (decode::decode(bytes, None, language), path));
    let beside = beside
        .as_ref()
        .map(|(decoded, path)| Beside::new(path, &decoded.bytes));
    let input = Input {
        path,
        file: &file,
        bytes,
        beside: beside.as_ref(),
    };
    let taken = recognise::take_apart(&input, options)?;
    let source = SourceParts::of(&taken);
    let turns = options.reading.turns.as_ref();
    let mut records = turn_rows::gather(&file, taken.records, turns, options.map.as_ref())?;
    if records.rows.is_empty() && records.issues.is_empty() {
        return Err(ImportProblem::Empty { file });
    }
    let layout = columns::detect(&records, options, &file)?;
    let mut part = start(&layout, &records, source.finish(&file, &records, &layout));
    let mut issues = Issues::default();
    let drafts = match layout.detection {
        Detection::NeedsMapping => Vec::new(),
        _ => record::drafts(&mut records, &layout, options, &file, &mut issues)?,
    };
    part.bad_rows = issues.bad_rows() + records.issues.bad_rows();
    part.issues.extend(issues.into_list());
    part.issues.extend(records.issues.into_list());
    part.issues.sort_by_key(|issue| issue.row);
    part.dropped = records.measure.dropped;
    part.remarks.extend(records.remarks);
    Ok((part, drafts))
}

fn check_speakers(options: &ImportOptions) -> Result<(), ImportProblem> {
    let Some(speakers) = &options.speakers else {
        return Ok(());
    };
    let is_name = |name: &String| {
        !name.trim().is_empty()
            && !name.contains([':', '\n', '\r'])
            && name.chars().count() <= crate::dialogue::MAX_SPEAKER_CHARS
    };
    match speakers.len() >= 2 && speakers.iter().all(is_name) {
        true => Ok(()),
        false => Err(ImportProblem::BadSpeakers {
            given: speakers.join(","),
        }),
    }
}

/// How the bytes of a file were read, until its format is known.
struct SourceParts {
    encoding: Encoding,
    guessed: bool,
    sample: Option<String>,
}

impl SourceParts {
    fn of(taken: &Taken) -> Self {
        Self {
            encoding: taken.encoding,
            guessed: taken.guessed,
            sample: taken.sample.clone(),
        }
    }

    fn finish(self, file: &str, records: &Records, layout: &columns::Layout) -> SourceFile {
        SourceFile {
            file: file.to_owned(),
            format: layout.format,
            encoding: self.encoding,
            encoding_guessed: self.guessed,
            sample: self.sample,
            separator: records.separator,
            inside: records.inside.clone(),
            sheet: records.sheet.clone(),
        }
    }
}

/// What was guessed about a file's letters and columns.
fn guesses(source: &SourceFile, layout: &columns::Layout) -> Vec<Remark> {
    let encoding = source.encoding_guessed.then(|| Remark::EncodingGuessed {
        file: source.file.clone(),
        encoding: source.encoding,
        sample: source.sample.clone(),
    });
    let is_doubtful = layout.detection == Detection::PleaseCheck;
    let columns = is_doubtful.then(|| Remark::ColumnsGuessed {
        file: source.file.clone(),
        dialogue: layout.map.dialogue.clone(),
        summaries: layout.map.summaries.clone(),
    });
    encoding.into_iter().chain(columns).collect()
}

fn start(layout: &columns::Layout, records: &Records, source: SourceFile) -> Import {
    let cell = |record: &Record, column: &String| match record.fields.get(column) {
        None | Some(value::Value::Null) => String::new(),
        Some(value::Value::String(text)) => text.chars().take(PREVIEW_CHARS).collect(),
        Some(value) => {
            let text = serde_json::to_string(value).unwrap_or_default();
            text.chars().take(PREVIEW_CHARS).collect()
        }
    };
    let line = |record: &Record| {
        records
            .columns
            .iter()
            .map(|column| cell(record, column))
            .collect()
    };
    let bad_rows = records.issues.bad_rows();
    let rows = records.rows.iter().map(|record| record.row);
    let measured = Measured {
        unit: records.measure.unit,
        read: records.measure.read(rows, bad_rows),
    };
    Import {
        remarks: guesses(&source, layout),
        sources: vec![source],
        dropped: Vec::new(),
        measured,
        format: layout.format.into(),
        mapping: layout.map.clone(),
        detection: layout.detection,
        // Where no row could be read there is nothing to name; the rows' own errors say why.
        needs_mapping: layout.detection == Detection::NeedsMapping && !records.columns.is_empty(),
        columns: records.columns.clone(),
        preview: records.rows.iter().take(PREVIEW_ROWS).map(line).collect(),
        split_rule: None,
        read: records.rows.len() + bad_rows,
        examples: Vec::new(),
        issues: Vec::new(),
        bad_rows,
    }
}

fn join(mut first: Import, next: Import) -> Import {
    for format in next.format.iter() {
        first.format.add(format);
    }
    if next.needs_mapping && !first.needs_mapping {
        // The file whose columns have to be named is the one to show.
        (first.columns, first.preview, first.mapping) = (next.columns, next.preview, next.mapping);
    }
    first.needs_mapping |= next.needs_mapping;
    first.detection = match (first.detection, next.detection) {
        (Detection::NeedsMapping, _) | (_, Detection::NeedsMapping) => Detection::NeedsMapping,
        (Detection::PleaseCheck, _) | (_, Detection::PleaseCheck) => Detection::PleaseCheck,
        _ => Detection::Detected,
    };
    first.read += next.read;
    first.bad_rows += next.bad_rows;
    first.issues.extend(next.issues);
    first.sources.extend(next.sources);
    first.dropped.extend(next.dropped);
    first.remarks.extend(next.remarks);
    first.measured.read += next.measured.read;
    if first.measured.unit != next.measured.unit {
        first.measured.unit = AccountUnit::Mixed;
    }
    first
}

/// Gives every example an id that is unique in the import: the file's own, with the file's name before it where an
/// earlier file has it too (MTS-Dialog counts each split from 0).
fn finish(drafts: Vec<record::Draft>) -> Vec<ImportedExample> {
    // Ids are known by a hash: there may be as many as rows.
    let hasher = RandomState::new();
    let mut taken: HashSet<u64> = HashSet::new();
    let named = |draft: record::Draft| {
        let stem = Path::new(&*draft.file)
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let id = draft.id.clone().unwrap_or_else(|| draft.row.to_string());
        let located = format!("{}:{id}", stem.unwrap_or_default());
        let mut external_id = draft.id.unwrap_or_else(|| located.clone());
        let mut count = 1;
        while !taken.insert(hasher.hash_one(&external_id)) {
            external_id = if count == 1 {
                located.clone()
            } else {
                format!("{located}#{count}")
            };
            count += 1;
        }
        ImportedExample {
            external_id,
            split: draft.split,
            dialogue: draft.dialogue,
            references: draft.references,
            file: draft.file,
            row: draft.row,
            units: draft.units,
        }
    };
    drafts.into_iter().map(named).collect()
}

/// Equal dialogues within one split are kept, but named.
fn report_duplicates(seed: u64, examples: &[ImportedExample], issues: &mut Issues) {
    for (index, first) in leak::repeats(seed, examples) {
        let (example, first) = (&examples[index], &examples[first]);
        let fault = RowFault::Duplicate(Double::Row {
            file: first.file.to_string(),
            row: first.row,
            id: first.external_id.clone(),
        });
        issues.push(Issue::warning(
            &example.file,
            example.row,
            "dialogue",
            fault,
        ));
    }
}

/// The file under the folder of shared data, or `None` (said aloud) if there is none.
#[cfg(test)]
pub(crate) fn shared_data(file: &str) -> Option<PathBuf> {
    duologue_tests::shared(&format!("data/{file}"))
}

#[cfg(test)]
mod chat_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod intake_tests;
#[cfg(test)]
mod kinds_tests;
#[cfg(test)]
mod round_trip_tests;
#[cfg(test)]
mod shared_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcript_tests;
