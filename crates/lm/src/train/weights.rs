//! Gradients of a decoder's own weights, for training without an adapter: pretraining of small models.

use super::backward::backward_weights;
use super::batch::{PackedCompletions, TrainExample};
use super::gradients::WeightGradients;
use super::loss::weighted_logps;
use super::objective::Budget;
use crate::device::read_back;
use crate::error::{Error, Result};
use crate::model::tensors::{EMBEDDING, HEAD};
use crate::model::{Decoder, Tape};
use crate::parallel::{fold_in_order, micro_batches, passes};
use crate::profile::{Work, timed};

/// Loss and gradients of one batch, before clipping.
#[derive(Debug, Clone)]
pub struct WeightBatch {
    /// dLoss/dW of every weight tensor, by tensor name.
    pub gradients: WeightGradients,
    /// Mean negative log-likelihood of the completion tokens, in nats per token.
    pub loss: f64,
    /// Tokens of all sequences, prompts included.
    pub tokens: usize,
}

/// Computes the mean negative log-likelihood of the completion tokens of `examples`, and its gradients with respect to
/// all weights of a dense `decoder`.
///
/// `budget` limits the micro-batches, and `stop` is called between them. To learn a whole document, pass its first
/// token as the prompt and the remaining tokens as the completion. Micro-batches that run at the same time each hold
/// their own gradients in memory.
///
/// # Errors
/// [`Error::Interrupted`] if `stop` says so; [`Error::Setting`] if there are no examples or if one has an empty prompt
/// or completion.
pub fn weight_gradients(
    decoder: &Decoder,
    examples: &[&TrainExample],
    budget: impl Into<Budget>,
    stop: &dyn Fn() -> bool,
) -> Result<WeightBatch> {
    if examples
        .iter()
        .any(|e| e.prompt_ids.is_empty() || e.completion_ids.is_empty())
    {
        let reason = "prompt and completion need at least one token each".to_owned();
        return Err(Error::Setting {
            name: "examples",
            reason,
        });
    }
    let Budget { tokens, recompute } = budget.into();
    let sizes: Vec<usize> = examples
        .iter()
        .map(|e| e.prompt_ids.len() + e.completion_ids.len())
        .collect();
    let targets: usize = examples.iter().map(|e| e.completion_ids.len()).sum();
    if targets == 0 {
        return Err(Error::Setting {
            name: "examples",
            reason: "must not be empty".to_owned(),
        });
    }
    let (tokens, workers) = passes(&decoder.place(), tokens);
    let runs = micro_batches(&sizes, tokens);
    let (mut gradients, mut loss) = (WeightGradients::default(), 0.0);
    let gradients_of =
        |index: usize| micro_gradients(decoder, &examples[runs[index].clone()], targets, recompute);
    let add = |(part, nll): (WeightGradients, f64)| {
        loss += nll;
        part.tensors
            .into_iter()
            .try_for_each(|(name, gradient)| gradients.add(&name, gradient))
    };
    fold_in_order(runs.len(), workers, stop, gradients_of, add)?;
    Ok(WeightBatch {
        gradients,
        loss: loss / targets as f64,
        tokens: sizes.iter().sum(),
    })
}

/// Returns the gradients of one micro-batch's summed negative log-likelihood divided by `targets`, and that sum itself,
/// in nats and undivided.
fn micro_gradients(
    decoder: &Decoder,
    examples: &[&TrainExample],
    targets: usize,
    recompute: bool,
) -> Result<(WeightGradients, f64)> {
    let sequences: Vec<_> = examples
        .iter()
        .map(|e| (e.prompt_ids.as_slice(), e.completion_ids.as_slice()))
        .collect();
    let packed = PackedCompletions::new(&sequences, decoder)?;
    let mut tape = Tape {
        recompute,
        ..Tape::default()
    };
    let hidden = decoder.forward(&packed.batch, None, None, Some(&mut tape))?;
    let coefficients = vec![-1.0 / targets as f32; packed.targets.len()];
    let (logps, dhidden, dhead) = timed(Work::Head, || {
        weighted_logps(decoder, &hidden, &packed.targets, &coefficients)
    })?;
    let mut gradients = backward_weights(decoder, &packed.batch, tape, &dhidden)?;
    gradients.add(
        if decoder.config.tie_word_embeddings {
            EMBEDDING
        } else {
            HEAD
        },
        dhead,
    )?;
    Ok((
        gradients,
        -read_back(&logps)?.into_iter().map(f64::from).sum::<f64>(),
    ))
}
