//! What a pretraining needs to continue where it stopped, in one file.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use crate::disk::{serialize_tensors, write_atomically};
use crate::error::{Error, Result};
use crate::train::AdamW;

const FORMAT: u32 = 1;
const METADATA_KEY: &str = "pretrain_state";
const PARAMETERS: &str = "parameters";
const EXP_AVG: &str = "optimizer.exp_avg";
const EXP_AVG_SQ: &str = "optimizer.exp_avg_sq";

/// A pretraining between two updates.
#[derive(Debug, Clone)]
pub struct PretrainState {
    /// All weights in f32 `[P]`.
    pub parameters: Tensor,
    /// Moments of the optimizer.
    pub optimizer: AdamW,
    /// How far it has come.
    pub place: Place,
}

/// How far a pretraining has come.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Updates made so far.
    pub update: usize,
    /// Windows read, over all epochs.
    pub windows: usize,
    /// Tokens read, over all epochs.
    pub tokens: usize,
    /// Wall-clock seconds, over all sessions.
    pub wall_s: f64,
}

#[derive(Serialize, Deserialize)]
struct StateJson {
    format: u32,
    #[serde(flatten)]
    place: Place,
    optimizer_steps: usize,
}

impl PretrainState {
    /// The state before the first update of weights `[P]`.
    ///
    /// # Errors
    /// [`Error::Candle`] where memory does not suffice.
    pub fn new(parameters: Tensor) -> Result<Self> {
        let optimizer = AdamW::of_size(parameters.elem_count(), parameters.device())?;
        Ok(Self {
            parameters,
            optimizer,
            place: Place::default(),
        })
    }

    /// Writes the state to `path`, completely or not at all.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<()> {
        let json = StateJson {
            format: FORMAT,
            place: self.place,
            optimizer_steps: self.optimizer.steps,
        };
        let json = serde_json::to_string(&json).map_err(|e| unusable(path, e))?;
        let tensors = [
            (PARAMETERS, &self.parameters),
            (EXP_AVG, &self.optimizer.exp_avg),
            (EXP_AVG_SQ, &self.optimizer.exp_avg_sq),
        ];
        let tensors = tensors
            .map(|(name, tensor)| (name.to_owned(), tensor.clone()))
            .to_vec();
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        write_atomically(path, &serialize_tensors(tensors, metadata, path)?)
    }

    /// Reads a state written by [`PretrainState::save`] of a model with `parameters` weights.
    ///
    /// # Errors
    /// [`Error::MissingFile`], or [`Error::Checkpoint`] where the file is damaged or belongs to another model.
    pub fn load(path: &Path, parameters: usize, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| unusable(path, e))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(METADATA_KEY));
        let json = json.ok_or_else(|| unusable(path, "it holds no pretraining"))?;
        let json: StateJson = serde_json::from_str(json).map_err(|e| unusable(path, e))?;
        if json.format != FORMAT {
            return Err(unusable(
                path,
                format!("its format {} is not {FORMAT}", json.format),
            ));
        }
        let mut tensors =
            candle_core::safetensors::load_buffer(&bytes, device).map_err(|e| unusable(path, e))?;
        let mut take = |name: &str| {
            let saved = tensors
                .remove(name)
                .filter(|saved| saved.dims() == [parameters]);
            saved.ok_or_else(|| unusable(path, format!("{name} is missing or of another model")))
        };
        let (parameters, exp_avg, exp_avg_sq) =
            (take(PARAMETERS)?, take(EXP_AVG)?, take(EXP_AVG_SQ)?);
        let optimizer = AdamW {
            exp_avg,
            exp_avg_sq,
            steps: json.optimizer_steps,
        };
        Ok(Self {
            parameters,
            optimizer,
            place: json.place,
        })
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Checkpoint {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}
