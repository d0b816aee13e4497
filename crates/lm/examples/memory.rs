//! Predicted and measured peak memory of one kind of work with a model folder, in a process of its own.
//!
//! `cargo run -p duologue-lm --example memory -- MODEL_DIR load|generate|score|train`; the table is in `docs/plan.md`.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints and may stop on any error"
)]

use std::ops::ControlFlow;
use std::path::Path;

use lm::memory::{self, Precision, Training};
use lm::train::{Objective, TrainExample, TrainState, batch_gradients};
use lm::{
    Adapter, Completion, Device, GenerateConfig, GenerateRequest, LanguageModel, LoraConfig, check_folder,
    generate, random, score,
};

const PROMPT: usize = 100;
const COMPLETION: usize = 200;
const BUDGET: usize = 4096;
const RANK: usize = 16;
const BATCH: usize = 8;

/// Highest resident memory of this process so far.
fn peak_rss_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (folder, work) = (Path::new(&args[0]), args[1].as_str());
    let summary = check_folder(folder).unwrap();
    let config = &summary.config;
    let stored = summary.weight_bytes;
    let copied = if stored >= memory::weights_bytes(config, Precision::F32) { stored } else { 0 };
    let process = memory::process_bytes(config);
    let model = LanguageModel::load(folder, &Device::Cpu).unwrap();
    let ids = |key: u64, count: usize| -> Vec<u32> {
        (0..count as u64).map(|i| (random::uniform(key, i) * config.vocab_size as f64) as u32).collect()
    };
    let training = Training {
        rank: RANK,
        tokens_per_microbatch: BUDGET,
        item_tokens: PROMPT + COMPLETION,
        sequence_tokens: PROMPT + COMPLETION,
        completion_tokens: COMPLETION,
        batch_size: BATCH,
        threads: 2,
    };
    let decoder = &model.decoder;
    let adapter = || {
        let lora = LoraConfig { rank: RANK, ..LoraConfig::default() };
        TrainState::new(Adapter::init(lora, config, 1, &Device::Cpu).unwrap()).unwrap()
    };
    let members: Vec<usize> = (0..BATCH).collect();
    let step = |objective: &Objective<'_>| {
        let state = adapter();
        for _ in 0..2 {
            batch_gradients(decoder, &state.adapter, objective, &members, BUDGET, None, &|| false).unwrap();
        }
    };
    let example =
        |key: u64| TrainExample { prompt_ids: ids(key, PROMPT), completion_ids: ids(key + 50, COMPLETION) };
    let added = match work {
        "load" => 0,
        "generate" => {
            let requests: Vec<GenerateRequest> =
                (0..32).map(|key| GenerateRequest { prompt_ids: ids(key, PROMPT), key }).collect();
            let cfg = GenerateConfig {
                max_new_tokens: COMPLETION,
                temperature: 1.0,
                top_k: 0,
                top_p: 0.95,
                stop_ids: Vec::new(),
                batch_size: 32,
            };
            generate(decoder, None, &requests, &cfg, &mut |_, _| ControlFlow::Continue(())).unwrap();
            memory::generating_bytes(config, 32, PROMPT, COMPLETION)
        }
        "score" => {
            let texts: Vec<(Vec<u32>, Vec<u32>)> =
                (0..14).map(|key| (ids(key, PROMPT), ids(key + 50, COMPLETION))).collect();
            let items: Vec<Completion<'_>> = texts
                .iter()
                .map(|(prompt_ids, completion_ids)| Completion { prompt_ids, completion_ids })
                .collect();
            score(decoder, None, &items, BUDGET).unwrap();
            memory::scoring_bytes(config, BUDGET, PROMPT + COMPLETION)
        }
        "train" => {
            let examples: Vec<TrainExample> = (0..BATCH as u64).map(example).collect();
            step(&Objective::Sft(&examples));
            memory::training_bytes(config, &training)
        }
        _ => panic!("load, generate, score or train, not {work}"),
    };
    let predicted = (process + stored + added).max(process + stored + copied);
    let measured = peak_rss_bytes();
    println!(
        "{} {work}: predicted {:.1} MB (process {:.1}, weights {:.1}, work {:.1}), measured {:.1} MB, {:+.1} %",
        folder.file_name().unwrap().to_string_lossy(),
        predicted as f64 / 1e6,
        process as f64 / 1e6,
        stored as f64 / 1e6,
        added as f64 / 1e6,
        measured as f64 / 1e6,
        100.0 * (predicted as f64 / measured as f64 - 1.0)
    );
}
