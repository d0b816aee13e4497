//! A rating study as its raters and its owner see it while people rate: nothing here names a system, says which text is
//! whose, which is the human reference, or which dialogue comes a second time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    CheckStatement, Criterion, Guideline, ItemState, PackStanding, RaterState, RatingMode, RunId,
    SkipReason, StudyKind, StudyName, StudyState, Warmup, Words,
};

/// A study in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudySummary {
    /// Its number.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub study: i64,
    /// Its name.
    pub name: StudyName,
    /// What people judge.
    pub kind: StudyKind,
    /// What raters are asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// Whether it was rated elsewhere, and so was not blinded by Duologue.
    pub imported: bool,
    /// Whether its results are open.
    pub opened: bool,
    /// Raters on the roster.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub raters: usize,
    /// Raters whose set is locked.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub locked: usize,
    /// Summaries.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Scores and choices.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub ratings: usize,
    /// Summaries that a rater left out.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub skipped: usize,
    /// SHA-256 of what was fixed before rating began; empty if nothing was.
    pub protocol_sha256: String,
    /// The hash by which the assignment of texts to systems can be checked after the reveal.
    pub seal: Option<String>,
    /// When it was created here.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub created_at_ms: i64,
    /// The runs that its texts come from; empty until the results are open.
    pub runs: Vec<RunId>,
}

/// Where a study's raters stand: no score and no mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StudyProgress {
    /// The study.
    pub study: StudySummary,
    /// Its roster.
    pub raters: Vec<RaterProgress>,
    /// When its results were opened, if that was before every rater had locked their set.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub revealed_early_at_ms: Option<i64>,
}

/// Where a rater stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RaterProgress {
    /// The slot on the roster.
    pub slot: String,
    /// The person's name.
    pub name: String,
    /// Where they stand.
    pub state: RaterState,
    /// Whether their ratings count.
    pub counted: bool,
    /// Steps that are finished.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub done: usize,
    /// Steps that they were given.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub load: usize,
    /// Median of the active seconds on a summary; none before the first.
    pub median_s: Option<f64>,
    /// When they last did something.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub last_at_ms: Option<i64>,
    /// The rater pack that was written for them last.
    pub pack: Option<PackStanding>,
}

/// Everything that a rater needs to go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Desk {
    /// Number of the study.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub study: i64,
    /// Name of the study.
    pub title: StudyName,
    /// What is judged. Where dialogues are, each is the only text of its step, as `Name: text` lines.
    pub kind: StudyKind,
    /// What is asked.
    pub mode: RatingMode,
    /// The rater's slot.
    pub slot: String,
    /// The rater's name.
    pub name: String,
    /// Where the rater stands.
    pub state: RaterState,
    /// What to read first.
    pub guideline: Guideline,
    /// What is scored.
    pub criteria: Vec<Criterion>,
    /// What is asked about two summaries of a dialogue, or about all of them.
    pub question: Words,
    /// Statements about the guideline.
    pub check: Vec<CheckStatement>,
    /// Examples with their answers.
    pub warmup: Option<Warmup>,
    /// Whether the rater has finished the check and the examples.
    pub introduced: bool,
    /// What they were given, in their order.
    pub steps: Vec<DeskStep>,
    /// Whether there is an act to take back.
    pub can_undo: bool,
}

/// A turn of a dialogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskTurn {
    /// Who speaks.
    pub speaker: String,
    /// What they say.
    pub text: String,
}

/// A dialogue with its summaries, in the order shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskStep {
    /// Its number in the rater's order, by which acts refer to it.
    pub step: u32,
    /// The dialogue; empty where dialogues are judged.
    pub turns: Vec<DeskTurn>,
    /// The summaries, or the dialogue that is judged.
    pub items: Vec<DeskItem>,
    /// The choice among them; none before it is made, or if summaries are scored.
    pub choice: Option<DeskChoice>,
    /// Whether it is finished.
    pub submitted: bool,
}

/// A summary of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskItem {
    /// The summary.
    pub text: String,
    /// Scores given so far; 0 for "not applicable".
    pub scores: BTreeMap<String, u8>,
    /// How far the rater is with it; none if it is untouched.
    pub state: Option<ItemState>,
    /// Why it was left out.
    pub reason: Option<SkipReason>,
    /// The rater's note.
    pub note: String,
    /// Whether the rater thinks that it contains a real person's data.
    pub flagged: bool,
}

/// A choice by places, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskChoice {
    /// The place named best; none for a tie.
    pub best: Option<u32>,
    /// The place named worst; none in pairs.
    pub worst: Option<u32>,
}

/// What a rater does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskPress {
    /// The step.
    pub step: u32,
    /// What they do.
    pub act: DeskAct,
    /// Time on a summary since the last press.
    pub time: Option<DeskTime>,
}

/// Time that a rater spent on a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DeskTime {
    /// Place of the summary, from 0.
    pub place: u32,
    /// While the rater was active.
    pub active_ms: u32,
    /// While the rater was idle.
    pub idle_ms: u32,
}

/// An act of a rater; places count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeskAct {
    /// A score; 0 for "not applicable", none to take it back.
    Score {
        /// Place of the summary.
        place: u32,
        /// The criterion.
        criterion: String,
        /// The score.
        score: Option<u8>,
    },
    /// A choice; none to take it back.
    Choose {
        /// The choice.
        choice: Option<DeskChoice>,
    },
    /// A note about a summary.
    Note {
        /// Place of the summary.
        place: u32,
        /// The text.
        text: String,
    },
    /// A mark that a summary may contain a real person's data.
    Flag {
        /// Place of the summary.
        place: u32,
        /// Whether it has the mark.
        flagged: bool,
    },
    /// Leaves a summary out.
    Skip {
        /// Place of the summary.
        place: u32,
        /// Why.
        reason: SkipReason,
    },
    /// Finishes the dialogue.
    Submit,
    /// Judges a statement about the guideline.
    Check {
        /// Place of the statement.
        place: u32,
        /// Whether the rater holds it to be true.
        answer: bool,
    },
    /// Rates an example.
    Warmup {
        /// Place of the example.
        place: u32,
        /// The rater's scores.
        scores: BTreeMap<String, u8>,
    },
}
