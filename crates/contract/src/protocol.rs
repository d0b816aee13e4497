//! What is fixed before the first rating of a study: the protocol, whose hash everybody can keep. It names the systems,
//! so it goes to no rater and to no page while people rate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    PlannedComparison, RatingMode, Split, StudyCriterion, StudyKind, StudyName, StudyPlan,
    StudyRater, StudyState, StudySystem, Words,
};

/// The word that names the format.
pub const PROTOCOL_FORMAT: &str = "duologue.protocol";

/// The newest version of the format.
pub const PROTOCOL_VERSION: u32 = 1;

/// What is fixed before the first rating.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// [`PROTOCOL_FORMAT`].
    pub format: String,
    /// [`PROTOCOL_VERSION`].
    pub version: u32,
    /// Name of the study.
    pub name: StudyName,
    /// What people judge.
    pub kind: StudyKind,
    /// What raters are asked.
    pub mode: RatingMode,
    /// The split that the dialogues come from.
    pub split: Split,
    /// The systems, in the order of the tables.
    pub systems: Vec<ProtocolSystem>,
    /// How the dialogues were drawn.
    pub draw: Draw,
    /// What is scored; empty where only choices are made.
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// What is asked about two summaries, or about all of a dialogue; the usual question if it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Words>,
    /// The comparisons, in the order of the tables.
    pub comparisons: Vec<PlannedComparison>,
    /// The comparison that the study is about.
    pub primary: Option<Primary>,
    /// Accepted chance of one false finding among all tested comparisons.
    pub alpha: f64,
    /// Number of points within which two systems count as practically equal, on a scale of five.
    pub margin: f64,
    /// The difference that matters, on a scale of five.
    pub delta: f64,
    /// The roster at the start.
    pub raters: Vec<Slot>,
    /// Dialogues that all raters rate.
    pub shared: usize,
    /// Dialogues that each rater sees a second time.
    pub repeats: usize,
    /// When the study ends.
    pub stop: StopRule,
    /// What raters read first.
    pub guideline: Guideline,
    /// Statements about the guideline that raters judge before the first dialogue.
    #[serde(default)]
    pub check: Vec<CheckStatement>,
    /// Examples with their answers that raters rate before the first dialogue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup: Option<Warmup>,
    /// Seed of the resamples.
    pub analysis_seed: u64,
    /// Number of resamples.
    pub resamples: usize,
}

/// A system of a study with the place that its texts come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProtocolSystem {
    /// Its word in the study's files.
    pub key: String,
    /// Its name in tables and sentences.
    pub label: String,
    /// Where its texts come from: `run:ID:SYSTEM`, `run:ID:SYNTHESIZER`, `reference`, `real` or `file:SHA256`.
    pub source: String,
}

/// How the dialogues of a study were drawn. The seed says nothing about authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draw {
    /// Seed of the order that the first `n` were taken from.
    pub seed: u64,
    /// Dialogues drawn.
    pub n: usize,
    /// Dialogues that every system has a text for.
    pub from: usize,
}

/// A criterion as raters see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Criterion {
    /// Word under which scores are stored.
    pub key: String,
    /// Its scale.
    pub scale: Scale,
    /// Whether the highest score is the best.
    pub higher_is_better: bool,
    /// Whether "not applicable" is an answer; it counts as missing.
    pub na: bool,
    /// Its words; at least one language.
    pub texts: CriterionTexts,
}

/// The scale of a criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Scale {
    /// Points, counted from 1.
    Likert {
        /// How many, from 2 to 10.
        points: u8,
    },
    /// No (1) or yes (2).
    Binary,
}

/// The words of a criterion in the available languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CriterionTexts {
    /// English.
    pub en: Option<CriterionText>,
    /// German.
    pub de: Option<CriterionText>,
}

/// The words of a criterion in a language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CriterionText {
    /// Its name.
    pub name: String,
    /// How a sentence names it.
    pub in_sentence: String,
    /// What is asked.
    pub question: String,
    /// What each point means, worst first; one for each point.
    pub anchors: Vec<String>,
}

/// The comparison that a study is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Primary {
    /// Its criterion; empty where only choices are made.
    pub criterion: String,
    /// Key of the first system.
    pub a: String,
    /// Key of the second system.
    pub b: String,
}

/// A place on the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// `R1`, `R2` …, which files and tables show.
    pub slot: String,
    /// The person's name.
    pub name: String,
}

/// When a study ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StopRule {
    /// When everything is rated.
    #[default]
    Fixed,
    /// When the interval of the primary comparison is narrow enough.
    Precision {
        /// Half its width.
        half_width: f64,
        /// Dialogues before the first check.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        min: usize,
        /// Dialogues between two checks.
        #[cfg_attr(feature = "specta", specta(type = u32))]
        every: usize,
    },
    /// At planned looks at the primary comparison, with what they cost.
    Looks {
        /// After how many dialogues.
        #[serde(rename = "at")]
        #[cfg_attr(feature = "specta", specta(type = Vec<u32>))]
        after: Vec<usize>,
    },
}

/// What raters read first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Guideline {
    /// Its version.
    pub version: String,
    /// SHA-256 of both texts, one after the other.
    pub sha256: String,
    /// The text, a paragraph a line.
    pub text: Words,
}

/// A statement about the guideline that is true or false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct CheckStatement {
    /// The statement.
    pub text: Words,
    /// Whether it is true.
    pub holds: bool,
    /// Why it is true or false.
    pub why: Words,
}

/// A dialogue with summaries whose scores are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Warmup {
    /// The dialogue as `Name: text` lines; empty where dialogues are judged, which are the items then.
    pub dialogue: Words,
    /// The summaries.
    pub items: Vec<WarmupItem>,
}

/// A summary whose scores are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct WarmupItem {
    /// The summary, or the dialogue as `Name: text` lines.
    pub text: Words,
    /// The owner's scores by criterion.
    pub scores: BTreeMap<String, u8>,
    /// Why it has these scores.
    pub reason: Words,
}

impl Scale {
    /// Points of the scale, which begins at 1.
    pub fn points(self) -> u8 {
        match self {
            Self::Likert { points } => points,
            Self::Binary => 2,
        }
    }
}

impl CriterionTexts {
    /// How a sentence names the criterion in both languages; a language that is missing takes the other one's words.
    pub fn in_sentence(&self) -> Words {
        let word = |first: &Option<CriterionText>, second: &Option<CriterionText>| {
            let text = first.as_ref().or(second.as_ref());
            text.map(|text| text.in_sentence.clone())
                .unwrap_or_default()
        };
        Words {
            en: word(&self.en, &self.de),
            de: word(&self.de, &self.en),
        }
    }
}

impl Protocol {
    /// What the results need from it; where the study and its raters stand is known to the tables alone.
    pub fn plan(&self, state: StudyState, raters: Vec<StudyRater>) -> StudyPlan {
        let systems = self.systems.iter();
        let criteria = self.criteria.iter();
        StudyPlan {
            title: self.name.clone(),
            kind: self.kind,
            mode: self.mode,
            state,
            systems: systems
                .map(|system| StudySystem {
                    key: system.key.clone(),
                    label: system.label.clone(),
                })
                .collect(),
            criteria: criteria
                .map(|criterion| StudyCriterion {
                    key: criterion.key.clone(),
                    points: criterion.scale.points(),
                    higher_is_better: criterion.higher_is_better,
                    in_sentence: criterion.texts.in_sentence(),
                })
                .collect(),
            comparisons: self.comparisons.clone(),
            alpha: self.alpha,
            margin: self.margin,
            delta: self.delta,
            available_dialogues: self.draw.from,
            analysis_seed: self.analysis_seed,
            resamples: self.resamples,
            raters,
            revealed_early: None,
        }
    }
}
