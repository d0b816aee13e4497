//! Rotary position embedding (Su et al. 2021, arXiv 2104.09864), with halves rotated as in Hugging Face's layout: if
//! x1, x2 are the halves of a head's rotated part, `y1 = x1 cos - x2 sin`, `y2 = x2 cos + x1 sin`. The gradient of a
//! rotation is the inverse rotation, with `-sin`.

use candle_core::{D, Tensor};
use candle_nn::rotary_emb::rope_thd;
use rayon::prelude::*;

use super::{fused, vectorised, with_values};
use crate::error::Result;
use crate::profile::{Work, counted};

/// Rows handed to one thread at a time.
const ROWS_PER_TASK: usize = 16;

/// Rotates the first `2 * half` values of every head of x `[N, heads, Dh]` by cos and sin `[N, half]`; the rest stays
/// as it is.
pub(crate) fn rotate(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let _counted = counted(Work::Elementwise);
    if !fused(x) {
        return rotate_composed(x, cos, sin);
    }
    let (_, heads, head_dim) = x.dims3()?;
    let half = cos.dim(1)?;
    let (rows, angles) = (
        (heads * head_dim).max(1) * ROWS_PER_TASK,
        half.max(1) * ROWS_PER_TASK,
    );
    let mut y = with_values(x, |values| Ok(values.to_vec()))?;
    with_values(cos, |cos| {
        with_values(sin, |sin| {
            let blocks = y
                .par_chunks_mut(rows)
                .zip(cos.par_chunks(angles))
                .zip(sin.par_chunks(angles));
            blocks.for_each(|((y, cos), sin)| {
                vectorised(
                    #[inline(always)]
                    || {
                        let rows = y.chunks_exact_mut(heads * head_dim);
                        for ((y, cos), sin) in
                            rows.zip(cos.chunks_exact(half)).zip(sin.chunks_exact(half))
                        {
                            y.chunks_exact_mut(head_dim)
                                .for_each(|head| rotate_head(head, cos, sin));
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
fn rotate_head(head: &mut [f32], cos: &[f32], sin: &[f32]) {
    let half = cos.len();
    let (first, second) = head.split_at_mut(half);
    for (((x1, x2), cos), sin) in first.iter_mut().zip(&mut second[..half]).zip(cos).zip(sin) {
        (*x1, *x2) = (*x1 * cos - *x2 * sin, *x2 * cos + *x1 * sin);
    }
}

fn rotate_composed(x: &Tensor, cos: &Tensor, sin: &Tensor) -> Result<Tensor> {
    let (head_dim, rotary_dim) = (x.dim(D::Minus1)?, 2 * cos.dim(1)?);
    let rotate = |x: &Tensor| -> Result<Tensor> {
        Ok(rope_thd(&x.unsqueeze(0)?.contiguous()?, cos, sin)?.squeeze(0)?)
    };
    if rotary_dim == head_dim {
        return rotate(x);
    }
    let rotated = rotate(&x.narrow(D::Minus1, 0, rotary_dim)?)?;
    let unrotated = x.narrow(D::Minus1, rotary_dim, head_dim - rotary_dim)?;
    Ok(Tensor::cat(&[&rotated, &unrotated], D::Minus1)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::{assert_close, random};

    #[test]
    fn rotation_agrees_with_composed_and_back_is_its_inverse() {
        let x = random(1, &[37, 3, 20]);
        for half in [10, 6] {
            let angles = random(2, &[37, half]);
            let (cos, sin) = (angles.cos().unwrap(), angles.sin().unwrap());
            let y = rotate(&x, &cos, &sin).unwrap();
            assert_close(&y, &rotate_composed(&x, &cos, &sin).unwrap(), 1e-6);
            assert_close(&rotate(&y, &cos, &sin.neg().unwrap()).unwrap(), &x, 1e-6);
        }
    }
}
