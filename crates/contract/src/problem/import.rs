//! What can go wrong with the user's files, and with what is asked for by name but does not exist.

use std::fmt;

use super::{RowFault, cases, problems};
use crate::{ErrorPlace, IntakeLimit, MapPart, Thing, excerpt, excerpts};

problems! {
    /// A problem with a file to import.
    ImportProblem {
        /// No file was given.
        NoFiles,
        /// There is no such thing, or no such file.
        NotFound(NotFound),
        /// A file cannot be read.
        Unreadable(Unreadable),
        /// A file has no format that can be imported.
        UnknownFormat {
            /// The file, as given.
            file: String,
        },
        /// A file holds no rows.
        Empty {
            /// The file, as given.
            file: String,
        },
        /// A file is not valid JSON.
        Json {
            /// The file, as given.
            file: String,
            /// Line, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// Column, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            column: usize,
            /// What the parser met.
            reason: String,
        },
        /// A file is not UTF-8 text.
        InvalidUtf8 {
            /// The file, as given.
            file: String,
            /// Line, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// Offset of the first bad byte in the file.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            offset: usize,
            /// The file starts with UTF-16's byte-order mark.
            utf16: bool,
        },
        /// A file cannot be read as a table.
        Table {
            /// The file, as given.
            file: String,
            /// Row; the header is row 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// What the parser met.
            reason: String,
        },
        /// Ratings of another program do not fit a study.
        Ratings {
            /// The file, as given.
            file: String,
            /// Place of the item in the file, from 1.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// What does not fit.
            reason: String,
        },
        /// A mapped column is not in the file.
        UnknownColumn {
            /// The file, as given.
            file: String,
            /// The column that was asked for.
            field: String,
            /// The columns that are there.
            columns: Vec<String>,
        },
        /// The columns have to be named.
        NeedsMapping {
            /// The columns that are there.
            columns: Vec<String>,
        },
        /// A mapping lacks the dialogue or the summary.
        IncompleteMap {
            /// What it does not name.
            lacks: MapPart,
        },
        /// Turns do not say who speaks.
        SpeakersNeeded {
            /// The file, as given.
            file: String,
            /// The first such row.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// The column that holds the turns.
            field: String,
        },
        /// The given speakers cannot be used.
        BadSpeakers {
            /// What was given.
            given: String,
        },
        /// Rows of an import are unusable.
        BadRows {
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            count: usize,
            /// Rows read in all.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            read: usize,
            /// The first one's file.
            file: String,
            /// The first one's number, counted as its file counts.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            row: usize,
            /// The column concerned; empty if the whole row is.
            field: String,
            /// What is wrong with it.
            fault: Box<RowFault>,
        },
        /// A dialogue is in two splits.
        Leaks {
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            count: usize,
            /// The first, on the training side.
            id: String,
            /// The example it equals, on the side that keeps it.
            with: String,
        },
        /// Words that may name somebody were not answered.
        WordsOpen {
            /// How many there are.
            #[cfg_attr(feature = "specta", specta(type = u32))]
            count: usize,
        },
        /// A file is a PDF: it has words at positions on a page, but no turns.
        Pdf {
            /// The file, as given.
            file: String,
        },
        /// A file is Rich Text.
        Rtf {
            /// The file, as given.
            file: String,
        },
        /// A file comes from Office before 2007, or is an Office file with a password.
        OldOffice {
            /// The file, as given.
            file: String,
        },
        /// A file is a workbook in Excel's binary form (XLSB).
        BinaryWorkbook {
            /// The file, as given.
            file: String,
        },
        /// A file is a picture, a recording or something else that is not text.
        Binary {
            /// The file, as given.
            file: String,
        },
        /// A file is a page of HTML.
        Html {
            /// The file, as given.
            file: String,
        },
        /// A file is larger than an import reads.
        TooLarge {
            /// The file, as given.
            file: String,
            /// The bound that it exceeds.
            limit: IntakeLimit,
            /// The largest number that is read.
            #[cfg_attr(feature = "specta", specta(type = f64))]
            most: u64,
        },
        /// An archive or document cannot be opened, or holds no conversation.
        Archive {
            /// The file, as given.
            file: String,
            /// Why it cannot be used.
            fault: ArchiveFault,
        },
        /// The first line of a table is not its header.
        HeaderNotFirst {
            /// The file, as given.
            file: String,
            /// What its first line begins with.
            first: String,
            /// The line that looks like the header; none if no line does.
            #[cfg_attr(feature = "specta", specta(type = Option<u32>))]
            header: Option<usize>,
        },
        /// A JSON document has several lists that could be its rows.
        SeveralLists {
            /// The file, as given.
            file: String,
            /// The names of the lists.
            lists: Vec<String>,
        },
    }
}

cases! {
    /// Why an archive is of no use.
    ArchiveFault {
        /// It is damaged or not complete.
        Broken {
            /// What the reader met.
            reason: String,
        },
        /// It can only be opened with a password.
        Encrypted {},
        /// None of its members is a chat, a document or a workbook that is known.
        NoConversation {},
        /// Several of its members are conversations.
        SeveralConversations {
            /// Their names, the first of many.
            members: Vec<String>,
        },
    }
}

cases! {
    /// What is not there.
    NotFound {
        /// A file.
        File {
            /// The file, as given.
            file: String,
        },
        /// Something of the workspace.
        Thing {
            /// Kind of thing.
            thing: Thing,
            /// The key that was looked for.
            key: String,
        },
    }
}

cases! {
    /// Why a file cannot be read.
    Unreadable {
        /// It is a folder.
        Folder {
            /// The file, as given.
            file: String,
        },
        /// The system refuses.
        Refused {
            /// The file, as given.
            file: String,
            /// The system's reason.
            reason: String,
        },
    }
}

impl ImportProblem {
    /// The sentence about columns, speakers and rows, for `Display`.
    fn fmt_rows(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownColumn {
                file,
                field,
                columns,
            } => write!(
                f,
                "{file} has no column `{}`; it has {}",
                excerpt(field),
                excerpts(columns).join(", ")
            ),
            Self::NeedsMapping { columns } => write!(
                f,
                "which columns hold dialogue and summary is not clear; there are {}",
                excerpts(columns).join(", ")
            ),
            Self::IncompleteMap { lacks } => write!(f, "the column mapping names no {lacks}"),
            Self::SpeakersNeeded { file, row, field } => write!(
                f,
                "{file}, row {row}: the turns in `{field}` do not say who speaks"
            ),
            Self::BadSpeakers { given } => {
                write!(
                    f,
                    "`{}` does not name at least two speakers",
                    excerpt(given)
                )
            }
            Self::BadRows {
                count,
                read,
                file,
                row,
                fault,
                ..
            } => write!(
                f,
                "{count} of {read} rows cannot be imported; the first is row {row} of {file}: {fault}. Nothing was imported"
            ),
            Self::Leaks { count, id, with } => write!(
                f,
                "{count} dialogues stand in two splits, the first is `{id}` (also `{with}`). Nothing was imported"
            ),
            Self::WordsOpen { count } => write!(
                f,
                "{count} words may name somebody, and nobody has said so yet. Nothing was imported"
            ),
            // Problems with whole files.
            _ => Ok(()),
        }
    }

    /// The file, row and field concerned.
    pub fn place(&self) -> ErrorPlace {
        match self {
            Self::NotFound(NotFound::File { file })
            | Self::Unreadable(Unreadable::Folder { file } | Unreadable::Refused { file, .. })
            | Self::UnknownFormat { file }
            | Self::Empty { file }
            | Self::Pdf { file }
            | Self::Rtf { file }
            | Self::OldOffice { file }
            | Self::BinaryWorkbook { file }
            | Self::Binary { file }
            | Self::Html { file }
            | Self::TooLarge { file, .. }
            | Self::Archive { file, .. }
            | Self::HeaderNotFirst { file, .. }
            | Self::SeveralLists { file, .. } => ErrorPlace::file(file.clone()),
            Self::Json { file, row, .. }
            | Self::InvalidUtf8 { file, row, .. }
            | Self::Ratings { file, row, .. }
            | Self::Table { file, row, .. } => ErrorPlace::file(file.clone()).with_row(*row),
            Self::UnknownColumn { file, field, .. } => {
                ErrorPlace::file(file.clone()).with_field(field.clone())
            }
            Self::IncompleteMap { lacks } => ErrorPlace::field(lacks.as_str()),
            Self::BadSpeakers { .. } => ErrorPlace::field("speakers"),
            Self::SpeakersNeeded { file, row, field }
            | Self::BadRows {
                file, row, field, ..
            } => ErrorPlace::file(file.clone())
                .with_row(*row)
                .with_field(field.clone()),
            Self::NoFiles
            | Self::NeedsMapping { .. }
            | Self::Leaks { .. }
            | Self::WordsOpen { .. }
            | Self::NotFound(NotFound::Thing { .. }) => ErrorPlace::default(),
        }
    }
}

impl fmt::Display for ImportProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFiles => write!(f, "no file was given"),
            Self::NotFound(NotFound::File { file }) => write!(f, "there is no file {file}"),
            Self::NotFound(NotFound::Thing { thing, key }) => {
                write!(f, "there is no {thing} {key} in this workspace")
            }
            Self::Unreadable(Unreadable::Folder { file }) => {
                write!(f, "{file} cannot be read: it is a folder")
            }
            Self::Unreadable(Unreadable::Refused { file, reason }) => {
                write!(f, "{file} cannot be read: {reason}")
            }
            Self::UnknownFormat { file } => write!(
                f,
                "{file} is neither JSON, JSON Lines, a table with a header (CSV, TSV) nor a transcript (TXT, Markdown, \
                 WebVTT, SRT)"
            ),
            Self::Empty { file } => write!(f, "{file} holds no rows"),
            Self::Json {
                file,
                row,
                column,
                reason,
            } => write!(
                f,
                "{file} is not valid JSON at line {row}, column {column}: {reason}"
            ),
            Self::InvalidUtf8 {
                file,
                row,
                offset,
                utf16,
            } => {
                let guess = if *utf16 {
                    " (it looks like UTF-16)"
                } else {
                    ""
                };
                write!(
                    f,
                    "{file} is not UTF-8 text: line {row}, byte {offset} from the start{guess}"
                )
            }
            Self::Ratings { file, row, reason } => write!(f, "{file}, item {row}: {reason}"),
            Self::Table { file, row, reason } => {
                write!(f, "{file} cannot be read as a table at row {row}: {reason}")
            }
            Self::UnknownColumn { .. }
            | Self::NeedsMapping { .. }
            | Self::IncompleteMap { .. }
            | Self::SpeakersNeeded { .. }
            | Self::BadSpeakers { .. }
            | Self::BadRows { .. }
            | Self::Leaks { .. }
            | Self::WordsOpen { .. } => self.fmt_rows(f),
            Self::Pdf { file } => write!(f, "{file} is a PDF: it holds printed pages, no turns"),
            Self::Rtf { file } => write!(f, "{file} is Rich Text, which is not read"),
            Self::OldOffice { file } => write!(
                f,
                "{file} is a file of Office before 2007, or an Office file with a password"
            ),
            Self::BinaryWorkbook { file } => write!(
                f,
                "{file} is a workbook in Excel's binary form (XLSB), which is not read"
            ),
            Self::Binary { file } => write!(
                f,
                "{file} is no text: it holds bytes of a picture, a recording or a program"
            ),
            Self::Html { file } => write!(f, "{file} is a web page (HTML), which is not read"),
            Self::TooLarge { file, limit, most } => {
                write!(
                    f,
                    "{file} is too large to be read: {}",
                    bound(*limit, *most)
                )
            }
            Self::Archive { file, fault } => write!(f, "{file} {fault}"),
            Self::HeaderNotFirst {
                file,
                first,
                header,
            } => match header {
                Some(line) => write!(
                    f,
                    "the header of {file} is not on its first line, which reads `{first}`, but on line {line}"
                ),
                None => write!(
                    f,
                    "the first line of {file} reads `{first}` and is no header with the names of columns"
                ),
            },
            Self::SeveralLists { file, lists } => write!(
                f,
                "{file} has several lists that could be its rows: {}",
                excerpts(lists).join(", ")
            ),
        }
    }
}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken { reason } => write!(f, "is damaged or not complete: {reason}"),
            Self::Encrypted {} => write!(f, "is locked with a password"),
            Self::NoConversation {} => {
                write!(f, "holds no chat, document or workbook that is known")
            }
            Self::SeveralConversations { members } => {
                write!(f, "holds several conversations: {}", members.join(", "))
            }
        }
    }
}

/// A bound on what an import reads, as a sentence's second half.
fn bound(limit: IntakeLimit, most: u64) -> String {
    let mebibytes = most >> 20;
    match limit {
        IntakeLimit::FileBytes => format!("a file may have {mebibytes} MiB"),
        IntakeLimit::Members => format!("an archive may have {most} members"),
        IntakeLimit::MemberBytes => {
            format!("a member of an archive may unpack to {mebibytes} MiB")
        }
        IntakeLimit::ArchiveBytes => format!("an archive may unpack to {mebibytes} MiB"),
        IntakeLimit::Depth => format!("elements may be nested {most} deep"),
        IntakeLimit::CellBytes => format!("a cell may have {mebibytes} MiB"),
        IntakeLimit::Turns => format!("an import may have {most} turns"),
        IntakeLimit::Pieces => {
            format!("of pieces as short as these, {most} can be read at one time")
        }
        IntakeLimit::Reach => {
            format!("its sheets may span {most} cells, the empty ones between included")
        }
        IntakeLimit::Columns => format!("a table may have {most} columns"),
    }
}
