//! Rotary position embedding (Su et al. 2021) with the rotated halves of Hugging Face's layout.
//!
//! Frequencies and their scalings are `rope_scaling`'s. Some scalings depend on the length of the sequence: every
//! sequence gets the frequencies of its own length, so batched = single and cached = full, where transformers
//! takes the longest sequence of a batch, keeps a grown scale for later ones and, when decoding with a cache,
//! leaves old keys as they were rotated (but for Phi-3).

use candle_core::{DType, Tensor};

use super::config::DecoderConfig;
use super::rope_scaling::RopeScaling;
use crate::error::Result;

/// Rotary position embedding of one model; cosines and sines are computed for the positions of each pass.
#[derive(Debug, Clone)]
pub struct Rope {
    /// Leading values of a head that are rotated (Dr), even; the rest passes as it is.
    rotary_dim: usize,
    theta: f64,
    scaling: RopeScaling,
}

impl Rope {
    /// The rotation that `config` asks for.
    pub fn new(config: &DecoderConfig) -> Self {
        Self {
            rotary_dim: config.rotary_dim,
            theta: config.rope_theta,
            scaling: config.rope_scaling.clone(),
        }
    }

    /// Inverse frequencies `[Dr/2]` of a sequence of `seq_len` tokens.
    pub fn inv_freq(&self, seq_len: usize) -> Vec<f32> {
        self.scaling.inv_freq(self.rotary_dim, self.theta, seq_len)
    }

    /// Whether sequences of these lengths have the same frequencies.
    pub(crate) fn agree(&self, length: usize, other: usize) -> bool {
        length == other || self.inv_freq(length) == self.inv_freq(other)
    }

    /// Whether a sequence that has grown to `seq_len` tokens has other frequencies than one token before, so that
    /// keys and values computed then are no longer those of a full pass.
    pub(crate) fn changes_at(&self, seq_len: usize) -> bool {
        match self.scaling {
            RopeScaling::Dynamic {
                original_context, ..
            } => seq_len > original_context,
            RopeScaling::LongRope {
                original_context, ..
            } => seq_len == original_context + 1,
            RopeScaling::None
            | RopeScaling::Linear { .. }
            | RopeScaling::Llama3 { .. }
            | RopeScaling::Yarn { .. } => false,
        }
    }

    /// Cosines and sines `[N, Dr/2]` of rows at `positions` `[N]`, times the scaling's attention factor. `runs` are
    /// neighbouring rows of one sequence: its length in tokens, and how many of the rows are its.
    pub(crate) fn tables(
        &self,
        positions: &Tensor,
        runs: impl Iterator<Item = (usize, usize)>,
    ) -> Result<(Tensor, Tensor)> {
        let (device, count) = (positions.device(), positions.elem_count());
        let half = self.rotary_dim / 2;
        let inv_freq = match self.scaling {
            RopeScaling::Dynamic { .. } | RopeScaling::LongRope { .. } => {
                let mut frequencies = Vec::with_capacity(count * half);
                for (seq_len, rows) in runs {
                    frequencies.extend(self.inv_freq(seq_len).repeat(rows));
                }
                Tensor::from_vec(frequencies, (count, half), device)?
            }
            _ => Tensor::from_vec(self.inv_freq(0), (1, half), device)?,
        };
        let angles = positions
            .to_dtype(DType::F32)?
            .unsqueeze(1)?
            .broadcast_mul(&inv_freq)?;
        match self.scaling.attention_factor() {
            1.0 => Ok((angles.cos()?, angles.sin()?)),
            factor => Ok(((angles.cos()? * factor)?, (angles.sin()? * factor)?)),
        }
    }
}
