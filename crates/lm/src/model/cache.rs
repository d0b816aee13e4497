//! Cache of keys and values for the sequences being decoded, in main memory or on the device that decodes them.

use candle_core::Tensor;

use super::decoder::Decoder;
use super::device_cache::DeviceCache;
use super::kv_cache::{Cursor, KvCache};
use crate::error::Result;
use crate::ops::with_values;

/// The cache of one generation, kept where its decoder computes.
pub(crate) enum Cache {
    /// Cache in main memory, for a decoder on the processor.
    Host(KvCache),
    /// Cache in a device's memory, for a decoder on that device.
    Device(DeviceCache),
}

impl Cache {
    /// Reserves room for `slots` sequences of `capacity` positions each.
    pub(crate) fn new(decoder: &Decoder, slots: usize, capacity: usize) -> Result<Self> {
        let place = decoder.place();
        Ok(match place.is_host() {
            true => Self::Host(KvCache::new(&decoder.config, slots, capacity)),
            false => Self::Device(DeviceCache::new(&decoder.config, &place, slots, capacity)?),
        })
    }

    /// Copies one layer's keys and values of a prompt, `[T, K, Dh]` each, to the start of a slot.
    pub(crate) fn write_prompt(
        &mut self,
        layer: usize,
        slot: usize,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<()> {
        match self {
            Self::Host(cache) => with_values(k, |k| {
                with_values(v, |v| {
                    cache.write_prompt(layer, slot, k, v);
                    Ok(())
                })
            }),
            Self::Device(cache) => cache.write_prompt(layer, slot, k, v),
        }
    }

    /// Begins a step that decodes one token for each of these sequences.
    pub(crate) fn begin(&mut self, cursors: &[Cursor]) -> Result<()> {
        match self {
            Self::Host(_) => Ok(()),
            Self::Device(cache) => cache.begin(cursors),
        }
    }

    /// Computes one block's attention in the most recently begun step. Stores k and v `[B, K, Dh]` of the new tokens,
    /// then attends from q `[B, H, Dh]` to every position of their slots that is within the block's window →
    /// `[B, H*Dh]`.
    pub(crate) fn step(
        &mut self,
        layer: usize,
        cursors: &[Cursor],
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        match self {
            Self::Host(cache) => cache.step(layer, cursors, q, k, v),
            Self::Device(cache) => cache.attend(layer, q, k, v),
        }
    }
}
