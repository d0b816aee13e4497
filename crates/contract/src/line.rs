//! The lines that the program prints with `--json`, as whoever started it reads them: the window, a script, a log.

use serde::{Deserialize, Serialize};

use crate::{ErrorReport, Event, RunStatus};

/// Which kind of line it is, before the rest of it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The last line of a command that succeeded.
    Result,
    /// The last line of a command that failed.
    Error,
    /// A progress line.
    #[serde(other)]
    Progress,
}

/// The part of a line that says its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct LineHead {
    /// Its kind.
    pub event: LineKind,
}

/// A line of a run's log: what its worker printed, with the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogRecord {
    /// When it was written, milliseconds since 1970; none in logs of other programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_ms: Option<i64>,
    /// What was said.
    #[serde(flatten)]
    pub entry: LogEntry,
}

/// What a line of a log says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum LogEntry {
    /// An event of the run at work.
    Event(Event),
    /// How it ended.
    End(LogEnd),
}

/// The last line of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LogEnd {
    /// It came to its end, or was stopped.
    Result {
        /// Where the run stands.
        status: RunStatus,
    },
    /// It failed.
    Error(ErrorReport),
}

/// A line of `duologue summarize --serve`, which keeps a model loaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DemoLine {
    /// The model is loaded.
    Ready,
    /// A piece of the summary.
    Token {
        /// Its text.
        text: String,
    },
    /// The whole summary.
    Summary(Summarized),
    /// The request was refused; the next one may be sent.
    Error(ErrorReport),
}

/// A summary with what it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summarized {
    /// The whole summary.
    pub summary: String,
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Tokens of the summary, end token included.
    pub new_tokens: usize,
    /// Milliseconds to the first token.
    pub ttft_ms: f64,
    /// Tokens written per second.
    pub tokens_per_s: f64,
}

/// A request to the demo's process: one line of its standard input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoRequest {
    /// The dialogue, one turn a line.
    pub dialogue: String,
}

/// Where the download of a model is: a line of `duologue models add`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename = "download")]
pub struct DownloadLine {
    /// The file on its way.
    pub file: String,
    /// Bytes of it that are here.
    #[serde(default)]
    pub file_done_bytes: u64,
    /// Its bytes in all.
    #[serde(default)]
    pub file_bytes: u64,
    /// Bytes of the whole model that are here.
    pub done_bytes: u64,
    /// Bytes of the whole model.
    pub total_bytes: u64,
    /// Bytes each second; none before the first second.
    pub bytes_per_s: Option<f64>,
    /// Seconds left; `None` if it is not known.
    pub eta_s: Option<f64>,
}
