//! What may change the speed of training but not its result: how a batch is cut up, packed and ordered, and the type
//! that frozen weights are stored in.

use std::collections::HashMap;

use candle_core::DType;

use super::*;
use crate::model::Tape;

/// Returns `factor` times the flattened gradient of a batch of `members`, computed as one micro-batch.
fn scaled(
    (decoder, adapter): (&Decoder, &Adapter),
    objective: &Objective,
    members: &[usize],
    factor: f64,
) -> Tensor {
    let batch = batch_gradients(decoder, adapter, objective, members, 10_000, None, &|| {
        false
    })
    .unwrap();
    (flatten(&batch.gradients.layers).unwrap() * factor).unwrap()
}

fn assert_near(what: &str, found: &Tensor, expected: &Tensor) {
    let largest = |t: &Tensor| {
        t.abs()
            .unwrap()
            .max_all()
            .unwrap()
            .to_scalar::<f32>()
            .unwrap()
    };
    let off = largest(&(found - expected).unwrap());
    assert!(
        largest(expected) > 0.0 && off <= 1e-5 * largest(expected) + 1e-7,
        "{what}: off by {off}"
    );
}

/// The gradient of a batch is the sum of its items' gradients, weighted by target tokens (supervised) or equally by
/// pair (preferences), which is how transformers' Trainer and TRL normalise.
#[test]
fn a_batch_is_the_weighted_sum_of_its_items_one_by_one() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let (data, preferences) = (examples(7), pairs(4));
    let tokens: usize = data
        .iter()
        .map(|example| example.completion_ids.len())
        .sum();
    let of_tokens: Vec<f64> = data
        .iter()
        .map(|example| example.completion_ids.len() as f64 / tokens as f64)
        .collect();
    let dpo = |loss| Objective::Dpo {
        pairs: &preferences,
        loss,
        beta: 0.2,
        sft_weight: 0.0,
    };
    let cases = [
        (Objective::Sft(&data), of_tokens),
        (dpo(DPO), vec![0.25; 4]),
        (dpo(PreferenceLoss::Ipo), vec![0.25; 4]),
        (dpo(PreferenceLoss::Orpo), vec![0.25; 4]),
    ];
    for (objective, weights) in cases {
        let members: Vec<usize> = (0..weights.len()).collect();
        let whole = scaled((&decoder, &adapter), &objective, &members, 1.0);
        let mut sum = whole.zeros_like().unwrap();
        for (member, weight) in members.iter().zip(weights) {
            let part = scaled((&decoder, &adapter), &objective, &[*member], weight);
            sum = (sum + part).unwrap();
        }
        assert_near("sum of the items", &sum, &whole);
    }
}

/// Packing, the size of micro-batches and sorting by length change only the rounding.
#[test]
fn packing_and_length_buckets_equal_the_unpacked_batch() {
    let decoder = test_model::tiny(2);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let (data, preferences) = (examples(7), pairs(5));
    let objectives = [
        Objective::Sft(&data),
        Objective::Dpo {
            pairs: &preferences,
            loss: DPO,
            beta: 0.2,
            sft_weight: 0.5,
        },
    ];
    for objective in objectives {
        let with = |members: &[usize], budget: usize| {
            let batch = batch_gradients(
                &decoder,
                &adapter,
                &objective,
                members,
                budget,
                None,
                &|| false,
            )
            .unwrap();
            (batch.loss, flatten(&batch.gradients.layers).unwrap())
        };
        let in_order: Vec<usize> = (0..objective.items()).collect();
        let mut by_length = in_order.clone();
        let length = |item: &usize| match objective {
            Objective::Sft(data) => data[*item].prompt_ids.len() + data[*item].completion_ids.len(),
            Objective::Dpo { pairs, .. } => pairs[*item].chosen_ids.len(),
        };
        by_length.sort_by_key(|item| std::cmp::Reverse(length(item)));
        assert_ne!(by_length, in_order);
        // With a budget of one token, every item has a micro-batch of its own.
        let (loss, unpacked) = with(&in_order, 1);
        for (what, members, budget) in [
            ("packed", &in_order, 10_000),
            ("in buckets", &by_length, 30),
            ("one bucket", &by_length, 10_000),
        ] {
            let (found, gradient) = with(members, budget);
            assert!((found - loss).abs() < 1e-5, "{what}: {found}, {loss}");
            assert_near(what, &gradient, &unpacked);
        }
    }
}

/// Sequences that share a prompt have the same gradient as the same sequences one by one, each with its own prompt.
#[test]
fn a_shared_prompt_equals_separate_ones() {
    let prompt = ids(1, 7);
    let completions = [2, 9, 4, 4].map(|length| ids(length as u64, length));
    let sequences: Vec<(&[u32], &[u32])> = completions
        .iter()
        .map(|completion| (prompt.as_slice(), completion.as_slice()))
        .collect();
    for (name, config) in test_model::variants() {
        let decoder = test_model::tiny_as(&config, 2);
        let adapter = adapter(&decoder, &Target::ALL, true);
        let gradient = |sequences: &[(&[u32], &[u32])], dhidden: &Tensor| {
            let batch = PackedBatch::completions(sequences, &decoder.rope, &Device::Cpu).unwrap();
            let mut tape = Tape::default();
            let hidden = decoder
                .forward(&batch, Some(&adapter.update), None, Some(&mut tape))
                .unwrap();
            let gradients =
                backward(&decoder, &adapter.update, &batch, tape, dhidden, None).unwrap();
            (hidden, flatten(&gradients.layers).unwrap())
        };
        let rows = completions.iter().map(Vec::len).sum::<usize>();
        let dhidden =
            Tensor::randn(0f32, 1.0, (rows, decoder.config.hidden_size), &Device::Cpu).unwrap();
        let (hidden, together) = gradient(&sequences, &dhidden);
        let (mut start, mut sum) = (0, together.zeros_like().unwrap());
        for sequence in &sequences {
            let rows_of = |t: &Tensor| t.narrow(0, start, sequence.1.len()).unwrap();
            let (alone, part) = gradient(&[*sequence], &rows_of(&dhidden));
            assert_near(name, &rows_of(&hidden), &alone);
            sum = (sum + part).unwrap();
            start += sequence.1.len();
        }
        assert_near(name, &together, &sum);
    }
}

/// A decoder loaded from a checkpoint that stores these tensors as `dtype`.
fn decoder_of(tensors: &HashMap<String, Tensor>, dtype: DType) -> Decoder {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("config.json"),
        test_model::config().to_string(),
    )
    .unwrap();
    let stored: HashMap<String, Tensor> = tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.to_dtype(dtype).unwrap()))
        .collect();
    candle_core::safetensors::save(&stored, dir.path().join("model.safetensors")).unwrap();
    Decoder::load(dir.path(), &Device::Cpu).unwrap()
}

/// In bf16 training, only the frozen weights are stored as bf16. Products, adapter and optimiser are f32, so the run
/// equals one over the same weights widened to f32.
#[test]
fn training_over_bf16_weights_equals_training_over_their_f32_copy() {
    let dir = tempfile::tempdir().unwrap();
    let full = test_model::write(dir.path(), 2);
    let rounded: HashMap<String, Tensor> = full
        .iter()
        .map(|(name, tensor)| (name.clone(), tensor.to_dtype(DType::BF16).unwrap()))
        .collect();
    let data = pairs(5);
    let run = |decoder: &Decoder| {
        let objective = Objective::Dpo {
            pairs: &data,
            loss: DPO,
            beta: 0.2,
            sft_weight: 0.5,
        };
        let cfg = TrainConfig {
            batch_size: 3,
            max_updates: 6,
            eval_every_updates: 0,
            ..config()
        };
        let state = TrainState::new(adapter(decoder, &Target::ALL, false)).unwrap();
        let mut script = Script::new(|_| 1.0, usize::MAX);
        let outcome = train(decoder, &objective, &cfg, state, &mut script).unwrap();
        for (name, tensor) in outcome.last_adapter.named_tensors() {
            assert_eq!(tensor.dtype(), DType::F32, "{name}");
        }
        (
            script.losses,
            flatten(&outcome.last_adapter.update.layers).unwrap(),
        )
    };
    let (losses, adapter) = run(&decoder_of(&rounded, DType::BF16));
    let (wide_losses, wide_adapter) = run(&decoder_of(&rounded, DType::F32));
    // The numbers are the same, but products over blocks of a widened matrix may add them in a different order.
    for (found, expected) in losses.iter().zip(&wide_losses) {
        assert!(
            (found - expected).abs() < 1e-5,
            "{losses:?}, {wide_losses:?}"
        );
    }
    let off = (&adapter - &wide_adapter)
        .unwrap()
        .abs()
        .unwrap()
        .max_all()
        .unwrap()
        .to_scalar::<f32>()
        .unwrap();
    assert!(off < 1e-5, "adapters differ by {off}");
    let (full_losses, _) = run(&decoder_of(&full, DType::F32));
    assert!(
        full_losses
            .iter()
            .zip(&losses)
            .any(|(a, b)| (a - b).abs() > 1e-4),
        "rounding weights has to show"
    );
}
