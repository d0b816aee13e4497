//! Model folders that the window remembers, and those that runs have used.

use std::path::{Path, PathBuf};

use mrds::session::Session;
use serde_json::{Value, json};
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::dto::Model;
use crate::error::Answer;
use crate::model_folder::describe;
use crate::place::Place;

const SETTING: &str = "models.folders";

/// The system's own dialog for choosing a folder.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn pick_folder(app: AppHandle) -> Option<String> {
    app.dialog().file().blocking_pick_folder().map(|folder| folder.to_string())
}

/// Remembered folders and those of earlier runs.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn models(place: State<'_, Place>) -> Answer<Vec<Model>> {
    let session = place.session()?;
    let mut folders = remembered(&session)?;
    for used in session.models()? {
        if !folders.contains(&used.path) {
            folders.push(used.path);
        }
    }
    Ok(folders.iter().map(|folder| describe(Path::new(folder))).collect())
}

/// Remembers a folder that holds a usable model.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn add_model(place: State<'_, Place>, path: String) -> Answer<Model> {
    let folder = std::path::absolute(path.trim()).unwrap_or_else(|_| PathBuf::from(path.trim()));
    let model = describe(&folder);
    if let Some(problem) = model.problem {
        return Err(problem);
    }
    let session = place.session()?;
    let mut folders = remembered(&session)?;
    if !folders.contains(&model.path) {
        folders.push(model.path.clone());
        session.set_setting(SETTING, &json!(folders))?;
    }
    Ok(model)
}

/// Forgets a folder; its files stay.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn forget_model(place: State<'_, Place>, path: String) -> Answer<()> {
    let session = place.session()?;
    let folders: Vec<String> = remembered(&session)?.into_iter().filter(|folder| *folder != path).collect();
    session.set_setting(SETTING, &json!(folders))?;
    for used in session.models()?.into_iter().filter(|model| model.path == path) {
        session.remove_model(&used.id)?;
    }
    Ok(())
}

fn remembered(session: &Session) -> Answer<Vec<String>> {
    let folders = session.setting(SETTING)?.unwrap_or(Value::Null);
    Ok(serde_json::from_value(folders).unwrap_or_default())
}
