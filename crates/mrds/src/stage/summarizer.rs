//! Stage 8: the two-stage summarizers and their trained baselines (MRDS); a part for each of them.
//!
//! Stage 1 learns from synthetic pairs only and ends when the plateau schedule first reaches `stage1_stop_lr`; stage 2
//! starts from its best adapter with a fresh optimizer and learns from real pairs only. Every training gets the same
//! number of looks at the validation pairs, one for each factor of `lr_search`, and the same number of synthetic pairs
//! from whatever source; fixed-ratio mixing gets as many updates as the two-stage run on the same synthetic pairs.

use contract::problem::{RecipeFault, RunProblem};
use std::collections::BTreeSet;

use contract::{Part, RecipeRule, Synthesizer, System};
use lm::lora::Adapter;
use lm::train::{BatchPlan, Objective, TrainConfig, TrainExample};
use project::artifact::{SyntheticDialogue, TrainRecord, TrainedAdapter, rows};
use project::part::{data_rounds, sources};

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
    let dialogues = match system.synthetic_source() {
        Some(source) => made_up(stage, source)?,
        None => Vec::new(),
    };
    let synthetic = synthetic_pairs(stage, &dialogues)?;
    let synthetic_n = system.synthetic_source().map(|_| synthetic.len());
    let (last, records) = match (system.synthetic_source(), system.updates_of()) {
        (None, _) => trainer.real_only()?,
        (Some(_), Some(other)) => trainer.mixed(synthetic, updates(stage, other)?)?,
        (Some(_), None) => trainer.two_stage(&synthetic)?,
    };
    Ok(StageOutput {
        artifacts: rows(&[TrainedAdapter {
            settings_tried: Some(stage.recipe().lr_search.len()),
            synthetic_n,
            ..adapter_artifact(system.as_str(), last.sha256, records)
        }])?,
        n_in: (trainer.real.len() + dialogues.len()) as u64,
        n_out: 1,
        ..StageOutput::default()
    })
}

/// The dialogues of a source that a training takes, in a later round those of the rounds before too: new made-up data
/// must not crowd out what came before (`round_data`).
fn made_up(stage: &Stage<'_>, source: Synthesizer) -> Result<Vec<SyntheticDialogue>> {
    let mut dialogues = Vec::new();
    for round in data_rounds(stage.part.round(), stage.recipe()) {
        dialogues.extend(match round {
            1 => equal_share(stage, source)?,
            round => stage.read(Part::dialogues(round, source))?,
        });
    }
    Ok(dialogues)
}

/// The dialogues of a source in the first round that a training takes: where another source of the run has fewer, as many as that one
/// (`match_synthetic`), those whose summaries every source has a dialogue for first.
fn equal_share(stage: &Stage<'_>, source: Synthesizer) -> Result<Vec<SyntheticDialogue>> {
    let read = |source| stage.read::<SyntheticDialogue>(Part::Dialogues(source));
    let mut dialogues = read(source)?;
    if !stage.recipe().match_synthetic {
        return Ok(dialogues);
    }
    let mut by_source: Vec<BTreeSet<u32>> = Vec::new();
    for source in sources(stage.recipe()) {
        let accepted = read(source)?;
        by_source.push(
            accepted
                .iter()
                .map(|dialogue| dialogue.summary_id)
                .collect(),
        );
    }
    let ids: Vec<u32> = dialogues
        .iter()
        .map(|dialogue| dialogue.summary_id)
        .collect();
    let key = |summary_id: u32| stage.key_of_all_rounds("equal share", summary_id as usize, 0);
    let kept = fewest(&ids, &by_source, &key);
    dialogues.retain(|dialogue| kept.contains(&dialogue.summary_id));
    Ok(dialogues)
}

/// As many of a source's summaries as the source with the fewest has: what all have in common first, in an order drawn by
/// `key`, which is the same for every source.
fn fewest(ids: &[u32], by_source: &[BTreeSet<u32>], key: &dyn Fn(u32) -> u64) -> BTreeSet<u32> {
    let n = by_source.iter().map(BTreeSet::len).min();
    let is_common = |id: &u32| by_source.iter().all(|accepted| accepted.contains(id));
    let mut order: Vec<u32> = ids.to_vec();
    order.sort_by_key(|id| (!is_common(id), key(*id), *id));
    order.truncate(n.unwrap_or(ids.len()));
    order.into_iter().collect()
}

/// Updates of both stages of a two-stage system.
fn updates(stage: &Stage<'_>, system: System) -> Result<usize> {
    let adapters: Vec<TrainedAdapter> = stage.read(Part::Summarizer(system))?;
    let trainings = adapters.iter().flat_map(|adapter| &adapter.trainings);
    Ok(trainings.map(|training| training.updates).sum())
}

/// The adapter that was chosen, and the trainings that led to it.
type Finished = (Trained, Vec<TrainRecord>);

struct Trainer<'a> {
    stage: &'a Stage<'a>,
    system: System,
    real: Vec<TrainExample>,
    validation: Vec<TrainExample>,
}

impl Trainer<'_> {
    fn real_only(&self) -> Result<Finished> {
        let (lr, task) = (self.stage.recipe().sft_lr, self.system.as_str());
        self.search(&|factor| {
            let config = self.second_config(task, lr * factor, self.real.len());
            let trained =
                self.train(&named(task, factor), &self.real, self.fresh(task)?, &config)?;
            Ok((vec![trained.record.clone()], trained))
        })
    }

    /// Both stages at one factor of their rates, so that every trained summarizer gets the same number of looks at the
    /// validation pairs.
    fn two_stage(&self, synthetic: &[TrainExample]) -> Result<Finished> {
        let (recipe, system) = (self.stage.recipe(), self.system);
        let [first_task, second_task] = [1, 2].map(|number| format!("{system} stage {number}"));
        self.search(&|factor| {
            let schedule = SftSchedule::Plateau {
                factor: recipe.stage1_factor,
            };
            let lr = recipe.sft_lr * factor;
            let config = self
                .stage
                .sft_config(&first_task, lr, synthetic.len(), schedule);
            let scale = if recipe.stage1_stop_scaled {
                factor
            } else {
                1.0
            };
            let config = TrainConfig {
                stop_lr: Some(recipe.stage1_stop_lr * scale),
                early_stop_evals: None,
                ..config
            };
            let start = self.fresh(&first_task)?;
            let first = self.train(&named(&first_task, factor), synthetic, start, &config)?;
            let lr = recipe.stage1_stop_lr * factor;
            let config = self.second_config(&second_task, lr, self.real.len());
            let name = named(&second_task, factor);
            let second = self.train(&name, &self.real, first.adapter, &config)?;
            Ok((vec![first.record, second.record.clone()], second))
        })
    }

    fn mixed(&self, synthetic: Vec<TrainExample>, updates: usize) -> Result<Finished> {
        let (recipe, task) = (self.stage.recipe(), self.system.as_str());
        let (n_real, n_synthetic) = (self.real.len(), synthetic.len());
        let real_share = (recipe.sft_batch_size / (1 + recipe.fixed_ratio_synthetic)).max(1);
        let synthetic_share = recipe.sft_batch_size.saturating_sub(real_share).max(1);
        let examples: Vec<TrainExample> = self.real.iter().cloned().chain(synthetic).collect();
        self.search(&|factor| {
            let base = self.second_config(task, recipe.sft_lr * factor, n_synthetic);
            let config = TrainConfig {
                batch_plan: BatchPlan::Mixed(vec![
                    (0..n_real, real_share),
                    (n_real..n_real + n_synthetic, synthetic_share),
                ]),
                max_updates: updates.max(1),
                stop_after_reductions: None,
                early_stop_evals: None,
                ..base
            };
            let trained =
                self.train(&named(task, factor), &examples, self.fresh(task)?, &config)?;
            Ok((vec![trained.record.clone()], trained))
        })
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

    fn fresh(&self, task: &str) -> Result<Adapter> {
        let dropout = self.stage.recipe().lora_dropout;
        self.stage.new_adapter(task, dropout)
    }

    fn train(
        &self,
        name: &str,
        examples: &[TrainExample],
        start: Adapter,
        config: &TrainConfig,
    ) -> Result<Trained> {
        let mut evaluate =
            |adapter: &Adapter, _| self.stage.validation_ce(Some(adapter), &self.validation);
        let objective = Objective::Sft(examples);
        self.stage
            .train(name, &objective, config, start, &mut evaluate)
    }

    /// The same search for every trained summarizer: each factor of `lr_search`, the best last validation CE wins.
    fn search(
        &self,
        attempt: &dyn Fn(f64) -> Result<(Vec<TrainRecord>, Trained)>,
    ) -> Result<Finished> {
        let mut best: Option<Finished> = None;
        for factor in &self.stage.recipe().lr_search {
            let (records, trained) = attempt(*factor)?;
            let is_better = |(best, _): &Finished| trained.record.best_ce < best.record.best_ce;
            if best.as_ref().is_none_or(is_better) {
                best = Some((trained, records));
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

/// A training by its task and the factor of its rate, as written: two rates that round alike are two trainings.
fn named(task: &str, factor: f64) -> String {
    format!("{task}, lr x{factor}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_gives_as_many_pairs_as_the_one_with_the_fewest() {
        let [ids, dpo, best]: [BTreeSet<u32>; 3] =
            [(0..10).collect(), (5..12).collect(), [1, 6, 7, 8].into()];
        let by_source = [ids.clone(), dpo.clone(), best.clone()];
        // Later summaries first, so that the order is that of the key and not of the numbers.
        let key = |id: u32| u64::from(100 - id);
        let share = |source: &BTreeSet<u32>| {
            let numbers: Vec<u32> = source.iter().copied().collect();
            fewest(&numbers, &by_source, &key)
        };
        assert_eq!(share(&best), best, "the smallest gives all");
        assert_eq!(
            share(&ids),
            [6, 7, 8, 9].into(),
            "what all have comes first"
        );
        assert_eq!(share(&dpo), [6, 7, 8, 11].into());
        let alone = fewest(&[3, 4], &[[3, 4].into()], &key);
        assert_eq!(alone, [3, 4].into());
    }
}
