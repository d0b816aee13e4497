//! Adapters of architectures that store several projections as one matrix (Phi-3's `qkv_proj` and `gate_up_proj`):
//! PEFT adapts the stored matrix, this engine each projection.
//!
//! A PEFT pair on a stored matrix is the same A for each of its projections, with their rows of B. In the other
//! direction, the projections' A matrices are stacked and their B matrices put on the diagonal, so that the rank is the
//! sum of theirs and nothing is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::Tensor;

use super::{Adapter, LoraConfig, pair_names, tensor_names};
use crate::error::{Error, Result};
use crate::model::{DecoderConfig, LoraPair, Target};

/// Replaces pairs on stored matrices with those of their projections, under the projections' names.
pub(super) fn split(
    tensors: &mut BTreeMap<String, Tensor>,
    decoder: &DecoderConfig,
    origin: &Path,
) -> Result<()> {
    let mut whole = BTreeSet::new();
    for (layer, target) in
        (0..decoder.num_hidden_layers).flat_map(|l| Target::ALL.map(|target| (l, target)))
    {
        let (module, stored_rows, first_row) = decoder.stored_projection(target);
        let [stored_a, stored_b] = tensor_names(&decoder.stored_name(layer, target));
        let (Some(a), Some(b)) = (tensors.get(&stored_a), tensors.get(&stored_b)) else {
            continue;
        };
        if module == target.module_name() {
            continue;
        }
        if b.dims().first() != Some(&stored_rows) {
            let found = b.dims();
            return Err(Error::adapter(
                origin,
                format!(
                    "{stored_b} has shape {found:?} where this base model needs {stored_rows} rows"
                ),
            ));
        }
        let rows = b.narrow(0, first_row, decoder.projection_shape(target).0)?;
        let [name_a, name_b] = pair_names(target, layer);
        let a = a.clone();
        tensors.insert(name_a, a);
        tensors.insert(name_b, rows);
        whole.extend([stored_a, stored_b]);
    }
    tensors.retain(|name, _| !whole.contains(name));
    Ok(())
}

/// A pair on a matrix that the base model stores.
pub(crate) struct StoredPair {
    /// The matrix: `model.layers.0.self_attn.qkv_proj`.
    pub(crate) name: String,
    /// The factor on `B A x`.
    pub(crate) scale: f64,
    /// The two factors, for all projections of the matrix together.
    pub(crate) pair: LoraPair,
    /// Whether the matrix holds several projections.
    fused: bool,
}

/// The scale of a stored matrix, and the pairs of its projections.
type Parts<'a> = (f64, Vec<(Target, &'a LoraPair)>);

/// The adapter's pairs on the matrices that the base model stores, sorted by name.
pub(crate) fn stored_pairs(adapter: &Adapter, decoder: &DecoderConfig) -> Result<Vec<StoredPair>> {
    // All projections of a stored matrix share one scale, because it is set by the matrix's name.
    let mut stored: BTreeMap<String, Parts<'_>> = BTreeMap::new();
    for (layer, pairs) in adapter.update.layers.iter().enumerate() {
        for (target, pair) in Target::ALL.into_iter().zip(pairs) {
            if let Some(pair) = pair {
                let scale = adapter.scale(layer, target);
                let name = decoder.stored_name(layer, target);
                stored
                    .entry(name)
                    .or_insert((scale, Vec::new()))
                    .1
                    .push((target, pair));
            }
        }
    }
    let whole = |(name, (scale, parts)): (String, Parts<'_>)| {
        let fused = parts
            .iter()
            .any(|(target, _)| decoder.stored_projection(*target).0 != target.module_name());
        let pair = match (&parts[..], fused) {
            ([(_, pair)], false) => (*pair).clone(),
            (parts, _) => stacked(decoder, parts)?,
        };
        Ok(StoredPair {
            name,
            scale,
            pair,
            fused,
        })
    };
    stored.into_iter().map(whole).collect()
}

/// Configuration and named tensors of the adapter on the matrices that the base model stores.
pub(super) fn join(
    adapter: &Adapter,
    decoder: &DecoderConfig,
) -> Result<(LoraConfig, Vec<(String, Tensor)>)> {
    let mut config = adapter.config.clone();
    let mut tensors = Vec::new();
    for StoredPair {
        name,
        scale,
        pair,
        fused,
    } in stored_pairs(adapter, decoder)?
    {
        let [name_a, name_b] = tensor_names(&name);
        if fused {
            let rank = pair.a.dim(0)?;
            let divisor = if config.use_rslora {
                (rank as f64).sqrt()
            } else {
                rank as f64
            };
            config.rank_pattern.insert(0, (name.clone(), rank));
            config.alpha_pattern.insert(0, (name, scale * divisor));
        }
        tensors.extend([(name_a, pair.a), (name_b, pair.b)]);
    }
    tensors.sort_by(|x, y| x.0.cmp(&y.0));
    Ok((config, tensors))
}

/// A stacked, B on the diagonal, each in the rows of its projection.
fn stacked(decoder: &DecoderConfig, parts: &[(Target, &LoraPair)]) -> Result<LoraPair> {
    let ranks: usize = parts.iter().map(|(_, pair)| pair.a.dims()[0]).sum();
    let mut bands = Vec::with_capacity(parts.len());
    let mut first = 0;
    for (target, pair) in parts {
        let (rows, rank) = pair.b.dims2()?;
        let (_, stored_rows, first_row) = decoder.stored_projection(*target);
        let wide = pair.b.pad_with_zeros(1, first, ranks - first - rank)?;
        bands.push(wide.pad_with_zeros(0, first_row, stored_rows - first_row - rows)?);
        first += rank;
    }
    let a: Vec<&Tensor> = parts.iter().map(|(_, pair)| &pair.a).collect();
    let b = bands
        .iter()
        .skip(1)
        .try_fold(bands[0].clone(), |sum, band| sum + band)?;
    Ok(LoraPair {
        a: Tensor::cat(&a, 0)?,
        b,
    })
}
