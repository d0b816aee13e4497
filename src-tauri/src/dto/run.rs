//! Recipes and runs as the page sees them.

use contract::{
    Change, Control, DatasetName, Label, ModelName, Preset, RunId, RunStanding, SettingShape,
    StageName, StageStanding, System,
};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppError;

/// One setting of the recipe.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RecipeField {
    /// Dotted key.
    pub key: String,
    /// Value in this preset, as TOML.
    pub value: String,
    /// Default, as TOML.
    pub default: String,
    /// What values it takes.
    pub shape: SettingShape,
    /// One sentence that describes it.
    pub doc: String,
    /// Where the default comes from.
    pub source: String,
}

/// What to run.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RunRequest {
    /// Data set name.
    pub dataset: DatasetName,
    /// Model folder.
    pub model: String,
    /// The preset to start from.
    pub preset: Preset,
    /// Settings that differ from the preset.
    pub changes: Vec<Change>,
    /// Seed of every random number.
    pub seed: u32,
    /// Where it computes, as `--device` has it: `cpu`, `cuda:0`.
    pub device: String,
    /// The time that it may take, such as `45m`; none if it may take as long as it needs.
    pub within: Option<String>,
    /// First stage to carry out; none means the first.
    pub from: Option<StageName>,
    /// Last stage to carry out; none means the last.
    pub until: Option<StageName>,
}

/// Name and state of a stage.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct StageState {
    /// Stage name.
    pub name: StageName,
    /// Where it stands.
    pub status: StageStanding,
    /// Seconds it took, or has taken so far.
    pub wall_s: Option<f64>,
    /// Seconds that the plan gave it when the run was started; none if it was not planned, or once the run is done.
    pub forecast_s: Option<f64>,
    /// Where it is, while it runs.
    pub progress: Option<Progress>,
    /// What it makes for each system or synthesizer, each computed and kept on its own.
    pub parts: Vec<PartState>,
}

/// A part of a stage.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct PartState {
    /// Its name within the stage: a system, a synthesizer, or `synthesizer/NAME`.
    pub name: String,
    /// Where it stands.
    pub status: StageStanding,
    /// Seconds it took, or has taken so far.
    pub wall_s: Option<f64>,
    /// Seconds of processor time.
    pub cpu_s: Option<f64>,
    /// Number of items that it made; none before it is finished.
    pub n_out: Option<u32>,
}

/// Where a running stage is.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Progress {
    /// What is being done within the stage.
    pub task: String,
    /// Steps done.
    pub step: u32,
    /// Steps in all.
    pub total_steps: u32,
    /// Memory of the worker.
    pub rss_bytes: Option<f64>,
    /// Latest loss.
    pub loss: Option<f64>,
    /// Latest learning rate.
    pub lr: Option<f64>,
    /// Tokens per second.
    pub tokens_per_s: Option<f64>,
    /// Estimated seconds left.
    pub eta_s: Option<f64>,
    /// The latest sample text.
    pub sample: Option<String>,
}

/// A run in the list.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RunSummary {
    /// Run id.
    pub id: RunId,
    /// Where it stands.
    pub status: RunStanding,
    /// Data set name.
    pub dataset: DatasetName,
    /// Model name.
    pub model_name: ModelName,
    /// When it was made.
    pub created_at_ms: f64,
    /// Seed.
    pub seed: u32,
    /// Stages in order.
    pub stages: Vec<StageState>,
    /// The systems that it compares.
    pub systems: Vec<System>,
    /// ROUGE-1 of the method's summarizer on the test split, once known.
    pub headline_rouge1: Option<f64>,
    /// What somebody calls it, and noted about it.
    pub label: Label,
}

/// A run as it is now.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct RunLive {
    /// The run.
    pub run: RunSummary,
    /// A request to the worker that it has not yet carried out.
    pub control: Option<Control>,
    /// Why it failed.
    pub error: Option<AppError>,
}

/// A run that waits for its turn.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct QueuedRun {
    /// Run id.
    pub id: RunId,
    /// Data set name.
    pub dataset: DatasetName,
    /// Model name.
    pub model_name: ModelName,
    /// Seed.
    pub seed: u32,
    /// First stage to carry out; none means the one that it has reached.
    pub from: Option<StageName>,
    /// Last stage to carry out; none means the last.
    pub until: Option<StageName>,
}

/// The runs that wait, the next one first.
#[derive(Debug, Clone, Default, Serialize, Deserialize, Type)]
pub struct Queue {
    /// In the order in which they will begin.
    pub runs: Vec<QueuedRun>,
    /// Held back: nothing begins by itself.
    pub held: bool,
    /// The computer is to stay awake while a run works.
    pub keep_awake: bool,
    /// The run for which the system agreed to stay awake; it counts while that run works.
    pub awake_for: Option<String>,
}

/// One point of a curve.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct MetricPoint {
    /// Stage name.
    pub stage: StageName,
    /// Series, e.g. `loss`.
    pub series: String,
    /// Step.
    pub step: u32,
    /// Value.
    pub value: f64,
}

/// What the watcher sends, at most twice a second and only on change.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct WatchUpdate {
    /// The job at the foot of the navigation: a running run, else none.
    pub job: Option<RunSummary>,
    /// What waits behind it.
    pub queue: Queue,
    /// The run that is being looked at.
    pub live: Option<RunLive>,
    /// Whether to forget the points sent so far: on the first update, or if a stage began anew.
    pub reset: bool,
    /// Points of that run since the last update.
    pub points: Vec<MetricPoint>,
}
