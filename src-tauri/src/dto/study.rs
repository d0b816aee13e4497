//! A rating study as the page plans it. What it sees of one is in `contract`: nothing there names a system before the
//! results are open.

use contract::{
    Criterion, PackHeader, RatingMode, RunId, StudyKind, StudyOutlook, Synthesizer, System,
};
use serde::{Deserialize, Serialize};
use specta::Type;

/// A system that can be rated, or a synthesizer whose dialogues can be; neither for what people wrote: the human reference,
/// and in an audit the real dialogues.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct PlannedSystem {
    /// The system.
    pub system: Option<System>,
    /// The synthesizer.
    pub synthesizer: Option<Synthesizer>,
    /// Its name in tables and sentences.
    pub label: String,
}

/// A study to be planned.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct StudyRequest {
    /// A finished run.
    pub run: RunId,
    /// Name of the study.
    pub name: String,
    /// What people judge.
    pub kind: StudyKind,
    /// The systems, in the order of the tables.
    pub systems: Vec<PlannedSystem>,
    /// What raters are asked.
    pub mode: RatingMode,
    /// What is scored; the usual criteria if it is absent.
    pub criteria: Option<Vec<Criterion>>,
    /// Dialogues, in an audit summaries with their dialogues; as many as give each rater 40 if it is absent.
    pub dialogues: Option<u32>,
    /// Seed by which dialogues are drawn.
    pub seed: u32,
    /// Names of the raters.
    pub raters: Vec<String>,
    /// Dialogues that all raters rate; a quarter if it is absent.
    pub shared: Option<u32>,
    /// Dialogues that each rater sees a second time.
    pub repeats: u32,
    /// Number of points, out of five, within which two systems count as equal.
    pub margin: f64,
    /// The difference that matters, in points of five.
    pub delta: f64,
}

/// What a plan comes to.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct PlanAnswer {
    /// What the study can show; none without raters.
    pub outlook: Option<StudyOutlook>,
}

/// A rater pack that somebody else wrote, before its secret is typed.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct OpenedPack {
    /// The beginning of its file's name, which its answers get too.
    pub name: String,
    /// What can be read without the secret.
    pub header: PackHeader,
    /// The rest, in base64.
    pub ciphertext: String,
}
