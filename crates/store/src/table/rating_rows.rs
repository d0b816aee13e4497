//! The rows of rating studies ([`super::rating_study`] has their tables).

use contract::{
    ItemState, RaterState, RatingMode, RunId, SkipReason, StudyKind, StudyName, StudyState,
};
use serde_json::Value;

/// A rating study as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingStudyRow {
    /// Row id.
    pub id: i64,
    /// Name, unique in the workspace.
    pub name: StudyName,
    /// Word that no other study anywhere has; empty if it was brought in.
    pub uid: String,
    /// What people judge.
    pub kind: StudyKind,
    /// Whether it was rated elsewhere and brought in.
    pub is_imported: bool,
    /// What raters are asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// What was fixed before the first rating.
    pub protocol: Value,
    /// SHA-256 of the protocol; empty if it never had one.
    pub protocol_sha256: String,
    /// What the assignment of texts to systems can be checked with after the reveal; none before the start.
    pub seal: Option<String>,
    /// Time of creation.
    pub created_at_ms: i64,
    /// When its plan was frozen.
    pub started_at_ms: Option<i64>,
    /// When it was closed.
    pub closed_at_ms: Option<i64>,
    /// When its results were opened before every rater had locked.
    pub revealed_early_at_ms: Option<i64>,
}

/// A study with all that belongs to it: rated already, or with everything drawn and nothing answered.
#[derive(Debug, Clone, PartialEq)]
pub struct RatedStudy {
    /// Name, unique in the workspace.
    pub name: StudyName,
    /// What people judge.
    pub kind: StudyKind,
    /// What was frozen when it started; none if it was rated elsewhere or is a draft.
    pub frozen: Option<Frozen>,
    /// What raters were asked.
    pub mode: RatingMode,
    /// Where it stands.
    pub state: StudyState,
    /// What was fixed before the first rating.
    pub protocol: Value,
    /// Time of creation.
    pub created_at_ms: i64,
    /// When its results were opened before every rater had locked.
    pub revealed_early_at_ms: Option<i64>,
    /// Its systems, in order.
    pub systems: Vec<RatingSystemRow>,
    /// Texts and answers.
    pub contents: RatingContents,
    /// Who wrote the texts.
    pub authors: Vec<RatingAuthorRow>,
}

/// What a study is frozen with when it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frozen {
    /// Word that no other study anywhere has.
    pub uid: String,
    /// SHA-256 of the protocol in its canonical form.
    pub protocol_sha256: String,
    /// What the assignment of texts to systems can be checked with after the reveal.
    pub seal: String,
    /// What all secret random numbers of the study are drawn from.
    pub blind_key: [u8; 32],
    /// When it started.
    pub started_at_ms: i64,
}

/// A system of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingSystemRow {
    /// Its key.
    pub system: String,
    /// Its name in tables and sentences.
    pub label: String,
    /// The run that it comes from.
    pub run: Option<RunId>,
}

/// What a study holds apart from its plan and its authors.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RatingContents {
    /// Dialogues.
    pub dialogues: Vec<RatingDialogueRow>,
    /// Summaries: number, dialogue, text.
    pub items: Vec<(u32, u32, String)>,
    /// The roster, in order.
    pub raters: Vec<RatingRaterRow>,
    /// What was shown to whom.
    pub steps: Vec<RatingStepRow>,
    /// How far raters came with each summary.
    pub step_items: Vec<RatingStepItemRow>,
    /// The scores.
    pub scores: Vec<RatingScoreRow>,
    /// The choices.
    pub choices: Vec<RatingChoiceRow>,
}

/// A dialogue of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingDialogueRow {
    /// Its number.
    pub dialogue: u32,
    /// Row id of the example that it was copied from.
    pub example: Option<i64>,
    /// Its turns.
    pub turns: Value,
}

/// The author of a text, with what metrics say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct RatingAuthorRow {
    /// Number of the item.
    pub item: u32,
    /// Key of the system.
    pub system: String,
    /// Metrics by name.
    pub metrics: Value,
}

/// A rater of a study.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingRaterRow {
    /// The slot on the roster.
    pub rater: String,
    /// The person's name.
    pub name: String,
    /// Where they stand.
    pub state: RaterState,
    /// Whether their ratings count.
    pub counted: bool,
}

/// What a rater is shown at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingStepRow {
    /// The slot of the rater.
    pub rater: String,
    /// Place in their order.
    pub step: u32,
    /// What it is: `rate`, `repeat`, `pair`, `check` or `warmup`.
    pub kind: StepKind,
    /// Number of the dialogue.
    pub dialogue: u32,
    /// Numbers of the items in the order shown.
    pub items: Vec<u32>,
    /// Place of the planned comparison, for a pair.
    pub pair: Option<u32>,
}

/// What a step is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepKind {
    /// A dialogue for the first time.
    Rate,
    /// The same dialogue a second time.
    Repeat,
    /// Two items side by side.
    Pair,
    /// A statement about the guideline.
    Check,
    /// An example with its answer.
    Warmup,
}

impl StepKind {
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Rate, "rate"),
        (Self::Repeat, "repeat"),
        (Self::Pair, "pair"),
        (Self::Check, "check"),
        (Self::Warmup, "warmup"),
    ];

    pub(super) fn as_str(self) -> &'static str {
        let known = Self::ALL.iter().find(|(kind, _)| *kind == self);
        known.map_or("rate", |(_, word)| word)
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        let known = Self::ALL.iter().find(|(_, known)| *known == word);
        known.map(|(kind, _)| *kind)
    }
}

/// How far a rater came with a summary of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingStepItemRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// Number of the item.
    pub item: u32,
    /// How far the rater came.
    pub state: ItemState,
    /// Why it was left out.
    pub reason: Option<SkipReason>,
    /// The rater's note.
    pub note: String,
    /// Whether the rater thinks that it contains a real person's data.
    pub flagged: bool,
    /// Active time.
    pub active_ms: i64,
    /// Time in which the rater was idle.
    pub idle_ms: i64,
}

/// A score of a rater.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingScoreRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// Number of the item.
    pub item: u32,
    /// The criterion.
    pub criterion: String,
    /// The score; whoever writes it has checked it against the criterion's scale.
    pub score: u8,
    /// When it was given.
    pub at_ms: i64,
}

/// A choice of a rater among the items of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatingChoiceRow {
    /// The slot of the rater.
    pub rater: String,
    /// The step.
    pub step: u32,
    /// The item named best; none for a tie.
    pub best: Option<u32>,
    /// The item named worst; none in pairs.
    pub worst: Option<u32>,
    /// Active time.
    pub active_ms: i64,
    /// When it was made; not known of choices that were brought in.
    pub at_ms: Option<i64>,
}
