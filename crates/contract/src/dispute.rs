//! Summaries of a finished study that deserve a second look, with all that was said about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{DeskTurn, StudyName};

closed_set! {
    /// Why a summary deserves a second look.
    DisputeReason, "reason for a second look" {
        /// Two raters' scores are two points or more apart.
        Spread = "spread",
        /// People find it misleading or seriously wrong.
        Unfaithful = "unfaithful",
        /// Somebody thinks that it contains a real person's data.
        Flag = "flag",
        /// People put it first among its dialogue's summaries and ROUGE-1 last, or the other way round.
        Metric = "metric",
    }
}

/// A summary that deserves a second look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Disputed {
    /// Its number in the study.
    pub item: u32,
    /// The number of its dialogue.
    pub dialogue: u32,
    /// The dialogue.
    pub turns: Vec<DeskTurn>,
    /// The summary.
    pub text: String,
    /// Names of the systems that wrote it.
    pub systems: Vec<String>,
    /// Why it deserves a second look.
    pub reasons: Vec<DisputeReason>,
    /// The largest distance between two raters' scores on a criterion.
    pub spread: u8,
    /// All scores of first showings.
    pub scores: Vec<DisputedScore>,
    /// What raters wrote about it.
    pub notes: Vec<DisputedNote>,
    /// The scores that were settled, by criterion.
    pub adjudicated: BTreeMap<String, Adjudicated>,
}

/// A rater's score of a disputed summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DisputedScore {
    /// The rater's slot.
    pub rater: String,
    /// The criterion.
    pub criterion: String,
    /// The score.
    pub score: u8,
}

/// A rater's note about a disputed summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DisputedNote {
    /// The rater's slot.
    pub rater: String,
    /// The note.
    pub note: String,
}

/// A settled score. It is kept beside the raters' scores and never replaces them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Adjudicated {
    /// The score.
    pub score: u8,
    /// Why the score was settled that way.
    pub reason: String,
    /// When it was settled.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
}

/// The disputed summaries of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Disputes {
    /// Name of the study.
    pub study: StudyName,
    /// Summaries in all.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Summaries with a settled score.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub adjudicated: usize,
    /// The criteria with the points of their scales, in the order of the tables.
    pub criteria: Vec<(String, u8)>,
    /// Those that deserve a second look, the most disputed first.
    pub rows: Vec<Disputed>,
}
