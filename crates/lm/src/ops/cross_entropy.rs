//! Softmax cross-entropy over the vocabulary: `logp = z[target] - log(sum(e^z))`, whose gradient is `onehot(target) -
//! softmax(z)`.

use std::sync::{Mutex, PoisonError};

use candle_core::{CpuStorage, D, DType, InplaceOp1, Layout, Tensor};
use rayon::prelude::*;

use super::{
    BLOCK, contiguous_mut, exp, exp_and_sum, fused, max_lanes, sum_lanes, vectorised, with_values,
};
use crate::error::Result;

/// Logits that a card holds at once (128 MiB of f32, a few times over); its products need more rows than the
/// processor's.
pub(crate) const DEVICE_LOGITS_PER_CHUNK: usize = 1 << 25;

/// `log(sum(e^z))` of one row of logits.
fn log_sum_exp(logits: &[f32]) -> f32 {
    vectorised(
        #[inline(always)]
        || {
            let max = max_lanes(logits);
            // Sums of 10^5 terms in f32 would lose digits.
            let of_block =
                |block: &[f32]| f64::from(sum_lanes(block.len(), |i| exp(block[i] - max)));
            max + logits.chunks(BLOCK).map(of_block).sum::<f64>().ln() as f32
        },
    )
}

/// Log-probability `[M]` of one target in each row of logits `[M, V]`, and its gradient with respect to the logits,
/// which overwrites them on the CPU. Log-probabilities are f32; nothing is read back from a device.
pub(crate) fn token_logps_of_logits(logits: Tensor, targets: &[u32]) -> Result<(Tensor, Tensor)> {
    if !fused(&logits) {
        return token_logps_of_logits_composed(&logits, targets);
    }
    let op = TargetLogps {
        targets,
        logps: Mutex::new(vec![0.0; targets.len()]),
    };
    logits.inplace_op1(&op)?;
    let logps = op
        .logps
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    Ok((
        Tensor::from_vec(logps, targets.len(), logits.device())?,
        logits,
    ))
}

/// Log-probability `[M]` (f32) of one target in each row of logits `[M, V]`.
pub(crate) fn target_logps(logits: &Tensor, targets: &[u32]) -> Result<Tensor> {
    if !fused(logits) {
        let index = Tensor::new(targets, logits.device())?.unsqueeze(1)?;
        let logits = logits.to_dtype(DType::F32)?;
        return Ok((logits.gather(&index, 1)?.squeeze(1)? - logits.log_sum_exp(1)?)?);
    }
    let vocab = logits.dim(1)?;
    let logps = with_values(logits, |values| {
        let rows = values.par_chunks(vocab).zip(targets);
        Ok(rows
            .map(|(row, target)| row[*target as usize] - log_sum_exp(row))
            .collect::<Vec<f32>>())
    })?;
    Ok(Tensor::from_vec(logps, targets.len(), logits.device())?)
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
        let rows = values
            .par_chunks_mut(vocab)
            .zip(self.targets.par_iter())
            .zip(logps.par_iter_mut());
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

pub(crate) fn token_logps_of_logits_composed(
    logits: &Tensor,
    targets: &[u32],
) -> Result<(Tensor, Tensor)> {
    let (dtype, targets) = (
        logits.dtype(),
        Tensor::new(targets, logits.device())?.unsqueeze(1)?,
    );
    let logits = logits.to_dtype(DType::F32)?;
    let centred = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?)?;
    drop(logits);
    let chosen = centred.gather(&targets, D::Minus1)?;
    let powers = centred.exp()?;
    drop(centred);
    let total = powers.sum_keepdim(D::Minus1)?;
    let minus_probs = powers.broadcast_mul(&total.recip()?.neg()?)?;
    let ones = chosen.ones_like()?;
    let grads = minus_probs
        .scatter_add(&targets, &ones, D::Minus1)?
        .to_dtype(dtype)?;
    Ok(((chosen - total.log()?)?.squeeze(1)?, grads))
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
        assert_close(&logps, &composed_logps, 1e-5);
        assert_close(&target_logps(&logits, &targets).unwrap(), &logps, 1e-5);
        let logps = logps.to_vec1::<f32>().unwrap();
        let rows = logits.to_vec2::<f32>().unwrap();
        for ((row, target), logp) in rows.iter().zip(targets).zip(&logps) {
            assert!((row[target as usize] - log_sum_exp(row) - logp).abs() < 1e-5);
        }
        assert_close(&grad, &composed, 1e-6);
        let var = Var::from_tensor(&logits).unwrap();
        let index = Tensor::new(&targets, &Device::Cpu)
            .unwrap()
            .unsqueeze(1)
            .unwrap();
        let log_probs = candle_nn::ops::log_softmax(var.as_tensor(), D::Minus1).unwrap();
        let grads = log_probs
            .gather(&index, 1)
            .unwrap()
            .sum_all()
            .unwrap()
            .backward()
            .unwrap();
        assert_close(&grad, grads.get(&var).unwrap(), 1e-6);
    }
}
