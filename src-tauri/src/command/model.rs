//! Model folders that the window remembers, and those that runs have used.

use std::path::{Path, PathBuf};

use contract::{Catalogue, Devices, FolderFit, FolderFits, Kept, Label, LicenceText, Verified};
use host::clock::now_ms;
use project::session::Session;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tauri::ipc::Channel;
use tauri::{AppHandle, State};
use tauri_plugin_dialog::DialogExt;

use crate::coalesce::coalesced;
use crate::download::Downloads;
use crate::dto::{CatalogueModel, DownloadEvent, Model};
use crate::error::Answer;
use crate::model_folder::describe;
use crate::place::Place;
use crate::worker;

const SETTING: &str = "models.folders";

/// The system's own dialog for choosing a folder.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn pick_folder(app: AppHandle) -> Option<String> {
    app.dialog()
        .file()
        .blocking_pick_folder()
        .map(|folder| folder.to_string())
}

/// Remembered folders and those of earlier runs.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn models(place: State<'_, Place>) -> Answer<Vec<Model>> {
    let session = place.session()?;
    let (mut folders, used) = (remembered(&session)?, session.models()?);
    for row in &used {
        if !folders.contains(&row.path) {
            folders.push(row.path.clone());
        }
    }
    let mut labels = session.labels(Kept::Model)?;
    let described = folders.iter().map(|folder| {
        let mut model = describe(Path::new(folder));
        model.label = labels.remove(folder).unwrap_or_default();
        if model.problem.is_none() && model.parameters.is_none() {
            let counted = used.iter().find(|row| row.path == *folder);
            model.parameters = counted.map(|row| row.parameters as f64);
        }
        model
    });
    Ok(described.collect())
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
    let folders: Vec<String> = remembered(&session)?
        .into_iter()
        .filter(|folder| *folder != path)
        .collect();
    session.set_setting(SETTING, &json!(folders))?;
    for used in session
        .models()?
        .into_iter()
        .filter(|model| model.path == path)
    {
        session.remove_model(&used.id)?;
    }
    Ok(())
}

/// Loads a model and compares its files with the Hub's digests or those of its first use.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn verify_model(place: State<'_, Place>, path: String) -> Answer<Verified> {
    let words = ["models".to_owned(), "verify".to_owned(), path];
    worker::ask(&place, &words)
}

/// Deletes a downloaded model with its files. The page has asked for confirmation.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn delete_model(place: State<'_, Place>, path: String) -> Answer<()> {
    let rows = place.session()?.models()?;
    let folder = path.clone();
    let id = rows
        .into_iter()
        .find(|row| row.path == path)
        .map_or(path, |row| row.id.to_string());
    let words = [
        "models".to_owned(),
        "remove".to_owned(),
        id,
        "--yes".to_owned(),
    ];
    worker::ask::<IgnoredAny>(&place, &words).map(drop)?;
    // What it was called goes with it; one that is only forgotten keeps its name.
    let nothing = Label::default();
    Ok(place
        .session()?
        .set_label(Kept::Model, &folder, &nothing, now_ms())?)
}

/// The models that may be downloaded, with what a run would need of this machine.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn catalogue(place: State<'_, Place>) -> Answer<Vec<CatalogueModel>> {
    let words = ["models", "list", "--catalogue"].map(str::to_owned);
    let listed: Catalogue = worker::ask(&place, &words)?;
    Ok(listed.catalogue.into_iter().map(Into::into).collect())
}

/// The full text of the licence of a model of the catalogue.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn model_licence(place: State<'_, Place>, name: String) -> Answer<LicenceText> {
    let words = ["models".to_owned(), "licence".to_owned(), name];
    worker::ask(&place, &words)
}

/// How a complete run on each of these models compares with the memory that is free now on a device.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn model_fits(
    place: State<'_, Place>,
    paths: Vec<String>,
    device: String,
) -> Answer<Vec<FolderFit>> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut words = ["models", "list", "--device", &device]
        .map(str::to_owned)
        .to_vec();
    words.extend(
        paths
            .into_iter()
            .flat_map(|path| ["--fit".to_owned(), path]),
    );
    let compared: FolderFits = worker::ask(&place, &words)?;
    Ok(compared.fits)
}

/// What can compute here besides the processor.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn devices(place: State<'_, Place>) -> Answer<Devices> {
    worker::ask(&place, &["doctor".to_owned()])
}

/// Downloads a model from the Hub, or continues a download; one at a time.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn download_model(
    place: State<'_, Place>,
    downloads: State<'_, Downloads>,
    hub_id: String,
    on_event: Channel<DownloadEvent>,
) -> Answer<()> {
    let send = |event| {
        // A page that has gone needs no progress; the download goes on.
        let _gone = on_event.send(event);
    };
    coalesced(send, |event| downloads.fetch(&place, &hub_id, event))
}

/// Stops the download in progress; what is here stays, and the next start goes on.
#[tauri::command(async)]
#[specta::specta]
pub(crate) fn pause_download(downloads: State<'_, Downloads>) {
    downloads.pause();
}

fn remembered(session: &Session) -> Answer<Vec<String>> {
    let folders = session.setting(SETTING)?.unwrap_or(Value::Null);
    Ok(serde_json::from_value(folders).unwrap_or_default())
}
