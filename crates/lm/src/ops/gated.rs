//! What the gates of the MLP have in common: one value for each pair of a gate's value and an input, and two gradients.
//! Each gate supplies only its formula; the work on blocks of values is done here.

use candle_core::Tensor;
use rayon::prelude::*;

use super::{BLOCK, vectorised, with_values};
use crate::error::Result;

/// The formula of a gate. Its functions are inlined at the call site, so that the compiler can vectorise them.
pub(super) trait Gate {
    /// `out = act(gate) * up`, all of one length.
    fn forward(out: &mut [f32], gate: &[f32], up: &[f32]);

    /// `dgate = dy up act'(gate)` and `dup = dy act(gate)`, all of one length.
    fn backward(dgate: &mut [f32], dup: &mut [f32], dy: &[f32], gate: &[f32], up: &[f32]);
}

/// `act(gate) * up`, all `[N, F]`.
pub(super) fn gated<G: Gate>(gate: &Tensor, up: &Tensor) -> Result<Tensor> {
    let mut out = vec![0f32; gate.elem_count()];
    with_values(gate, |gate| {
        with_values(up, |up| {
            let blocks = out
                .par_chunks_mut(BLOCK)
                .zip(gate.par_chunks(BLOCK))
                .zip(up.par_chunks(BLOCK));
            blocks.for_each(|((out, gate), up)| {
                vectorised(
                    #[inline(always)]
                    || G::forward(out, gate, up),
                )
            });
            Ok(())
        })
    })?;
    Ok(Tensor::from_vec(out, gate.shape(), gate.device())?)
}

/// `(dgate, dup)` of [`gated`] from `dy`, all `[N, F]`.
pub(super) fn gated_backward<G: Gate>(
    dy: &Tensor,
    gate: &Tensor,
    up: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let mut dgate = vec![0f32; gate.elem_count()];
    let mut dup = vec![0f32; gate.elem_count()];
    with_values(dy, |dy| {
        with_values(gate, |gate| {
            with_values(up, |up| {
                let outputs = dgate.par_chunks_mut(BLOCK).zip(dup.par_chunks_mut(BLOCK));
                let inputs = dy
                    .par_chunks(BLOCK)
                    .zip(gate.par_chunks(BLOCK))
                    .zip(up.par_chunks(BLOCK));
                outputs
                    .zip(inputs)
                    .for_each(|((dgate, dup), ((dy, gate), up))| {
                        vectorised(
                            #[inline(always)]
                            || G::backward(dgate, dup, dy, gate, up),
                        );
                    });
                Ok(())
            })
        })
    })?;
    let (shape, device) = (gate.shape(), gate.device());
    Ok((
        Tensor::from_vec(dgate, shape, device)?,
        Tensor::from_vec(dup, shape, device)?,
    ))
}
