//! Which examples a run uses: the record in the run's row (`shots`). `mrds::selection` chooses them.

use serde::{Deserialize, Serialize};
use store::RunRow;

use crate::error::{Result, corrupt};

/// The choice of examples, stored with the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Row ids of the shots, in order.
    pub shots: Vec<i64>,
    /// Row ids of the validation examples.
    pub validation: Vec<i64>,
    /// Row ids of the test examples.
    pub test: Vec<i64>,
    /// Examples that were left out because they do not fit the context.
    pub dropped: Vec<String>,
    /// Examples whose dialogue was cut.
    pub cut: Vec<String>,
    /// Where the validation examples come from: `validation` or `train`.
    pub validation_from: String,
    /// Hash of the shots' ids in the data set.
    pub shot_ids_sha256: String,
    /// Hash of shots and validation, texts included.
    pub training_sha256: String,
    /// Hash of the test examples, texts included.
    pub test_sha256: String,
    /// The date that the model's chat template states in every prompt of the run, if it states one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_date: Option<String>,
    /// Digest of the model that scores candidates, where the recipe names one other than the run's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scorer_sha256: Option<String>,
}

impl Selection {
    /// The record of a run.
    ///
    /// # Errors
    /// [`crate::Error::Corrupt`] where the row holds something else.
    pub fn of_run(run: &RunRow) -> Result<Self> {
        serde_json::from_value(run.shots.clone()).map_err(|error| corrupt("selection", &error))
    }
}
