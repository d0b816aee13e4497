//! LoRA training over a quantised base (QLoRA, Dettmers et al. 2023): the same as over the dequantised dense one, and
//! without ever holding a dense matrix. A test program of its own, because it counts allocations.
#![allow(clippy::unwrap_used, reason = "a test says best where it failed")]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::Ordering::Relaxed;

use counting::LARGEST_BYTES;
use lm::train::{
    BatchPlan, Objective, Observer, Schedule, StepReport, TrainConfig, TrainExample, TrainState,
    batch_gradients, train,
};
use lm::{
    Adapter, Decoder, DecoderConfig, Device, LoraConfig, Quantize, Target, Tensor, Weight, random,
};
use serde_json::json;

mod counting;

/// One test at a time, so that allocations have one owner.
static TURN: Mutex<()> = Mutex::new(());

const HIDDEN: usize = 512;
/// A third of a matrix is more than the buffer that `gemm` keeps for each thread, as large as the second-level cache.
const INTERMEDIATE: usize = 4096;

/// Writes a two-block model whose matrices are much larger than what is widened at once.
fn write_model(dir: &Path) {
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 320, "hidden_size": HIDDEN,
        "intermediate_size": INTERMEDIATE, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 64, "rms_norm_eps": 1e-5,
        "tie_word_embeddings": true, "eos_token_id": 3
    });
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let config = DecoderConfig::load(dir).unwrap();
    let mut tensors = HashMap::new();
    let mut add = |name: String, shape: &[usize], centre: f32, spread: f32| {
        let key = random::key(7, &[random::label(&name)]);
        let value = |i: u64| centre + spread * (random::uniform(key, i) as f32 - 0.5);
        let values: Vec<f32> = (0..shape.iter().product::<usize>() as u64)
            .map(value)
            .collect();
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    };
    add("model.embed_tokens.weight".into(), &[320, HIDDEN], 0.0, 2.0);
    add("model.norm.weight".into(), &[HIDDEN], 1.0, 0.1);
    for layer in 0..config.num_hidden_layers {
        for norm in ["input_layernorm", "post_attention_layernorm"] {
            add(
                format!("model.layers.{layer}.{norm}.weight"),
                &[HIDDEN],
                1.0,
                0.1,
            );
        }
        for target in Target::ALL {
            let (rows, columns) = config.projection_shape(target);
            let name = format!(
                "model.layers.{layer}.{}.{}.weight",
                target.block_name(),
                target.module_name()
            );
            add(name, &[rows, columns], 0.0, 3.0 / (columns as f32).sqrt());
        }
    }
    candle_core::safetensors::save(&tensors, dir.join("model.safetensors")).unwrap();
}

/// The same numbers, held dense.
fn dequantised(decoder: &Decoder) -> Decoder {
    let dense = |weight: &Weight| Weight::dense(&weight.to_dense().unwrap()).unwrap();
    let mut copy = decoder.clone();
    copy.embed_tokens = dense(&decoder.embed_tokens);
    copy.lm_head = copy.embed_tokens.clone();
    for projection in copy
        .layers
        .iter_mut()
        .flat_map(|layer| &mut layer.projections)
    {
        projection.weight = dense(&projection.weight);
    }
    copy
}

fn adapter(decoder: &Decoder) -> Adapter {
    let config = LoraConfig {
        rank: 4,
        ..LoraConfig::default()
    };
    let mut adapter = Adapter::init(config, &decoder.config, 5, &Device::Cpu).unwrap();
    for (i, pair) in adapter
        .update
        .layers
        .iter_mut()
        .flatten()
        .flatten()
        .enumerate()
    {
        let value = |j: u64| (random::uniform(i as u64, j) as f32 - 0.5) * 0.1;
        let values: Vec<f32> = (0..pair.b.elem_count() as u64).map(value).collect();
        pair.b = Tensor::from_vec(values, pair.b.shape(), &Device::Cpu).unwrap();
    }
    adapter
}

fn examples() -> Vec<TrainExample> {
    let ids = |key: u64, n: u64| {
        (0..n)
            .map(|i| (random::uniform(key, i) * 320.0) as u32)
            .collect()
    };
    (0..6)
        .map(|i| TrainExample {
            prompt_ids: ids(i, 4),
            completion_ids: ids(50 + i, 6),
        })
        .collect()
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// Largest difference as a share of the largest value.
fn distance(found: &Tensor, expected: &Tensor) -> f32 {
    let (found, expected) = (values(found), values(expected));
    let largest = expected.iter().fold(1e-12f32, |m, v| m.max(v.abs()));
    found
        .iter()
        .zip(&expected)
        .fold(0f32, |m, (a, b)| m.max((a - b).abs()))
        / largest
}

/// Collects the losses.
#[derive(Default)]
struct Losses(Vec<f64>);

impl Observer for Losses {
    fn step(&mut self, report: &StepReport) -> lm::Result<()> {
        self.0.push(report.loss);
        Ok(())
    }

    fn evaluate(&mut self, _: &Adapter, update: usize) -> lm::Result<f64> {
        Ok(-(update as f64))
    }

    fn checkpoint(&mut self, _: &TrainState) -> lm::Result<()> {
        Ok(())
    }

    fn stop(&self) -> bool {
        false
    }
}

fn losses(decoder: &Decoder) -> Vec<f64> {
    let config = TrainConfig {
        lr: 1e-3,
        batch_size: 3,
        max_updates: 8,
        batch_plan: BatchPlan::Shuffled,
        warmup_updates: 1,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        max_grad_norm: 1.0,
        seed: 1,
        dropout: 0.05,
        eval_every_updates: 0,
        stop_lr: None,
        stop_after_reductions: None,
        early_stop_evals: None,
        budget: 30.into(),
        checkpoint_every_updates: 0,
    };
    let data = examples();
    let mut losses = Losses::default();
    let state = TrainState::new(adapter(decoder)).unwrap();
    train(decoder, &Objective::Sft(&data), &config, state, &mut losses).unwrap();
    losses.0
}

#[test]
fn gradients_and_losses_are_those_over_the_dequantised_base() {
    let _turn = TURN.lock().unwrap();
    let dir = tempfile::tempdir().unwrap();
    write_model(dir.path());
    for quantize in [Quantize::Q8_0, Quantize::Q4K] {
        let quantised = Decoder::load_quantized(dir.path(), quantize, &Device::Cpu).unwrap();
        assert!(matches!(
            quantised.layers[0].projections[Target::Q].weight,
            Weight::Packed(_)
        ));
        let dense = dequantised(&quantised);
        let data = examples();
        let gradients = |decoder: &Decoder| {
            let (adapter, members) = (adapter(decoder), [0, 1, 2, 3, 4, 5]);
            batch_gradients(
                decoder,
                &adapter,
                &Objective::Sft(&data),
                &members,
                30,
                None,
                &|| false,
            )
            .unwrap()
        };
        let (found, expected) = (gradients(&quantised), gradients(&dense));
        assert!(
            (found.loss - expected.loss).abs() < 1e-6 * expected.loss,
            "{} {}",
            found.loss,
            expected.loss
        );
        for ((name, found), (_, expected)) in found
            .gradients
            .named_tensors()
            .iter()
            .zip(expected.gradients.named_tensors())
        {
            let off = distance(found, &expected);
            assert!(off < 1e-4, "{} {name}: {off}", quantize.as_str());
        }
        let (found, expected) = (losses(&quantised), losses(&dense));
        assert_eq!(found.len(), 8);
        assert!(found[0] - found[7] > 0.05, "nothing was learnt: {found:?}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() < 1e-3 * expected,
                "{found} {expected}"
            );
        }
    }
}

#[test]
fn no_dense_matrix_is_ever_held() {
    let _turn = TURN.lock().unwrap();
    let dir = tempfile::tempdir().unwrap();
    write_model(dir.path());
    let dense_bytes = HIDDEN * INTERMEDIATE * 4;
    LARGEST_BYTES.store(0, Relaxed);
    let decoder = Decoder::load_quantized(dir.path(), Quantize::Q4K, &Device::Cpu).unwrap();
    losses(&decoder);
    let largest = LARGEST_BYTES.load(Relaxed);
    assert!(
        largest < dense_bytes / 3,
        "{largest} bytes at once; a matrix has {dense_bytes}"
    );
    // The measure itself: over the dense base such a block is asked for.
    LARGEST_BYTES.store(0, Relaxed);
    Decoder::load(dir.path(), &Device::Cpu).unwrap();
    assert!(LARGEST_BYTES.load(Relaxed) >= dense_bytes);
}
