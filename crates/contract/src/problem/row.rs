//! What is wrong with a row of an imported file, or worth knowing about it: facts, which each shell phrases. An import
//! that refuses its rows hands on the first one's ([`super::ImportProblem::BadRows`]).

use std::fmt;

use super::cases;
use crate::closed_set::closed_set;
use crate::{DatasetName, IssueCode, MapPart};

/// Declares the faults: an enum whose members have the names of their [`IssueCode`]s, with their arguments.
macro_rules! faults {
    ($($(#[$meta:meta])* $variant:ident $({ $($fields:tt)* })? $(( $case:ty ))?,)+) => {
        /// What is wrong with a row, or worth knowing about it.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "specta", derive(specta::Type))]
        #[serde(tag = "code", content = "args", rename_all = "snake_case")]
        pub enum RowFault {
            $($(#[$meta])* $variant $({ $($fields)* })? $(( $case ))?,)+
        }

        impl RowFault {
            /// What it is, as one word.
            pub fn code(&self) -> IssueCode {
                match self {
                    $(Self::$variant { .. } => IssueCode::$variant,)+
                }
            }
        }
    };
}

faults! {
    /// The row has no dialogue.
    MissingDialogue(NoDialogue),
    /// The row has no summary.
    MissingSummary(NoSummary),
    /// The dialogue is empty.
    EmptyDialogue,
    /// A summary is empty.
    EmptySummary,
    /// A value is not text.
    NotText(NoText),
    /// A turn does not say who speaks.
    NoSpeaker(Nameless),
    /// The row is not UTF-8 text.
    InvalidUtf8(BadBytes),
    /// The row is not valid JSON.
    Json {
        /// The line, where the object spans several.
        #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
        line: Option<usize>,
        /// Column, from 1.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        column: usize,
        /// What the parser met.
        reason: String,
    },
    /// The row is JSON, but not an object with fields.
    NotObject {
        /// What it is; an object has no fields.
        found: ValueKind,
    },
    /// The row has more or fewer cells than the header.
    RaggedRow {
        /// Its cells.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        cells: usize,
        /// The header's.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        columns: usize,
    },
    /// A quotation mark is never closed, or closed too early.
    OpenQuote(Quote),
    /// A cue of a subtitle file cannot be read.
    Cue {
        /// What is wrong with it.
        fault: CueFault,
        /// Its line, from 1.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        line: usize,
        /// What the line says.
        text: String,
    },
    /// A name that no speaker can have.
    BadSpeaker {
        /// The name.
        name: String,
    },
    /// Two rows have the same id.
    DuplicateId {
        /// The id.
        id: String,
        /// The other row.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        row: usize,
    },
    /// The split column holds a word that names no split.
    Split {
        /// The word.
        word: String,
    },
    /// The same dialogue is in another row.
    Duplicate(Double),
    /// Lines that may name a speaker, or may not.
    UnsureSpeaker {
        /// The first of them.
        line: String,
        /// How many there are.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        count: u64,
    },
    /// Only one person speaks in the dialogue.
    OneSpeaker,
    /// The data set has the same row already.
    AlreadyHere {
        /// Its id there.
        id: String,
    },
    /// The same message comes again and again, from several people.
    RepeatedMessage {
        /// Its beginning.
        text: String,
        /// How often it comes.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        count: usize,
    },
}

cases! {
    /// Where a dialogue is missing.
    NoDialogue {
        /// In its field.
        Field {},
        /// Between a summary and the next one.
        Between {},
        /// Judging by its name, the file holds the summary of a transcript that is not among the files.
        Alone {},
    }
}

cases! {
    /// Where a summary is missing.
    NoSummary {
        /// In its field.
        Field {},
        /// The summary of a dialogue of a transcript.
        Transcript {
            /// The file beside it that may hold its summary.
            beside: String,
        },
        /// The file beside a transcript has more or fewer summaries than it has dialogues.
        Beside {
            /// That file.
            beside: String,
            /// Dialogues.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            dialogues: usize,
            /// Summaries.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            summaries: usize,
        },
    }
}

cases! {
    /// What is not text.
    NoText {
        /// The dialogue or a summary.
        Field {
            /// Which of them.
            part: MapPart,
            /// What it is.
            found: ValueKind,
        },
        /// A turn of a list.
        Turn {
            /// Its number, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            turn: usize,
            /// What it is.
            found: ValueKind,
        },
    }
}

cases! {
    /// Who is not named.
    Nameless {
        /// Nobody in the whole dialogue.
        Everybody {},
        /// One turn of a list in which other speakers are named.
        Turn {
            /// Its number, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            turn: usize,
        },
        /// What comes before the first speaker.
        Before {
            /// Its beginning.
            text: String,
        },
    }
}

cases! {
    /// Where the bytes are not UTF-8.
    BadBytes {
        /// In the row.
        Row {
            /// Offset in the file; in a table, that of the row's beginning.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            offset: usize,
        },
        /// In a line of a text.
        Line {
            /// The line, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            line: usize,
            /// Offset in the file.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            offset: usize,
        },
        /// In the file with the summaries of a transcript.
        Beside {
            /// That file.
            beside: String,
            /// Offset in it.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            offset: usize,
        },
    }
}

cases! {
    /// What is wrong with quotation marks.
    Quote {
        /// One is opened and never closed; the rows below were read without it.
        Open {},
        /// Text follows a closing one.
        TextBehind {},
    }
}

cases! {
    /// Where the same dialogue is.
    Double {
        /// In another row of the import.
        Row {
            /// Its file.
            file: String,
            /// Its row.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// Its id.
            id: String,
        },
        /// In the data set already.
        DataSet {
            /// Its name.
            dataset: DatasetName,
            /// The id there.
            id: String,
        },
    }
}

closed_set! {
    /// A kind of JSON value that is not the one asked for.
    ValueKind, "kind" {
        /// `null`.
        Null = "null",
        /// `true` or `false`.
        Boolean = "boolean",
        /// A number.
        Number = "number",
        /// A text.
        Text = "text",
        /// A list.
        List = "list",
        /// An object.
        Object = "object",
    }
}

closed_set! {
    /// What is wrong with a cue.
    CueFault, "cue" {
        /// Its times cannot be read.
        Times = "times",
        /// It begins without a blank line before it.
        NoBlankLine = "no_blank_line",
        /// A text has no time.
        NoTime = "no_time",
        /// Lines before its time are neither a number nor a name.
        Before = "before",
    }
}

/// A kind of value in a sentence.
fn a(kind: ValueKind) -> &'static str {
    match kind {
        ValueKind::Null => "empty",
        ValueKind::Boolean => "true or false",
        ValueKind::Number => "a number",
        ValueKind::Text => "a text",
        ValueKind::List => "a list",
        ValueKind::Object => "an object",
    }
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingDialogue(fault) => fault.fmt(f),
            Self::MissingSummary(fault) => fault.fmt(f),
            Self::EmptyDialogue => write!(f, "the dialogue is empty"),
            Self::EmptySummary => write!(f, "the summary is empty"),
            Self::NotText(fault) => fault.fmt(f),
            Self::NoSpeaker(fault) => fault.fmt(f),
            Self::InvalidUtf8(fault) => fault.fmt(f),
            Self::Json {
                line: Some(line),
                column,
                reason,
            } => write!(
                f,
                "the object that begins here is not valid JSON at line {line}, column {column}: {reason}"
            ),
            Self::Json { column, reason, .. } => {
                write!(f, "not valid JSON at column {column}: {reason}")
            }
            Self::NotObject {
                found: ValueKind::Object,
            } => write!(f, "this row is an object without fields"),
            Self::NotObject { found } => {
                write!(f, "this row is {}, not an object with fields", a(*found))
            }
            Self::RaggedRow { cells, columns } => {
                write!(f, "this row has {cells} cells, the header has {columns}")
            }
            Self::OpenQuote(fault) => fault.fmt(f),
            Self::Cue { fault, line, text } => {
                let fault = match fault {
                    CueFault::Times => "the times of this cue cannot be read",
                    CueFault::NoBlankLine => "a cue begins without a blank line before it",
                    CueFault::NoTime => "this text has no time",
                    CueFault::Before => {
                        "the cue has lines before its time that are no number or name"
                    }
                };
                write!(f, "line {line}: {fault}: `{text}`")
            }
            Self::BadSpeaker { name } => write!(f, "`{name}` cannot be a speaker's name"),
            Self::DuplicateId { id, row } => {
                write!(f, "the id `{id}` stands in row {row} already")
            }
            Self::Split { word } => write!(f, "`{word}` is none of train, validation, test"),
            Self::Duplicate(fault) => fault.fmt(f),
            Self::UnsureSpeaker { line, count: 1 } => {
                write!(f, "`{line}` may name a speaker, or may not")
            }
            Self::UnsureSpeaker { line, count } => write!(
                f,
                "{count} lines may name a speaker, or may not; the first is `{line}`"
            ),
            Self::OneSpeaker => write!(f, "only one person speaks"),
            Self::AlreadyHere { id } => write!(f, "the row is in the data set already (`{id}`)"),
            Self::RepeatedMessage { text, count } => {
                write!(f, "`{text}` comes {count} times, from several people")
            }
        }
    }
}

impl fmt::Display for NoDialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field {} => write!(f, "the row has no dialogue"),
            Self::Between {} => write!(
                f,
                "there is a summary, but no dialogue between this line and the next summary"
            ),
            Self::Alone {} => write!(
                f,
                "by its name this file holds the summary of a transcript, which is not among the files"
            ),
        }
    }
}

impl fmt::Display for NoSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field {} => write!(f, "the row has no summary"),
            Self::Transcript { .. } => write!(f, "the dialogue that begins here has no summary"),
            Self::Beside {
                beside,
                dialogues,
                summaries,
            } => write!(
                f,
                "the file has {dialogues} dialogues and {beside} has {summaries}"
            ),
        }
    }
}

impl fmt::Display for NoText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field {
                part: MapPart::Dialogue,
                found,
            } => write!(
                f,
                "the dialogue is {}, not a text or a list of turns",
                a(*found)
            ),
            Self::Field { part, found } => write!(f, "the {part} is {}, not a text", a(*found)),
            Self::Turn { turn, found } => write!(f, "turn {turn} is {} without a text", a(*found)),
        }
    }
}

impl fmt::Display for Nameless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody {} => write!(f, "no line of the dialogue names a speaker"),
            Self::Turn { turn } => write!(f, "turn {turn} does not say who speaks, others do"),
            Self::Before { text } => write!(
                f,
                "before the first speaker stands `{text}`, which nobody says"
            ),
        }
    }
}

impl fmt::Display for BadBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { offset } => write!(f, "not UTF-8 at byte {offset} of the file"),
            Self::Line { line, offset } => {
                write!(f, "line {line} is not UTF-8 at byte {offset} of the file")
            }
            Self::Beside { beside, offset } => {
                write!(f, "{beside} is not UTF-8 at byte {offset} of the file")
            }
        }
    }
}

impl fmt::Display for Quote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open {} => write!(
                f,
                "a quotation mark is opened in this row and never closed; the rows below it were read without it"
            ),
            Self::TextBehind {} => write!(
                f,
                "text stands behind a closing quotation mark in this row, so its cells cannot be told apart"
            ),
        }
    }
}

impl fmt::Display for Double {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { file, row, id } => {
                write!(f, "the same dialogue stands in row {row} of {file} ({id})")
            }
            Self::DataSet { dataset, id } => {
                write!(f, "the same dialogue is in `{dataset}` already (`{id}`)")
            }
        }
    }
}
