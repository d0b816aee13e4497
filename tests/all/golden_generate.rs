//! Generation is exact: what a request gets depends neither on its neighbours nor on the cache, and a repetition
//! penalty counts what transformers counts. On the tiny models of the families.

use std::ops::ControlFlow;
use std::path::Path;

use lm::infer::sample::{Filters, argmax, draw, filter, penalise, softmax};
use lm::{
    Device, GenerateConfig, GenerateRequest, Generation, LanguageModel, PackedBatch, generate,
    random,
};

use crate::fixture::{golden, ids, json, tiny_models};

fn load(dir: &Path) -> LanguageModel {
    LanguageModel::load(dir, &Device::Cpu).unwrap()
}

fn name_of(dir: &Path) -> String {
    dir.file_name().unwrap().to_string_lossy().into_owned()
}

/// Prompts of 1 to 60 random tokens; some begin alike, some are equal.
fn requests(model: &LanguageModel, n: u64) -> Vec<GenerateRequest> {
    let vocab = model.tokenizer.vocab_size() as f64;
    let request = |i: u64| {
        let stream = random::key(77, &[if i % 5 == 4 { i - 1 } else { i }]);
        let length = 1 + (random::uniform(stream, 0) * 60.0) as u64;
        let token = |t: u64| (random::uniform(if t < 4 { 5 } else { stream }, t) * vocab) as u32;
        GenerateRequest {
            prompt_ids: (1..=length).map(token).collect(),
            key: random::key(9, &[i]),
        }
    };
    (0..n).map(request).collect()
}

/// Every filter alone, and all together.
fn settings() -> Vec<Filters> {
    let sampled = Filters::default();
    vec![
        Filters::GREEDY,
        Filters {
            repetition_penalty: 1.3,
            ..Filters::GREEDY
        },
        sampled,
        Filters {
            temperature: 0.7,
            ..sampled
        },
        Filters {
            top_k: 12,
            ..sampled
        },
        Filters {
            top_p: 0.8,
            ..sampled
        },
        Filters {
            min_p: 0.05,
            ..sampled
        },
        Filters {
            typical_p: 0.7,
            ..sampled
        },
        Filters {
            repetition_penalty: 1.2,
            temperature: 1.3,
            top_k: 50,
            top_p: 0.95,
            min_p: 0.01,
            typical_p: 0.9,
        },
    ]
}

fn run(
    model: &LanguageModel,
    requests: &[GenerateRequest],
    filters: Filters,
    batch_size: usize,
) -> Vec<Generation> {
    let cfg = GenerateConfig {
        max_new_tokens: 20,
        filters,
        stop_ids: model.stop_ids.clone(),
        batch_size,
    };
    generate(&model.decoder, None, requests, &cfg, &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

#[test]
fn neighbours_change_nothing() {
    for dir in tiny_models() {
        let (name, model) = (name_of(&dir), load(&dir));
        let requests = requests(&model, 13);
        for filters in settings() {
            let single: Vec<Generation> = requests
                .iter()
                .map(|r| run(&model, std::slice::from_ref(r), filters, 1).remove(0))
                .collect();
            for batch_size in [1, 4, 13] {
                assert_eq!(
                    run(&model, &requests, filters, batch_size),
                    single,
                    "{name} {filters:?} {batch_size}"
                );
            }
            let backwards: Vec<GenerateRequest> = requests.iter().rev().cloned().collect();
            let mut again = run(&model, &backwards, filters, 3);
            again.reverse();
            assert_eq!(again, single, "{name} {filters:?} in another order");
        }
    }
}

#[test]
fn the_cache_changes_nothing() {
    for dir in tiny_models() {
        let (name, model) = (name_of(&dir), load(&dir));
        let requests = requests(&model, 9);
        for filters in settings() {
            for (request, generation) in requests.iter().zip(run(&model, &requests, filters, 4)) {
                let whole = [request.prompt_ids.as_slice(), &generation.ids].concat();
                let batch = PackedBatch::new(std::slice::from_ref(&whole), &Device::Cpu).unwrap();
                let hidden = model.decoder.forward(&batch, None, None, None).unwrap();
                let logits = model
                    .decoder
                    .logits(&hidden)
                    .unwrap()
                    .to_vec2::<f32>()
                    .unwrap();
                for (step, token) in generation.ids.iter().enumerate() {
                    let position = request.prompt_ids.len() + step;
                    let mut logits = logits[position - 1].clone();
                    penalise(&mut logits, &whole[..position], filters.repetition_penalty);
                    let wanted = if filters.is_greedy() {
                        argmax(&logits)
                    } else {
                        filter(&mut logits, &filters);
                        draw(&softmax(&logits), random::uniform(request.key, step as u64))
                    };
                    assert_eq!(wanted as u32, *token, "{name} {filters:?} token {step}");
                }
            }
        }
    }
}

#[test]
fn a_repetition_penalty_counts_prompt_and_continuation() {
    let recorded = golden("samplers");
    let fixture = json(&recorded.join("greedy_penalised.json"));
    let cases = fixture.as_array().unwrap();
    let mut checked = 0;
    for dir in tiny_models() {
        let (name, model) = (name_of(&dir), load(&dir));
        for case in cases.iter().filter(|case| case["model"] == name) {
            let filters = Filters {
                repetition_penalty: case["repetition_penalty"].as_f64().unwrap(),
                ..Filters::GREEDY
            };
            let expected = ids(&case["new_ids"]);
            let cfg = GenerateConfig {
                max_new_tokens: expected.len(),
                filters,
                stop_ids: Vec::new(),
                batch_size: 1,
            };
            let request = GenerateRequest {
                prompt_ids: ids(&case["prompt_ids"]),
                key: 0,
            };
            let found = generate(&model.decoder, None, &[request], &cfg, &mut |_, _| {
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(
                found[0].ids, expected,
                "{name} {}",
                case["repetition_penalty"]
            );
            checked += 1;
        }
    }
    assert!(checked > 0);
    println!(
        "{}: {checked} penalised continuations checked",
        recorded.display()
    );
}
