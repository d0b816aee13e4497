//! Log-probabilities of completion tokens from hidden states: what every loss is a function of.
//!
//! The head is evaluated only on rows that have a target, chunk by chunk, so the full logits are never in memory at
//! once.

use std::ops::Range;

use candle_core::{DType, Tensor};

use crate::error::Result;
use crate::model::Decoder;
use crate::model::linear::add_product;
use crate::ops::{DEVICE_LOGITS_PER_CHUNK, fused, token_logps_of_logits};

/// Logits that the processor holds at once, as a number of f32 values (32 MiB).
pub(crate) const LOGITS_PER_CHUNK: usize = 1 << 23;

/// Log-probability of `targets[i]` given hidden state row `i` of `hidden` `[M, D]` (after the final norm), f32 `[M]`, and
/// the gradient of each log-probability with respect to its hidden row, `[M, D]`. Nothing is read back from a device.
///
/// A loss that is a function of token log-probabilities has the gradient `coefficient * row`, so one pass serves
/// every objective.
pub fn token_logps(
    decoder: &Decoder,
    hidden: &Tensor,
    targets: &[u32],
) -> Result<(Tensor, Tensor)> {
    by_chunk(decoder, hidden, targets, |_, dlogits| {
        decoder.logits_backward(&dlogits)
    })
}

/// Log-probabilities as [`token_logps`], the gradient `[M, D]` of `sum(coefficients[i] * logp[i])` with respect to the
/// hidden states, and that sum's gradient with respect to the head `[V, D]`.
pub(super) fn weighted_logps(
    decoder: &Decoder,
    hidden: &Tensor,
    targets: &[u32],
    coefficients: &[f32],
) -> Result<(Tensor, Tensor, Tensor)> {
    let shape = (decoder.config.vocab_size, decoder.config.hidden_size);
    let mut dhead = Tensor::zeros(shape, hidden.dtype(), hidden.device())?;
    let (logps, dhidden) = by_chunk(decoder, hidden, targets, |rows, dlogits| {
        let coefficients =
            Tensor::new(&coefficients[rows.clone()], hidden.device())?.unsqueeze(1)?;
        let dlogits = dlogits.broadcast_mul(&coefficients)?;
        let hidden = hidden.narrow(0, rows.start, rows.len())?;
        let factor = 1.0 / decoder.config.logits_scaling;
        dhead = add_product(dhead.clone(), &dlogits.t()?, &hidden, factor)?;
        decoder.logits_backward(&dlogits)
    })?;
    Ok((logps, dhidden, dhead))
}

/// The head on some rows at a time: `dhidden` turns the gradients of their log-probabilities with respect to the logits
/// into those with respect to the hidden states.
fn by_chunk(
    decoder: &Decoder,
    hidden: &Tensor,
    targets: &[u32],
    mut dhidden: impl FnMut(Range<usize>, Tensor) -> Result<Tensor>,
) -> Result<(Tensor, Tensor)> {
    let logits_per_chunk = if fused(hidden) {
        LOGITS_PER_CHUNK
    } else {
        DEVICE_LOGITS_PER_CHUNK
    };
    let rows_per_chunk =
        rows_per_chunk(targets.len(), logits_per_chunk / decoder.config.vocab_size);
    let (mut logps, mut grads) = (Vec::new(), Vec::new());
    for (chunk, targets) in targets.chunks(rows_per_chunk).enumerate() {
        let rows = chunk * rows_per_chunk..chunk * rows_per_chunk + targets.len();
        let logits = decoder.logits(&hidden.narrow(0, rows.start, rows.len())?)?;
        let (chunk_logps, dlogits) = token_logps_of_logits(logits, targets)?;
        logps.push(chunk_logps);
        grads.push(dhidden(rows, dlogits)?);
    }
    match grads.len() {
        1 => Ok((logps.remove(0), grads.remove(0))),
        0 => Ok((
            Tensor::zeros(0, DType::F32, hidden.device())?,
            hidden.clone(),
        )),
        _ => Ok((Tensor::cat(&logps, 0)?, Tensor::cat(&grads, 0)?)),
    }
}

/// Rows of one chunk of at most `most`: about as many in each, since a last chunk of few rows costs nearly as much as a
/// full one.
fn rows_per_chunk(rows: usize, most: usize) -> usize {
    rows.div_ceil(rows.div_ceil(most.max(1)).max(1)).max(1)
}
