//! What crosses the bridge: plain data for the page, mirrored into TypeScript by specta.
//!
//! What a type of `contract` says field for field crosses as that type. Here is what has no such type: what the page
//! fills in ([`ImportRequest`], [`RunRequest`], [`StudyRequest`]), a screen put together from several answers
//! ([`RunResults`], [`ItemEntry`], [`WatchUpdate`]), what is streamed to it ([`DemoEvent`], [`DownloadEvent`]), and what
//! JavaScript cannot hold as it is: counts of 64 bits, values of TOML, times as numbers.
//!
//! Numbers are `u32` or `f64` (JavaScript has no 64-bit integer); times are milliseconds since 1970; shares and
//! ROUGE are 0..=1. Nothing here may hold a NaN: what is undefined is `None`.

mod dataset;
mod demo;
mod everyday;
mod experiment;
mod handover;
mod log;
mod model;
mod network;
mod output;
mod run;
mod study;

use contract::{ErrorCode, Problem};
use serde::{Deserialize, Serialize};
use specta::Type;

pub use dataset::*;
pub use demo::*;
pub use everyday::*;
pub use experiment::*;
pub use handover::*;
pub use log::*;
pub use model::*;
pub use network::*;
pub use output::*;
pub use run::*;
pub use study::*;

/// What went wrong, which the page puts into words.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq, Eq)]
#[serde(untagged)]
pub enum AppError {
    /// With typed arguments.
    Problem(Problem),
    /// As a program without them worded it: an old row of the workspace, or a worker of another version.
    Told(ToldError),
}

/// An error whose arguments are not known.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq, Eq)]
pub struct ToldError {
    /// The code, for programs.
    pub code: ErrorCode,
    /// What happened and what it means.
    pub message: String,
    /// What to do next; empty where nothing can be done.
    pub fix: String,
}

/// How the window started. Where there is a problem the page shows nothing else.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct StartState {
    /// The folder of the workspace; empty if no folder is known.
    pub workspace: String,
    /// Why it is not open.
    pub problem: Option<AppError>,
    /// When the last good copy of a workspace with a problem was made; `None` if it has none.
    pub copied_at_ms: Option<f64>,
    /// A workspace with a problem that can be looked at nevertheless.
    pub readable: bool,
    /// It is protected and waits for its passphrase; the problem says so too.
    pub locked: bool,
    /// What is stored in it is encrypted.
    pub protected: bool,
    /// It is open to look at only.
    pub read_only: bool,
    /// The folder that was chosen last, if it is gone and the usual workspace is open instead.
    pub missing: Option<String>,
}

/// Whether the workspace is encrypted.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Protection {
    /// Whether it is encrypted.
    pub protected: bool,
    /// What opens it.
    pub slots: Vec<contract::SlotKind>,
}

/// The machine and the program, for Home and Settings.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct AppInfo {
    /// Version of the window.
    pub version: String,
    /// The workspace folder.
    pub workspace: String,
    /// The `duologue` binary that does the model work, where one was found.
    pub cli_path: Option<String>,
    /// Folder of the model that comes with Duologue, where it is here.
    pub bundled_model: Option<String>,
    /// Processor name, where the system tells it.
    pub cpu: Option<String>,
    /// Usable threads.
    pub threads: u32,
    /// Memory in bytes, where the system tells it.
    pub memory_bytes: Option<f64>,
    /// Memory free for programs in bytes, where the system tells it.
    pub memory_free_bytes: Option<f64>,
    /// Graphics processor, where the system tells it.
    pub gpu: Option<String>,
    /// Room on the workspace's disk in bytes, where the system tells it.
    pub disk_free_bytes: Option<f64>,
    /// Connections that Duologue ever opened for this workspace, from the ledger that every download writes. The window
    /// itself links no HTTP client.
    pub connections: u32,
    /// Whether the network is locked: no connection may be opened.
    pub network_locked: bool,
}
