//! What a long call says while it works: data, the same in terminal, window and log.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::stage_name::StageName;

/// One message of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run exists and begins or goes on.
    RunStarted {
        /// The run's id.
        run: String,
    },
    /// A stage changed its state.
    Stage {
        /// The stage.
        name: StageName,
        /// `running`, `done`, `reused` or `failed`.
        status: String,
    },
    /// Work went on inside a stage: an update of a training, or finished items of a generation.
    Step {
        /// The stage that reports.
        stage: StageName,
        /// What is being done, in words ("stage 1 of mrds_separate").
        task: String,
        /// Finished updates or items.
        step: usize,
        /// All of them, as far as known.
        total_steps: usize,
        /// Loss of the last update.
        loss: Option<f64>,
        /// Its learning rate.
        lr: Option<f64>,
        /// Tokens computed per second since the task began.
        tokens_per_s: f64,
        /// Seconds left in this task, an estimate.
        eta_s: f64,
        /// Memory of the process.
        rss_bytes: u64,
    },
    /// Something to look at: a text that the model has just written, or an evaluation.
    Sample {
        /// The stage that reports.
        stage: StageName,
        /// The item, as its artifact will look.
        item: Value,
    },
}

/// Where events go.
pub trait EventSink: Sync {
    /// Takes one event; must return quickly.
    fn event(&self, event: &Event);

    /// Takes one finished call to the engine, which `describe` tells as data. Only a measurement that lets another
    /// program do the same work wants to know.
    fn call(&self, _describe: &dyn Fn() -> Value) {}
}

/// Drops every event.
pub struct Silent;

impl EventSink for Silent {
    fn event(&self, _: &Event) {}
}
