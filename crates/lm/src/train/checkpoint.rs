//! The state of a training run as one safetensors file: adapter, moments, best adapter, and the rest as JSON in the
//! file's metadata.
//!
//! The file is written completely or not at all,
//! so a run that is killed at any moment resumes from a consistent state. Its
//! numbers are stored bit for bit.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};

use super::StepReport;
use super::optimizer::AdamW;
use super::schedule::PlateauState;
use crate::disk::{serialize_tensors, write_atomically};
use crate::error::{Error, Result};
use crate::lora::{Adapter, LoraConfig};
use crate::model::DecoderConfig;

/// One evaluation of a run, and the learning rate at that time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EvalPoint {
    /// Updates done when the evaluation was made.
    pub update: usize,
    /// The value that the observer returned; lower is better.
    pub value: f64,
    /// Learning rate in force before the evaluation.
    pub lr: f64,
}

/// Everything a run needs to continue as if it had never stopped.
#[derive(Debug, Clone)]
pub struct TrainState {
    /// Updates done when this was saved.
    pub update: usize,
    /// The adapter after these updates.
    pub adapter: Adapter,
    /// Both moments of AdamW, `[P]` each, and its number of steps.
    pub optimizer: AdamW,
    /// Memory of the plateau rule; `None` before training starts.
    pub plateau: Option<PlateauState>,
    /// Adapter of the best evaluation; before the first evaluation, the initial adapter.
    pub best_adapter: Adapter,
    /// Updates done at the best evaluation; 0 before the first evaluation.
    pub best_update: usize,
    /// Value of the best evaluation; `None` before the first evaluation.
    pub best_value: Option<f64>,
    /// Every evaluation so far, first to last.
    pub history: Vec<EvalPoint>,
    /// Report of the first update; `None` before it.
    pub first: Option<StepReport>,
    /// Report of the latest update; `None` before the first.
    pub last: Option<StepReport>,
}

/// The part of [`TrainState`] that is not tensors.
#[derive(Serialize, Deserialize)]
struct StateJson {
    format: u32,
    update: usize,
    lora: LoraConfig,
    optimizer_steps: usize,
    plateau: Option<PlateauState>,
    best_update: usize,
    best_value: Option<f64>,
    history: Vec<EvalPoint>,
    first: Option<StepReport>,
    last: Option<StepReport>,
}

const FORMAT: u32 = 2;
const METADATA_KEY: &str = "train_state";
const EXP_AVG: &str = "optimizer.exp_avg";
const EXP_AVG_SQ: &str = "optimizer.exp_avg_sq";
const ADAPTER_PREFIX: &str = "adapter.";
const BEST_PREFIX: &str = "best_adapter.";

impl TrainState {
    /// The state before the first update of this adapter.
    pub fn new(adapter: Adapter) -> Result<Self> {
        let pair = adapter.update.layers.iter().flatten().flatten().next();
        let device = pair.map_or(Device::Cpu, |pair| pair.a.device().clone());
        Ok(Self {
            update: 0,
            optimizer: AdamW::new(&adapter, &device)?,
            plateau: None,
            best_adapter: adapter.clone(),
            adapter,
            best_update: 0,
            best_value: None,
            history: Vec::new(),
            first: None,
            last: None,
        })
    }

    /// Writes the state to `path`, completely or not at all.
    pub fn save(&self, path: &Path) -> Result<()> {
        write_atomically(path, &self.to_bytes(path)?)
    }

    /// What [`TrainState::save`] writes; errors name `path`.
    pub fn to_bytes(&self, path: &Path) -> Result<Vec<u8>> {
        let json = StateJson {
            format: FORMAT,
            update: self.update,
            lora: self.adapter.config.clone(),
            optimizer_steps: self.optimizer.steps,
            plateau: self.plateau,
            best_update: self.best_update,
            best_value: self.best_value,
            history: self.history.clone(),
            first: self.first.clone(),
            last: self.last.clone(),
        };
        let json = serde_json::to_string(&json).map_err(|e| unusable(path, e))?;
        let mut tensors = vec![
            (EXP_AVG.to_owned(), self.optimizer.exp_avg.clone()),
            (EXP_AVG_SQ.to_owned(), self.optimizer.exp_avg_sq.clone()),
        ];
        for (prefix, adapter) in [
            (ADAPTER_PREFIX, &self.adapter),
            (BEST_PREFIX, &self.best_adapter),
        ] {
            tensors.extend(
                adapter
                    .named_tensors()
                    .into_iter()
                    .map(|(name, t)| (format!("{prefix}{name}"), t)),
            );
        }
        let metadata = HashMap::from([(METADATA_KEY.to_owned(), json)]);
        serialize_tensors(tensors, metadata, path)
    }

    /// Reads a state written by [`TrainState::save`] for a model of this configuration.
    ///
    /// # Errors
    /// [`Error::MissingFile`], or [`Error::Checkpoint`] if the file is damaged or belongs to another model.
    pub fn load(path: &Path, decoder: &DecoderConfig, device: &Device) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
        Self::from_bytes(&bytes, path, decoder, device)
    }

    /// The same from the content of the file.
    ///
    /// # Errors
    /// As [`TrainState::load`].
    pub fn from_bytes(
        bytes: &[u8],
        path: &Path,
        decoder: &DecoderConfig,
        device: &Device,
    ) -> Result<Self> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| unusable(path, e))?;
        let json = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(METADATA_KEY));
        let json = json.ok_or_else(|| unusable(path, "it holds no training state"))?;
        let json: StateJson = serde_json::from_str(json).map_err(|e| unusable(path, e))?;
        if json.format != FORMAT {
            return Err(unusable(
                path,
                format!("its format {} is not {FORMAT}", json.format),
            ));
        }
        let mut tensors: BTreeMap<String, Tensor> =
            candle_core::safetensors::load_buffer(bytes, device)
                .map_err(|e| unusable(path, e))?
                .into_iter()
                .collect();
        let mut adapter = |prefix: &str| {
            let names: Vec<String> = tensors
                .keys()
                .filter(|name| name.starts_with(prefix))
                .cloned()
                .collect();
            let part = names.into_iter().filter_map(|name| {
                let tensor = tensors.remove(&name)?;
                Some((name[prefix.len()..].to_owned(), tensor))
            });
            Adapter::from_named(json.lora.clone(), part.collect(), decoder, path)
        };
        let (adapter, best_adapter) = (adapter(ADAPTER_PREFIX)?, adapter(BEST_PREFIX)?);
        let mut optimizer = AdamW::new(&adapter, device)?;
        for (name, moment) in [
            (EXP_AVG, &mut optimizer.exp_avg),
            (EXP_AVG_SQ, &mut optimizer.exp_avg_sq),
        ] {
            let saved = tensors
                .remove(name)
                .filter(|saved| saved.dims() == moment.dims());
            *moment = saved
                .ok_or_else(|| unusable(path, format!("{name} is missing or of another size")))?;
        }
        optimizer.steps = json.optimizer_steps;
        Ok(Self {
            update: json.update,
            adapter,
            optimizer,
            plateau: json.plateau,
            best_adapter,
            best_update: json.best_update,
            best_value: json.best_value,
            history: json.history,
            first: json.first,
            last: json.last,
        })
    }
}

fn unusable(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::Checkpoint {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}
