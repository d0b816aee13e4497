//! Stage 8: the two-stage summarizers and their trained baselines (MRDS).
//!
//! Stage 1 learns from synthetic pairs only and ends when the plateau schedule first reaches `stage1_stop_lr`; stage 2
//! starts from its best adapter with a fresh optimizer and learns from real pairs only. Real-only training gets the
//! same search over learning rates and the same early stopping; fixed-ratio mixing gets as many updates as the
//! two-stage run on the same synthetic pairs.

use contract::problem::{RecipeFault, RunProblem};
use contract::{Part, RecipeRule, System};
use lm::lora::Adapter;
use lm::train::{BatchPlan, Objective, TrainConfig, TrainExample};
use project::artifact::{SyntheticDialogue, TrainedAdapter, rows};

use super::context::{Stage, StageOutput};
use super::training::{SftSchedule, Trained, adapter_artifact};
use crate::error::{Error, Result};
use crate::selection::Example;

pub(crate) fn run(stage: &Stage<'_>, system: System) -> Result<StageOutput> {
    let trainer = Trainer {
        stage,
        system,
        real: real_pairs(stage, &stage.data().shots)?,
        validation: real_pairs(stage, &stage.data().validation)?,
    };
    let dialogues: Vec<SyntheticDialogue> = match system.synthetic_source() {
        Some(source) => stage.read(Part::Dialogues(source))?,
        None => Vec::new(),
    };
    let synthetic = synthetic_pairs(stage, &dialogues)?;
    let (last, records) = match (system.synthetic_source(), system.updates_of()) {
        (None, _) => trainer.real_only()?,
        (Some(_), Some(other)) => trainer.mixed(synthetic, updates(stage, other)?)?,
        (Some(_), None) => trainer.two_stage(&synthetic)?,
    };
    Ok(StageOutput {
        artifacts: rows(&[adapter_artifact(system.as_str(), last.sha256, records)])?,
        n_in: (trainer.real.len() + dialogues.len()) as u64,
        n_out: 1,
        ..StageOutput::default()
    })
}

/// Updates of both stages of a two-stage system.
fn updates(stage: &Stage<'_>, system: System) -> Result<usize> {
    let adapters: Vec<TrainedAdapter> = stage.read(Part::Summarizer(system))?;
    let trainings = adapters.iter().flat_map(|adapter| &adapter.trainings);
    Ok(trainings.map(|training| training.updates).sum())
}

type Finished = (Trained, Vec<project::artifact::TrainRecord>);

struct Trainer<'a> {
    stage: &'a Stage<'a>,
    system: System,
    real: Vec<TrainExample>,
    validation: Vec<TrainExample>,
}

impl Trainer<'_> {
    fn real_only(&self) -> Result<Finished> {
        let recipe = self.stage.recipe();
        let base = |lr| self.second_config("sft_real", lr, self.real.len());
        let trained = self.search("sft_real", recipe.sft_lr, &self.real, None, &base)?;
        let record = trained.record.clone();
        Ok((trained, vec![record]))
    }

    fn two_stage(&self, synthetic: &[TrainExample]) -> Result<Finished> {
        let (recipe, system) = (self.stage.recipe(), self.system);
        let stop_lr = recipe.stage1_stop_lr;
        let first_config = |lr| {
            let schedule = SftSchedule::Plateau {
                factor: recipe.stage1_factor,
            };
            // A searched rate keeps its distance to the stop, so that one reduction ends the stage at every rate.
            let stop = stop_lr * lr / recipe.sft_lr;
            let config =
                self.stage
                    .sft_config(&format!("{system} stage 1"), lr, synthetic.len(), schedule);
            TrainConfig {
                stop_lr: Some(stop),
                early_stop_evals: None,
                ..config
            }
        };
        let first = self.search(
            &format!("{system} stage 1"),
            recipe.sft_lr,
            synthetic,
            None,
            &first_config,
        )?;
        let name = format!("{system} stage 2");
        let second_config = |lr| self.second_config(&name, lr, self.real.len());
        let second = self.search(
            &name,
            stop_lr,
            &self.real,
            Some(&first.adapter),
            &second_config,
        )?;
        let records = vec![first.record, second.record.clone()];
        Ok((second, records))
    }

    fn mixed(&self, synthetic: Vec<TrainExample>, updates: usize) -> Result<Finished> {
        let (recipe, task) = (self.stage.recipe(), self.system.as_str());
        let (n_real, n_synthetic) = (self.real.len(), synthetic.len());
        let real_share = (recipe.sft_batch_size / (1 + recipe.fixed_ratio_synthetic)).max(1);
        let synthetic_share = recipe.sft_batch_size.saturating_sub(real_share).max(1);
        let examples: Vec<TrainExample> = self.real.iter().cloned().chain(synthetic).collect();
        let config = |lr| {
            let base = self.second_config(task, lr, n_synthetic);
            TrainConfig {
                batch_plan: BatchPlan::Mixed(vec![
                    (0..n_real, real_share),
                    (n_real..n_real + n_synthetic, synthetic_share),
                ]),
                max_updates: updates.max(1),
                stop_after_reductions: None,
                early_stop_evals: None,
                ..base
            }
        };
        let trained = self.search(task, recipe.sft_lr, &examples, None, &config)?;
        let record = trained.record.clone();
        Ok((trained, vec![record]))
    }

    /// Plateau schedule with the gentler factor, ended by its reductions or by early stopping.
    fn second_config(&self, task: &str, lr: f64, examples: usize) -> TrainConfig {
        let recipe = self.stage.recipe();
        let schedule = SftSchedule::Plateau {
            factor: recipe.stage2_factor,
        };
        let config = self.stage.sft_config(task, lr, examples, schedule);
        TrainConfig {
            stop_after_reductions: Some(recipe.stage2_reductions),
            ..config
        }
    }

    /// The same search for every trained summarizer: each factor of `lr_search`, the best validation CE wins.
    fn search(
        &self,
        task: &str,
        lr: f64,
        examples: &[TrainExample],
        start: Option<&Adapter>,
        config: &dyn Fn(f64) -> TrainConfig,
    ) -> Result<Trained> {
        let mut best: Option<Trained> = None;
        for factor in &self.stage.recipe().lr_search {
            // The factor as written: two rates that round alike are two trainings.
            let name = format!("{task}, lr x{factor}");
            let init = match start {
                Some(adapter) => adapter.clone(),
                None => self
                    .stage
                    .new_adapter(task, self.stage.recipe().lora_dropout)?,
            };
            let mut evaluate =
                |adapter: &Adapter, _| self.stage.validation_ce(Some(adapter), &self.validation);
            let objective = Objective::Sft(examples);
            let trained =
                self.stage
                    .train(&name, &objective, &config(lr * factor), init, &mut evaluate)?;
            if best
                .as_ref()
                .is_none_or(|best| trained.record.best_ce < best.record.best_ce)
            {
                best = Some(trained);
            }
        }
        best.ok_or_else(|| {
            Error::from(RunProblem::Recipe(RecipeFault::Rule {
                field: "lr_search".to_owned(),
                rule: RecipeRule::PositiveFactors,
            }))
        })
    }
}

/// Real pairs as dialogue → summary.
fn real_pairs(stage: &Stage<'_>, examples: &[Example]) -> Result<Vec<TrainExample>> {
    let pairs = examples
        .iter()
        .map(|example| (example.dialogue.as_str(), example.summary.as_str()));
    summarizing(stage, pairs)
}

fn synthetic_pairs(
    stage: &Stage<'_>,
    dialogues: &[SyntheticDialogue],
) -> Result<Vec<TrainExample>> {
    let pairs = dialogues
        .iter()
        .map(|dialogue| (dialogue.text.as_str(), dialogue.summary.as_str()));
    summarizing(stage, pairs)
}

fn summarizing<'p>(
    stage: &Stage<'_>,
    pairs: impl Iterator<Item = (&'p str, &'p str)>,
) -> Result<Vec<TrainExample>> {
    let (prompts, limit) = (stage.prompts(), stage.run.model.context_tokens());
    let mut examples = Vec::new();
    for (dialogue, summary) in pairs {
        let example = TrainExample {
            prompt_ids: prompts.summarize(dialogue)?,
            completion_ids: prompts.completion(summary)?,
        };
        // Real pairs were checked when the run was planned; a synthetic dialogue can be longer than any of them.
        if example.prompt_ids.len() + example.completion_ids.len() <= limit {
            examples.push(example);
        }
    }
    Ok(examples)
}
