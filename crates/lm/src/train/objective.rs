//! Gradients of one batch: supervised fine-tuning on completions, or DPO with an NLL term.
//!
//! A batch is processed in micro-batches whose losses are parts of one sum, divided by the counts of the WHOLE batch
//! (target tokens, pairs), so that accumulation is exact: the mean of micro-batch means would weigh tokens of small
//! micro-batches more. Supervised loss: mean over all target tokens, as transformers' Trainer. DPO: the mean over pairs
//! of a loss in `preference`. The sequences of a pair share the rows of their prompt, whose dropout is then drawn once
//! for both.
//!
//! On a device nothing blocks until every pass of the batch has been launched; only then are the losses read.
//! Preference pairs are the exception: the derivatives of their loss depend on the log-probabilities, which are read
//! once for each micro-batch, between its forward and its backward pass.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};

use super::backward::backward;
use super::batch::{PackedCompletions, PreferencePair, TrainExample};
use super::gradients::Gradients;
use super::loss::token_logps;
use super::preference::{PairLogps, PairLoss, PreferenceLoss};
use crate::device::read_back;
use crate::error::{Error, Result};
use crate::lora::Adapter;
use crate::model::packed_batch::Sequence;
use crate::model::{Decoder, Dropout, LowRank, PackedBatch, Tape};
use crate::parallel::{fold_in_order, micro_batches, passes};
use crate::profile::{Work, timed};
use crate::random;

/// What is minimised, and on what.
#[derive(Debug, Clone, Copy)]
pub enum Objective<'a> {
    /// Mean negative log-likelihood of the completion tokens.
    Sft(&'a [TrainExample]),
    /// A preference loss plus `sft_weight` times a token-mean negative log-likelihood.
    Dpo {
        /// The pairs with the reference policy's log-probabilities.
        pairs: &'a [PreferencePair],
        /// The preference loss.
        loss: PreferenceLoss,
        /// Its beta: for most losses the strength of the pull towards the reference.
        beta: f64,
        /// Weight of the NLL term; 0 leaves it out.
        sft_weight: f64,
    },
}

impl Objective<'_> {
    /// Number of items to draw batches from.
    pub fn items(&self) -> usize {
        match self {
            Self::Sft(examples) => examples.len(),
            Self::Dpo { pairs, .. } => pairs.len(),
        }
    }

    /// The (prompt, completion) sequences of an item: one example; or chosen, rejected and, if the pair has one and its
    /// weight is not 0, the example of the NLL term.
    fn sequences(&self, item: usize) -> Vec<Sequence<'_>> {
        match self {
            Self::Sft(examples) => {
                vec![(&examples[item].prompt_ids, &examples[item].completion_ids)]
            }
            Self::Dpo {
                pairs, sft_weight, ..
            } => {
                let pair = &pairs[item];
                let mut sequences: Vec<Sequence<'_>> = vec![
                    (&pair.prompt_ids, &pair.chosen_ids),
                    (&pair.prompt_ids, &pair.rejected_ids),
                ];
                if let Some(example) = pair.sft.as_ref().filter(|_| *sft_weight != 0.0) {
                    sequences.push((&example.prompt_ids, &example.completion_ids));
                }
                sequences
            }
        }
    }

    /// Refuses items that cannot be trained on: empty texts, excessive length, ids out of range, non-finite reference.
    pub(super) fn check(&self, decoder: &Decoder) -> Result<()> {
        let limit = decoder.config.max_position_embeddings;
        for item in 0..self.items() {
            for (prompt, completion) in self.sequences(item) {
                let refuse = |reason: &str| {
                    Err(Error::Setting {
                        name: "objective",
                        reason: format!("item {item}: {reason}"),
                    })
                };
                if prompt.is_empty() || completion.is_empty() {
                    return refuse("prompt and completion need at least one token each");
                }
                let tokens = prompt.len() + completion.len();
                if tokens > limit {
                    return Err(Error::ContextExceeded { tokens, limit });
                }
                if prompt
                    .iter()
                    .chain(completion)
                    .any(|id| *id as usize >= decoder.config.vocab_size)
                {
                    return refuse("a token id is not in the model's vocabulary");
                }
            }
            self.check_reference(item)?;
        }
        match self {
            Self::Sft(_) => Ok(()),
            Self::Dpo { loss, .. } => loss.check(),
        }
    }

    /// Refuses a pair whose reference log-probabilities are missing where the loss needs them, or not numbers.
    fn check_reference(&self, item: usize) -> Result<()> {
        let Self::Dpo { pairs, loss, .. } = self else {
            return Ok(());
        };
        match pairs[item].ref_logps {
            Some((chosen, rejected)) if !(chosen + rejected).is_finite() => Err(Error::NonFinite {
                what: format!("the reference log-probability of pair {item}"),
            }),
            None if !loss.is_reference_free() => Err(Error::Setting {
                name: "objective",
                reason: format!("pair {item} has no log-probabilities of the reference policy"),
            }),
            _ => Ok(()),
        }
    }

    /// Target tokens that share the mean of the NLL term in a batch.
    fn nll_tokens(&self, members: &[usize]) -> usize {
        let of_item = |item: usize| match self {
            Self::Sft(examples) => examples[item].completion_ids.len(),
            Self::Dpo {
                pairs, sft_weight, ..
            } => match &pairs[item].sft {
                Some(example) if *sft_weight != 0.0 => example.completion_ids.len(),
                _ => pairs[item].chosen_ids.len(),
            },
        };
        members.iter().map(|item| of_item(*item)).sum()
    }
}

/// Means of a DPO batch over its pairs, before the update.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DpoReport {
    /// Preference loss, nats.
    pub dpo_loss: f64,
    /// Token-mean negative log-likelihood of the NLL term (of the chosen completions where its weight is 0).
    pub sft_loss: f64,
    /// Reward of the chosen minus that of the rejected completion.
    pub margin: f64,
    /// Share of pairs with a positive margin.
    pub accuracy: f64,
    /// Summed log-probability of the chosen completion under the policy.
    pub logps_chosen: f64,
    /// Summed log-probability of the rejected completion under the policy.
    pub logps_rejected: f64,
    /// Implicit reward of the chosen completion, see [`PairLoss`].
    pub rewards_chosen: f64,
    /// Implicit reward of the rejected completion, see [`PairLoss`].
    pub rewards_rejected: f64,
}

/// Loss and gradients of one batch, before clipping.
#[derive(Debug, Clone)]
pub struct BatchGradients {
    /// dLoss/dA and dLoss/dB.
    pub gradients: Gradients,
    /// Loss of the whole batch.
    pub loss: f64,
    /// Tokens of all sequences, prompts included; one that several sequences share counts for each of them.
    pub tokens: usize,
    /// Each pair's preference loss, in the order of the members; empty without preference pairs.
    pub pairs: Vec<PairLoss>,
    /// Means over the pairs; none without preference pairs.
    pub dpo: Option<DpoReport>,
}

/// What one micro-batch adds to the figures of its batch.
#[derive(Default)]
struct Sums {
    pairs: Vec<PairLoss>,
    nll: f64,
    logps_chosen: f64,
    logps_rejected: f64,
    /// Log-probabilities that are parts of `nll` and are still on their device.
    unread: Vec<Tensor>,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.unread.extend(other.unread);
        self.pairs.extend(other.pairs);
        self.nll += other.nll;
        self.logps_chosen += other.logps_chosen;
        self.logps_rejected += other.logps_rejected;
    }
}

/// How much memory training may take; beyond rounding, results do not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Tokens computed at once; a prompt that neighbours share counts once.
    pub tokens: usize,
    /// Keep only the inputs of the blocks and recompute the rest ([`Tape::recompute`]).
    pub recompute: bool,
}

impl From<usize> for Budget {
    fn from(tokens: usize) -> Self {
        Self {
            tokens,
            recompute: false,
        }
    }
}

/// Loss and gradients of the items `members` within `budget`. `dropout` gives each micro-batch its own stream. `stop`
/// is called between micro-batches.
///
/// # Errors
/// [`Error::Interrupted`] when `stop` says so; nothing has changed then.
pub fn batch_gradients(
    decoder: &Decoder,
    adapter: &Adapter,
    objective: &Objective<'_>,
    members: &[usize],
    budget: impl Into<Budget>,
    dropout: Option<&Dropout>,
    stop: &dyn Fn() -> bool,
) -> Result<BatchGradients> {
    let Budget { tokens, recompute } = budget.into();
    let sequences: Vec<_> = members
        .iter()
        .map(|item| objective.sequences(*item))
        .collect();
    let sizes: Vec<usize> = sequences
        .iter()
        .map(|item| PackedBatch::rows_of(item, &decoder.rope))
        .collect();
    let length = |(prompt, completion): &Sequence<'_>| prompt.len() + completion.len();
    let read = sequences.iter().flatten().map(length).sum();
    let nll_tokens = objective.nll_tokens(members) as f64;
    let (tokens, workers) = passes(&decoder.place(), tokens);
    let adapter = &*adapter.update.computed_in(decoder.dtype())?;
    let runs = micro_batches(&sizes, tokens);
    let gradients_of =
        |index: usize| {
            let run = runs[index].clone();
            let packed = PackedCompletions::new(&sequences[run.clone()].concat(), decoder)?;
            let dropout = dropout.map(|d| Dropout {
                key: random::key(d.key, &[index as u64]),
                p: d.p,
            });
            let tape = Tape {
                recompute,
                ..Tape::default()
            };
            let counts = BatchCounts {
                nll_tokens,
                items: members.len() as f64,
            };
            micro_gradients(decoder, adapter, &packed, dropout.as_ref(), tape, |logps| {
                match objective {
                    Objective::Sft(_) => {
                        let sums = Sums {
                            unread: vec![logps.clone()],
                            ..Sums::default()
                        };
                        Ok((vec![(-1.0 / nll_tokens) as f32; packed.targets.len()], sums))
                    }
                    Objective::Dpo { .. } => Ok(coefficients(
                        objective,
                        &members[run],
                        &packed,
                        &read_back(logps)?,
                        counts,
                    )),
                }
            })
        };
    let mut sums = Sums::default();
    let mut total: Option<Gradients> = None;
    let add = |(gradients, part)| {
        sums.add(part);
        match &mut total {
            None => total = Some(gradients),
            Some(total) => total.add(gradients)?,
        }
        Ok(())
    };
    fold_in_order(runs.len(), workers, stop, gradients_of, add)?;
    let gradients = total.ok_or_else(|| Error::Setting {
        name: "batch",
        reason: "has no items".to_owned(),
    })?;
    if !sums.unread.is_empty() {
        sums.nll -= read_back(&Tensor::cat(&sums.unread, 0)?)?
            .into_iter()
            .map(f64::from)
            .sum::<f64>();
    }
    let nll = sums.nll / nll_tokens;
    let (loss, dpo) = match objective {
        Objective::Sft(_) => (nll, None),
        Objective::Dpo { sft_weight, .. } => {
            let report = report(&sums, nll);
            let weighted = if *sft_weight == 0.0 {
                0.0
            } else {
                sft_weight * nll
            };
            (report.dpo_loss + weighted, Some(report))
        }
    };
    Ok(BatchGradients {
        gradients,
        loss,
        tokens: read,
        pairs: sums.pairs,
        dpo,
    })
}

/// Forward and backward pass of one micro-batch; `coefficients` turns token log-probabilities `[M]` into the loss's
/// derivatives with respect to them, and into figures.
fn micro_gradients(
    decoder: &Decoder,
    adapter: &LowRank,
    packed: &PackedCompletions,
    dropout: Option<&Dropout>,
    mut tape: Tape,
    coefficients: impl FnOnce(&Tensor) -> Result<(Vec<f32>, Sums)>,
) -> Result<(Gradients, Sums)> {
    let hidden = decoder.forward(&packed.batch, Some(adapter), dropout, Some(&mut tape))?;
    let (logps, dlogps) = timed(Work::Head, || {
        token_logps(decoder, &hidden, &packed.targets)
    })?;
    let (weights, sums) = coefficients(&logps)?;
    let weights = Tensor::new(weights, &decoder.device)?
        .to_dtype(dlogps.dtype())?
        .unsqueeze(1)?;
    let dhidden = dlogps.broadcast_mul(&weights)?;
    Ok((
        backward(decoder, adapter, &packed.batch, tape, &dhidden, dropout)?,
        sums,
    ))
}

/// What a whole batch's sums are divided by.
#[derive(Clone, Copy)]
struct BatchCounts {
    nll_tokens: f64,
    items: f64,
}

/// Derivatives of a preference batch's loss with respect to each token log-probability of a micro-batch, and its
/// figures.
fn coefficients(
    objective: &Objective<'_>,
    members: &[usize],
    packed: &PackedCompletions,
    logps: &[f32],
    counts: BatchCounts,
) -> (Vec<f32>, Sums) {
    let (mut out, mut sums) = (vec![0f32; logps.len()], Sums::default());
    let Objective::Dpo {
        pairs,
        loss,
        beta,
        sft_weight,
    } = objective
    else {
        return (out, sums);
    };
    let total = |place: usize| -> f64 {
        logps[packed.completions[place].clone()]
            .iter()
            .map(|logp| f64::from(*logp))
            .sum()
    };
    let mut weigh = |place: usize, weight: f64| {
        out[packed.completions[place].clone()]
            .iter_mut()
            .for_each(|c| *c += weight as f32);
    };
    let mut place = 0;
    for item in members {
        let pair = &pairs[*item];
        let (chosen, rejected) = (total(place), total(place + 1));
        let (ref_chosen, ref_rejected) = pair.ref_logps.unwrap_or_default();
        let [chosen_tokens, rejected_tokens] =
            [&pair.chosen_ids, &pair.rejected_ids].map(|ids| ids.len() as f64);
        let logps = PairLogps {
            chosen,
            rejected,
            ref_chosen,
            ref_rejected,
            chosen_tokens,
            rejected_tokens,
        };
        let outcome = loss.of_pair(&logps, *beta);
        let has_example = pair.sft.is_some() && *sft_weight != 0.0;
        let nll_place = if has_example { place + 2 } else { place };
        weigh(place, outcome.at.dchosen / counts.items);
        weigh(place + 1, outcome.at.drejected / counts.items);
        weigh(nll_place, -sft_weight / counts.nll_tokens);
        sums.nll -= total(nll_place);
        sums.logps_chosen += chosen;
        sums.logps_rejected += rejected;
        sums.pairs.push(outcome);
        place += if has_example { 3 } else { 2 };
    }
    (out, sums)
}

fn report(sums: &Sums, nll: f64) -> DpoReport {
    let n = sums.pairs.len() as f64;
    let mean = |value: fn(&PairLoss) -> f64| sums.pairs.iter().map(value).sum::<f64>() / n;
    DpoReport {
        dpo_loss: mean(|pair| pair.at.loss),
        sft_loss: nll,
        margin: mean(|pair| pair.reward_chosen - pair.reward_rejected),
        accuracy: mean(|pair| f64::from(u8::from(pair.reward_chosen > pair.reward_rejected))),
        logps_chosen: sums.logps_chosen / n,
        logps_rejected: sums.logps_rejected / n,
        rewards_chosen: mean(|pair| pair.reward_chosen),
        rewards_rejected: mean(|pair| pair.reward_rejected),
    }
}
