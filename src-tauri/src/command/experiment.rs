//! Experiments: the list, what a new one would take, and steering one at work. Cells are runs of the queue, so they go
//! on whether or not the window is open.

use contract::{
    ExperimentAction, ExperimentName, ExperimentPlan, ExperimentPreset, ExperimentReport,
    ExperimentSummary, FileAction,
};
use host::clock::now_ms;
use host::process::liveness;
use project::experiment::kept::Now;
use project::experiment::preset::{Filling, described, filled};
use project::within::Within;
use serde::de::IgnoredAny;
use tauri::State;

use super::count;
use crate::dto::{ExperimentRequest, PresetExperiment};
use crate::error::Answer;
use crate::place::Place;
use crate::worker;

/// Folder of the workspace that holds the file of a new experiment, and that file.
const FOLDER: &str = "experiments";
const DRAFT: &str = "new.toml";

fn now() -> Now<'static> {
    Now {
        now_ms: now_ms(),
        liveness: &liveness,
    }
}

/// The experiments, newest first.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn experiments(place: State<'_, Place>) -> Answer<Vec<ExperimentSummary>> {
    Ok(place.session()?.experiments(now())?)
}

/// Everything about an experiment, as far as its cells are done.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn experiment(
    place: State<'_, Place>,
    name: ExperimentName,
) -> Answer<ExperimentReport> {
    Ok(place.session()?.experiment_report(&name, now())?)
}

/// The experiments that come with Duologue.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn experiment_presets() -> Answer<Vec<PresetExperiment>> {
    let preset = |preset: &ExperimentPreset| -> Answer<PresetExperiment> {
        let spec = described(*preset)?;
        let arms = project::experiment::grid::arms(&spec)?;
        Ok(PresetExperiment {
            preset: *preset,
            seeds: count(spec.seeds.list().len()),
            arms: count(arms.len()),
            unknown: arms.into_iter().flat_map(|arm| arm.unknown).next(),
        })
    };
    ExperimentPreset::ALL.iter().map(preset).collect()
}

/// What a new experiment would take.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn plan_experiment(
    place: State<'_, Place>,
    request: ExperimentRequest,
) -> Answer<ExperimentPlan> {
    let file = draft(&place, &request)?;
    worker::ask(&place, &arguments("plan", &file))
}

/// Creates the runs of a new experiment, and puts them in the queue.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn start_experiment(place: State<'_, Place>, request: ExperimentRequest) -> Answer<()> {
    let file = draft(&place, &request)?;
    let mut arguments = arguments("run", &file);
    arguments.push("--detach".to_owned());
    worker::ask::<IgnoredAny>(&place, &arguments).map(drop)
}

/// Resumes, pauses, stops or removes an experiment.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn steer_experiment(
    place: State<'_, Place>,
    name: ExperimentName,
    action: ExperimentAction,
) -> Answer<()> {
    let session = place.session()?;
    match action {
        ExperimentAction::Resume => {
            let mut arguments = arguments("resume", &name);
            arguments.push("--detach".to_owned());
            worker::ask::<IgnoredAny>(&place, &arguments).map(drop)
        }
        ExperimentAction::Pause => Ok(session.pause_experiment(&name, now())?),
        ExperimentAction::Cancel => Ok(session.cancel_experiment(&name, now())?),
        ExperimentAction::Delete => Ok(session.delete_experiment(&name, false, now()).map(drop)?),
    }
}

fn arguments(action: &str, named: &str) -> Vec<String> {
    ["experiment", action, named].map(String::from).to_vec()
}

/// Writes the file of a new experiment, which the binary reads.
fn draft(place: &Place, request: &ExperimentRequest) -> Answer<String> {
    let within = request.within.as_deref().map(str::parse::<Within>);
    let spec = filled(
        request.preset,
        Filling {
            name: Some(request.name.clone()),
            datasets: request.datasets.clone(),
            models: request.models.clone(),
            seeds: Some(request.seeds),
            within: within.transpose()?,
            set: Vec::new(),
        },
    )?;
    let folder = place.workspace.join(FOLDER);
    let path = folder.join(DRAFT);
    let io = |error: std::io::Error| project::Error::io(FileAction::Write, &path, &error);
    host::private::create_folder(&folder).map_err(io)?;
    host::file::write(&path, spec.to_toml()?.as_bytes()).map_err(io)?;
    Ok(path.display().to_string())
}
