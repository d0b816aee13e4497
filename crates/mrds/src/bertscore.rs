//! BERTScore of a run's outputs (Zhang et al. 2020, as the package bert-score 0.3.13 computes it), on request: a measuring
//! model reads the stored summaries and their references, and its scores are stored beside the run's parts. No part
//! reads them and no key includes them, so choosing a model later costs no new summaries and changes no hash.

use std::collections::HashMap;
use std::path::PathBuf;

use contract::{Part, System};
use lm::{Device, Encoder};
use metrics::bertscore::{self, BertScore, Encoded, Weights};
use project::artifact::{BertScores, Output, outputs_sha256, rows};
use project::error::corrupt;
use project::report::tables::outputs;
use project::session::Session;
use store::RunRow;

use crate::error::Result;

/// A measuring model and how it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measuring {
    /// Its folder.
    pub folder: PathBuf,
    /// The layer whose states are compared; if `None`, the one in bert-score's table, or else the last.
    pub layer: Option<usize>,
    /// Whether rare tokens of the references weigh more.
    pub idf: bool,
    /// Whether scores are rescaled with bert-score's baseline for the model.
    pub rescale: bool,
}

impl Measuring {
    /// The model's name: its folder's name, without the owner that a download puts in front.
    fn name(&self) -> String {
        let folder = self.folder.file_name().unwrap_or_default();
        let folder = folder.to_string_lossy();
        folder.rsplit("--").next().unwrap_or_default().to_owned()
    }

    fn layer(&self) -> Option<usize> {
        self.layer.or_else(|| bertscore::layer_of(&self.name()))
    }

    /// The baseline by which this model's scores are rescaled; `None` if bert-score lacks one for this layer.
    pub fn baseline(&self) -> Option<BertScore> {
        let name = self.name();
        let is_at_its_layer = self.layer() == bertscore::layer_of(&name);
        bertscore::baseline_of(&name).filter(|_| is_at_its_layer)
    }

    /// How tables name it: `roberta-large L17, no idf, raw`.
    fn label(&self, layers: usize) -> String {
        let last = match self.layer() {
            Some(_) => "",
            None => " (its last)",
        };
        let idf = if self.idf { "idf" } else { "no idf" };
        let scale = if self.rescale { "rescaled" } else { "raw" };
        format!("{} L{layers}{last}, {idf}, {scale}", self.name())
    }
}

/// The progress of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Whose summaries are being read.
    pub system: System,
    /// Summaries read, of all systems.
    pub done: usize,
    /// Summaries of all systems.
    pub total: usize,
}

/// Measures the outputs of every system of a run and stores the scores. Returns how tables name the measuring model;
/// none if the run has no outputs yet.
///
/// # Errors
/// Those of loading the model and of the store.
pub fn measure(
    session: &Session,
    run: &RunRow,
    measuring: &Measuring,
    device: &Device,
    now_ms: i64,
    on_progress: &mut dyn FnMut(Reached),
) -> Result<Option<String>> {
    let systems = outputs(session.store(), run)?;
    if systems.is_empty() {
        return Ok(None);
    }
    let encoder = Encoder::load(&measuring.folder, measuring.layer(), device)?;
    let label = measuring.label(encoder.layers());
    let references = References::read(&encoder, &systems)?;
    let weights = references.weights(&encoder, measuring.idf)?;
    let baseline = measuring.baseline().filter(|_| measuring.rescale);
    let total = systems.iter().map(Vec::len).sum();
    let mut done = 0;
    for outputs in &systems {
        let Some(system) = outputs.first().map(|output| output.system) else {
            continue;
        };
        let mut found = BertScores {
            system,
            label: label.clone(),
            outputs_sha256: outputs_sha256(outputs),
            precision: Vec::with_capacity(outputs.len()),
            recall: Vec::with_capacity(outputs.len()),
            f1: Vec::with_capacity(outputs.len()),
        };
        for output in outputs {
            on_progress(Reached {
                system,
                done,
                total,
            });
            let prediction = encode(&encoder, &output.prediction)?;
            let of_output = references.of(output);
            let best = bertscore::best(&prediction, of_output, &weights).unwrap_or_default();
            let score = baseline.map_or(best, |baseline| best.rescaled(&baseline));
            found.precision.push(score.precision);
            found.recall.push(score.recall);
            found.f1.push(score.f1);
            done += 1;
        }
        let part = Part::BertScore(system);
        let store = session.store();
        store.put_beside(&run.id, part, &rows(&[found])?, now_ms)?;
    }
    Ok(Some(label))
}

fn encode(encoder: &Encoder, text: &str) -> Result<Encoded> {
    let text = encoder.encode(text)?;
    let encoded = Encoded::new(text.ids, text.states);
    Ok(encoded.ok_or_else(|| corrupt("encoded text", "it has not one state for each token"))?)
}

/// The references of all test examples, read once for all systems.
struct References(HashMap<String, Vec<Encoded>>);

impl References {
    fn read(encoder: &Encoder, systems: &[Vec<Output>]) -> Result<Self> {
        let mut read: HashMap<String, Vec<Encoded>> = HashMap::new();
        for output in systems.iter().flatten() {
            if !read.contains_key(&output.id) {
                let texts = output.references.iter();
                let encoded = texts.map(|text| encode(encoder, text));
                read.insert(output.id.clone(), encoded.collect::<Result<_>>()?);
            }
        }
        Ok(Self(read))
    }

    fn of(&self, output: &Output) -> &[Encoded] {
        self.0.get(&output.id).map_or(&[], Vec::as_slice)
    }

    fn weights(&self, encoder: &Encoder, idf: bool) -> Result<Weights> {
        let borders = encoder.border_tokens()?;
        if !idf {
            return Ok(Weights::even(&borders));
        }
        let ids: Vec<Vec<u32>> = self
            .0
            .values()
            .flatten()
            .map(|reference| reference.ids().to_vec())
            .collect();
        Ok(Weights::idf(&borders, &ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(folder: &str) -> Measuring {
        Measuring {
            folder: folder.into(),
            layer: None,
            idf: false,
            rescale: false,
        }
    }

    #[test]
    fn a_label_names_model_layer_and_way() {
        let large = of("models/FacebookAI--roberta-large");
        assert_eq!(large.label(17), "roberta-large L17, no idf, raw");
        assert!(large.baseline().is_some());
        let other = Measuring {
            layer: Some(12),
            idf: true,
            ..large
        };
        assert_eq!(other.label(12), "roberta-large L12, idf, raw");
        assert!(other.baseline().is_none(), "the line is that of layer 17");
        let unknown = of("all-MiniLM-L6-v2");
        assert_eq!(
            unknown.label(6),
            "all-MiniLM-L6-v2 L6 (its last), no idf, raw"
        );
        assert!(unknown.baseline().is_none());
    }
}
