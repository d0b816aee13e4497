//! Rotary position embedding (Su et al. 2021) with the rotated halves of Hugging Face's layout.
//!
//! Frequencies and their scalings are `rope_scaling`'s. Some scalings depend on the length of the sequence: every
//! sequence gets the frequencies of its own length, so batched = single and cached = full, whereas transformers takes
//! the longest sequence of a batch, keeps a grown scale for later ones and, when decoding with a cache,
//! leaves old keys as they were rotated (except for Phi-3).
//!
//! Blocks share one set of frequencies, except in Gemma 3, whose blocks with a window have a set of their own, and in
//! SmolLM3, where some blocks rotate nothing.

use candle_core::{DType, Tensor};

use super::config::DecoderConfig;
use super::rope_scaling::RopeScaling;
use crate::error::Result;

/// Rotary position embedding of one model; cosines and sines are computed for the positions of each pass.
#[derive(Debug, Clone)]
pub struct Rope {
    /// Leading values of a head that are rotated (Dr), even; the rest passes as it is.
    rotary_dim: usize,
    /// The sets of frequencies, one or two.
    sets: Vec<Frequencies>,
    /// For each block, the index of its set in `sets`; `None` if it rotates nothing.
    by_layer: Vec<Option<usize>>,
}

/// What one set of frequencies is computed from.
#[derive(Debug, Clone)]
struct Frequencies {
    theta: f64,
    scaling: RopeScaling,
}

/// Cosines and sines of the rows of one pass.
#[derive(Debug, Clone)]
pub struct Rotations {
    /// Cosines and sines `[N, Dr/2]` of each set of frequencies.
    tables: Vec<(Tensor, Tensor)>,
    by_layer: Vec<Option<usize>>,
}

impl Rotations {
    /// Cosines and sines `[N, Dr/2]` by which a block rotates its queries and keys; `None` if it does not.
    pub fn of(&self, layer: usize) -> Option<(&Tensor, &Tensor)> {
        let (cos, sin) = &self.tables[self.by_layer[layer]?];
        Some((cos, sin))
    }

    /// The same in another number type.
    pub(crate) fn to_dtype(&self, dtype: DType) -> Result<Self> {
        let converted =
            |(cos, sin): &(Tensor, Tensor)| Ok((cos.to_dtype(dtype)?, sin.to_dtype(dtype)?));
        Ok(Self {
            tables: self.tables.iter().map(converted).collect::<Result<_>>()?,
            by_layer: self.by_layer.clone(),
        })
    }
}

impl Rope {
    /// The rotation that `config` asks for.
    pub fn new(config: &DecoderConfig) -> Self {
        let mut sets = vec![Frequencies {
            theta: config.rope_theta,
            scaling: config.rope_scaling.clone(),
        }];
        let is_local = |layer: usize| {
            let local = config.local_rope.as_ref();
            local.is_some_and(|local| local.layers[layer])
        };
        let set = |(layer, rotates): (usize, &bool)| rotates.then(|| usize::from(is_local(layer)));
        let by_layer = config.rope_layers.iter().enumerate().map(set).collect();
        if let Some(local) = &config.local_rope {
            sets.push(Frequencies {
                theta: local.theta,
                scaling: local.scaling.clone(),
            });
        }
        Self {
            rotary_dim: config.rotary_dim,
            sets,
            by_layer,
        }
    }

    /// Inverse frequencies `[Dr/2]` of a block in a sequence of `seq_len` tokens; `None` if it rotates nothing.
    pub fn inv_freq(&self, layer: usize, seq_len: usize) -> Option<Vec<f32>> {
        let set = &self.sets[self.by_layer[layer]?];
        Some(set.inv_freq(self.rotary_dim, seq_len))
    }

    /// Whether sequences of these lengths have the same frequencies.
    pub(crate) fn agree(&self, length: usize, other: usize) -> bool {
        let inv_freq = |set: &Frequencies, length| set.inv_freq(self.rotary_dim, length);
        let agree = |set: &Frequencies| inv_freq(set, length) == inv_freq(set, other);
        length == other || self.sets.iter().all(agree)
    }

    /// Whether a sequence that has grown to `seq_len` tokens has different frequencies from one token earlier, so that
    /// keys and values computed then are no longer those of a full pass.
    pub(crate) fn changes_at(&self, seq_len: usize) -> bool {
        self.sets.iter().any(|set| set.changes_at(seq_len))
    }

    /// Cosines and sines of rows at `positions` `[N]`, times the scaling's attention factor. `runs` describes
    /// neighbouring rows of one sequence: the sequence's length in tokens, and how many of the rows belong to it.
    pub(crate) fn tables(
        &self,
        positions: &Tensor,
        runs: impl Iterator<Item = (usize, usize)> + Clone,
    ) -> Result<Rotations> {
        let table = |set: &Frequencies| set.table(self.rotary_dim, positions, runs.clone());
        Ok(Rotations {
            tables: self.sets.iter().map(table).collect::<Result<_>>()?,
            by_layer: self.by_layer.clone(),
        })
    }
}

impl Frequencies {
    fn inv_freq(&self, rotary_dim: usize, seq_len: usize) -> Vec<f32> {
        self.scaling.inv_freq(rotary_dim, self.theta, seq_len)
    }

    fn changes_at(&self, seq_len: usize) -> bool {
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

    fn table(
        &self,
        rotary_dim: usize,
        positions: &Tensor,
        runs: impl Iterator<Item = (usize, usize)>,
    ) -> Result<(Tensor, Tensor)> {
        let (device, count) = (positions.device(), positions.elem_count());
        let half = rotary_dim / 2;
        let inv_freq = match self.scaling {
            RopeScaling::Dynamic { .. } | RopeScaling::LongRope { .. } => {
                let mut frequencies = Vec::with_capacity(count * half);
                for (seq_len, rows) in runs {
                    frequencies.extend(self.inv_freq(rotary_dim, seq_len).repeat(rows));
                }
                Tensor::from_vec(frequencies, (count, half), device)?
            }
            _ => Tensor::from_vec(self.inv_freq(rotary_dim, 0), (1, half), device)?,
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
