//! Predicted and measured peak memory of one kind of work with a model folder, in a process of its own.
//!
//! `cargo run -p duologue-bench --example memory -- MODEL_DIR load|generate|score|train [none|q8_0|q4_0|q4_k|q6_k]`; the
//! table is in `docs/plan.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop on any error"
)]

use std::ops::ControlFlow;
use std::path::Path;

use bench::{Clock, Material, StepWork};
use lm::infer::sample::Filters;
use lm::memory::{self, Form, Generating, Training};
use lm::train::TrainExample;
use lm::{
    Completion, Decoder, DecoderConfig, Device, GenerateConfig, GenerateRequest, LanguageModel,
    Quantize, check_folder, generate, random, score,
};

const PROMPT: usize = 100;
const COMPLETION: usize = 200;
const BUDGET: usize = 4096;
const RANK: usize = 16;
const BATCH: usize = 8;

/// Highest resident memory of this process so far.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn main() {
    lm::allocator::share_one_heap();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, work, quantize) = match args.as_slice() {
        [folder, work] => (folder, work, Quantize::None),
        [folder, work, quantize] => (folder, work, quantize.parse().unwrap()),
        _ => {
            return println!(
                "memory MODEL_DIR load|generate|score|train [none|q8_0|q4_0|q4_k|q6_k]"
            );
        }
    };
    let folder = Path::new(folder);
    let summary = check_folder(folder).unwrap();
    let config = &summary.config;
    let weights = memory::held_bytes(config, summary.weight_bytes, quantize);
    let process = memory::process_bytes(summary.tokenizer_bytes);
    let decoder = LanguageModel::load_quantized(folder, quantize, &Device::Cpu)
        .unwrap()
        .decoder;
    let added = match work.as_str() {
        "load" => 0,
        "generate" => generating(&decoder),
        "score" => scoring(&decoder),
        "train" => training(&decoder),
        other => return println!("load, generate, score or train, not {other}"),
    };
    let predicted = process + weights + added;
    let measured = peak_rss_bytes();
    println!(
        "{} {work} {}: predicted {:.1} MB (process {:.1}, weights {:.1}, work {:.1}), measured {:.1} MB, {:+.1} %",
        folder.file_name().unwrap().to_string_lossy(),
        quantize.as_str(),
        predicted as f64 / 1e6,
        process as f64 / 1e6,
        weights as f64 / 1e6,
        added as f64 / 1e6,
        measured as f64 / 1e6,
        100.0 * (predicted as f64 / measured as f64 - 1.0)
    );
}

fn ids(config: &DecoderConfig, key: u64, count: usize) -> Vec<u32> {
    (0..count as u64)
        .map(|i| (random::uniform(key, i) * config.vocab_size as f64) as u32)
        .collect()
}

/// Does the work and returns the bytes that were predicted for it, as [`scoring`] and [`training`] do.
fn generating(decoder: &Decoder) -> u64 {
    let prompt = |key| GenerateRequest {
        prompt_ids: ids(&decoder.config, key, PROMPT),
        key,
    };
    let requests: Vec<GenerateRequest> = (0..32).map(prompt).collect();
    let cfg = GenerateConfig {
        max_new_tokens: COMPLETION,
        filters: Filters {
            top_p: 0.95,
            ..Filters::default()
        },
        stop_ids: Vec::new(),
        batch_size: 32,
    };
    generate(decoder, None, &requests, &cfg, &mut |_, _| {
        ControlFlow::Continue(())
    })
    .unwrap();
    let work = Generating {
        batch: 32,
        prompt_tokens: PROMPT,
        mean_prompt_tokens: PROMPT,
        new_tokens: COMPLETION,
        form: Form::Processor,
    };
    memory::generating_bytes(&decoder.config, &work)
}

fn scoring(decoder: &Decoder) -> u64 {
    let config = &decoder.config;
    let texts: Vec<(Vec<u32>, Vec<u32>)> = (0..14)
        .map(|key| (ids(config, key, PROMPT), ids(config, key + 50, COMPLETION)))
        .collect();
    let items: Vec<Completion<'_>> = texts
        .iter()
        .map(|(prompt_ids, completion_ids)| Completion {
            prompt_ids,
            completion_ids,
        })
        .collect();
    score(decoder, None, &items, BUDGET).unwrap();
    let threads = rayon::current_num_threads();
    memory::scoring_bytes(
        config,
        Form::Processor,
        BUDGET,
        PROMPT + COMPLETION,
        threads,
    )
}

fn training(decoder: &Decoder) -> u64 {
    let config = &decoder.config;
    let example = |key: u64| TrainExample {
        prompt_ids: ids(config, key, PROMPT),
        completion_ids: ids(config, key + 50, COMPLETION),
    };
    let examples: Vec<TrainExample> = (0..BATCH as u64).map(example).collect();
    let updates = StepWork {
        material: Material::Examples(examples),
        batch_size: BATCH,
        rank: RANK,
        budget: BUDGET.into(),
        warmup_steps: 0,
        steps: 3,
    };
    // How long it takes does not matter here.
    bench::step(
        decoder,
        &updates,
        &Clock {
            wall_s: &|| 0.0,
            cpu_s: &|| 0.0,
        },
    )
    .unwrap();
    let work = Training {
        rank: RANK,
        tokens_per_microbatch: BUDGET,
        recompute: false,
        item_tokens: PROMPT + COMPLETION,
        mean_item_tokens: PROMPT + COMPLETION,
        sequence_tokens: PROMPT + COMPLETION,
        completion_tokens: COMPLETION,
        batch_size: BATCH,
        threads: 2,
        form: Form::Processor,
    };
    memory::training_bytes(config, &work)
}
