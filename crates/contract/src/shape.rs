//! How made-up conversations differ from real ones in their shape: the part of an audit that needs no secret and no model.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{Synthesizer, Words};

closed_set! {
    /// What is measured of a conversation.
    ShapeFigure, "figure of a conversation" {
        /// Words of all turns.
        Words = "words",
        /// Turns.
        Turns = "turns",
        /// Words per turn.
        WordsPerTurn = "words_per_turn",
        /// People who speak.
        Speakers = "speakers",
        /// Share of turns whose speaker differs from that of the turn before.
        Alternation = "alternation",
        /// Share of turns that end with a question mark.
        Questions = "questions",
        /// Share of the first hundred tokens that differ from each other.
        Variety = "variety",
        /// Words of the summary that it was written from.
        SummaryWords = "summary_words",
    }
}

/// The made-up conversations of a synthesizer beside the real ones that its run may read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ShapeAudit {
    /// Who wrote them.
    pub source: Synthesizer,
    /// How many.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// Real conversations beside them: those of the train and validation splits.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n_real: usize,
    /// Every figure of both sides, the largest difference first.
    pub distributions: Vec<Distribution>,
    /// Made-up conversations that repeat others nearly word for word.
    pub near_duplicates: NearDuplicates,
    /// Whether a simple classifier tells the two sides apart; none with fewer than ten conversations on a side.
    pub two_sample: Option<TwoSampleResult>,
    /// The same for a reader.
    pub sentences: Vec<Words>,
}

/// A figure of real and of made-up conversations.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Distribution {
    /// What was measured.
    pub figure: ShapeFigure,
    /// Spread of the real ones.
    pub real: Spread,
    /// Spread of the made-up ones.
    pub made_up: Spread,
    /// Kolmogorov and Smirnov's D: the largest distance of the two cumulative shares, from 0 to 1.
    pub d: f64,
}

/// A sample in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Spread {
    /// Mean.
    pub mean: f64,
    /// Standard deviation of the sample; none below two values.
    pub sd: Option<f64>,
    /// Quantiles at 1, 25, 50, 75 and 99 %.
    pub quantiles: [f64; 5],
}

/// Share of made-up conversations whose ROUGE-L with another one is 0.7 or more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct NearDuplicates {
    /// With an earlier made-up one of the same synthesizer.
    pub among: f64,
    /// With a real one that the run learns from.
    pub shots: f64,
    /// With a real one that the run chooses by.
    pub validation: f64,
}

/// What the two-sample test found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct TwoSampleResult {
    /// Conversations of each side.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub n: usize,
    /// How well the classifier tells them apart: 0.5 is not at all, 1 is always.
    pub auc: f64,
    /// One-sided p-value by permutation.
    pub p: f64,
    /// The middle 95 % of the AUCs of permutations, which know no difference.
    pub band95: [f64; 2],
    /// Figures with their weights, the most telling one first; positive: more of it in made-up conversations.
    pub weights: Vec<Weight>,
}

/// How telling a figure is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Weight {
    /// The figure's name.
    pub figure: String,
    /// Its weight, in standard deviations.
    pub weight: f64,
}
