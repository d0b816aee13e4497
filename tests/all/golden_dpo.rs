//! Preference training against TRL: losses, rewards and gradients of every loss, and a DPO trajectory.
//!
//! The README of each folder has the formulas and tolerances.

use std::path::Path;

use lm::train::{
    BatchGradients, Objective, PreferenceLoss, PreferencePair, Schedule, TrainExample,
};
use lm::{Adapter, Completion, Decoder, Device, score};
use serde_json::Value;

use crate::fixture::{TensorFile, golden, ids, json, own_golden};
use crate::golden_train::{
    adapter, assert_tensors, examples, float, floats, gradients_of, list, model, near, norm_of,
    report, trajectory, values,
};

/// Pairs from the rows of a collated batch, which has all chosen completions first and then all rejected ones. The base
/// model is the reference policy.
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

/// The loss of a golden case. The case's name begins with TRL's `loss_type`.
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

/// Compares loss, gradient norm and gradients with a case of `dir`. Returns the batch for further comparisons.
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
        // Sums of log-probabilities are accurate to 2e-4, and a loss is a function of beta times their differences.
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
