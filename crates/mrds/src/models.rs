//! Models on this computer: downloading, listing, checking and removing them (feature `engine`).
//!
//! A download is kept in `WORKSPACE/models/OWNER--NAME` beside its [`Manifest`]; only such a folder is ever deleted. A
//! user's own folder is known by its path alone, and is never changed.

use contract::{
    DatasetName, DeviceChoice, FileAction, KnownModel, LongExample, ModelId, ModelName, RunId,
    Source, Thing, TooLong, Verified,
};
use std::fs;
use std::path::{Path, PathBuf};

use hub::{Download, HubId, MANIFEST, Manifest};
use lm::{Checkpoint, DecoderConfig, LanguageModel, SpecialTokens, check_folder, model_sha256};
use project::session::Session;
use serde::Serialize;
use store::ModelRow;

use crate::error::{Error, Result};

/// The revision to take if none is named.
pub const MAIN: &str = "main";

/// A model to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddModel {
    /// `owner/name` on the Hub.
    pub hub_id: String,
    /// Branch, tag or commit.
    pub revision: String,
    /// One GGUF file of the repository instead of its safetensors.
    pub gguf: Option<String>,
}

/// A download that was interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// `owner/name`.
    pub hub_id: String,
    /// Path of its folder.
    pub path: String,
    /// Length of all files.
    pub bytes: u64,
}

/// What removing a model takes away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Removal {
    /// Digest; empty for an unfinished download.
    pub id: ModelId,
    /// Its name, to show to people.
    pub name: ModelName,
    /// Path of its folder.
    pub path: String,
    /// Bytes on disk that Duologue downloaded and deletes; 0 for a folder of the user, which stays.
    pub deleted_bytes: u64,
    /// Runs that cannot go on, and whose results cannot be used, without it.
    pub runs: Vec<RunId>,
}

/// The examples of a data set whose dialogue and first summary, without any instruction around them, are longer
/// than a model's context. No weights are read.
///
/// # Errors
/// What makes the model's folder unusable.
pub fn too_long(session: &Session, dataset: &DatasetName, model: &Path) -> Result<TooLong> {
    let checkpoint = Checkpoint::open(model)?;
    let config = checkpoint.config()?;
    let tokenizer = checkpoint.tokenizer(&config)?;
    let context_tokens = config.max_position_embeddings;
    let count = |text: &str| {
        tokenizer
            .encode(text, SpecialTokens::AsText)
            .map(|ids| ids.len())
    };
    let mut too_long = Vec::new();
    for row in session
        .store()
        .examples(session.store().dataset(dataset)?.id, None)?
    {
        let summary = row.references.first().map_or("", String::as_str);
        let tokens = count(&row.dialogue)? + count(summary)?;
        if tokens > context_tokens {
            too_long.push(LongExample {
                id: row.external_id,
                key: row.id,
                tokens,
            });
        }
    }
    Ok(TooLong {
        context_tokens,
        too_long,
    })
}

/// Downloads a model, or continues a download, and enters it in the list. A model that is already there and undamaged
/// is left alone, without a connection; a changed file is fetched again.
///
/// # Errors
/// [`Error::Hub`] and whatever makes the folder unusable; what has arrived is kept.
pub fn add_model(
    session: &Session,
    request: &AddModel,
    download: &mut Download<'_>,
    now_ms: i64,
) -> Result<KnownModel> {
    let id = HubId::parse(&request.hub_id)?;
    let folder = downloads(session).join(folder_name(request));
    let fetched = fetch(request, &id, &folder, download);
    // Whether it succeeded or not: no further request follows.
    download.gateway.close();
    fetched?;
    let summary = check_folder(&folder)?;
    let row = ModelRow {
        id: model_sha256(&folder)?.into(),
        name: name(request).into(),
        path: absolute(&folder),
        parameters: summary.parameters,
        bytes: summary.weight_bytes,
        added_at_ms: now_ms,
    };
    session.store().upsert_model(&row)?;
    known(session, row)
}

/// The models of this workspace: downloads and folders that runs have used.
pub fn known_models(session: &Session) -> Result<Vec<KnownModel>> {
    session
        .store()
        .models()?
        .into_iter()
        .map(|row| known(session, row))
        .collect()
}

/// Downloads that were begun and not finished.
pub fn unfinished_models(session: &Session) -> Result<Vec<Unfinished>> {
    let known = session.store().models()?;
    let Ok(entries) = fs::read_dir(downloads(session)) else {
        return Ok(Vec::new());
    };
    let mut unfinished = Vec::new();
    for folder in entries.flatten().map(|entry| entry.path()) {
        let path = absolute(&folder);
        if let (Some(manifest), false) = (
            Manifest::load(&folder)?,
            known.iter().any(|m| m.path == path),
        ) {
            unfinished.push(Unfinished {
                bytes: manifest.bytes(),
                hub_id: manifest.hub_id,
                path,
            });
        }
    }
    unfinished.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(unfinished)
}

fn known(session: &Session, row: ModelRow) -> Result<KnownModel> {
    let folder = Path::new(&row.path);
    let source = manifest(session, folder)?.map(|manifest| Source {
        hub_id: manifest.hub_id,
        revision: manifest.revision,
        commit: manifest.commit,
        licence: manifest.licence,
    });
    let config = Checkpoint::open(folder)
        .and_then(|checkpoint| checkpoint.config())
        .ok();
    let context_tokens = config.map(|config| config.max_position_embeddings);
    let runs = runs_of(session, &row.path, &row.id)?;
    Ok(KnownModel {
        context_tokens,
        present: folder.is_dir(),
        source,
        runs,
        id: row.id,
        name: row.name,
        path: row.path,
        parameters: row.parameters,
        bytes: row.bytes,
        added_at_ms: row.added_at_ms,
    })
}

fn runs_of(session: &Session, path: &str, id: &ModelId) -> Result<Vec<RunId>> {
    let runs = session.store().runs()?;
    let uses = runs
        .into_iter()
        .filter(|run| run.model_path == path || run.model_id == *id);
    Ok(uses.map(|run| run.id).collect())
}

/// Loads a model and compares its files with the download's digests and with those of its first use.
pub fn verify_model(session: &Session, folder: &Path, device: DeviceChoice) -> Result<Verified> {
    let path = absolute(folder);
    let damaged = match Manifest::load(folder)? {
        Some(manifest) => hub::verify(folder, &manifest)?,
        None => Vec::new(),
    };
    if !damaged.is_empty() {
        return Ok(Verified {
            id: None,
            path,
            parameters: None,
            sha256_ok: Some(false),
            damaged,
        });
    }
    let loaded = LanguageModel::load(folder, &lm::device::select(device)?)?;
    let known: Vec<ModelRow> = session
        .store()
        .models()?
        .into_iter()
        .filter(|m| m.path == path)
        .collect();
    let sha256_ok =
        (!known.is_empty()).then(|| known.iter().any(|row| row.id.as_str() == loaded.sha256));
    let (id, parameters) = (Some(loaded.sha256.into()), Some(loaded.parameters));
    Ok(Verified {
        id,
        path,
        parameters,
        sha256_ok,
        damaged,
    })
}

/// What [`Session::delete_model`] would do; nothing is changed.
///
/// # Errors
/// [`store::Error::NotFound`] where neither a model nor an unfinished download has this id or name.
pub fn removal(session: &Session, model: &str) -> Result<Removal> {
    let row = session
        .store()
        .models()?
        .into_iter()
        .find(|row| row.id == model || row.name == model);
    let (id, name, path) = match row {
        Some(row) => (row.id, row.name, row.path),
        None => {
            let unfinished = unfinished_models(session)?
                .into_iter()
                .find(|m| m.hub_id == model);
            let missing = store::Error::NotFound {
                thing: Thing::Model,
                key: model.to_owned(),
            };
            let found = unfinished.ok_or(missing)?;
            (ModelId::default(), found.hub_id.into(), found.path)
        }
    };
    let downloaded = manifest(session, Path::new(&path))?.is_some();
    let deleted_bytes = if downloaded {
        folder_bytes(Path::new(&path))
    } else {
        0
    };
    let runs = runs_of(session, &path, &id)?;
    Ok(Removal {
        id,
        name,
        path,
        deleted_bytes,
        runs,
    })
}

/// Forgets a model, and deletes its files if Duologue downloaded them.
pub fn delete_model(session: &Session, removal: &Removal) -> Result<()> {
    let folder = Path::new(&removal.path);
    if let Some(manifest) = manifest(session, folder)? {
        let parts = fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path());
        let parts = parts.filter(|path| path.extension().is_some_and(|ending| ending == "part"));
        let whole = manifest.files.iter().map(|file| folder.join(&file.name));
        // The manifest goes last: until then the folder is known as a download.
        for path in parts
            .chain(whole)
            .chain([folder.join(hub::LOCK), folder.join(MANIFEST)])
        {
            remove_file(&path)?;
        }
        // Whatever else somebody has put there stays, and the folder with it.
        let _not_empty = fs::remove_dir(folder);
    }
    if !removal.id.is_empty() {
        session.store().remove_model(&removal.id)?;
    }
    Ok(())
}

fn downloads(session: &Session) -> PathBuf {
    session.workspace().join("models")
}

/// The manifest of a folder that Duologue downloaded into this workspace.
fn manifest(session: &Session, folder: &Path) -> Result<Option<Manifest>> {
    let ours = folder
        .parent()
        .is_some_and(|parent| absolute(parent) == absolute(&downloads(session)));
    Ok(if ours { Manifest::load(folder)? } else { None })
}

fn fetch(request: &AddModel, id: &HubId, folder: &Path, download: &mut Download<'_>) -> Result<()> {
    let manifest = match Manifest::load(folder)? {
        Some(manifest) => manifest,
        None => {
            let manifest = hub::describe(
                download.gateway,
                id,
                &request.revision,
                request.gguf.as_deref(),
            )?;
            download.require_room(&manifest, folder)?;
            let text = serde_json::to_vec_pretty(&manifest)
                .map_err(|e| project::error::corrupt("manifest", &e))?;
            let file = folder.join(MANIFEST);
            host::file::write(&file, &text).map_err(|error| store::Error::io(&file, error))?;
            manifest
        }
    };
    if hub::is_complete(folder, &manifest) {
        for damaged in hub::verify(folder, &manifest)? {
            remove_file(&folder.join(damaged))?;
        }
    }
    // A model that is not supported is refused before its weights are fetched.
    download.run(&manifest, folder, |file| {
        if file.name == "config.json" {
            DecoderConfig::load(folder)?;
        }
        Ok(())
    })
}

/// Name of a download: its id, with what sets it apart from the repository's default.
fn name(request: &AddModel) -> String {
    let revision = if request.revision == MAIN {
        String::new()
    } else {
        format!("@{}", request.revision)
    };
    let gguf = request
        .gguf
        .as_ref()
        .map_or(String::new(), |file| format!(":{file}"));
    format!("{}{revision}{gguf}", request.hub_id)
}

/// [`name`] as the name of a folder on every system.
fn folder_name(request: &AddModel) -> String {
    let safe = |c: char| {
        if c.is_ascii_alphanumeric() || "@._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    name(request).replace('/', "--").chars().map(safe).collect()
}

pub(crate) fn absolute(folder: &Path) -> String {
    folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_owned())
        .display()
        .to_string()
}

pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    // A GGUF file is a model by itself.
    if let Ok(file) = fs::metadata(folder)
        && file.is_file()
    {
        return file.len();
    }
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .filter(|m| m.is_file())
        .map(|m| m.len())
        .sum()
}

/// Removes a file; a missing one is fine.
fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(FileAction::Remove, path, &error))
        }
        _ => Ok(()),
    }
}
