//! Tests of the whole training step on a tiny random decoder: gradients against candle's autograd and finite
//! differences, and the promises of the loop (exact accumulation, bitwise resume, ends).

use std::cell::Cell;
use std::collections::BTreeMap;

use candle_core::{D, Device, Tensor, Var};
use candle_nn::ops::{log_softmax, rms_norm_slow, softmax};
use candle_nn::rotary_emb::rope_slow;

use super::*;
use crate::error::{Error, Result};
use crate::lora::{Adapter, LoraConfig, Target, TargetModules};
use crate::model::load::{
    EMBEDDING, FINAL_NORM, HEAD, INPUT_NORM, K_NORM, POST_ATTENTION_NORM, Q_NORM, norm_name,
    projection_name,
};
use crate::model::{Decoder, PackedBatch};
use crate::random::{self, Dropout};
use crate::test_model;

mod exactness;
mod on_device;
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
        for (i, pair) in adapter.layers.iter_mut().flatten().flatten().enumerate() {
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
    vars: &'a BTreeMap<(usize, usize), (Var, Var)>,
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
        let projection = &self.decoder.layers[layer].projections[target as usize];
        let name = |part| projection_name(layer, target, target.module_name(), part);
        let weight = self.own(&name("weight"), projection.weight.to_dense().unwrap());
        let mut y = x.matmul(&weight.t()?)?;
        if let Some(bias) = &projection.bias {
            y = y.broadcast_add(&self.own(&name("bias"), bias.clone()))?;
        }
        let Some((a, b)) = self.vars.get(&(layer, target as usize)) else {
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
        let (cos, sin) = decoder.rope.tables(&batch).unwrap();
        let eps = config.rms_norm_eps as f32;
        let embedding = self.own(EMBEDDING, decoder.embed_tokens.to_dense().unwrap());
        let mut x = embedding.index_select(&Tensor::new(input, &Device::Cpu)?, 0)?;
        for (index, layer) in decoder.layers.iter().enumerate() {
            let norm = |name, weight: &Tensor| self.own(&norm_name(index, name), weight.clone());
            let project = |target, x: &Tensor| self.project(index, target, x, first_row);
            let split = |x: Tensor, heads: usize| {
                x.reshape((t, heads, head_dim))?
                    .transpose(0, 1)?
                    .contiguous()
            };
            let h = rms_norm_slow(&x, &norm(INPUT_NORM, &layer.input_layernorm), eps)?;
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
            let rope = |x: Tensor, name, weight: &Option<Tensor>| {
                let x = match weight {
                    Some(weight) => rms_norm_slow(&x, &norm(name, weight), eps)?,
                    None => x,
                };
                let (rotary_dim, rest) = (config.rotary_dim, head_dim - config.rotary_dim);
                let rotated = rope_slow(&x.narrow(2, 0, rotary_dim)?.unsqueeze(0)?, &cos, &sin)?
                    .squeeze(0)?;
                Tensor::cat(&[rotated, x.narrow(2, rotary_dim, rest)?], 2)
            };
            let q = rope(
                split(project(Target::Q, &h)?, heads)?,
                Q_NORM,
                &layer.q_norm,
            )?;
            let repeat = |x: Tensor| {
                let group = heads / kv_heads;
                x.unsqueeze(1)?
                    .broadcast_as((kv_heads, group, t, head_dim))?
                    .reshape((heads, t, head_dim))
            };
            let k = repeat(rope(
                split(project(Target::K, &h)?, kv_heads)?,
                K_NORM,
                &layer.k_norm,
            )?)?;
            let v = repeat(split(project(Target::V, &h)?, kv_heads)?)?;
            let scores = (q.matmul(&k.t()?)? / (head_dim as f64).sqrt())?.broadcast_add(&mask)?;
            let attn = softmax(&scores, D::Minus1)?
                .matmul(&v)?
                .transpose(0, 1)?
                .reshape((t, heads * head_dim))?;
            x = (x + project(Target::O, &attn)?)?;
            let h = rms_norm_slow(
                &x,
                &norm(POST_ATTENTION_NORM, &layer.post_attention_layernorm),
                eps,
            )?;
            let act = (project(Target::Gate, &h)?.silu()? * project(Target::Up, &h)?)?;
            x = (x + project(Target::Down, &act)?)?;
        }
        let hidden = rms_norm_slow(&x, &self.own(FINAL_NORM, decoder.norm.clone()), eps)?;
        let hidden = hidden.narrow(0, prompt.len() - 1, completion.len())?;
        let head = match decoder.config.tie_word_embeddings {
            true => embedding,
            false => self.own(HEAD, decoder.lm_head.to_dense().unwrap()),
        };
        let logps = log_softmax(&hidden.matmul(&head.t()?)?, D::Minus1)?;
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

fn vars_of(adapter: &Adapter) -> BTreeMap<(usize, usize), (Var, Var)> {
    let mut vars = BTreeMap::new();
    for (layer, pairs) in adapter.layers.iter().enumerate() {
        for (target, pair) in pairs.iter().enumerate() {
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
    vars: &BTreeMap<(usize, usize), (Var, Var)>,
    loss: &Tensor,
) -> BTreeMap<String, Tensor> {
    let grads = loss.backward().unwrap();
    let mut layers = adapter.layers.clone();
    for ((layer, target), (a, b)) in vars {
        let pair = layers[*layer][*target].as_mut().unwrap();
        pair.a = grads.get(a).unwrap().clone();
        pair.b = grads.get(b).unwrap().clone();
    }
    Gradients { layers }.named_tensors().into_iter().collect()
}

#[test]
fn sft_gradients_equal_autograd_with_and_without_dropout() {
    let variants = test_model::variants()
        .into_iter()
        .map(|(_, config)| (config, &Target::ALL[..], 0.0));
    let other = [(&Target::ALL[..], 0.3), (&[Target::K, Target::Up][..], 0.0)];
    let cases = variants.chain(other.map(|(targets, p)| (test_model::config(), targets, p)));
    let data = examples(5);
    for (config, targets, p) in cases {
        let decoder = test_model::tiny_as(&config, 2);
        let adapter = adapter(&decoder, targets, true);
        let dropout = Dropout { key: 77, p };
        let members: Vec<usize> = (0..data.len()).collect();
        let objective = Objective::Sft(&data);
        let found = batch_gradients(
            &decoder,
            &adapter,
            &objective,
            &members,
            1000,
            Some(&dropout),
            &|| false,
        )
        .unwrap();
        let recomputing = Budget {
            tokens: 1000,
            recompute: true,
        };
        let again = batch_gradients(
            &decoder,
            &adapter,
            &objective,
            &members,
            recomputing,
            Some(&dropout),
            &|| false,
        )
        .unwrap();
        assert_eq!(again.loss, found.loss);
        for ((name, one), (_, other)) in found
            .gradients
            .named_tensors()
            .iter()
            .zip(again.gradients.named_tensors())
        {
            let (one, other) = (one.flatten_all().unwrap(), other.flatten_all().unwrap());
            assert_eq!(
                one.to_vec1::<f32>().unwrap(),
                other.to_vec1::<f32>().unwrap(),
                "{name}"
            );
        }

        let vars = vars_of(&adapter);
        let rows = data
            .iter()
            .map(|e| e.prompt_ids.len() + e.completion_ids.len() - 1)
            .sum();
        let micro = Dropout {
            key: random::key(dropout.key, &[0]),
            p,
        };
        let dropout = (p > 0.0).then_some(micro);
        let oracle = Oracle {
            decoder: &decoder,
            adapter: &adapter,
            vars: &vars,
            dropout,
            rows,
            own: &BTreeMap::new(),
        };
        let (mut first_row, mut logps) = (0, Vec::new());
        for example in &data {
            logps.push(
                oracle
                    .logps(&example.prompt_ids, &example.completion_ids, first_row)
                    .unwrap(),
            );
            first_row += example.prompt_ids.len() + example.completion_ids.len() - 1;
        }
        let loss = Tensor::cat(&logps, 0)
            .unwrap()
            .mean(0)
            .unwrap()
            .neg()
            .unwrap();
        assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - found.loss).abs() < 1e-5);
        assert_same_gradients(&found.gradients, &autograd(&adapter, &vars, &loss));
    }
}

#[test]
fn dpo_gradients_equal_autograd() {
    for (name, config) in test_model::variants() {
        eprintln!("{name}");
        dpo_gradients_equal_autograd_of(&test_model::tiny_as(&config, 2));
    }
}

fn dpo_gradients_equal_autograd_of(decoder: &Decoder) {
    let adapter = adapter(decoder, &Target::ALL, true);
    let (data, beta, sft_weight) = (pairs(4), 0.2, 0.7);
    let objective = Objective::Dpo {
        pairs: &data,
        loss: DPO,
        beta,
        sft_weight,
    };
    let found = batch_gradients(
        decoder,
        &adapter,
        &objective,
        &[0, 1, 2, 3],
        40,
        None,
        &|| false,
    )
    .unwrap();

    let vars = vars_of(&adapter);
    let oracle = Oracle {
        decoder,
        adapter: &adapter,
        vars: &vars,
        dropout: None,
        rows: 0,
        own: &BTreeMap::new(),
    };
    let (mut losses, mut nlls) = (Vec::new(), Vec::new());
    for pair in &data {
        let chosen = oracle.logps(&pair.prompt_ids, &pair.chosen_ids, 0).unwrap();
        let rejected = oracle
            .logps(&pair.prompt_ids, &pair.rejected_ids, 0)
            .unwrap();
        let h = (chosen.sum(0).unwrap() - rejected.sum(0).unwrap()).unwrap();
        let (ref_chosen, ref_rejected) = pair.ref_logps.unwrap();
        let h = h.affine(-beta, beta * (ref_chosen - ref_rejected)).unwrap();
        losses.push((h.exp().unwrap() + 1.0).unwrap().log().unwrap());
        nlls.push(match &pair.sft {
            Some(example) => oracle
                .logps(&example.prompt_ids, &example.completion_ids, 0)
                .unwrap(),
            None => chosen,
        });
    }
    let nll = Tensor::cat(&nlls, 0)
        .unwrap()
        .mean(0)
        .unwrap()
        .neg()
        .unwrap();
    let loss = (Tensor::stack(&losses, 0).unwrap().mean(0).unwrap() + (nll * sft_weight).unwrap())
        .unwrap();
    assert!((f64::from(loss.to_scalar::<f32>().unwrap()) - found.loss).abs() < 2e-5);
    assert_same_gradients(&found.gradients, &autograd(&adapter, &vars, &loss));
}

#[test]
fn the_gradient_predicts_the_change_of_the_loss() {
    let decoder = test_model::tiny(3);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let data = examples(6);
    let objective = Objective::Sft(&data);
    let at = |adapter: &Adapter| {
        batch_gradients(
            &decoder,
            adapter,
            &objective,
            &[0, 1, 2, 3, 4, 5],
            1000,
            None,
            &|| false,
        )
        .unwrap()
    };
    let gradient = flatten(&at(&adapter).gradients.layers).unwrap();
    let norm = global_norm(&gradient).unwrap();
    let parameters = flatten(&adapter.layers).unwrap();
    let step = 1e-2 / norm;
    let loss = |sign: f64| {
        let moved = (&parameters + (&gradient * (sign * step)).unwrap()).unwrap();
        at(&unflatten(&adapter, &moved).unwrap()).loss
    };
    let slope = (loss(1.0) - loss(-1.0)) / (2.0 * step);
    assert!(
        (slope / (norm * norm) - 1.0).abs() < 5e-3,
        "finite difference {slope}, gradient {}",
        norm * norm
    );
}

#[test]
fn accumulation_over_micro_batches_equals_one_batch() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let (data, preferences) = (examples(7), pairs(4));
    let objectives = [
        (Objective::Sft(&data), 7),
        (
            Objective::Dpo {
                pairs: &preferences,
                loss: DPO,
                beta: 0.1,
                sft_weight: 0.5,
            },
            4,
        ),
    ];
    for (objective, count) in objectives {
        let members: Vec<usize> = (0..count).collect();
        let with_budget = |budget| {
            batch_gradients(
                &decoder,
                &adapter,
                &objective,
                &members,
                budget,
                None,
                &|| false,
            )
            .unwrap()
        };
        let (whole, parts) = (with_budget(10_000), with_budget(20));
        assert!((whole.loss - parts.loss).abs() < 1e-5);
        assert_eq!(whole.tokens, parts.tokens);
        let whole: BTreeMap<String, Tensor> = whole.gradients.named_tensors().into_iter().collect();
        assert_same_gradients(&parts.gradients, &whole);
    }
}

#[test]
fn dpo_starts_at_ln_2_when_the_policy_is_its_reference() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, false);
    let mut data = pairs(3);
    for pair in &mut data {
        let nll = |completion: &[u32]| {
            let example = [TrainExample {
                prompt_ids: pair.prompt_ids.clone(),
                completion_ids: completion.to_vec(),
            }];
            let objective = Objective::Sft(&example);
            let batch =
                batch_gradients(&decoder, &adapter, &objective, &[0], 1000, None, &|| false)
                    .unwrap();
            -batch.loss * completion.len() as f64
        };
        pair.ref_logps = Some((nll(&pair.chosen_ids), nll(&pair.rejected_ids)));
    }
    let objective = Objective::Dpo {
        pairs: &data,
        loss: DPO,
        beta: 0.1,
        sft_weight: 0.0,
    };
    let batch = batch_gradients(
        &decoder,
        &adapter,
        &objective,
        &[0, 1, 2],
        1000,
        None,
        &|| false,
    )
    .unwrap();
    assert!(
        (batch.loss - std::f64::consts::LN_2).abs() < 1e-6,
        "{}",
        batch.loss
    );
    assert!(batch.dpo.unwrap().margin.abs() < 1e-5);
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
    let values = flatten(&adapter.layers).unwrap().to_vec1::<f32>().unwrap();
    values.into_iter().map(f32::to_bits).collect()
}

#[test]
fn a_resumed_run_equals_the_uninterrupted_one_bit_for_bit() {
    let (data, preferences) = (examples(7), pairs(7));
    assert_resumes_exactly(&Objective::Sft(&data));
    for loss in [
        DPO,
        PreferenceLoss::Ipo,
        PreferenceLoss::Simpo { gamma: 0.5 },
    ] {
        assert_resumes_exactly(&Objective::Dpo {
            pairs: &preferences,
            loss,
            beta: 0.1,
            sft_weight: 0.5,
        });
    }
}

fn assert_resumes_exactly(objective: &Objective) {
    let decoder = test_model::tiny(2);
    let start = || TrainState::new(adapter(&decoder, &Target::ALL, false)).unwrap();
    let values = |update: usize| [3.0, 2.1, 2.3, 1.9, 2.0][update / 2];
    let mut whole = Script::new(values, usize::MAX);
    let whole_run = train(&decoder, objective, &config(), start(), &mut whole).unwrap();

    let mut before = Script::new(values, 3);
    let interrupted = train(&decoder, objective, &config(), start(), &mut before);
    assert!(matches!(interrupted, Err(Error::Interrupted)));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    before.state.unwrap().save(&path).unwrap();
    let state = TrainState::load(&path, &decoder.config, &Device::Cpu).unwrap();
    assert_eq!(state.update, 3);
    let mut after = Script::new(values, usize::MAX);
    let resumed = train(&decoder, objective, &config(), state, &mut after).unwrap();

    assert_eq!([before.losses, after.losses].concat(), whole.losses);
    assert_eq!(flat(&resumed.last_adapter), flat(&whole_run.last_adapter));
    assert_eq!(flat(&resumed.best_adapter), flat(&whole_run.best_adapter));
    assert_eq!(
        resumed.last.lr, 5e-3,
        "one evaluation without progress has halved the rate"
    );
    assert_eq!(
        resumed.lr_last, 2.5e-3,
        "and the one after the last update has halved it again"
    );
    assert_eq!(
        (resumed.history, resumed.first, resumed.last),
        (whole_run.history, whole_run.first, whole_run.last)
    );
    assert_eq!((resumed.best_update, resumed.best_value), (6, 1.9));
    assert_eq!(
        (resumed.updates, resumed.ended_by),
        (8, EndedBy::MaxUpdates)
    );
}

#[test]
fn a_damaged_or_foreign_state_is_refused() {
    let decoder = test_model::tiny(2);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    TrainState::new(adapter(&decoder, &Target::ALL, false))
        .unwrap()
        .save(&path)
        .unwrap();
    let mut other = decoder.config.clone();
    other.num_hidden_layers = 1;
    assert!(TrainState::load(&path, &other, &Device::Cpu).is_err());
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 100]).unwrap();
    let error = TrainState::load(&path, &decoder.config, &Device::Cpu).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
}

#[test]
fn runs_end_for_the_reason_that_comes_first() {
    let decoder = test_model::tiny(2);
    let data = examples(3);
    let run = |cfg: TrainConfig, values| {
        let state = TrainState::new(adapter(&decoder, &[Target::Q], false)).unwrap();
        train(
            &decoder,
            &Objective::Sft(&data),
            &cfg,
            state,
            &mut Script::new(values, usize::MAX),
        )
        .unwrap()
    };
    let base = TrainConfig {
        eval_every_updates: 1,
        max_updates: 20,
        ..config()
    };
    let rising = |update: usize| 1.0 + update as f64;
    let reductions = run(
        TrainConfig {
            stop_after_reductions: Some(2),
            ..base.clone()
        },
        rising,
    );
    assert_eq!(
        (reductions.ended_by, reductions.updates),
        (EndedBy::Reductions, 2)
    );
    assert_eq!(
        (reductions.best_update, reductions.best_value),
        (0, 1.0),
        "no training at all can win"
    );
    let schedule = Schedule::Plateau {
        factor: 0.1,
        patience: 1,
        threshold: 1e-4,
    };
    let cfg = TrainConfig {
        lr: 2e-4,
        warmup_updates: 0,
        stop_lr: Some(2e-5),
        schedule,
        ..base.clone()
    };
    let plateau = run(cfg, rising);
    assert_eq!((plateau.ended_by, plateau.updates), (EndedBy::PlateauLr, 2));
    assert_eq!(
        (plateau.last.lr, plateau.lr_last),
        (2e-4, 2e-5),
        "the reduction that ended it counts"
    );
    let early = run(
        TrainConfig {
            early_stop_evals: Some(3),
            ..base.clone()
        },
        |u| if u == 1 { 0.5 } else { 1.0 },
    );
    assert_eq!(
        (early.ended_by, early.updates, early.best_update),
        (EndedBy::EarlyStop, 4, 1)
    );
    let most = run(
        TrainConfig {
            eval_every_updates: 0,
            max_updates: 3,
            ..base
        },
        rising,
    );
    assert_eq!(
        (most.ended_by, most.updates, most.history.len()),
        (EndedBy::MaxUpdates, 3, 2)
    );
}

#[test]
fn training_lowers_the_loss_and_unusable_data_is_refused() {
    let decoder = test_model::tiny(2);
    let mut data = examples(4);
    let cfg = TrainConfig {
        batch_size: 4,
        max_updates: 40,
        dropout: 0.0,
        schedule: Schedule::Constant,
        ..config()
    };
    let run = |data: &[TrainExample]| {
        let state = TrainState::new(adapter(&decoder, &Target::ALL, false)).unwrap();
        train(
            &decoder,
            &Objective::Sft(data),
            &cfg,
            state,
            &mut Script::new(|_| 1.0, usize::MAX),
        )
    };
    let outcome = run(&data).unwrap();
    assert!(
        outcome.last.loss < 0.7 * outcome.first.loss,
        "{} → {}",
        outcome.first.loss,
        outcome.last.loss
    );
    data[2].completion_ids = ids(1, 200);
    assert!(matches!(
        run(&data),
        Err(Error::ContextExceeded {
            tokens: 205,
            limit: 96
        })
    ));
    data[2].completion_ids.clear();
    assert!(run(&data).unwrap_err().to_string().contains("item 2"));
    assert!(run(&[]).unwrap_err().to_string().contains("no examples"));
}
