//! Sequences laid end to end: what one pass of the decoder reads.

use std::ops::Range;

use candle_core::{Device, Tensor};

use crate::error::Result;

/// Sequences laid end to end, without padding.
#[derive(Debug, Clone)]
pub struct PackedBatch {
    /// `[N]` u32
    pub input_ids: Tensor,
    /// `[N]` u32: position of each row in its own sequence.
    pub positions: Tensor,
    /// Rows of each sequence.
    pub spans: Vec<Range<usize>>,
    /// Tokens of each whole sequence, those included that are not fed: rope scalings that follow the length
    /// read it.
    pub seq_lens: Vec<usize>,
}

impl PackedBatch {
    /// Lays `seqs` end to end; empty sequences get an empty span.
    pub fn new(seqs: &[Vec<u32>], device: &Device) -> Result<Self> {
        Self::pack(seqs.iter().map(|seq| (seq.as_slice(), seq.len())), device)
    }

    /// Lays `seqs` end to end without the last token of each, which predicts nothing that is scored.
    pub fn without_last(seqs: &[Vec<u32>], device: &Device) -> Result<Self> {
        Self::pack(seqs.iter().map(|seq| (&seq[..seq.len().saturating_sub(1)], seq.len())), device)
    }

    /// One token of each sequence, at the end of what a cache already holds: (token, its position).
    pub fn next_tokens(tokens: &[(u32, usize)], device: &Device) -> Result<Self> {
        let rows = tokens.len();
        let ids: Vec<u32> = tokens.iter().map(|(token, _)| *token).collect();
        let positions: Vec<u32> = tokens.iter().map(|(_, position)| *position as u32).collect();
        Ok(Self {
            input_ids: Tensor::from_vec(ids, rows, device)?,
            positions: Tensor::from_vec(positions, rows, device)?,
            spans: (0..rows).map(|row| row..row + 1).collect(),
            seq_lens: tokens.iter().map(|(_, position)| position + 1).collect(),
        })
    }

    /// (tokens fed, tokens of the whole sequence) of each sequence.
    fn pack<'a>(seqs: impl Iterator<Item = (&'a [u32], usize)>, device: &Device) -> Result<Self> {
        let (mut ids, mut positions) = (Vec::new(), Vec::new());
        let (mut spans, mut seq_lens) = (Vec::new(), Vec::new());
        for (fed, seq_len) in seqs {
            spans.push(ids.len()..ids.len() + fed.len());
            seq_lens.push(seq_len);
            ids.extend_from_slice(fed);
            positions.extend(0..fed.len() as u32);
        }
        let rows = ids.len();
        Ok(Self {
            input_ids: Tensor::from_vec(ids, rows, device)?,
            positions: Tensor::from_vec(positions, rows, device)?,
            spans,
            seq_lens,
        })
    }

    /// Number of packed rows N.
    pub fn rows(&self) -> usize {
        self.spans.last().map_or(0, |span| span.end)
    }
}
