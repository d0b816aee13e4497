//! A decoder from the files of a checkpoint folder, with Hugging Face's tensor names.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::checkpoint::Checkpoint;
use super::weights::Weights;
use crate::device::Place;
use crate::error::Result;
use crate::model::tensors::{BlockNorm, EMBEDDING, FINAL_NORM, HEAD};
use crate::model::{Decoder, DecoderConfig, Layer, PerTarget, Projection, Quantize, Rope, Target};

impl Decoder {
    /// Loads `config.json` and the safetensors files of `dir`.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Truncated`], [`Error::Weights`], [`Error::Config`] or
    /// [`Error::UnsupportedArchitecture`], each naming the file and what to do.
    pub fn load(dir: &Path, device: &Device) -> Result<Self> {
        Self::load_quantized(dir, Quantize::None, device)
    }

    /// [`Decoder::load`], with dense matrices quantised on the way.
    ///
    /// # Errors
    /// As [`Decoder::load`].
    pub fn load_quantized(dir: &Path, quantize: Quantize, device: &Device) -> Result<Self> {
        Self::from_weights(
            Checkpoint::Folder(dir.to_path_buf()).config()?,
            &Weights::open(dir)?,
            quantize,
            &Place::on(device),
        )
    }

    /// Reads a configuration's tensors to their place one after another, quantised on the way if asked for: if the
    /// model goes to a device, the memory of this process holds only one tensor at a time.
    ///
    /// # Errors
    /// [`Error::Weights`] naming file and tensor.
    pub(crate) fn from_weights(
        config: DecoderConfig,
        weights: &Weights,
        quantize: Quantize,
        place: &Place,
    ) -> Result<Self> {
        check_tensors(&config, weights)?;
        let (vocab, hidden) = (config.vocab_size, config.hidden_size);
        let tied = config.tie_word_embeddings;
        // Some exporters keep a tied matrix under the head's name only.
        let embedding = if weights.contains(EMBEDDING) || !tied {
            EMBEDDING
        } else {
            HEAD
        };
        let embed_tokens = weights.matrix(embedding, (vocab, hidden), quantize, place)?;
        let lm_head = match tied {
            true => embed_tokens.clone(),
            false => weights.matrix(HEAD, (vocab, hidden), quantize, place)?,
        };
        let layers = (0..config.num_hidden_layers)
            .map(|index| load_layer(&config, weights, index, quantize, place))
            .collect::<Result<Vec<_>>>()?;
        let norm = load_norm(&config, weights, FINAL_NORM, hidden, place)?;
        let rope = Rope::new(&config);
        Ok(Self {
            config,
            embed_tokens,
            layers,
            norm,
            lm_head,
            rope,
            device: place.device.clone(),
        })
    }
}

/// Checks that every tensor is there with the right shape and type; reads headers only.
///
/// # Errors
/// [`Error::Weights`] naming file and tensor.
pub(crate) fn check_tensors(config: &DecoderConfig, weights: &Weights) -> Result<()> {
    let (vocab, hidden) = (config.vocab_size, config.hidden_size);
    let tied_under_head =
        config.tie_word_embeddings && !weights.contains(EMBEDDING) && weights.contains(HEAD);
    weights.check(
        if tied_under_head { HEAD } else { EMBEDDING },
        &[vocab, hidden],
    )?;
    if !config.tie_word_embeddings {
        weights.check(HEAD, &[vocab, hidden])?;
    }
    weights.check(FINAL_NORM, &[hidden])?;
    for index in 0..config.num_hidden_layers {
        for norm in BlockNorm::of(config) {
            let name = norm.tensor_name(config.architecture, index);
            weights.check(&name, &[norm.width(config)])?;
        }
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            let (name, stored_rows) = (
                config.stored_name(index, target),
                config.stored_projection(target).1,
            );
            weights.check(&format!("{name}.weight"), &[stored_rows, columns])?;
            if config.projection_bias(target) {
                weights.check(&format!("{name}.bias"), &[rows])?;
            }
        }
    }
    Ok(())
}

fn load_layer(
    config: &DecoderConfig,
    weights: &Weights,
    index: usize,
    quantize: Quantize,
    place: &Place,
) -> Result<Layer> {
    let load = |target: Target| -> Result<Projection> {
        let (rows, columns) = config.projection_shape(target);
        // Some families store several projections as one matrix.
        let (_, stored_rows, first_row) = config.stored_projection(target);
        let name = config.stored_name(index, target);
        let (weight, bias) = (format!("{name}.weight"), format!("{name}.bias"));
        let band = first_row..first_row + rows;
        let weight = weights.matrix_rows(&weight, (stored_rows, columns), band, quantize, place)?;
        let bias = match config.projection_bias(target) {
            true => Some(weights.tensor(&bias, &[rows], place)?),
            false => None,
        };
        Ok(Projection { weight, bias })
    };
    let norm = |norm: BlockNorm| {
        let name = norm.tensor_name(config.architecture, index);
        load_norm(config, weights, &name, norm.width(config), place)
    };
    let optional = |wanted: BlockNorm| -> Result<Option<Tensor>> {
        let is_there = BlockNorm::of(config).any(|norm| norm == wanted);
        is_there.then(|| norm(wanted)).transpose()
    };
    Ok(Layer {
        input_layernorm: norm(BlockNorm::Input)?,
        q_norm: optional(BlockNorm::Query)?,
        k_norm: optional(BlockNorm::Key)?,
        post_attention_layernorm: optional(BlockNorm::PostAttention)?,
        pre_feedforward_layernorm: norm(BlockNorm::PreFeedforward)?,
        post_feedforward_layernorm: optional(BlockNorm::PostFeedforward)?,
        projections: PerTarget::try_from_fn(load)?,
    })
}

/// What a norm multiplies by: its weight in the checkpoint plus what the family adds to it, added before rounding.
fn load_norm(
    config: &DecoderConfig,
    weights: &Weights,
    name: &str,
    width: usize,
    place: &Place,
) -> Result<Tensor> {
    let offset = config.architecture.norm_offset();
    if offset == 0.0 {
        return weights.tensor(name, &[width], place);
    }
    let weight = weights.tensor(name, &[width], &Place::on(&Device::Cpu))?;
    place.put(&(weight + f64::from(offset))?)
}

#[cfg(test)]
mod tests {
    use candle_core::DType;
    use serde_json::json;

    use super::*;
    use crate::error::Error;
    use crate::model::PackedBatch;
    use crate::test_model::{config, write};

    fn logits(dir: &Path) -> Vec<f32> {
        let decoder = Decoder::load(dir, &Device::Cpu).unwrap();
        let batch = PackedBatch::new(&[vec![1, 2, 3, 4]], &Device::Cpu).unwrap();
        let hidden = decoder.forward(&batch, None, None, None).unwrap();
        decoder
            .logits(&hidden)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1()
            .unwrap()
    }

    fn refuse(dir: &Path) -> Error {
        Decoder::load(dir, &Device::Cpu).map(|_| ()).unwrap_err()
    }

    #[test]
    fn shards_give_the_same_model_and_a_lost_shard_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let tensors = write(dir.path(), 5);
        let whole = logits(dir.path());
        std::fs::remove_file(path("model.safetensors")).unwrap();
        let mut map = serde_json::Map::new();
        for (i, name) in ["a.safetensors", "b.safetensors"].iter().enumerate() {
            let part: std::collections::HashMap<String, Tensor> = tensors
                .iter()
                .filter(|(t, _)| t.len() % 2 == i)
                .map(|(t, v)| (t.clone(), v.clone()))
                .collect();
            candle_core::safetensors::save(&part, path(name)).unwrap();
            map.extend(part.keys().map(|tensor| (tensor.clone(), json!(name))));
        }
        let index = json!({ "metadata": {}, "weight_map": map }).to_string();
        std::fs::write(path("model.safetensors.index.json"), index).unwrap();
        assert_eq!(logits(dir.path()), whole);
        std::fs::remove_file(path("b.safetensors")).unwrap();
        assert!(
            matches!(refuse(dir.path()), Error::MissingFile { path } if path.ends_with("b.safetensors"))
        );
        let outside = json!({ "weight_map": { "x": "../b.safetensors" } }).to_string();
        std::fs::write(path("model.safetensors.index.json"), outside).unwrap();
        assert!(matches!(refuse(dir.path()), Error::Config { .. }));
    }

    #[test]
    fn half_precision_files_are_widened() {
        let dir = tempfile::tempdir().unwrap();
        let tensors = write(dir.path(), 5);
        let whole = logits(dir.path());
        for dtype in [DType::BF16, DType::F16] {
            let half: std::collections::HashMap<String, Tensor> = tensors
                .iter()
                .map(|(name, t)| (name.clone(), t.to_dtype(dtype).unwrap()))
                .collect();
            candle_core::safetensors::save(&half, dir.path().join("model.safetensors")).unwrap();
            let found = logits(dir.path());
            let error = found
                .iter()
                .zip(&whole)
                .map(|(f, w)| (f - w).abs())
                .fold(0.0, f32::max);
            assert!(error > 0.0 && error < 0.3, "{dtype:?}: {error}");
        }
    }

    #[test]
    fn a_tied_matrix_may_bear_either_name() {
        let dir = tempfile::tempdir().unwrap();
        let mut tensors = write(dir.path(), 5);
        let mut tied = config();
        tied["tie_word_embeddings"] = json!(true);
        std::fs::write(dir.path().join("config.json"), tied.to_string()).unwrap();
        tensors.remove(HEAD);
        candle_core::safetensors::save(&tensors, dir.path().join("model.safetensors")).unwrap();
        let whole = logits(dir.path());
        let embedding = tensors.remove(EMBEDDING).unwrap();
        tensors.insert(HEAD.to_string(), embedding);
        candle_core::safetensors::save(&tensors, dir.path().join("model.safetensors")).unwrap();
        assert_eq!(logits(dir.path()), whole);
    }

    /// transformers 5 ties only a head that is identical or missing; the flag alone does not hide a trained head.
    #[test]
    fn a_head_of_its_own_counts_beside_the_tied_flag() {
        let dir = tempfile::tempdir().unwrap();
        let mut tensors = write(dir.path(), 5);
        let untied = logits(dir.path());
        let save = |tensors: &std::collections::HashMap<String, Tensor>| {
            candle_core::safetensors::save(tensors, dir.path().join("model.safetensors")).unwrap();
        };
        let mut tied = config();
        tied["tie_word_embeddings"] = json!(true);
        std::fs::write(dir.path().join("config.json"), tied.to_string()).unwrap();
        let is_tied = || {
            let checkpoint = Checkpoint::open(dir.path()).unwrap();
            checkpoint.config().unwrap().tie_word_embeddings
        };
        assert!(!is_tied());
        assert_eq!(logits(dir.path()), untied);
        // A head with the same numbers is the embedding, even if stored in another type.
        let embedding = tensors[EMBEDDING].clone();
        tensors.insert(HEAD.to_string(), embedding.clone());
        save(&tensors);
        assert!(is_tied());
        let rounded = embedding.to_dtype(DType::BF16).unwrap();
        tensors.insert(EMBEDDING.to_string(), rounded.to_dtype(DType::F32).unwrap());
        tensors.insert(HEAD.to_string(), rounded);
        save(&tensors);
        assert!(is_tied());
        tensors.insert(HEAD.to_string(), embedding);
        save(&tensors);
        assert!(!is_tied());
        let short = tensors[HEAD].narrow(0, 0, 3).unwrap().contiguous().unwrap();
        tensors.insert(HEAD.to_string(), short);
        save(&tensors);
        let told = refuse(dir.path()).to_string();
        assert!(told.contains(HEAD) && told.contains("shape"), "{told}");
    }

    #[test]
    fn damaged_files_are_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(
            matches!(refuse(dir.path()), Error::MissingFile { path } if path.ends_with("config.json"))
        );
        let mut tensors = write(dir.path(), 5);
        let file = dir.path().join("model.safetensors");
        let bytes = std::fs::read(&file).unwrap();
        for length in [0, 5, 100, bytes.len() - 1] {
            std::fs::write(&file, &bytes[..length]).unwrap();
            assert!(
                matches!(refuse(dir.path()), Error::Truncated { .. }),
                "{length} bytes"
            );
        }
        std::fs::write(&file, [vec![0xff; 8], bytes[8..].to_vec()].concat()).unwrap();
        assert!(matches!(refuse(dir.path()), Error::Weights { .. }));
        std::fs::write(
            &file,
            [8u64.to_le_bytes().to_vec(), b"{not so}".to_vec()].concat(),
        )
        .unwrap();
        assert!(matches!(refuse(dir.path()), Error::Weights { .. }));
        let name = "model.layers.1.mlp.up_proj.weight";
        let weight = tensors.remove(name).unwrap();
        candle_core::safetensors::save(&tensors, &file).unwrap();
        let missing = refuse(dir.path()).to_string();
        assert!(
            missing.contains(name) && missing.contains("model.safetensors"),
            "{missing}"
        );
        tensors.insert(name.to_string(), weight.t().unwrap().contiguous().unwrap());
        candle_core::safetensors::save(&tensors, &file).unwrap();
        let reshaped = refuse(dir.path()).to_string();
        assert!(
            reshaped.contains(name) && reshaped.contains("shape"),
            "{reshaped}"
        );
        tensors.insert(name.to_string(), weight.to_dtype(DType::F64).unwrap());
        candle_core::safetensors::save(&tensors, &file).unwrap();
        assert!(refuse(dir.path()).to_string().contains("F64"));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(refuse(dir.path()), Error::MissingFile { .. }));
    }
}
