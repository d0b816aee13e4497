//! export: what is written for other programs computes what base model and adapter compute, through the binary.

use std::path::Path;

use lm::{Adapter, Checkpoint, Device, Gguf, Target, Tensor};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize_to_file};
use serde_json::{Value, json};

use super::run::{RUN, Whole, items, whole};
use super::{Place, list, number, text};
use crate::program::INVENTED;

/// Prompts of a run's summarizer with their summaries.
fn prompts(whole: &Whole) -> Vec<Value> {
    let prompt = text(&whole.shown["recipe"]["prompt_summarize"]);
    let scored = items(whole, "candidates", "candidate")
        .into_iter()
        .filter(|c| c["score"].is_f64());
    let line = |c: Value| {
        let content = format!("{prompt}\n\n{}", text(&c["text"]));
        json!({"messages": [{"role": "user", "content": content}], "completion": c["summary"]})
    };
    scored.take(4).map(line).collect()
}

/// Log-probabilities of every completion token, one list for each line.
fn token_logps(place: &Place, model: &[&str], file: &str) -> Vec<Vec<f64>> {
    let answer = place.json(&[&["score", "--tokens", file, "--model"], model].concat());
    assert_eq!(answer.code, 0, "{}", answer.last);
    answer
        .lines
        .iter()
        .map(|line| list(&line["token_logps"]).iter().map(number).collect())
        .collect()
}

/// Greedy continuations.
fn greedy(place: &Place, model: &[&str], file: &str) -> Vec<Value> {
    let answer = place.json(
        &[
            &["generate", "--max-new-tokens", "24", file, "--model"],
            model,
        ]
        .concat(),
    );
    assert_eq!(answer.code, 0, "{}", answer.last);
    answer
        .lines
        .iter()
        .map(|line| line["ids"].clone())
        .collect()
}

/// Largest difference of a token, in nats.
fn difference(found: &[Vec<f64>], expected: &[Vec<f64>]) -> f64 {
    let tokens = |lines: &[Vec<f64>]| lines.iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(tokens(found), tokens(expected));
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    pairs.fold(0.0, |most: f64, (found, expected)| {
        most.max((found - expected).abs())
    })
}

/// A copy of a model in bf16 with the same numbers in f32.
fn in_f32(place: &Place, model: &str) -> String {
    let to = place.path("f32");
    std::fs::create_dir(&to).expect("a folder");
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
        std::fs::copy(Path::new(model).join(name), Path::new(&to).join(name)).expect("a copy");
    }
    let bytes = std::fs::read(Path::new(model).join("model.safetensors")).expect("weights");
    let file = SafeTensors::deserialize(&bytes).expect("tensors");
    let widened: Vec<(String, Vec<usize>, Vec<u8>)> = file
        .iter()
        .map(|(name, view)| {
            assert_eq!(view.dtype(), Dtype::BF16, "{name}");
            // A bf16 is the upper half of an f32.
            let wide = view
                .data()
                .chunks(2)
                .flat_map(|half| [0, 0, half[0], half[1]])
                .collect();
            (name.to_owned(), view.shape().to_vec(), wide)
        })
        .collect();
    let views = widened.iter().map(|(name, shape, data)| {
        (
            name,
            TensorView::new(Dtype::F32, shape.clone(), data).expect("a tensor"),
        )
    });
    serialize_to_file(views, None, &Path::new(&to).join("model.safetensors")).expect("a file");
    to
}

#[test]
fn a_merged_model_and_a_gguf_file_compute_what_model_and_adapter_compute() {
    let whole = whole();
    let (place, model) = (&whole.place, text(&whole.shown["model"]["path"]));
    let file = place.write_rows("exported.jsonl", &prompts(whole));
    let (adapter, wide) = (place.path("exported-adapter"), in_f32(place, model));
    place.ok(&[
        &["export", RUN, "--adapter", "summarizer", "--to", &adapter],
        &INVENTED[..],
    ]
    .concat());
    let with_adapter = [model, "--adapter", &adapter];
    let (expected, written) = (
        token_logps(place, &with_adapter, &file),
        greedy(place, &with_adapter, &file),
    );
    let adapted = difference(&token_logps(place, &[model], &file), &expected);
    assert!(adapted > 0.05, "the adapter changes only {adapted} nats");

    let of_run = [RUN, "--adapter", "summarizer", INVENTED[0], INVENTED[1]];
    let of_folder = ["--model", &wide, "--adapter", &adapter];
    // Numbers keep the base model's type: bf16 and f16 round, which may change a greedy choice. f32 loses nothing.
    for (name, source, format, bound) in [
        ("bf16", &of_run[..], &["--as", "merged"][..], 0.1),
        ("f32", &of_folder, &["--as", "merged"], 1e-4),
        (
            "f16",
            &of_run,
            &["--as", "gguf", "--gguf-type", "f16"],
            0.02,
        ),
    ] {
        let to = place.path(&format!("exported-{name}"));
        let export = place.ok(&[&["export"], source, &["--to", &to], format].concat());
        assert!(
            export["replay"].is_null() || export["replay"]["equal"] == true,
            "{export}"
        );
        let card = std::fs::read_to_string(Path::new(&to).join("README.md")).expect("a model card");
        assert!(card.contains("Duologue"), "{card}");
        let off = difference(&token_logps(place, &[&to], &file), &expected);
        println!("{name}: {off:.1e} nats of {adapted:.1e}");
        assert!(off < bound, "{name}: a token differs by {off} nats");
        assert!(
            name != "f32" || greedy(place, &[&to], &file) == written,
            "{name}"
        );
    }
}

#[test]
fn an_adapter_for_llama_cpp_holds_the_runs_adapter() {
    let whole = whole();
    let (place, model) = (&whole.place, text(&whole.shown["model"]["path"]));
    let (peft, to) = (place.path("cpp-adapter"), place.path("cpp-gguf"));
    place.ok(&[
        &["export", RUN, "--adapter", "synthesizer", "--to", &peft],
        &INVENTED[..],
    ]
    .concat());
    let export = place.ok(&[
        "export",
        RUN,
        "--adapter",
        "synthesizer",
        "--to",
        &to,
        "--as",
        "gguf_adapter",
        INVENTED[0],
        INVENTED[1],
    ]);
    assert!(export["replay"].is_null(), "only llama.cpp reads it");
    let path = text(&list(&export["files"])[0]["path"]);
    let config = Checkpoint::open(Path::new(model))
        .and_then(|c| c.config())
        .expect("a configuration");
    let adapter = Adapter::load(Path::new(&peft), &config, &Device::Cpu).expect("an adapter");
    let file = Gguf::open(Path::new(path)).expect("a GGUF file");
    let values = |t: &Tensor| {
        t.flatten_all()
            .and_then(|t| t.to_vec1::<f32>())
            .expect("values")
    };
    for layer in 0..config.num_hidden_layers {
        for (target, name) in [(Target::V, "attn_v"), (Target::Down, "ffn_down")] {
            let pair = adapter.get(layer, target).expect("a pair");
            for (part, expected) in [("lora_a", &pair.a), ("lora_b", &pair.b)] {
                let name = format!("blk.{layer}.{name}.weight.{part}");
                let found = file
                    .matrix(&name, expected.dims2().expect("a matrix"))
                    .expect("a tensor");
                assert_eq!(
                    values(&found.to_dense().expect("values")),
                    values(expected),
                    "{name}"
                );
            }
        }
    }
    let line = place.write_rows("line.jsonl", &[json!({"prompt": "a", "completion": "b"})]);
    place.refuses(
        &["score", "--model", path, &line],
        2,
        "model_config",
        &["adapter", "base model"],
    );
}
