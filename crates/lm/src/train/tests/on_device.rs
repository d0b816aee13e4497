//! What a card computes, bf16 in candle's own operations, done here on the processor and compared with its f32.
//!
//! Tolerances: bf16 keeps 8 bits, so each rounding is off by at most 2^-9 = 0.2 %. A number at the end of two blocks
//! has been through some thirty of them with errors of either sign, about 1 %; gradients have been through twice as
//! many. Weights are rounded to bf16 on both sides, because that is not an error of computing. A wrong formula would be
//! off by as much as the number itself: the bounds are about three times the usual error and a tenth of the error of a
//! wrong formula.

use std::ops::ControlFlow;

use candle_core::DType;
use serde_json::json;

use super::*;
use crate::device::{Place, read_backs};
use crate::infer::generate::{GenerateConfig, GenerateRequest, generate};
use crate::infer::sample::Filters;
use crate::infer::score::{Completion, score};
use crate::model::shape::random_decoder;
use crate::model::{DecoderConfig, Quantize, Weight};

/// Largest difference between log-probabilities and between logits, in nats; the logits of a tiny model are between -6
/// and 6.
const LOGP: f64 = 0.2;
/// The most a gradient may be off, as a share of its length.
const GRADIENT: f64 = 0.05;

fn card() -> Place {
    Place {
        device: Device::Cpu,
        dtype: DType::BF16,
    }
}

/// A decoder in the card's form, and one on the processor with the same weights.
fn both(decoder: &Decoder) -> (Decoder, Decoder) {
    let on_card = decoder.placed(&card()).unwrap();
    let on_host = on_card.placed(&Place::on(&Device::Cpu)).unwrap();
    assert_eq!(
        (on_card.dtype(), on_host.dtype()),
        (DType::BF16, DType::F32)
    );
    (on_card, on_host)
}

fn all_variants() -> Vec<(&'static str, Decoder)> {
    let plain = ("plain", test_model::tiny(3));
    let variants = test_model::variants();
    let varied = variants
        .iter()
        .map(|(name, config)| (*name, test_model::tiny_as(config, 3)));
    std::iter::once(plain).chain(varied).collect()
}

/// Sizes that blocks of 32 divide.
fn quantised(quantize: Quantize) -> Decoder {
    let config = json!({
        "architectures": ["LlamaForCausalLM"], "vocab_size": 64, "hidden_size": 64, "intermediate_size": 96,
        "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 96, "rms_norm_eps": 1e-5, "tie_word_embeddings": true
    });
    let config = DecoderConfig::from_json(&config, std::path::Path::new("test")).unwrap();
    random_decoder(config, quantize).unwrap()
}

/// `|found - expected| / |expected|`
fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    let off = global_norm(&(found - expected).unwrap()).unwrap();
    off / global_norm(expected).unwrap()
}

fn gradients_agree(
    name: &str,
    (on_card, on_host): (&Decoder, &Decoder),
    objective: &Objective<'_>,
) {
    let adapter = adapter(on_host, &Target::ALL, true);
    let members: Vec<usize> = (0..objective.items()).collect();
    for recompute in [false, true] {
        let budget = Budget {
            tokens: 20,
            recompute,
        };
        let gradients_on = |decoder: &Decoder| {
            batch_gradients(
                decoder,
                &adapter,
                objective,
                &members,
                budget,
                None,
                &|| false,
            )
            .unwrap()
        };
        let (found, expected) = (gradients_on(on_card), gradients_on(on_host));
        assert!(
            (found.loss - expected.loss).abs() < LOGP,
            "{name}: {} {}",
            found.loss,
            expected.loss
        );
        let [found, expected] =
            [&found, &expected].map(|batch| flatten(&batch.gradients.layers).unwrap());
        assert_eq!(found.dtype(), DType::F32, "gradients add up in f32");
        let off = distance(&found, &expected);
        assert!(off < GRADIENT, "{name}: off by {off}");
    }
}

#[test]
fn scores_of_a_card_are_the_processor_s() {
    for (name, decoder) in all_variants() {
        let (on_card, on_host) = both(&decoder);
        let adapter = adapter(&decoder, &Target::ALL, true);
        let data = examples(6);
        let items: Vec<Completion<'_>> = data
            .iter()
            .map(|e| Completion {
                prompt_ids: &e.prompt_ids,
                completion_ids: &e.completion_ids,
            })
            .collect();
        for adapter in [None, Some(&adapter)] {
            let scores_on = |decoder: &Decoder| score(decoder, adapter, &items, 30).unwrap();
            for (found, expected) in scores_on(&on_card).iter().zip(scores_on(&on_host)) {
                for (found, expected) in found.token_logps.iter().zip(expected.token_logps) {
                    assert!(
                        f64::from(found - expected).abs() < LOGP,
                        "{name}: {found} {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn gradients_of_a_card_are_the_processor_s() {
    let (data, preferences) = (examples(6), pairs(4));
    let dpo = |loss| Objective::Dpo {
        pairs: &preferences,
        loss,
        beta: 0.2,
        sft_weight: 1.0,
    };
    for (name, decoder) in all_variants() {
        let (on_card, on_host) = both(&decoder);
        for objective in [Objective::Sft(&data), dpo(DPO), dpo(PreferenceLoss::Orpo)] {
            gradients_agree(name, (&on_card, &on_host), &objective);
        }
    }
}

#[test]
fn a_card_trains_on_packed_blocks_as_the_processor_does() {
    let data = examples(5);
    for quantize in [Quantize::Q8_0, Quantize::Q4_0] {
        let on_host = quantised(quantize);
        let on_card = on_host.placed(&card()).unwrap();
        assert!(matches!(
            on_card.layers[0].projections[Target::Q].weight,
            Weight::Blocks(_)
        ));
        assert!(matches!(on_card.embed_tokens, Weight::Blocks(_)));
        gradients_agree(
            quantize.as_str(),
            (&on_card, &on_host),
            &Objective::Sft(&data),
        );
    }
}

/// Greedy decoding: for the processor, a token chosen by a card is as good as its own choice, up to rounding. Several
/// prompts of different lengths in fewer slots, so that slots run empty and are refilled.
#[test]
fn a_card_generates_what_the_processor_finds_most_probable() {
    let quantised = [Quantize::Q8_0, Quantize::Q4_0].map(|q| (q.as_str(), quantised(q)));
    for (name, decoder) in all_variants().into_iter().chain(quantised) {
        let (on_card, on_host) = match decoder.embed_tokens {
            Weight::Packed(_) => (decoder.placed(&card()).unwrap(), decoder),
            _ => both(&decoder),
        };
        let adapter = adapter(&on_host, &Target::ALL, true);
        let requests: Vec<GenerateRequest> = (0..5)
            .map(|i| GenerateRequest {
                prompt_ids: ids(50 + i, 3 + i as usize % 3),
                key: i,
            })
            .collect();
        let config = GenerateConfig {
            max_new_tokens: 12,
            filters: Filters::GREEDY,
            stop_ids: vec![3],
            batch_size: 3,
        };
        let made = generate(&on_card, Some(&adapter), &requests, &config, &mut |_, _| {
            ControlFlow::Continue(())
        });
        for (request, made) in requests.iter().zip(made.unwrap()) {
            let before = |count| [request.prompt_ids.as_slice(), &made.ids[..count]].concat();
            // Each on its own: frequencies may depend on the length.
            let prefixes: Vec<Vec<u32>> = (0..made.ids.len()).map(before).collect();
            let batch = PackedBatch::prompts(&prefixes, &Device::Cpu).unwrap();
            let hidden = on_host
                .forward(&batch, Some(&adapter.update), None, None)
                .unwrap();
            let logits = on_host.logits(&hidden).unwrap().to_vec2::<f32>().unwrap();
            for (row, token) in logits.iter().zip(&made.ids) {
                let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let worse = f64::from(best - row[*token as usize]);
                assert!(worse < LOGP, "{name}: token {token} is worse by {worse}");
            }
        }
    }
}

#[test]
fn a_card_s_dropout_is_drawn_again_in_the_backward_pass() {
    let (decoder, data) = (test_model::tiny(3), examples(6));
    let (on_card, _) = both(&decoder);
    let adapter = adapter(&decoder, &Target::ALL, true);
    let dropout = Dropout { key: 9, p: 0.3 };
    let gradients_with = |recompute, dropout| {
        let budget = Budget {
            tokens: 1000,
            recompute,
        };
        let members = [0, 1, 2, 3, 4, 5];
        let batch = batch_gradients(
            &on_card,
            &adapter,
            &Objective::Sft(&data),
            &members,
            budget,
            dropout,
            &|| false,
        );
        flatten(&batch.unwrap().gradients.layers).unwrap()
    };
    let (kept, again) = (
        gradients_with(false, Some(&dropout)),
        gradients_with(true, Some(&dropout)),
    );
    assert_eq!(
        kept.to_vec1::<f32>().unwrap(),
        again.to_vec1::<f32>().unwrap()
    );
    assert!(
        distance(&kept, &gradients_with(false, None)) > 0.1,
        "dropout matters"
    );
}

/// Losses are read once all passes have been launched; those of preference pairs between the two passes of each
/// micro-batch; the gradient's length is one more read.
#[test]
fn a_step_on_a_card_waits_at_its_end_only() {
    let (on_card, _) = both(&test_model::tiny(3));
    let adapter = adapter(&on_card, &Target::ALL, true);
    let (data, preferences) = (examples(6), pairs(4));
    let dpo = Objective::Dpo {
        pairs: &preferences,
        loss: DPO,
        beta: 0.2,
        sft_weight: 1.0,
    };
    for (objective, tokens, expected) in [
        (Objective::Sft(&data), 1000, 1),
        (Objective::Sft(&data), 1, 1),
        (dpo, 1000, 1),
        (dpo, 1, 4),
    ] {
        let members: Vec<usize> = (0..objective.items()).collect();
        let before = read_backs();
        batch_gradients(
            &on_card,
            &adapter,
            &objective,
            &members,
            tokens,
            None,
            &|| false,
        )
        .unwrap();
        assert_eq!(read_backs() - before, expected);
    }
}
