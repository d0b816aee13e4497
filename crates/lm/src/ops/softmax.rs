//! Causal softmax of attention scores: `p = softmax(scale * scores)` over the keys that a row sees.

use std::ops::Range;

use candle_core::{CpuStorage, D, DType, Device, InplaceOp1, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;

use super::{contiguous, contiguous_mut, exp_and_sum, fused, max_lanes, sum_lanes, vectorised};
use crate::error::Result;

/// Rows handed to one thread at a time.
const ROWS_PER_TASK: usize = 16;

/// Which keys a row of attention scores sees: row `r` of a matrix belongs to the query at key `first + r % queries`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sight {
    pub(crate) queries: usize,
    pub(crate) first: usize,
    /// How many keys it sees: its own and those just before. `None` if it sees all earlier ones.
    pub(crate) window: Option<usize>,
}

impl Sight {
    fn keys(&self, row: usize) -> Range<usize> {
        let end = self.first + row % self.queries + 1;
        self.window.map_or(0, |window| end.saturating_sub(window))..end
    }

    /// `[1, rows, keys]` u8, 1 where a row sees the key: made on the device from two short vectors.
    fn mask(&self, rows: usize, keys: usize, device: &Device) -> Result<Tensor> {
        let of_rows = |end: fn(Range<usize>) -> usize| -> Result<Tensor> {
            let ends: Vec<u32> = (0..rows).map(|row| end(self.keys(row)) as u32).collect();
            Ok(Tensor::from_vec(ends, (1, rows, 1), device)?)
        };
        let places = Tensor::arange(0, keys as u32, device)?.reshape((1, 1, keys))?;
        let before_end = places.broadcast_lt(&of_rows(|keys| keys.end)?)?;
        match self.window {
            Some(_) => Ok((before_end * places.broadcast_ge(&of_rows(|keys| keys.start)?)?)?),
            None => Ok(before_end),
        }
    }
}

/// Softmax over the last axis of `[B, rows, keys]` of what each row sees, 0 elsewhere, in place on the CPU; `scale`
/// (above 0) multiplies the scores. `rows` is a multiple of `sight.queries`.
pub(crate) fn causal_softmax(scores: Tensor, sight: Sight, scale: f64) -> Result<Tensor> {
    if !fused(&scores) {
        return causal_softmax_composed(&scores, sight, scale);
    }
    scores.inplace_op1(&CausalSoftmax {
        sight,
        scale: scale as f32,
    })?;
    Ok(scores)
}

struct CausalSoftmax {
    sight: Sight,
    scale: f32,
}

impl InplaceOp1 for CausalSoftmax {
    fn name(&self) -> &'static str {
        "causal-softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> candle_core::Result<()> {
        let keys = layout.dims()[layout.dims().len() - 1];
        let values = contiguous_mut(storage, layout)?;
        values
            .par_chunks_mut(keys * ROWS_PER_TASK)
            .enumerate()
            .for_each(|(task, values)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (row, scores) in values.chunks_exact_mut(keys).enumerate() {
                            softmax_row(
                                scores,
                                self.sight.keys(task * ROWS_PER_TASK + row),
                                self.scale,
                            );
                        }
                    },
                );
            });
        Ok(())
    }
}

#[inline(always)]
fn softmax_row(scores: &mut [f32], seen: Range<usize>, scale: f32) {
    scores[..seen.start].fill(0.0);
    scores[seen.end..].fill(0.0);
    let seen = &mut scores[seen];
    let max = max_lanes(seen);
    let inverse = 1.0 / exp_and_sum(seen, max, scale);
    for p in seen {
        *p *= inverse;
    }
}

pub(crate) fn causal_softmax_composed(scores: &Tensor, sight: Sight, scale: f64) -> Result<Tensor> {
    let (_, rows, keys) = scores.dims3()?;
    masked_softmax(scores, &sight.mask(rows, keys, scores.device())?, scale)
}

/// Softmax of `scale * scores` over the last axis where `mask` (u8, of a shape that broadcasts) is 1, and 0 elsewhere; in
/// f32, handed back in the type of the scores. Each row has at least one key.
pub(crate) fn masked_softmax(scores: &Tensor, mask: &Tensor, scale: f64) -> Result<Tensor> {
    let dtype = scores.dtype();
    let unseen = Tensor::new(f32::NEG_INFINITY, scores.device())?.broadcast_as(scores.shape())?;
    let scores = (scores.to_dtype(DType::F32)? * scale)?;
    let scores = mask
        .broadcast_as(scores.shape())?
        .where_cond(&scores, &unseen)?;
    let weights = scores
        .broadcast_sub(&scores.max_keepdim(D::Minus1)?)?
        .exp()?;
    Ok(weights
        .broadcast_div(&weights.sum_keepdim(D::Minus1)?)?
        .to_dtype(dtype)?)
}

/// Gradient of a softmax with respect to its unscaled scores: `scale * p * (dp - sum(dp * p))`, in place in `dp` on
/// the CPU; both `[B, rows, keys]`.
pub(crate) fn softmax_backward(dp: Tensor, p: &Tensor, scale: f64) -> Result<Tensor> {
    if !fused(&dp) {
        return softmax_backward_composed(&dp, p, scale);
    }
    dp.inplace_op2(
        p,
        &SoftmaxBackward {
            scale: scale as f32,
        },
    )?;
    Ok(dp)
}

pub(crate) fn softmax_backward_composed(dp: &Tensor, p: &Tensor, scale: f64) -> Result<Tensor> {
    let (dtype, p) = (dp.dtype(), p.to_dtype(DType::F32)?);
    let weighted = (dp.to_dtype(DType::F32)? * &p)?;
    let total = weighted.sum_keepdim(D::Minus1)?;
    Ok(((weighted - p.broadcast_mul(&total)?)? * scale)?.to_dtype(dtype)?)
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
        let block = keys * ROWS_PER_TASK;
        let (dp, p) = (contiguous_mut(dp, dp_layout)?, contiguous(p, p_layout)?);
        dp.par_chunks_mut(block)
            .zip(p.par_chunks(block))
            .for_each(|(dp, p)| {
                vectorised(
                    #[inline(always)]
                    || {
                        for (dp, p) in dp.chunks_exact_mut(keys).zip(p.chunks_exact(keys)) {
                            backward_row(dp, p, self.scale);
                        }
                    },
                );
            });
        Ok(())
    }
}

#[inline(always)]
fn backward_row(dp: &mut [f32], p: &[f32], scale: f32) {
    let total = sum_lanes(p.len(), |i| dp[i] * p[i]);
    for (dp, p) in dp.iter_mut().zip(p) {
        *dp = scale * p * (*dp - total);
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn causal_softmax_and_its_gradient_agree_with_composed_and_autograd() {
        let scale = 0.4;
        for window in [None, Some(1), Some(3), Some(100)] {
            let sight = Sight {
                queries: 5,
                first: 3,
                window,
            };
            let (scores, dp) = (random(1, &[2, 10, 8]), random(2, &[2, 10, 8]));
            let composed = causal_softmax_composed(&scores, sight, scale).unwrap();
            let p = causal_softmax(scores.copy().unwrap(), sight, scale).unwrap();
            assert_close(&p, &composed, 1e-6);
            let first = &p.to_vec3::<f32>().unwrap()[0][0];
            assert_eq!(first[4..], [0.0; 4], "keys after the query have no weight");
            let seen = first.iter().filter(|p| **p > 0.0).count();
            assert_eq!(
                seen,
                window.unwrap_or(4).min(4),
                "keys before the window have no weight"
            );
            let var = Var::from_tensor(&scores).unwrap();
            let y = causal_softmax_composed(var.as_tensor(), sight, scale).unwrap();
            let grads = (y * &dp).unwrap().sum_all().unwrap().backward().unwrap();
            let ds = softmax_backward(dp.copy().unwrap(), &p, scale).unwrap();
            assert_close(&ds, grads.get(&var).unwrap(), 1e-6);
            assert_close(
                &softmax_backward_composed(&dp, &p, scale).unwrap(),
                &ds,
                1e-6,
            );
        }
    }
}
