//! Run bundles: a run written as a workspace of its own, and taken from there into another workspace.
//!
//! A bundle comes from somewhere else, so it is looked at in a copy, and what can be checked is checked: it has to hold one run,
//! and each of that run's adapters under the hash of its weights.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract::problem::WrongState;
use contract::{ArtifactKind, DatasetName, ExportStep, FileAction, RunId, StageName, Unpacked};
use host::file::{DraftFolder, tree_bytes};
use store::{DATABASE, RunRow, Sight, Store, TakenRun, Vault};
use tempfile::TempDir;

use crate::artifact::{self, Topic, TrainedAdapter};
use crate::error::{Error, Result};
use crate::leak_audit::Leaving;
use crate::selection::Selection;
use crate::session::{Departure, Left, OnStep, Session, announce};

/// The weights in a blob's folder, by whose hash it is named.
const WEIGHTS: &str = "adapter_model.safetensors";

impl Session {
    /// Writes a run with its data set and adapters as a workspace of its own, in a new or empty folder. Folders' paths and
    /// people's ratings are left out; the dialogues are in it. The folder is there only once all of it is.
    ///
    /// # Errors
    /// [`contract::problem::RunProblem::Leak`] if what the run made gives conversations away and nobody says why it may leave;
    /// [`WrongState::FolderNotEmpty`]; [`contract::problem::RunProblem::Interrupted`] if `on_step` said so; [`Error::Store`] for an
    /// unknown run.
    pub fn pack_run(
        &self,
        sight: &Sight,
        to: &Path,
        departure: &Departure<'_>,
        on_step: OnStep<'_>,
    ) -> Result<()> {
        let run = sight.run();
        if fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
            let file = to.display().to_string();
            return Err(WrongState::FolderNotEmpty { file }.into());
        }
        announce(ExportStep::Audit, on_step)?;
        let leaks = self.may_leave(run, Leaving::Bundle, departure)?;
        announce(ExportStep::Write, on_step)?;
        let draft = DraftFolder::create(to, true)
            .map_err(|error| Error::io(FileAction::Create, to, &error))?;
        self.store.write_bundle(run, draft.path())?;
        for sha256 in adapters_of(&self.store, run)?.keys() {
            let from = self.store.blobs().join(sha256);
            let to = draft.path().join("blobs").join(sha256);
            copy_folder(self.store.vault(), &from, &to)?;
        }
        announce(ExportStep::Write, on_step)?;
        draft
            .commit()
            .map_err(|error| Error::io(FileAction::Write, to, &error))?;
        let left = Left {
            run,
            leaving: Leaving::Bundle,
            role: None,
            to,
        };
        self.log_departure(&left, &leaks, departure)
    }

    /// About how large a bundle of a run is: its texts and its adapters.
    pub(crate) fn bundle_bytes(&self, run: &RunId, texts: u64) -> Result<u64> {
        let mut bytes = texts;
        for sha256 in adapters_of(&self.store, run)?.keys() {
            bytes += tree_bytes(&self.store.blobs().join(sha256));
        }
        Ok(bytes)
    }
}

/// A run bundle that was found complete, in a copy.
#[derive(Debug)]
pub struct Packed {
    /// Where its adapters are.
    from: PathBuf,
    /// The copy of its database: the bundle may lie where nobody writes, and its tables may be an earlier version's.
    copy: TempDir,
    /// Blobs that its run names.
    blobs: Vec<String>,
    /// Its run.
    run: RunRow,
}

impl Packed {
    /// Looks at the bundle in a folder. The copy is made in the workspace that it will be taken into.
    ///
    /// # Errors
    /// [`WrongState::NotABundle`], [`WrongState::BundleDamaged`]; what opening its database may meet.
    pub fn open(session: &Session, from: &Path) -> Result<Self> {
        let not_a_bundle = |runs| WrongState::NotABundle {
            file: from.display().to_string(),
            runs,
        };
        let database = from.join(DATABASE);
        if !database.is_file() {
            return Err(not_a_bundle(0).into());
        }
        let workspace = session.workspace();
        let copy = tempfile::Builder::new()
            .prefix(".taken-")
            .tempdir_in(workspace)
            .map_err(|error| Error::io(FileAction::Write, workspace, &error))?;
        fs::copy(&database, copy.path().join(DATABASE))
            .map_err(|error| Error::io(FileAction::Read, &database, &error))?;
        let store = Store::open(copy.path())?;
        let mut runs = store.runs()?;
        let count = runs.len();
        let Some(run) = runs.pop().filter(|_| count == 1) else {
            return Err(not_a_bundle(count).into());
        };
        let adapters = adapters_of(&store, &run.id)?;
        for (sha256, role) in &adapters {
            if !is_whole(&from.join("blobs"), sha256) {
                return Err(WrongState::BundleDamaged {
                    file: from.display().to_string(),
                    role: role.clone(),
                }
                .into());
            }
        }
        drop(store);
        Ok(Self {
            from: from.to_owned(),
            copy,
            blobs: adapters.into_keys().collect(),
            run,
        })
    }

    /// Its run.
    pub fn run(&self) -> &RunRow {
        &self.run
    }

    /// Takes the run into a workspace, with its data set under the name `dataset` and its model at `model_path`, which is empty
    /// where the model is not on this computer. Blobs first: a run is there only once everything that it names is.
    ///
    /// # Errors
    /// [`store::Error::NameTaken`] where a run or a data set of this name is here already.
    pub fn take(&self, session: &Session, dataset: &DatasetName, model_path: &str) -> Result<()> {
        for sha256 in &self.blobs {
            let to = session.store.blobs().join(sha256);
            if !to.exists() {
                let from = self.from.join("blobs").join(sha256);
                copy_folder(session.store.vault(), &from, &to)?;
            }
        }
        let taken = TakenRun {
            id: &self.run.id,
            dataset,
            model_path,
            renumber_shots: &renumber_shots,
            // A topic names its example; nothing else that a stage makes does.
            names_example: ArtifactKind::Topic,
            renumber_artifact: &|topic: &mut Topic, by| topic.example_id += by,
        };
        Ok(session.store.take_run(self.copy.path(), &taken)?)
    }

    /// [`Packed::take`] for a bundle that somebody hands over: the data set is called `dataset` or as it was, and the model is
    /// the one at `model`, whose files the caller has compared, or one of the same hash that this workspace knows.
    ///
    /// # Errors
    /// As [`Packed::take`].
    pub fn unpack(
        &self,
        session: &Session,
        dataset: Option<&DatasetName>,
        model: Option<&Path>,
    ) -> Result<Unpacked> {
        let dataset = dataset
            .map(|name| DatasetName::from(name.trim()))
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| self.run.dataset_name.clone());
        let known = session.store.models()?.into_iter();
        let known = known
            .filter(|model| model.id == self.run.model_id && !model.path.is_empty())
            .map(|model| model.path)
            .find(|path| Path::new(path).exists());
        let model_path = model.map(|folder| folder.display().to_string()).or(known);
        self.take(session, &dataset, model_path.as_deref().unwrap_or_default())?;
        Ok(Unpacked {
            run: self.run.id.clone(),
            model: self.run.model_name.clone(),
            model_path,
            examples: session.store.dataset(&dataset)?.counts.total(),
            dataset,
        })
    }
}

/// Blob folders of the adapters that a run's later stages, its demo and its exports read, with the adapter's role. The one
/// that wrote the summaries is read by its own stage alone, and would be a fifth of a bundle.
fn adapters_of(store: &Store, run: &RunId) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let stages = store.stages(run)?.into_iter();
    for stage in stages.filter(|stage| stage.name != StageName::Summaries) {
        let rows = store.artifacts(run, stage.name, Some(ArtifactKind::Adapter))?;
        let adapters: Vec<TrainedAdapter> = artifact::read(&rows)?;
        found.extend(
            adapters
                .into_iter()
                .map(|adapter| (adapter.sha256, adapter.role)),
        );
    }
    Ok(found)
}

/// Whether a blob is there and what its name says. A name that is no hash would lead out of the folder.
fn is_whole(blobs: &Path, sha256: &str) -> bool {
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    let read = || fs::read(blobs.join(sha256).join(WEIGHTS));
    is_hash && read().is_ok_and(|bytes| store::sha256_hex(&bytes) == sha256)
}

/// A run's shots name their examples by number.
fn renumber_shots(selection: &mut Selection, by: i64) {
    let Selection {
        shots,
        validation,
        test,
        ..
    } = selection;
    for number in [shots, validation, test].into_iter().flatten() {
        *number += by;
    }
}

/// Copies the files of a folder; the copy gets its name once it is complete. What leaves a protected workspace is
/// unencrypted, and what comes into one is encrypted.
fn copy_folder(vault: &Vault, from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().unwrap_or(to);
    host::private::create_folder(parent)
        .map_err(|error| Error::io(FileAction::Write, parent, &error))?;
    let half = tempfile::tempdir_in(parent)
        .map_err(|error| Error::io(FileAction::Write, parent, &error))?;
    for entry in fs::read_dir(from).map_err(|error| Error::io(FileAction::Read, from, &error))? {
        let file = entry.map_err(|error| Error::io(FileAction::Read, from, &error))?;
        let copy = half.path().join(file.file_name());
        if vault.is_protected() {
            vault.write(&copy, &vault.read(&file.path())?)?;
        } else {
            host::file::copy(&file.path(), &copy)
                .map_err(|error| Error::io(FileAction::Read, &file.path(), &error))?;
        }
    }
    host::file::rename(&half.keep(), to).map_err(|error| Error::io(FileAction::Write, to, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_examples_move() {
        let mut selection = Selection {
            shots: vec![1, 3],
            test: vec![9],
            dropped: vec!["7".to_owned()],
            training_sha256: "x".to_owned(),
            ..Selection::default()
        };
        let before = selection.clone();
        renumber_shots(&mut selection, 10);
        let moved = Selection {
            shots: vec![11, 13],
            test: vec![19],
            ..before
        };
        assert_eq!(selection, moved);
    }

    #[test]
    fn a_blob_is_whole_only_under_its_hash() {
        let blobs = tempfile::tempdir().unwrap();
        let sha256 = store::sha256_hex(b"weights");
        let folder = blobs.path().join(&sha256);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join(WEIGHTS), "weights").unwrap();
        assert!(is_whole(blobs.path(), &sha256));
        assert_eq!(tree_bytes(&folder), 7);
        fs::write(folder.join(WEIGHTS), "others").unwrap();
        for name in [&sha256, "../blobs", "", &"0".repeat(64)] {
            assert!(!is_whole(blobs.path(), name), "{name}");
        }
    }

    #[test]
    fn what_is_no_bundle_is_refused_by_name() {
        let place = tempfile::tempdir().unwrap();
        let session = Session::open(&place.path().join("workspace")).unwrap();
        let other = place.path().join("other");
        let refused = |runs| {
            let file = other.display().to_string();
            Error::from(WrongState::NotABundle { file, runs }).problem()
        };
        let opened = || Packed::open(&session, &other).unwrap_err().problem();
        assert_eq!(opened(), refused(0), "there is no such folder");
        Session::open(&other).unwrap();
        assert_eq!(opened(), refused(0), "a workspace without a run");
        let left: Vec<_> = fs::read_dir(session.workspace())
            .unwrap()
            .flatten()
            .map(|entry| entry.file_name().into_string().unwrap())
            .filter(|name| name.starts_with(".taken-"))
            .collect();
        assert_eq!(left, [""; 0]);
    }
}
