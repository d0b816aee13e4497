//! The part of an adapter that the forward pass reads: a low-rank update of some projections (Hu et al. 2021,
//! arXiv 2106.09685).
//!
//! [`crate::lora`] makes, stores and merges adapters.

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
    /// Converts the pair to another number type. Tensors that already have that type are shared, not copied.
    pub(crate) fn as_dtype(&self, dtype: DType) -> Result<Self> {
        Ok(Self {
            a: self.a.to_dtype(dtype)?,
            b: self.b.to_dtype(dtype)?,
        })
    }
}

/// The pair of each projection in each block, or values that belong to it, such as gradients; `None` where there is no
/// update.
pub type LoraLayers = Vec<PerTarget<Option<LoraPair>>>;

/// The update `scale * B A x` of each projection that an adapter acts on.
#[derive(Debug, Clone)]
pub struct LowRank {
    /// Pairs by layer, in f32 unless `computed_in` has converted them.
    pub layers: LoraLayers,
    /// Factors on `B A x` by layer; 0 if a projection has no pair.
    pub(crate) scales: Vec<PerTarget<f64>>,
}

impl LowRank {
    /// The factor on `B A x` of a projection; 0 if the projection has no update.
    pub fn scale(&self, layer: usize, target: Target) -> f64 {
        self.scales.get(layer).map_or(0.0, |scales| scales[target])
    }

    /// The pair that acts on a projection, if there is one.
    pub fn get(&self, layer: usize, target: Target) -> Option<&LoraPair> {
        self.layers
            .get(layer)
            .and_then(|pairs| pairs[target].as_ref())
    }

    /// Returns the update in the number type of a decoder's activations, so that passes do not convert each pair again
    /// and again. Borrows `self` if all pairs have that type already.
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
