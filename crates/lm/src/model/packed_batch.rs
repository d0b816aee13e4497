//! Sequences laid end to end: what one pass of the decoder reads, and which rows it returns.

use std::ops::Range;

use candle_core::{Device, Tensor};

use super::rope::{Rope, Rotations};
use super::rotation::Rotation;
use crate::error::Result;

/// Sequences laid end to end, without padding.
#[derive(Debug, Clone)]
pub struct PackedBatch {
    /// Token of each packed row, `[N]` u32.
    pub input_ids: Tensor,
    /// `[N]` u32: position of each row in its own sequence.
    pub positions: Tensor,
    /// One span for each sequence and, before these, one for each prompt that several sequences share.
    pub spans: Vec<Span>,
}

/// The rows of one sequence, or those of its rows that it does not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Its place among the packed rows.
    pub rows: Range<usize>,
    /// The earlier span that holds the beginning of its sequence.
    pub prefix: Option<usize>,
    /// The number of its last rows whose hidden states are wanted.
    pub wanted: usize,
    /// Tokens of the whole sequence, including those that are not fed: rope scalings that depend on the length read
    /// this.
    pub seq_len: usize,
}

/// A prompt and what follows it.
pub(crate) type Sequence<'a> = (&'a [u32], &'a [u32]);

/// Runs of sequences that have the same prompt, and how many of its tokens they can
/// share. The prompt's last token predicts the
/// first of each completion and stays with it. Frequencies that depend on the length must be the same for the whole
/// run.
pub(crate) fn sharing<'s, 'a>(
    sequences: &'s [Sequence<'a>],
    rope: &Rope,
) -> impl Iterator<Item = (&'s [Sequence<'a>], usize)> {
    let length = |(prompt, completion): &Sequence<'_>| prompt.len() + completion.len();
    let runs = sequences.chunk_by(move |sequence, next| {
        sequence.0 == next.0 && rope.agree(length(sequence), length(next))
    });
    runs.map(|run| (run, if run.len() > 1 { run[0].0.len() - 1 } else { 0 }))
}

impl PackedBatch {
    /// Lays `seqs` end to end, every row wanted; empty sequences get an empty span.
    pub fn new(seqs: &[Vec<u32>], device: &Device) -> Result<Self> {
        let mut layout = Layout::default();
        for seq in seqs {
            layout.lay(seq, None, seq.len(), seq.len());
        }
        layout.into_batch(device)
    }

    /// Lays `prompts` end to end; the last row of each is wanted, because it predicts what follows.
    pub fn prompts(prompts: &[Vec<u32>], device: &Device) -> Result<Self> {
        let mut layout = Layout::default();
        for prompt in prompts {
            layout.lay(prompt, None, prompt.len().min(1), prompt.len());
        }
        layout.into_batch(device)
    }

    /// Lays sequences end to end, each made of a prompt, which is not empty, and a
    /// completion; the wanted rows are those that
    /// predict the completions. The last token of each sequence predicts nothing and is not fed. Neighbours with the
    /// same prompt share its rows, unless their lengths give them different rotary frequencies.
    pub fn completions(sequences: &[Sequence<'_>], rope: &Rope, device: &Device) -> Result<Self> {
        let mut layout = Layout::default();
        for (run, shared) in sharing(sequences, rope) {
            let (prompt, first) = run[0];
            let prefix = (shared > 0)
                .then(|| layout.lay(&prompt[..shared], None, 0, prompt.len() + first.len()));
            for (_, completion) in run {
                let mut fed = [&prompt[shared..], *completion].concat();
                fed.pop();
                layout.lay(
                    &fed,
                    prefix,
                    completion.len(),
                    prompt.len() + completion.len(),
                );
            }
        }
        layout.into_batch(device)
    }

    /// Rows that [`Self::completions`] makes of these sequences.
    pub(crate) fn rows_of(sequences: &[Sequence<'_>], rope: &Rope) -> usize {
        let of_run = |(run, shared): (&[Sequence<'_>], usize)| {
            let unshared =
                |(prompt, completion): &Sequence<'_>| prompt.len() + completion.len() - 1 - shared;
            shared + run.iter().map(unshared).sum::<usize>()
        };
        sharing(sequences, rope).map(of_run).sum()
    }

    /// One token of each sequence, at the end of what a cache already holds: (the token and its position).
    pub fn next_tokens(tokens: &[(u32, usize)], device: &Device) -> Result<Self> {
        let mut layout = Layout::default();
        for (token, position) in tokens {
            layout.lay(&[*token], None, 1, position + 1);
        }
        layout.positions = tokens
            .iter()
            .map(|(_, position)| *position as u32)
            .collect();
        layout.into_batch(device)
    }

    /// Number of packed rows N.
    pub fn rows(&self) -> usize {
        self.spans.last().map_or(0, |span| span.rows.end)
    }

    /// Cosines and sines by which each row's queries and keys are rotated.
    ///
    /// # Errors
    /// [`crate::Error::Candle`] where memory does not suffice.
    pub fn rotations(&self, rope: &Rope) -> Result<Rotations> {
        let runs = self
            .spans
            .iter()
            .map(|span| (span.seq_len, span.rows.len()));
        rope.tables(&self.positions, runs)
    }

    /// Each span with the places of its queries among those of the batch: of all its rows or, in the last block, of the
    /// wanted ones.
    pub(crate) fn queries(&self, last_block: bool) -> Vec<(&Span, Range<usize>)> {
        let mut end = 0;
        let place = |span: &Span| {
            let start = end;
            end += if last_block {
                span.wanted
            } else {
                span.rows.len()
            };
            start..end
        };
        self.spans
            .iter()
            .zip(self.spans.iter().map(place))
            .collect()
    }

    /// `t` `[N, ..]` in the rows of a span's sequence up to the span's end: what its queries may see.
    pub(crate) fn seen(&self, span: &Span, t: &Tensor) -> Result<Tensor> {
        let rows = |span: &Span| t.narrow(0, span.rows.start, span.rows.len());
        match span.prefix {
            Some(prefix) => Ok(Tensor::cat(&[rows(&self.spans[prefix])?, rows(span)?], 0)?),
            None => Ok(rows(span)?),
        }
    }

    /// The inverse of [`Self::seen`] for gradients, one of each span: `[N, ..]`, with those of a shared prompt added
    /// up.
    pub(crate) fn sum_seen<'a>(&self, grads: impl Iterator<Item = &'a Tensor>) -> Result<Tensor> {
        let mut sums: Vec<Tensor> = Vec::with_capacity(self.spans.len());
        for (span, grad) in self.spans.iter().zip(grads) {
            let before = grad.dim(0)? - span.rows.len();
            if let Some(prefix) = span.prefix {
                sums[prefix] = (&sums[prefix] + grad.narrow(0, 0, before)?)?;
            }
            sums.push(grad.narrow(0, before, span.rows.len())?);
        }
        Ok(Tensor::cat(&sums, 0)?)
    }

    /// The wanted rows; `None` if all of them are wanted.
    pub(crate) fn wanted(&self) -> Result<Option<Rows>> {
        let last_rows = |span: &Span| span.rows.end - span.wanted..span.rows.end;
        let places: Vec<u32> = self
            .spans
            .iter()
            .flat_map(last_rows)
            .map(|row| row as u32)
            .collect();
        if places.len() == self.rows() {
            return Ok(None);
        }
        let index = Tensor::new(places.as_slice(), self.input_ids.device())?;
        Ok(Some(Rows { index, places }))
    }
}

/// A batch under construction.
#[derive(Default)]
struct Layout {
    ids: Vec<u32>,
    positions: Vec<u32>,
    spans: Vec<Span>,
}

impl Layout {
    /// Appends the tokens of a span after those of its prefix; returns the span's number.
    fn lay(&mut self, ids: &[u32], prefix: Option<usize>, wanted: usize, seq_len: usize) -> usize {
        let first = prefix.map_or(0, |prefix| self.spans[prefix].rows.len());
        let rows = self.ids.len()..self.ids.len() + ids.len();
        self.positions
            .extend(first as u32..(first + ids.len()) as u32);
        self.ids.extend_from_slice(ids);
        self.spans.push(Span {
            rows,
            prefix,
            wanted,
            seq_len,
        });
        self.spans.len() - 1
    }

    fn into_batch(self, device: &Device) -> Result<PackedBatch> {
        let rows = self.ids.len();
        Ok(PackedBatch {
            input_ids: Tensor::from_vec(self.ids, rows, device)?,
            positions: Tensor::from_vec(self.positions, rows, device)?,
            spans: self.spans,
        })
    }
}

/// Some of N packed rows, ascending.
pub(crate) struct Rows {
    /// Numbers of the rows, `[M]` u32.
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

/// The inverse of [`pick`]: `[M, width]` placed into `n` rows of zeros.
pub(crate) fn spread(t: Tensor, rows: Option<&Rows>, n: usize) -> Result<Tensor> {
    let Some(rows) = rows else { return Ok(t) };
    let zeros = Tensor::zeros((n, t.dim(1)?), t.dtype(), t.device())?;
    Ok(zeros.index_add(&rows.index, &t, 0)?)
}

impl Rotations {
    /// How a block rotates the heads of some rows; `None` means all rows.
    pub(crate) fn rotation(&self, layer: usize, rows: Option<&Rows>) -> Result<Rotation> {
        Ok(Rotation(match self.of(layer) {
            Some((cos, sin)) => Some((pick(cos, rows)?, pick(sin, rows)?)),
            None => None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_model::{tiny_as, variants};

    fn packed(sequences: &[Sequence<'_>], config: &str) -> PackedBatch {
        let (_, config) = variants()
            .into_iter()
            .find(|(name, _)| *name == config)
            .unwrap();
        let rope = tiny_as(&config, 1).rope;
        let packed = PackedBatch::completions(sequences, &rope, &Device::Cpu).unwrap();
        assert_eq!(PackedBatch::rows_of(sequences, &rope), packed.rows());
        packed
    }

    fn values(t: &Tensor) -> Vec<u32> {
        t.to_vec1().unwrap()
    }

    #[test]
    fn wanted_rows_predict_the_completions() {
        let two = packed(&[(&[1, 2, 3], &[4, 5]), (&[6], &[7, 8, 9])], "biases");
        assert_eq!(values(&two.input_ids), [1, 2, 3, 4, 6, 7, 8]);
        assert_eq!(two.wanted().unwrap().unwrap().places, [2, 3, 4, 5, 6]);
        let complete = packed(&[(&[6], &[7, 8, 9])], "biases");
        assert!(
            complete.wanted().unwrap().is_none(),
            "no rows are picked where all are wanted"
        );
    }

    #[test]
    fn neighbours_share_their_prompt_but_for_its_last_token() {
        let prompt = [1, 2, 3];
        let sequences: [Sequence<'_>; 4] = [
            (&prompt, &[4, 5]),
            (&prompt, &[]),
            (&prompt, &[6]),
            (&[1, 2], &[3]),
        ];
        let found = packed(&sequences, "biases");
        assert_eq!(values(&found.input_ids), [1, 2, 3, 4, 3, 1, 2]);
        assert_eq!(values(&found.positions), [0, 1, 2, 3, 2, 0, 1]);
        assert_eq!(found.wanted().unwrap().unwrap().places, [2, 3, 4, 6]);
        let prefixes: Vec<_> = found.spans.iter().map(|span| span.prefix).collect();
        assert_eq!(prefixes, [None, Some(0), Some(0), Some(0), None]);
    }

    #[test]
    fn lengths_with_other_frequencies_do_not_share() {
        let (short, long) = ([7; 3], [7; 9]);
        let follows = "fused matrices, partial rotation and a second set of frequencies";
        for (length, other, rows) in [
            (&short[..2], &short[..3], 8),
            (&short, &long, 18),
            (&long, &long, 21),
        ] {
            let found = packed(&[(&[1, 2, 3, 4], length), (&[1, 2, 3, 4], other)], follows);
            assert_eq!(found.rows(), rows);
        }
    }
}
