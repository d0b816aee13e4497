//! What an import says about the data set as a whole and what it guessed, besides the problems of single rows: facts,
//! which each shell phrases.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{DateOrder, Encoding, Language, Split};

/// Something about a data set that its owner should know after an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "case", rename_all = "snake_case")]
pub enum Remark {
    /// Every example of the data set is in one split: a run needs more than that.
    OneSplit {
        /// The split.
        split: Split,
    },
    /// Rows that the data set has already; they were left out.
    AlreadyHere {
        /// How many.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        rows: usize,
    },
    /// Rows whose id another row of the data set has; they were stored under another id.
    Renamed {
        /// How many.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        rows: usize,
    },
    /// Dialogues that wait for a summary: they are kept, and no run reads them.
    Unsummarised {
        /// How many this import brought.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        rows: usize,
    },
    /// Most dialogues are in a language other than English.
    NotEnglish {
        /// The language.
        language: Language,
        /// Dialogues in it.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        dialogues: usize,
    },
    /// The file does not say how its characters are encoded.
    EncodingGuessed {
        /// The file, as given.
        file: String,
        /// How it was read.
        encoding: Encoding,
        /// A piece of the text, to look at.
        sample: Option<String>,
    },
    /// The columns were chosen by their names, which leave room for doubt.
    ColumnsGuessed {
        /// The file, as given.
        file: String,
        /// The column taken for the dialogue.
        dialogue: String,
        /// The columns taken for summaries.
        summaries: Vec<String>,
    },
    /// Each row was taken for one turn.
    TurnRows {
        /// The file, as given.
        file: String,
        /// The column with what is said.
        text: String,
        /// The column with who says it.
        speaker: String,
        /// The column that tells the conversations apart; none if the file is one conversation.
        group: Option<String>,
        /// The column with the summary.
        summary: Option<String>,
        /// Conversations found.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        dialogues: usize,
    },
    /// This member of an archive was read.
    MemberRead {
        /// The file, as given.
        file: String,
        /// The member that was read first.
        inside: String,
        /// How many members were read.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        members: usize,
    },
    /// This sheet of a workbook was read.
    SheetChosen {
        /// The file, as given.
        file: String,
        /// The sheet.
        sheet: String,
        /// The row with the names of the columns.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        header_row: usize,
        /// The sheets that were not read.
        others: Vec<String>,
    },
    /// A chat was divided where nobody wrote for a long time.
    SessionsByGap {
        /// The file, as given.
        file: String,
        /// Hours of silence that end a session.
        gap_hours: u32,
        /// Sessions found.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        sessions: usize,
    },
    /// No date of the chat shows whether the day or the month comes first.
    DateOrderGuessed {
        /// The file, as given.
        file: String,
        /// How the dates were read.
        order: DateOrder,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneSplit { split } => write!(
                f,
                "every example of the data set is {split}: a run needs some for training, validation and test"
            ),
            Self::AlreadyHere { rows: 1 } => {
                write!(f, "1 row is in the data set already and was left out")
            }
            Self::AlreadyHere { rows } => {
                write!(
                    f,
                    "{rows} rows are in the data set already and were left out"
                )
            }
            Self::Renamed { rows: 1 } => write!(
                f,
                "1 row has an id that another row of the data set has; it got a new one"
            ),
            Self::Renamed { rows } => write!(
                f,
                "{rows} rows have an id that another row of the data set has; they got a new one"
            ),
            Self::Unsummarised { rows: 1 } => write!(
                f,
                "1 dialogue waits for a summary: it is kept, and no run reads it"
            ),
            Self::Unsummarised { rows } => write!(
                f,
                "{rows} dialogues wait for a summary: they are kept, and no run reads them"
            ),
            Self::NotEnglish {
                language,
                dialogues,
            } => write!(
                f,
                "{} {}: ROUGE reduces words to their stems by English rules, so its figures say less, and small base \
                 models know English only",
                match dialogues {
                    1 => "1 dialogue is".to_owned(),
                    _ => format!("{dialogues} dialogues are"),
                },
                name(*language)
            ),
            guess => guess.write(f),
        }
    }
}

impl Remark {
    /// What was decided without asking.
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EncodingGuessed {
                file,
                encoding,
                sample,
            } => {
                write!(f, "{file} was read as {encoding}, which is a guess")?;
                match sample {
                    Some(sample) => write!(f, ": `{sample}`"),
                    None => Ok(()),
                }
            }
            Self::ColumnsGuessed {
                file,
                dialogue,
                summaries,
            } => write!(
                f,
                "the columns of {file} were guessed: dialogue `{dialogue}`, {}",
                match summaries.is_empty() {
                    true => "no summary".to_owned(),
                    false => format!("summary `{}`", summaries.join("`, `")),
                }
            ),
            Self::TurnRows {
                file,
                text,
                speaker,
                group,
                summary,
                dialogues,
            } => {
                write!(
                    f,
                    "each row of {file} was taken for one turn: text `{text}`, speaker `{speaker}`"
                )?;
                if let Some(group) = group {
                    write!(f, ", one dialogue for each `{group}`")?;
                }
                if let Some(summary) = summary {
                    write!(f, ", summary `{summary}`")?;
                }
                let ending = if *dialogues == 1 { "" } else { "s" };
                write!(f, " ({dialogues} dialogue{ending})")
            }
            Self::MemberRead {
                file,
                inside,
                members: 1,
            } => write!(f, "of {file}, {inside} was read"),
            Self::MemberRead {
                file,
                inside,
                members,
            } => write!(
                f,
                "of {file}, {members} files were read, the first is {inside}"
            ),
            Self::SheetChosen {
                file,
                sheet,
                header_row,
                others,
            } => {
                write!(
                    f,
                    "of {file}, the sheet `{sheet}` was read, with its columns named in row {header_row}"
                )?;
                match others.is_empty() {
                    true => Ok(()),
                    false => write!(f, "; not read: `{}`", others.join("`, `")),
                }
            }
            Self::SessionsByGap {
                file,
                gap_hours,
                sessions,
            } => write!(
                f,
                "{file} was divided into {sessions} dialogues, where nobody wrote for {gap_hours} hours"
            ),
            Self::DateOrderGuessed { file, order } => {
                let order = match order {
                    DateOrder::DayFirst => "the day first",
                    DateOrder::MonthFirst => "the month first",
                    DateOrder::YearFirst => "the year first",
                };
                write!(
                    f,
                    "the dates of {file} were read with {order}, which is a guess"
                )
            }
            _ => Ok(()),
        }
    }
}

fn name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::German => "German",
        Language::French => "French",
        Language::Spanish => "Spanish",
        Language::Italian => "Italian",
    }
}
