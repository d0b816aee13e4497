//! The demo: one pasted dialogue, one streamed summary.

use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppError;

/// Who answers in the demo.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq, Eq, Hash)]
pub struct DemoChoice {
    /// Model folder.
    pub model: String,
    /// A run, for its tuned summarizer; none for the base model.
    pub run: Option<String>,
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
