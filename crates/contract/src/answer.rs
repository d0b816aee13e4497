//! The last lines of commands that another program reads: what the command line serializes, the window deserializes.
//!
//! Answers that only people and scripts read stay in the command line's crate; `docs/cli.md` describes both kinds.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::closed_set::closed_set;
use crate::{
    Budget, Fit, Lack, Licence, ModelId, ModelName, Price, Proof, RunId, RunStatus, StageName,
    System,
};

closed_set! {
    /// What became of a run that was asked for with `--detach` or `--queue`.
    Launch, "launch" {
        /// Its worker has been started.
        Started = "started",
        /// It waits for its turn.
        Queued = "queued",
    }
}

closed_set! {
    /// Whether a run can be begun.
    Verdict, "verdict" {
        /// Nothing is missing.
        Ready = "ready",
        /// Something is missing; the run would be refused.
        NotReady = "not_ready",
    }
}

/// The answer of `run` and `resume` with `--detach` or `--queue`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The run's id.
    pub run: RunId,
    /// Whether it has begun.
    pub status: Launch,
}

/// What `datasets NAME --model` adds to its answer: the examples that a model cannot read in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooLong {
    /// Longest text of the model, in tokens.
    pub context_tokens: usize,
    /// The examples that are longer than that.
    pub too_long: Vec<LongExample>,
}

/// An example that is longer than a model's context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongExample {
    /// Its id in the data set.
    pub id: String,
    /// Its row id in the workspace.
    pub key: i64,
    /// Tokens of its dialogue and its first summary.
    pub tokens: usize,
}

/// Peak memory of the process, in bytes, with the default recipe on two threads, dialogues of 400 tokens and summaries
/// of 60.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct MethodMemory {
    /// Summarizing one dialogue.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub inference_bytes: u64,
    /// Supervised training of an adapter.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub lora_bytes: u64,
    /// The same over weights quantised to `q4_k`.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub qlora_bytes: u64,
    /// Alignment with preference pairs.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub dpo_bytes: u64,
}

/// A model that may be downloaded: one of a family that Duologue computes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueModel {
    /// Short name, which `--model` accepts.
    pub name: String,
    /// `owner/name` on the Hub.
    pub hub_id: String,
    /// Revision to take.
    pub revision: String,
    /// Licence as the model card names it.
    pub licence: Licence,
    /// The licence has to be accepted on the Hub first.
    pub gated: bool,
    /// Which part of it was compared with a reference.
    pub proof: Proof,
    /// Why one would take it, one sentence.
    pub why: String,
    /// Number of weights.
    pub parameters: u64,
    /// Longest text, in tokens.
    pub context_tokens: usize,
    /// Size of its weights as published (bf16).
    pub download_bytes: u64,
    /// Memory of each method.
    pub memory: MethodMemory,
}

impl CatalogueModel {
    /// Whether its licence limits what it may be used for, so that it should be read before a download.
    pub fn has_terms(&self) -> bool {
        self.gated || !self.licence.is_permissive()
    }
}

/// The answer of `models licence`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct LicenceText {
    /// Short name of the model in the catalogue.
    pub name: String,
    /// `owner/name` on the Hub.
    pub hub_id: String,
    /// Licence as the model card names it.
    pub licence: Licence,
    /// The licence's full name.
    pub title: String,
    /// Where its publisher keeps the text.
    pub address: String,
    /// Its full text.
    pub text: String,
}

/// A model of the catalogue compared with this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CatalogueLine {
    /// The model.
    #[serde(flatten)]
    pub model: CatalogueModel,
    /// Whether a complete run fits in the memory that is free now; `None` if that is not known.
    pub fit: Option<Fit>,
    /// Seconds of a complete run with the default recipe on a hundred dialogues, by the processor's measured speed.
    pub seconds: f64,
}

/// The answer of `models list --catalogue`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// Its models, smallest first.
    pub catalogue: Vec<CatalogueLine>,
    /// Memory that is free now; `None` if it is not known.
    pub memory_free_bytes: Option<u64>,
}

/// What a run on the model in a folder would need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct FolderFit {
    /// The folder.
    pub path: String,
    /// Memory of each method; `None` if there is no model in the folder.
    pub memory: Option<MethodMemory>,
    /// Whether a complete run fits in the memory that is free now; `None` if either is not known.
    pub fit: Option<Fit>,
    /// Seconds that a complete run takes, as for a model of the catalogue; `None` if there is no model in the folder.
    pub seconds: Option<f64>,
}

/// The answer of `models list --fit`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FolderFits {
    /// Each folder, in the order in which they were named.
    pub fits: Vec<FolderFit>,
    /// Memory that is free now; `None` if it is not known.
    pub memory_free_bytes: Option<u64>,
}

/// The answer of `models verify`: what a check of a model's files found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Verified {
    /// Digest of its files now; `None` if files are missing or damaged.
    pub id: Option<ModelId>,
    /// Path of its folder.
    pub path: String,
    /// Number of weights; `None` if files are missing or damaged.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub parameters: Option<u64>,
    /// Whether the files are those of the download, or of the model's first use; `None` if neither is known.
    pub sha256_ok: Option<bool>,
    /// Files of the download that are missing or changed.
    pub damaged: Vec<String>,
}

/// A model of this workspace: an entry of `models list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownModel {
    /// Digest of its files.
    pub id: ModelId,
    /// Its name, to show to people.
    pub name: ModelName,
    /// Path of its folder.
    pub path: String,
    /// Number of weights.
    pub parameters: u64,
    /// Size of the weights in bytes.
    pub bytes: u64,
    /// When it was first used or downloaded, milliseconds since 1970.
    pub added_at_ms: i64,
    /// Longest text; `None` if the folder cannot be read.
    pub context_tokens: Option<usize>,
    /// Whether the folder is still there.
    pub present: bool,
    /// Where it was downloaded from; none for the user's own folder.
    #[serde(flatten)]
    pub source: Option<Source>,
    /// Runs that need it in order to continue or to be used.
    pub runs: Vec<RunId>,
}

/// Where a download came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// `owner/name`.
    pub hub_id: String,
    /// Revision that was asked for.
    pub revision: String,
    /// The commit that was downloaded.
    pub commit: String,
    /// Licence as the model card names it.
    pub licence: Option<String>,
}

/// The answer of `models add`. Which of the two it is follows from the fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Download {
    /// The model is here, every file checked.
    Done(Downloaded),
    /// It was stopped; what has arrived is kept.
    Paused(DownloadPaused),
}

/// A model that has just been downloaded, or was here already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Downloaded {
    /// The model.
    #[serde(flatten)]
    pub model: KnownModel,
    /// Bytes that came over the network.
    pub received_bytes: u64,
    /// Connections that were opened.
    pub connections: usize,
    /// Every file has the digest that the Hub announced.
    pub sha256_ok: bool,
}

/// A download that was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DownloadPaused {
    /// `owner/name` on the Hub.
    pub hub_id: String,
    /// Always [`RunStatus::Paused`].
    pub status: RunStatus,
    /// The command that continues the download.
    pub resume: String,
    /// Bytes that came over the network.
    pub received_bytes: u64,
    /// Connections that were opened.
    pub connections: usize,
}

/// The answer of `plan`: what a run would take, and whether it can start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Plan {
    /// Whether it can start.
    pub verdict: Verdict,
    /// What prevents the run.
    pub missing: Vec<Lack>,
    /// Number of weights.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub parameters: u64,
    /// The examples that it would take.
    pub examples: PlanExamples,
    /// Whether the speed was measured with the model itself.
    pub probed: bool,
    /// Whether the trainings recompute what they do not keep.
    pub recompute: bool,
    /// Tokens that trainings compute at once: the recipe's, or fewer on a card that has no room for more.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub tokens_per_microbatch: usize,
    /// Texts that are generated side by side: the recipe's, or fewer on a card that has no room for more.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub generate_batch_size: usize,
    /// Peak memory over all stages.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub peak_bytes: u64,
    /// Disk space that all stages take.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub disk_bytes: u64,
    /// Seconds that all stages take.
    pub seconds: f64,
    /// Every stage of the run, in order.
    pub stages: Vec<StageForecast>,
    /// What each system would add to the time, or would save if it were left out.
    pub systems: Vec<SystemCost>,
    /// Cheaper ways to do it.
    pub offers: Vec<Offer>,
    /// What was given up to end in time; none without a limit.
    pub budget: Option<Budget>,
    /// What the machine has.
    pub machine: Machine,
}

/// What a system takes on top of all others in the recipe; what they share is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct SystemCost {
    /// The system.
    pub system: System,
    /// Seconds that it adds.
    pub seconds: f64,
}

/// How many examples a run takes, by purpose. A recipe's numbers are upper bounds unless somebody typed them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct PlanExamples {
    /// Pairs to learn from.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shots: usize,
    /// Pairs to choose by.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub validation: usize,
    /// Pairs to test on.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub test: usize,
    /// The recipe's own number; larger than `shots` if that was fitted to the data set.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub shots_at_most: usize,
    /// The recipe's own number; larger than `validation` if that was fitted to the data set.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub validation_at_most: usize,
    /// Dialogues that wait for a summary and are not taken.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub unsummarised: usize,
}

/// What one stage will take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct StageForecast {
    /// The stage.
    pub name: StageName,
    /// Peak memory of the process.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub peak_bytes: u64,
    /// What it leaves on disk.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub disk_bytes: u64,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A field of a recipe with the value that it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Change {
    /// The field.
    pub key: String,
    /// Its value, as TOML.
    pub value: String,
}

impl fmt::Display for Change {
    /// As a person types it: `key=value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.key, self.value)
    }
}

/// What is different about a cheaper way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(tag = "case", rename_all = "snake_case")]
pub enum OfferChange {
    /// Fields of the recipe.
    Settings {
        /// The fields with their values.
        settings: Vec<Change>,
    },
    /// The base model.
    Model {
        /// `owner/name` on the Hub.
        hub_id: String,
    },
}

/// A cheaper way, and what it would take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Offer {
    /// What is different.
    pub change: OfferChange,
    /// What it costs.
    pub price: Price,
    /// Peak memory over all stages.
    #[cfg_attr(feature = "specta", specta(type = f64))]
    pub peak_bytes: u64,
    /// Seconds that all stages take.
    pub seconds: f64,
    /// Whether it fits this machine.
    pub fits: bool,
}

/// What the machine has that a run is planned for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
pub struct Machine {
    /// Memory that programs can still take, for a card its own memory; `None` if it is not known.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub memory_free_bytes: Option<u64>,
    /// Room on the workspace's disk; `None` if it is not known.
    #[cfg_attr(feature = "specta", specta(type = Option<f64>))]
    pub disk_free_bytes: Option<u64>,
    /// Threads of the computation.
    #[cfg_attr(feature = "specta", specta(type = u32))]
    pub threads: usize,
}
