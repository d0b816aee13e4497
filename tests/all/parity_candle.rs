//! The decoder against candle-transformers' own models, a second reference that shares no code with ours: last-row
//! logits of random tiny models over several seeds.
//!
//! candle's models make their tensors themselves, under the names they want; ours is loaded from a file written from
//! them. Where candle is known to differ from transformers (its window holds one position more; it has neither dynamic,
//! YaRN nor LongRoPE scaling as transformers computes them), the fixtures of `golden_families` decide.

use std::collections::HashMap;
use std::path::Path;

use candle_nn::{VarBuilder, VarMap};
use candle_transformers::models::{
    gemma3, granite, granitemoehybrid, llama, mistral, phi3, qwen2, qwen3, smol::smollm3,
};
use lm::{Architecture, DType, Decoder, Device, PackedBatch, Tensor, random};
use serde_json::{Value, json};

use crate::fixture::assert_close;

const SEEDS: u64 = 4;
const LENGTHS: [usize; 4] = [1, 6, 19, 40];
const LOGITS: (f64, f64) = (1e-4, 1e-4);

/// A random whole number drawn from a seed.
fn pick(seed: u64, what: &str, choices: &[usize]) -> usize {
    let key = random::key(seed, &[random::label(what)]);
    choices[(random::uniform(key, 0) * choices.len() as f64) as usize]
}

/// config.json of a random model, with every field that candle's configurations ask for.
fn config(architecture: Architecture, seed: u64) -> Value {
    let heads = pick(seed, "heads", &[2, 4, 6]);
    let head_dim = pick(seed, "head_dim", &[4, 8, 12]);
    let mut config = json!({
        "architectures": [architecture.class_name()], "vocab_size": 61, "hidden_size": heads * head_dim,
        "intermediate_size": pick(seed, "intermediate", &[20, 33, 48]),
        "num_hidden_layers": pick(seed, "layers", &[1, 2, 3]), "num_attention_heads": heads,
        "num_key_value_heads": pick(seed, "kv_heads", &[1, 2, heads]), "head_dim": head_dim,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "rope_theta": pick(seed, "theta", &[100, 10_000, 500_000]) as f64, "hidden_act": "silu",
        "tie_word_embeddings": pick(seed, "tied", &[0, 1]) == 1, "sliding_window": null
    });
    match architecture {
        Architecture::Llama => {
            config["rope_scaling"] = json!({
                "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                "original_max_position_embeddings": 32
            });
        }
        Architecture::Mistral => {
            config["tie_word_embeddings"] = json!(false);
            config["sliding_window"] = json!(pick(seed, "window", &[3, 8, 30]));
        }
        Architecture::Qwen2 => {
            // candle asks for no head of its own unless the file has one.
            config["tie_word_embeddings"] = json!(true);
            config["sliding_window"] = json!(64);
        }
        Architecture::Qwen3 => {
            config["head_dim"] = json!(head_dim + 4);
            config["attention_bias"] = json!(pick(seed, "bias", &[0, 1]) == 1);
        }
        Architecture::Phi3 => {
            config["head_dim"] = Value::Null;
            config["partial_rotary_factor"] = json!(if head_dim == 8 { 0.75 } else { 0.5 });
        }
        Architecture::Gemma3 => {
            // candle knows no scaling of the rotation, divides scores by the root of the head's width, and keeps values of
            // one head only.
            let fields = json!({
                "num_key_value_heads": 1,
                "hidden_activation": "gelu_pytorch_tanh", "attention_bias": pick(seed, "bias", &[0, 1]) == 1,
                "query_pre_attn_scalar": head_dim, "rope_local_base_freq": 50.0,
                "sliding_window": pick(seed, "window", &[3, 8, 30]),
                "sliding_window_pattern": pick(seed, "pattern", &[1, 2, 3]),
                "tie_word_embeddings": true
            });
            let fields = fields.as_object().unwrap().clone();
            config.as_object_mut().unwrap().extend(fields);
        }
        Architecture::SmolLm3 => {
            // With 1, no block rotates.
            config["no_rope_layer_interval"] = json!(pick(seed, "interval", &[1, 2, 4]));
            config["attention_bias"] = json!(pick(seed, "bias", &[0, 1]) == 1);
            config["mlp_bias"] = json!(pick(seed, "mlp_bias", &[0, 1]) == 1);
        }
        Architecture::Granite => {
            // candle leaves the factors out, divides scores by the root of the head's width, and has a head of its own.
            config["attention_multiplier"] = json!(1.0 / (head_dim as f64).sqrt());
            config["tie_word_embeddings"] = json!(false);
        }
        Architecture::GraniteMoeHybrid => {
            let layers = config["num_hidden_layers"].as_u64().unwrap() as usize;
            let fields = json!({
                "layer_types": vec!["attention"; layers], "num_local_experts": 0, "position_embedding_type": "rope",
                "shared_intermediate_size": pick(seed, "shared", &[16, 27]), "tie_word_embeddings": true,
                "embedding_multiplier": pick(seed, "embedding", &[1, 3, 12]) as f64,
                "attention_multiplier": pick(seed, "scores", &[1, 2, 4]) as f64 / 8.0,
                "residual_multiplier": pick(seed, "residual", &[1, 3, 4]) as f64 / 4.0,
                "logits_scaling": pick(seed, "logits", &[1, 2, 3]) as f64
            });
            let fields = fields.as_object().unwrap().clone();
            config.as_object_mut().unwrap().extend(fields);
        }
    }
    if matches!(architecture, Architecture::Qwen2 | Architecture::Qwen3) {
        config["use_sliding_window"] = json!(false);
        config["max_window_layers"] = json!(28);
    }
    config
}

/// Logits `[V]` after the last of `ids`, by candle's model.
fn oracle(architecture: Architecture, config: &Value, vb: VarBuilder<'_>, ids: &[u32]) -> Tensor {
    let input = Tensor::new(ids, &Device::Cpu)
        .unwrap()
        .unsqueeze(0)
        .unwrap();
    let mut config = config.clone();
    let logits = match architecture {
        Architecture::Llama => {
            let config: llama::LlamaConfig = serde_json::from_value(config).unwrap();
            let config = config.into_config(false);
            let mut cache = llama::Cache::new(false, DType::F32, &config, &Device::Cpu).unwrap();
            llama::Llama::load(vb, &config)
                .unwrap()
                .forward(&input, 0, &mut cache)
        }
        Architecture::Mistral => {
            // Its window counts the positions before a token; transformers' counts the token too.
            config["sliding_window"] = json!(config["sliding_window"].as_u64().unwrap() - 1);
            config["use_flash_attn"] = json!(false);
            let config: mistral::Config = serde_json::from_value(config).unwrap();
            mistral::Model::new(&config, vb).unwrap().forward(&input, 0)
        }
        Architecture::Qwen2 => {
            let config: qwen2::Config = serde_json::from_value(config).unwrap();
            qwen2::ModelForCausalLM::new(&config, vb)
                .unwrap()
                .forward(&input, 0)
        }
        Architecture::Qwen3 => {
            let config: qwen3::Config = serde_json::from_value(config).unwrap();
            qwen3::ModelForCausalLM::new(&config, vb)
                .unwrap()
                .forward(&input, 0)
        }
        Architecture::Phi3 => {
            let config: phi3::Config = serde_json::from_value(config).unwrap();
            phi3::Model::new(&config, vb).unwrap().forward(&input, 0)
        }
        Architecture::Gemma3 => {
            // Its window counts the positions before a token, as that of its Mistral.
            config["sliding_window"] = json!(config["sliding_window"].as_u64().unwrap() - 1);
            let config: gemma3::Config = serde_json::from_value(config).unwrap();
            gemma3::Model::new(false, &config, vb)
                .unwrap()
                .forward(&input, 0)
        }
        Architecture::SmolLm3 => {
            let config: smollm3::Config = serde_json::from_value(config).unwrap();
            smollm3::ModelForCausalLM::new(&config, vb)
                .unwrap()
                .forward(&input, 0)
        }
        Architecture::Granite => {
            let config: granite::GraniteConfig = serde_json::from_value(config).unwrap();
            let config = config.into_config(false);
            let mut cache = granite::Cache::new(false, DType::F32, &config, &Device::Cpu).unwrap();
            granite::Granite::load(vb, &config)
                .unwrap()
                .forward(&input, 0, &mut cache)
        }
        Architecture::GraniteMoeHybrid => {
            let config: granitemoehybrid::GraniteMoeHybridConfig =
                serde_json::from_value(config).unwrap();
            let config = config.into_config(false);
            let mut cache = granitemoehybrid::GraniteMoeHybridCache::new(
                false,
                DType::F32,
                &config,
                &Device::Cpu,
            )
            .unwrap();
            granitemoehybrid::GraniteMoeHybrid::load(vb, &config)
                .unwrap()
                .forward(&input, 0, &mut cache)
        }
    };
    logits.unwrap().flatten_all().unwrap()
}

/// Random weights under the names that candle's model asks for.
fn weights(architecture: Architecture, config: &Value, seed: u64) -> VarMap {
    let variables = VarMap::new();
    let vb = VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu);
    oracle(architecture, config, vb, &[1]);
    for (name, variable) in variables.data().lock().unwrap().iter() {
        let key = random::key(seed, &[random::label(name)]);
        let (mean, spread) = match name.as_str() {
            name if name.contains("norm") => (1.0, 0.4),
            name if name.ends_with("bias") => (0.0, 0.5),
            _ => (0.0, 1.2),
        };
        let value = |i: usize| (mean + spread * (random::uniform(key, i as u64) - 0.5)) as f32;
        let values: Vec<f32> = (0..variable.elem_count()).map(value).collect();
        variable
            .set(&Tensor::from_vec(values, variable.shape(), &Device::Cpu).unwrap())
            .unwrap();
    }
    variables
}

fn write(dir: &Path, config: &Value, weights: &VarMap) {
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    weights.save(dir.join("model.safetensors")).unwrap();
}

#[test]
fn logits_equal_those_of_candles_own_models() {
    for architecture in Architecture::ALL {
        let mut largest = 0f32;
        for seed in 0..SEEDS {
            let config = config(architecture, seed);
            let variables = weights(architecture, &config, seed);
            let dir = tempfile::tempdir().unwrap();
            write(dir.path(), &config, &variables);
            let decoder = Decoder::load(dir.path(), &Device::Cpu).unwrap();
            let tensors: HashMap<String, Tensor> = {
                let data = variables.data().lock().unwrap();
                data.iter()
                    .map(|(name, variable)| (name.clone(), variable.as_tensor().clone()))
                    .collect()
            };
            for length in LENGTHS {
                let key = random::key(seed, &[random::label("ids"), length as u64]);
                let ids: Vec<u32> = (0..length as u64)
                    .map(|i| (random::uniform(key, i) * 61.0) as u32)
                    .collect();
                let vb = VarBuilder::from_tensors(tensors.clone(), DType::F32, &Device::Cpu);
                let expected = oracle(architecture, &config, vb, &ids)
                    .to_vec1::<f32>()
                    .unwrap();
                let batch = PackedBatch::new(std::slice::from_ref(&ids), &Device::Cpu).unwrap();
                let hidden = decoder.forward(&batch, None, None, None).unwrap();
                let logits = decoder.logits(&hidden).unwrap().to_vec2::<f32>().unwrap();
                let found = logits.last().unwrap();
                let what = format!("{} seed {seed}, {length} tokens", architecture.class_name());
                assert_close(&what, found, &expected, LOGITS.0, LOGITS.1);
                largest = expected
                    .iter()
                    .fold(largest, |max, logit| max.max(logit.abs()));
            }
        }
        assert!(
            largest > 1.0,
            "{}: logits near zero prove nothing",
            architecture.class_name()
        );
        println!(
            "{}: {} texts checked",
            architecture.class_name(),
            SEEDS * LENGTHS.len() as u64
        );
    }
}
