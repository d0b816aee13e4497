//! Published checkpoints against transformers: tokens, templates, log-probabilities, greedy continuations.
//!
//! The files are fetched by the set-up from a package registry and kept outside the checkout. `cargo xtask test` has the
//! sample's base model; `cargo xtask real-models` names the folder of the others in `DUOLOGUE_REAL_MODELS`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use duologue_tests::skip;
use lm::infer::sample::Filters;
use lm::{
    Completion, Device, GenerateConfig, GenerateRequest, LanguageModel, SpecialTokens, generate,
    score,
};
use serde_json::Value;

use crate::fixture::{golden, ids, json};
use crate::golden_lm::messages;
use crate::sample;

/// Largest difference of a token's log-probability, and of a sum: float32 sums in another order.
const LOGP: f64 = 5e-4;
const LOGP_SUM: f64 = 2e-3;
/// Below this difference of the two best logits either may be taken.
const GAP: f64 = 2e-3;

/// A file in the folder of the models that are checked by hand. If it is not there, prints that the test is skipped and
/// returns `None`.
fn by_hand(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("DUOLOGUE_REAL_MODELS").map(PathBuf::from);
    let found = folder
        .map(|folder| folder.join(file))
        .filter(|file| file.is_file());
    if found.is_none() {
        skip(&format!("{file} is checked by `cargo xtask real-models`"));
    }
    found
}

#[test]
fn smollm2_135m_instruct() {
    let Some(folder) = sample::base() else { return };
    check("smollm2-135m-instruct", &folder);
}

#[test]
fn those_that_are_checked_by_hand() {
    for (name, file) in [
        (
            "qwen2.5-coder-0.5b-instruct",
            "qwen2.5-coder-0.5b-instruct-q4.gguf",
        ),
        ("gemma-3-270m", "gemma-3-270m-q4_k_m.gguf"),
    ] {
        if let Some(file) = by_hand(file) {
            check(name, &file);
        }
    }
}

fn check(name: &str, file: &Path) {
    let reference = json(&golden("real-models").join(format!("{name}.json")));
    let model = LanguageModel::load(file, &Device::Cpu).unwrap();
    let rows = |kind: &str| reference[kind].as_array().cloned().unwrap_or_default();
    let texts = rows("tokenise");
    texts.iter().for_each(|row| check_tokens(&model, row));
    let conversations = rows("chat");
    // A base model's file has no template of its own.
    if reference["gguf"]["chat_template"] == true {
        conversations.iter().for_each(|row| check_chat(&model, row));
    }
    let scores = rows("score");
    check_scores(&model, &scores);
    let continuations = [rows("greedy"), rows("summaries")].concat();
    let compared = check_greedy(&model, &continuations);
    println!(
        "{name}: {} texts, {} conversations, {} scores, {} continuations with {compared} tokens checked",
        texts.len(),
        conversations.len(),
        scores.len(),
        continuations.len()
    );
    assert!(!texts.is_empty() && !scores.is_empty());
}

fn check_tokens(model: &LanguageModel, row: &Value) {
    let text = row["text"].as_str().unwrap();
    let expected = ids(&row["ids"]);
    let tokenizer = &model.tokenizer;
    let found = tokenizer.encode(text, SpecialTokens::Parse).unwrap();
    assert_eq!(found, expected, "{text:?}");
    let decoded = row["decoded"].as_str().unwrap();
    assert_eq!(tokenizer.decode(&expected, false).unwrap(), decoded);
    let as_text = row.get("ids_special_as_text").unwrap_or(&row["ids"]);
    let found = tokenizer.encode(text, SpecialTokens::AsText).unwrap();
    assert_eq!(found, ids(as_text), "{text:?}");
}

fn check_chat(model: &LanguageModel, row: &Value) {
    let messages = messages(&row["messages"]);
    for (field, prompted) in [
        ("with_generation_prompt", true),
        ("without_generation_prompt", false),
    ] {
        let text = model.chat.render(&messages, prompted).unwrap();
        assert_eq!(text, row[field]["text"].as_str().unwrap());
        let found = model.tokenizer.encode(&text, SpecialTokens::Parse).unwrap();
        assert_eq!(found, ids(&row[field]["ids"]));
    }
}

fn check_scores(model: &LanguageModel, rows: &[Value]) {
    let pairs: Vec<(Vec<u32>, Vec<u32>)> = rows
        .iter()
        .map(|row| (ids(&row["prompt_ids"]), ids(&row["completion_ids"])))
        .collect();
    let items: Vec<Completion<'_>> = pairs
        .iter()
        .map(|(prompt_ids, completion_ids)| Completion {
            prompt_ids,
            completion_ids,
        })
        .collect();
    let scores = score(&model.decoder, None, &items, 4096).unwrap();
    for (found, row) in scores.iter().zip(rows) {
        let expected = row["token_logps"].as_array().unwrap();
        assert_eq!(found.token_logps.len(), expected.len());
        for (logp, expected) in found.token_logps.iter().zip(expected) {
            let expected = expected.as_f64().unwrap();
            assert!(
                (f64::from(*logp) - expected).abs() < LOGP,
                "{logp} {expected}"
            );
        }
        let sum = row["logp_sum"].as_f64().unwrap();
        assert!(
            (found.logp_sum - sum).abs() < LOGP_SUM,
            "{} {sum}",
            found.logp_sum
        );
    }
}

/// Compares continuations up to the first step where either token may be taken; returns how many tokens were compared.
fn check_greedy(model: &LanguageModel, rows: &[Value]) -> usize {
    let requests: Vec<GenerateRequest> = rows
        .iter()
        .map(|row| GenerateRequest {
            prompt_ids: ids(&row["prompt_ids"]),
            key: 0,
        })
        .collect();
    let most = rows
        .iter()
        .filter_map(|row| row["max_new_tokens"].as_u64())
        .max()
        .unwrap_or(0);
    let config = GenerateConfig {
        max_new_tokens: most as usize,
        filters: Filters::GREEDY,
        stop_ids: model.stop_ids.clone(),
        batch_size: 8,
    };
    let found = generate(&model.decoder, None, &requests, &config, &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let mut compared = 0;
    for (generation, row) in found.iter().zip(rows) {
        let gaps = row["gaps"].as_array().unwrap();
        let is_clear = |gap: &&Value| gap.as_f64().unwrap() >= GAP;
        let clear = gaps.iter().take_while(is_clear).count();
        let expected = ids(&row["new_ids"]);
        let clear = clear.min(expected.len());
        assert!(
            generation.ids.len() >= clear && generation.ids[..clear] == expected[..clear],
            "{}",
            row["text"]
        );
        compared += clear;
    }
    compared
}
