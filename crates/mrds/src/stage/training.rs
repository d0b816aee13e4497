//! One training inside a stage: checkpoints, curves, progress, and the adapter's place in the workspace.

use contract::Metric;

use lm::lora::{Adapter, LoraConfig, TargetModules};
use lm::train::{
    BatchPlan, Budget, Objective, Observer, Schedule, StepReport, TrainConfig, TrainExample,
    TrainOutcome, TrainState, train,
};
use project::artifact::{DpoFigures, TrainRecord, TrainedAdapter};
use project::recipe::Recompute;
use serde::{Deserialize, Serialize};

use super::context::{Progress, Stage, mean_ce};
use crate::error::{Error, Result};
use crate::kept;

/// A finished training: its best adapter and its record.
pub(crate) struct Trained {
    pub(crate) adapter: Adapter,
    pub(crate) sha256: String,
    pub(crate) record: TrainRecord,
}

#[derive(Serialize, Deserialize)]
struct StoredTraining {
    sha256: String,
    record: TrainRecord,
}

/// Judges an adapter after an update; lower is better.
pub(crate) type Evaluate<'e> = dyn FnMut(&Adapter, usize) -> Result<f64> + 'e;

impl Stage<'_> {
    /// A fresh adapter of the recipe's shape; `dropout` as the training wants it.
    pub(crate) fn new_adapter(&self, task: &str, dropout: f64) -> Result<Adapter> {
        let (recipe, decoder) = (self.recipe(), &self.run.model.decoder);
        let config = LoraConfig {
            rank: recipe.lora_rank,
            alpha: recipe.lora_alpha,
            dropout,
            target_modules: TargetModules::every(&decoder.config),
            base_model: self.run.row.model_name.to_string(),
            ..LoraConfig::default()
        };
        Ok(Adapter::init(
            config,
            &decoder.config,
            self.key(task, 0, 0),
            &decoder.device,
        )?)
    }

    /// Memory of a training; a run of an earlier version settled nothing, so it keeps everything.
    pub(crate) fn budget(&self) -> Budget {
        let recipe = self.recipe();
        Budget {
            tokens: recipe.tokens_per_microbatch,
            recompute: recipe.recompute == Recompute::On,
        }
    }

    /// Settings that all supervised trainings share: batch, decay, clipping, dropout, how often validation is asked.
    pub(crate) fn sft_config(
        &self,
        task: &str,
        lr: f64,
        examples: usize,
        schedule: SftSchedule,
    ) -> TrainConfig {
        let recipe = self.recipe();
        let per_epoch = examples.div_ceil(recipe.sft_batch_size).max(1);
        let max_updates = per_epoch * recipe.sft_max_epochs;
        TrainConfig {
            lr,
            batch_size: recipe.sft_batch_size,
            max_updates,
            batch_plan: BatchPlan::Shuffled,
            warmup_updates: ((recipe.warmup_share * max_updates as f64) as usize).min(10),
            schedule: match schedule {
                SftSchedule::Cosine => Schedule::Cosine {
                    total_updates: max_updates,
                },
                SftSchedule::Plateau { factor } => Schedule::Plateau {
                    factor,
                    patience: recipe.plateau_patience,
                    threshold: recipe.plateau_threshold,
                },
            },
            weight_decay: recipe.weight_decay,
            max_grad_norm: recipe.max_grad_norm,
            seed: self.key(task, 1, 0),
            dropout: recipe.lora_dropout,
            eval_every_updates: per_epoch
                .div_ceil(recipe.evals_per_epoch)
                .max(10)
                .min(max_updates),
            stop_lr: None,
            stop_after_reductions: None,
            early_stop_evals: Some(recipe.early_stop_evals),
            budget: self.budget(),
            checkpoint_every_updates: 10,
        }
    }

    /// Trains, or takes up the training where a checkpoint or a finished record left it.
    pub(crate) fn train(
        &self,
        task: &str,
        objective: &Objective<'_>,
        config: &TrainConfig,
        init: Adapter,
        evaluate: &mut Evaluate<'_>,
    ) -> Result<Trained> {
        let key = format!("train/{task}");
        if let Some(StoredTraining { sha256, record }) = self.work(&key)? {
            return Ok(Trained {
                adapter: self.load_adapter(&sha256)?,
                sha256,
                record,
            });
        }
        self.begin_task(task);
        let decoder = &self.run.model.decoder;
        let path = self.checkpoint(task);
        let state = match path.exists() {
            true => kept::load_state(self.run.store, &path, decoder)?,
            false => TrainState::new(init)?,
        };
        let mut watch = Watch {
            stage: self,
            task,
            config,
            evaluate,
            failed: None,
        };
        let outcome = train(decoder, objective, config, state, &mut watch);
        let outcome = match (outcome, watch.failed) {
            (_, Some(error)) => return Err(error),
            (Err(lm::Error::Interrupted), None) => return Err(self.interrupted()),
            (outcome, None) => outcome?,
        };
        self.call_train(
            objective,
            config,
            outcome.updates,
            &outcome.best_adapter.config,
        );
        let adapter = self.as_kept(&outcome.best_adapter)?;
        let sha256 = self.save_adapter(&adapter)?;
        let record = record(task, config, &outcome);
        self.put_work(
            &key,
            &StoredTraining {
                sha256: sha256.clone(),
                record: record.clone(),
            },
        )?;
        Ok(Trained {
            adapter,
            sha256,
            record,
        })
    }

    /// An adapter as it is read back once it has been stored.
    pub(crate) fn as_kept(&self, adapter: &Adapter) -> Result<Adapter> {
        Ok(adapter.rounded(self.recipe().adapter_dtype)?)
    }

    /// Writes an adapter into the blobs under its hash.
    pub(crate) fn save_adapter(&self, adapter: &Adapter) -> Result<String> {
        let aside = format!("new-{}-{}", self.run.row.id, self.name);
        kept::save_adapter(self.run.store, adapter, self.recipe().adapter_dtype, &aside)
    }

    /// Cross-entropy of held-out pairs in nats per token.
    pub(crate) fn validation_ce(
        &self,
        adapter: Option<&Adapter>,
        examples: &[TrainExample],
    ) -> Result<f64> {
        let items: Vec<_> = examples
            .iter()
            .map(|e| (e.prompt_ids.clone(), e.completion_ids.clone()))
            .collect();
        Ok(mean_ce(&self.score(adapter, &items)?))
    }
}

/// Learning-rate schedules of supervised training.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SftSchedule {
    /// Down to zero over all updates.
    Cosine,
    /// Reduced when validation stops improving.
    Plateau {
        /// By this factor.
        factor: f64,
    },
}

/// The artifact of a finished training.
pub(crate) fn adapter_artifact(
    role: &str,
    sha256: String,
    trainings: Vec<TrainRecord>,
) -> TrainedAdapter {
    TrainedAdapter {
        role: role.to_owned(),
        sha256,
        trainings,
        settings_tried: None,
        synthetic_n: None,
    }
}

fn record(task: &str, config: &TrainConfig, outcome: &TrainOutcome) -> TrainRecord {
    TrainRecord {
        task: task.to_owned(),
        lr: config.lr,
        updates: outcome.updates,
        ended_by: outcome.ended_by,
        lr_last: outcome.lr_last,
        best_ce: outcome.best_value,
        best_update: outcome.best_update,
        first_dpo_loss: outcome.first.dpo.as_ref().map(|dpo| dpo.dpo_loss),
        last_dpo: outcome.last.dpo.as_ref().map(|dpo| DpoFigures {
            margin: dpo.margin,
            accuracy: dpo.accuracy,
            logps_chosen: dpo.logps_chosen,
            logps_rejected: dpo.logps_rejected,
        }),
    }
}

/// Passes what happens in a training on to curves, progress and checkpoints.
struct Watch<'w, 's, 'e> {
    stage: &'w Stage<'s>,
    task: &'w str,
    config: &'w TrainConfig,
    evaluate: &'w mut Evaluate<'e>,
    failed: Option<Error>,
}

impl Watch<'_, '_, '_> {
    /// Keeps an error of this crate while the engine's loop unwinds.
    fn keep<T>(&mut self, result: Result<T>) -> lm::Result<T> {
        result.map_err(|error| {
            self.failed = Some(error);
            lm::Error::Interrupted
        })
    }

    fn report(&self, step: &StepReport) -> Result<()> {
        let point = |metric: Metric, value: f64| {
            let series = format!("{}/{metric}", self.task);
            self.stage.metric(&series, step.update, value)
        };
        point(Metric::Loss, step.loss)?;
        point(Metric::LearningRate, step.lr)?;
        point(Metric::GradNorm, step.grad_norm)?;
        if let Some(dpo) = &step.dpo {
            point(Metric::RewardMargins, dpo.margin)?;
            point(Metric::RewardAccuracies, dpo.accuracy)?;
            point(Metric::LogpsChosen, dpo.logps_chosen)?;
            point(Metric::LogpsRejected, dpo.logps_rejected)?;
        }
        self.stage.progress(Progress {
            step: step.update,
            total: self.config.max_updates,
            tokens: step.tokens,
            loss: Some(step.loss),
            lr: Some(step.lr),
        })
    }
}

impl Observer for Watch<'_, '_, '_> {
    fn step(&mut self, step: &StepReport) -> lm::Result<()> {
        let reported = self.report(step);
        self.keep(reported)
    }

    fn evaluate(&mut self, adapter: &Adapter, update: usize) -> lm::Result<f64> {
        let value = (self.evaluate)(adapter, update);
        let value = self.keep(value)?;
        let noted = self
            .stage
            .metric(&format!("{}/validation_ce", self.task), update, value);
        self.keep(noted)?;
        Ok(value)
    }

    fn checkpoint(&mut self, state: &TrainState) -> lm::Result<()> {
        let path = self.stage.checkpoint(self.task);
        let saved = kept::save_state(self.stage.run.store, &path, state);
        self.keep(saved)
    }

    fn stop(&self) -> bool {
        self.stage.should_stop()
    }
}
