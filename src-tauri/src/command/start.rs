//! How the window started, and the ways forward where its workspace cannot be opened as usual. Each restarts the
//! window: whatever is opened is opened from the beginning.

use std::process::Command;

use contract::problem::ShellProblem;
use host::clock::now_ms;
use project::session::Session;
use tauri::{AppHandle, State};

use crate::dto::StartState;
use crate::error::Answer;
use crate::place::{self, Place};
use crate::remembered;
use crate::start::Start;

/// Whether the workspace is open, and the ways forward if it is not.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn start_state(place: State<'_, Place>, start: State<'_, Start>) -> StartState {
    let problem = start.problem.clone().or_else(|| place.locked());
    let is_locked = place.locked().is_some();
    StartState {
        workspace: place.workspace.display().to_string(),
        // What is locked is not damaged.
        copied_at_ms: problem
            .as_ref()
            .filter(|_| !is_locked)
            .and_then(|_| Session::copied_at_ms(&place.workspace))
            .map(|at_ms| at_ms as f64),
        readable: problem.is_some() && Session::open_read_only(&place.workspace, None).is_ok(),
        locked: is_locked,
        protected: is_locked || place.key.get().is_some(),
        read_only: place.read_only,
        missing: place
            .missing
            .as_ref()
            .map(|folder| folder.display().to_string()),
        problem,
    }
}

/// Restarts the window with a workspace, to work with or only to look at, and ends this one. One to work with is
/// remembered for the next start.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn open_workspace(
    app: AppHandle,
    start: State<'_, Start>,
    place: State<'_, Place>,
    folder: String,
    read_only: bool,
) -> Answer<()> {
    // A second window on the same workspace would only ask this one to come forward.
    let is_here = place.workspace == std::path::Path::new(&folder);
    if is_here && start.problem.is_none() && read_only == place.read_only {
        return Ok(());
    }
    let arguments = place::arguments(&folder, read_only);
    let begun =
        std::env::current_exe().and_then(|program| Command::new(program).args(arguments).spawn());
    begun.map_err(|error| ShellProblem::WindowUnexpected {
        reason: error.to_string(),
    })?;
    if !read_only {
        let settings = host::folder::window_settings();
        remembered::remember(settings.as_deref(), std::path::Path::new(&folder));
    }
    app.exit(0);
    Ok(())
}

/// Puts the last good copy in the place of the database that cannot be opened, which is kept beside it. Returns where it
/// is now.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn restore_copy(place: State<'_, Place>) -> Answer<String> {
    Ok(
        Session::restore_copy(&place.workspace, place.key.get().as_ref())?
            .display()
            .to_string(),
    )
}

/// Keeps a good copy of the workspace of a window that has opened it, behind the page's back.
pub(crate) fn keep_copy(place: &Place) {
    let place = place.clone();
    std::thread::spawn(move || {
        // A copy that fails leaves the one before; what is wrong with the workspace shows where it is used.
        let _kept = place
            .session()
            .map(|session| session.keep_daily_copy(now_ms()));
    });
}
