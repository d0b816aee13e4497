//! What the forward pass reads of an adapter: a low-rank update of some projections (Hu et al. 2021, arXiv 2106.09685).
//!
//! How an adapter is made, stored and merged is the business of [`crate::lora`].

use std::borrow::Cow;

use candle_core::{DType, Tensor};

use super::target::{PerTarget, Target};
use crate::error::Result;

/// The two factors of one projection's update.
#[derive(Debug, Clone)]
pub struct LoraPair {
    /// Down-projection `[R, in]`.
    pub a: Tensor,
    /// Up-projection `[out, R]`.
    pub b: Tensor,
}

impl LoraPair {
    /// The pair in another number type; the same tensors where it has that type already.
    pub(crate) fn as_dtype(&self, dtype: DType) -> Result<Self> {
        Ok(Self {
            a: self.a.to_dtype(dtype)?,
            b: self.b.to_dtype(dtype)?,
        })
    }
}

/// Pairs of a decoder's blocks (or what belongs to each, as their gradients), where there are any.
pub type LoraLayers = Vec<PerTarget<Option<LoraPair>>>;

/// The update `scale * B A x` of each projection that an adapter acts on.
#[derive(Debug, Clone)]
pub struct LowRank {
    /// Pairs by layer, in f32.
    pub layers: LoraLayers,
    /// Factors on `B A x` by layer; 0 where there is no pair.
    pub(crate) scales: Vec<PerTarget<f64>>,
}

impl LowRank {
    /// The factor on `B A x` of a projection; 0 where there is no update.
    pub fn scale(&self, layer: usize, target: Target) -> f64 {
        self.scales.get(layer).map_or(0.0, |scales| scales[target])
    }

    /// The pair that acts on a projection, if there is one.
    pub fn get(&self, layer: usize, target: Target) -> Option<&LoraPair> {
        self.layers
            .get(layer)
            .and_then(|pairs| pairs[target].as_ref())
    }

    /// A copy in the number type of a decoder's activations, for passes that would convert each pair again and again; the
    /// update itself where it has that type.
    pub(crate) fn computed_in(&self, dtype: DType) -> Result<Cow<'_, Self>> {
        let mut copy = Cow::Borrowed(self);
        if self
            .layers
            .iter()
            .flatten()
            .flatten()
            .any(|pair| pair.a.dtype() != dtype)
        {
            for pair in copy.to_mut().layers.iter_mut().flatten().flatten() {
                *pair = pair.as_dtype(dtype)?;
            }
        }
        Ok(copy)
    }
}
