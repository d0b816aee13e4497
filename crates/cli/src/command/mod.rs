//! One file per group of commands; each turns arguments into calls of the session and prints what comes back.

mod audit;
mod backup;
mod bench;
mod compare;
mod data;
mod deid;
mod demo;
mod difference;
mod dispute;
mod doctor;
mod download;
mod engine;
mod everyday;
mod experiment;
mod export;
mod figures;
mod forget;
mod login;
mod models;
mod network;
mod pack;
mod plan;
mod pretrain;
mod protect;
mod queue;
mod rating;
mod report;
mod runs;
mod sample;
mod study;
mod work;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contract::DeviceChoice;
use project::recipe::{Recipe, Typed};
use project::session::Session;
use serde::de::DeserializeOwned;

use crate::args::{Args, Command, Global, RecipeChoice};
use crate::failure::Failure;
use crate::output::Output;
use crate::unlock;

pub(crate) type Done = Result<ExitCode, Failure>;

/// Carries out the command.
pub(crate) fn run(args: &Args, output: &Output) -> Done {
    let global = &args.global;
    match &args.command {
        Command::Import(import) => data::import(global, import, output),
        Command::Datasets(datasets) => data::datasets(global, datasets, output),
        Command::Format(format) => data::format(global, format, output),
        Command::Recipe(args) => data::recipe(global, args, output),
        Command::Run(run) => work::run(global, run, output),
        Command::Resume(resume) => work::resume(global, resume, output),
        Command::Worker(worker) => work::worker(global, worker, output),
        Command::Plan(args) => plan::plan(global, args, output),
        Command::Experiment(args) => experiment::experiment(global, &args.action, output),
        Command::Runs => runs::runs(global, output),
        Command::Show(show) => runs::show(global, show, output),
        Command::Report(args) => report::report(global, args, output),
        Command::Diff(args) => difference::difference(global, args, output),
        Command::Label(args) => everyday::label(global, args, output),
        Command::Delete(args) => everyday::delete(global, args, output),
        Command::Queue(args) => queue::queue(global, args, output),
        Command::Pause(pause) => runs::pause(global, &pause.run, output),
        Command::Cancel(cancel) => runs::cancel(global, cancel, output),
        Command::Evaluate(evaluate) => runs::evaluate(global, evaluate, output),
        Command::Deid(args) => deid::deid(global, &args.what, output),
        Command::Audit(args) => audit::audit(global, args, output),
        Command::Score(score) => engine::score(global, score, output),
        Command::Generate(generate) => engine::generate(global, generate, output),
        Command::Summarize(summarize) => engine::summarize(global, summarize, output),
        Command::Demo(args) => demo::demo(global, args, output),
        Command::Export(export) => export::export(global, export, output),
        Command::Study(args) => study::study(global, &args.action, output),
        Command::Sample(args) => sample::sample(global, args, output),
        Command::Pack(args) => export::pack(global, args, output),
        Command::Unpack(args) => export::unpack(global, args, output),
        Command::Models(models) => models::models(global, &models.action, output),
        Command::Pretrain(args) => pretrain::pretrain(global, args, output),
        Command::Protect(args) => protect::protect(global, args, output),
        Command::Unprotect(args) => protect::unprotect(global, args, output),
        Command::Key(args) => protect::key(global, &args.action, output),
        Command::Backup(args) => backup::backup(global, args, output),
        Command::Restore(args) => backup::restore(global, args, output),
        Command::Forget(args) => forget::forget(global, args, output),
        Command::Network(args) => network::network(global, &args.action, output),
        Command::Doctor => doctor::doctor(global, output),
        Command::Bench(args) => bench::bench(global, &args.what, output),
    }
}

/// The workspace of this call.
fn workspace(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(folder) = &global.workspace {
        return Ok(folder.clone());
    }
    host::folder::default_workspace().ok_or_else(|| {
        Failure::usage(
            "this machine names no folder for application data",
            "Name a workspace with --workspace DIR.",
        )
    })
}

/// Memory that a model on `device` can still take, in bytes: the card's own, else this machine's.
fn memory_free_bytes(device: DeviceChoice) -> Option<u64> {
    let of_machine = || Some(host::machine::memory()?.free_bytes);
    lm::device::memory_free_bytes(device).or_else(of_machine)
}

fn session(global: &Global) -> Result<Session, Failure> {
    let folder = workspace(global)?;
    let key = unlock::key(global, &folder)?;
    Ok(Session::open_with(&folder, key.as_ref())?)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// The recipe that the options describe: file or preset, then each `--set`; and which of its sizes somebody typed.
fn recipe(choice: &RecipeChoice) -> Result<(Recipe, Typed), Failure> {
    let (mut recipe, mut typed) = match (&choice.recipe, &choice.preset) {
        (Some(path), _) => {
            let text = read_text(path)?;
            let recipe = Recipe::from_toml(&text).map_err(|error| Failure::In {
                file: path.display().to_string(),
                row: None,
                error: Box::new(error.into()),
            })?;
            (recipe, Typed::of_toml(&text))
        }
        (None, Some(preset)) => (Recipe::preset(*preset), Typed::of_preset(*preset)),
        (None, None) => (Recipe::default(), Typed::default()),
    };
    for assignment in &choice.set {
        recipe.set(assignment)?;
        let field = assignment.split('=').next().unwrap_or_default();
        typed = typed.and_field(field.trim());
    }
    Ok((recipe, typed))
}

/// Fields of the recipe that somebody typed: they are not given up to end in time.
fn typed_fields(choice: &RecipeChoice, sizes: &[(&str, bool)]) -> Vec<String> {
    let set = choice.set.iter().filter_map(|set| set.split('=').next());
    let given = sizes.iter().filter(|(_, is_given)| *is_given);
    set.map(|field| field.trim().to_owned())
        .chain(given.map(|(field, _)| (*field).to_owned()))
        .collect()
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Failure::file(
            path,
            None,
            "there is no such file",
            "Check the name and the folder.",
        ),
        _ => Failure::file(
            path,
            None,
            error,
            "Name a file, and check that you are allowed to read it.",
        ),
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let row = 1 + error.as_bytes()[..good]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Failure::file(
            path,
            Some(row),
            format!("byte {good} is not UTF-8 text"),
            "Save the file as UTF-8.",
        )
    })
}

/// Every line of a JSONL file as `T`, with its number from 1; blank lines are passed over.
fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<(usize, T)>, Failure> {
    let text = read_text(path)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let lines = text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty());
    let parsed = lines.map(|(line, row)| match serde_json::from_str(line) {
        Ok(item) => Ok((row, item)),
        Err(error) => {
            // The parser counts lines within the line; its column is what helps.
            let reason = error
                .to_string()
                .replace(" at line 1 column ", ", at character ");
            Err(Failure::file(
                path,
                Some(row),
                reason,
                "Correct the line: one JSON object per line.",
            ))
        }
    });
    let items: Vec<(usize, T)> = parsed.collect::<Result<_, _>>()?;
    if items.is_empty() {
        let fix = "Give a file with one JSON object per line.";
        return Err(Failure::file(path, None, "the file has no lines", fix));
    }
    Ok(items)
}

#[cfg(test)]
mod tests;
