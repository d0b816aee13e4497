//! Cost of a training update at two shapes with random weights: tokens per second and CPU-seconds.
//!
//! `cargo bench -p duologue-lm --bench train_step [-- 7M|135M]`; no numbers are asserted, they are printed.
//! 135M is the shape of SmolLM2-135M.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints and may stop on any error")]

use std::collections::HashMap;
use std::time::Instant;

use lm::train::{Objective, TrainExample, batch_gradients};
use lm::{
    Adapter, Decoder, DecoderConfig, Device, Dropout, LoraConfig, PackedBatch, Tape, Target, TargetModules,
    Tensor, random,
};

const SHAPES: [(&str, &str); 2] = [
    (
        "7M",
        r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 4096, "hidden_size": 256,
            "intermediate_size": 704, "num_hidden_layers": 8, "num_attention_heads": 4, "num_key_value_heads": 2,
            "max_position_embeddings": 1024, "rms_norm_eps": 1e-5, "tie_word_embeddings": true}"#,
    ),
    (
        "135M",
        r#"{"architectures": ["LlamaForCausalLM"], "vocab_size": 49152, "hidden_size": 576,
            "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9, "num_key_value_heads": 3,
            "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "tie_word_embeddings": true}"#,
    ),
];

fn random_model(config: &str) -> Decoder {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("config.json"), config).unwrap();
    let config = DecoderConfig::load(dir.path()).unwrap();
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    let mut add = |name: String, shape: &[usize], mean: f64, spread: f64| {
        let key = random::label(&name);
        let count: usize = shape.iter().product();
        let value = |i| (mean + spread * (random::uniform(key, i) - 0.5)) as f32;
        let values: Vec<f32> = (0..count as u64).map(value).collect();
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
            let (rows, columns) = config.projection_shape(target);
            let name = format!("{prefix}.{}.{}.weight", target.block_name(), target.module_name());
            add(name, &[rows, columns], 0.0, 0.1);
        }
    }
    candle_core::safetensors::save(&tensors, dir.path().join("model.safetensors")).unwrap();
    Decoder::load(dir.path(), &Device::Cpu).unwrap()
}

/// User and system time of this process so far, seconds; none where the system does not say.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(ticks / 100.0)
}

fn measure(what: &str, tokens: usize, repeats: usize, mut run: impl FnMut()) {
    run();
    let (start, cpu) = (Instant::now(), cpu_seconds());
    (0..repeats).for_each(|_| run());
    let wall = start.elapsed().as_secs_f64() / repeats as f64;
    let cpu = cpu.zip(cpu_seconds()).map_or(f64::NAN, |(before, after)| (after - before) / repeats as f64);
    println!("{what:44} {:8.0} tokens/s  {wall:7.3} s  {cpu:7.3} CPU-s", tokens as f64 / wall);
}

fn bench(name: &str, config: &str, repeats: usize) {
    let decoder = random_model(config);
    let vocab = decoder.config.vocab_size as f64;
    let ids = |key: u64, count: u64| -> Vec<u32> {
        (0..count).map(|i| (random::uniform(key, i) * vocab) as u32).collect()
    };
    let lora = LoraConfig {
        rank: 16,
        alpha: 32.0,
        dropout: 0.05,
        target_modules: TargetModules::AllLinear,
        ..LoraConfig::default()
    };
    let adapter = Adapter::init(lora, &decoder.config, 1, &Device::Cpu).unwrap();
    for (task, sequences, prompt, completion) in [("synthesizer", 8, 60, 190), ("summarizer", 8, 220, 30)] {
        let data: Vec<TrainExample> = (0..sequences)
            .map(|i| TrainExample { prompt_ids: ids(i, prompt), completion_ids: ids(100 + i, completion) })
            .collect();
        let tokens = (sequences * (prompt + completion)) as usize;
        let whole: Vec<Vec<u32>> =
            data.iter().map(|e| [e.prompt_ids.clone(), e.completion_ids.clone()].concat()).collect();
        let batch = PackedBatch::new(&whole, &Device::Cpu).unwrap();
        measure(&format!("{name} {task}: forward with tape"), tokens, repeats, || {
            decoder.forward(&batch, Some(&adapter), None, Some(&mut Tape::default())).unwrap();
        });
        let members: Vec<usize> = (0..data.len()).collect();
        for p in [0.0, 0.05] {
            let dropout = Dropout { key: 3, p };
            measure(&format!("{name} {task}: gradients, dropout {p}"), tokens, repeats, || {
                let objective = Objective::Sft(&data);
                batch_gradients(&decoder, &adapter, &objective, &members, 2048, Some(&dropout), &|| false)
                    .unwrap();
            });
        }
    }
}

fn main() {
    let asked = std::env::args().nth(1).filter(|arg| !arg.starts_with('-'));
    for (name, config) in SHAPES {
        if asked.as_deref().is_none_or(|asked| asked == name) {
            bench(name, config, if name == "7M" { 5 } else { 1 });
        }
    }
}
