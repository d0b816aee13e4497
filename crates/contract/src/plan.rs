//! What a setting takes, what a plan lacks and how an import divides its rows: facts with values, phrased by each
//! shell.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ExampleKind, Split};

/// The range of a number. Its ends are constants of the program, and finite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Bounds {
    /// The least number, or the one that every number is above.
    pub min: f64,
    /// Whether `min` itself is outside.
    pub above_min: bool,
    /// The largest number, or the one that every number is below.
    pub max: f64,
    /// Whether `max` itself is outside.
    pub below_max: bool,
}

/// No end is NaN.
impl Eq for Bounds {}

impl Bounds {
    /// From `min` to `max`, both inside.
    pub const fn from_to(min: f64, max: f64) -> Self {
        Self {
            min,
            above_min: false,
            max,
            below_max: false,
        }
    }

    /// The same without its lower end.
    pub const fn above_min(self) -> Self {
        Self {
            above_min: true,
            ..self
        }
    }

    /// The same without its upper end.
    pub const fn below_max(self) -> Self {
        Self {
            below_max: true,
            ..self
        }
    }

    /// Whether a number is inside; NaN and infinity never are.
    pub fn contains(self, number: f64) -> bool {
        let is_above = number > self.min || (number == self.min && !self.above_min);
        let is_below = number < self.max || (number == self.max && !self.below_max);
        is_above && is_below
    }
}

/// `at least 0 and below 1`
impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = if self.above_min { "above" } else { "at least" };
        let most = if self.below_max { "below" } else { "at most" };
        write!(f, "{least} {} and {most} {}", self.min, self.max)
    }
}

/// What values a setting of the recipe takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SettingShape {
    /// A whole number.
    Whole {
        /// Its range.
        bounds: Bounds,
    },
    /// A number.
    Number {
        /// Its range.
        bounds: Bounds,
    },
    /// Numbers, separated by commas.
    Numbers {
        /// The range of each.
        bounds: Bounds,
    },
    /// One of a few words.
    Word {
        /// The words.
        words: Vec<String>,
    },
    /// Some of a few words, separated by commas.
    Words {
        /// The words.
        words: Vec<String>,
    },
    /// `true` or `false`.
    Flag,
    /// Any text.
    Text,
}

/// The second half of a sentence: `must be true or false`.
impl fmt::Display for SettingShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole { bounds } => write!(f, "must be a whole number, {bounds}"),
            Self::Number { bounds } => write!(f, "must be a number, {bounds}"),
            Self::Numbers { bounds } => {
                write!(f, "must list numbers with commas between, each {bounds}")
            }
            Self::Word { words } => write!(f, "must be one of {}", words.join(", ")),
            Self::Words { words } => write!(f, "must list some of {}", words.join(", ")),
            Self::Flag => f.write_str("must be true or false"),
            Self::Text => f.write_str("must be a text"),
        }
    }
}

/// What prevents a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "case", rename_all = "snake_case")]
pub enum Lack {
    /// Examples of the data set.
    Examples {
        /// Which kind.
        kind: ExampleKind,
        /// How many the recipe asks for.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        need: usize,
        /// How many there are.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        have: usize,
    },
    /// Dialogues in which somebody answers: there is nothing to learn from monologues.
    Speakers {
        /// Dialogues with a summary.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        dialogues: usize,
        /// Those of them in which at least two people speak.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        several: usize,
    },
    /// Summaries that say something, in fewer words than their dialogues.
    Summaries {
        /// Dialogues with a summary.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        dialogues: usize,
        /// Summaries without a letter or digit.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        empty: usize,
        /// Summaries that are longer than their dialogues.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        long: usize,
    },
    /// The model, which is not on this computer.
    Model {
        /// Its id on the Hub.
        hub_id: String,
    },
    /// Memory.
    Memory {
        /// What is needed.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        need_bytes: u64,
        /// What is free.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        free_bytes: u64,
    },
    /// A setting that this version does not have.
    Setting {
        /// The field of the recipe.
        field: String,
    },
    /// Time: even the minimum that can be asked for takes longer than the time available.
    Time {
        /// Seconds that the minimum takes.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        need_s: u64,
        /// Seconds available.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        within_s: u64,
    },
    /// Room on the disk.
    Disk {
        /// What is needed.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        need_bytes: u64,
        /// What is free.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        free_bytes: u64,
    },
}

/// How the rows of an import were assigned to their splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum SplitRule {
    /// As the user asked.
    Asked {
        /// The split of every row.
        split: Split,
    },
    /// By the split column.
    Column,
    /// By the files' names; a file whose name says nothing goes to train.
    FileNames,
    /// By a draw.
    Drawn {
        /// The draw's seed.
        #[cfg_attr(feature = "specta", specta(type = f64))]
        seed: u64,
        /// What the whole data set is divided into.
        shares: SplitShares,
    },
}

/// The parts of a data set, as whole percentages; together 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SplitShares {
    /// Of the training split.
    pub train: u32,
    /// Of the validation split.
    pub validation: u32,
    /// Of the test split.
    pub test: u32,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gigabytes = |bytes: &u64| *bytes as f64 / 1e9;
        match self {
            Self::Examples { kind, need, have } => write!(
                f,
                "{kind}: the recipe asks for {need}, the data set has {have}"
            ),
            Self::Speakers { dialogues, several } => write!(
                f,
                "dialogues with two speakers: {several} of {dialogues} have them"
            ),
            Self::Summaries {
                dialogues,
                empty,
                long,
            } => write!(
                f,
                "summaries to learn from: of {dialogues}, {empty} are empty and {long} are longer than their dialogues"
            ),
            Self::Model { hub_id } => write!(f, "the model {hub_id} is not on this computer"),
            Self::Time { need_s, within_s } => write!(
                f,
                "time: the least takes about {} minutes, there are {}",
                need_s.div_ceil(60),
                within_s / 60
            ),
            Self::Setting { field } => {
                write!(f, "the setting `{field}`, which this version does not have")
            }
            Self::Memory {
                need_bytes,
                free_bytes,
            } => write!(
                f,
                "memory: {:.1} GB are needed, {:.1} GB are free",
                gigabytes(need_bytes),
                gigabytes(free_bytes)
            ),
            Self::Disk {
                need_bytes,
                free_bytes,
            } => write!(
                f,
                "disk space: {:.1} GB are needed, {:.1} GB are free",
                gigabytes(need_bytes),
                gigabytes(free_bytes)
            ),
        }
    }
}

impl fmt::Display for SplitRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked { split } => write!(f, "every row is {split}, as asked"),
            Self::Column => write!(f, "by the split column"),
            Self::FileNames => write!(
                f,
                "by the files' names; a file whose name tells nothing is train"
            ),
            Self::Drawn { seed, shares } => write!(
                f,
                "drawn {}/{}/{} into train, validation and test with seed {seed}",
                shares.train, shares.validation, shares.test
            ),
        }
    }
}
