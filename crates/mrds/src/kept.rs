//! What a run keeps of its trainings in the workspace: adapters under their hashes, and states of unfinished trainings.
//!
//! In a protected workspace the files are encrypted ([`store::Vault`]); an adapter's name is the hash of its plain bytes
//! either way, so a protected run and a plain one have the same hashes.

use std::fs;
use std::path::Path;

use contract::{AdapterDtype, FileAction};
use lm::lora::{Adapter, AdapterFiles, CONFIG_FILE, WEIGHTS_FILE};
use lm::model::Decoder;
use lm::train::TrainState;
use store::Store;

use crate::error::{Error, Result};

/// An adapter by its hash.
pub(crate) fn load_adapter(store: &Store, sha256: &str, decoder: &Decoder) -> Result<Adapter> {
    let folder = store.blobs().join(sha256);
    let (config, device) = (&decoder.config, &decoder.device);
    let vault = store.vault();
    if !vault.is_protected() {
        return Ok(Adapter::load(&folder, config, device)?);
    }
    let files = AdapterFiles {
        config: vault.read(&folder.join(CONFIG_FILE))?,
        weights: vault.read(&folder.join(WEIGHTS_FILE))?,
    };
    Ok(Adapter::from_files(&files, &folder, config, device)?)
}

/// Writes an adapter under its hash; until it is complete, it has the name `aside`.
pub(crate) fn save_adapter(
    store: &Store,
    adapter: &Adapter,
    dtype: AdapterDtype,
    aside: &str,
) -> Result<String> {
    let blobs = store.blobs();
    let new = blobs.join(aside);
    let io = |action, path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| Error::io(action, &path, &error)
    };
    if new.exists() {
        // Left by a process that was killed while it saved.
        fs::remove_dir_all(&new).map_err(io(FileAction::Remove, &new))?;
    }
    host::private::create_folder(&new).map_err(io(FileAction::Create, &new))?;
    let files = adapter.to_files(dtype, &new)?;
    for (name, bytes) in files.named() {
        store.vault().write(&new.join(name), bytes)?;
    }
    let sha256 = store::sha256_hex(&files.weights);
    let place = blobs.join(&sha256);
    if place.exists() {
        fs::remove_dir_all(&new).map_err(io(FileAction::Remove, &new))?;
    } else {
        host::file::rename(&new, &place).map_err(io(FileAction::Write, &place))?;
    }
    Ok(sha256)
}

/// The state of a training that was interrupted.
pub(crate) fn load_state(store: &Store, path: &Path, decoder: &Decoder) -> Result<TrainState> {
    let (config, device) = (&decoder.config, &decoder.device);
    let vault = store.vault();
    if !vault.is_protected() {
        return Ok(TrainState::load(path, config, device)?);
    }
    let bytes = vault.read(path)?;
    Ok(TrainState::from_bytes(&bytes, path, config, device)?)
}

/// Keeps the state of a training.
pub(crate) fn save_state(store: &Store, path: &Path, state: &TrainState) -> Result<()> {
    if let Some(folder) = path.parent() {
        host::private::create_folder(folder)
            .map_err(|error| Error::io(FileAction::Create, folder, &error))?;
    }
    let vault = store.vault();
    if !vault.is_protected() {
        return Ok(state.save(path)?);
    }
    Ok(vault.write(path, &state.to_bytes(path)?)?)
}
