//! All weights of a dense decoder by name, in Hugging Face's layout, and as one flat vector.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use candle_core::{DType, Tensor};

use crate::disk::{serialize_tensors, write_atomically};
use crate::error::{Error, Result};
use crate::model::tensors::{BlockNorm, EMBEDDING, FINAL_NORM, HEAD, projection_name};
use crate::model::{Decoder, DecoderConfig, Target, Weight};

/// Every tensor's shape by name; the order of the names is that of the flat vector.
pub(super) fn shapes(config: &DecoderConfig) -> BTreeMap<String, Vec<usize>> {
    let (vocab, hidden) = (config.vocab_size, config.hidden_size);
    let mut shapes = BTreeMap::from([
        (EMBEDDING.to_owned(), vec![vocab, hidden]),
        (FINAL_NORM.to_owned(), vec![hidden]),
    ]);
    if !config.tie_word_embeddings {
        shapes.insert(HEAD.to_owned(), vec![vocab, hidden]);
    }
    for layer in 0..config.num_hidden_layers {
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            let name = |part: &str| projection_name(layer, target, part);
            shapes.insert(name("weight"), vec![rows, columns]);
            if config.projection_bias(target) {
                shapes.insert(name("bias"), vec![rows]);
            }
        }
        for norm in BlockNorm::of(config) {
            let name = norm.tensor_name(config.architecture, layer);
            shapes.insert(name, vec![norm.width(config)]);
        }
    }
    shapes
}

/// Refuses families that store several projections as one matrix.
pub(super) fn check(config: &DecoderConfig) -> Result<()> {
    let fused = Target::ALL
        .into_iter()
        .any(|target| config.stored_projection(target).1 != config.projection_shape(target).0);
    match fused {
        true => Err(Error::Setting {
            name: "from",
            reason: "is of a family that stores several matrices as one; take one that does not"
                .to_owned(),
        }),
        false => Ok(()),
    }
}

/// All weights as one vector `[P]`, in the order of [`shapes`].
pub(super) fn flatten(decoder: &Decoder) -> Result<Tensor> {
    let mut parts = named(decoder)?;
    let order = shapes(&decoder.config);
    let parts = order.keys().filter_map(|name| parts.remove(name));
    Ok(Tensor::cat(
        &parts
            .map(|part| part.flatten_all())
            .collect::<candle_core::Result<Vec<_>>>()?,
        0,
    )?)
}

fn named(decoder: &Decoder) -> Result<HashMap<String, Tensor>> {
    let architecture = decoder.config.architecture;
    let offset = f64::from(architecture.norm_offset());
    let mut tensors = HashMap::from([
        (EMBEDDING.to_owned(), decoder.embed_tokens.to_dense()?),
        (FINAL_NORM.to_owned(), shifted(&decoder.norm, -offset)?),
    ]);
    if !decoder.config.tie_word_embeddings {
        tensors.insert(HEAD.to_owned(), decoder.lm_head.to_dense()?);
    }
    for (index, layer) in decoder.layers.iter().enumerate() {
        for target in Target::ALL {
            let projection = &layer.projections[target];
            let name = |part: &str| projection_name(index, target, part);
            tensors.insert(name("weight"), projection.weight.to_dense()?);
            tensors.extend(projection.bias.clone().map(|bias| (name("bias"), bias)));
        }
        for norm in BlockNorm::of(&decoder.config) {
            if let Some(weight) = layer.norm(norm) {
                let name = norm.tensor_name(architecture, index);
                tensors.insert(name, shifted(weight, -offset)?);
            }
        }
    }
    Ok(tensors)
}

/// A norm's weight with what the family adds to it, or without.
fn shifted(weight: &Tensor, offset: f64) -> Result<Tensor> {
    match offset {
        0.0 => Ok(weight.clone()),
        offset => Ok((weight + offset)?),
    }
}

/// The tensors in a flat vector `[P]` by name, as views without a copy.
pub(super) fn parts(config: &DecoderConfig, flat: &Tensor) -> Result<HashMap<String, Tensor>> {
    let mut start = 0;
    let mut take = |(name, shape): (String, Vec<usize>)| -> Result<(String, Tensor)> {
        let count = shape.iter().product();
        let part = flat.narrow(0, start, count)?.reshape(shape)?;
        start += count;
        Ok((name, part))
    };
    shapes(config).into_iter().map(&mut take).collect()
}

/// Puts the weights of a flat vector `[P]` into the decoder.
pub(super) fn put(decoder: &mut Decoder, flat: &Tensor) -> Result<()> {
    let parts = parts(&decoder.config, flat)?;
    let part = |name: &str| {
        parts.get(name).ok_or_else(|| Error::Setting {
            name: "weights",
            reason: format!("lack {name}"),
        })
    };
    decoder.embed_tokens = Weight::dense(part(EMBEDDING)?)?;
    decoder.lm_head = match decoder.config.tie_word_embeddings {
        true => decoder.embed_tokens.clone(),
        false => Weight::dense(part(HEAD)?)?,
    };
    let architecture = decoder.config.architecture;
    let offset = f64::from(architecture.norm_offset());
    let norms: Vec<BlockNorm> = BlockNorm::of(&decoder.config).collect();
    decoder.norm = shifted(part(FINAL_NORM)?, offset)?;
    for (index, layer) in decoder.layers.iter_mut().enumerate() {
        for target in Target::ALL {
            let projection = &mut layer.projections[target];
            let name = |part: &str| projection_name(index, target, part);
            projection.weight = Weight::dense(part(&name("weight"))?)?;
            if let Some(bias) = &mut projection.bias {
                *bias = part(&name("bias"))?.clone();
            }
        }
        for norm in &norms {
            if let Some(weight) = layer.norm_mut(*norm) {
                *weight = shifted(part(&norm.tensor_name(architecture, index))?, offset)?;
            }
        }
    }
    Ok(())
}

/// Writes the weights to a safetensors file as `dtype`, sorted by name.
pub(super) fn write(tensors: &HashMap<String, Tensor>, dtype: DType, path: &Path) -> Result<()> {
    let mut stored = tensors
        .iter()
        .map(|(name, tensor)| Ok((name.clone(), tensor.to_dtype(dtype)?)))
        .collect::<Result<Vec<_>>>()?;
    stored.sort_by(|a, b| a.0.cmp(&b.0));
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    write_atomically(path, &serialize_tensors(stored, metadata, path)?)
}
