//! What a demo leaves behind: who wrote, who was preferred, and what people corrected.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{RunId, System};

closed_set! {
    /// Which of two summaries somebody found better.
    DemoSide, "side" {
        /// The left one.
        Left = "left",
        /// The right one.
        Right = "right",
        /// Neither.
        Neither = "neither",
    }
}

/// Who wrote a summary in the demo.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "snake_case")]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub enum DemoWriter {
    /// A base model by itself.
    Base {
        /// Its name.
        model: String,
    },
    /// A system of a run.
    System {
        /// The run.
        run: RunId,
        /// The system.
        system: System,
        /// Name of the run's base model.
        model: String,
    },
    /// A person, before the demo: the summary that the data set has.
    Reference,
}

/// One vote of the demo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoVote {
    /// When it was given, milliseconds since 1970; 0 until it is kept.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
    /// SHA-256 of the dialogue, whose text is not kept.
    pub dialogue_sha256: String,
    /// Who wrote what was on the left.
    pub left: DemoWriter,
    /// Who wrote what was on the right.
    pub right: DemoWriter,
    /// The seed from which the sides were drawn.
    pub seed: u32,
    /// Which was better.
    pub choice: DemoSide,
}

/// A summary that somebody corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoCorrection {
    /// When, milliseconds since 1970; 0 until it is kept.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub at_ms: i64,
    /// SHA-256 of the dialogue, whose text is not kept.
    pub dialogue_sha256: String,
    /// Who had written it.
    pub writer: DemoWriter,
    /// As it was written.
    pub before: String,
    /// As the person left it.
    pub after: String,
    /// Its words before.
    pub words: u32,
    /// Words put in, taken out or replaced.
    pub words_changed: u32,
    /// How long it took, in milliseconds.
    pub ms: u32,
}

/// Everything that demos have left in a workspace, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoEvidence {
    /// The votes.
    pub votes: Vec<DemoVote>,
    /// The corrections.
    pub corrections: Vec<DemoCorrection>,
    /// How often one writer was preferred to another, by pair.
    pub pairs: Vec<DemoPair>,
    /// How much people corrected, by writer.
    pub meters: Vec<DemoMeter>,
}

/// Two writers and the votes about them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoPair {
    /// One of them.
    pub first: DemoWriter,
    /// The other one.
    pub second: DemoWriter,
    /// Votes for the first.
    pub first_wins: u32,
    /// Votes for the second.
    pub second_wins: u32,
    /// Votes for neither.
    pub ties: u32,
    /// Different dialogues that were voted on.
    pub dialogues: u32,
    /// How often the first was preferred, where one was; `None` if every vote was for neither.
    pub rate: Option<DemoRate>,
}

/// A share with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoRate {
    /// The share.
    pub mean: f64,
    /// Lower end of Wilson's 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// How much work people put into correcting a writer's summaries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DemoMeter {
    /// Who wrote them.
    pub writer: DemoWriter,
    /// Summaries that were corrected.
    pub summaries: u32,
    /// Words changed out of a hundred.
    pub changed_of_100: f64,
    /// Seconds for each summary.
    pub seconds: f64,
}
