//! Import, data sets and examples as the page sees them.

use contract::problem::RowFault;
use contract::{
    Account, DatasetName, Detection, Doubt, DropReason, Dropped, Encoding, Language, Leak, Origin,
    Remark, Separator, SourceFile, Split, SplitChoice, SplitCounts, SplitRule,
};
use serde::{Deserialize, Serialize};
use specta::Type;

/// Files to read and how to read them.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ImportRequest {
    /// Files, in the order given.
    pub files: Vec<String>,
    /// Name of the data set to make or extend.
    pub name: DatasetName,
    /// Which split the rows belong to.
    pub split: SplitChoice,
    /// Column roles chosen by hand: `dialogue=C`, `summary=C[,C2]`; empty means guess.
    pub map: String,
    /// Names for turns that carry none, comma separated; empty means none given.
    pub speakers: String,
    /// Leave bad rows out instead of refusing the file.
    pub skip_bad: bool,
    /// Keep dialogues without a summary: they wait for one, and no run reads them.
    pub keep_unsummarised: bool,
    /// How the texts' bytes are read; none means detect.
    pub encoding: Option<Encoding>,
    /// The separator of tables; none means detect.
    pub separator: Option<Separator>,
    /// Hours of silence that end a dialogue of a chat, 0 for never; none means the usual ones.
    pub gap_hours: Option<u32>,
    /// Columns of a table with one turn a row: `text=C,speaker=C[,group=C][,summary=C]`; empty means detect.
    pub turns: String,
    /// Kinds of text outside a conversation that are let back in.
    pub keep_dropped: Vec<DropReason>,
    /// Leave out messages that several people send again and again.
    pub drop_repeated: bool,
    /// The window's language: a hint where the texts' bytes do not tell their encoding.
    pub language: Language,
}

/// One unreadable row.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ImportIssue {
    /// File name.
    pub file: String,
    /// Row number in the file, counted from 1.
    pub row: Option<u32>,
    /// Column or key.
    pub field: Option<String>,
    /// What is wrong.
    pub fault: RowFault,
    /// Keeps the row out; otherwise a remark on a row that is imported.
    pub bad: bool,
    /// How many others of its kind are not listed; 0 where all are.
    pub more: u32,
}

/// Which column plays which part.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ColumnRole {
    /// `dialogue`, `summary`, `id`, `split`, …
    pub role: String,
    /// Column or key in the file.
    pub column: String,
}

/// What an import found (dry run) or did.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ImportReport {
    /// Name of the data set.
    pub dataset: DatasetName,
    /// Detected format.
    pub format: String,
    /// Detected or given roles.
    pub mapping: Vec<ColumnRole>,
    /// Rows read.
    pub read: u32,
    /// Rows imported (or importable, in a dry run).
    pub imported: u32,
    /// Rows that cannot be imported.
    pub bad_rows: u32,
    /// How sure the import is about the columns.
    pub detection: Detection,
    /// All columns of the first file.
    pub columns: Vec<String>,
    /// How the splits came about.
    pub split_rule: Option<SplitRule>,
    /// Where the rows go.
    pub splits: SplitCounts,
    /// Fewest references of a row.
    pub references_min: u32,
    /// Most references of a row.
    pub references_max: u32,
    /// Dialogues found in two splits, taken off the training side.
    pub leaks: Vec<Leak>,
    /// Problems by row.
    pub issues: Vec<ImportIssue>,
    /// What concerns the data set as a whole.
    pub remarks: Vec<Remark>,
    /// Dialogues of this import that wait for a summary.
    pub unsummarised: u32,
    /// The import's number, by which it can be undone; none if nothing was stored.
    pub import: Option<f64>,
    /// The first rows as the file has them, cells in the order of `columns`.
    pub cells: Vec<Vec<String>>,
    /// The first rows, as they would be stored.
    pub sample: Vec<Example>,
    /// How each file was read.
    pub sources: Vec<SourceFile>,
    /// Where everything that was read went.
    pub account: Account,
    /// What is not part of a conversation, in the order of the files.
    pub dropped: Vec<Dropped>,
    /// How many pieces for each reason, the most first.
    pub dropped_by: Vec<DroppedCount>,
}

/// How many pieces were left out for one reason.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, Type)]
pub struct DroppedCount {
    /// The reason.
    pub reason: DropReason,
    /// How many.
    pub count: u32,
}

/// A data set in the workspace.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Dataset {
    /// Its name.
    pub name: DatasetName,
    /// Examples in all.
    pub n: u32,
    /// Examples by split.
    pub splits: SplitCounts,
    /// Those of them that wait for a summary.
    pub unsummarised: u32,
    /// When it was made.
    pub created_at_ms: f64,
    /// What somebody noted about it; may be empty.
    pub note: String,
}

/// One turn of a dialogue.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Turn {
    /// Who speaks; empty where unknown.
    pub speaker: String,
    /// What is said.
    pub text: String,
}

/// One example: a dialogue and its references.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Example {
    /// Key; never given to another example. None before the import.
    pub key: Option<f64>,
    /// Stable id.
    pub id: String,
    /// Its split.
    pub split: Split,
    /// Where its text comes from.
    pub origin: Origin,
    /// The turns; none while people tell the dialogue from made-up ones.
    pub turns: Vec<Turn>,
    /// Gold summaries; none while the dialogue waits for one, and none while they are held back.
    pub references: Vec<String>,
    /// Whether summaries of the dialogue are being rated: then its references are held back, and it cannot be changed.
    pub in_study: bool,
}

/// A doubt about one example, as [`project::hygiene`] finds it.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct DoubtFound {
    /// What may be wrong.
    pub doubt: Doubt,
    /// Place of the example in the data set, from 0.
    pub at: u32,
    /// Key of the example.
    pub key: f64,
    /// Place of the earlier example that it repeats.
    pub other: Option<u32>,
    /// The name, the language, the share in percent, the number of words or of tokens, as the doubt has it.
    pub detail: String,
}

/// A page of a longer list.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ExamplePage {
    /// How many there are in all.
    pub total: u32,
    /// This page.
    pub rows: Vec<Example>,
}
