//! Causal grouped-query attention of one sequence (Vaswani et al. 2017; Ainslie et al. 2023).
//!
//! Keys and values are not repeated for the query heads that share them: queries of a group are stacked as
//! rows. Queries go block by block, each against the keys it may see, so memory grows with the block and not
//! with the square of the sequence.

use candle_core::{Device, Tensor};
use candle_nn::ops::softmax_last_dim;

use crate::error::Result;

/// Query rows computed at once.
const BLOCK_TOKENS: usize = 256;

/// q `[T, H, Dh]`, k and v `[T, K, Dh]` (after rope) → `[T, H*Dh]`.
pub(crate) fn attend_span(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    let (tokens, heads, head_dim) = q.dims3()?;
    let kv_heads = k.dim(1)?;
    let group = heads / kv_heads;
    let k = k.transpose(0, 1)?.contiguous()?;
    let v = v.transpose(0, 1)?.contiguous()?;
    // [T, K, G, Dh] → [K, G, T, Dh]
    let q = (q * (1.0 / (head_dim as f64).sqrt()))?.reshape((tokens, kv_heads, group, head_dim))?;
    let q = q.permute((1, 2, 0, 3))?;
    let mut blocks = Vec::with_capacity(tokens.div_ceil(BLOCK_TOKENS));
    for start in (0..tokens).step_by(BLOCK_TOKENS) {
        let rows = BLOCK_TOKENS.min(tokens - start);
        let keys = start + rows;
        let q = q.narrow(2, start, rows)?.contiguous()?.reshape((kv_heads, group * rows, head_dim))?;
        let scores = q.matmul(&k.narrow(1, 0, keys)?.t()?)?.reshape((kv_heads * group, rows, keys))?;
        let scores = scores.broadcast_add(&causal_mask(start, rows, q.device())?)?;
        let probs = softmax_last_dim(&scores)?.reshape((kv_heads, group * rows, keys))?;
        let out = probs.matmul(&v.narrow(1, 0, keys)?)?.reshape((kv_heads, group, rows, head_dim))?;
        blocks.push(out.permute((2, 0, 1, 3))?.reshape((rows, heads * head_dim))?);
    }
    match blocks.len() {
        1 => Ok(blocks.remove(0)),
        _ => Ok(Tensor::cat(&blocks, 0)?),
    }
}

/// `[rows, start + rows]`: 0 where row `start + i` may look, minus infinity after it.
fn causal_mask(start: usize, rows: usize, device: &Device) -> Result<Tensor> {
    let keys = start + rows;
    let mut mask = vec![0f32; rows * keys];
    for (i, row) in mask.chunks_exact_mut(keys).enumerate() {
        row[start + i + 1..].fill(f32::NEG_INFINITY);
    }
    Ok(Tensor::from_vec(mask, (rows, keys), device)?)
}
