//! What an import says about its files: how each was read, what was left out and why, and what was guessed.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{DatasetName, DropReason, Encoding, FileFormat, RunId, Separator, Split, SplitCounts};

closed_set! {
    /// What an account counts: the smallest piece that the format has.
    AccountUnit, "unit" {
        /// Rows of a table or workbook, or objects of a JSON file.
        Row = "row",
        /// Messages of a chat.
        Message = "message",
        /// Lines of a transcript.
        Line = "line",
        /// Captions with their time.
        Cue = "cue",
        /// Paragraphs of a document.
        Paragraph = "paragraph",
        /// Several of these: the files of the import differ.
        Mixed = "mixed",
    }
}

closed_set! {
    /// In which order a date is written.
    DateOrder, "order of dates" {
        /// 14.03.2025
        DayFirst = "day_first",
        /// 3/14/2025
        MonthFirst = "month_first",
        /// 2025-03-14
        YearFirst = "year_first",
    }
}

/// Where everything that was read went: `imported + skipped + merged + dropped = read`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Account {
    /// What is counted.
    pub unit: AccountUnit,
    /// All that the files hold.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub read: usize,
    /// What is part of an imported dialogue or its summary.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub imported: usize,
    /// What belongs to a dialogue that was left out; the issues say why.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub skipped: usize,
    /// What was added to the turn before it: further lines of a message, captions of the same speaker.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub merged: usize,
    /// What is not part of a conversation; see [`Dropped`].
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub dropped: usize,
}

/// A message or line that is not part of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Dropped {
    /// The file, as given.
    pub file: String,
    /// Where it is: the line of the text from 1, the id of a Telegram message, the place in a day's file of Slack,
    /// the paragraph of a document, the row of a workbook.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at: u64,
    /// Why it is left out.
    pub reason: DropReason,
    /// What it says, at most 60 characters.
    pub text: String,
}

/// How a file was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SourceFile {
    /// The file, as given.
    pub file: String,
    /// Its format.
    pub format: FileFormat,
    /// How its bytes were read.
    pub encoding: Encoding,
    /// Whether the encoding is a guess that somebody should look at.
    pub encoding_guessed: bool,
    /// A piece of its text with a letter that other encodings read differently; none if there is no such letter.
    pub sample: Option<String>,
    /// The separator of its cells, for a table of text.
    pub separator: Option<Separator>,
    /// The member of the archive that was read; the first one, if several were.
    pub inside: Option<String>,
    /// The sheet of the workbook that was read.
    pub sheet: Option<String>,
}

/// An import that a data set was made of, and that can be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PastImport {
    /// Its number; never given to another one.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub id: i64,
    /// When it was made, milliseconds since 1970.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
    /// The files, as given.
    pub files: Vec<String>,
    /// Examples that came with it.
    pub counts: SplitCounts,
    /// Those of them that are still there.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub present: u64,
}

/// A dialogue that was removed because it is also in a split that needs it more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Leak {
    /// The example that was removed.
    pub id: String,
    /// The split it belongs to.
    pub split: Split,
    /// The example that stays.
    pub with: String,
    /// The split of the one that stays.
    pub with_split: Split,
}

/// What the sample put into the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Sample {
    /// Name of its data set.
    pub dataset: DatasetName,
    /// Its finished run.
    pub run: RunId,
    /// Folder of its base model.
    pub model: String,
    /// Whether the base model is there: without it the run can be read and rated, but its summarizer cannot answer.
    pub has_model: bool,
    /// Pairs in the data set.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub examples: u64,
    /// Whether it was here before.
    pub known: bool,
}
