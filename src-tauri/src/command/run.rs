//! Runs: recipe, start, resume, pause and cancel, and the watcher.

use std::io::Cursor;

use contract::{Control, Plan, Preset, RunId, StageForecast, StageName, Started, System};
use host::clock::now_ms;
use host::process::liveness;
use project::recipe::Recipe;
use serde::de::IgnoredAny;
use serde_json::Value;
use tauri::State;
use tauri::ipc::Channel;

use crate::dto::{LogPage, RecipeField, RunRequest, RunSummary, WatchUpdate};
use crate::error::Answer;
use crate::log;
use crate::place::Place;
use crate::run_state::Runs;
use crate::watch::Watcher;
use crate::worker;

/// Every setting of a preset with its sentence.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn recipe_fields(preset: Preset) -> Answer<Vec<RecipeField>> {
    let field = |field: project::recipe::Field| RecipeField {
        key: field.key.to_owned(),
        value: setting_text(&field.value),
        default: setting_text(&field.default),
        shape: field.shape,
        doc: field.doc,
        source: field.source,
    };
    Ok(Recipe::preset(preset)
        .fields()?
        .into_iter()
        .map(field)
        .collect())
}

/// The runs, newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn runs(place: State<'_, Place>) -> Answer<Vec<RunSummary>> {
    Runs::new(place.session()?).all()
}

/// What a run would take on this machine; stores nothing.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn plan(place: State<'_, Place>, request: RunRequest) -> Answer<Plan> {
    worker::ask(&place, &plan_arguments(&request))
}

/// Starts a run's worker, which goes on without the window; or has it wait in the queue until the run at work has ended.
/// What the plan gave each stage is kept: the window uses it to tell the time left. Returns the run's id.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn start_run(
    place: State<'_, Place>,
    request: RunRequest,
    queue: bool,
    forecast: Vec<StageForecast>,
) -> Answer<RunId> {
    let started: Started = worker::ask(&place, &run_arguments(&request, queue))?;
    let seconds = forecast
        .into_iter()
        .map(|stage| (stage.name, stage.seconds))
        .collect();
    place.session()?.keep_forecast(&started.run, &seconds)?;
    Ok(started.run)
}

/// Continues a run, or carries out only the named stages; now, or when its turn comes.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn resume_run(
    place: State<'_, Place>,
    run: RunId,
    from: Option<StageName>,
    until: Option<StageName>,
    queue: bool,
) -> Answer<()> {
    let mut arguments = vec!["resume".to_owned(), run.into(), when(queue)];
    push_window(&mut arguments, from, until);
    worker::ask::<IgnoredAny>(&place, &arguments).map(drop)
}

/// Has a run compare more systems: what it has stays, and only what is new is computed; now, or when its turn comes.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn add_systems(
    place: State<'_, Place>,
    run: RunId,
    systems: Vec<System>,
    queue: bool,
) -> Answer<()> {
    let arguments = adding_arguments(run, &systems, queue);
    worker::ask::<IgnoredAny>(&place, &arguments).map(drop)
}

/// Asks a run's worker to pause, to stop, or to stop and throw the started stage away.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn control_run(place: State<'_, Place>, run: RunId, action: Control) -> Answer<()> {
    place
        .session()?
        .control(&run, action, now_ms(), &liveness)?;
    Ok(())
}

/// Moves a run of the queue, 0 being the next.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn move_queued(place: State<'_, Place>, run: RunId, to: u32) -> Answer<()> {
    Ok(place.session()?.move_queued(&run, to as usize)?)
}

/// Takes a run off the queue.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn remove_queued(place: State<'_, Place>, run: RunId) -> Answer<()> {
    Ok(place.session()?.remove_queued(&run)?)
}

/// Holds the queue back; or lets it go, and starts the next run if none is running.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn hold_queue(place: State<'_, Place>, hold: bool) -> Answer<()> {
    if hold {
        return Ok(place.session()?.hold_queue(true)?);
    }
    go_on(&place)
}

/// The log of a run from `offset` on, a piece at a time.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn run_log(place: State<'_, Place>, run: RunId, offset: f64) -> Answer<LogPage> {
    let session = place.session()?;
    // The id of a run that exists names its file.
    let file = session.log_of(&session.run(&run)?.id);
    match session.sealed_log(&file)? {
        None => log::read(&file, offset as u64),
        Some(log) => log::read_from(&file, Cursor::new(log), offset as u64),
    }
}

/// Has the next run of the queue begin.
fn go_on(place: &Place) -> Answer<()> {
    worker::ask::<IgnoredAny>(place, &["queue".to_owned(), "--go".to_owned()]).map(drop)
}

/// Sends what changes about the job in progress and about one run, at most twice a second. Replaces the watcher
/// before it.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn watch(
    place: State<'_, Place>,
    watcher: State<'_, Watcher>,
    run: Option<RunId>,
    on_update: Channel<WatchUpdate>,
) -> Answer<()> {
    let runs = Runs::new(place.session()?);
    if let Some(run) = &run {
        runs.live(run)?;
    }
    let place = Place::clone(&place);
    watcher.start(runs, run, on_update, move || {
        // The page says that the worker has gone, and offers to go on by hand.
        let _not_begun = go_on(&place);
    });
    Ok(())
}

/// Now or in its turn.
fn when(queue: bool) -> String {
    if queue { "--queue" } else { "--detach" }.to_owned()
}

fn run_arguments(request: &RunRequest, queue: bool) -> Vec<String> {
    let mut arguments = vec!["run".to_owned(), when(queue)];
    push_choice(&mut arguments, request);
    arguments.extend(["--seed".to_owned(), request.seed.to_string()]);
    push_window(&mut arguments, request.from, request.until);
    arguments
}

fn adding_arguments(run: RunId, systems: &[System], queue: bool) -> Vec<String> {
    let names: Vec<&str> = systems.iter().map(|system| system.as_str()).collect();
    vec![
        "resume".to_owned(),
        run.into(),
        when(queue),
        "--add".to_owned(),
        names.join(","),
    ]
}

fn plan_arguments(request: &RunRequest) -> Vec<String> {
    let mut arguments = vec!["plan".to_owned()];
    push_choice(&mut arguments, request);
    arguments
}

/// Data, model and recipe.
fn push_choice(arguments: &mut Vec<String>, request: &RunRequest) {
    let named = [
        ("--dataset", request.dataset.as_str()),
        ("--model", &request.model),
        ("--preset", request.preset.as_str()),
        ("--device", &request.device),
    ];
    arguments.extend(
        named
            .into_iter()
            .flat_map(|(flag, value)| [flag.to_owned(), value.to_owned()]),
    );
    if let Some(within) = &request.within {
        arguments.extend(["--within".to_owned(), within.clone()]);
    }
    for change in &request.changes {
        arguments.extend([
            "--set".to_owned(),
            format!("{}={}", change.key, change.value),
        ]);
    }
}

fn push_window(arguments: &mut Vec<String>, from: Option<StageName>, until: Option<StageName>) {
    for (flag, stage) in [("--from", from), ("--until", until)] {
        if let Some(stage) = stage {
            arguments.extend([flag.to_owned(), stage.to_string()]);
        }
    }
}

/// A value as it is written after `--set key=`.
fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::Change;

    #[test]
    fn what_is_shown_can_be_set_again() {
        for field in recipe_fields(Preset::Default).unwrap() {
            let mut recipe = Recipe::preset(Preset::Default);
            recipe
                .set(&format!("{}={}", field.key, field.value))
                .unwrap();
            assert_eq!(recipe, Recipe::preset(Preset::Default), "{}", field.key);
        }
    }

    #[test]
    fn systems_are_added_to_a_run_by_their_names() {
        let systems = [System::BestOfK, System::SftSynthetic];
        assert_eq!(
            adding_arguments("r-1".into(), &systems, true).join(" "),
            "resume r-1 --queue --add best_of_k,sft_synthetic"
        );
    }

    #[test]
    fn a_request_becomes_the_command_line() {
        let request = RunRequest {
            dataset: "d".into(),
            model: "/m".into(),
            preset: Preset::Small,
            changes: vec![Change {
                key: "shots".into(),
                value: "8".into(),
            }],
            seed: 3,
            device: "cuda:1".into(),
            within: Some("45m".into()),
            from: None,
            until: Some(StageName::Summaries),
        };
        let expected = "run --detach --dataset d --model /m --preset small --device cuda:1 --within 45m --set shots=8 --seed 3 --until summaries";
        assert_eq!(run_arguments(&request, false).join(" "), expected);
        assert_eq!(
            run_arguments(&request, true).join(" "),
            expected.replace("--detach", "--queue")
        );
        let expected =
            "plan --dataset d --model /m --preset small --device cuda:1 --within 45m --set shots=8";
        assert_eq!(plan_arguments(&request).join(" "), expected);
    }
}
