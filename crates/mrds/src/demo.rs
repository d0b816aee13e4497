//! The summarizer in use: one dialogue in, a streamed summary out.

use contract::problem::WrongState;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use contract::{ArtifactKind, DeviceChoice, RunId, StageName, Summarized, System};
use lm::LanguageModel;
use lm::infer::generate::{GenerateConfig, GenerateRequest, generate};
use lm::infer::sample::Filters;
use lm::lora::Adapter;
use project::artifact::{TrainedAdapter, read};
use project::recipe::Recipe;
use project::rounds::last_artifacts;
use project::session::Session;

use crate::error::{Error, Result};
use crate::kept;
use crate::prompt::{Prompts, canonical};
use crate::worker::model_of;

/// A model, with or without an adapter, ready to summarize.
pub struct Summarizer {
    model: LanguageModel,
    adapter: Option<Adapter>,
    recipe: Recipe,
    warning: Option<String>,
}

impl Summarizer {
    /// The base model, or the model with an adapter folder.
    pub fn from_folder(path: &Path, adapter: Option<&Path>, device: DeviceChoice) -> Result<Self> {
        let model = LanguageModel::load(path, &lm::device::select(device)?)?;
        let load =
            |folder: &Path| Adapter::load(folder, &model.decoder.config, &model.decoder.device);
        let adapter = adapter.map(load).transpose()?;
        let warning = adapter
            .as_ref()
            .and_then(|adapter| adapter.config.base_model_warning(path));
        Ok(Self {
            model,
            adapter,
            recipe: Recipe::default(),
            warning,
        })
    }

    /// What the user should know about the adapter's base model.
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// A system of a finished run; the untrained systems use the base model.
    pub fn from_run(
        session: &Session,
        run: &RunId,
        system: System,
        device: DeviceChoice,
    ) -> Result<Self> {
        let row = session.run(run)?;
        if !system.has_model() {
            let (run, role) = (row.id, system.to_string());
            let stage = StageName::Summarizer;
            return Err(WrongState::NotTrained { run, role, stage }.into());
        }
        let recipe = Recipe::from_toml(&row.recipe)?;
        let model = model_of(&row, &recipe, device)?;
        let adapter = match system.is_trained() {
            true => {
                let sha256 = adapter_of(session, run, StageName::Summarizer, system.as_str())?;
                Some(kept::load_adapter(
                    session.store(),
                    &sha256,
                    &model.decoder,
                )?)
            }
            false => None,
        };
        Ok(Self {
            model,
            adapter,
            recipe,
            warning: None,
        })
    }

    /// Summarizes a dialogue; `on_text` gets each new piece of text and may stop it.
    pub fn summarize(
        &self,
        dialogue: &str,
        on_text: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) -> Result<Summarized> {
        let prompt_ids = Prompts::new(&self.model, &self.recipe).summarize(&canonical(dialogue))?;
        let (prompt_tokens, limit) = (prompt_ids.len(), self.model.context_tokens());
        if prompt_tokens >= limit {
            return Err(lm::Error::ContextExceeded {
                tokens: prompt_tokens,
                limit,
            }
            .into());
        }
        let config = GenerateConfig {
            max_new_tokens: self.recipe.summary_max_new_tokens,
            filters: Filters::GREEDY,
            stop_ids: self.model.stop_ids.clone(),
            batch_size: 1,
        };
        let begun = Instant::now();
        let (mut ids, mut shown, mut first_ms) = (Vec::new(), String::new(), None);
        let generated = generate(
            &self.model.decoder,
            self.adapter.as_ref(),
            &[GenerateRequest { prompt_ids, key: 0 }],
            &config,
            &mut |_, id| {
                first_ms.get_or_insert_with(|| begun.elapsed().as_secs_f64() * 1e3);
                ids.push(id);
                let text = self.model.decode(&ids).unwrap_or_default();
                // A character of several tokens is shown once it is complete.
                match text
                    .strip_prefix(shown.as_str())
                    .filter(|new| !new.is_empty() && !new.ends_with('\u{fffd}'))
                {
                    Some(new) => {
                        let flow = on_text(new);
                        shown = text;
                        flow
                    }
                    None => ControlFlow::Continue(()),
                }
            },
        )?;
        let new_tokens = generated.first().map_or(0, |g| g.ids.len());
        let (total_ms, ttft_ms) = (
            begun.elapsed().as_secs_f64() * 1e3,
            first_ms.unwrap_or_default(),
        );
        let rest_s = ((total_ms - ttft_ms) / 1e3).max(1e-9);
        let summary = generated
            .first()
            .map(|g| self.model.decode(&g.ids))
            .transpose()?
            .unwrap_or_default();
        Ok(Summarized {
            summary: summary.trim().to_owned(),
            prompt_tokens,
            new_tokens,
            ttft_ms,
            tokens_per_s: new_tokens.saturating_sub(1) as f64 / rest_s,
        })
    }
}

/// The hash of the adapter that a stage trained for a role.
pub(crate) fn adapter_of(
    session: &Session,
    run: &RunId,
    stage: StageName,
    role: &str,
) -> Result<String> {
    session.store().run(run)?;
    let adapters: Vec<TrainedAdapter> = read(&last_artifacts(
        session.store(),
        run,
        stage,
        ArtifactKind::Adapter,
    )?)?;
    let found = adapters
        .iter()
        .find(|adapter| adapter.role == role)
        .ok_or_else(|| {
            Error::from(WrongState::NotTrained {
                run: run.clone(),
                role: role.to_owned(),
                stage,
            })
        })?;
    Ok(found.sha256.clone())
}
