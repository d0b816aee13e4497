//! Something being written out, as the page sees it.

use contract::{ExportStep, HandedOver};
use serde::{Deserialize, Serialize};
use specta::Type;

/// What an export says while it works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Type)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum HandOverEvent {
    /// What is done now.
    Step {
        /// The step.
        step: ExportStep,
    },
    /// It was stopped; nothing was written.
    Stopped,
    /// It is there.
    Done {
        /// What was written.
        written: HandedOver,
    },
}
