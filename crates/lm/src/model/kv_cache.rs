//! Keys and values of the sequences being decoded, in slots that are written in place.
//!
//! One flat buffer per block, laid out `[slot][kv_head][position][head_dim]`, so that a head's keys are contiguous and
//! a finished sequence's slot is reused without moving anything. Decode attention
//! reads the slots directly; it needs one query row per sequence and is bound by memory bandwidth. A device has its own
//! cache (`device_cache`); `cache` wraps either kind.

use candle_core::Tensor;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::attention::visible_keys;
use super::config::DecoderConfig;
use crate::error::Result;
use crate::ops::exp;
use crate::simd::arch;

/// Lanes of the running sums: two registers of AVX-512, four of AVX2.
const LANES: usize = 32;

/// The cache of one generation on the processor.
pub(crate) struct KvCache {
    layers: Vec<LayerCache>,
    /// Sliding window of each block.
    windows: Vec<Option<usize>>,
    heads: usize,
    kv_heads: usize,
    head_dim: usize,
    /// Factor on the scores.
    scale: f32,
    /// Positions a slot can hold.
    capacity: usize,
    arch: Arch,
}

#[derive(Clone)]
struct LayerCache {
    k: Vec<f32>,
    v: Vec<f32>,
}

/// Where a row of a decode step belongs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor {
    pub(crate) slot: usize,
    pub(crate) position: usize,
}

impl KvCache {
    /// Room for `slots` sequences of `capacity` positions.
    pub(super) fn new(config: &DecoderConfig, slots: usize, capacity: usize) -> Self {
        let len = slots * config.num_key_value_heads * capacity * config.head_dim;
        // Zeroed pages take up memory only once they are written.
        let layers = (0..config.num_hidden_layers)
            .map(|_| LayerCache {
                k: vec![0.0; len],
                v: vec![0.0; len],
            })
            .collect();
        Self {
            layers,
            windows: config.sliding_windows.clone(),
            heads: config.num_attention_heads,
            kv_heads: config.num_key_value_heads,
            head_dim: config.head_dim,
            scale: config.attention_multiplier as f32,
            capacity,
            arch: arch(),
        }
    }

    /// Offset of a head's first position.
    fn head_start(&self, slot: usize, kv_head: usize) -> usize {
        (slot * self.kv_heads + kv_head) * self.capacity * self.head_dim
    }

    /// Copies a prompt's keys and values (`[T, K, Dh]`, flat) to the start of a slot.
    pub(super) fn write_prompt(&mut self, layer: usize, slot: usize, k: &[f32], v: &[f32]) {
        let row = self.kv_heads * self.head_dim;
        for (position, (k, v)) in k.chunks_exact(row).zip(v.chunks_exact(row)).enumerate() {
            self.write_row(layer, Cursor { slot, position }, k, v);
        }
    }

    fn write_row(&mut self, layer: usize, cursor: Cursor, k: &[f32], v: &[f32]) {
        let dim = self.head_dim;
        for kv_head in 0..self.kv_heads {
            let to = self.head_start(cursor.slot, kv_head) + cursor.position * dim;
            let from = kv_head * dim..(kv_head + 1) * dim;
            self.layers[layer].k[to..to + dim].copy_from_slice(&k[from.clone()]);
            self.layers[layer].v[to..to + dim].copy_from_slice(&v[from]);
        }
    }

    /// One decode step of one block: stores k and v `[B, K, Dh]` of the new tokens and attends from q
    /// `[B, H, Dh]` to everything in their slots that the block's window holds → `[B, H*Dh]`.
    pub(super) fn step(
        &mut self,
        layer: usize,
        cursors: &[Cursor],
        q: &Tensor,
        k: &Tensor,
        v: &Tensor,
    ) -> Result<Tensor> {
        let flat = |t: &Tensor| -> Result<Vec<f32>> { Ok(t.flatten_all()?.to_vec1::<f32>()?) };
        let (query, key, value) = (flat(q)?, flat(k)?, flat(v)?);
        let row = self.kv_heads * self.head_dim;
        for (i, cursor) in cursors.iter().enumerate() {
            let span = i * row..(i + 1) * row;
            self.write_row(layer, *cursor, &key[span.clone()], &value[span]);
        }
        let width = self.heads * self.head_dim;
        let group = self.heads / self.kv_heads * self.head_dim;
        let window = self.windows[layer];
        let mut out = vec![0f32; cursors.len() * width];
        out.par_chunks_mut(group)
            .zip(query.par_chunks(group))
            .enumerate()
            .with_min_len(4)
            .for_each(|(i, (out, query))| {
                let (cursor, kv_head) = (cursors[i / self.kv_heads], i % self.kv_heads);
                let start = self.head_start(cursor.slot, kv_head);
                let keys = visible_keys(cursor.position, 1, window);
                let span = start + keys.start * self.head_dim..start + keys.end * self.head_dim;
                let cache = &self.layers[layer];
                let (k, v) = (&cache.k[span.clone()], &cache.v[span]);
                self.arch.dispatch(Group {
                    query,
                    k,
                    v,
                    head_dim: self.head_dim,
                    scale: self.scale,
                    out,
                });
            });
        Ok(Tensor::from_vec(out, (cursors.len(), width), q.device())?)
    }
}

/// The query heads of one key/value head. A closure instead would be compiled without the processor's widest
/// instructions.
struct Group<'a> {
    /// `[G, Dh]`, like `out`.
    query: &'a [f32],
    /// `[T, Dh]`, like `v`.
    k: &'a [f32],
    v: &'a [f32],
    head_dim: usize,
    scale: f32,
    out: &'a mut [f32],
}

impl WithSimd for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        attend_group(self);
    }
}

/// q and out `[G, Dh]`, k and v `[T, Dh]`, all flat.
#[inline(always)]
fn attend_group(group: Group<'_>) {
    let Group {
        query: q,
        k,
        v,
        head_dim,
        scale,
        out,
    } = group;
    let mut scores = vec![0f32; k.len() / head_dim];
    for (q, out) in q.chunks_exact(head_dim).zip(out.chunks_exact_mut(head_dim)) {
        let mut max = f32::NEG_INFINITY;
        for (score, k) in scores.iter_mut().zip(k.chunks_exact(head_dim)) {
            *score = dot(q, k) * scale;
            max = max.max(*score);
        }
        for score in &mut scores {
            *score = exp(*score - max);
        }
        let sum: f32 = scores.iter().sum();
        for (score, v) in scores.iter().zip(v.chunks_exact(head_dim)) {
            let p = score / sum;
            for (out, v) in out.iter_mut().zip(v) {
                *out += p * v;
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0f32; LANES];
    for (a, b) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let remainder: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + remainder
}
