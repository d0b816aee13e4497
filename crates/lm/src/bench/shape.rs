//! Model shapes that are measured, and decoders of such a shape with random weights.

use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::lora::Target;
use crate::model::weight::stride;
use crate::model::{Decoder, DecoderConfig, Layer, Packed, Projection, Quantize, Rope, Weight};
use crate::random;

/// Shapes by name: that of the small test model, SmolLM2-135M, SmolLM2-360M and Llama-3.2-1B.
pub const NAMES: [&str; 4] = ["7m", "135m", "360m", "1b"];

/// The configuration of a named shape.
///
/// # Errors
/// [`Error::Setting`] for another name.
pub fn config_of(name: &str) -> Result<DecoderConfig> {
    let llama = |vocab: usize, hidden: usize, inner: usize, layers: usize, heads: usize, kv_heads: usize| {
        json!({
            "architectures": ["LlamaForCausalLM"], "vocab_size": vocab, "hidden_size": hidden,
            "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
            "num_key_value_heads": kv_heads, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
            "tie_word_embeddings": true
        })
    };
    let json: Value = match name {
        "7m" => llama(4096, 256, 704, 8, 4, 2),
        "135m" => llama(49_152, 576, 1536, 30, 9, 3),
        "360m" => llama(49_152, 960, 2560, 32, 15, 5),
        "1b" => llama(128_256, 2048, 8192, 16, 32, 8),
        other => {
            let reason = format!("`{other}` is none of {}", NAMES.join(", "));
            return Err(Error::Setting { name: "shape", reason });
        }
    };
    DecoderConfig::from_json(&json, Path::new(name))
}

/// A decoder with random weights of the size that training starts from, so that nothing overflows and nothing is zero.
///
/// # Errors
/// [`Error::Candle`] where memory does not suffice.
pub fn random_decoder(config: DecoderConfig, quantize: Quantize) -> Result<Decoder> {
    let embed_tokens = matrix("embed_tokens", config.vocab_size, config.hidden_size, quantize)?;
    let lm_head = match config.tie_word_embeddings {
        true => embed_tokens.clone(),
        false => matrix("lm_head", config.vocab_size, config.hidden_size, quantize)?,
    };
    let layers = (0..config.num_hidden_layers)
        .map(|index| random_layer(&config, index, quantize))
        .collect::<Result<Vec<_>>>()?;
    let norm = ones(config.hidden_size)?;
    let rope = Rope::new(&config);
    Ok(Decoder { config, embed_tokens, layers, norm, lm_head, rope, device: Device::Cpu })
}

fn random_layer(config: &DecoderConfig, index: usize, quantize: Quantize) -> Result<Layer> {
    let projection = |target: Target| -> Result<Projection> {
        let (rows, columns) = config.projection_shape(target);
        let weight = matrix(&format!("{index}.{}", target.module_name()), rows, columns, quantize)?;
        let zeros = || Tensor::zeros(rows, candle_core::DType::F32, &Device::Cpu);
        Ok(Projection { weight, bias: config.projection_bias(target).then(zeros).transpose()? })
    };
    let head_norm = || config.qk_norm.then(|| ones(config.head_dim)).transpose();
    let [q, k, v, o, gate, up, down] = Target::ALL;
    Ok(Layer {
        input_layernorm: ones(config.hidden_size)?,
        q_norm: head_norm()?,
        k_norm: head_norm()?,
        post_attention_layernorm: ones(config.hidden_size)?,
        projections: [
            projection(q)?,
            projection(k)?,
            projection(v)?,
            projection(o)?,
            projection(gate)?,
            projection(up)?,
            projection(down)?,
        ],
    })
}

fn ones(width: usize) -> Result<Tensor> {
    Ok(Tensor::ones(width, candle_core::DType::F32, &Device::Cpu)?)
}

/// Uniform numbers with the spread of transformers' `initializer_range`, 0.02. A dense matrix is drawn as it lies in
/// memory, `[in, out]`, so that no second copy of it ever exists.
fn matrix(name: &str, rows: usize, columns: usize, quantize: Quantize) -> Result<Weight> {
    let key = random::label(name);
    let value = |i: usize| (0.07 * (random::uniform(key, i as u64) - 0.5)) as f32;
    let Some(dtype) = quantize.block_type(columns) else {
        let values: Vec<f32> = (0..stride(rows) * columns).map(value).collect();
        return Weight::from_transposed(values, rows, columns, &Device::Cpu);
    };
    let widen = |range: std::ops::Range<usize>| {
        Ok((range.start * columns..range.end * columns).map(value).collect::<Vec<f32>>())
    };
    Ok(Weight::Packed(Packed::quantize(dtype, rows, columns, widen)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackedBatch, parameters};

    #[test]
    fn the_shapes_are_those_of_the_models_they_name() {
        for (name, millions) in [("7m", 7.0), ("135m", 134.5), ("360m", 361.8), ("1b", 1235.8)] {
            let found = parameters(&config_of(name).unwrap()) as f64 / 1e6;
            assert!((found - millions).abs() < 0.2, "{name}: {found}");
        }
        assert!(matches!(config_of("8b"), Err(Error::Setting { name: "shape", .. })));
    }

    #[test]
    fn a_random_decoder_gives_numbers() {
        for quantize in [Quantize::None, Quantize::Q8_0] {
            let decoder = random_decoder(config_of("7m").unwrap(), quantize).unwrap();
            let batch = PackedBatch::new(&[vec![1, 2, 3]], &Device::Cpu).unwrap();
            let hidden = decoder.forward(&batch, None, None, None).unwrap();
            let logits = decoder.logits(&hidden).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(logits.iter().all(|logit| logit.is_finite()));
            assert!(logits.iter().any(|logit| logit.abs() > 1e-3));
        }
    }
}
