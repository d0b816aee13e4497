//! What prevents a whole file from being read, worded for people.

use contract::{ErrorCode, ErrorPlace};

/// A file, mapping or option that cannot be used; single bad rows are [`super::Issue`]s instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Nothing to read.
    #[error("no file was given")]
    NoFiles,
    /// The file is not there.
    #[error("there is no file {file}")]
    NotFound {
        /// The file, as given.
        file: String,
    },
    /// The file is there but cannot be read.
    #[error("{file} cannot be read: {reason}")]
    Unreadable {
        /// The file, as given.
        file: String,
        /// The reason, as a sentence for people.
        reason: String,
    },
    /// Neither JSON nor a table nor a transcript.
    #[error(
        "{file} is neither JSON, JSON Lines, a table with a header (CSV, TSV) nor a transcript (TXT, Markdown, WebVTT, SRT)"
    )]
    UnknownFormat {
        /// The file, as given.
        file: String,
    },
    /// No row at all.
    #[error("{file} holds no rows")]
    Empty {
        /// The file, as given.
        file: String,
    },
    /// The JSON breaks off or is malformed.
    #[error("{file} is not valid JSON at line {row}, column {column}: {reason}")]
    Json {
        /// The file, as given.
        file: String,
        /// Line, from 1.
        row: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser met.
        reason: String,
    },
    /// The header or the whole document is not UTF-8.
    #[error("{file} is not UTF-8 text: line {row}, byte {offset} from the start{}", if *.utf16 { " (it looks like UTF-16)" } else { "" })]
    InvalidUtf8 {
        /// The file, as given.
        file: String,
        /// Line, from 1.
        row: usize,
        /// Offset of the first bad byte in the file.
        offset: usize,
        /// The file starts with UTF-16's byte-order mark.
        utf16: bool,
    },
    /// The table's structure cannot be read.
    #[error("{file} cannot be read as a table at row {row}: {reason}")]
    Table {
        /// The file, as given.
        file: String,
        /// Row, the header is 1.
        row: usize,
        /// The reason, as a sentence for people.
        reason: String,
    },
    /// A mapped column is not in the file.
    #[error("{file} has no column `{field}`; it has {}", .columns.join(", "))]
    UnknownColumn {
        /// The file, as given.
        file: String,
        /// The column asked for.
        field: String,
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// No column has a telling name.
    #[error("which columns hold dialogue and summary is not clear; there are {}", .columns.join(", "))]
    NeedsMapping {
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// A mapping that names no dialogue or no summary.
    #[error("the column mapping names no {what}")]
    IncompleteMap {
        /// "dialogue" or "summary".
        what: &'static str,
    },
    /// Turns come as a bare list, and who speaks is never guessed.
    #[error("{file}, row {row}: the turns in `{field}` do not say who speaks")]
    SpeakersNeeded {
        /// The file, as given.
        file: String,
        /// The first such row.
        row: usize,
        /// The column that holds the turns.
        field: String,
    },
    /// The given speakers cannot be used.
    #[error("`{given}` does not name at least two speakers")]
    BadSpeakers {
        /// What was given.
        given: String,
    },
}

impl ImportError {
    /// A stable word for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoFiles => ErrorCode::NoFiles,
            Self::NotFound { .. } => ErrorCode::NotFound,
            Self::Unreadable { .. } => ErrorCode::Unreadable,
            Self::UnknownFormat { .. } => ErrorCode::UnknownFormat,
            Self::Empty { .. } => ErrorCode::Empty,
            Self::Json { .. } => ErrorCode::Json,
            Self::InvalidUtf8 { .. } => ErrorCode::InvalidUtf8,
            Self::Table { .. } => ErrorCode::Table,
            Self::UnknownColumn { .. } => ErrorCode::UnknownColumn,
            Self::NeedsMapping { .. } => ErrorCode::NeedsMapping,
            Self::IncompleteMap { .. } => ErrorCode::IncompleteMap,
            Self::SpeakersNeeded { .. } => ErrorCode::SpeakersNeeded,
            Self::BadSpeakers { .. } => ErrorCode::BadSpeakers,
        }
    }

    /// What to do next, one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::NoFiles => "Name at least one file with dialogues and summaries.",
            Self::NotFound { .. } => "Check the name and the folder.",
            Self::Unreadable { .. } => "Name a file, and check that you are allowed to read it.",
            Self::UnknownFormat { .. } => {
                "Save it as CSV with a header row, as a JSON list or as JSON Lines, one row with one dialogue and its summary; or as text, ending in .txt, with lines `Name: text` and the summary after `Summary:`."
            }
            Self::Empty { .. } => "Check that it is the right file: every row holds one dialogue and its summary.",
            Self::Json { .. } => "Correct that place, or get the file again: it may have been cut off.",
            Self::InvalidUtf8 { .. } => "Save the file as UTF-8 (in a spreadsheet: `CSV UTF-8`).",
            Self::Table { .. } => "Correct that row, or save the table again from a spreadsheet.",
            Self::UnknownColumn { .. } => "Name one of the file's columns; upper and lower case count.",
            Self::NeedsMapping { .. } => "Name them: `--map dialogue=COLUMN,summary=COLUMN`.",
            Self::IncompleteMap { .. } => "Map both: `--map dialogue=COLUMN,summary=COLUMN`.",
            Self::SpeakersNeeded { .. } => {
                "Say who speaks in turn, the first turn's speaker first: `--speakers Customer,Agent`."
            }
            Self::BadSpeakers { .. } => {
                "Give two or more names of at most 40 characters without colons, separated by commas: `--speakers Customer,Agent`."
            }
        }
        .to_owned()
    }

    /// The file, row and field concerned, where there is one.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::NoFiles | Self::NeedsMapping { .. } => ErrorPlace::default(),
            Self::NotFound { file }
            | Self::Unreadable { file, .. }
            | Self::UnknownFormat { file }
            | Self::Empty { file } => ErrorPlace::file(file.clone()),
            Self::Json { file, row, .. }
            | Self::InvalidUtf8 { file, row, .. }
            | Self::Table { file, row, .. } => ErrorPlace::file(file.clone()).with_row(*row),
            Self::UnknownColumn { file, field, .. } => {
                ErrorPlace::file(file.clone()).with_field(field.clone())
            }
            Self::IncompleteMap { what } => ErrorPlace::field(*what),
            Self::SpeakersNeeded { file, row, field } => ErrorPlace::file(file.clone())
                .with_row(*row)
                .with_field(field.clone()),
            Self::BadSpeakers { .. } => ErrorPlace::field("speakers"),
        }
    }
}
