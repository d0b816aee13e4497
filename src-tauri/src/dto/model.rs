//! Models as the page sees them: folders on disk, the catalogue, and a download on its way.

use contract::{CatalogueLine, Fit, Label, Licence, Proof};
use serde::{Deserialize, Serialize};
use specta::Type;

use super::AppError;
use crate::command::count;

/// A model folder on disk.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct Model {
    /// Folder.
    pub path: String,
    /// Folder name.
    pub name: String,
    /// Architecture of config.json.
    pub architecture: String,
    /// Parameters, from the headers of the weight files; for a GGUF file as counted by a run, `None` before.
    pub parameters: Option<f64>,
    /// Weight files in bytes.
    pub bytes: f64,
    /// Context in tokens, where config.json says it.
    pub context_tokens: Option<u32>,
    /// Why it cannot be used, where it cannot.
    pub problem: Option<AppError>,
    /// What somebody calls it, and noted about it.
    pub label: Label,
}

/// A model that may be downloaded.
#[derive(Debug, Clone, Serialize, Deserialize, Type)]
pub struct CatalogueModel {
    /// Short name.
    pub name: String,
    /// `owner/name` on the Hub.
    pub hub_id: String,
    /// Licence as the model card names it.
    pub licence: Licence,
    /// The licence has to be accepted on the Hub first.
    pub gated: bool,
    /// The licence limits what the model may be used for, so that it should be read before a download.
    pub has_terms: bool,
    /// Which part of it was compared with a reference.
    pub proof: Proof,
    /// Why one would take it, one sentence.
    pub why: String,
    /// Number of weights.
    pub parameters: f64,
    /// Longest text, in tokens.
    pub context_tokens: u32,
    /// Size of the download.
    pub download_bytes: f64,
    /// Whether a complete run fits in the memory that is free now; `None` if that is not known.
    pub fit: Option<Fit>,
    /// Seconds of a complete run with the default recipe on a hundred dialogues, by the processor's measured speed.
    pub seconds: f64,
}

impl From<CatalogueLine> for CatalogueModel {
    fn from(line: CatalogueLine) -> Self {
        let model = line.model;
        Self {
            has_terms: model.has_terms(),
            name: model.name,
            hub_id: model.hub_id,
            licence: model.licence,
            gated: model.gated,
            proof: model.proof,
            why: model.why,
            parameters: model.parameters as f64,
            context_tokens: count(model.context_tokens),
            download_bytes: model.download_bytes as f64,
            fit: line.fit,
            seconds: line.seconds,
        }
    }
}

/// What a download says while it works.
#[derive(Debug, Clone, Serialize, Deserialize, Type, PartialEq)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum DownloadEvent {
    /// How far it is.
    Download {
        /// The file that is being fetched.
        file: String,
        /// Bytes that are here.
        done_bytes: f64,
        /// Bytes in all.
        total_bytes: f64,
        /// Bytes each second.
        bytes_per_s: Option<f64>,
        /// Estimated seconds left.
        eta_s: Option<f64>,
    },
    /// It was stopped; what is here stays, and the next start goes on.
    Paused,
    /// The model is here, every file checked against the Hub's digest.
    Done {
        /// Its folder.
        path: String,
    },
}
