//! Adapters and training against PEFT, transformers' Trainer and TRL: logits, gradients, optimiser trajectories, the
//! preference loss and the plateau schedule. Formulas and tolerances are those of the README of each folder.

use std::collections::BTreeMap;
use std::path::Path;

use lm::train::{
    BatchGradients, BatchPlan, Objective, Observer, PlateauState, PreferenceLoss, PreferencePair,
    Schedule, StepReport, TrainConfig, TrainExample, TrainOutcome, TrainState, batch_gradients,
    flatten, global_norm, train,
};
use lm::{
    Adapter, Completion, Decoder, Device, LanguageModel, Message, PackedBatch, Target, Tensor,
    score,
};
use serde_json::Value;

use crate::fixture::{TensorFile, assert_close, golden, ids, json, own_golden};

const GRADS: (f64, f64) = (2e-5, 1e-3);

fn model() -> LanguageModel {
    LanguageModel::load(&golden("llama-tiny"), &Device::Cpu).unwrap()
}

fn adapter(dir: &Path, decoder: &Decoder) -> Adapter {
    Adapter::load(dir, &decoder.config, &Device::Cpu).unwrap()
}

fn float(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(float).collect()
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}

fn near(what: &str, found: f64, expected: f64, atol: f64, rtol: f64) {
    let bound = atol + rtol * expected.abs();
    assert!(
        (found - expected).abs() <= bound,
        "{what}: {found}, expected {expected}"
    );
}

fn values(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

/// The rows of a padded batch as examples: what is masked in `mask` (0 or -100) is the prompt, padding is left out.
fn examples(file: &TensorFile, prefix: &str, mask: &str, masked: i64) -> Vec<TrainExample> {
    let (shape, ids) = file.i64(&format!("{prefix}input_ids"));
    let (_, attention) = file.i64(&format!("{prefix}attention_mask"));
    let (_, mask) = file.i64(&format!("{prefix}{mask}"));
    let width = shape[1];
    let row = |row: usize| {
        let at = row * width..(row + 1) * width;
        let length = attention[at.clone()].iter().filter(|a| **a == 1).count();
        let prompt = mask[at.clone()].iter().position(|m| *m != masked).unwrap();
        let ids: Vec<u32> = ids[at][..length].iter().map(|id| *id as u32).collect();
        TrainExample {
            prompt_ids: ids[..prompt].to_vec(),
            completion_ids: ids[prompt..].to_vec(),
        }
    };
    (0..shape[0]).map(row).collect()
}

fn gradients_of(
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

fn norm_of(batch: &BatchGradients) -> f64 {
    global_norm(&flatten(&batch.gradients.layers).unwrap()).unwrap()
}

/// Compares named tensors with all tensors of a file; returns how many.
fn assert_tensors(
    what: &str,
    found: &[(String, Tensor)],
    file: &TensorFile,
    (atol, rtol): (f64, f64),
) -> usize {
    let names: Vec<&String> = found.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        file.names().iter().collect::<Vec<_>>(),
        "{what}: names"
    );
    for (name, tensor) in found {
        let (shape, expected) = file.f32(name);
        assert_eq!(tensor.dims(), shape, "{what}: {name}");
        assert_close(
            &format!("{what}: {name}"),
            &values(tensor),
            &expected,
            atol,
            rtol,
        );
    }
    found.len()
}

fn report(dir: &Path, what: &str, cases: usize) {
    assert!(cases > 0, "{}: no {what} to check", dir.display());
    println!("{}: {cases} {what} checked", dir.display());
}

#[test]
fn lora_logits_losses_gradients_and_merged_weights() {
    let dir = golden("lora");
    let decoder = model().decoder;
    let adapter = adapter(&dir, &decoder);
    let merged = adapter.merge_into(&decoder).unwrap();
    let file = TensorFile::open(&dir.join("golden.safetensors"));
    let data = examples(&file, "", "labels", -100);
    let sequences: Vec<Vec<u32>> = data
        .iter()
        .map(|e| [e.prompt_ids.clone(), e.completion_ids.clone()].concat())
        .collect();
    let batch = PackedBatch::new(&sequences, &Device::Cpu).unwrap();
    let versions = [
        ("logits_adapter", &decoder, Some(&adapter)),
        ("logits_merged", &merged, None),
        ("logits_base", &decoder, None),
    ];
    for (name, decoder, adapter) in versions {
        let logits = decoder
            .logits(&decoder.forward(&batch, adapter, None, None).unwrap())
            .unwrap();
        let (shape, expected) = file.f32(name);
        for (row, span) in batch.spans.iter().enumerate() {
            let start = row * shape[1] * shape[2];
            let found = values(&logits.narrow(0, span.rows.start, span.rows.len()).unwrap());
            assert_close(
                name,
                &found,
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
    for (row, scored) in score(&decoder, Some(&adapter), &items, 1000)
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
    let found = gradients_of(&decoder, &adapter, &Objective::Sft(&data), 10_000);
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
            let weight = &merged.layers[1].projections[target as usize].weight;
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
    report(
        &dir,
        "logits, losses, gradients and merged weights",
        versions.len() + cases + weights,
    );
}

#[test]
fn lora_saved_adapters_have_exactly_pefts_tensors() {
    let dir = golden("lora");
    let decoder = model().decoder;
    let adapter = adapter(&dir, &decoder);
    let saved = tempfile::tempdir().unwrap();
    adapter.export(saved.path(), &decoder.config).unwrap();
    let [ours, theirs] =
        [saved.path(), &dir].map(|dir| TensorFile::open(&dir.join("adapter_model.safetensors")));
    assert_eq!(ours.names(), theirs.names());
    for name in theirs.names() {
        assert_eq!(ours.f32(&name), theirs.f32(&name), "{name}");
    }
    let [ours, theirs] = [saved.path(), &dir].map(|dir| json(&dir.join("adapter_config.json")));
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
        &dir,
        "tensors of a saved adapter",
        TensorFile::open(&dir.join("adapter_model.safetensors"))
            .names()
            .len(),
    );
}

/// Keeps every report and state of a run.
#[derive(Default)]
struct Recorder {
    reports: Vec<StepReport>,
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
fn trajectory(
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
    let dir = golden("lora");
    let decoder = model().decoder;
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
        let start = adapter(&dir, &decoder);
        let (outcome, recorder) = trajectory(
            &decoder,
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
                &decoder,
                &outcome.last_adapter,
                &Objective::Sft(batch),
                10_000,
            );
            near("loss after training", found.loss, expected, 1e-4, 0.0);
        }
    }
    report(&dir, "training runs", runs.len());
}

#[test]
fn trainer_rendering_masks_truncation_and_accumulated_losses() {
    let dir = golden("trainer");
    let model = model();
    let expected = json(&dir.join("golden.json"));
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

    let decoder = &model.decoder;
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
    let whole = gradients_of(decoder, &adapter, &Objective::Sft(&data), 10_000);
    near(
        "loss of the batch",
        whole.loss,
        float(&expected["loss_batch_of_4"]["loss"]),
        2e-5,
        0.0,
    );
    let accumulated = gradients_of(decoder, &adapter, &Objective::Sft(&data), budget);
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
    report(&dir, "items", data.len());
}

/// Pairs from the rows of a collated batch: first all chosen, then all rejected; reference = the base model.
fn pairs(file: &TensorFile, prefix: &str, decoder: &Decoder) -> Vec<PreferencePair> {
    let mut chosen = examples(file, prefix, "completion_mask", 0);
    let rejected = chosen.split_off(chosen.len() / 2);
    let reference = |items: &[TrainExample]| {
        let items: Vec<Completion> = items
            .iter()
            .map(|e| Completion {
                prompt_ids: &e.prompt_ids,
                completion_ids: &e.completion_ids,
            })
            .collect();
        let scored = score(decoder, None, &items, 1000).unwrap();
        scored
            .into_iter()
            .map(|scored| scored.logp_sum)
            .collect::<Vec<f64>>()
    };
    let references = reference(&chosen).into_iter().zip(reference(&rejected));
    let pair = |((chosen, rejected), ref_logps): ((TrainExample, TrainExample), _)| {
        assert_eq!(chosen.prompt_ids, rejected.prompt_ids);
        PreferencePair {
            prompt_ids: chosen.prompt_ids,
            chosen_ids: chosen.completion_ids,
            rejected_ids: rejected.completion_ids,
            ref_logps: Some(ref_logps),
            sft: None,
        }
    };
    chosen
        .into_iter()
        .zip(rejected)
        .zip(references)
        .map(pair)
        .collect()
}

/// The loss of a golden case by its name, whose beginning is TRL's `loss_type`.
fn loss_of(name: &str, case: &Value) -> PreferenceLoss {
    let label_smoothing = case["label_smoothing"].as_f64().unwrap_or(0.0);
    let is = |loss_type: &str| name.starts_with(loss_type);
    match () {
        () if is("sigmoid_norm") => PreferenceLoss::SigmoidNorm,
        () if is("sigmoid") || is("rpo_alpha") => PreferenceLoss::Sigmoid { label_smoothing },
        () if is("robust") => PreferenceLoss::Robust { label_smoothing },
        () if is("ipo") => PreferenceLoss::Ipo,
        () if is("apo_zero") => PreferenceLoss::ApoZero,
        () if is("dpop") => PreferenceLoss::Dpop {
            lambda: float(&case["dpop_lambda"]),
        },
        () if is("simpo") => PreferenceLoss::Simpo {
            gamma: float(&case["simpo_gamma"]),
        },
        () if is("orpo") => PreferenceLoss::Orpo,
        () => panic!("{name}: no such loss"),
    }
}

/// Loss, gradient norm and gradients of a case of `dir`; the batch for what else is to be compared.
fn assert_loss_case(
    dir: &Path,
    (name, case): (&str, &Value),
    data: &[PreferencePair],
    (decoder, adapter): (&Decoder, &Adapter),
) -> BatchGradients {
    let loss = loss_of(name, case);
    let sft_weight = case["nll_weight"].as_f64().unwrap_or(0.0);
    let mut data = data.to_vec();
    if loss.is_reference_free() {
        data.iter_mut().for_each(|pair| pair.ref_logps = None);
    }
    let objective = Objective::Dpo {
        pairs: &data,
        loss,
        beta: float(&case["beta"]),
        sft_weight,
    };
    let found = gradients_of(decoder, adapter, &objective, 400);
    near(name, found.loss, float(&case["loss"]), 2e-5, 1e-5);
    near(name, norm_of(&found), float(&case["grad_norm"]), 0.0, 1e-4);
    let grads = TensorFile::open(&dir.join(format!("grads_{name}.safetensors")));
    assert_tensors(name, &found.gradients.named_tensors(), &grads, (1e-4, 1e-3));
    if let Some(losses) = case.get("per_pair_preference_loss") {
        let losses = floats(losses);
        assert_eq!(found.pairs.len(), losses.len());
        // Sums of log-probabilities are good to 2e-4; a loss is a function of beta times their differences.
        for (found, expected) in found.pairs.iter().zip(losses) {
            near("loss of a pair", found.at.loss, expected, 1e-4, 1e-5);
        }
    }
    found
}

#[test]
fn dpo_losses_rewards_and_gradients() {
    let dir = golden("dpo");
    let decoder = model().decoder;
    let adapter = adapter(&dir, &decoder);
    let expected = json(&dir.join("golden.json"));
    let data = pairs(
        &TensorFile::open(&dir.join("golden.safetensors")),
        "",
        &decoder,
    );
    for (pair, expected) in data.iter().zip(list(&expected["pairs"])) {
        assert_eq!(pair.prompt_ids, ids(&expected["prompt_ids"]));
        assert_eq!(pair.chosen_ids, ids(&expected["chosen_ids"]));
        assert_eq!(pair.rejected_ids, ids(&expected["rejected_ids"]));
    }
    let common = &expected["common"];
    let references = floats(&common["ref_chosen_logps"])
        .into_iter()
        .zip(floats(&common["ref_rejected_logps"]));
    for (pair, (chosen, rejected)) in data.iter().zip(references) {
        let found = pair.ref_logps.unwrap();
        near("reference", found.0, chosen, 2e-4, 0.0);
        near("reference", found.1, rejected, 2e-4, 0.0);
    }
    let cases = expected["cases"].as_object().unwrap();
    for (name, case) in cases {
        let found = assert_loss_case(&dir, (name, case), &data, (&decoder, &adapter));
        let of_pairs = [
            (
                "rewards_chosen",
                found
                    .pairs
                    .iter()
                    .map(|pair| pair.reward_chosen)
                    .collect::<Vec<f64>>(),
            ),
            (
                "rewards_rejected",
                found
                    .pairs
                    .iter()
                    .map(|pair| pair.reward_rejected)
                    .collect(),
            ),
            (
                "margins",
                found
                    .pairs
                    .iter()
                    .map(|pair| pair.reward_chosen - pair.reward_rejected)
                    .collect(),
            ),
        ];
        for (field, found) in of_pairs {
            let expected = floats(&case[field]);
            assert_eq!(found.len(), expected.len());
            found
                .iter()
                .zip(expected)
                .for_each(|(found, expected)| near(field, *found, expected, 1e-4, 0.0));
        }
        let dpo = found.dpo.unwrap();
        near(
            "accuracy",
            dpo.accuracy,
            float(&case["accuracy"]),
            1e-6,
            0.0,
        );
        near("nll", dpo.sft_loss, float(&common["nll_chosen"]), 2e-5, 0.0);
    }
    report(&dir, "loss cases", cases.len());
}

#[test]
fn preference_losses_beyond_dpo() {
    let dir = own_golden("preference");
    let [pairs_dir, base] = ["dpo", "llama-tiny"].map(|name| dir.with_file_name(name));
    let decoder = Decoder::load(&base, &Device::Cpu).unwrap();
    let adapter = adapter(&pairs_dir, &decoder);
    let data = pairs(
        &TensorFile::open(&pairs_dir.join("golden.safetensors")),
        "",
        &decoder,
    );
    let expected = json(&dir.join("golden.json"));
    let cases = expected["cases"].as_object().unwrap();
    for (name, case) in cases {
        assert_loss_case(&dir, (name, case), &data, (&decoder, &adapter));
    }
    report(&dir, "loss cases", cases.len());
}

#[test]
fn dpo_training_follows_the_reference() {
    let dir = golden("dpo");
    let decoder = model().decoder;
    let start = adapter(&dir, &decoder);
    let training = &json(&dir.join("golden.json"))["training"];
    let steps = list(&training["steps"]);
    let file = TensorFile::open(&dir.join("train_batches.safetensors"));
    let data: Vec<PreferencePair> = (0..steps.len())
        .flat_map(|step| pairs(&file, &format!("step{step}."), &decoder))
        .collect();
    let loss = PreferenceLoss::Sigmoid {
        label_smoothing: 0.0,
    };
    let objective = Objective::Dpo {
        pairs: &data,
        loss,
        beta: float(&training["beta"]),
        sft_weight: 0.0,
    };
    let schedule = Schedule::Linear {
        total_updates: steps.len(),
    };
    let (outcome, recorder) = trajectory(
        &decoder,
        start.clone(),
        &objective,
        &training["optimizer"],
        schedule,
        steps.len(),
    );
    for (found, expected) in recorder.reports.iter().zip(steps) {
        near("lr", found.lr, float(&expected["lr"]), 1e-12, 1e-9);
        near("loss", found.loss, float(&expected["loss"]), 1e-4, 0.0);
        near(
            "norm",
            found.grad_norm,
            float(&expected["grad_norm_before_clip"]),
            0.0,
            1e-3,
        );
        let dpo = found.dpo.unwrap();
        near(
            "rewards_chosen",
            dpo.rewards_chosen,
            float(&expected["rewards_chosen"]),
            1e-4,
            0.0,
        );
        near(
            "rewards_rejected",
            dpo.rewards_rejected,
            float(&expected["rewards_rejected"]),
            1e-4,
            0.0,
        );
        near("margin", dpo.margin, float(&expected["margin"]), 2e-4, 0.0);
        near(
            "accuracy",
            dpo.accuracy,
            float(&expected["accuracy"]),
            1e-6,
            0.0,
        );
    }
    let file = TensorFile::open(&dir.join("adapter_after.safetensors"));
    let (mut off, mut moved, mut entries, mut wrong) = (0.0, 0.0, 0, 0);
    for ((name, found), (_, start)) in outcome
        .last_adapter
        .named_tensors()
        .iter()
        .zip(start.named_tensors())
    {
        for ((found, expected), start) in values(found)
            .iter()
            .zip(file.f32(name).1)
            .zip(values(&start))
        {
            off += f64::from(found - expected).powi(2);
            moved += f64::from(expected - start).powi(2);
            entries += 1;
            wrong += usize::from((found - expected).abs() > 1e-5);
        }
    }
    assert!(
        (off / moved).sqrt() < 1e-2,
        "relative difference of the update {}",
        (off / moved).sqrt()
    );
    assert!(
        wrong * 200 <= entries,
        "{wrong} of {entries} entries differ"
    );
    report(&dir, "updates", steps.len());
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
