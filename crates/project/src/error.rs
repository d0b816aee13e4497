//! What can go wrong, worded for people: what happened, what it means, what to do next.
//!
//! [`Error::code`] is the closed set that programs look at; they never match on the sentences.

use std::path::PathBuf;

use contract::{ErrorCode, ErrorPlace, ErrorReport, Kind};

#[path = "error_store.rs"]
mod foreign;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An import, a recipe, a rating or a change of the workspace that was not possible.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The workspace could not be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Reading the user's files.
    #[error(transparent)]
    Import(#[from] crate::import::ImportError),
    /// A recipe's field or file.
    #[error("the recipe is not valid: {reason}")]
    Recipe {
        /// Which field and why.
        reason: String,
    },
    /// Rows of an import are unusable, and the user has not said that they may be left out.
    #[error(
        "{count} of {read} rows cannot be imported; the first is row {row} of {file}: {reason}. Nothing was imported"
    )]
    BadRows {
        /// How many there are.
        count: usize,
        /// Rows read in all.
        read: usize,
        /// The first bad row's file.
        file: String,
        /// The first bad row's number, counted as its file counts.
        row: usize,
        /// The column concerned; empty if the whole row is.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The same dialogue is in two splits, and the user asked to refuse that.
    #[error(
        "{count} dialogues stand in two splits, the first is `{id}` (also `{with}`). Nothing was imported"
    )]
    Leaks {
        /// How many there are.
        count: usize,
        /// The first, on the training side.
        id: String,
        /// The example it equals, on the side that keeps it.
        with: String,
    },
    /// The data set has no usable example.
    #[error("the data set `{dataset}` has no {what}")]
    EmptyDataset {
        /// Which data set.
        dataset: String,
        /// "test examples", for instance.
        what: String,
    },
    /// Fewer examples than the recipe asks for.
    #[error("the data set `{dataset}` has {have} {what}, but the recipe asks for {need}")]
    TooFewRows {
        /// Which data set.
        dataset: String,
        /// Which kind of rows.
        what: String,
        /// How many there are.
        have: usize,
        /// How many are needed.
        need: usize,
        /// The field that sets the need.
        field: &'static str,
    },
    /// The run or stage is not in a state in which this can be done.
    #[error("{what}")]
    WrongState {
        /// What was asked and why it cannot be done.
        what: String,
        /// What can be done.
        fix: String,
    },
    /// A file of the user or of the workspace.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried: "read" or "write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A stored value does not have the form that this version expects.
    #[error("a stored {what} cannot be read: {reason}")]
    Corrupt {
        /// Which kind of value.
        what: String,
        /// The reason, as a sentence for people.
        reason: String,
    },
}

impl Error {
    /// A stable word for programs.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => foreign::store_code(error),
            Self::Import(error) => error.code(),
            Self::Recipe { .. } => ErrorCode::Recipe,
            Self::BadRows { .. } => ErrorCode::BadRows,
            Self::Leaks { .. } => ErrorCode::Leaks,
            Self::EmptyDataset { .. } => ErrorCode::EmptyDataset,
            Self::TooFewRows { .. } => ErrorCode::TooFewRows,
            Self::WrongState { .. } => ErrorCode::WrongState,
            Self::Io { .. } => ErrorCode::Io,
            Self::Corrupt { .. } => ErrorCode::Corrupt,
        }
    }

    /// What to do next, one sentence.
    pub fn fix(&self) -> String {
        match self {
            Self::Store(error) => foreign::store_fix(error),
            Self::Import(error) => error.fix(),
            Self::Recipe { .. } => "`duologue recipe --print` shows every field with its default and meaning.".into(),
            Self::BadRows { .. } => "Correct the rows, or import the others with --skip-bad; --dry-run lists every bad row.".into(),
            Self::Leaks { .. } => "Take the doubles out, or import without --strict: they are then taken off the training side and listed.".into(),
            Self::EmptyDataset { .. } => "Import a file for that split: `duologue import FILE --name NAME --split train|validation|test`.".into(),
            Self::TooFewRows { field, have, .. } => format!("Import more examples, or ask for fewer with `--set {field}={have}`."),
            Self::WrongState { fix, .. } => fix.clone(),
            Self::Io { .. } => "Check that the path exists, that you may use it and that the disk has room.".into(),
            Self::Corrupt { .. } => "The workspace was written by another version; start a new workspace or use that version.".into(),
        }
    }

    /// How a program should treat it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Store(error) => foreign::store_kind(error),
            Self::Import(_)
            | Self::Recipe { .. }
            | Self::BadRows { .. }
            | Self::Leaks { .. }
            | Self::EmptyDataset { .. }
            | Self::TooFewRows { .. }
            | Self::WrongState { .. } => Kind::Input,
            _ => Kind::Failure,
        }
    }

    /// The error as it leaves the program.
    pub fn report(&self) -> ErrorReport {
        ErrorReport {
            code: self.code(),
            message: self.to_string(),
            fix: self.fix(),
            place: self.place(),
        }
    }

    /// The file, row and field concerned, where there is one.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::Import(error) => error.place(),
            Self::BadRows {
                file, row, field, ..
            } => ErrorPlace::file(file.clone())
                .with_row(*row)
                .with_field(field.clone()),
            Self::Io { path, .. } => ErrorPlace::file(path.display().to_string()),
            Self::TooFewRows { field, .. } => ErrorPlace::field(*field),
            _ => ErrorPlace::default(),
        }
    }
}

/// The error of a stored `what` (a stage's name, a plan) that is not of the form that this version expects.
pub fn corrupt(what: &str, error: &serde_json::Error) -> Error {
    Error::Corrupt {
        what: what.to_owned(),
        reason: error.to_string(),
    }
}
