//! The log of a run as the page sees it.

use contract::StageName;
use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppError;

/// How much a line of a log matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// It ends the run.
    Error,
    /// Worth a look.
    Warning,
    /// An ordinary event.
    Info,
    /// Every step and sample.
    Detail,
}

/// What kind of line of a log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum LogWord {
    /// The run begins or goes on.
    RunStarted,
    /// A stage changed its state.
    Stage,
    /// Work went on inside a stage.
    Step,
    /// A text that the model has written.
    Sample,
    /// The run ended.
    Result,
    /// The run failed.
    Error,
    /// A line of standard error.
    Said,
}

/// One line of a run's log.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct LogLine {
    /// When it was written, where the line says.
    pub at_ms: Option<f64>,
    /// How much it matters.
    pub level: LogLevel,
    /// What kind of line it is.
    pub event: LogWord,
    /// The stage it is about.
    pub stage: Option<StageName>,
    /// A status, a task or a text.
    pub text: String,
    /// Steps done, for a step.
    pub step: Option<u32>,
    /// Steps in all.
    pub total_steps: Option<u32>,
    /// Loss of the step.
    pub loss: Option<f64>,
    /// Why the run failed, on the line that ends it.
    pub error: Option<AppError>,
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
