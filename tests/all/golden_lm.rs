//! Decoder, tokenizer, chat template and sampler against numbers from transformers.
//!
//! The README of each folder has the formulas and tolerances.

use std::ops::ControlFlow;
use std::path::Path;

use lm::device::Place;
use lm::infer::sample::{Filters, filter, penalise, softmax};
use lm::{
    BlockTape, Completion, DType, Device, Finish, GenerateConfig, GenerateRequest, Generation,
    LanguageModel, Message, PackedBatch, Quantize, SpecialTokens, Tape, generate, score,
};
use serde_json::Value;

use crate::fixture::{
    TensorFile, assert_close, first_columns, golden, ids, json, shared, tiny_models,
};

const LOGITS: (f64, f64) = (2e-4, 1e-4);
const LOGPROBS: (f64, f64) = (2e-4, 0.0);
const HIDDEN: (f64, f64) = (1e-4, 1e-4);

fn load(dir: &Path) -> LanguageModel {
    LanguageModel::load(dir, &Device::Cpu).unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
}

fn report(dir: &Path, what: &str, cases: usize) {
    assert!(cases > 0, "{}: no {what} to check", dir.display());
    println!("{}: {cases} {what} checked", dir.display());
}

fn greedy(max_new_tokens: usize, stop_ids: Vec<u32>, batch_size: usize) -> GenerateConfig {
    GenerateConfig {
        max_new_tokens,
        filters: Filters::GREEDY,
        stop_ids,
        batch_size,
    }
}

fn continue_all(
    model: &LanguageModel,
    prompts: &[Vec<u32>],
    cfg: &GenerateConfig,
) -> Vec<Generation> {
    let requests: Vec<_> = prompts
        .iter()
        .map(|ids| GenerateRequest {
            prompt_ids: ids.clone(),
            key: 0,
        })
        .collect();
    generate(&model.decoder, None, &requests, cfg, &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap()
}

/// Logits of sequences that are packed end to end: for each sequence its `[T, V]` values, flat.
fn packed_logits(model: &LanguageModel, seqs: &[Vec<u32>]) -> Vec<Vec<f32>> {
    let batch = PackedBatch::new(seqs, &Device::Cpu).unwrap();
    let hidden = model.decoder.forward(&batch, None, None, None).unwrap();
    let logits = model
        .decoder
        .logits(&hidden)
        .unwrap()
        .flatten_all()
        .unwrap()
        .to_vec1::<f32>()
        .unwrap();
    let vocab = model.decoder.config.vocab_size;
    batch
        .spans
        .iter()
        .map(|span| logits[span.rows.start * vocab..span.rows.end * vocab].to_vec())
        .collect()
}

fn token_logps(model: &LanguageModel, seq: &[u32]) -> Vec<f32> {
    let item = Completion {
        prompt_ids: &seq[..1],
        completion_ids: &seq[1..],
    };
    score(&model.decoder, None, &[item], 4096)
        .unwrap()
        .remove(0)
        .token_logps
}

/// The tokens of each row of a padded batch without the padding, and their columns in the batch.
fn real_tokens(tensors: &TensorFile, side: &str) -> (Vec<Vec<u32>>, Vec<Vec<usize>>) {
    let (shape, ids) = tensors.i64(&format!("{side}.input_ids"));
    let (_, mask) = tensors.i64(&format!("{side}.attention_mask"));
    let columns: Vec<Vec<usize>> = mask
        .chunks(shape[1])
        .map(|row| (0..shape[1]).filter(|column| row[*column] == 1).collect())
        .collect();
    let row =
        |(row, columns): (&[i64], &Vec<usize>)| columns.iter().map(|c| row[*c] as u32).collect();
    (
        ids.chunks(shape[1]).zip(&columns).map(row).collect(),
        columns,
    )
}

/// Largest difference that `scripts/gpu-check` allows a card, as a proportion of the largest log-probability. bf16 has
/// 8 significant bits, so weights and results are each rounded by at most 0.2 %, in a few dozen operations in a row.
const ON_A_CARD: f32 = 0.03;

#[test]
fn bf16_as_on_a_card_is_near() {
    let place = Place {
        device: Device::Cpu,
        dtype: DType::BF16,
    };
    for dir in tiny_models() {
        let here = load(&dir);
        let there = LanguageModel::load_placed(&dir, Quantize::None, &place).unwrap();
        let seq: Vec<u32> = (0..40)
            .map(|i| (7 * i + 5) % here.decoder.config.vocab_size as u32)
            .collect();
        let (found, expected) = (token_logps(&there, &seq), token_logps(&here, &seq));
        let largest = expected
            .iter()
            .fold(0f32, |most, logp| most.max(logp.abs()));
        let off = found
            .iter()
            .zip(&expected)
            .fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(
            off > 0.0 && off < ON_A_CARD * largest,
            "{}: {off} of {largest}",
            dir.display()
        );
    }
}

#[test]
fn logits_and_logprobs_of_padded_batches() {
    for dir in tiny_models() {
        let model = load(&dir);
        let tensors = TensorFile::open(&dir.join("golden.safetensors"));
        let mut rows_checked = 0;
        // Some folders hold one side and the first sequences only, to stay small.
        let is_recorded = |side: &&str| {
            tensors
                .names()
                .iter()
                .any(|name| *name == format!("{side}.logits"))
        };
        for side in ["right", "left"].into_iter().filter(is_recorded) {
            let (seqs, columns) = real_tokens(&tensors, side);
            let (shape, expected) = tensors.f32(&format!("{side}.logits"));
            let (_, expected_logps) = tensors.f32(&format!("{side}.logprobs"));
            let (width, kept) = (shape[1], shape[2]);
            let vocab = model.decoder.config.vocab_size;
            for (row, found) in packed_logits(&model, &seqs[..shape[0]]).iter().enumerate() {
                let what = format!("{} {side} row {row}", dir.display());
                let wanted: Vec<f32> = columns[row]
                    .iter()
                    .flat_map(|column| &expected[(row * width + column) * kept..][..kept])
                    .copied()
                    .collect();
                assert_close(
                    &format!("{what} logits"),
                    &first_columns(found, vocab, kept),
                    &wanted,
                    LOGITS.0,
                    LOGITS.1,
                );
                let steps = &columns[row][..columns[row].len() - 1];
                let wanted: Vec<f32> = steps
                    .iter()
                    .map(|c| expected_logps[row * (width - 1) + c])
                    .collect();
                let found = token_logps(&model, &seqs[row]);
                assert_close(
                    &format!("{what} logprobs"),
                    &found,
                    &wanted,
                    LOGPROBS.0,
                    LOGPROBS.1,
                );
                rows_checked += seqs[row].len();
            }
        }
        report(&dir, "rows of logits", rows_checked);
    }
}

#[test]
fn far_positions_and_rotary_tables() {
    for dir in tiny_models() {
        let model = load(&dir);
        let tensors = TensorFile::open(&dir.join("golden.safetensors"));
        let (_, ids) = tensors.i64("long.input_ids");
        let seq: Vec<u32> = ids.iter().map(|id| *id as u32).collect();
        let (_, expected) = tensors.f32("long.logits_last16");
        let logits = packed_logits(&model, std::slice::from_ref(&seq)).remove(0);
        let last = &logits[logits.len() - expected.len()..];
        assert_close(
            &format!("{} long", dir.display()),
            last,
            &expected,
            LOGITS.0,
            LOGITS.1,
        );
        let (_, expected) = tensors.f32("long.logprobs");
        let found = token_logps(&model, &seq);
        assert_close(
            &format!("{} long", dir.display()),
            &found,
            &expected,
            LOGPROBS.0,
            LOGPROBS.1,
        );
        check_rope(&model, &tensors);
        report(&dir, "tokens of the long sequence", seq.len());
    }
}

/// One table for all blocks, or one for each kind of block, with a block of that kind.
fn check_rope(model: &LanguageModel, tensors: &TensorFile) {
    match &model.decoder.config.local_rope {
        None => check_rope_of(model, tensors, "rope", 0),
        Some(local) => {
            for (kind, is_local) in [("full_attention", false), ("sliding_attention", true)] {
                let block = local.layers.iter().position(|local| *local == is_local);
                check_rope_of(model, tensors, &format!("rope.{kind}"), block.unwrap());
            }
        }
    }
}

fn check_rope_of(model: &LanguageModel, tensors: &TensorFile, prefix: &str, block: usize) {
    let (_, inv_freq) = tensors.f32(&format!("{prefix}.inv_freq"));
    let (shape, cos) = tensors.f32(&format!("{prefix}.cos"));
    let (_, sin) = tensors.f32(&format!("{prefix}.sin"));
    let batch = PackedBatch::new(&[vec![0; shape[1]]], &Device::Cpu).unwrap();
    assert_close(
        &format!("{prefix}.inv_freq"),
        &model.decoder.rope.inv_freq(block, shape[1]).unwrap(),
        &inv_freq,
        1e-6,
        0.0,
    );
    let rotations = batch.rotations(&model.decoder.rope).unwrap();
    let (found_cos, found_sin) = rotations.of(block).unwrap();
    for (name, found, expected) in [("cos", found_cos, cos), ("sin", found_sin, sin)] {
        // The fixture has cos and sin for the whole head, whose two halves are equal.
        let found: Vec<f32> = found
            .to_vec2::<f32>()
            .unwrap()
            .into_iter()
            .flat_map(|row| [row.clone(), row].concat())
            .collect();
        assert_close(&format!("{prefix}.{name}"), &found, &expected, 1e-6, 0.0);
    }
}

#[test]
fn hidden_states_of_every_layer() {
    for dir in tiny_models() {
        let model = load(&dir);
        let tensors = TensorFile::open(&dir.join("golden.safetensors"));
        let (_, ids) = tensors.i64("debug.input_ids");
        let seq: Vec<u32> = ids.iter().map(|id| *id as u32).collect();
        let batch = PackedBatch::new(&[seq], &Device::Cpu).unwrap();
        let mut tape = Tape::default();
        let last = model
            .decoder
            .forward(&batch, None, None, Some(&mut tape))
            .unwrap();
        let states: Vec<_> = tape
            .layers
            .iter()
            .map(|layer| layer.x().clone())
            .chain([last.clone()])
            .collect();
        for (i, state) in states.iter().enumerate() {
            let (_, expected) = tensors.f32(&format!("debug.hidden.{i}"));
            let found = state.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert_close(
                &format!("{} hidden {i}", dir.display()),
                &found,
                &expected,
                HIDDEN.0,
                HIDDEN.1,
            );
        }
        check_post_norms(&tape, &tensors);
        let (_, expected) = tensors.f32("debug.logits");
        let found = model
            .decoder
            .logits(&last)
            .unwrap()
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap();
        assert_close(
            &format!("{} debug logits", dir.display()),
            &found,
            &expected,
            LOGITS.0,
            LOGITS.1,
        );
        report(&dir, "hidden states", states.len());
    }
}

/// What attention and the MLP of some blocks give before a norm reads it, where a family has such norms.
fn check_post_norms(tape: &Tape, tensors: &TensorFile) {
    let names = tensors.names();
    for (index, layer) in tape.layers.iter().enumerate() {
        let BlockTape::Whole(block) = layer else {
            panic!("everything was to be kept");
        };
        for (name, found) in [("attention", &block.attn_out), ("mlp", &block.mlp_out)] {
            let name = format!("debug.layer{index}.{name}");
            if let Some(found) = found.as_ref().filter(|_| names.contains(&name)) {
                let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert_close(&name, &found, &tensors.f32(&name).1, HIDDEN.0, HIDDEN.1);
            }
        }
    }
}

#[test]
fn greedy_generation_one_by_one_and_batched() {
    for dir in tiny_models() {
        let model = load(&dir);
        let fixture = json(&dir.join("generation.json"));
        let new_tokens = fixture["max_new_tokens"].as_u64().unwrap() as usize;
        let stop = fixture["stop_token_id"].as_u64().unwrap() as u32;
        let items = fixture["items"].as_array().unwrap();
        let prompts: Vec<Vec<u32>> = items.iter().map(|item| ids(&item["prompt_ids"])).collect();
        for batch_size in [1, 2, items.len()] {
            let free = continue_all(
                &model,
                &prompts,
                &greedy(new_tokens, Vec::new(), batch_size),
            );
            let stopped = continue_all(
                &model,
                &prompts,
                &greedy(new_tokens, vec![stop], batch_size),
            );
            for (i, item) in items.iter().enumerate() {
                assert_eq!(
                    free[i].ids,
                    ids(&item["new_ids"]),
                    "{} item {i}",
                    dir.display()
                );
                assert_eq!(free[i].finish, Finish::Length);
                assert_eq!(
                    stopped[i].ids,
                    ids(&item["new_ids_with_stop"]),
                    "{} item {i}",
                    dir.display()
                );
                let ended = stopped[i].ids.last() == Some(&stop);
                assert_eq!(
                    stopped[i].finish == Finish::Stop,
                    ended,
                    "{} item {i}",
                    dir.display()
                );
                let text = model.tokenizer.decode(&free[i].ids, false).unwrap();
                assert_eq!(text, item["new_text"].as_str().unwrap());
                let text = model.decode(&free[i].ids).unwrap();
                assert_eq!(text, item["new_text_skip_special"].as_str().unwrap());
            }
        }
        report(&dir, "greedy continuations", items.len());
    }
}

pub(crate) fn messages(value: &Value) -> Vec<Message> {
    let message =
        |m: &Value| Message::new(m["role"].as_str().unwrap(), m["content"].as_str().unwrap());
    value.as_array().unwrap().iter().map(message).collect()
}

#[test]
fn chat_templates_and_their_tokens() {
    let mut guarded = 0;
    for dir in tiny_models() {
        let model = load(&dir);
        let fixture = json(&dir.join("chat.json"));
        for case in fixture.as_array().unwrap() {
            let messages = messages(&case["messages"]);
            for (field, prompted) in [
                ("with_generation_prompt", true),
                ("without_generation_prompt", false),
            ] {
                let text = model.chat.render(&messages, prompted).unwrap();
                assert_eq!(text, case[field]["text"].as_str().unwrap());
                let found = model.tokenizer.encode(&text, SpecialTokens::Parse).unwrap();
                assert_eq!(found, ids(&case[field]["ids"]));
            }
            let expected = ids(&case["with_generation_prompt"]["ids"]);
            let found = model.prompt_ids(&messages).unwrap();
            let written = |m: &Message| {
                model
                    .tokenizer
                    .special_strings()
                    .any(|s| m.content.contains(s))
            };
            if messages.iter().any(written) {
                // The reference lets a message write special tokens; in our prompts it must not.
                assert_ne!(found, expected);
                let same_text = case["with_generation_prompt"]["text"].as_str().unwrap();
                assert_eq!(model.tokenizer.decode(&found, false).unwrap(), same_text);
                guarded += 1;
            } else {
                assert_eq!(found, expected);
            }
        }
        report(&dir, "conversations", fixture.as_array().unwrap().len());
    }
    assert!(guarded > 0, "no conversation with special tokens in it");
}

#[test]
fn tokenisation_and_decoding() {
    for dir in tiny_models() {
        let tokenizer = lm::Tokenizer::load(&dir).unwrap();
        let fixture = json(&dir.join("tokenize.json"));
        for case in fixture.as_array().unwrap() {
            let text = case["text"].as_str().unwrap();
            let expected = ids(&case["ids"]);
            assert_eq!(
                tokenizer.encode(text, SpecialTokens::Parse).unwrap(),
                expected,
                "{text:?}"
            );
            assert_eq!(
                tokenizer
                    .encode_with_added(text, SpecialTokens::Parse)
                    .unwrap(),
                ids(&case["ids_with_special"]),
                "{text:?}"
            );
            assert_eq!(
                tokenizer.decode(&expected, false).unwrap(),
                case["decoded"].as_str().unwrap()
            );
            assert_eq!(
                tokenizer.decode(&expected, true).unwrap(),
                case["decoded_skip_special"].as_str().unwrap()
            );
            let plain = tokenizer.encode(text, SpecialTokens::AsText).unwrap();
            let special = |id: &u32| tokenizer.is_special(*id);
            assert!(!plain.iter().any(special), "{text:?}");
            assert_eq!(plain == expected, !expected.iter().any(special), "{text:?}");
        }
        report(&dir, "texts", fixture.as_array().unwrap().len());
    }
}

#[test]
fn distributions_after_every_filter() {
    for name in ["sampling", "samplers"] {
        check_distributions(&golden(name));
    }
}

fn check_distributions(dir: &Path) {
    let tensors = TensorFile::open(&dir.join("golden.safetensors"));
    let cases = json(&dir.join("cases.json"));
    for case in cases.as_array().unwrap() {
        let id = &case["id"];
        let number = |name: &str, default: f64| case["settings"][name].as_f64().unwrap_or(default);
        let filters = Filters {
            repetition_penalty: number("repetition_penalty", 1.0),
            temperature: number("temperature", 1.0),
            top_k: number("top_k", 0.0) as usize,
            top_p: number("top_p", 1.0),
            min_p: number("min_p", 0.0),
            typical_p: number("typical_p", 1.0),
        };
        let vector = case["logits"].as_str().unwrap();
        let (_, mut logits) = tensors.f32(&format!("logits.{vector}"));
        penalise(
            &mut logits,
            &ids(&case["history"]),
            filters.repetition_penalty,
        );
        filter(&mut logits, &filters);
        let kept: Vec<u32> = (0..logits.len() as u32)
            .filter(|i| logits[*i as usize].is_finite())
            .collect();
        let wanted = case["kept"].as_u64().unwrap() as usize;
        if case["boundary_margin"]
            .as_f64()
            .is_some_and(|margin| margin < 1e-6)
        {
            assert!(kept.len().abs_diff(wanted) <= 1, "case {id}");
            continue;
        }
        assert_eq!(kept.len(), wanted, "case {id}");
        let (_, mut expected) = tensors.f32(&format!("case{id}.probs"));
        let mut found = softmax(&logits);
        // The reference's sort is unstable, so it is arbitrary which of several equal logits it drops.
        if ["ties", "all_equal", "small"].contains(&vector) {
            expected.sort_by(f32::total_cmp);
            found.sort_by(f32::total_cmp);
        } else if !case["kept_ids"].is_null() {
            assert_eq!(kept, ids(&case["kept_ids"]), "case {id}");
        }
        assert_close(&format!("case {id}"), &found, &expected, 1e-6, 1e-5);
    }
    report(dir, "distributions", cases.as_array().unwrap().len());
}

/// One test, so that a machine without them skips once.
#[test]
fn pretrained_models() {
    pretrained_story_models();
    pretrained_dialogue_model();
}

fn pretrained_story_models() {
    for name in ["stories260k", "tinystories_656k"] {
        let Some(dir) = shared(&format!("data/models/{name}")) else {
            continue;
        };
        let model = load(&dir);
        let fixture = json(&dir.join("golden_generation.json"));
        let cases = fixture["cases"].as_array().unwrap();
        for case in cases {
            let prompt = case["prompt"].as_str().unwrap();
            let prompt = model
                .tokenizer
                .encode_with_added(prompt, SpecialTokens::AsText)
                .unwrap();
            assert_eq!(prompt, ids(&case["prompt_ids"]));
            let logits = packed_logits(&model, std::slice::from_ref(&prompt)).remove(0);
            let last = &logits[logits.len() - model.decoder.config.vocab_size..];
            let top5 = case["next_token_top5"].as_array().unwrap();
            let found: Vec<f32> = top5
                .iter()
                .map(|t| last[t["id"].as_u64().unwrap() as usize])
                .collect();
            let wanted: Vec<f32> = top5
                .iter()
                .map(|t| t["logit"].as_f64().unwrap() as f32)
                .collect();
            assert_close("top 5", &found, &wanted, 2e-4, 1e-4);
            let new_tokens = case["max_new_tokens"].as_u64().unwrap() as usize;
            let cfg = greedy(new_tokens, model.stop_ids.clone(), 1);
            let mut generated = continue_all(&model, std::slice::from_ref(&prompt), &cfg).remove(0);
            if generated.finish == Finish::Stop
                && !case["stopped_at_eos"].as_bool().unwrap_or(false)
            {
                panic!("{name}: stopped where the reference did not");
            }
            let expected = ids(&case["generated_ids"]);
            if generated.finish == Finish::Stop && expected.last() != generated.ids.last() {
                generated.ids.pop();
            }
            assert_eq!(generated.ids, expected);
            let whole = [prompt.clone(), expected].concat();
            for (field, seq) in [("prompt_mean_nll", &prompt), ("sequence_mean_nll", &whole)] {
                let logps = token_logps(&model, seq);
                let nll = -logps.iter().map(|l| f64::from(*l)).sum::<f64>() / logps.len() as f64;
                assert!(
                    (nll - case[field].as_f64().unwrap()).abs() < 1e-4,
                    "{name} {field}: {nll}"
                );
            }
        }
        report(&dir, "generations", cases.len());
    }
}

fn pretrained_dialogue_model() {
    let Some(dir) = shared("data/models/dialog-7m") else {
        return;
    };
    let model = load(&dir);
    let fixture = json(&dir.join("golden_generation.json"));
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let messages = messages(&case["messages"]);
        assert_eq!(
            model.chat.render(&messages, true).unwrap(),
            case["rendered"].as_str().unwrap()
        );
        let prompt = model.prompt_ids(&messages).unwrap();
        assert_eq!(prompt, ids(&case["prompt_ids"]));
        for entry in case["next_token_top5"].as_array().unwrap() {
            let next = [entry[0].as_u64().unwrap() as u32];
            let item = Completion {
                prompt_ids: &prompt,
                completion_ids: &next,
            };
            let logp = score(&model.decoder, None, &[item], 4096).unwrap()[0].logp_sum;
            assert!(
                (logp - entry[1].as_f64().unwrap()).abs() < 2e-4,
                "{logp} is not {entry}"
            );
        }
        let expected = ids(&case["generated_ids"]);
        let cfg = greedy(80, model.stop_ids.clone(), 1);
        let generated = continue_all(&model, std::slice::from_ref(&prompt), &cfg)
            .remove(0)
            .ids;
        assert_eq!(generated, expected);
        assert_eq!(
            model.decode(&generated).unwrap(),
            case["text"].as_str().unwrap()
        );
        let item = Completion {
            prompt_ids: &prompt,
            completion_ids: &expected,
        };
        let scored = score(&model.decoder, None, &[item], 4096)
            .unwrap()
            .remove(0);
        let nll = -scored.logp_sum / scored.n_tokens as f64;
        assert!(
            (nll - case["mean_nll"].as_f64().unwrap()).abs() < 2e-4,
            "mean_nll is {nll}: {}",
            case["mean_nll"]
        );
    }
    report(&dir, "generations", cases.len());
}

#[test]
fn replies_as_the_trainer_prepares_them() {
    let fixture = json(&golden("trainer").join("golden.json"));
    let model = load(&golden("llama-tiny"));
    let items = fixture["items"].as_array().unwrap();
    for item in items {
        let user = fixture["user_template"].as_str().unwrap();
        let user = user.replace("{dialogue}", item["dialogue"].as_str().unwrap());
        let messages = [
            Message::new("system", fixture["system"].as_str().unwrap()),
            Message::new("user", user),
        ];
        let prompt = model.prompt_ids(&messages).unwrap();
        let completion = model
            .completion_ids(item["summary"].as_str().unwrap())
            .unwrap();
        assert_eq!(
            [prompt.clone(), completion].concat(),
            ids(&item["input_ids"])
        );
        assert_eq!(
            prompt.len(),
            item["prompt_tokens"].as_u64().unwrap() as usize
        );
    }
    report(&golden("trainer"), "training examples", items.len());
}

#[test]
fn published_chat_templates() {
    let Some(dir) = shared("data/chat_templates") else {
        return;
    };
    let fixture = json(&dir.join("golden_rendered.json"));
    let cases = fixture["cases"].as_array().unwrap();
    for case in cases {
        let name = case["template"].as_str().unwrap();
        let source = std::fs::read_to_string(dir.join(format!("{name}.jinja"))).unwrap();
        let tokens = ["bos_token", "eos_token"]
            .into_iter()
            .filter_map(|name| Some((name, case[name].as_str()?.to_owned())));
        let chat = lm::ChatTemplate::new(Some(&source), tokens.collect()).unwrap();
        let prompted = case["add_generation_prompt"].as_bool().unwrap();
        let text = chat.render(&messages(&case["messages"]), prompted).unwrap();
        assert_eq!(text, case["rendered"].as_str().unwrap(), "{name}");
    }
    report(&dir, "renderings", cases.len());
}

#[test]
fn published_tokenizers() {
    let Some(dir) = shared("data/tokenizers") else {
        return;
    };
    for name in ["llama3", "llama2_tinyllama", "qwen2_5"] {
        let dir = dir.join(name);
        let tokenizer = lm::Tokenizer::load(&dir).unwrap();
        let fixture = json(&dir.join("golden_encodings.json"));
        let cases = fixture
            .as_array()
            .or_else(|| fixture["cases"].as_array())
            .unwrap();
        for case in cases {
            let text = case["text"].as_str().unwrap();
            assert_eq!(
                tokenizer.encode(text, SpecialTokens::Parse).unwrap(),
                ids(&case["ids"]),
                "{text:?}"
            );
            assert_eq!(
                tokenizer.decode(&ids(&case["ids"]), false).unwrap(),
                case["decoded"].as_str().unwrap()
            );
        }
        report(&dir, "encodings", cases.len());
    }
}

#[test]
fn a_folder_is_checked_and_its_digest_follows_its_files() {
    let source = golden("llama-tiny");
    let dir = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(&source).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, dir.path().join(path.file_name().unwrap())).unwrap();
    }
    let model = load(dir.path());
    let summary = lm::check_folder(dir.path()).unwrap();
    assert_eq!(summary.parameters, model.parameters);
    let tensors = TensorFile::open(&dir.path().join("model.safetensors"));
    let stored: usize = tensors
        .names()
        .iter()
        .map(|name| tensors.f32(name).1.len())
        .sum();
    assert_eq!(summary.parameters, stored as u64);
    assert!(summary.has_chat_template);

    let map = dir.path().join("special_tokens_map.json");
    std::fs::write(&map, "{}").unwrap();
    assert_ne!(
        lm::model_sha256(dir.path()).unwrap(),
        model.sha256,
        "a template may write what it names"
    );
    std::fs::remove_file(&map).unwrap();

    let path = dir.path().join("config.json");
    let mut config = json(&path);
    config["rope_theta"] = 1234.0.into();
    std::fs::write(&path, config.to_string()).unwrap();
    assert_ne!(lm::model_sha256(dir.path()).unwrap(), model.sha256);
    config["vocab_size"] = 100.into();
    std::fs::write(&path, config.to_string()).unwrap();
    let refused = LanguageModel::load(dir.path(), &Device::Cpu).unwrap_err();
    assert!(
        matches!(refused, lm::Error::VocabularyMismatch { model: 100, .. }),
        "{refused}"
    );
    let reshaped = lm::check_folder(dir.path()).unwrap_err().to_string();
    assert!(reshaped.contains("model.embed_tokens.weight"), "{reshaped}");
    std::fs::remove_file(dir.path().join("tokenizer.json")).unwrap();
    assert!(matches!(
        lm::check_folder(dir.path()),
        Err(lm::Error::MissingFile { .. })
    ));
}
