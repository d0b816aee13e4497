//! A decoder from the files of a checkpoint folder, with Hugging Face's tensor names.

use std::path::Path;

use candle_core::Device;

use super::config::DecoderConfig;
use super::decoder::{Decoder, Layer, Projection};
use super::rope::Rope;
use crate::error::Result;
use crate::lora::Target;
use crate::weights::Weights;

const EMBEDDING: &str = "model.embed_tokens.weight";
const HEAD: &str = "lm_head.weight";

impl Decoder {
    /// Loads `config.json` and the safetensors files of `dir`.
    ///
    /// # Errors
    /// [`Error::MissingFile`], [`Error::Truncated`], [`Error::Weights`], [`Error::Config`] or
    /// [`Error::UnsupportedArchitecture`], each naming the file and what to do.
    pub fn load(dir: &Path, device: &Device) -> Result<Self> {
        let config = DecoderConfig::load(dir)?;
        let weights = Weights::open(dir)?;
        check_tensors(&config, &weights)?;
        let (vocab, hidden) = (config.vocab_size, config.hidden_size);
        let tied = config.tie_word_embeddings;
        // Some exporters keep a tied matrix under the head's name only.
        let embedding = if weights.contains(EMBEDDING) || !tied { EMBEDDING } else { HEAD };
        let embed_tokens = weights.tensor(embedding, &[vocab, hidden], device)?;
        let (lm_head, lm_head_t) = if tied {
            (embed_tokens.clone(), embed_tokens.t()?.contiguous()?)
        } else {
            let head_t = weights.tensor(HEAD, &[vocab, hidden], device)?.t()?.contiguous()?;
            (head_t.t()?, head_t)
        };
        let layers = (0..config.num_hidden_layers)
            .map(|index| load_layer(&config, &weights, index, device))
            .collect::<Result<Vec<_>>>()?;
        let norm = weights.tensor("model.norm.weight", &[hidden], device)?;
        let rope = Rope::new(&config, device)?;
        Ok(Self { config, embed_tokens, layers, norm, lm_head, lm_head_t, rope, device: device.clone() })
    }
}

/// Checks that every tensor is there with the right shape and type; reads headers only.
///
/// # Errors
/// [`Error::Weights`] naming file and tensor.
pub(crate) fn check_tensors(config: &DecoderConfig, weights: &Weights) -> Result<()> {
    let (vocab, hidden) = (config.vocab_size, config.hidden_size);
    let tied_under_head = config.tie_word_embeddings && !weights.contains(EMBEDDING) && weights.contains(HEAD);
    weights.check(if tied_under_head { HEAD } else { EMBEDDING }, &[vocab, hidden])?;
    if !config.tie_word_embeddings {
        weights.check(HEAD, &[vocab, hidden])?;
    }
    weights.check("model.norm.weight", &[hidden])?;
    for index in 0..config.num_hidden_layers {
        weights.check(&norm_name(index, "input_layernorm"), &[hidden])?;
        weights.check(&norm_name(index, "post_attention_layernorm"), &[hidden])?;
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            weights.check(&projection_name(index, target, "weight"), &[rows, columns])?;
            if config.projection_bias(target) {
                weights.check(&projection_name(index, target, "bias"), &[rows])?;
            }
        }
    }
    Ok(())
}

/// Number of weights, counting a tied matrix once.
pub(crate) fn parameters(config: &DecoderConfig) -> u64 {
    let projections: usize = Target::ALL
        .into_iter()
        .map(|target| {
            let (rows, columns) = config.projection_shape(target);
            rows * columns + if config.projection_bias(target) { rows } else { 0 }
        })
        .sum();
    let matrices = if config.tie_word_embeddings { 1 } else { 2 };
    let hidden = config.hidden_size;
    (matrices * config.vocab_size * hidden + hidden + config.num_hidden_layers * (projections + 2 * hidden)) as u64
}

fn load_layer(config: &DecoderConfig, weights: &Weights, index: usize, device: &Device) -> Result<Layer> {
    let load = |target: Target| -> Result<Projection> {
        let (rows, columns) = config.projection_shape(target);
        let weight = weights.tensor(&projection_name(index, target, "weight"), &[rows, columns], device)?;
        let bias = match config.projection_bias(target) {
            true => Some(weights.tensor(&projection_name(index, target, "bias"), &[rows], device)?),
            false => None,
        };
        Projection::new(&weight, bias)
    };
    let norm = |name: &str| weights.tensor(&norm_name(index, name), &[config.hidden_size], device);
    let [q, k, v, o, gate, up, down] = Target::ALL;
    Ok(Layer {
        input_layernorm: norm("input_layernorm")?,
        post_attention_layernorm: norm("post_attention_layernorm")?,
        projections: [load(q)?, load(k)?, load(v)?, load(o)?, load(gate)?, load(up)?, load(down)?],
    })
}

fn norm_name(layer: usize, name: &str) -> String {
    format!("model.layers.{layer}.{name}.weight")
}

fn projection_name(layer: usize, target: Target, part: &str) -> String {
    let block = match target {
        Target::Q | Target::K | Target::V | Target::O => "self_attn",
        Target::Gate | Target::Up | Target::Down => "mlp",
    };
    format!("model.layers.{layer}.{block}.{}.{part}", target.module_name())
}
