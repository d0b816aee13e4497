//! Tiny decoders with random weights for unit tests. All have two blocks, grouped queries and an untied head;
//! [`config`] has biases, and the other [`variants`] have the features of other families.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};
use serde_json::{Value, json};

use crate::model::tensors::BlockNorm;
use crate::model::{Decoder, DecoderConfig, Target};
use crate::random;

/// config.json of the tiny model.
pub(crate) fn config() -> Value {
    json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 53, "hidden_size": 24, "intermediate_size": 40,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 6,
        "max_position_embeddings": 96, "rms_norm_eps": 1e-5, "rope_theta": 1000.0, "attention_bias": true,
        "tie_word_embeddings": false, "eos_token_id": 3
    })
}

/// Name and config.json of [`config`] and of tiny models whose blocks or frequencies differ from it.
pub(crate) fn variants() -> Vec<(&'static str, Value)> {
    let changed = |changes: Value| {
        let mut config = config();
        for (field, value) in changes.as_object().unwrap() {
            config[field] = value.clone();
        }
        config
    };
    let factors = |first: f64| (0..2).map(|i| first + f64::from(i)).collect::<Vec<_>>();
    vec![
        ("biases", config()),
        (
            "head norms and a window in the second block",
            changed(json!({
                "architectures": ["Qwen3ForCausalLM"], "use_sliding_window": true, "sliding_window": 4,
                "max_window_layers": 1, "head_dim": 8
            })),
        ),
        (
            "windows",
            changed(json!({ "architectures": ["MistralForCausalLM"], "sliding_window": 3 })),
        ),
        (
            "frequencies that follow the length",
            changed(json!({
                "max_position_embeddings": 12, "rope_scaling": { "type": "dynamic", "factor": 5.0 }
            })),
        ),
        (
            "fused matrices, partial rotation and a second set of frequencies",
            changed(json!({
                "architectures": ["Phi3ForCausalLM"], "partial_rotary_factor": 0.67,
                "original_max_position_embeddings": 12,
                "rope_scaling": { "type": "longrope", "short_factor": factors(1.0), "long_factor": factors(3.0) }
            })),
        ),
        (
            "four norms, a gate of GELU, scaled embeddings and two rotations",
            changed(json!({
                "architectures": ["Gemma3ForCausalLM"], "sliding_window": 3, "sliding_window_pattern": 2,
                "rope_local_base_freq": 50.0, "rope_scaling": { "rope_type": "linear", "factor": 4.0 },
                "query_pre_attn_scalar": 10, "attention_bias": false
            })),
        ),
        (
            "a second block that rotates nothing and has a window",
            changed(json!({
                "architectures": ["SmolLM3ForCausalLM"], "no_rope_layer_interval": 2, "use_sliding_window": true,
                "sliding_window": 4, "mlp_bias": true
            })),
        ),
        (
            "factors on embeddings, scores, what blocks add, and logits",
            changed(json!({
                "architectures": ["GraniteForCausalLM"], "embedding_multiplier": 3.0, "attention_multiplier": 0.2,
                "residual_multiplier": 0.4, "logits_scaling": 1.7
            })),
        ),
        (
            "factors, gate and up in one matrix, and no rotation",
            changed(json!({
                "architectures": ["GraniteMoeHybridForCausalLM"], "embedding_multiplier": 3.0,
                "attention_multiplier": 0.2, "residual_multiplier": 0.4, "logits_scaling": 1.7,
                "shared_intermediate_size": 20, "num_local_experts": 0, "layer_types": ["attention", "attention"],
                "position_embedding_type": "nope"
            })),
        ),
    ]
}

/// Random tensors for a configuration, by their names in a checkpoint.
pub(crate) fn tensors(config: &DecoderConfig, seed: u64) -> HashMap<String, Tensor> {
    let normal = |name: &str, shape: &[usize], mean: f64, std: f64| {
        let key = random::key(seed, &[random::label(name)]);
        let count: usize = shape.iter().product();
        // The sum of twelve uniform numbers is close enough to a normal one here.
        let value = |i: u64| {
            (0..12)
                .map(|j| random::uniform(key, i * 12 + j))
                .sum::<f64>()
                - 6.0
        };
        let values: Vec<f32> = (0..count as u64)
            .map(|i| (mean + std * value(i)) as f32)
            .collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
    };
    let hidden = config.hidden_size;
    let mut tensors = HashMap::new();
    let mut add = |name: String, shape: &[usize], mean: f64, std: f64| {
        let tensor = normal(&name, shape, mean, std);
        tensors.insert(name, tensor);
    };
    add(
        "model.embed_tokens.weight".into(),
        &[config.vocab_size, hidden],
        0.0,
        1.0,
    );
    add(
        "lm_head.weight".into(),
        &[config.vocab_size, hidden],
        0.0,
        0.4,
    );
    // A norm's factors are around 1.
    let mean = 1.0 - f64::from(config.architecture.norm_offset());
    add("model.norm.weight".into(), &[hidden], mean, 0.1);
    for layer in 0..config.num_hidden_layers {
        for norm in BlockNorm::of(config) {
            let name = norm.tensor_name(config.architecture, layer);
            add(name, &[norm.width(config)], mean, 0.1);
        }
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            let stored_rows = config.stored_projection(target).1;
            let name = config.stored_name(layer, target);
            add(format!("{name}.weight"), &[stored_rows, columns], 0.0, 0.25);
            if config.projection_bias(target) {
                add(format!("{name}.bias"), &[rows], 0.0, 0.1);
            }
        }
    }
    tensors
}

/// Writes the tiny model into `dir` and returns its tensors by name.
pub(crate) fn write(dir: &Path, seed: u64) -> HashMap<String, Tensor> {
    write_as(&config(), dir, seed)
}

fn write_as(config: &Value, dir: &Path, seed: u64) -> HashMap<String, Tensor> {
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let tensors = tensors(&DecoderConfig::load(dir).unwrap(), seed);
    candle_core::safetensors::save(&tensors, dir.join("model.safetensors")).unwrap();
    tensors
}

/// The tiny model, written to files and loaded from them like any other.
pub(crate) fn tiny(seed: u64) -> Decoder {
    tiny_as(&config(), seed)
}

/// The tiny model of one of the [`variants`], loaded in the same way.
pub(crate) fn tiny_as(config: &Value, seed: u64) -> Decoder {
    let dir = tempfile::tempdir().unwrap();
    write_as(config, dir.path(), seed);
    Decoder::load(dir.path(), &Device::Cpu).unwrap()
}

/// A tensor of uniform values between -2 and 2 that depend only on `key`.
pub(crate) fn random(key: u64, shape: &[usize]) -> Tensor {
    let n = shape.iter().product::<usize>();
    let values: Vec<f32> = (0..n)
        .map(|i| (4.0 * random::uniform(key, i as u64) - 2.0) as f32)
        .collect();
    Tensor::from_vec(values, shape, &Device::Cpu).unwrap()
}

/// Asserts that two tensors have the same shape and no value differs by more than `tolerance`.
pub(crate) fn assert_close(a: &Tensor, b: &Tensor, tolerance: f32) {
    assert_eq!(a.dims(), b.dims());
    let off = (a - b)
        .unwrap()
        .abs()
        .unwrap()
        .flatten_all()
        .unwrap()
        .max(0)
        .unwrap();
    let off = off.to_scalar::<f32>().unwrap();
    assert!(off <= tolerance, "differs by {off}");
}
