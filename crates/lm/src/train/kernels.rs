//! Elementwise and row-wise pieces of the backward pass, each as one pass over memory on the CPU.
//!
//! Every function has a second form made of candle operations, which serves the other devices; the tests hold the
//! two against each other and against candle's autograd. Formulas: RMSNorm (Zhang and Sennrich 2019), SwiGLU
//! (Shazeer 2020), softmax cross-entropy.

use candle_core::{CpuStorage, D, InplaceOp1, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use crate::error::Result;
use crate::ops::{contiguous, contiguous_mut, exp, sum_lanes, with_values};

/// Rows handed to one thread at a time.
const ROWS_PER_TASK: usize = 32;

/// Gradient of `y = x / sqrt(mean(x^2) + eps) * weight` with respect to x, plus `residual` (the gradient that
/// reaches x past the norm). dy, x, residual `[N, D]`, weight `[D]`.
pub(super) fn rms_norm_backward(
    dy: &Tensor,
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    if !dy.device().is_cpu() {
        return rms_norm_backward_composed(dy, x, weight, eps, residual);
    }
    let width = x.dim(D::Minus1)?;
    let mut dx = match residual {
        Some(residual) => with_values(residual, |values| Ok(values.to_vec()))?,
        None => vec![0f32; x.elem_count()],
    };
    with_values(dy, |dy| {
        with_values(x, |x| {
            with_values(weight, |weight| {
                let block = width * ROWS_PER_TASK;
                dx.par_chunks_mut(block).zip(dy.par_chunks(block)).zip(x.par_chunks(block)).for_each(
                    |((dx, dy), x)| {
                        let rows =
                            dx.chunks_exact_mut(width).zip(dy.chunks_exact(width)).zip(x.chunks_exact(width));
                        for ((dx, dy), x) in rows {
                            rms_norm_backward_row(dx, dy, x, weight, eps as f32);
                        }
                    },
                );
                Ok(())
            })
        })
    })?;
    Ok(Tensor::from_vec(dx, x.shape(), x.device())?)
}

fn rms_norm_backward_row(dx: &mut [f32], dy: &[f32], x: &[f32], weight: &[f32], eps: f32) {
    let n = dx.len();
    let (dy, x, weight) = (&dy[..n], &x[..n], &weight[..n]);
    let mean_square = sum_lanes(n, |i| x[i] * x[i]) / n as f32;
    let inverse = 1.0 / (mean_square + eps).sqrt();
    let projection = sum_lanes(n, |i| dy[i] * weight[i] * x[i]) / n as f32;
    let along_x = projection * inverse * inverse * inverse;
    for i in 0..n {
        dx[i] += dy[i] * weight[i] * inverse - x[i] * along_x;
    }
}

fn rms_norm_backward_composed(
    dy: &Tensor,
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    let inverse = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?.recip()?;
    let weighted = dy.broadcast_mul(weight)?;
    let along_x = ((&weighted * x)?.mean_keepdim(D::Minus1)? * (inverse.sqr()? * &inverse)?)?;
    let dx = (weighted.broadcast_mul(&inverse)? - x.broadcast_mul(&along_x)?)?;
    match residual {
        Some(residual) => Ok((dx + residual)?),
        None => Ok(dx),
    }
}

/// Gradient of `silu(gate) * up` → `(dgate, dup)`, all `[N, F]`.
pub(super) fn swiglu_backward(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    if !dy.device().is_cpu() {
        return swiglu_backward_composed(dy, gate, up);
    }
    let mut dgate = vec![0f32; gate.elem_count()];
    let mut dup = vec![0f32; gate.elem_count()];
    with_values(dy, |dy| {
        with_values(gate, |gate| {
            with_values(up, |up| {
                const BLOCK: usize = 8192;
                let outputs = dgate.par_chunks_mut(BLOCK).zip(dup.par_chunks_mut(BLOCK));
                let inputs = dy.par_chunks(BLOCK).zip(gate.par_chunks(BLOCK)).zip(up.par_chunks(BLOCK));
                outputs.zip(inputs).for_each(|((dgate, dup), ((dy, gate), up))| {
                    let n = dgate.len();
                    let (dup, dy, gate, up) = (&mut dup[..n], &dy[..n], &gate[..n], &up[..n]);
                    for i in 0..n {
                        let sigmoid = 1.0 / (1.0 + exp(-gate[i]));
                        let silu = gate[i] * sigmoid;
                        dup[i] = dy[i] * silu;
                        dgate[i] = dy[i] * up[i] * (sigmoid + silu * (1.0 - sigmoid));
                    }
                });
                Ok(())
            })
        })
    })?;
    let (shape, device) = (gate.shape(), gate.device());
    Ok((Tensor::from_vec(dgate, shape, device)?, Tensor::from_vec(dup, shape, device)?))
}

fn swiglu_backward_composed(dy: &Tensor, gate: &Tensor, up: &Tensor) -> Result<(Tensor, Tensor)> {
    let sigmoid = (gate.neg()?.exp()? + 1.0)?.recip()?;
    let silu = (gate * &sigmoid)?;
    let slope = (&sigmoid + (&silu * sigmoid.affine(-1.0, 1.0)?)?)?;
    Ok(((dy * up)?.mul(&slope)?, (dy * silu)?))
}

/// Gradient of a softmax with respect to its unscaled scores: `scale * p * (dp - sum(dp * p))`, in place in `dp` on
/// the CPU; both `[B, rows, keys]`.
pub(super) fn softmax_backward(dp: Tensor, p: &Tensor, scale: f64) -> Result<Tensor> {
    if !dp.device().is_cpu() {
        let weighted = (&dp * p)?;
        let total = weighted.sum_keepdim(D::Minus1)?;
        return Ok(((weighted - p.broadcast_mul(&total)?)? * scale)?);
    }
    dp.inplace_op2(p, &SoftmaxBackward { scale: scale as f32 })?;
    Ok(dp)
}

struct SoftmaxBackward {
    scale: f32,
}

impl InplaceOp2 for SoftmaxBackward {
    fn name(&self) -> &'static str {
        "softmax-backward"
    }

    fn cpu_fwd(
        &self,
        dp: &mut CpuStorage,
        dp_layout: &Layout,
        p: &CpuStorage,
        p_layout: &Layout,
    ) -> candle_core::Result<()> {
        let keys = dp_layout.dims()[dp_layout.dims().len() - 1];
        let p = contiguous(p, p_layout)?;
        for (dp, p) in contiguous_mut(dp, dp_layout)?.chunks_exact_mut(keys).zip(p.chunks_exact(keys)) {
            let total = sum_lanes(keys, |i| dp[i] * p[i]);
            for (dp, p) in dp.iter_mut().zip(p) {
                *dp = self.scale * p * (*dp - total);
            }
        }
        Ok(())
    }
}

/// Log-probability of one target in each row of logits `[M, V]`, and its gradient with respect to the logits,
/// `onehot - softmax`.
pub(super) fn token_logps_of_logits(logits: Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    if !logits.device().is_cpu() {
        return token_logps_of_logits_composed(&logits, targets);
    }
    let op = TargetLogps { targets, logps: std::sync::Mutex::new(vec![0.0; targets.len()]) };
    logits.inplace_op1(&op)?;
    let logps = op.logps.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok((logps, logits))
}

struct TargetLogps<'a> {
    targets: &'a [u32],
    logps: std::sync::Mutex<Vec<f32>>,
}

impl InplaceOp1 for TargetLogps<'_> {
    fn name(&self) -> &'static str {
        "target-logps"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let vocab = layout.dims()[layout.dims().len() - 1];
        let values = contiguous_mut(storage, layout)?;
        let mut logps = self.logps.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let rows = values.par_chunks_mut(vocab).zip(self.targets.par_iter()).zip(logps.par_iter_mut());
        rows.for_each(|((row, target), logp)| {
            let target = *target as usize;
            let max = row.iter().fold(f32::NEG_INFINITY, |max, v| if *v > max { *v } else { max });
            let centred = row[target] - max;
            for v in row.iter_mut() {
                *v = exp(*v - max);
            }
            // Single sums of 10^5 terms would lose digits; the lanes keep each short.
            let total = sum_lanes(vocab, |i| row[i]);
            *logp = centred - total.ln();
            let inverse = -1.0 / total;
            for v in row.iter_mut() {
                *v *= inverse;
            }
            row[target] += 1.0;
        });
        Ok(())
    }
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
    use crate::ops::{Sight, causal_softmax, causal_softmax_composed, swiglu};
    use crate::random::uniform;

    fn random(key: u64, shape: &[usize]) -> Tensor {
        let n = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..n).map(|i| (4.0 * uniform(key, i as u64) - 2.0) as f32).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    }

    fn assert_close(a: &Tensor, b: &Tensor, tolerance: f32) {
        assert_eq!(a.dims(), b.dims());
        let off = (a - b).unwrap().abs().unwrap().flatten_all().unwrap().max(0).unwrap();
        let off = off.to_scalar::<f32>().unwrap();
        assert!(off <= tolerance, "differs by {off}");
    }

    #[test]
    fn rms_norm_backward_agrees_with_composed_and_autograd() {
        let (x, dy, weight) = (random(1, &[37, 24]), random(2, &[37, 24]), random(3, &[24]));
        let residual = random(4, &[37, 24]);
        let fused = rms_norm_backward(&dy, &x, &weight, 1e-5, Some(&residual)).unwrap();
        let composed = rms_norm_backward_composed(&dy, &x, &weight, 1e-5, Some(&residual)).unwrap();
        assert_close(&fused, &composed, 2e-6);
        let var = Var::from_tensor(&x).unwrap();
        let y = candle_nn::ops::rms_norm_slow(var.as_tensor(), &weight, 1e-5).unwrap();
        let grads = (y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        let fused = rms_norm_backward(&dy, &x, &weight, 1e-5, None).unwrap();
        assert_close(&fused, grads.get(&var).unwrap(), 3e-6);
    }

    #[test]
    fn swiglu_backward_agrees_with_composed_and_autograd() {
        let (gate, up, dy) = (random(1, &[300, 33]), random(2, &[300, 33]), random(3, &[300, 33]));
        let (dgate, dup) = swiglu_backward(&dy, &gate, &up).unwrap();
        let composed = swiglu_backward_composed(&dy, &gate, &up).unwrap();
        assert_close(&dgate, &composed.0, 2e-6);
        assert_close(&dup, &composed.1, 2e-6);
        assert_close(&swiglu(&gate, &up).unwrap(), &(gate.silu().unwrap() * &up).unwrap(), 2e-6);
        let (g, u) = (Var::from_tensor(&gate).unwrap(), Var::from_tensor(&up).unwrap());
        let y = (g.as_tensor().silu().unwrap() * u.as_tensor()).unwrap();
        let grads = (y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        assert_close(&dgate, grads.get(&g).unwrap(), 2e-6);
        assert_close(&dup, grads.get(&u).unwrap(), 2e-6);
    }

    #[test]
    fn causal_softmax_and_its_gradient_agree_with_composed_and_autograd() {
        let scale = 0.4;
        for window in [None, Some(1), Some(3), Some(100)] {
            let sight = Sight { queries: 5, first: 3, window };
            let (scores, dp) = (random(1, &[2, 10, 8]), random(2, &[2, 10, 8]));
            let composed = causal_softmax_composed(&scores, sight, scale).unwrap();
            let p = causal_softmax(scores.copy().unwrap(), sight, scale).unwrap();
            assert_close(&p, &composed, 1e-6);
            let first = &p.to_vec3::<f32>().unwrap()[0][0];
            assert_eq!(first[4..], [0.0; 4], "keys after the query have no weight");
            let seen = first.iter().filter(|p| **p > 0.0).count();
            assert_eq!(seen, window.unwrap_or(4).min(4), "keys before the window have no weight");
            let var = Var::from_tensor(&scores).unwrap();
            let y = causal_softmax_composed(var.as_tensor(), sight, scale).unwrap();
            let grads = (y * &dp).unwrap().sum_all().unwrap().backward().unwrap();
            let ds = softmax_backward(dp.copy().unwrap(), &p, scale).unwrap();
            assert_close(&ds, grads.get(&var).unwrap(), 1e-6);
        }
    }

    #[test]
    fn target_logps_agree_with_composed_and_autograd() {
        let logits = (random(1, &[9, 131]) * 5.0).unwrap();
        let targets = [0, 130, 5, 5, 77, 1, 2, 3, 64];
        let (composed_logps, composed) = token_logps_of_logits_composed(&logits, &targets).unwrap();
        let (logps, grad) = token_logps_of_logits(logits.copy().unwrap(), &targets).unwrap();
        for (a, b) in logps.iter().zip(&composed_logps) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
        assert_close(&grad, &composed, 1e-6);
        let var = Var::from_tensor(&logits).unwrap();
        let index = Tensor::new(&targets, &Device::Cpu).unwrap().unsqueeze(1).unwrap();
        let log_probs = candle_nn::ops::log_softmax(var.as_tensor(), D::Minus1).unwrap();
        let grads = log_probs.gather(&index, 1).unwrap().sum_all().unwrap().backward().unwrap();
        assert_close(&grad, grads.get(&var).unwrap(), 1e-6);
    }
}
