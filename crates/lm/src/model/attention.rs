//! Causal grouped-query attention of one sequence (Vaswani et al. 2017; Ainslie et al. 2023).
//!
//! Keys and values are not repeated for the query heads that share them: queries of a group are stacked as
//! rows. Queries are processed block by block, each against the keys it may see, so memory grows with the block size
//! and not with the square of the sequence length, and the cost of a sliding window (Beltagy et al. 2020) depends only
//! on its size.

use std::ops::Range;

use candle_core::Tensor;

use super::linear::matmul;
use super::rotation::Rotation;
use crate::error::Result;
use crate::ops::{Sight, causal_softmax, fused, rms_norm};

/// Query rows computed at once on the processor.
pub(crate) const BLOCK_TOKENS: usize = 128;
/// The same on a device, where each product must be large enough to fill it.
pub(crate) const DEVICE_BLOCK_TOKENS: usize = 512;

/// How the queries of a block attend to keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attention {
    /// How many positions a token sees, its own included; `None` if it sees all earlier ones.
    pub(crate) window: Option<usize>,
    /// Factor on the scores.
    pub(crate) scale: f64,
}

/// Query rows computed at once.
pub(crate) fn block_tokens(q: &Tensor) -> usize {
    if fused(q) {
        BLOCK_TOKENS
    } else {
        DEVICE_BLOCK_TOKENS
    }
}

/// Query or key heads `[N, heads, Dh]` as attention takes them: each head passed through an RMS norm with weight `norm`
/// `[Dh]` where the family has one (Qwen3, Gemma 3), then rotated.
pub(crate) fn norm_and_rotate(
    x: &Tensor,
    norm: Option<&Tensor>,
    eps: f64,
    rotation: &Rotation,
) -> Result<Tensor> {
    match norm {
        Some(weight) => rotation.apply(&rms_norm(x, weight, eps)?),
        None => rotation.apply(x),
    }
}

/// The keys that queries `start..start + rows` may see together: starting with the first key in the first query's
/// window.
pub(crate) fn visible_keys(start: usize, rows: usize, window: Option<usize>) -> Range<usize> {
    window.map_or(0, |window| (start + 1).saturating_sub(window))..start + rows
}

/// q `[T, H, Dh]` of the last T of S tokens, k and v `[S, K, Dh]` (after rope) → `[T, H*Dh]`.
pub(crate) fn attend_span(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    attention: Attention,
) -> Result<Tensor> {
    let Attention { window, scale } = attention;
    let (tokens, heads, head_dim) = q.dims3()?;
    let (seen, kv_heads, _) = k.dims3()?;
    let group = heads / kv_heads;
    let k = k.transpose(0, 1)?.contiguous()?;
    let v = v.transpose(0, 1)?.contiguous()?;
    // [T, K, G, Dh] → [K, G, T, Dh]
    let q = q
        .reshape((tokens, kv_heads, group, head_dim))?
        .permute((1, 2, 0, 3))?;
    let step = block_tokens(&q);
    let mut blocks = Vec::with_capacity(tokens.div_ceil(step));
    for start in (0..tokens).step_by(step) {
        let rows = step.min(tokens - start);
        let first = seen - tokens + start;
        let keys = visible_keys(first, rows, window);
        let q =
            q.narrow(2, start, rows)?
                .contiguous()?
                .reshape((kv_heads, group * rows, head_dim))?;
        let scores = matmul(&q, &k.narrow(1, keys.start, keys.len())?.t()?)?;
        let sight = Sight {
            queries: rows,
            first: first - keys.start,
            window,
        };
        let probs = causal_softmax(scores, sight, scale)?;
        let out = matmul(&probs, &v.narrow(1, keys.start, keys.len())?)?
            .reshape((kv_heads, group, rows, head_dim))?;
        blocks.push(
            out.permute((2, 0, 1, 3))?
                .reshape((rows, heads * head_dim))?,
        );
    }
    match blocks.len() {
        1 => Ok(blocks.remove(0)),
        _ => Ok(Tensor::cat(&blocks, 0)?),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::ops::causal_softmax_composed;

    #[test]
    fn blocks_of_queries_see_what_the_whole_matrix_shows() {
        let tokens = 2 * BLOCK_TOKENS + 70;
        let random =
            |heads: usize| Tensor::randn(0f32, 1.0, (tokens, heads, 4), &Device::Cpu).unwrap();
        let (q, k, v) = (random(2), random(2), random(2));
        let by_head = |t: &Tensor| t.transpose(0, 1).unwrap().contiguous().unwrap();
        let scores = by_head(&q).matmul(&by_head(&k).t().unwrap()).unwrap();
        for window in [
            None,
            Some(1),
            Some(100),
            Some(BLOCK_TOKENS),
            Some(BLOCK_TOKENS + 1),
            Some(tokens),
        ] {
            let sight = Sight {
                queries: tokens,
                first: 0,
                window,
            };
            let probs = causal_softmax_composed(&scores, sight, 0.5).unwrap();
            let whole = by_head(&probs.matmul(&by_head(&v)).unwrap())
                .flatten_from(1)
                .unwrap();
            let attention = Attention { window, scale: 0.5 };
            let blocks = attend_span(&q, &k, &v, attention).unwrap();
            let last = q.narrow(0, 90, tokens - 90).unwrap();
            let last = attend_span(&last, &k, &v, attention).unwrap();
            for (found, first) in [(blocks, 0), (last, 90)] {
                let whole = whole.narrow(0, first, tokens - first).unwrap();
                let off = (whole - found).unwrap().abs().unwrap().max_all().unwrap();
                let off = off.to_scalar::<f32>().unwrap();
                assert!(off < 1e-5, "window {window:?}, queries from {first}: {off}");
            }
        }
    }
}
