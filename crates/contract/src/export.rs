//! What leaves the workspace: its possible forms, what whoever writes them is told, and the outcome. The command line
//! writes, the window asks it to, and the page reports it in both languages.

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{DatasetName, Language, ModelName, Problem, RunId};

closed_set! {
    /// Which of a run's adapters is exported.
    Exported, "adapter" {
        /// The dialogue synthesizer aligned with separate sets.
        Synthesizer = "synthesizer",
        /// The summarizer `mrds_separate`.
        Summarizer = "summarizer",
    }
}

closed_set! {
    /// Number type of the matrices of a GGUF file; vectors are always f32.
    GgufType, "number type" {
        /// 16 bits a weight.
        F16 = "f16",
        /// 8.5 bits a weight: one scale for 32 values.
        Q8_0 = "q8_0",
        /// About 4.9 bits: llama.cpp's "medium" mix of Q4_K, Q5_K and Q6_K.
        Q4KM = "q4_k_m",
    }
}

impl GgufType {
    /// Bits that a weight takes on average.
    pub const fn bits(self) -> f64 {
        match self {
            Self::F16 => 16.0,
            Self::Q8_0 => 8.5,
            Self::Q4KM => 4.9,
        }
    }
}

closed_set! {
    /// The form of a data set as a file; its word is the file's ending.
    DatasetForm, "form of a data set" {
        /// A JSON object on each line.
        Jsonl = "jsonl",
        /// A list of JSON objects.
        Json = "json",
        /// A table with commas.
        Csv = "csv",
        /// A table with tabs.
        Tsv = "tsv",
    }
}

closed_set! {
    /// The form of a report; its word is the file's ending.
    ReportForm, "form of a report" {
        /// A page to read in a browser.
        Html = "html",
        /// Text with marks, for a wiki or a repository.
        Markdown = "md",
        /// What can be checked against the workspace.
        Json = "json",
    }
}

closed_set! {
    /// Where an export is.
    ExportStep, "step of an export" {
        /// Checking what the run gives away of real conversations.
        Audit = "audit",
        /// The model is loaded.
        Load = "load",
        /// Files are written.
        Write = "write",
        /// Held-out pairs are scored with what was written.
        Replay = "replay",
    }
}

/// Something of a run that can be handed over, in one of its forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Deliverable {
    /// An adapter, as PEFT reads it.
    Peft {
        /// Which adapter.
        adapter: Exported,
    },
    /// The base model with an adapter merged into it, as a Hugging Face folder.
    Merged {
        /// Which adapter.
        adapter: Exported,
    },
    /// The same as one file for llama.cpp.
    Gguf {
        /// Which adapter.
        adapter: Exported,
        /// How its numbers are written.
        gguf_type: GgufType,
    },
    /// An adapter, as llama.cpp reads it.
    GgufAdapter {
        /// Which adapter.
        adapter: Exported,
    },
    /// The run's data set.
    Dataset {
        /// The form of the file.
        form: DatasetForm,
    },
    /// Every setting, as TOML.
    Recipe,
    /// The run as a workspace of its own.
    Bundle,
    /// What the run found.
    Report {
        /// The form of the file.
        form: ReportForm,
    },
}

/// What a run can hand over, before anything is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Offered {
    /// What is handed over.
    pub deliverable: Deliverable,
    /// What its file or folder will be called.
    pub name: String,
    /// About how large it will be; none if that is known only once it is written.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub bytes: Option<u64>,
    /// Why it cannot be had now.
    pub refused: Option<Problem>,
}

/// A request to write something into a folder, under a name that is free there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HandOver {
    /// The run.
    pub run: RunId,
    /// What of it is handed over.
    pub deliverable: Deliverable,
    /// The folder that it appears in.
    pub folder: String,
    /// Why it may leave although it gives real conversations away.
    pub reason: Option<String>,
    /// Whether a report includes the texts of its items.
    pub texts: bool,
    /// The language of a report.
    pub language: Language,
}

/// A progress line of `export` and `pack`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename = "export")]
pub struct ExportLine {
    /// What is being done now.
    pub step: ExportStep,
}

/// The comparison of workspace and export on validation items.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Replay {
    /// Number of validation items that were compared.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub items: usize,
    /// Largest difference of a summed log-probability.
    pub max_logp_diff: f64,
    /// Largest difference of a summed log-probability, divided by its tokens.
    pub max_logp_diff_per_token: f64,
    /// How far rounding to the format's number type may change it.
    pub tolerance_per_token: f64,
    /// Whether every difference is within it.
    pub equal: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct HandedOver {
    /// The file or folder.
    pub path: String,
    /// Its size.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub bytes: u64,
    /// The comparison with what the workspace gives; `None` if nothing is computed with it.
    pub replay: Option<Replay>,
}

/// A run that came in from a run bundle: the answer of `unpack`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Unpacked {
    /// The run.
    pub run: RunId,
    /// What its data set is called here.
    pub dataset: DatasetName,
    /// Its base model.
    pub model: ModelName,
    /// Where that model is on this computer. None if this workspace does not know it: the run can then be read and
    /// rated, but neither continued nor tried.
    pub model_path: Option<String>,
    /// Pairs of its data set.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub examples: u64,
}
