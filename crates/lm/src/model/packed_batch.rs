//! Sequences laid end to end: what one pass of the decoder reads, and which rows it gives back.

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
    /// One for each sequence.
    pub spans: Vec<Span>,
}

/// The rows of one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its place among the packed rows.
    pub rows: Range<usize>,
    /// How many of its last rows have their hidden states wanted.
    pub wanted: usize,
    /// Tokens of the whole sequence, those included that are not fed: rope scalings that follow the length
    /// read it.
    pub seq_len: usize,
}

/// One sequence to lay down.
struct Fed<'a> {
    ids: &'a [u32],
    wanted: usize,
    seq_len: usize,
}

impl PackedBatch {
    /// Lays `seqs` end to end, every row wanted; empty sequences get an empty span.
    pub fn new(seqs: &[Vec<u32>], device: &Device) -> Result<Self> {
        Self::pack(seqs.iter().map(|seq| Fed { ids: seq, wanted: seq.len(), seq_len: seq.len() }), device)
    }

    /// Lays `prompts` end to end; of each the last row is wanted, which predicts what follows.
    pub fn prompts(prompts: &[Vec<u32>], device: &Device) -> Result<Self> {
        let fed = prompts.iter().map(|seq| Fed { ids: seq, wanted: seq.len().min(1), seq_len: seq.len() });
        Self::pack(fed, device)
    }

    /// Lays sequences of a prompt and a completion end to end; wanted are the rows that predict the completions. The
    /// last token of each sequence predicts nothing and is not fed. Prompts are not empty.
    pub fn completions(sequences: &[(&[u32], &[u32])], device: &Device) -> Result<Self> {
        let seqs: Vec<Vec<u32>> =
            sequences.iter().map(|(prompt, completion)| [*prompt, *completion].concat()).collect();
        let fed = seqs.iter().zip(sequences).map(|(seq, (_, completion))| Fed {
            ids: &seq[..seq.len() - 1],
            wanted: completion.len(),
            seq_len: seq.len(),
        });
        Self::pack(fed, device)
    }

    /// One token of each sequence, at the end of what a cache already holds: (token, its position).
    pub fn next_tokens(tokens: &[(u32, usize)], device: &Device) -> Result<Self> {
        let rows = tokens.len();
        let ids: Vec<u32> = tokens.iter().map(|(token, _)| *token).collect();
        let positions: Vec<u32> = tokens.iter().map(|(_, position)| *position as u32).collect();
        let span = |(row, (_, position)): (usize, &(u32, usize))| Span {
            rows: row..row + 1,
            wanted: 1,
            seq_len: position + 1,
        };
        Ok(Self {
            input_ids: Tensor::from_vec(ids, rows, device)?,
            positions: Tensor::from_vec(positions, rows, device)?,
            spans: tokens.iter().enumerate().map(span).collect(),
        })
    }

    fn pack<'a>(seqs: impl Iterator<Item = Fed<'a>>, device: &Device) -> Result<Self> {
        let (mut ids, mut positions, mut spans) = (Vec::new(), Vec::new(), Vec::new());
        for fed in seqs {
            let rows = ids.len()..ids.len() + fed.ids.len();
            spans.push(Span { rows, wanted: fed.wanted, seq_len: fed.seq_len });
            ids.extend_from_slice(fed.ids);
            positions.extend(0..fed.ids.len() as u32);
        }
        let rows = ids.len();
        Ok(Self {
            input_ids: Tensor::from_vec(ids, rows, device)?,
            positions: Tensor::from_vec(positions, rows, device)?,
            spans,
        })
    }

    /// Number of packed rows N.
    pub fn rows(&self) -> usize {
        self.spans.last().map_or(0, |span| span.rows.end)
    }

    /// Each span with the places of its queries among those of the batch: of all its rows, or in the last block of
    /// the wanted ones.
    pub(crate) fn queries(&self, last_block: bool) -> Vec<(&Span, Range<usize>)> {
        let mut end = 0;
        let place = |span: &Span| {
            let start = end;
            end += if last_block { span.wanted } else { span.rows.len() };
            start..end
        };
        self.spans.iter().zip(self.spans.iter().map(place)).collect()
    }

    /// The wanted rows; none where all are.
    pub(crate) fn wanted(&self) -> Result<Option<Rows>> {
        let last_rows = |span: &Span| span.rows.end - span.wanted..span.rows.end;
        let places: Vec<u32> = self.spans.iter().flat_map(last_rows).map(|row| row as u32).collect();
        if places.len() == self.rows() {
            return Ok(None);
        }
        let index = Tensor::new(places.as_slice(), self.input_ids.device())?;
        Ok(Some(Rows { index, places }))
    }
}

/// Some of N packed rows, ascending.
pub(crate) struct Rows {
    /// `[M]` u32
    index: Tensor,
    pub(crate) places: Vec<u32>,
}

/// `rows` of `t` `[N, ..]`, or all of it.
pub(crate) fn pick(t: &Tensor, rows: Option<&Rows>) -> Result<Tensor> {
    Ok(match rows {
        Some(rows) => t.index_select(&rows.index, 0)?,
        None => t.clone(),
    })
}

/// The inverse of [`pick`]: `[M, width]` laid into `n` rows of zeros.
pub(crate) fn spread(t: Tensor, rows: Option<&Rows>, n: usize) -> Result<Tensor> {
    let Some(rows) = rows else { return Ok(t) };
    let zeros = Tensor::zeros((n, t.dim(1)?), t.dtype(), t.device())?;
    Ok(zeros.index_add(&rows.index, &t, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_rows_predict_the_completions() {
        let packed =
            PackedBatch::completions(&[(&[1, 2, 3], &[4, 5]), (&[6], &[7, 8, 9])], &Device::Cpu).unwrap();
        assert_eq!(packed.input_ids.to_vec1::<u32>().unwrap(), [1, 2, 3, 4, 6, 7, 8]);
        assert_eq!(packed.wanted().unwrap().unwrap().places, [2, 3, 4, 5, 6]);
        let all = PackedBatch::completions(&[(&[6], &[7, 8, 9])], &Device::Cpu).unwrap();
        assert!(all.wanted().unwrap().is_none(), "no rows are picked where all are wanted");
    }
}
