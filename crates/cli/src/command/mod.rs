//! One file per group of commands; each turns arguments into calls of the session and prints what comes back.

mod data;
mod engine;
mod models;
mod runs;
mod work;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use mrds::recipe::{Preset, Recipe};
use mrds::session::Session;
use serde::de::DeserializeOwned;

use crate::args::{Args, Command, Global, RecipeChoice};
use crate::failure::Failure;
use crate::output::Output;

pub(crate) type Done = Result<ExitCode, Failure>;

/// Carries out the command.
pub(crate) fn run(args: &Args, output: &Output) -> Done {
    let global = &args.global;
    match &args.command {
        Command::Import(import) => data::import(global, import, output),
        Command::Datasets(datasets) => data::datasets(global, datasets, output),
        Command::Format(format) => data::format(global, format, output),
        Command::Recipe(recipe) => data::recipe(&recipe.choice, recipe.print, output),
        Command::Run(run) => work::run(global, run, output),
        Command::Resume(resume) => work::resume(global, resume, output),
        Command::Worker(worker) => work::worker(global, worker, output),
        Command::Runs => runs::runs(global, output),
        Command::Show(show) => runs::show(global, show, output),
        Command::Pause(pause) => runs::pause(global, &pause.run, output),
        Command::Cancel(cancel) => runs::cancel(global, cancel, output),
        Command::Evaluate(evaluate) => runs::evaluate(global, evaluate, output),
        Command::Score(score) => engine::score(global, score, output),
        Command::Generate(generate) => engine::generate(global, generate, output),
        Command::Summarize(summarize) => engine::summarize(global, summarize, output),
        Command::Export(export) => engine::export(global, export, output),
        Command::Models(models) => models::models(global, &models.action, output),
        Command::Doctor => models::doctor(global, output),
    }
}

/// The workspace of this call.
fn workspace(global: &Global) -> Result<PathBuf, Failure> {
    if let Some(folder) = &global.workspace {
        return Ok(folder.clone());
    }
    mrds::session::default_workspace().ok_or_else(|| {
        Failure::usage(
            "this machine names no folder for application data",
            "Name a workspace with --workspace DIR.",
        )
    })
}

fn session(global: &Global) -> Result<Session, Failure> {
    Ok(Session::open(&workspace(global)?)?)
}

fn parse<T: std::str::FromStr<Err = String>>(option: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|reason| Failure::usage(format!("{option}: {reason}"), "Choose one of those."))
}

/// The recipe that the options describe: file or preset, then each `--set`.
fn recipe(choice: &RecipeChoice) -> Result<Recipe, Failure> {
    let mut recipe = match (&choice.recipe, &choice.preset) {
        (Some(path), _) => Recipe::from_toml(&read_text(path)?)?,
        (None, Some(name)) => Recipe::preset(parse::<Preset>("--preset", name)?),
        (None, None) => Recipe::default(),
    };
    for assignment in &choice.set {
        recipe.set(assignment)?;
    }
    Ok(recipe)
}

fn read_text(path: &Path) -> Result<String, Failure> {
    let file = Some(path.display().to_string());
    std::fs::read_to_string(path).map_err(|error| Failure::Usage {
        message: format!("cannot read {}: {error}", path.display()),
        fix: "Check the path, and that the file is UTF-8 text.".into(),
        file,
        row: None,
    })
}

/// Every line of a JSONL file as `T`; blank lines are passed over.
fn read_lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let text = read_text(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let parsed = lines.map(|(index, line)| {
        serde_json::from_str(line).map_err(|error| Failure::Usage {
            message: format!("{}, line {}: {error}", path.display(), index + 1),
            fix: "Correct the line: one JSON object per line.".into(),
            file: Some(path.display().to_string()),
            row: Some(index + 1),
        })
    });
    let items: Vec<T> = parsed.collect::<Result<_, _>>()?;
    if items.is_empty() {
        return Err(Failure::Usage {
            message: format!("{} has no lines", path.display()),
            fix: "Give a file with one JSON object per line.".into(),
            file: Some(path.display().to_string()),
            row: None,
        });
    }
    Ok(items)
}
