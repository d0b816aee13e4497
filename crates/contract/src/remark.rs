//! What an import says about the data set as a whole, beside the problems of single rows: facts, which each shell
//! words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Language, Split};

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
    /// Rows whose id another row of the data set has; they were stored under another one.
    Renamed {
        /// How many.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        rows: usize,
    },
    /// Dialogues that wait for a summary: they are kept, and no run reads them.
    Unsummarised {
        /// How many of this import.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        rows: usize,
    },
    /// Most dialogues are in another language than English.
    NotEnglish {
        /// The language.
        language: Language,
        /// Dialogues in it.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        dialogues: usize,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneSplit { split } => write!(
                f,
                "every example of the data set is {split}: a run needs some for training, validation and test"
            ),
            Self::AlreadyHere { rows } => {
                write!(
                    f,
                    "{rows} rows are in the data set already and were left out"
                )
            }
            Self::Renamed { rows } => write!(
                f,
                "{rows} rows have an id that another row of the data set has; they got a new one"
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
                "{dialogues} dialogues are {}: ROUGE reduces words to their stems by English rules, so its figures say \
                 less, and small base models know English only",
                name(*language)
            ),
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
