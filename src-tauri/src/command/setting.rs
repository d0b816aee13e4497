//! The program, the machine and the settings of the workspace.

use contract::problem::ShellProblem;
use host::machine;
use notify_rust::Notification;
use serde_json::Value;
use tauri::{State, WebviewWindow};

use super::count;
use crate::dto::AppInfo;
use crate::error::Answer;
use crate::place::Place;

/// Version, places and machine.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn app_info(place: State<'_, Place>) -> AppInfo {
    let memory = machine::memory();
    // A workspace that cannot be opened has its own error on every screen.
    let network = place
        .session()
        .ok()
        .and_then(|session| session.network().ok());
    AppInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        workspace: place.workspace.display().to_string(),
        cli_path: place.cli.as_ref().map(|path| path.display().to_string()),
        bundled_model: place
            .bundle
            .as_ref()
            .map(|bundle| bundle.model().display().to_string()),
        cpu: machine::cpu_name(),
        threads: count(machine::cores()),
        memory_bytes: memory.map(|memory| memory.total_bytes as f64),
        memory_free_bytes: memory.map(|memory| memory.free_bytes as f64),
        gpu: machine::card_name(),
        disk_free_bytes: machine::disk_free_bytes(&place.workspace).map(|bytes| bytes as f64),
        connections: network
            .as_ref()
            .map_or(0, |network| count(network.connections())),
        network_locked: network.is_some_and(|network| network.locked),
    }
}

/// A setting of the window, if it was ever set.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn setting(place: State<'_, Place>, key: String) -> Answer<Option<String>> {
    let value = place.session()?.setting(&format!("window.{key}"))?;
    Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
}

/// Keeps a setting of the window.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn set_setting(place: State<'_, Place>, key: String, value: String) -> Answer<()> {
    Ok(place
        .session()?
        .set_setting(&format!("window.{key}"), &Value::String(value))?)
}

/// Shows a notification of the system, unless the user looks at the window anyway.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn notify(window: WebviewWindow, text: String) -> Answer<()> {
    if window.is_focused().unwrap_or(false) {
        return Ok(());
    }
    let shown = Notification::new()
        .appname("Duologue")
        .summary("Duologue")
        .body(&text)
        .show();
    shown.map(drop).map_err(|error| {
        ShellProblem::WindowNotification {
            reason: error.to_string(),
        }
        .into()
    })
}
