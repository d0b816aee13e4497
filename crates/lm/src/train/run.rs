//! The training loop: batches, updates, evaluations, and when to end.
//!
//! Whatever the loop decides next is a function of the configuration and of [`TrainState`], so that a run resumed
//! from a saved state equals the uninterrupted one bit for bit.

use contract::EndedBy;
use serde::{Deserialize, Serialize};

use super::batch::BatchPlan;
use super::checkpoint::{EvalPoint, TrainState};
use super::objective::{BatchGradients, Budget, DpoReport, Objective, batch_gradients};
use super::optimizer::{clip, flatten, global_norm, unflatten};
use super::schedule::{PlateauState, Schedule};
use crate::error::{Error, Result};
use crate::lora::Adapter;
use crate::model::{Decoder, Dropout};
use crate::profile::{Work, counted};
use crate::random;

/// Settings of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Learning rate after warm-up.
    pub lr: f64,
    /// Number of items (examples or pairs) in an update.
    pub batch_size: usize,
    /// Updates after which the run ends at the latest; at least 1.
    pub max_updates: usize,
    /// Which items make up a batch.
    pub batch_plan: BatchPlan,
    /// Updates over which the rate rises from zero.
    pub warmup_updates: usize,
    /// What the rate does afterwards.
    pub schedule: Schedule,
    /// Decoupled weight decay on every adapter tensor.
    pub weight_decay: f64,
    /// Bound on the global gradient norm; 0 = no clipping.
    pub max_grad_norm: f64,
    /// Seed of batches and dropout.
    pub seed: u64,
    /// LoRA dropout probability.
    pub dropout: f64,
    /// Updates between evaluations; 0 = only before the first and after the last.
    pub eval_every_updates: usize,
    /// End once the plateau rule has brought the rate to this value or below.
    pub stop_lr: Option<f64>,
    /// End after this many reductions by the plateau rule.
    pub stop_after_reductions: Option<u32>,
    /// End after this many evaluations in a row without a new best.
    pub early_stop_evals: Option<u32>,
    /// How much memory the run may take.
    pub budget: Budget,
    /// Updates between saved states; 0 = only on interruption.
    pub checkpoint_every_updates: usize,
}

/// What one update did; loss and norms are those before the update.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Updates done, this one included.
    pub update: usize,
    /// Loss of the batch, nats.
    pub loss: f64,
    /// Learning rate of the update.
    pub lr: f64,
    /// Global gradient norm before clipping.
    pub grad_norm: f64,
    /// Tokens of the batch, prompts included; a preference pair's prompt counts once for each completion.
    pub tokens: usize,
    /// Preference figures, for DPO.
    pub dpo: Option<DpoReport>,
}

/// The result of a run.
#[derive(Debug, Clone)]
pub struct TrainOutcome {
    /// Adapter of the best evaluation (the initial one if none was better).
    pub best_adapter: Adapter,
    /// Adapter after the last update.
    pub last_adapter: Adapter,
    /// Value of the best evaluation.
    pub best_value: f64,
    /// Update of the best evaluation.
    pub best_update: usize,
    /// Updates done before the training ended.
    pub updates: usize,
    /// Why the run ended.
    pub ended_by: EndedBy,
    /// Learning rate in force at the end: with the plateau rule, the rate after its last reduction (so at most
    /// `stop_lr` if that ended the run), otherwise that of the last update.
    pub lr_last: f64,
    /// Every evaluation, the one before the first update included.
    pub history: Vec<EvalPoint>,
    /// The first update.
    pub first: StepReport,
    /// The last update.
    pub last: StepReport,
}

/// Watches a run, evaluates it and keeps its states.
pub trait Observer {
    /// Called after every update.
    fn step(&mut self, report: &StepReport) -> Result<()>;
    /// Value of the adapter after `update` updates; lower is better. May return [`Error::Interrupted`]; the evaluation
    /// is then repeated on resumption.
    fn evaluate(&mut self, adapter: &Adapter, update: usize) -> Result<f64>;
    /// Keeps the state.
    fn checkpoint(&mut self, state: &TrainState) -> Result<()>;
    /// Whether to stop now; called between micro-batches.
    fn stop(&self) -> bool;
}

/// Trains `state.adapter` on a frozen `decoder` until one of the end conditions in `cfg` is met. Also evaluates before
/// the first update, so that the untrained adapter can turn out best.
///
/// # Errors [`Error::Interrupted`] after the observer has asked to stop and been given the state; [`Error::NonFinite`]
/// where the run diverges; [`Error::Setting`] and [`Error::ContextExceeded`] before any work where settings or data do
/// not fit.
pub fn train(
    decoder: &Decoder,
    objective: &Objective<'_>,
    cfg: &TrainConfig,
    mut state: TrainState,
    observer: &mut dyn Observer,
) -> Result<TrainOutcome> {
    check(cfg)?;
    cfg.batch_plan.check(objective.items(), cfg.batch_size)?;
    objective.check(decoder)?;
    state
        .plateau
        .get_or_insert_with(|| PlateauState::new(cfg.lr));
    let ended_by = loop {
        let advanced = advance(decoder, objective, cfg, &mut state, observer);
        match advanced {
            Ok(None) => {}
            Ok(Some(ended_by)) => break ended_by,
            Err(Error::Interrupted) => {
                observer.checkpoint(&state)?;
                return Err(Error::Interrupted);
            }
            Err(error) => return Err(error),
        }
    };
    let (Some(first), Some(last), Some(best_value)) = (state.first, state.last, state.best_value)
    else {
        return Err(Error::Setting {
            name: "max_updates",
            reason: "left no update to do".to_owned(),
        });
    };
    let lr_last = match (cfg.schedule, state.plateau, cfg.stop_lr) {
        // The rate has reached the stop value: any excess is a rounding error.
        (_, Some(plateau), Some(stop)) if ended_by == EndedBy::PlateauLr => plateau.lr.min(stop),
        (Schedule::Plateau { .. }, Some(plateau), _) => plateau.lr,
        _ => last.lr,
    };
    Ok(TrainOutcome {
        best_adapter: state.best_adapter,
        last_adapter: state.adapter,
        best_value,
        best_update: state.best_update,
        updates: state.update,
        ended_by,
        lr_last,
        history: state.history,
        first,
        last,
    })
}

/// The evaluation that is due, if any, then the end or one update.
fn advance(
    decoder: &Decoder,
    objective: &Objective<'_>,
    cfg: &TrainConfig,
    state: &mut TrainState,
    observer: &mut dyn Observer,
) -> Result<Option<EndedBy>> {
    if evaluation_due(cfg, state) {
        evaluate(cfg, state, observer)?;
    }
    if let Some(ended_by) = ended(cfg, state) {
        return Ok(Some(ended_by));
    }
    let report = update(decoder, objective, cfg, state, &|| observer.stop())?;
    observer.step(&report)?;
    if cfg.checkpoint_every_updates > 0 && state.update.is_multiple_of(cfg.checkpoint_every_updates)
    {
        observer.checkpoint(state)?;
    }
    Ok(None)
}

fn check(cfg: &TrainConfig) -> Result<()> {
    let refuse = |name, reason: &str| {
        Err(Error::Setting {
            name,
            reason: reason.to_owned(),
        })
    };
    if !(cfg.lr.is_finite() && cfg.lr > 0.0) {
        return refuse("lr", "must be a number above 0");
    }
    if cfg.max_updates == 0 {
        return refuse("max_updates", "must be at least 1");
    }
    if !(0.0..1.0).contains(&cfg.dropout) {
        return refuse("dropout", "must be at least 0 and less than 1");
    }
    if let Schedule::Plateau { factor, .. } = cfg.schedule
        && !(factor > 0.0 && factor < 1.0)
    {
        return refuse("schedule", "needs a plateau factor between 0 and 1");
    }
    Ok(())
}

fn evaluation_due(cfg: &TrainConfig, state: &TrainState) -> bool {
    let every = cfg.eval_every_updates;
    let update = state.update;
    let due =
        update == 0 || update >= cfg.max_updates || (every > 0 && update.is_multiple_of(every));
    due && state
        .history
        .last()
        .is_none_or(|point| point.update != update)
}

fn evaluate(cfg: &TrainConfig, state: &mut TrainState, observer: &mut dyn Observer) -> Result<()> {
    let value = observer.evaluate(&state.adapter, state.update)?;
    if !value.is_finite() {
        return Err(Error::NonFinite {
            what: format!("the evaluation after update {}", state.update),
        });
    }
    let lr = state.last.as_ref().map_or(cfg.lr, |report| report.lr);
    state.history.push(EvalPoint {
        update: state.update,
        value,
        lr,
    });
    if state.best_value.is_none_or(|best| value < best) {
        state.best_value = Some(value);
        state.best_update = state.update;
        state.best_adapter = state.adapter.clone();
    }
    if let (
        Schedule::Plateau {
            factor,
            patience,
            threshold,
        },
        Some(plateau),
    ) = (cfg.schedule, &mut state.plateau)
    {
        plateau.observe(value, factor, patience, threshold);
    }
    Ok(())
}

/// Whether the run is over in this state.
fn ended(cfg: &TrainConfig, state: &TrainState) -> Option<EndedBy> {
    if let Some(plateau) = state.plateau.filter(|plateau| plateau.reductions > 0) {
        // 2e-4 * 0.1 is a rounding error above 2e-5; such a rate counts as reached.
        if cfg
            .stop_lr
            .is_some_and(|stop| plateau.lr <= stop * (1.0 + 1e-9))
        {
            return Some(EndedBy::PlateauLr);
        }
        if cfg
            .stop_after_reductions
            .is_some_and(|reductions| plateau.reductions >= reductions)
        {
            return Some(EndedBy::Reductions);
        }
    }
    let since_best = state
        .history
        .iter()
        .rev()
        .take_while(|point| point.update > state.best_update)
        .count();
    if cfg
        .early_stop_evals
        .is_some_and(|evals| evals > 0 && since_best >= evals as usize)
    {
        return Some(EndedBy::EarlyStop);
    }
    (state.update >= cfg.max_updates).then_some(EndedBy::MaxUpdates)
}

fn update(
    decoder: &Decoder,
    objective: &Objective<'_>,
    cfg: &TrainConfig,
    state: &mut TrainState,
    stop: &dyn Fn() -> bool,
) -> Result<StepReport> {
    let plateau_lr = state.plateau.map_or(cfg.lr, |plateau| plateau.lr);
    let lr = cfg
        .schedule
        .lr(plateau_lr, state.update, cfg.warmup_updates);
    let members = cfg
        .batch_plan
        .members(objective.items(), cfg.batch_size, cfg.seed, state.update);
    let key = random::key(cfg.seed, &[random::label("dropout"), state.update as u64]);
    let dropout = (cfg.dropout > 0.0).then_some(Dropout {
        key,
        p: cfg.dropout,
    });
    let batch = batch_gradients(
        decoder,
        &state.adapter,
        objective,
        &members,
        cfg.budget,
        dropout.as_ref(),
        stop,
    )?;
    let BatchGradients {
        gradients,
        loss,
        tokens,
        dpo,
        ..
    } = batch;
    let _counted = counted(Work::Optimizer);
    let gradient = flatten(&gradients.layers)?;
    drop(gradients);
    let grad_norm = global_norm(&gradient)?;
    if !(loss.is_finite() && grad_norm.is_finite()) {
        return Err(Error::NonFinite {
            what: format!("the loss of update {}", state.update + 1),
        });
    }
    let gradient = match cfg.max_grad_norm > 0.0 {
        true => clip(gradient, grad_norm, cfg.max_grad_norm)?,
        false => gradient,
    };
    let parameters = flatten(&state.adapter.update.layers)?;
    let parameters = state
        .optimizer
        .step(&parameters, &gradient, lr, cfg.weight_decay)?;
    state.adapter = unflatten(&state.adapter, &parameters)?;
    state.update += 1;
    let report = StepReport {
        update: state.update,
        loss,
        lr,
        grad_norm,
        tokens,
        dpo,
    };
    state.first.get_or_insert_with(|| report.clone());
    state.last = Some(report.clone());
    Ok(report)
}
