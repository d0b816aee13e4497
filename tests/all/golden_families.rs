//! Every family and rope scaling against transformers and PEFT: logits, hidden states, log-probabilities, greedy
//! continuations across windows and contexts, and the adapter's gradients of both objectives.
//!
//! The folders of `tests/golden/families` are taken as they are found; `tests/golden/record/families.py` makes them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use lm::train::{
    BatchGradients, Objective, PreferenceLoss, PreferencePair, TrainExample, batch_gradients,
};
use lm::{
    Adapter, Completion, Decoder, Device, GenerateConfig, GenerateRequest, PackedBatch, Quantize,
    Tape, generate, score,
};
use serde_json::Value;

use crate::fixture::{TensorFile, assert_close, ids, json, own_golden};

const LOGITS: (f64, f64) = (2e-4, 1e-4);
const LOGPROBS: (f64, f64) = (2e-4, 0.0);
const HIDDEN: (f64, f64) = (1e-4, 1e-4);
const GRADS: (f64, f64) = (2e-5, 1e-3);

struct Case {
    dir: PathBuf,
    decoder: Decoder,
    golden: Value,
}

impl Case {
    fn name(&self) -> String {
        self.dir.display().to_string()
    }

    fn sequences(&self) -> Vec<Vec<u32>> {
        self.golden["sequences"]
            .as_array()
            .unwrap()
            .iter()
            .map(ids)
            .collect()
    }

    fn tensors(&self, file: &str) -> TensorFile {
        TensorFile::open(&self.dir.join(file))
    }
}

/// Every folder of the fixture, loaded.
fn cases() -> Vec<Case> {
    let root = own_golden("families");
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|p| p.is_dir())
        .collect();
    dirs.sort();
    assert!(!dirs.is_empty(), "{}: no family to check", root.display());
    let load = |dir: PathBuf| {
        let decoder =
            Decoder::load(&dir, &Device::Cpu).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
        Case {
            golden: json(&dir.join("golden.json")),
            decoder,
            dir,
        }
    };
    dirs.into_iter().map(load).collect()
}

fn report(dir: &Path, what: &str, cases: usize) {
    assert!(cases > 0, "{}: no {what} to check", dir.display());
    println!("{}: {cases} {what} checked", dir.display());
}

fn values(tensor: &lm::Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn logits_hidden_states_and_logprobs() {
    for case in cases() {
        let (name, decoder, sequences) = (case.name(), &case.decoder, case.sequences());
        let tensors = case.tensors("golden.safetensors");
        // All in one batch: the reference computed each alone.
        let batch = PackedBatch::new(&sequences, &Device::Cpu).unwrap();
        let mut tape = Tape::default();
        let hidden = decoder
            .forward(&batch, None, None, Some(&mut tape))
            .unwrap();
        let logits = decoder.logits(&hidden).unwrap();
        for (i, span) in batch.spans.iter().enumerate() {
            let found = values(&logits.narrow(0, span.rows.start, span.rows.len()).unwrap());
            let (_, expected) = tensors.f32(&format!("logits.{i}"));
            assert_close(
                &format!("{name} logits {i}"),
                &found,
                &expected,
                LOGITS.0,
                LOGITS.1,
            );
        }
        let states = tape
            .layers
            .iter()
            .map(|layer| layer.x().clone())
            .chain([hidden]);
        for (i, state) in states.enumerate() {
            let found = values(&state.narrow(0, 0, sequences[0].len()).unwrap());
            let (_, expected) = tensors.f32(&format!("hidden.{i}"));
            assert_close(
                &format!("{name} hidden {i}"),
                &found,
                &expected,
                HIDDEN.0,
                HIDDEN.1,
            );
        }
        let items: Vec<Completion> = sequences
            .iter()
            .map(|seq| Completion {
                prompt_ids: &seq[..1],
                completion_ids: &seq[1..],
            })
            .collect();
        for tokens_per_batch in [1, 10_000] {
            for (i, scored) in score(decoder, None, &items, tokens_per_batch)
                .unwrap()
                .iter()
                .enumerate()
            {
                let (_, expected) = tensors.f32(&format!("logprobs.{i}"));
                let what = format!("{name} logprobs {i}");
                assert_close(
                    &what,
                    &scored.token_logps,
                    &expected,
                    LOGPROBS.0,
                    LOGPROBS.1,
                );
            }
        }
        report(&case.dir, "rows of logits", batch.rows());
    }
}

#[test]
fn cached_and_batched_continuations_equal_full_passes_of_one() {
    for case in cases() {
        let generation = &case.golden["generation"];
        let items = generation["items"].as_array().unwrap();
        let requests: Vec<GenerateRequest> = items
            .iter()
            .map(|item| GenerateRequest {
                prompt_ids: ids(&item["prompt_ids"]),
                key: 0,
            })
            .collect();
        for batch_size in [1, 2, items.len()] {
            let cfg = GenerateConfig {
                max_new_tokens: generation["max_new_tokens"].as_u64().unwrap() as usize,
                filters: lm::infer::sample::Filters::GREEDY,
                stop_ids: Vec::new(),
                batch_size,
            };
            let found = generate(&case.decoder, None, &requests, &cfg, &mut |_, _| {
                ControlFlow::Continue(())
            })
            .unwrap();
            for (found, item) in found.iter().zip(items) {
                assert_eq!(
                    found.ids,
                    ids(&item["new_ids"]),
                    "{} in batches of {batch_size}",
                    case.name()
                );
            }
        }
        report(&case.dir, "greedy continuations", items.len());
    }
}

/// Compares loss and every gradient with the reference's.
fn assert_gradients(case: &Case, file: &str, found: &BatchGradients, loss: &Value) -> usize {
    let what = format!("{} {file}", case.name());
    let expected = loss.as_f64().unwrap();
    assert!(
        (found.loss - expected).abs() < 5e-5,
        "{what}: the loss is {}, expected {expected}",
        found.loss
    );
    let tensors = case.tensors(file);
    let gradients = found.gradients.named_tensors();
    let names: Vec<&String> = gradients.iter().map(|(name, _)| name).collect();
    assert_eq!(names, tensors.names().iter().collect::<Vec<_>>(), "{what}");
    for (name, gradient) in &gradients {
        assert_close(
            &format!("{what} {name}"),
            &values(gradient),
            &tensors.f32(name).1,
            GRADS.0,
            GRADS.1,
        );
    }
    gradients.len()
}

fn examples(case: &Case) -> Vec<TrainExample> {
    let list = case.golden["sft"]["examples"].as_array().unwrap();
    let example = |e: &Value| TrainExample {
        prompt_ids: ids(&e["prompt_ids"]),
        completion_ids: ids(&e["completion_ids"]),
    };
    list.iter().map(example).collect()
}

fn pairs(case: &Case) -> Vec<PreferencePair> {
    let pair = |p: &Value| {
        let prompt_ids = ids(&p["prompt_ids"]);
        let ref_logps = |completion: &[u32]| {
            let item = Completion {
                prompt_ids: &prompt_ids,
                completion_ids: completion,
            };
            score(&case.decoder, None, &[item], 10_000).unwrap()[0].logp_sum
        };
        let (chosen_ids, rejected_ids) = (ids(&p["chosen_ids"]), ids(&p["rejected_ids"]));
        PreferencePair {
            ref_logps: Some((ref_logps(&chosen_ids), ref_logps(&rejected_ids))),
            prompt_ids,
            chosen_ids,
            rejected_ids,
            sft: None,
        }
    };
    case.golden["dpo"]["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(pair)
        .collect()
}

/// Gradients of every item at once.
fn gradients(decoder: &Decoder, adapter: &Adapter, objective: &Objective) -> BatchGradients {
    let members: Vec<usize> = (0..objective.items()).collect();
    batch_gradients(decoder, adapter, objective, &members, 10_000, None, &|| {
        false
    })
    .unwrap()
}

#[test]
fn gradients_of_supervised_and_preference_training() {
    for case in cases() {
        let decoder = &case.decoder;
        let adapter = Adapter::load(&case.dir, &decoder.config, &Device::Cpu).unwrap();
        let (data, preferred) = (examples(&case), pairs(&case));
        let sft = gradients(decoder, &adapter, &Objective::Sft(&data));
        let mut checked = assert_gradients(
            &case,
            "grads_sft.safetensors",
            &sft,
            &case.golden["sft"]["loss"],
        );
        let loss = PreferenceLoss::Sigmoid {
            label_smoothing: 0.0,
        };
        let beta = case.golden["dpo"]["beta"].as_f64().unwrap();
        let objective = Objective::Dpo {
            pairs: &preferred,
            loss,
            beta,
            sft_weight: 0.0,
        };
        let dpo = gradients(decoder, &adapter, &objective);
        checked += assert_gradients(
            &case,
            "grads_dpo.safetensors",
            &dpo,
            &case.golden["dpo"]["loss"],
        );
        report(&case.dir, "gradients", checked);
    }
}

#[test]
fn qlora_equals_training_over_dequantised_weights() {
    for case in cases() {
        let quantised = Decoder::load_quantized(&case.dir, Quantize::Q8_0, &Device::Cpu).unwrap();
        let dense = crate::qlora::dequantised(&quantised);
        let adapter = Adapter::load(&case.dir, &case.decoder.config, &Device::Cpu).unwrap();
        let data = examples(&case);
        let [found, expected, exact] = [&quantised, &dense, &case.decoder]
            .map(|d| gradients(d, &adapter, &Objective::Sft(&data)));
        assert!(
            (found.loss - expected.loss).abs() < 1e-5,
            "{}: {}",
            case.name(),
            found.loss
        );
        assert!(
            (found.loss - exact.loss).abs() > 1e-6,
            "{}: nothing was quantised",
            case.name()
        );
        assert!(
            (found.loss - exact.loss).abs() < 0.2,
            "{}: {} is far off",
            case.name(),
            found.loss
        );
        let named = found.gradients.named_tensors();
        for ((name, found), (_, expected)) in named.iter().zip(expected.gradients.named_tensors()) {
            let what = format!("{} {name}", case.name());
            assert_close(&what, &values(found), &values(&expected), GRADS.0, GRADS.1);
        }
        report(&case.dir, "gradients over a quantised base", named.len());
    }
}
