//! Gradients: those of an adapter's pairs, and those of a decoder's own weights.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use candle_core::Tensor;

use crate::error::Result;
use crate::lora::named_pairs;
use crate::model::LoraLayers;
use crate::ops::add_into;

/// Gradients of an adapter: the same slots, filled for exactly the tensors that are trained.
#[derive(Debug, Clone)]
pub struct Gradients {
    /// `a` and `b` hold dLoss/dA and dLoss/dB; by layer.
    pub layers: LoraLayers,
}

impl Gradients {
    /// Every gradient under the PEFT name of its tensor, sorted by name.
    pub fn named_tensors(&self) -> Vec<(String, Tensor)> {
        named_pairs(&self.layers)
    }

    /// Adds the gradients of the same adapter from another part of the batch, tensor by tensor in place.
    pub(super) fn add(&mut self, other: Self) -> Result<()> {
        let slots = self
            .layers
            .iter_mut()
            .flatten()
            .zip(other.layers.into_iter().flatten());
        for (slot, other) in slots {
            if let (Some(sum), Some(other)) = (slot.as_mut(), other) {
                sum.a = add_into(other.a, &sum.a)?;
                sum.b = add_into(other.b, &sum.b)?;
            }
        }
        Ok(())
    }
}

/// Gradients under the Hugging Face names of the tensors and in their layout (matrices `[out, in]`), each projection
/// separately; a head that is tied to the embedding adds to the embedding's.
#[derive(Debug, Clone, Default)]
pub struct WeightGradients {
    /// Gradients by tensor name, in the shape of the tensor.
    pub tensors: BTreeMap<String, Tensor>,
}

impl WeightGradients {
    /// Adds a gradient to the one of the same name, if there is one.
    pub(super) fn add(&mut self, name: &str, gradient: Tensor) -> Result<()> {
        match self.tensors.entry(name.to_owned()) {
            Entry::Vacant(place) => {
                place.insert(gradient);
            }
            Entry::Occupied(mut sum) => {
                let total = (sum.get() + gradient)?;
                sum.insert(total);
            }
        }
        Ok(())
    }
}
