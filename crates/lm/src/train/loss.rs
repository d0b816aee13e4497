//! Log-probabilities of completion tokens from hidden states: what every loss is a function of.
//!
//! The head is evaluated only on rows that have a target, chunk by chunk, so the logits are never held whole.

use candle_core::Tensor;

use crate::error::Result;
use crate::model::Decoder;
use crate::ops::token_logps_of_logits;

/// Logits held at once, as a number of f32 values (32 MiB).
const LOGITS_PER_CHUNK: usize = 1 << 23;

/// Log-probability of `targets[i]` given hidden state row `i` of `hidden` `[M, D]` (after the final norm), and the
/// gradient of each log-probability with respect to its hidden row, `[M, D]`.
///
/// A loss that is a function of token log-probabilities has the gradient `coefficient * row`, so one pass serves
/// every objective.
pub fn token_logps(decoder: &Decoder, hidden: &Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    let rows_per_chunk = (LOGITS_PER_CHUNK / decoder.config.vocab_size).max(1);
    let mut logps = Vec::with_capacity(targets.len());
    let mut grads = Vec::new();
    for (chunk, targets) in targets.chunks(rows_per_chunk).enumerate() {
        let rows = hidden.narrow(0, chunk * rows_per_chunk, targets.len())?;
        let (chunk_logps, dlogits) = token_logps_of_logits(decoder.logits(&rows)?, targets)?;
        logps.extend(chunk_logps);
        grads.push(decoder.lm_head.project_backward(&dlogits, None)?);
    }
    match grads.len() {
        1 => Ok((logps, grads.remove(0))),
        0 => Ok((logps, hidden.clone())),
        _ => Ok((logps, Tensor::cat(&grads, 0)?)),
    }
}
