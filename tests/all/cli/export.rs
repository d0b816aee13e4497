//! export: what is written for other programs computes what base model and adapter compute, through the binary.

use std::path::Path;

use lm::{Adapter, Checkpoint, Device, Gguf, Target, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize_to_file};
use serde_json::{Value, json};

use super::run::{RUN, Whole, items, whole};
use super::{Place, list, number, text};

/// Prompts of a run's summarizer with their summaries.
fn prompts(whole: &Whole) -> Vec<Value> {
    let prompt = text(&whole.shown["recipe"]["prompt_summarize"]);
    let scored = items(whole, "candidates", "candidate").into_iter().filter(|c| c["score"].is_f64());
    let line = |c: Value| {
        let content = format!("{prompt}\n\n{}", text(&c["text"]));
        json!({"messages": [{"role": "user", "content": content}], "completion": c["summary"]})
    };
    scored.take(4).map(line).collect()
}

/// Log-probabilities of every completion token, one list for each line.
fn token_logps(place: &Place, model: &[&str], file: &str) -> Vec<Vec<f64>> {
    let said = place.json(&[&["score", "--tokens", file, "--model"], model].concat());
    assert_eq!(said.code, 0, "{}", said.last);
    said.lines.iter().map(|line| list(&line["token_logps"]).iter().map(number).collect()).collect()
}

/// Greedy continuations.
fn greedy(place: &Place, model: &[&str], file: &str) -> Vec<Value> {
    let said = place.json(&[&["generate", "--max-new-tokens", "24", file, "--model"], model].concat());
    assert_eq!(said.code, 0, "{}", said.last);
    said.lines.iter().map(|line| line["ids"].clone()).collect()
}

/// Largest difference of a token, and largest difference of a line's mean.
fn differences(found: &[Vec<f64>], expected: &[Vec<f64>]) -> (f64, f64) {
    assert_eq!(found.len(), expected.len());
    let of_line = |(found, expected): (&Vec<f64>, &Vec<f64>)| {
        assert!(!found.is_empty() && found.len() == expected.len());
        let each = || found.iter().zip(expected).map(|(a, b)| a - b);
        (each().fold(0.0, |most: f64, d| most.max(d.abs())), (each().sum::<f64>() / found.len() as f64).abs())
    };
    let lines = found.iter().zip(expected).map(of_line);
    lines.fold((0.0, 0.0), |(token, mean), line| (line.0.max(token), line.1.max(mean)))
}

/// A copy of a model in bf16 with the same numbers in f32.
fn in_f32(place: &Place, model: &str) -> String {
    let to = place.path("f32");
    std::fs::create_dir(&to).expect("a folder");
    for name in ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(Path::new(model).join(name), Path::new(&to).join(name)).expect("a copy");
    }
    let bytes = std::fs::read(Path::new(model).join("model.safetensors")).expect("weights");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let widened: Vec<(String, Vec<usize>, Vec<u8>)> = file
        .iter()
        .map(|(name, view)| {
            assert_eq!(view.dtype(), Dtype::BF16, "{name}");
            // A bf16 is the upper half of an f32.
            let wide = view.data().chunks(2).flat_map(|half| [0, 0, half[0], half[1]]).collect();
            (name.to_owned(), view.shape().to_vec(), wide)
        })
        .collect();
    let views = widened.iter().map(|(name, shape, data)| {
        (name, TensorView::new(Dtype::F32, shape.clone(), data).expect("a tensor"))
    });
    serialize_to_file(views, None, &Path::new(&to).join("model.safetensors")).expect("a file");
    to
}

#[test]
fn a_merged_model_and_a_gguf_file_compute_what_model_and_adapter_compute() {
    let Some(whole) = whole() else { return };
    let (place, model) = (&whole.place, text(&whole.shown["model"]["path"]));
    let file = place.write_rows("exported.jsonl", &prompts(whole));
    let path = |name: &str| place.path(&format!("other-{name}"));
    let (adapter, wide) = (path("adapter"), in_f32(place, model));
    place.ok(&["export", RUN, "--adapter", "summarizer", "--to", &adapter]);
    let expected = token_logps(place, &[model, "--adapter", &adapter], &file);
    let base = token_logps(place, &[model], &file);
    assert!(differences(&base, &expected).1 > 0.05, "the adapter does something");

    let gguf = ["--as", "gguf", "--gguf-type", "f16"];
    for (name, format) in [("merged", &["--as", "merged"][..]), ("gguf", &gguf)] {
        // Numbers keep the base model's type, here bf16; GGUF has f16.
        let to = path(name);
        let args = [&["export", RUN, "--adapter", "summarizer", "--to", &to], format].concat();
        let export = place.ok(&args);
        assert_eq!(export["replay"]["equal"], true, "{export}");
        let (_, mean) = differences(&token_logps(place, &[&to], &file), &expected);
        assert!(mean < 0.02, "{name}: {mean} nats per token");

        // Of a model in f32 nothing is lost by merging.
        let to = path(&format!("{name}-f32"));
        place.ok(&[&["export", "--model", &wide, "--adapter", &adapter, "--to", &to], format].concat());
        let (token, mean) = differences(&token_logps(place, &[&to], &file), &expected);
        match name {
            "merged" => {
                assert!(token < 1e-4, "{token} nats");
                let written = greedy(place, &[&to], &file);
                assert_eq!(written, greedy(place, &[model, "--adapter", &adapter], &file));
            }
            _ => assert!(mean < 0.005, "{name}: {mean} nats per token"),
        }
        println!("{name}: {token:.1e} nats at most, {mean:.1e} in a line's mean");
    }
}

#[test]
fn an_adapter_for_llama_cpp_holds_the_runs_adapter() {
    let Some(whole) = whole() else { return };
    let (place, model) = (&whole.place, text(&whole.shown["model"]["path"]));
    let (peft, to) = (place.path("cpp-adapter"), place.path("cpp-gguf"));
    place.ok(&["export", RUN, "--adapter", "synthesizer", "--to", &peft]);
    let export = place.ok(&["export", RUN, "--adapter", "synthesizer", "--to", &to, "--as", "gguf_adapter"]);
    assert!(export["replay"].is_null(), "only llama.cpp reads it");
    let path = text(&list(&export["files"])[0]["path"]);
    let config = Checkpoint::open(Path::new(model)).and_then(|c| c.config()).expect("a configuration");
    let adapter = Adapter::load(Path::new(&peft), &config, &Device::Cpu).expect("an adapter");
    let file = Gguf::open(Path::new(path)).expect("a GGUF file");
    let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).expect("values");
    for layer in 0..config.num_hidden_layers {
        for (target, name) in [(Target::V, "attn_v"), (Target::Down, "ffn_down")] {
            let pair = adapter.get(layer, target).expect("a pair");
            for (part, expected) in [("lora_a", &pair.a), ("lora_b", &pair.b)] {
                let name = format!("blk.{layer}.{name}.weight.{part}");
                let found = file.matrix(&name, expected.dims2().expect("a matrix")).expect("a tensor");
                assert_eq!(values(&found.to_dense().expect("values")), values(expected), "{name}");
            }
        }
    }
    let line = place.write_rows("line.jsonl", &[json!({"prompt": "a", "completion": "b"})]);
    place.refuses(&["score", "--model", path, &line], 2, "model_config", &["adapter", "base model"]);
}
