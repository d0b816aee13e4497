//! The loop: batches of windows, gradients of all weights, clipping, AdamW, validation.

use std::ops::ControlFlow;
use std::path::Path;

use candle_core::{DType, Tensor};

use super::state::{Place, PretrainState};
use super::weights::{check, flatten, parts, put, write};
use crate::error::{Error, Result};
use crate::infer::generate::{GenerateConfig, GenerateRequest, generate};
use crate::infer::language_model::LanguageModel;
use crate::infer::sample::Filters;
use crate::infer::score::{Completion, score};
use crate::random;
use crate::train::{Budget, TrainExample, clip, global_norm, weight_gradients};

/// Settings of a pretraining.
#[derive(Debug, Clone, PartialEq)]
pub struct PretrainConfig {
    /// Highest learning rate; reached after the warm-up, falls along a cosine to a twentieth.
    pub lr: f64,
    /// Updates until the highest learning rate is reached.
    pub warmup_updates: usize,
    /// Minimum number of tokens in an update.
    pub batch_tokens: usize,
    /// Upper bound on the gradient's norm.
    pub max_grad_norm: f64,
    /// Tokens computed at once.
    pub budget: Budget,
    /// How often the training text is read.
    pub epochs: f64,
    /// Wall-clock seconds after which training ends if the epochs have not: the learning rate falls with time. Such a
    /// run depends on the machine's speed.
    pub max_wall_s: Option<f64>,
    /// Updates after which training ends if the epochs have not; the learning rate is as if all epochs were run.
    pub max_updates: Option<usize>,
    /// Updates between validations, each with a sample and a checkpoint.
    pub eval_every_updates: usize,
    /// Order of the windows.
    pub seed: u64,
}

/// What one update did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Updates made so far.
    pub update: usize,
    /// Mean negative log-likelihood of its tokens before the update, nats.
    pub loss: f64,
    /// Its learning rate.
    pub lr: f64,
    /// Tokens read so far.
    pub tokens: usize,
    /// Share of the training that is done.
    pub progress: f64,
}

/// What one validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Updates made so far.
    pub update: usize,
    /// Mean negative log-likelihood of the validation tokens, nats.
    pub val_loss: f64,
    /// The model's continuation of the beginning of a validation window.
    pub sample: String,
}

/// The result of a pretraining.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Updates, tokens and seconds.
    pub place: Place,
    /// The last validation.
    pub val_loss: f64,
}

/// Watches the training, keeps its state, and may ask it to stop.
pub trait Observer {
    /// Called after each update.
    fn step(&mut self, step: &Step);
    /// Called after each validation.
    fn evaluated(&mut self, evaluation: &Evaluation);
    /// Keeps the state.
    ///
    /// # Errors
    /// Where it cannot be kept.
    fn checkpoint(&mut self, state: &PretrainState) -> Result<()>;
    /// Whether to stop; the state is saved first.
    fn stop(&self) -> bool;
    /// Wall-clock seconds since an arbitrary start.
    fn now_s(&self) -> f64;
}

/// Number of tokens in a sample.
const SAMPLE_TOKENS: usize = 96;
/// The most tokens of a validation window that the sample continues from.
const SAMPLE_PROMPT_TOKENS: usize = 160;
/// Share of the learning rate that is left at the end.
const LAST_LR_SHARE: f64 = 0.05;

impl PretrainState {
    /// The state before the first update of a model.
    ///
    /// # Errors
    /// [`Error::Setting`] for a family whose matrices cannot be trained one by one.
    pub fn of_model(model: &LanguageModel) -> Result<Self> {
        check(&model.decoder.config)?;
        Self::new(flatten(&model.decoder)?)
    }

    /// Writes the weights of the state as the model file of a folder, in bf16 or f32.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write_model(&self, model: &LanguageModel, half: bool, path: &Path) -> Result<()> {
        let dtype = if half { DType::BF16 } else { DType::F32 };
        write(
            &parts(&model.decoder.config, &self.parameters)?,
            dtype,
            path,
        )
    }
}

/// Trains all weights of `model` on `train`, starting at `state`, until the epochs or the time are over; model and
/// state then hold the resulting
/// weights. Without a time limit the same seed gives the same weights, stopped and resumed or
/// not.
///
/// # Errors
/// [`Error::Interrupted`] when the observer asks to stop, after it was given the state; [`Error::NonFinite`] where the
/// loss is not a number; [`Error::Setting`] if there are no windows.
pub fn pretrain(
    model: &mut LanguageModel,
    train: &[TrainExample],
    validation: &[TrainExample],
    config: &PretrainConfig,
    state: &mut PretrainState,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    for (name, windows) in [("corpus", train), ("validation", validation)] {
        if windows.is_empty() {
            return Err(Error::Setting {
                name,
                reason: "holds no text to learn from".to_owned(),
            });
        }
    }
    let (begun_s, earlier_s) = (observer.now_s(), state.place.wall_s);
    let total = config.epochs * train.iter().map(length).sum::<usize>() as f64;
    put(&mut model.decoder, &state.parameters)?;
    let mut order = Order::new(train.len(), config.seed);
    let mut evaluated = None;
    loop {
        state.place.wall_s = earlier_s + observer.now_s() - begun_s;
        let in_time = config
            .max_wall_s
            .map_or(0.0, |limit| state.place.wall_s / limit);
        let progress = (state.place.tokens as f64 / total).max(in_time).min(1.0);
        if progress >= 1.0
            || config
                .max_updates
                .is_some_and(|most| state.place.update >= most)
        {
            break;
        }
        let stop = || observer.stop();
        let step = match stop() {
            true => Err(Error::Interrupted),
            false => update(model, train, config, state, &mut order, progress, &stop),
        };
        if let Err(Error::Interrupted) = step {
            observer.checkpoint(state)?;
        }
        observer.step(&step?);
        if state
            .place
            .update
            .is_multiple_of(config.eval_every_updates.max(1))
        {
            evaluated = Some(evaluate(model, validation, config, state.place.update)?);
            evaluated
                .iter()
                .for_each(|evaluation| observer.evaluated(evaluation));
            observer.checkpoint(state)?;
        }
    }
    let evaluation = match evaluated.filter(|evaluation| evaluation.update == state.place.update) {
        Some(evaluation) => evaluation,
        None => {
            let evaluation = evaluate(model, validation, config, state.place.update)?;
            observer.evaluated(&evaluation);
            evaluation
        }
    };
    observer.checkpoint(state)?;
    Ok(Outcome {
        place: state.place,
        val_loss: evaluation.val_loss,
    })
}

fn length(window: &TrainExample) -> usize {
    window.prompt_ids.len() + window.completion_ids.len()
}

fn update(
    model: &mut LanguageModel,
    train: &[TrainExample],
    config: &PretrainConfig,
    state: &mut PretrainState,
    order: &mut Order,
    progress: f64,
    stop: &dyn Fn() -> bool,
) -> Result<Step> {
    let mut members = Vec::new();
    let mut tokens = 0;
    while tokens < config.batch_tokens.max(1) {
        let window = &train[order.at(state.place.windows + members.len())];
        tokens += length(window);
        members.push(window);
    }
    let batch = weight_gradients(&model.decoder, &members, config.budget, stop)?;
    // In order of name, as `flatten` arranges the weights.
    let gradient = batch
        .gradients
        .tensors
        .into_values()
        .map(|gradient| gradient.flatten_all());
    let gradient = Tensor::cat(&gradient.collect::<candle_core::Result<Vec<_>>>()?, 0)?;
    let norm = global_norm(&gradient)?;
    if !(batch.loss.is_finite() && norm.is_finite()) {
        return Err(Error::NonFinite {
            what: format!("the loss of update {}", state.place.update + 1),
        });
    }
    let gradient = clip(gradient, norm, config.max_grad_norm)?;
    let lr = config.lr * share(state.place.update, config.warmup_updates, progress);
    state.parameters = state
        .optimizer
        .step(&state.parameters, &gradient, lr, 0.0)?;
    put(&mut model.decoder, &state.parameters)?;
    state.place.update += 1;
    state.place.windows += members.len();
    state.place.tokens += tokens;
    Ok(Step {
        update: state.place.update,
        loss: batch.loss,
        lr,
        tokens: state.place.tokens,
        progress,
    })
}

/// Share of the highest learning rate: up along a line, then down along a
/// cosine (Loshchilov and Hutter 2017, arXiv 1608.03983).
fn share(update: usize, warmup_updates: usize, progress: f64) -> f64 {
    let warmup = ((update + 1) as f64 / warmup_updates.max(1) as f64).min(1.0);
    let cosine = 0.5 * (1.0 + (std::f64::consts::PI * progress).cos());
    warmup * (LAST_LR_SHARE + (1.0 - LAST_LR_SHARE) * cosine)
}

fn evaluate(
    model: &LanguageModel,
    validation: &[TrainExample],
    config: &PretrainConfig,
    update: usize,
) -> Result<Evaluation> {
    let completions: Vec<_> = validation
        .iter()
        .map(|w| Completion {
            prompt_ids: &w.prompt_ids,
            completion_ids: &w.completion_ids,
        })
        .collect();
    let scored = score(&model.decoder, None, &completions, config.budget.tokens)?;
    let tokens: usize = scored.iter().map(|scored| scored.n_tokens).sum();
    let logp: f64 = scored.iter().map(|scored| scored.logp_sum).sum();
    Ok(Evaluation {
        update,
        val_loss: -logp / tokens as f64,
        sample: sample(model, &validation[update % validation.len()])?,
    })
}

/// What follows the first half of a window.
fn sample(model: &LanguageModel, window: &TrainExample) -> Result<String> {
    let whole = [window.prompt_ids.as_slice(), &window.completion_ids].concat();
    let known = (whole.len() / 2)
        .clamp(1, SAMPLE_PROMPT_TOKENS)
        .min(whole.len());
    let config = GenerateConfig {
        max_new_tokens: SAMPLE_TOKENS.min(model.context_tokens() - known),
        filters: Filters::GREEDY,
        stop_ids: model.stop_ids.clone(),
        batch_size: 1,
    };
    let request = GenerateRequest {
        prompt_ids: whole[..known].to_vec(),
        key: 0,
    };
    let ids = generate(&model.decoder, None, &[request], &config, &mut |_, _| {
        ControlFlow::Continue(())
    })?;
    ids.first().map_or(Ok(String::new()), |generation| {
        model.decode(&generation.ids)
    })
}

/// The windows in a new order each epoch.
struct Order {
    count: usize,
    seed: u64,
    epoch: usize,
    places: Vec<usize>,
}

impl Order {
    fn new(count: usize, seed: u64) -> Self {
        Self {
            count,
            seed,
            epoch: usize::MAX,
            places: Vec::new(),
        }
    }

    fn at(&mut self, window: usize) -> usize {
        let epoch = window / self.count;
        if epoch != self.epoch {
            let key = random::key(self.seed, &[random::label("pretrain"), epoch as u64]);
            (self.epoch, self.places) = (epoch, random::shuffle(key, self.count));
        }
        self.places[window % self.count]
    }
}
