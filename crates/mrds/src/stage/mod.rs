//! The nine stages of the method, one file each; [`context`] is what they share.
//!
//! A stage reads earlier artifacts and hands back its own; it writes nothing else. No stage but `evaluate` is given
//! the test split.

pub(crate) mod align;
mod block;
mod call;
pub(crate) mod candidates;
mod context;
pub(crate) mod dialogues;
pub(crate) mod evaluate;
mod ids;
pub(crate) mod judge;
mod line_grammar;
pub(crate) mod preferences;
mod prefix;
pub(crate) mod rounds;
mod sampling;
mod scoring;
mod shown;
mod spread;
pub(crate) mod summaries;
pub(crate) mod summarizer;
pub(crate) mod synthesizer;
pub(crate) mod topics;
mod training;
mod turns;

pub(crate) use context::{Stage, StageOutput, remove_checkpoints};
