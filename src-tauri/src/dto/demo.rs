//! The demo: one pasted dialogue, one streamed summary.

use contract::{RunId, System};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppError;

/// Who answers in the demo.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq, Eq, Hash)]
pub struct DemoChoice {
    /// Model folder.
    pub model: String,
    /// A run, for one of its systems; none for the base model.
    pub run: Option<RunId>,
    /// Which of its systems.
    pub system: System,
    /// Where it computes, as `--device` has it.
    pub device: String,
}

/// Dialogues to be summarized one after the other.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct BatchFound {
    /// Those that were read.
    pub dialogues: Vec<BatchDialogue>,
    /// Files that could not be read.
    pub unread: Vec<BatchUnread>,
}

/// A dialogue of many.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct BatchDialogue {
    /// What tells it from the others: its file, and its id there.
    pub name: String,
    /// `Name: text` lines.
    pub text: String,
    /// The summary that came with it.
    pub reference: Option<String>,
}

/// A file that could not be read.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct BatchUnread {
    /// Its name.
    pub file: String,
    /// Why it could not be read.
    pub problem: AppError,
}

/// What the demo streams back.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DemoEvent {
    /// A piece of text.
    Token {
        /// The piece.
        text: String,
    },
    /// The end.
    Summary {
        /// The whole summary.
        summary: String,
        /// Length of the prompt.
        prompt_tokens: u32,
        /// Length of the summary.
        new_tokens: u32,
        /// Milliseconds to the first token.
        ttft_ms: f64,
        /// Tokens each second.
        tokens_per_s: f64,
    },
    /// It did not work.
    Error(AppError),
}
