//! Keys and values of the sequences being decoded, where their decoder computes: the processor's cache or a device's.

use candle_core::Tensor;

use super::decoder::Decoder;
use super::device_cache::DeviceCache;
use super::kv_cache::{Cursor, KvCache};
use crate::error::Result;
use crate::ops::with_values;

/// The cache of one generation, where its decoder computes.
pub(crate) enum Cache {
    /// On the processor.
    Host(KvCache),
    /// On a device.
    Device(DeviceCache),
}

impl Cache {
    /// Room for `slots` sequences of `capacity` positions.
    pub(crate) fn new(decoder: &Decoder, slots: usize, capacity: usize) -> Result<Self> {
        let place = decoder.place();
        Ok(match place.is_host() {
            true => Self::Host(KvCache::new(&decoder.config, slots, capacity)),
            false => Self::Device(DeviceCache::new(&decoder.config, &place, slots, capacity)?),
        })
    }

    /// Copies a prompt's keys and values `[T, K, Dh]` to the start of a slot.
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

    /// Begins a step that carries one token of each of these sequences.
    pub(crate) fn begin(&mut self, cursors: &[Cursor]) -> Result<()> {
        match self {
            Self::Host(_) => Ok(()),
            Self::Device(cache) => cache.begin(cursors),
        }
    }

    /// One block of the step that was begun: stores k and v `[B, K, Dh]` of the new tokens and attends from q
    /// `[B, H, Dh]` to everything in their slots that the block's window holds → `[B, H*Dh]`.
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
