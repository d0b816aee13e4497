//! Adapters and training against PEFT, transformers' Trainer and TRL: logits, gradients, optimiser trajectories, the
//! preference loss and the plateau schedule. Formulas and tolerances are those of the README of each folder.

use std::collections::BTreeMap;
use std::path::Path;

use lm::train::{
    BatchGradients, BatchPlan, Objective, Observer, PlateauState, Schedule, StepReport,
    TrainConfig, TrainExample, TrainOutcome, TrainState, batch_gradients, flatten, global_norm,
    train,
};
use lm::{
    Adapter, Completion, Decoder, Device, LanguageModel, Message, PackedBatch, Target, Tensor,
    score,
};
use serde_json::Value;

use crate::fixture::{TensorFile, assert_close, first_columns, golden, ids, json, own_golden};

const GRADS: (f64, f64) = (2e-5, 1e-3);

/// Adapters made by PEFT, each with its base model.
const ADAPTERS: [(&str, &str); 2] = [("lora", "llama-tiny"), ("lora-gemma3", "gemma3-tiny")];

pub(crate) fn model() -> LanguageModel {
    LanguageModel::load(&golden("llama-tiny"), &Device::Cpu).unwrap()
}

fn base(model: &str) -> Decoder {
    Decoder::load(&golden(model), &Device::Cpu).unwrap()
}

pub(crate) fn adapter(dir: &Path, decoder: &Decoder) -> Adapter {
    Adapter::load(dir, &decoder.config, &Device::Cpu).unwrap()
}

pub(crate) fn float(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

pub(crate) fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(float).collect()
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

pub(crate) fn near(what: &str, found: f64, expected: f64, atol: f64, rtol: f64) {
    let bound = atol + rtol * expected.abs();
    assert!(
        (found - expected).abs() <= bound,
        "{what}: {found}, expected {expected}"
    );
}

pub(crate) fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The rows of a padded batch as examples: what is masked in `mask` (0 or -100) is the prompt, padding is left out.
pub(crate) fn examples(
    file: &TensorFile,
    prefix: &str,
    mask: &str,
    masked: i64,
) -> Vec<TrainExample> {
    let (shape, ids) = file.i64(&format!("{prefix}input_ids"));
    let (_, attention) = file.i64(&format!("{prefix}attention_mask"));
    let (_, mask) = file.i64(&format!("{prefix}{mask}"));
    let width = shape[1];
    let row = |row: usize| {
        let range = row * width..(row + 1) * width;
        let length = attention[range.clone()].iter().filter(|a| **a == 1).count();
        let prompt = mask[range.clone()]
            .iter()
            .position(|m| *m != masked)
            .unwrap();
        let ids: Vec<u32> = ids[range][..length].iter().map(|id| *id as u32).collect();
        TrainExample {
            prompt_ids: ids[..prompt].to_vec(),
            completion_ids: ids[prompt..].to_vec(),
        }
    };
    (0..shape[0]).map(row).collect()
}

pub(crate) fn gradients_of(
    decoder: &Decoder,
    adapter: &Adapter,
    objective: &Objective,
    budget: usize,
) -> BatchGradients {
    let members: Vec<usize> = (0..objective.items()).collect();
    batch_gradients(decoder, adapter, objective, &members, budget, None, &|| {
        false
    })
    .unwrap()
}

pub(crate) fn norm_of(batch: &BatchGradients) -> f64 {
    global_norm(&flatten(&batch.gradients.layers).unwrap()).unwrap()
}

/// Compares named tensors with all tensors of a file; returns how many.
pub(crate) fn assert_tensors(
    what: &str,
    found: &[(String, Tensor)],
    file: &TensorFile,
    (atol, rtol): (f64, f64),
) -> usize {
    let recorded = file.names();
    // This repository's own folders hold the first and the last block only, or a part of each, to stay small.
    let ends = [found.first(), found.last()].map(|end| end.map(|(name, _)| name));
    assert_eq!(
        ends,
        [recorded.first(), recorded.last()],
        "{what}: first and last name"
    );
    let mut checked = 0;
    for (name, tensor) in found.iter().filter(|(name, _)| recorded.contains(name)) {
        let (shape, expected) = file.f32(name);
        assert_eq!(tensor.dims(), shape, "{what}: {name}");
        assert_close(
            &format!("{what}: {name}"),
            &values(tensor),
            &expected,
            atol,
            rtol,
        );
        checked += 1;
    }
    assert_eq!(checked, recorded.len(), "{what}: names");
    checked
}

pub(crate) fn report(dir: &Path, what: &str, cases: usize) {
    assert!(cases > 0, "{}: no {what} to check", dir.display());
    println!("{}: {cases} {what} checked", dir.display());
}

#[test]
fn lora_logits_losses_gradients_and_merged_weights() {
    for (dir, model) in ADAPTERS {
        check_logits_losses_gradients_and_merged_weights(&golden(dir), &base(model));
    }
}

fn check_logits_losses_gradients_and_merged_weights(dir: &Path, decoder: &Decoder) {
    let adapter = adapter(dir, decoder);
    let merged = adapter.merge_into(decoder).unwrap();
    let file = TensorFile::open(&dir.join("golden.safetensors"));
    let data = examples(&file, "", "labels", -100);
    let sequences: Vec<Vec<u32>> = data
        .iter()
        .map(|e| [e.prompt_ids.clone(), e.completion_ids.clone()].concat())
        .collect();
    let batch = PackedBatch::new(&sequences, &Device::Cpu).unwrap();
    let versions = [
        ("logits_adapter", decoder, Some(&adapter)),
        ("logits_merged", &merged, None),
        ("logits_base", decoder, None),
    ];
    for (name, decoder, adapter) in versions {
        let logits = decoder
            .logits(
                &decoder
                    .forward(&batch, adapter.map(|adapter| &adapter.update), None, None)
                    .unwrap(),
            )
            .unwrap();
        let (shape, expected) = file.f32(name);
        // Recorded for the first sequences only, to keep the file small.
        for (row, span) in batch.spans.iter().take(shape[0]).enumerate() {
            let start = row * shape[1] * shape[2];
            let found = values(&logits.narrow(0, span.rows.start, span.rows.len()).unwrap());
            assert_close(
                name,
                &first_columns(&found, decoder.config.vocab_size, shape[2]),
                &expected[start..start + span.rows.len() * shape[2]],
                2e-4,
                0.0,
            );
        }
    }
    let items: Vec<Completion> = data
        .iter()
        .map(|e| Completion {
            prompt_ids: &e.prompt_ids,
            completion_ids: &e.completion_ids,
        })
        .collect();
    let (shape, nll) = file.f32("token_nll");
    for (row, scored) in score(decoder, Some(&adapter), &items, 1000)
        .unwrap()
        .iter()
        .enumerate()
    {
        let start = row * shape[1] + data[row].prompt_ids.len() - 1;
        let found: Vec<f32> = scored.token_logps.iter().map(|logp| -logp).collect();
        assert_close(
            "token_nll",
            &found,
            &nll[start..start + found.len()],
            2e-4,
            0.0,
        );
    }
    let expected = json(&dir.join("golden.json"));
    let found = gradients_of(decoder, &adapter, &Objective::Sft(&data), 10_000);
    near("loss", found.loss, float(&expected["loss"]), 2e-5, 0.0);
    near(
        "gradient norm",
        norm_of(&found),
        float(&expected["grad_norm"]),
        0.0,
        1e-4,
    );
    let file = TensorFile::open(&dir.join("grads.safetensors"));
    let cases = assert_tensors("gradient", &found.gradients.named_tensors(), &file, GRADS);
    let weights = assert_merged_weights(dir, &merged);
    report(
        dir,
        "logits, losses, gradients and merged weights",
        versions.len() + cases + weights,
    );
}

/// Compares the weights of a merged block with those of the file; returns how many.
fn assert_merged_weights(dir: &Path, merged: &Decoder) -> usize {
    let file = TensorFile::open(&dir.join("merged_weights_layer1.safetensors"));
    let mut weights = 0;
    for target in Target::ALL {
        let name = format!(
            "model.layers.1.{}.{}.weight",
            target.block_name(),
            target.module_name()
        );
        // A file of an adapter on some of the modules holds only these.
        if file.names().contains(&name) {
            let weight = &merged.layers[1].projections[target].weight;
            assert_close(
                &name,
                &values(&weight.to_dense().unwrap()),
                &file.f32(&name).1,
                1e-6,
                1e-5,
            );
            weights += 1;
        }
    }
    assert_eq!(
        weights,
        file.names().len(),
        "every weight of the file is compared"
    );
    weights
}

#[test]
fn lora_saved_adapters_have_exactly_pefts_tensors() {
    for (dir, model) in ADAPTERS {
        check_saved_adapter(&golden(dir), &base(model));
    }
}

fn check_saved_adapter(dir: &Path, decoder: &Decoder) {
    let adapter = adapter(dir, decoder);
    let saved = tempfile::tempdir().unwrap();
    adapter.export(saved.path(), &decoder.config).unwrap();
    let [ours, theirs] =
        [saved.path(), dir].map(|dir| TensorFile::open(&dir.join("adapter_model.safetensors")));
    assert_eq!(ours.names(), theirs.names());
    for name in theirs.names() {
        assert_eq!(ours.f32(&name), theirs.f32(&name), "{name}");
    }
    let [ours, theirs] = [saved.path(), dir].map(|dir| json(&dir.join("adapter_config.json")));
    for (field, value) in ours.as_object().unwrap() {
        // PEFT keeps the names as a set and writes them in any order.
        match (value.as_array(), theirs[field].as_array()) {
            (Some(value), Some(theirs)) => {
                let sorted = |names: &[Value]| {
                    let mut names: Vec<String> = names.iter().map(Value::to_string).collect();
                    names.sort();
                    names
                };
                assert_eq!(sorted(value), sorted(theirs), "{field}");
            }
            _ => assert_eq!(value, &theirs[field], "{field}"),
        }
    }
    report(
        dir,
        "tensors of a saved adapter",
        TensorFile::open(&dir.join("adapter_model.safetensors"))
            .names()
            .len(),
    );
}

/// Keeps every report and state of a run.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) reports: Vec<StepReport>,
    states: BTreeMap<usize, Adapter>,
}

impl Observer for Recorder {
    fn step(&mut self, report: &StepReport) -> lm::Result<()> {
        self.reports.push(report.clone());
        Ok(())
    }

    fn evaluate(&mut self, _: &Adapter, _: usize) -> lm::Result<f64> {
        Ok(0.0)
    }

    fn checkpoint(&mut self, state: &TrainState) -> lm::Result<()> {
        self.states.insert(state.update, state.adapter.clone());
        Ok(())
    }

    fn stop(&self) -> bool {
        false
    }
}

/// Runs the golden optimiser settings on batches in file order.
pub(crate) fn trajectory(
    decoder: &Decoder,
    adapter: Adapter,
    objective: &Objective,
    optimizer: &Value,
    schedule: Schedule,
    steps: usize,
) -> (TrainOutcome, Recorder) {
    let cfg = TrainConfig {
        lr: float(&optimizer["lr"]),
        batch_size: objective.items() / steps,
        max_updates: steps,
        batch_plan: BatchPlan::InOrder,
        warmup_updates: optimizer["warmup_steps"].as_u64().unwrap_or(0) as usize,
        schedule,
        weight_decay: float(&optimizer["weight_decay"]),
        max_grad_norm: float(&optimizer["max_grad_norm"]),
        seed: 0,
        dropout: 0.0,
        eval_every_updates: 0,
        stop_lr: None,
        stop_after_reductions: None,
        early_stop_evals: None,
        budget: 300.into(),
        checkpoint_every_updates: 1,
    };
    let mut recorder = Recorder::default();
    let outcome = train(
        decoder,
        objective,
        &cfg,
        TrainState::new(adapter).unwrap(),
        &mut recorder,
    )
    .unwrap();
    (outcome, recorder)
}

#[test]
fn lora_training_runs_follow_the_reference_step_by_step() {
    for (dir, model) in ADAPTERS {
        check_training_runs(&golden(dir), &base(model));
    }
}

fn check_training_runs(dir: &Path, decoder: &Decoder) {
    let expected = json(&dir.join("golden.json"));
    let file = TensorFile::open(&dir.join("train_batches.safetensors"));
    let steps = expected["optimizer"]["steps"].as_u64().unwrap() as usize;
    let data: Vec<TrainExample> = (0..steps)
        .flat_map(|step| examples(&file, &format!("step{step}."), "labels", -100))
        .collect();
    let runs = expected["training"].as_object().unwrap();
    for (name, run) in runs {
        let mut optimizer = expected["optimizer"].clone();
        optimizer["max_grad_norm"] = run["max_grad_norm"].clone();
        let schedule = match name.as_str() {
            "cosine" => Schedule::Cosine {
                total_updates: steps,
            },
            _ => Schedule::Linear {
                total_updates: steps,
            },
        };
        let start = adapter(dir, decoder);
        let (outcome, recorder) = trajectory(
            decoder,
            start,
            &Objective::Sft(&data),
            &optimizer,
            schedule,
            steps,
        );
        assert_eq!(recorder.reports.len(), list(&run["steps"]).len());
        for (found, expected) in recorder.reports.iter().zip(list(&run["steps"])) {
            near("lr", found.lr, float(&expected["lr"]), 1e-12, 1e-9);
            near("loss", found.loss, float(&expected["loss"]), 1e-4, 0.0);
            near(
                "norm",
                found.grad_norm,
                float(&expected["grad_norm_before_clip"]),
                0.0,
                1e-4,
            );
        }
        for (update, adapter) in &recorder.states {
            let path = dir.join(format!("adapter_after_{name}_step{update}.safetensors"));
            if path.exists() {
                assert_tensors(
                    name,
                    &adapter.named_tensors(),
                    &TensorFile::open(&path),
                    (2e-5, 0.0),
                );
            }
        }
        let last = TensorFile::open(&dir.join(format!("adapter_after_{name}.safetensors")));
        assert_tensors(
            name,
            &outcome.last_adapter.named_tensors(),
            &last,
            (2e-5, 0.0),
        );
        let losses = floats(&run["loss_on_each_batch_after_training"]);
        for (batch, expected) in data.chunks(data.len() / steps).zip(losses) {
            let found = gradients_of(
                decoder,
                &outcome.last_adapter,
                &Objective::Sft(batch),
                10_000,
            );
            near("loss after training", found.loss, expected, 1e-4, 0.0);
        }
    }
    report(dir, "training runs", runs.len());
}

/// The examples of the golden items, after comparing their texts, tokens and masks.
fn rendered(model: &LanguageModel, expected: &Value) -> Vec<TrainExample> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut data = Vec::new();
    for item in list(&expected["items"]) {
        let user = text(&expected["user_template"]).replace("{dialogue}", &text(&item["dialogue"]));
        let mut messages = vec![
            Message {
                role: "system".to_owned(),
                content: text(&expected["system"]),
            },
            Message {
                role: "user".to_owned(),
                content: user,
            },
        ];
        assert_eq!(
            model.chat.render(&messages, true).unwrap(),
            text(&item["prompt_text"])
        );
        let prompt_ids = model.prompt_ids(&messages).unwrap();
        let completion_ids = model.completion_ids(&text(&item["summary"])).unwrap();
        messages.push(Message {
            role: "assistant".to_owned(),
            content: text(&item["summary"]),
        });
        assert_eq!(
            model.chat.render(&messages, false).unwrap(),
            text(&item["full_text"])
        );
        assert_eq!(
            prompt_ids.len() as u64,
            item["prompt_tokens"].as_u64().unwrap()
        );
        assert_eq!(
            [prompt_ids.clone(), completion_ids.clone()].concat(),
            ids(&item["input_ids"])
        );
        let labels: Vec<i64> = list(&item["labels"])
            .iter()
            .map(|label| label.as_i64().unwrap())
            .collect();
        let ours = std::iter::repeat_n(-100, prompt_ids.len())
            .chain(completion_ids.iter().map(|id| i64::from(*id)));
        assert_eq!(ours.collect::<Vec<i64>>(), labels);
        data.push(TrainExample {
            prompt_ids,
            completion_ids,
        });
    }
    data
}

/// Losses and gradients of a batch in two micro-batches, and undivided.
fn assert_accumulates(dir: &Path, decoder: &Decoder, expected: &Value, data: &[TrainExample]) {
    let file = TensorFile::open(&dir.join("golden.safetensors"));
    let adapter = adapter(&golden("lora"), decoder);
    let accumulation = &expected["accumulation_2x2"];
    let micro: Vec<Vec<TrainExample>> = ["micro0.", "micro1."]
        .iter()
        .map(|name| examples(&file, name, "labels", -100))
        .collect();
    assert_eq!(micro.concat(), data);
    for (items, loss) in micro
        .iter()
        .zip(floats(&accumulation["micro_losses_by_own_tokens"]))
    {
        near(
            "micro loss",
            gradients_of(decoder, &adapter, &Objective::Sft(items), 10_000).loss,
            loss,
            2e-5,
            0.0,
        );
    }
    // A budget that does not hold the whole batch, so that gradients are really accumulated.
    let budget = micro[0]
        .iter()
        .map(|e| e.prompt_ids.len() + e.completion_ids.len())
        .sum();
    let whole = gradients_of(decoder, &adapter, &Objective::Sft(data), 10_000);
    near(
        "loss of the batch",
        whole.loss,
        float(&expected["loss_batch_of_4"]["loss"]),
        2e-5,
        0.0,
    );
    let accumulated = gradients_of(decoder, &adapter, &Objective::Sft(data), budget);
    near(
        "accumulated loss",
        accumulated.loss,
        float(&accumulation["loss"]),
        2e-5,
        0.0,
    );
    near(
        "gradient norm",
        norm_of(&accumulated),
        float(&accumulation["grad_norm"]),
        0.0,
        1e-4,
    );
    let grads = TensorFile::open(&dir.join("grads_accumulated.safetensors"));
    assert_tensors(
        "accumulated",
        &accumulated.gradients.named_tensors(),
        &grads,
        GRADS,
    );
}

#[test]
fn trainer_rendering_masks_truncation_and_accumulated_losses() {
    let dir = golden("trainer");
    let model = model();
    let expected = json(&dir.join("golden.json"));
    let data = rendered(&model, &expected);
    let file = TensorFile::open(&dir.join("golden.safetensors"));
    assert_eq!(examples(&file, "batch.", "labels", -100), data);
    assert_eq!(
        examples(&file, "batch_multiple_of_8.", "labels", -100),
        data
    );
    let max_tokens = expected["truncation"]["max_length"].as_u64().unwrap() as usize;
    let truncated: Vec<TrainExample> = data
        .iter()
        .filter_map(|e| e.clone().truncated(max_tokens))
        .collect();
    assert_eq!(
        examples(&file, "batch_truncated.", "labels", -100),
        truncated
    );
    assert_eq!(
        truncated.len(),
        list(&expected["truncation"]["kept_items"]).len()
    );
    assert_accumulates(&dir, &model.decoder, &expected, &data);
    report(&dir, "items", data.len());
}

#[test]
fn plateau_rates_equal_torchs() {
    let dir = own_golden("plateau");
    let expected = json(&dir.join("golden.json"));
    let cases = list(&expected["cases"]);
    for case in cases {
        let mut plateau = PlateauState::new(float(&case["lr"]));
        for (value, lr) in floats(&case["values"])
            .into_iter()
            .zip(floats(&case["lr_after_each"]))
        {
            let patience = case["patience"].as_u64().unwrap() as u32;
            plateau.observe(
                value,
                float(&case["factor"]),
                patience,
                float(&case["threshold"]),
            );
            near(&case["series"].to_string(), plateau.lr, lr, 0.0, 1e-12);
        }
    }
    report(&dir, "series of values", cases.len());
}
