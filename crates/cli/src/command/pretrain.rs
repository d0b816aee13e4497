//! pretrain: all weights of a small model, from random numbers or from a model folder, on your own text.

use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::{DeviceChoice, RunStatus};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lm::device::Place;
use lm::files::export::write_side_files;
use lm::pretrain::{
    Document, Evaluation, Observer, PretrainConfig, PretrainState, Shape, Step, create,
    pretrain as train, windows,
};
use lm::train::{Budget, TrainExample};
use lm::{
    Checkpoint, DType, Error as LmError, LanguageModel, Message, Quantize, device, file_sha256,
    random,
};
use serde::{Deserialize, Serialize};

use super::engine::ChatMessage;
use super::{Done, quoted, read_lines, read_text};
use crate::answer::{PretrainLine, PretrainPaused, Pretrained};
use crate::args::{Global, Pretrain, PretrainSettings};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Output, note};
use crate::process::stop_flag;

/// What is kept in the model's folder while it is trained.
const SETTINGS: &str = "pretrain.json";
const STATE: &str = "pretrain.safetensors";
const MODEL: &str = "model.safetensors";

/// One document in this many is held out for validation, and at most this many windows.
const HELD_OUT: usize = 50;
const MAX_VALIDATION_WINDOWS: usize = 400;

const WARMUP_UPDATES: usize = 50;
const BUDGET_TOKENS: usize = 8192;

/// Settings with the digests of what was read.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    settings: PretrainSettings,
    corpus_sha256: Vec<String>,
}

pub(super) fn pretrain(global: &Global, args: &Pretrain, output: &Output) -> Done {
    let kept = if args.resume {
        resumed(args)?
    } else {
        begun(args)?
    };
    let settings = &kept.settings;
    let documents = read(&settings.corpus)?;
    if !args.resume {
        make(&args.out, settings, &documents)?;
        write_settings(&args.out, &kept)?;
    }
    // All weights are trained here, and f32 is what small steps add up in.
    let place = Place {
        device: device::select(global.device)?,
        dtype: DType::F32,
    };
    let mut model = LanguageModel::load_placed(&args.out, Quantize::None, &place)?;
    let (training, validation) = split(&model, settings, documents)?;
    let tokens: usize = training
        .iter()
        .map(|window| 1 + window.completion_ids.len())
        .sum();
    note(&format!(
        "{:.1} million weights, {tokens} tokens in {} windows; validation on {}.",
        model.parameters as f64 / 1e6,
        training.len(),
        validation.len()
    ));
    let mut state = PretrainState::of_model(&model)?;
    let file = args.out.join(STATE);
    if args.resume {
        state = PretrainState::load(&file, state.parameters.elem_count(), &model.decoder.device)?;
    }
    let stop = stop_flag("Stopping: saving a checkpoint. Press Ctrl-C again to stop at once.");
    let mut watch = Watch {
        output,
        bar: bar(),
        file: &file,
        stop: &stop,
    };
    let outcome = train(
        &mut model,
        &training,
        &validation,
        &config(settings),
        &mut state,
        &mut watch,
    );
    watch.bar.finish_and_clear();
    match outcome {
        Err(LmError::Interrupted) => Ok(paused(&args.out, &state, output)),
        Err(error) => Err(error.into()),
        Ok(outcome) => {
            state.write_model(&model, !settings.f32, &args.out.join(MODEL))?;
            // The model is complete now; what only training needed would just take up space.
            fs::remove_file(&file).map_err(|error| LmError::io(&file, error))?;
            let place = outcome.place;
            output.text(format!(
                "Trained: {} updates, {} tokens, {:.0} s. Validation loss {:.3} nats a token.\nUse it: --model {}",
                place.update,
                place.tokens,
                place.wall_s,
                outcome.val_loss,
                args.out.display()
            ));
            output.result(&Pretrained {
                out: &args.out,
                updates: place.update,
                tokens: place.tokens,
                val_loss: outcome.val_loss,
                wall_s: place.wall_s,
                parameters: model.parameters,
                seed: settings.seed,
            });
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn paused(out: &Path, state: &PretrainState, output: &Output) -> ExitCode {
    let resume = format!(
        "duologue pretrain --out {} --resume",
        quoted(&out.display().to_string())
    );
    output.text(format!(
        "Paused after {} updates. To go on: {resume}",
        state.place.update
    ));
    output.result(&PretrainPaused {
        status: RunStatus::Paused,
        resume: &resume,
        updates: state.place.update,
        tokens: state.place.tokens,
        wall_s: state.place.wall_s,
    });
    ExitCode::from(INTERRUPTED)
}

/// The settings of a new training; refused if the folder already contains something.
fn begun(args: &Pretrain) -> Result<Kept, Failure> {
    let holds = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
    if holds(&args.out) {
        let fix = "Name another folder with --out, or go on with --resume what was begun there.";
        return Err(Failure::file(&args.out, None, "is not empty", fix));
    }
    let settings = &args.settings;
    let positive = settings.epochs > 0.0
        && settings.minutes.is_none_or(|minutes| minutes > 0.0)
        && settings.updates != Some(0);
    if !positive || settings.batch_tokens == 0 || settings.eval_every == 0 {
        let fix = "Give --epochs, --minutes, --updates, --batch-tokens and --eval-every above 0.";
        return Err(Failure::usage("a training of no length", fix));
    }
    Ok(Kept {
        settings: settings.clone(),
        corpus_sha256: digests(&settings.corpus)?,
    })
}

/// The settings that a training began with, for the same text.
fn resumed(args: &Pretrain) -> Result<Kept, Failure> {
    let file = args.out.join(SETTINGS);
    let text = read_text(&file)?;
    let kept: Kept = serde_json::from_str(&text).map_err(|error| {
        Failure::file(
            &file,
            None,
            error.to_string(),
            "Begin anew in another folder.",
        )
    })?;
    if !args.out.join(STATE).is_file() {
        let fix = format!(
            "Go on from it in another folder: --from {}.",
            quoted(&args.out.display().to_string())
        );
        return Err(Failure::file(
            &args.out,
            None,
            "holds a training that has ended",
            fix,
        ));
    }
    let given = &args.settings.corpus;
    let found = digests(if given.is_empty() {
        &kept.settings.corpus
    } else {
        given
    })?;
    if found != kept.corpus_sha256 {
        let fix = "Bring the text back as it was, or begin anew in another folder.";
        return Err(Failure::file(
            &args.out,
            None,
            "was begun with another corpus",
            fix,
        ));
    }
    Ok(kept)
}

fn digests(files: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let digest = |file: &PathBuf| {
        let unreadable = |error: LmError| {
            Failure::file(file, None, error.to_string(), "Name a file that is there.")
        };
        file_sha256(file).map_err(unreadable)
    };
    files.iter().map(digest).collect()
}

fn write_settings(out: &Path, kept: &Kept) -> Result<(), Failure> {
    let file = out.join(SETTINGS);
    let text = serde_json::to_string_pretty(kept).unwrap_or_default();
    fs::write(&file, text + "\n").map_err(|error| LmError::io(&file, error).into())
}

/// The model's folder before the first update: made new, or another model's files.
fn make(out: &Path, settings: &PretrainSettings, documents: &[Document]) -> Result<(), Failure> {
    let Some(from) = &settings.from else {
        note("Training a tokenizer …");
        let texts: Vec<String> = documents.iter().map(Document::text).collect();
        return Ok(create(out, &shape(settings), &texts, settings.seed)?);
    };
    let model = LanguageModel::load(from, &device::select(DeviceChoice::Cpu)?)?;
    fs::create_dir_all(out).map_err(|error| LmError::io(out, error))?;
    let state = PretrainState::of_model(&model)?;
    let checkpoint = Checkpoint::open(from)?;
    write_side_files(&checkpoint, out)?;
    let (file, config) = (out.join("config.json"), checkpoint.config_json()?);
    fs::write(&file, format!("{config:#}\n")).map_err(|error| LmError::io(&file, error))?;
    Ok(state.write_model(&model, false, &out.join(MODEL))?)
}

fn shape(settings: &PretrainSettings) -> Shape {
    Shape {
        vocab_size: settings.vocab_size,
        hidden_size: settings.hidden_size,
        intermediate_size: settings.intermediate_size,
        num_hidden_layers: settings.layers,
        num_attention_heads: settings.heads,
        num_key_value_heads: settings.kv_heads,
        max_position_embeddings: settings.context,
    }
}

fn config(settings: &PretrainSettings) -> PretrainConfig {
    PretrainConfig {
        lr: settings
            .lr
            .unwrap_or(if settings.from.is_some() { 2e-4 } else { 2e-3 }),
        warmup_updates: WARMUP_UPDATES,
        batch_tokens: settings.batch_tokens,
        max_grad_norm: 1.0,
        budget: Budget::from(BUDGET_TOKENS),
        epochs: settings.epochs,
        max_wall_s: settings.minutes.map(|minutes| 60.0 * minutes),
        max_updates: settings.updates,
        eval_every_updates: settings.eval_every,
        seed: settings.seed,
    }
}

#[derive(Deserialize)]
struct Line {
    text: Option<String>,
    messages: Option<Vec<ChatMessage>>,
}

/// The documents of some files: a line each of JSON Lines, else the whole file.
fn read(files: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    let mut documents = Vec::new();
    for file in files {
        if file
            .extension()
            .is_none_or(|extension| extension != "jsonl")
        {
            documents.push(Document::Text(read_text(file)?));
            continue;
        }
        for (row, line) in read_lines::<Line>(file)? {
            documents.push(match (line.text, line.messages) {
                (Some(text), None) => Document::Text(text),
                (None, Some(messages)) if messages.len() > 1 => Document::Messages(
                    messages
                        .into_iter()
                        .map(|m| Message::new(m.role, m.content))
                        .collect(),
                ),
                _ => {
                    let what = "needs either \"text\" or at least two \"messages\"";
                    return Err(Failure::file(file, Some(row), what, "Correct the line."));
                }
            });
        }
    }
    Ok(documents)
}

/// Windows to learn from and windows to validate on.
fn split(
    model: &LanguageModel,
    settings: &PretrainSettings,
    documents: Vec<Document>,
) -> Result<(Vec<TrainExample>, Vec<TrainExample>), Failure> {
    let limited = |mut windows: Vec<TrainExample>| {
        windows.truncate(MAX_VALIDATION_WINDOWS);
        windows
    };
    if let Some(file) = &settings.validation {
        let validation = windows(model, &read(std::slice::from_ref(file))?)?;
        return Ok((windows(model, &documents)?, limited(validation)));
    }
    if documents.len() < HELD_OUT {
        // A few long texts: their last windows.
        let mut training = windows(model, &documents)?;
        let validation = training.split_off(training.len() - training.len().div_ceil(HELD_OUT));
        return Ok((training, limited(validation)));
    }
    let key = random::key(settings.seed, &[random::label("validation")]);
    let order = random::shuffle(key, documents.len());
    let (validation, learnt) = order.split_at(documents.len() / HELD_OUT);
    let at_places = |places: &[usize]| {
        places
            .iter()
            .map(|place| documents[*place].clone())
            .collect::<Vec<_>>()
    };
    Ok((
        windows(model, &at_places(learnt))?,
        limited(windows(model, &at_places(validation))?),
    ))
}

fn bar() -> ProgressBar {
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let style = ProgressStyle::with_template("{wide_bar} {percent} % {msg}");
    let bar = ProgressBar::with_draw_target(Some(1000), target);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}

/// Shows the training and keeps its state.
struct Watch<'a> {
    output: &'a Output,
    bar: ProgressBar,
    file: &'a Path,
    stop: &'a AtomicBool,
}

impl Observer for Watch<'_> {
    fn step(&mut self, step: &Step) {
        self.bar.set_position((1000.0 * step.progress) as u64);
        self.bar.set_message(format!(
            "update {} loss {:.3} lr {:.1e}",
            step.update, step.loss, step.lr
        ));
        self.output.line(&PretrainLine::Step {
            update: step.update,
            loss: step.loss,
            lr: step.lr,
            tokens: step.tokens,
            progress: step.progress,
        });
    }

    fn evaluated(&mut self, evaluation: &Evaluation) {
        let Evaluation {
            update,
            val_loss,
            sample,
        } = evaluation;
        let line = format!("update {update}: validation loss {val_loss:.3}. It writes: {sample:?}");
        match self.bar.is_hidden() {
            true => note(&line),
            false => self.bar.println(line),
        }
        self.output.line(&PretrainLine::Evaluation {
            update: *update,
            val_loss: *val_loss,
            sample,
        });
    }

    fn checkpoint(&mut self, state: &PretrainState) -> lm::Result<()> {
        state.save(self.file)
    }

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn now_s(&self) -> f64 {
        host::clock::now_s()
    }
}
