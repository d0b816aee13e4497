//! Tokens per second of decoding and scoring, at the shape of a 7-million-weight model with random weights.
//!
//! `cargo bench -p duologue-lm --bench generate`; no numbers are asserted, they are printed.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may stop on any error")]

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::Instant;

use lm::sample::Filters;
use lm::{
    Completion, Decoder, DecoderConfig, Device, GenerateConfig, GenerateRequest, PackedBatch, Target, Tensor,
    generate, random, score,
};

const CONFIG: &str = r#"{
    "architectures": ["LlamaForCausalLM"], "vocab_size": 4096, "hidden_size": 256, "intermediate_size": 704,
    "num_hidden_layers": 8, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 64,
    "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": true
}"#;

fn random_model() -> Decoder {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.json"), CONFIG).unwrap();
    let config = DecoderConfig::load(dir.path()).unwrap();
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    let mut add = |name: String, shape: &[usize], mean: f64, spread: f64| {
        let key = random::label(&name);
        let count: usize = shape.iter().product();
        let values: Vec<f32> =
            (0..count as u64).map(|i| (mean + spread * (random::uniform(key, i) - 0.5)) as f32).collect();
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    };
    let hidden = config.hidden_size;
    add("model.embed_tokens.weight".into(), &[config.vocab_size, hidden], 0.0, 0.2);
    add("model.norm.weight".into(), &[hidden], 1.0, 0.1);
    for layer in 0..config.num_hidden_layers {
        let prefix = format!("model.layers.{layer}");
        add(format!("{prefix}.input_layernorm.weight"), &[hidden], 1.0, 0.1);
        add(format!("{prefix}.post_attention_layernorm.weight"), &[hidden], 1.0, 0.1);
        for target in Target::ALL {
            let block = if (target as usize) < 4 { "self_attn" } else { "mlp" };
            let (rows, columns) = config.projection_shape(target);
            let name = format!("{prefix}.{block}.{}.weight", target.module_name());
            add(name, &[rows, columns], 0.0, 0.2);
        }
    }
    candle_core::safetensors::save(&tensors, dir.path().join("model.safetensors")).unwrap();
    Decoder::load(dir.path(), &Device::Cpu).unwrap()
}

fn main() {
    let decoder = random_model();
    let prompt = |seed: u64, tokens: u64| -> Vec<u32> {
        (0..tokens).map(|i| (random::uniform(seed, i) * 4096.0) as u32).collect()
    };
    for (batch_size, temperature) in [(1, 0.0), (8, 0.0), (32, 0.0), (32, 0.9)] {
        let requests: Vec<GenerateRequest> = (0..2 * batch_size as u64)
            .map(|key| GenerateRequest { prompt_ids: prompt(key, 100), key })
            .collect();
        let stop_ids = Vec::new();
        let filters = Filters { temperature, top_p: 0.95, ..Filters::GREEDY };
        let cfg = GenerateConfig { max_new_tokens: 150, filters, stop_ids, batch_size };
        let start = Instant::now();
        let done = generate(&decoder, None, &requests, &cfg, &mut |_, _| ControlFlow::Continue(())).unwrap();
        let tokens: usize = done.iter().map(|g| g.ids.len()).sum();
        let rate = tokens as f64 / start.elapsed().as_secs_f64();
        println!(
            "generate, batch {batch_size:2}, temperature {temperature}: {rate:8.0} tokens/s (prefill included)"
        );
    }
    let seqs: Vec<Vec<u32>> = (0..16).map(|key| prompt(key, 250)).collect();
    let tokens = seqs.iter().map(Vec::len).sum::<usize>() as f64;
    let start = Instant::now();
    let batch = PackedBatch::new(&seqs, &Device::Cpu).unwrap();
    decoder.forward(&batch, None, None, None).unwrap();
    println!("forward, 16 x 250 tokens: {:8.0} tokens/s", tokens / start.elapsed().as_secs_f64());
    let items: Vec<Completion<'_>> =
        seqs.iter().map(|s| Completion { prompt_ids: &s[..100], completion_ids: &s[100..] }).collect();
    let start = Instant::now();
    score(&decoder, None, &items, 4096).unwrap();
    println!("score, 16 x (100 + 150) tokens: {:8.0} tokens/s", tokens / start.elapsed().as_secs_f64());
}
