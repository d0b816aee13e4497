//! Root mean square norm (Zhang and Sennrich 2019, arXiv 1910.07467): `y = x r w` with
//! `r = 1 / sqrt(mean(x^2) + eps)`, over the last axis.

use candle_core::{D, DType, Tensor};
use rayon::prelude::*;

use super::{fused, sum_lanes, vectorised, with_values};
use crate::error::Result;
use crate::profile::{Work, counted};

/// Rows handed to one thread at a time.
const ROWS_PER_TASK: usize = 32;

/// Normalises x `[.., D]` over its last axis and multiplies by weight `[D]` → `[.., D]`.
pub(crate) fn rms_norm(x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(x) {
        return Ok(candle_nn::ops::rms_norm(x, weight, eps as f32)?);
    }
    let width = x.dim(D::Minus1)?;
    let block = (width * ROWS_PER_TASK).max(1);
    let mut y = vec![0f32; x.elem_count()];
    with_values(x, |x| {
        with_values(weight, |weight| {
            y.par_chunks_mut(block)
                .zip(x.par_chunks(block))
                .for_each(|(y, x)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            for (y, x) in y.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                                forward_row(y, x, weight, eps as f32);
                            }
                        },
                    );
                });
            Ok(())
        })
    })?;
    Ok(Tensor::from_vec(y, x.shape(), x.device())?)
}

#[inline(always)]
fn forward_row(y: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
    let inverse = inverse_rms(x, eps);
    for ((y, x), weight) in y.iter_mut().zip(x).zip(weight) {
        *y = x * inverse * weight;
    }
}

#[inline(always)]
fn inverse_rms(x: &[f32], eps: f32) -> f32 {
    let mean_square = sum_lanes(x.len(), |i| x[i] * x[i]) / x.len() as f32;
    1.0 / (mean_square + eps).sqrt()
}

/// Gradient of [`rms_norm`] with respect to x, plus `residual` (the gradient that reaches x by bypassing the norm):
/// `dx = residual + r (dy w) - x r^3 mean(dy w x)`. dy, x, residual `[N, D]`, weight `[D]` → `[N, D]`.
pub(crate) fn rms_norm_backward(
    dy: &Tensor,
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(dy) {
        return backward_composed(dy, x, weight, eps, residual);
    }
    let width = x.dim(D::Minus1)?;
    let block = (width * ROWS_PER_TASK).max(1);
    let mut dx = match residual {
        Some(residual) => with_values(residual, |values| Ok(values.to_vec()))?,
        None => vec![0f32; x.elem_count()],
    };
    with_values(dy, |dy| {
        with_values(x, |x| {
            with_values(weight, |weight| {
                let blocks = dx
                    .par_chunks_mut(block)
                    .zip(dy.par_chunks(block))
                    .zip(x.par_chunks(block));
                blocks.for_each(|((dx, dy), x)| {
                    vectorised(
                        #[inline(always)]
                        || {
                            let rows = dx.chunks_exact_mut(width).zip(dy.chunks_exact(width));
                            for ((dx, dy), x) in rows.zip(x.chunks_exact(width)) {
                                backward_row(dx, dy, x, weight, eps as f32);
                            }
                        },
                    );
                });
                Ok(())
            })
        })
    })?;
    Ok(Tensor::from_vec(dx, x.shape(), x.device())?)
}

#[inline(always)]
fn backward_row(dx: &mut [f32], dy: &[f32], x: &[f32], weight: &[f32], eps: f32) {
    let n = dx.len();
    let (dy, x, weight) = (&dy[..n], &x[..n], &weight[..n]);
    let inverse = inverse_rms(x, eps);
    let projection = sum_lanes(n, |i| dy[i] * weight[i] * x[i]) / n as f32;
    let along_x = projection * inverse * inverse * inverse;
    for i in 0..n {
        dx[i] += dy[i] * weight[i] * inverse - x[i] * along_x;
    }
}

/// Gradient of [`rms_norm`] with respect to its weight: `dw = sum over rows of dy x r`. dy, x `[.., D]` → `[D]`.
pub(crate) fn rms_norm_weight_backward(dy: &Tensor, x: &Tensor, eps: f64) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    let width = x.dim(D::Minus1)?;
    let (dy, x) = (dy.reshape(((), width))?, x.reshape(((), width))?);
    let ones = Tensor::ones(width, x.dtype(), x.device())?;
    Ok((dy * rms_norm(&x, &ones, eps)?)?
        .to_dtype(DType::F32)?
        .sum(0)?)
}

fn backward_composed(
    dy: &Tensor,
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
    residual: Option<&Tensor>,
) -> Result<Tensor> {
    let wide = |t: &Tensor| t.to_dtype(DType::F32);
    let (dtype, x) = (dy.dtype(), wide(x)?);
    let inverse = (x.sqr()?.mean_keepdim(D::Minus1)? + eps)?.sqrt()?.recip()?;
    let weighted = wide(dy)?.broadcast_mul(&wide(weight)?)?;
    let along_x = ((&weighted * &x)?.mean_keepdim(D::Minus1)? * (inverse.sqr()? * &inverse)?)?;
    let dx = (weighted.broadcast_mul(&inverse)? - x.broadcast_mul(&along_x)?)?;
    Ok(match residual {
        Some(residual) => (dx + wide(residual)?)?,
        None => dx,
    }
    .to_dtype(dtype)?)
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn the_norm_and_its_gradient_agree_with_composed_and_autograd() {
        let (x, dy, weight) = (random(1, &[37, 41]), random(2, &[37, 41]), random(3, &[41]));
        let residual = random(4, &[37, 41]);
        let plain = candle_nn::ops::rms_norm_slow(&x, &weight, 1e-5).unwrap();
        assert_close(&rms_norm(&x, &weight, 1e-5).unwrap(), &plain, 2e-6);
        let fused = rms_norm_backward(&dy, &x, &weight, 1e-5, Some(&residual)).unwrap();
        let composed = backward_composed(&dy, &x, &weight, 1e-5, Some(&residual)).unwrap();
        assert_close(&fused, &composed, 2e-6);
        let [x_var, weight_var] = [&x, &weight].map(|t| Var::from_tensor(t).unwrap());
        let y =
            candle_nn::ops::rms_norm_slow(x_var.as_tensor(), weight_var.as_tensor(), 1e-5).unwrap();
        let grads = (y * &dy).unwrap().sum_all().unwrap().backward().unwrap();
        let fused = rms_norm_backward(&dy, &x, &weight, 1e-5, None).unwrap();
        assert_close(&fused, grads.get(&x_var).unwrap(), 3e-6);
        let dweight = rms_norm_weight_backward(&dy, &x, 1e-5).unwrap();
        assert_close(&dweight, grads.get(&weight_var).unwrap(), 1e-5);
    }
}
