//! The experiments that come with Duologue, each a file under `experiments`: what it varies, without data and models.

use contract::{DatasetName, ExperimentName, ExperimentPreset, ModelName};

use super::spec::{Seeds, Spec};
use crate::error::Result;
use crate::recipe::Recipe;
use crate::within::Within;

/// What a preset is filled in with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filling {
    /// Its name, in place of the preset's.
    pub name: Option<ExperimentName>,
    /// Names of data sets.
    pub datasets: Vec<DatasetName>,
    /// Names, ids or folders of models.
    pub models: Vec<ModelName>,
    /// Seeds from 1 to this number, in place of the preset's.
    pub seeds: Option<u32>,
    /// The time that it may take.
    pub within: Option<Within>,
    /// Fields of the recipe that are the same for every arm, as `key=value`.
    pub set: Vec<String>,
}

fn text(preset: ExperimentPreset) -> &'static str {
    match preset {
        ExperimentPreset::Paper1Baseline => include_str!("../../experiments/paper-1-baseline.toml"),
        ExperimentPreset::Paper2Synthesis => {
            include_str!("../../experiments/paper-2-synthesis.toml")
        }
        ExperimentPreset::Paper3Schedule => include_str!("../../experiments/paper-3-schedule.toml"),
        ExperimentPreset::JointSeparate => include_str!("../../experiments/joint-separate.toml"),
        ExperimentPreset::IdsSpeed => include_str!("../../experiments/ids-speed.toml"),
        ExperimentPreset::LoopWorthIt => include_str!("../../experiments/loop-worth-it.toml"),
        ExperimentPreset::LearningCurve => include_str!("../../experiments/learning-curve.toml"),
        ExperimentPreset::Sensitivity => include_str!("../../experiments/sensitivity.toml"),
        ExperimentPreset::WhoseJudge => include_str!("../../experiments/whose-judge.toml"),
        ExperimentPreset::Domains => include_str!("../../experiments/domains.toml"),
    }
}

/// A preset with data and models.
///
/// # Errors
/// A name or a field that is not allowed.
pub fn filled(preset: ExperimentPreset, filling: Filling) -> Result<Spec> {
    let mut spec = Spec::from_toml(text(preset))?;
    spec.name = filling.name.unwrap_or(spec.name);
    spec.datasets = filling.datasets;
    spec.models = filling.models;
    spec.seeds = filling.seeds.map_or(spec.seeds, Seeds::Count);
    spec.within = filling.within;
    spec.base.extend(Recipe::assignments(&filling.set)?);
    // Once more: what was filled in has been seen by nobody.
    Spec::from_toml(&spec.to_toml()?)
}

/// What a preset asks, and how many arms and seeds it has.
pub fn described(preset: ExperimentPreset) -> Result<Spec> {
    Spec::from_toml(text(preset))
}
