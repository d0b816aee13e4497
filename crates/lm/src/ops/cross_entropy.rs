//! Softmax cross-entropy over the vocabulary: `logp = z[target] - log(sum(e^z))`, with the gradient
//! `onehot(target) - softmax(z)`.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, D, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use super::{BLOCK, contiguous_mut, exp, exp_and_sum, max_lanes, sum_lanes, vectorised};
use crate::error::Result;

/// `log(sum(e^z))` of one row of logits.
pub(crate) fn log_sum_exp(logits: &[f32]) -> f32 {
    vectorised(
        #[inline(always)]
        || {
            let max = max_lanes(logits);
            // Sums of 10^5 terms in f32 would lose digits.
            let of_block = |block: &[f32]| f64::from(sum_lanes(block.len(), |i| exp(block[i] - max)));
            max + logits.chunks(BLOCK).map(of_block).sum::<f64>().ln() as f32
        },
    )
}

/// Log-probability of one target in each row of logits `[M, V]`, and its gradient with respect to the logits, in
/// their place on the CPU.
pub(crate) fn token_logps_of_logits(logits: Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    if !logits.device().is_cpu() {
        return token_logps_of_logits_composed(&logits, targets);
    }
    let op = TargetLogps { targets, logps: Mutex::new(vec![0.0; targets.len()]) };
    logits.inplace_op1(&op)?;
    let logps = op.logps.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((logps, logits))
}

struct TargetLogps<'a> {
    targets: &'a [u32],
    logps: Mutex<Vec<f32>>,
}

impl InplaceOp1 for TargetLogps<'_> {
    fn name(&self) -> &'static str {
        "target-logps"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let vocab = layout.dims()[layout.dims().len() - 1];
        let values = contiguous_mut(storage, layout)?;
        let mut logps = self.logps.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = values.par_chunks_mut(vocab).zip(self.targets.par_iter()).zip(logps.par_iter_mut());
        rows.for_each(|((row, target), logp)| {
            *logp = vectorised(
                #[inline(always)]
                || logp_row(row, *target as usize),
            )
        });
        Ok(())
    }
}

#[inline(always)]
fn logp_row(row: &mut [f32], target: usize) -> f32 {
    let max = max_lanes(row);
    let centred = row[target] - max;
    let total = exp_and_sum(row, max, 1.0);
    let inverse = -1.0 / total;
    for value in row.iter_mut() {
        *value *= inverse;
    }
    row[target] += 1.0;
    centred - total.ln()
}

fn token_logps_of_logits_composed(logits: &Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    let targets = Tensor::new(targets, logits.device())?.unsqueeze(1)?;
    let centred = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?)?;
    let log_probs = centred.broadcast_sub(&centred.exp()?.sum_keepdim(D::Minus1)?.log()?)?;
    let logps = log_probs.gather(&targets, D::Minus1)?.squeeze(1)?.to_vec1::<f32>()?;
    let ones = targets.ones_like()?.to_dtype(logits.dtype())?;
    Ok((logps, log_probs.exp()?.neg()?.scatter_add(&targets, &ones, D::Minus1)?))
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn target_logps_agree_with_composed_and_autograd() {
        let logits = (random(1, &[9, 131]) * 5.0).unwrap();
        let targets = [0, 130, 5, 5, 77, 1, 2, 3, 64];
        let (composed_logps, composed) = token_logps_of_logits_composed(&logits, &targets).unwrap();
        let (logps, grad) = token_logps_of_logits(logits.copy().unwrap(), &targets).unwrap();
        for (a, b) in logps.iter().zip(&composed_logps) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        let rows = logits.to_vec2::<f32>().unwrap();
        for ((row, target), logp) in rows.iter().zip(targets).zip(&logps) {
            assert!((row[target as usize] - log_sum_exp(row) - logp).abs() < 1e-5);
        }
        assert_close(&grad, &composed, 1e-6);
        let var = Var::from_tensor(&logits).unwrap();
        let index = Tensor::new(&targets, &Device::Cpu).unwrap().unsqueeze(1).unwrap();
        let log_probs = candle_nn::ops::log_softmax(var.as_tensor(), D::Minus1).unwrap();
        let grads = log_probs.gather(&index, 1).unwrap().sum_all().unwrap().backward().unwrap();
        assert_close(&grad, grads.get(&var).unwrap(), 1e-6);
    }
}
