//! Causal grouped-query attention of one sequence (Vaswani et al. 2017; Ainslie et al. 2023).
//!
//! Keys and values are not repeated for the query heads that share them: queries of a group are stacked as
//! rows. Queries go block by block, each against the keys it may see, so memory grows with the block and not
//! with the square of the sequence.

use candle_core::Tensor;

use super::linear::matmul;
use crate::error::Result;
use crate::ops::causal_softmax;

/// Query rows computed at once.
const BLOCK_TOKENS: usize = 256;

/// q `[T, H, Dh]`, k and v `[T, K, Dh]` (after rope) → `[T, H*Dh]`.
pub(crate) fn attend_span(q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
    let (tokens, heads, head_dim) = q.dims3()?;
    let kv_heads = k.dim(1)?;
    let group = heads / kv_heads;
    let k = k.transpose(0, 1)?.contiguous()?;
    let v = v.transpose(0, 1)?.contiguous()?;
    let scale = 1.0 / (head_dim as f64).sqrt();
    // [T, K, G, Dh] → [K, G, T, Dh]
    let q = q.reshape((tokens, kv_heads, group, head_dim))?.permute((1, 2, 0, 3))?;
    let mut blocks = Vec::with_capacity(tokens.div_ceil(BLOCK_TOKENS));
    for start in (0..tokens).step_by(BLOCK_TOKENS) {
        let rows = BLOCK_TOKENS.min(tokens - start);
        let keys = start + rows;
        let q = q.narrow(2, start, rows)?.contiguous()?.reshape((kv_heads, group * rows, head_dim))?;
        let scores = matmul(&q, &k.narrow(1, 0, keys)?.t()?)?;
        let probs = causal_softmax(scores, rows, start, scale)?;
        let out = matmul(&probs, &v.narrow(1, 0, keys)?)?.reshape((kv_heads, group, rows, head_dim))?;
        blocks.push(out.permute((2, 0, 1, 3))?.reshape((rows, heads * head_dim))?);
    }
    match blocks.len() {
        1 => Ok(blocks.remove(0)),
        _ => Ok(Tensor::cat(&blocks, 0)?),
    }
}
