//! Experiments as the page asks for them.

use contract::ExperimentPreset;
use serde::{Deserialize, Serialize};
use specta::Type;

/// An experiment that comes with Duologue.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct PresetExperiment {
    /// Which.
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
    pub name: String,
    /// Names of its data sets.
    pub datasets: Vec<String>,
    /// Folders of its models.
    pub models: Vec<String>,
    /// How many seeds.
    pub seeds: u32,
    /// The time that it may take, such as `8h`.
    pub within: Option<String>,
}
