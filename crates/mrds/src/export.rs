//! Taking a trained adapter out of the workspace, in PEFT's format or merged into the base model, and the proof that
//! the exported files give what the workspace's adapter gives.

use std::fs;
use std::path::{Path, PathBuf};

use lm::LanguageModel;
use lm::lora::Adapter;
use lm::score::{Completion, score};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::plan::choose;
use crate::prompt::Prompts;
use crate::recipe::Recipe;
use crate::session::Session;
use crate::stage_name::StageName;

/// Which adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    /// The dialogue synthesizer aligned with separate sets.
    Synthesizer,
    /// The summarizer `mrds_separate`.
    Summarizer,
}

/// An exported file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExportedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: String,
}

/// The comparison of workspace and export on validation items.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Replay {
    /// Items compared.
    pub items: usize,
    /// Largest difference of a summed log-probability.
    pub max_logp_diff: f64,
    /// Whether every difference is below 1e-3.
    pub equal: bool,
}

/// What was written, and the proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Export {
    /// The files.
    pub files: Vec<ExportedFile>,
    /// The proof.
    pub replay: Replay,
}

impl Session {
    /// Copies an adapter to an empty or new folder and replays validation items through the copy.
    pub fn export_adapter(&self, run: &str, which: Exported, to: &Path) -> Result<Export> {
        let (stage, role) = match which {
            Exported::Synthesizer => (StageName::Align, "dpo_separate"),
            Exported::Summarizer => (StageName::Summarizer, "mrds_separate"),
        };
        let source = self.adapter_folder(run, stage, role)?;
        let occupied = fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(Error::WrongState {
                what: format!("{} is not empty; nothing was written", to.display()),
                fix: "Choose a new or empty folder with --to.".into(),
            });
        }
        let row = self.store.run(run)?;
        let model = LanguageModel::load(Path::new(&row.model_path), &lm::device::select(&row.device)?)?;
        let load = |folder: &Path| Adapter::load(folder, &model.decoder.config, &model.decoder.device);
        let ours = load(&source)?;
        ours.save(to)?;
        let replay = self.replay(&row, which, &model, &ours, &load(to)?)?;
        Ok(Export { files: listed(to)?, replay })
    }

    fn replay(
        &self,
        row: &store::RunRow,
        which: Exported,
        model: &LanguageModel,
        ours: &Adapter,
        theirs: &Adapter,
    ) -> Result<Replay> {
        let recipe = Recipe::from_toml(&row.recipe)?;
        let rows = self.store.examples(row.dataset_id, None)?;
        let plan = choose(&row.dataset_name, &rows, &recipe, row.seed, model)?;
        let prompts = Prompts::new(model, &recipe);
        let mut items = Vec::new();
        for example in plan.data.validation.iter().take(8) {
            items.push(match which {
                Exported::Summarizer => {
                    (prompts.summarize(&example.dialogue)?, prompts.completion(&example.summary)?)
                }
                Exported::Synthesizer => {
                    (prompts.dialogue(&example.summary)?, prompts.completion(&example.dialogue)?)
                }
            });
        }
        let batch: Vec<Completion<'_>> =
            items.iter().map(|(p, c)| Completion { prompt_ids: p, completion_ids: c }).collect();
        let with = |adapter| score(&model.decoder, Some(adapter), &batch, recipe.tokens_per_microbatch);
        let (a, b) = (with(ours)?, with(theirs)?);
        let max_logp_diff =
            a.iter().zip(&b).map(|(a, b)| (a.logp_sum - b.logp_sum).abs()).fold(0.0, f64::max);
        Ok(Replay { items: items.len(), max_logp_diff, equal: max_logp_diff < 1e-3 })
    }
}

fn listed(folder: &Path) -> Result<Vec<ExportedFile>> {
    let io = |source| Error::Io { action: "read", path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let bytes = fs::read(&path).map_err(io)?;
        files.push(ExportedFile { bytes: bytes.len() as u64, sha256: store::sha256_hex(&bytes), path });
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}
