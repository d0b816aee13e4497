//! A run: what is asked for, which stages, and what they see of the run. Worked on by [`crate::worker`], carried out by
//! [`crate::pipeline`].

use contract::problem::SmallerPlan;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use contract::{DatasetName, DeviceChoice, StageName};
use lm::LanguageModel;
use project::recipe::{Recipe, Typed};
use project::within::Within;
use store::{RunRow, Store};

use crate::error::Result;
use crate::event::EventSink;
use crate::selection::TrainingData;

/// A run to be created.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Name of the data set.
    pub dataset: DatasetName,
    /// Folder of the base model.
    pub model: PathBuf,
    /// The recipe, unresolved.
    pub recipe: Recipe,
    /// Which of its sizes somebody typed: the others are fitted to the data set.
    pub typed: Typed,
    /// Seed of every random number.
    pub seed: u64,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Threads of the computation.
    pub threads: u32,
    /// Memory still free for programs (on a card, the card's own), the model not counted; `None` if it is not known.
    pub memory_free_bytes: Option<u64>,
    /// Version of the program.
    pub version: String,
    /// The time that it may take; `None` if it has no limit.
    pub within: Option<Within>,
    /// Fields of the recipe that are not given up for that limit.
    pub kept: Vec<String>,
}

/// A run as its stages see it.
pub struct Run<'a> {
    /// The workspace that the run reads and writes.
    pub store: &'a Store,
    /// The run's row.
    pub row: RunRow,
    /// Its resolved recipe.
    pub recipe: Recipe,
    /// The base model.
    pub model: &'a LanguageModel,
    /// Shots and validation.
    pub data: TrainingData,
    /// Where progress goes.
    pub sink: &'a dyn EventSink,
    /// Set when the process is asked to stop (Ctrl-C, a lost lease).
    pub stop: &'a AtomicBool,
    /// Milliseconds since 1970, passed in from outside.
    pub now_ms: &'a (dyn Fn() -> i64 + Sync),
    /// The next smaller plan if the card's memory is not enough for a stage.
    pub next_smaller: &'a dyn Fn(StageName) -> Result<Option<SmallerPlan>>,
}

/// Which stages a call carries out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageRange {
    /// Redo this stage even where its result is up to date.
    pub from: Option<StageName>,
    /// Stop after this stage.
    pub until: Option<StageName>,
}
