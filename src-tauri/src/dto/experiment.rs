//! Experiments as the page asks for them.

use contract::{DatasetName, ExperimentName, ExperimentPreset, ModelName};
use serde::{Deserialize, Serialize};
use specta::Type;

/// An experiment that comes with Duologue.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct PresetExperiment {
    /// Which experiment.
    pub preset: ExperimentPreset,
    /// Seeds that it has unless others are asked for.
    pub seeds: u32,
    /// Combinations of settings.
    pub arms: u32,
    /// A setting that it varies and that this version does not have.
    pub unknown: Option<String>,
}

/// A new experiment.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct ExperimentRequest {
    /// Which of those that come with Duologue.
    pub preset: ExperimentPreset,
    /// Its name.
    pub name: ExperimentName,
    /// Names of its data sets.
    pub datasets: Vec<DatasetName>,
    /// Folders of its models, which are their names in the experiment.
    pub models: Vec<ModelName>,
    /// How many seeds.
    pub seeds: u32,
    /// The time that it may take, such as `8h`.
    pub within: Option<String>,
}
