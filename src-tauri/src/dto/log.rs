//! The log of a run as the page sees it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// The run ends by it.
    Error,
    /// Worth a look.
    Warning,
    /// What happens.
    Info,
    /// Every step and sample.
    Detail,
}

/// One line of a run's log.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct LogLine {
    /// When it was written, where the line says.
    pub at_ms: Option<f64>,
    /// How much it matters.
    pub level: LogLevel,
    /// `run_started`, `stage`, `step`, `sample`, `result`, `error`, or `said` for a line of standard error.
    pub event: String,
    /// The stage it is about.
    pub stage: Option<String>,
    /// A status, a task or a text.
    pub text: String,
    /// Steps done, for a step.
    pub step: Option<u32>,
    /// Steps in all.
    pub total_steps: Option<u32>,
    /// Loss of the step.
    pub loss: Option<f64>,
}

/// A piece of a log.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct LogPage {
    /// Its lines.
    pub lines: Vec<LogLine>,
    /// Where the next piece begins.
    pub next: f64,
    /// Lines before these are only in the file.
    pub cut: bool,
    /// More lines are there already.
    pub more: bool,
}
