//! Names, notes and removals, and the workspaces that were recently open.

use contract::{DatasetName, Kept, Label, Removing, RunId};
use host::clock::now_ms;
use host::process::liveness;
use project::experiment::kept::Now;
use tauri::State;

use crate::dto::RecentWorkspace;
use crate::error::Answer;
use crate::place::Place;
use crate::remembered;

/// Keeps what a run, a data set or a model is called, and what is noted about it. A data set is renamed.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn set_label(
    place: State<'_, Place>,
    thing: Kept,
    key: String,
    label: Label,
) -> Answer<()> {
    Ok(place.session()?.set_label(thing, &key, &label, now_ms())?)
}

/// What the removal of a run, a data set or a model would do. Nothing is changed.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn what_goes(place: State<'_, Place>, thing: Kept, key: String) -> Answer<Removing> {
    Ok(place.session()?.removing(thing, &key)?)
}

/// Removes a run with everything of its own. The page has asked for confirmation.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn delete_run(place: State<'_, Place>, run: RunId) -> Answer<()> {
    let now = Now {
        now_ms: now_ms(),
        liveness: &liveness,
    };
    Ok(place.session()?.delete_run(&run, now)?)
}

/// Removes a data set that no run reads. The page has asked for confirmation.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn delete_dataset(place: State<'_, Place>, dataset: DatasetName) -> Answer<()> {
    Ok(place.session()?.delete_dataset(&dataset)?)
}

/// Says whether the computer is to stay awake while a run works, from the next run on.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn stay_awake(place: State<'_, Place>, wanted: bool) -> Answer<()> {
    Ok(place.session()?.keep_awake(wanted)?)
}

/// The workspaces that were chosen in a window lately, the latest first. The one that is open is among them.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn recent_workspaces(place: State<'_, Place>) -> Vec<RecentWorkspace> {
    let settings = host::folder::window_settings();
    let mut folders = remembered::recent(settings.as_deref());
    if !place.workspace.as_os_str().is_empty() && !folders.contains(&place.workspace) {
        folders.insert(0, place.workspace.clone());
    }
    let shown = |folder: std::path::PathBuf| RecentWorkspace {
        here: folder == place.workspace,
        gone: !folder.is_dir(),
        folder: folder.display().to_string(),
    };
    folders.into_iter().map(shown).collect()
}

/// Takes a workspace off the list of those that were recently open. Its folder stays as it is.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_workspace(folder: String) {
    let settings = host::folder::window_settings();
    remembered::forget(settings.as_deref(), std::path::Path::new(&folder));
}
