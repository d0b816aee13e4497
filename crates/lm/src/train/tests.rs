//! Tests of the whole training step on a tiny random decoder: gradients compared with candle's autograd and finite
//! differences, and the guarantees of the loop (exact accumulation, bitwise resume, end conditions).

use std::cell::Cell;
use std::collections::BTreeMap;

use candle_core::{D, Device, Tensor, Var};
use candle_nn::ops::{log_softmax, rms_norm_slow, softmax};
use candle_nn::rotary_emb::rope_slow;

use super::*;
use crate::error::{Error, Result};
use crate::lora::{Adapter, LoraConfig, TargetModules};
use crate::model::tensors::{BlockNorm, EMBEDDING, FINAL_NORM, HEAD, projection_name};
use crate::model::{Activation, Decoder, Dropout, PackedBatch, Target};
use crate::{random, test_model};

mod exactness;
mod gradients;
mod on_device;
mod runs;
mod weights;

const DPO: PreferenceLoss = PreferenceLoss::Sigmoid {
    label_smoothing: 0.0,
};

fn adapter(decoder: &Decoder, targets: &[Target], random_b: bool) -> Adapter {
    let config = LoraConfig {
        rank: 3,
        alpha: 6.0,
        target_modules: TargetModules::of(targets),
        ..LoraConfig::default()
    };
    let mut adapter = Adapter::init(config, &decoder.config, 11, &Device::Cpu).unwrap();
    if random_b {
        for (i, pair) in adapter
            .update
            .layers
            .iter_mut()
            .flatten()
            .flatten()
            .enumerate()
        {
            let values: Vec<f32> = (0..pair.b.elem_count())
                .map(|j| (random::uniform(i as u64, j as u64) - 0.5) as f32 * 0.3)
                .collect();
            pair.b = Tensor::from_vec(values, pair.b.shape(), &Device::Cpu).unwrap();
        }
    }
    adapter
}

fn ids(key: u64, count: usize) -> Vec<u32> {
    (0..count as u64)
        .map(|i| (random::uniform(key, i) * 53.0) as u32)
        .collect()
}

fn examples(count: usize) -> Vec<TrainExample> {
    (0..count as u64)
        .map(|i| TrainExample {
            prompt_ids: ids(100 + i, 3 + i as usize % 5),
            completion_ids: ids(200 + i, 2 + i as usize * 3 % 7),
        })
        .collect()
}

fn pairs(count: usize) -> Vec<PreferencePair> {
    (0..count as u64)
        .map(|i| PreferencePair {
            prompt_ids: ids(300 + i, 4),
            chosen_ids: ids(400 + i, 3 + i as usize),
            rejected_ids: ids(500 + i, 5),
            ref_logps: Some((-14.0 - i as f64, -19.0)),
            sft: (i % 2 == 1).then(|| examples(4).swap_remove(i as usize % 4)),
        })
        .collect()
}

/// The same network in operations that candle can differentiate, one sequence at a time → log-probabilities of the
/// completion. `first_row` is the packed row of the sequence's first token (dropout masks are drawn by packed row).
struct Oracle<'a> {
    decoder: &'a Decoder,
    adapter: &'a Adapter,
    vars: &'a BTreeMap<(usize, Target), (Var, Var)>,
    dropout: Option<Dropout>,
    rows: usize,
    /// Weights that are differentiated too, by name.
    own: &'a BTreeMap<String, Var>,
}

impl Oracle<'_> {
    fn own(&self, name: &str, weight: Tensor) -> Tensor {
        self.own
            .get(name)
            .map_or(weight, |var| var.as_tensor().clone())
    }

    fn project(
        &self,
        layer: usize,
        target: Target,
        x: &Tensor,
        first_row: usize,
    ) -> candle_core::Result<Tensor> {
        let projection = &self.decoder.layers[layer].projections[target];
        let name = |part| projection_name(layer, target, part);
        let weight = self.own(&name("weight"), projection.weight.to_dense().unwrap());
        let mut y = x.matmul(&weight.t()?)?;
        if let Some(bias) = &projection.bias {
            y = y.broadcast_add(&self.own(&name("bias"), bias.clone()))?;
        }
        let Some((a, b)) = self.vars.get(&(layer, target)) else {
            return Ok(y);
        };
        let mut x = x.clone();
        if let Some(dropout) = &self.dropout {
            let mask = dropout
                .mask(layer, target, self.rows, x.dim(1)?, &Device::Cpu)
                .unwrap();
            x = (&x * mask.narrow(0, first_row, x.dim(0)?)?)?;
        }
        let low = x.matmul(&a.as_tensor().t()?)?.matmul(&b.as_tensor().t()?)?;
        y + (low * self.adapter.scale(layer, target))?
    }

    fn logps(
        &self,
        prompt: &[u32],
        completion: &[u32],
        first_row: usize,
    ) -> candle_core::Result<Tensor> {
        let (decoder, config) = (self.decoder, &self.decoder.config);
        let input: Vec<u32> = prompt
            .iter()
            .chain(&completion[..completion.len() - 1])
            .copied()
            .collect();
        let t = input.len();
        let (heads, kv_heads, head_dim) = (
            config.num_attention_heads,
            config.num_key_value_heads,
            config.head_dim,
        );
        let batch =
            PackedBatch::completions(&[(prompt, completion)], &decoder.rope, &Device::Cpu).unwrap();
        let rotations = batch.rotations(&decoder.rope).unwrap();
        let eps = config.rms_norm_eps as f32;
        let embedding = self.own(EMBEDDING, decoder.embed_tokens.to_dense().unwrap());
        let mut x = embedding.index_select(&Tensor::new(input, &Device::Cpu)?, 0)?;
        x = (x * config.embedding_multiplier)?;
        for (index, layer) in decoder.layers.iter().enumerate() {
            let through = |x: &Tensor, norm: BlockNorm| match layer.norm(norm) {
                Some(weight) => {
                    let name = norm.tensor_name(config.architecture, index);
                    rms_norm_slow(x, &self.own(&name, weight.clone()), eps)
                }
                None => Ok(x.clone()),
            };
            let project = |target, x: &Tensor| self.project(index, target, x, first_row);
            let split = |x: Tensor, heads: usize| {
                x.reshape((t, heads, head_dim))?
                    .transpose(0, 1)?
                    .contiguous()
            };
            let h = through(&x, BlockNorm::Input)?;
            let window = config.sliding_windows[index].unwrap_or(t);
            let mask: Vec<f32> = (0..t * t)
                .map(|i| {
                    if ((i / t + 1).saturating_sub(window)..=i / t).contains(&(i % t)) {
                        0.0
                    } else {
                        f32::NEG_INFINITY
                    }
                })
                .collect();
            let mask = Tensor::from_vec(mask, (1, t, t), &Device::Cpu)?;
            let rope = |x: Tensor, norm: BlockNorm| {
                let x = through(&x, norm)?;
                let Some((cos, sin)) = rotations.of(index) else {
                    return Ok(x);
                };
                let (rotary_dim, unrotated_dim) = (config.rotary_dim, head_dim - config.rotary_dim);
                let rotated =
                    rope_slow(&x.narrow(2, 0, rotary_dim)?.unsqueeze(0)?, cos, sin)?.squeeze(0)?;
                Tensor::cat(&[rotated, x.narrow(2, rotary_dim, unrotated_dim)?], 2)
            };
            let q = rope(split(project(Target::Q, &h)?, heads)?, BlockNorm::Query)?;
            let repeat = |x: Tensor| {
                let group = heads / kv_heads;
                x.unsqueeze(1)?
                    .broadcast_as((kv_heads, group, t, head_dim))?
                    .reshape((heads, t, head_dim))
            };
            let k = split(project(Target::K, &h)?, kv_heads)?;
            let k = repeat(rope(k, BlockNorm::Key)?)?;
            let v = repeat(split(project(Target::V, &h)?, kv_heads)?)?;
            let scores = (q.matmul(&k.t()?)? * config.attention_multiplier)?;
            let scores = scores.broadcast_add(&mask)?;
            let attn = softmax(&scores, D::Minus1)?
                .matmul(&v)?
                .transpose(0, 1)?
                .reshape((t, heads * head_dim))?;
            let out = through(&project(Target::O, &attn)?, BlockNorm::PostAttention)?;
            x = (x + (out * config.residual_multiplier)?)?;
            let h = through(&x, BlockNorm::PreFeedforward)?;
            let gate = project(Target::Gate, &h)?;
            let open = match config.activation {
                Activation::Silu => gate.silu()?,
                Activation::GeluTanh => gate.gelu()?,
            };
            let act = (open * project(Target::Up, &h)?)?;
            let out = through(&project(Target::Down, &act)?, BlockNorm::PostFeedforward)?;
            x = (x + (out * config.residual_multiplier)?)?;
        }
        let hidden = rms_norm_slow(&x, &self.own(FINAL_NORM, decoder.norm.clone()), eps)?;
        let hidden = hidden.narrow(0, prompt.len() - 1, completion.len())?;
        let head = match decoder.config.tie_word_embeddings {
            true => embedding,
            false => self.own(HEAD, decoder.lm_head.to_dense().unwrap()),
        };
        let logps = log_softmax(
            &(hidden.matmul(&head.t()?)? / config.logits_scaling)?,
            D::Minus1,
        )?;
        logps
            .gather(&Tensor::new(completion, &Device::Cpu)?.unsqueeze(1)?, 1)?
            .squeeze(1)
    }
}

fn assert_same_gradients(found: &Gradients, expected: &BTreeMap<String, Tensor>) {
    let found = found.named_tensors();
    let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        expected.keys().collect::<Vec<_>>(),
        "exactly the adapter's tensors have a gradient"
    );
    for (name, found) in &found {
        let expected = &expected[name];
        let largest = |t: &Tensor| {
            t.abs()
                .unwrap()
                .flatten_all()
                .unwrap()
                .max(0)
                .unwrap()
                .to_scalar::<f32>()
                .unwrap()
        };
        assert!(largest(found) > 0.0, "{name} has a zero gradient");
        let off = largest(&(found - expected).unwrap());
        assert!(
            off <= 2e-5 + 1e-3 * largest(expected),
            "{name} is off by {off} of {}",
            largest(expected)
        );
    }
}

fn vars_of(adapter: &Adapter) -> BTreeMap<(usize, Target), (Var, Var)> {
    let mut vars = BTreeMap::new();
    for (layer, pairs) in adapter.update.layers.iter().enumerate() {
        for (target, pair) in Target::ALL.into_iter().zip(pairs) {
            if let Some(pair) = pair {
                let var = |t| Var::from_tensor(t).unwrap();
                vars.insert((layer, target), (var(&pair.a), var(&pair.b)));
            }
        }
    }
    vars
}

fn autograd(
    adapter: &Adapter,
    vars: &BTreeMap<(usize, Target), (Var, Var)>,
    loss: &Tensor,
) -> BTreeMap<String, Tensor> {
    let grads = loss.backward().unwrap();
    let mut layers = adapter.update.layers.clone();
    for ((layer, target), (a, b)) in vars {
        let pair = layers[*layer][*target].as_mut().unwrap();
        pair.a = grads.get(a).unwrap().clone();
        pair.b = grads.get(b).unwrap().clone();
    }
    Gradients { layers }.named_tensors().into_iter().collect()
}

fn config() -> TrainConfig {
    TrainConfig {
        lr: 1e-2,
        batch_size: 3,
        max_updates: 8,
        batch_plan: BatchPlan::Shuffled,
        warmup_updates: 2,
        schedule: Schedule::Plateau {
            factor: 0.5,
            patience: 0,
            threshold: 0.0,
        },
        weight_decay: 0.01,
        max_grad_norm: 1.0,
        seed: 42,
        dropout: 0.2,
        eval_every_updates: 2,
        stop_lr: None,
        stop_after_reductions: None,
        early_stop_evals: None,
        budget: 25.into(),
        checkpoint_every_updates: 0,
    }
}

/// Evaluates to scripted values, stops after a number of updates and keeps the last state.
struct Script {
    values: fn(usize) -> f64,
    stop_after: usize,
    updates: Cell<usize>,
    losses: Vec<f64>,
    state: Option<TrainState>,
}

impl Script {
    fn new(values: fn(usize) -> f64, stop_after: usize) -> Self {
        Self {
            values,
            stop_after,
            updates: Cell::new(0),
            losses: Vec::new(),
            state: None,
        }
    }
}

impl Observer for Script {
    fn step(&mut self, report: &StepReport) -> Result<()> {
        self.losses.push(report.loss);
        self.updates.set(report.update);
        Ok(())
    }

    fn evaluate(&mut self, _: &Adapter, update: usize) -> Result<f64> {
        Ok((self.values)(update))
    }

    fn checkpoint(&mut self, state: &TrainState) -> Result<()> {
        self.state = Some(state.clone());
        Ok(())
    }

    fn stop(&self) -> bool {
        self.updates.get() >= self.stop_after
    }
}

fn flat(adapter: &Adapter) -> Vec<u32> {
    let values = flatten(&adapter.update.layers)
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    values.into_iter().map(f32::to_bits).collect()
}
