//! What backs a summary in its conversation: a hint for whoever reads it, never a verdict.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{FactKind, RunId, Words};

closed_set! {
    /// What became of a fact.
    FactStatus, "status of a fact" {
        /// The conversation says the same.
        Kept = "kept",
        /// The conversation says something else in the same context.
        Changed = "changed",
        /// The conversation says nothing like it.
        Invented = "invented",
        /// Both the reference and the conversation have it; the summary leaves it out.
        Missing = "missing",
    }
}

/// A summary that is to be compared with its conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SummaryToBack {
    /// A run on conversations of this kind: its data set says which words are names. `None` if only the
    /// conversation does.
    pub run: Option<RunId>,
    /// The conversation.
    pub dialogue: String,
    /// The summary.
    pub summary: String,
    /// The reference; without one no fact is called missing.
    pub reference: Option<String>,
}

/// What backs a summary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Backing {
    /// Its sentences in order.
    pub sentences: Vec<BackedSentence>,
    /// Its facts in order, then those that it leaves out.
    pub facts: Vec<BackedFact>,
    /// What this comparison cannot tell.
    pub caveat: Words,
}

/// A sentence with the turns that support it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BackedSentence {
    /// The sentence.
    pub text: String,
    /// At most three, the best first; none if no turn supports it.
    pub turns: Vec<SupportingTurns>,
}

/// One turn, or several in a row of a long conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SupportingTurns {
    /// Number of the first turn, from 1.
    pub first: u32,
    /// Number of the last turn.
    pub last: u32,
    /// Who speaks first; empty if the conversation does not say.
    pub speaker: String,
    /// What is said, line by line.
    pub text: String,
    /// Share of the sentence's content that is said, 0 to 1; in conversations of more than 100 turns, an
    /// unbounded score.
    pub support: f64,
}

/// A fact of the summary, or one that it leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct BackedFact {
    /// What it is about.
    pub kind: FactKind,
    /// What became of it.
    pub status: FactStatus,
    /// The words that state it.
    pub text: String,
}
