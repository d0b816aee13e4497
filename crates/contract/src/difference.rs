//! How runs differ from each other: the answer of `diff`, which the window reads too.

use serde::{Deserialize, Serialize};

use crate::{RunId, System};

/// How runs differ: their settings, what they learnt from, their figures and their texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct RunDifferences {
    /// The runs. Every list below has a value for each of them, in this order.
    pub runs: Vec<RunId>,
    /// Runs whose figures and texts are hidden, because their summaries are being rated now.
    pub hidden: Vec<RunId>,
    /// Settings that differ; what they share is left out.
    pub settings: Vec<SettingDifference>,
    /// Pairs that the last run learns from and the first one does not, and the other way round.
    pub data: DataDifference,
    /// ROUGE-1 of each system that any of the runs has.
    pub results: Vec<ResultDifference>,
    /// Test summaries that differ from those of the first run, the largest change first.
    pub outputs_changed: Vec<OutputDifference>,
}

/// A setting that not all runs share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SettingDifference {
    /// The field of the recipe, or `dataset`, `model`, `seed`, `device`, `version`.
    pub field: String,
    /// Its value in each run, as JSON.
    pub values: Vec<String>,
}

/// What the last run learns from, compared with the first one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct DataDifference {
    /// Ids of pairs that only the last run learns from.
    pub added: Vec<String>,
    /// Ids of pairs that only the first run learns from.
    pub removed: Vec<String>,
}

/// ROUGE-1 of a system in each run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct ResultDifference {
    /// The system.
    pub system: System,
    /// ROUGE-1 F, mean over the test items, from 0 to 1; none if a run does not have it or hides it.
    pub rouge1: Vec<Option<f64>>,
}

/// A test item whose summary changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct OutputDifference {
    /// The system that wrote it.
    pub system: System,
    /// The test item.
    pub id: String,
    /// Share of words that are not in common with the first run's summary, from 0 to 1: the largest over the other runs.
    pub distance: f64,
}
