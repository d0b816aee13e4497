//! bench: how fast this machine trains and generates. Figures of one process; progress on standard error.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use bench::{
    Candidates, Clock, DecodeWork, Material, PipelineFigures, ScoreWork, Size, StepFigures,
    StepWork, candidates, cpu_s, decode, peak_rss_bytes, pipeline_recipe, reset_peak, scoring,
    sizes, step, summarizer_examples,
};
use contract::DeviceChoice;
use lm::device::Place;
use lm::model::packed::GgmlDType;
use lm::model::shape::{Shape, random_decoder, random_decoder_on};
use lm::parity::parity as compare;
use lm::train::{Budget, PreferencePair, TrainExample};
use lm::{DType, Decoder, Device, LanguageModel, Quantize, device, random};
use mrds::run::RunRequest;
use project::recipe::Typed;
use project::session::Session;
use serde_json::Value;

use super::Done;
use crate::answer::{self, BenchGenerateRow, BenchGrowthRow, BenchStopped, Floor, ParityCheck};
use crate::args::{
    BenchGenerate, BenchGrowth, BenchPipeline, BenchScore, BenchTrain, BenchWhat, Global, Weights,
};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Output, note};
use crate::process;
use crate::progress::Progress;
use crate::table::Table;

/// Warm-up updates before those that count: they touch memory and start threads.
const WARMUP_STEPS: usize = 2;
/// Updates that count if nothing else is asked for.
const STEPS: usize = 5;

pub(super) fn bench(global: &Global, what: &BenchWhat, output: &Output) -> Done {
    let device = device::select(global.device)?;
    let on_processor = matches!(
        what,
        BenchWhat::Score(_) | BenchWhat::Growth(_) | BenchWhat::Compare(_)
    );
    if on_processor && !device.is_cpu() {
        return Err(Failure::usage(
            "this part of bench measures the processor",
            "Leave --device out.",
        ));
    }
    match what {
        BenchWhat::Train(args) => train(global, args, &device, output),
        BenchWhat::Score(args) => score(global, args, output),
        BenchWhat::Generate(args) => generate(global, args, &device, output),
        BenchWhat::Parity => parity(&device, output),
        BenchWhat::Growth(args) => growth(global, args, output),
        BenchWhat::Pipeline(args) => pipeline(global, args, output),
        BenchWhat::Compare(args) => super::compare::compare(global, args, output),
        BenchWhat::Rating(args) => super::study::simulate(args, output),
    }
}

fn clock() -> Clock<'static> {
    Clock {
        wall_s: &host::clock::now_s,
        cpu_s: &cpu_s,
    }
}

/// Where and how random weights are held; as is usual on the device if nothing is asked for.
fn place_of(weights: Option<Weights>, device: &Device) -> (Option<GgmlDType>, Place) {
    let usual = Place::on(device);
    let dense = |dtype| Place {
        dtype,
        ..usual.clone()
    };
    match weights {
        None => (None, usual),
        Some(Weights::F32) => (None, dense(DType::F32)),
        Some(Weights::Bf16) => (None, dense(DType::BF16)),
        Some(packed) => (packed.blocks(), usual),
    }
}

/// Watches how much of a card's memory is in use, which no operation reports: it polls for the least that is free while
/// something is measured.
struct CardMemory {
    before_bytes: u64,
    least_free_bytes: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    watch: Option<JoinHandle<()>>,
}

/// Milliseconds between two looks.
const LOOK_MS: u64 = 5;

impl CardMemory {
    /// Starts watching if the device is a card.
    fn watch(choice: DeviceChoice) -> Option<Self> {
        let before_bytes = device::memory_free_bytes(choice)?;
        let (least_free_bytes, over) = (
            Arc::new(AtomicU64::new(before_bytes)),
            Arc::new(AtomicBool::new(false)),
        );
        let (least, stop) = (least_free_bytes.clone(), over.clone());
        let look = move || {
            while !stop.load(Ordering::Relaxed) {
                if let Some(free) = device::memory_free_bytes(choice) {
                    least.fetch_min(free, Ordering::Relaxed);
                }
                std::thread::sleep(Duration::from_millis(LOOK_MS));
            }
        };
        Some(Self {
            before_bytes,
            least_free_bytes,
            over,
            watch: Some(std::thread::spawn(look)),
        })
    }

    /// Most bytes in use since the beginning.
    fn peak_bytes(&self) -> u64 {
        self.before_bytes
            .saturating_sub(self.least_free_bytes.load(Ordering::Relaxed))
    }
}

impl Drop for CardMemory {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(watch) = self.watch.take() {
            // The thread only reads; if it failed, the peak is the highest value it had seen.
            let _ended = watch.join();
        }
    }
}

/// Every comparison of a device with the processor; on the processor, of a card's operations in bf16.
fn parity(device: &Device, output: &Output) -> Done {
    let dtype = if device.is_metal() {
        DType::F32
    } else {
        DType::BF16
    };
    let checks = compare(&Place {
        device: device.clone(),
        dtype,
    })?;
    let checks: Vec<ParityCheck> = checks
        .into_iter()
        .map(|check| ParityCheck {
            passed: check.passed(),
            name: check.name,
            off: check.off,
            tolerance: check.tolerance,
        })
        .collect();
    let failed = checks.iter().filter(|check| !check.passed).count();
    output.text(format!(
        "{}\n{} comparisons, {failed} off.",
        parity_table(&checks),
        checks.len()
    ));
    output.result(&answer::BenchParity {
        dtype: dtype.as_str(),
        checks,
        failed,
    });
    Ok(ExitCode::from(u8::from(failed > 0)))
}

pub(super) fn parity_table(checks: &[ParityCheck]) -> Table {
    let mut table = Table::new(&["what", "off by", "at most", ""]);
    for check in checks {
        let verdict = if check.passed { "ok" } else { "OFF" };
        table.row(vec![
            check.name.clone(),
            format!("{:.2e}", check.off),
            format!("{:.0e}", check.tolerance),
            verdict.to_owned(),
        ]);
    }
    table
}

fn train(global: &Global, args: &BenchTrain, device: &Device, output: &Output) -> Done {
    let memory = CardMemory::watch(global.device);
    let (decoder, material) = material(args, device)?;
    let per_epoch = material.items().div_ceil(args.batch);
    let steps = args.steps.unwrap_or(if args.data.is_some() {
        per_epoch * args.epochs
    } else {
        STEPS
    });
    let work = StepWork {
        material,
        batch_size: args.batch,
        rank: args.rank,
        budget: Budget {
            tokens: args.budget_tokens,
            recompute: args.recompute,
        },
        warmup_steps: WARMUP_STEPS,
        steps,
    };
    note(&format!(
        "{WARMUP_STEPS} updates to warm up, then {steps} that count …"
    ));
    let figures = step(&decoder, &work, &clock())?;
    let on_processor = device.is_cpu() && decoder.dtype() == DType::F32;
    let result = answer::BenchTrain {
        threads: global.threads(),
        peak_device_bytes: memory.as_ref().map(CardMemory::peak_bytes),
        ..training_figures(&figures, steps, on_processor)
    };
    output.text(describe(&result));
    output.result(&result);
    Ok(ExitCode::SUCCESS)
}

/// The model and what it is trained on: random ids, or the rows of a file.
fn material(args: &BenchTrain, device: &Device) -> Result<(Decoder, Material), Failure> {
    let (Some(file), Some(folder)) = (&args.data, &args.model) else {
        note(&format!("Random weights of shape {} …", args.shape));
        let (blocks, place) = place_of(args.quant, device);
        let decoder = random_decoder_on(args.shape.config()?, blocks, &place)?;
        let Some(completion) = (args.seq as usize)
            .checked_sub(args.prompt)
            .filter(|tokens| *tokens > 0)
        else {
            return Err(Failure::usage(
                "--prompt leaves nothing of a sequence to learn",
                "Give a --seq that is longer than --prompt.",
            ));
        };
        let sequence = |key: u64| random_example(&decoder, key, args.prompt, completion);
        let keys = 0..args.batch as u64;
        let material = match args.dpo {
            true => Material::Pairs(
                keys.map(|key| pair(sequence(2 * key), sequence(2 * key + 1)))
                    .collect(),
            ),
            false => Material::Examples(keys.map(sequence).collect()),
        };
        return Ok((decoder, material));
    };
    let model = LanguageModel::load(folder, device)?;
    let examples = summarizer_examples(&model, file, args.items)?;
    if examples.is_empty() {
        let fix = "Name a file with dialogues that fit the model's context.";
        return Err(Failure::file(file, None, "holds nothing to train on", fix));
    }
    Ok((model.decoder, Material::Examples(examples)))
}

/// The second completion is the worse one, of the same prompt.
fn pair(chosen: TrainExample, rejected: TrainExample) -> PreferencePair {
    PreferencePair {
        prompt_ids: chosen.prompt_ids,
        chosen_ids: chosen.completion_ids,
        rejected_ids: rejected.completion_ids,
        ref_logps: None,
        sft: None,
    }
}

/// Tokens drawn at random, different ones for each key.
fn random_example(decoder: &Decoder, key: u64, prompt: usize, completion: usize) -> TrainExample {
    let token = |i| (random::uniform(key, i) * decoder.config.vocab_size as f64) as u32;
    let mut prompt_ids: Vec<u32> = (0..(prompt + completion) as u64).map(token).collect();
    let completion_ids = prompt_ids.split_off(prompt);
    TrainExample {
        prompt_ids,
        completion_ids,
    }
}

fn training_figures(figures: &StepFigures, steps: usize, on_processor: bool) -> answer::BenchTrain {
    let (per_step, floor) = if on_processor {
        let floor = Floor::Processor {
            floor_cpu_s: figures.floor_s,
            gemm_gflop_per_cpu_s: figures.gemm_gflop_per_s,
        };
        (figures.cpu_s / steps as f64, floor)
    } else {
        let floor = Floor::Card {
            floor_s: figures.floor_s,
            gemm_gflop_per_s: figures.gemm_gflop_per_s,
        };
        (figures.wall_s_per_step, floor)
    };
    answer::BenchTrain {
        cpu_s_per_step: figures.cpu_s_per_step,
        wall_s_per_step: figures.wall_s_per_step,
        cpu_s: figures.cpu_s,
        tokens: figures.tokens,
        tokens_per_s: figures.tokens as f64 / steps as f64 / figures.wall_s_per_step,
        peak_rss_bytes: peak_rss_bytes(),
        floor_share: figures.floor_s / per_step,
        threads: 0,
        steps,
        loss: figures.loss,
        floor,
        peak_device_bytes: None,
    }
}

pub(super) fn describe(figures: &answer::BenchTrain) -> String {
    let (floor, gemm, seconds) = match figures.floor {
        Floor::Processor {
            floor_cpu_s,
            gemm_gflop_per_cpu_s,
        } => (floor_cpu_s, gemm_gflop_per_cpu_s, "processor-second"),
        Floor::Card {
            floor_s,
            gemm_gflop_per_s,
        } => (floor_s, gemm_gflop_per_s, "second"),
    };
    let card = figures.peak_device_bytes.map_or(String::new(), |bytes| {
        format!(" Of the card: {:.0} MB.", bytes as f64 / 1e6)
    });
    format!(
        "An update: {:.3} s wall-clock, {:.3} processor-seconds, {:.0} tokens/s.\n\
         Its matrix products alone would take {floor:.3} {seconds}s at {gemm:.0} GFLOP per {seconds}: \
         {:.0} % of the time is theirs.\nPeak memory: {:.0} MB.{card} Threads: {}. Updates: {}.",
        figures.wall_s_per_step,
        figures.cpu_s_per_step,
        figures.tokens_per_s,
        100.0 * figures.floor_share,
        figures.peak_rss_bytes as f64 / 1e6,
        figures.threads,
        figures.steps,
    )
}

fn score(global: &Global, args: &BenchScore, output: &Output) -> Done {
    note(&format!("Random weights of shape {} …", args.shape));
    let decoder = random_decoder(args.shape.config()?, Quantize::None)?;
    let example = |key: u64| random_example(&decoder, key, args.prompt, args.completion);
    let examples = (0..args.items as u64).map(example).collect();
    let work = ScoreWork {
        examples,
        rank: args.rank,
        budget_tokens: args.budget_tokens,
    };
    let figures = scoring(&decoder, &work, &clock())?;
    let tokens = figures.tokens as f64;
    let (rate, forward) = (tokens / figures.cpu_s, tokens / figures.forward_cpu_s);
    let (rate_s, forward_s) = (tokens / figures.wall_s, tokens / figures.forward_wall_s);
    output.text(format!(
        "Scoring: {rate:.0} tokens per processor-second, {rate_s:.0} a second. Training's forward pass: {forward:.0} and \
         {forward_s:.0}. Share: {:.0} % and {:.0} %.",
        100.0 * rate / forward,
        100.0 * rate_s / forward_s,
    ));
    output.result(&answer::BenchScore {
        shape: args.shape.as_str(),
        items: args.items,
        prompt_tokens: args.prompt,
        completion_tokens: args.completion,
        tokens: figures.tokens,
        tokens_per_s: rate_s,
        tokens_per_cpu_s: rate,
        forward_tokens_per_s: forward_s,
        forward_tokens_per_cpu_s: forward,
        share_of_forward: rate / forward,
        threads: global.threads(),
        peak_rss_bytes: peak_rss_bytes(),
    });
    Ok(ExitCode::SUCCESS)
}

fn generate(global: &Global, args: &BenchGenerate, device: &Device, output: &Output) -> Done {
    let memory = CardMemory::watch(global.device);
    let dense = if device.is_cuda() {
        Weights::Bf16
    } else {
        Weights::F32
    };
    let usual = [dense, Weights::Q8_0];
    let asked = match args.quant.is_empty() {
        true => &usual[..],
        false => &args.quant,
    };
    let mut rows = Vec::new();
    for &weights in asked {
        let quant = weights.as_str();
        note(&format!(
            "Random weights of shape {} in {quant} …",
            args.shape
        ));
        let (blocks, place) = place_of(Some(weights), device);
        let decoder = random_decoder_on(args.shape.config()?, blocks, &place)?;
        for &batch in &args.batch {
            let work = DecodeWork {
                batch_size: batch,
                prompt_tokens: args.prompt,
                new_tokens: args.new,
            };
            let figures = decode(&decoder, &work, &clock())?;
            rows.push(BenchGenerateRow {
                batch,
                quant,
                tokens_per_s: figures.tokens_per_s,
                tokens_per_cpu_s: figures.tokens_per_cpu_s,
                prefill_tokens_per_cpu_s: figures.prefill_tokens_per_cpu_s,
                product_share: place.is_host().then_some(figures.product_share),
            });
        }
    }
    output.text(generate_table(&rows).to_string());
    output.result(&answer::BenchGenerate {
        shape: args.shape.as_str(),
        rows,
        threads: global.threads(),
        prompt_tokens: args.prompt,
        new_tokens: args.new,
        peak_rss_bytes: peak_rss_bytes(),
        peak_device_bytes: memory.as_ref().map(CardMemory::peak_bytes),
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn generate_table(rows: &[BenchGenerateRow]) -> Table {
    let mut table = Table::new(&[
        "weights",
        "batch",
        "tokens/s",
        "tokens/CPU-s",
        "prompt tokens/CPU-s",
        "products",
    ]);
    for row in rows {
        table.row(vec![
            row.quant.to_owned(),
            row.batch.to_string(),
            format!("{:.1}", row.tokens_per_s),
            format!("{:.1}", row.tokens_per_cpu_s),
            format!("{:.1}", row.prefill_tokens_per_cpu_s),
            row.product_share
                .map_or_else(|| "–".to_owned(), |share| format!("{share:.2}")),
        ]);
    }
    table
}

/// What was measured at a size, and what is counted of it.
struct Measured {
    what: &'static str,
    amount: usize,
    cpu_s: f64,
    peak_bytes: u64,
    flops: f64,
    planned_bytes: u64,
}

/// Every size in turn: measured, and expected from the first of its series by its operations and the plan's count of
/// memory.
fn growth(global: &Global, args: &BenchGrowth, output: &Output) -> Done {
    let mut rows = Vec::new();
    let of_updates = |series: &Vec<Size>| -> Result<Vec<Measured>, Failure> {
        series
            .iter()
            .map(|size| measured_size(global, size))
            .collect()
    };
    let mut measured: Vec<Vec<Measured>> = sizes(args.examples)?
        .iter()
        .map(of_updates)
        .collect::<Result<_, _>>()?;
    measured.push(
        candidates()
            .iter()
            .map(measured_candidates)
            .collect::<Result<_, _>>()?,
    );
    for series in &measured {
        for size in series {
            // Every measurement includes what the program takes besides the engine.
            let beside = series[0].peak_bytes.saturating_sub(series[0].planned_bytes);
            rows.push(BenchGrowthRow {
                what: size.what,
                amount: size.amount,
                cpu_s: size.cpu_s,
                expected_cpu_s: series[0].cpu_s * size.flops / series[0].flops,
                peak_rss_bytes: size.peak_bytes,
                expected_peak_rss_bytes: size.planned_bytes + beside,
            });
        }
    }
    output.text(growth_table(&rows).to_string());
    output.result(&answer::BenchGrowth {
        rows,
        threads: global.threads(),
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn growth_table(rows: &[BenchGrowthRow]) -> Table {
    let mut table = Table::new(&[
        "what",
        "amount",
        "CPU-s",
        "expected",
        "peak memory",
        "expected",
    ]);
    let megabytes = |bytes: u64| format!("{:.0} MB", bytes as f64 / 1e6);
    for row in rows {
        table.row(vec![
            row.what.to_owned(),
            row.amount.to_string(),
            format!("{:.3}", row.cpu_s),
            format!("{:.3}", row.expected_cpu_s),
            megabytes(row.peak_rss_bytes),
            megabytes(row.expected_peak_rss_bytes),
        ]);
    }
    table
}

fn measured_size(global: &Global, size: &Size) -> Result<Measured, Failure> {
    note(&format!("{}: {} …", size.what, size.amount));
    reset_peak();
    let decoder = random_decoder(size.config.clone(), Quantize::None)?;
    let example = |key| random_example(&decoder, key, 1, size.seq - 1);
    let work = StepWork {
        material: Material::Examples((0..size.examples as u64).map(example).collect()),
        batch_size: size.batch,
        rank: 16,
        budget: 4096.into(),
        warmup_steps: 1,
        steps: size.steps,
    };
    let figures = step(&decoder, &work, &clock())?;
    Ok(Measured {
        what: size.what,
        amount: size.amount,
        cpu_s: figures.cpu_s_per_step,
        peak_bytes: peak_rss_bytes(),
        flops: size.flops(&work),
        planned_bytes: size.bytes(&work, global.threads()),
    })
}

fn measured_candidates(candidates: &Candidates) -> Result<Measured, Failure> {
    let what = "candidates of a prompt";
    note(&format!("{what}: {} …", candidates.amount));
    reset_peak();
    let decoder = random_decoder(Shape::M7.config()?, Quantize::None)?;
    Ok(Measured {
        what,
        amount: candidates.amount,
        cpu_s: candidates.sample(&decoder, &clock())?,
        peak_bytes: peak_rss_bytes(),
        flops: candidates.flops(&decoder.config),
        planned_bytes: candidates.bytes(&decoder.config),
    })
}

/// One call a line.
fn write_calls(file: &Path, calls: &[Value]) -> Result<(), Failure> {
    let lines: String = calls.iter().map(|call| format!("{call}\n")).collect();
    let fix = "Name a file in a folder that exists and may be written to.";
    std::fs::write(file, lines)
        .map_err(|error| Failure::file(file, None, format!("cannot be written: {error}"), fix))
}

/// In a workspace of its own, which is removed once the figures are ready.
fn pipeline(global: &Global, args: &BenchPipeline, output: &Output) -> Done {
    let folder = std::env::temp_dir().join(format!("duologue-bench-{}", std::process::id()));
    let measured = measured_run(global, args, &folder, output);
    // Nothing is left behind, whether it succeeded or not; what cannot be removed is a temporary folder.
    let _kept = std::fs::remove_dir_all(&folder);
    let figures = match measured {
        Err(Failure::Mrds(mrds::Error::Interrupted { .. })) => {
            output.text(
                "Stopped; nothing is kept of a measurement. Give the same command again to begin anew.",
            );
            output.result(&BenchStopped { status: "stopped" });
            return Ok(ExitCode::from(INTERRUPTED));
        }
        measured => measured?,
    };
    if let Some(file) = &args.calls {
        write_calls(file, &figures.calls)?;
    }
    output.text(pipeline_text(&figures));
    output.result(&answer::BenchPipeline {
        figures,
        threads: global.threads(),
        seed: args.seed,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn pipeline_text(figures: &PipelineFigures) -> String {
    let mut table = Table::new(&["stage", "seconds", "CPU-seconds", "tokens", "peak memory"]);
    for stage in &figures.stages {
        table.row(vec![
            stage.name.to_string(),
            format!("{:.1}", stage.wall_s),
            format!("{:.1}", stage.cpu_s),
            stage.tokens.to_string(),
            format!("{:.0} MB", stage.peak_rss_bytes as f64 / 1e6),
        ]);
    }
    let shares: Vec<String> = figures
        .shares
        .iter()
        .map(|(work, share)| format!("{work} {:.1} %", 100.0 * share))
        .collect();
    format!(
        "{table}\nAll: {:.1} s, {:.1} processor-seconds, {} tokens.\nOf the processor time: {}.",
        figures.wall_s,
        figures.cpu_s,
        figures.tokens,
        shares.join(", "),
    )
}

fn measured_run(
    global: &Global,
    args: &BenchPipeline,
    folder: &Path,
    output: &Output,
) -> Result<PipelineFigures, Failure> {
    let stop = process::stop_flag("Stopping. Press Ctrl-C again to stop at once.");
    let progress = Progress::new(output);
    let asked = process::worker(&stop, &progress)?;
    let request = RunRequest {
        dataset: "bench".into(),
        model: args.model.clone(),
        recipe: pipeline_recipe()?,
        typed: Typed::BOTH,
        seed: args.seed,
        device: global.device,
        threads: u32::try_from(global.threads()).unwrap_or(u32::MAX),
        // What is measured does not depend on what else is running.
        memory_free_bytes: None,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        within: None,
        kept: Vec::new(),
    };
    let session = Session::open(folder)?;
    let figures = bench::pipeline(&session, &args.data, request, &asked, args.calls.is_some());
    progress.finish();
    Ok(figures?)
}
