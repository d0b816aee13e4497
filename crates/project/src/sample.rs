//! What comes with Duologue in its folder `models`: a small published base model, a toy one, and the sample project, so
//! that everything can be looked at, rated and tried before anything is trained.
//!
//! The sample is a practice's invented conversations with a finished run on them. The run is kept as a run bundle: a
//! workspace with this run alone ([`Session::pack_run`]).

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use contract::{ArtifactKind, FileAction, StageName};
use serde::Serialize;
use store::{DATABASE, Sight, TakenRun};

use crate::artifact::{self, Topic, TrainedAdapter};
use crate::error::{Error, Result};
use crate::leak_audit::Leaving;
use crate::selection::Selection;
use crate::session::{Departure, Left, Session};

/// Name of the sample's data set.
pub const DATASET: &str = "physiotherapy";
/// Its finished run.
pub const RUN: &str = "physiotherapy-1";
/// Name of the base model of that run, and of its folder.
pub const BASE: &str = "SmolLM2-135M-Instruct";
/// Name of the toy base model, and of its folder: seven million weights that were trained for this project.
pub const TOY: &str = "duo-mini";

/// Where the finished run is in the folder.
const PACKED: &str = "practice/run";

/// What the sample put into the workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// Name of its data set.
    pub dataset: String,
    /// Its finished run.
    pub run: String,
    /// Folder of its base model.
    pub model: PathBuf,
    /// Whether the base model is there: without it the run can be read and rated, but its summarizer cannot answer.
    pub has_model: bool,
    /// Pairs in the data set.
    pub examples: u64,
    /// Whether it was here before.
    pub known: bool,
}

/// Environment variable that names the folder, for programs that lie elsewhere.
pub const FOLDER_VARIABLE: &str = "DUOLOGUE_MODELS";

/// The folder `models` that comes with Duologue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    folder: PathBuf,
}

impl Bundle {
    /// The folder `named` (the value of [`FOLDER_VARIABLE`]) where it is given, else, for a program at `program`, a
    /// folder `models` beside it or above (a build in the checkout), else where packages put it.
    pub fn find(named: Option<OsString>, program: &Path) -> Option<Self> {
        if let Some(folder) = named.filter(|named| !named.is_empty()) {
            return Self::in_folder(PathBuf::from(folder));
        }
        let above = program.ancestors().skip(1);
        let packages = ["../lib/duologue", "../Resources"]
            .into_iter()
            .filter_map(|place| {
                let folder = program.parent()?.join(place);
                folder.canonicalize().ok()
            });
        above
            .map(Path::to_path_buf)
            .chain(packages)
            .find_map(|folder| Self::in_folder(folder.join("models")))
    }

    /// The folder, if it is what comes with Duologue: the toy model is in it.
    fn in_folder(folder: PathBuf) -> Option<Self> {
        let is_bundle = folder.join(TOY).join("config.json").is_file();
        is_bundle.then_some(Self { folder })
    }

    /// Folder of the base model of the finished run. The set-up fetches the file, and a package brings it: it may not be
    /// there.
    pub fn base(&self) -> PathBuf {
        self.folder.join(BASE)
    }

    /// Whether that model is there.
    pub fn has_base(&self) -> bool {
        let files = fs::read_dir(self.base()).into_iter().flatten().flatten();
        files
            .map(|file| file.path())
            .any(|file| file.extension().is_some_and(|ending| ending == "gguf"))
    }

    /// The best base model that is there: the real one, else the toy.
    pub fn model(&self) -> PathBuf {
        if self.has_base() {
            self.base()
        } else {
            self.folder.join(TOY)
        }
    }

    fn packed(&self) -> PathBuf {
        self.folder.join(PACKED)
    }
}

impl Session {
    /// Puts the sample into the workspace: the data set, the base model (which stays where it is) and the finished run.
    /// Where it is here already, only the model's place is brought up to date.
    ///
    /// # Errors
    /// [`Error::Store`] where a data set or run of the user has its name; [`Error::Io`] where the bundle holds no
    /// sample.
    pub fn take_sample(&self, bundle: &Bundle) -> Result<Sample> {
        let model = bundle.base();
        let model_path = model.to_string_lossy();
        let known = self.store.runs()?.into_iter().find(|run| run.id == RUN);
        let known = match known {
            Some(run) if run.model_name == BASE => {
                self.store.move_model(&run.model_id, &model_path)?;
                true
            }
            _ => {
                self.take_packed(&bundle.packed(), &model_path)?;
                false
            }
        };
        let row = self.store.run(RUN)?;
        let counts = self.store.dataset(&row.dataset_name)?.counts;
        Ok(Sample {
            dataset: row.dataset_name,
            run: row.id,
            has_model: bundle.has_base(),
            model,
            examples: counts.train + counts.validation + counts.test,
            known,
        })
    }

    /// Blobs first: a run is there only once everything that it names is.
    fn take_packed(&self, packed: &Path, model_path: &str) -> Result<()> {
        // A packed run may lie where nobody writes, and its tables may be an earlier version's: the copy is brought up
        // to date.
        let copy = tempfile::Builder::new()
            .prefix(".taken-")
            .tempdir_in(self.workspace())
            .map_err(|error| Error::io(FileAction::Write, self.workspace(), &error))?;
        let from = packed.join(DATABASE);
        fs::copy(&from, copy.path().join(DATABASE))
            .map_err(|error| Error::io(FileAction::Read, &from, &error))?;
        copy_blobs(&packed.join("blobs"), &self.store.blobs())?;
        let taken = TakenRun {
            id: RUN,
            dataset: DATASET,
            model_path,
            renumber_shots: &renumber_shots,
            // A topic names its example; nothing else that a stage makes does.
            names_example: ArtifactKind::Topic,
            renumber_artifact: &|topic: &mut Topic, by| topic.example_id += by,
        };
        Ok(self.store.take_run(copy.path(), &taken)?)
    }

    /// Writes a run with its data set and adapters as a workspace of its own, in a new folder. Folders' paths and
    /// people's ratings are left out; the dialogues are in it.
    ///
    /// # Errors
    /// [`contract::problem::RunProblem::Leak`] if what the run made gives conversations away and nobody says why it may leave;
    /// [`Error::Store`] for an unknown run or an occupied folder, [`Error::Io`].
    pub fn pack_run(&self, sight: &Sight, to: &Path, departure: &Departure<'_>) -> Result<()> {
        let run = sight.run();
        let leaks = self.may_leave(run, Leaving::Bundle, departure)?;
        self.store.write_bundle(run, to)?;
        for sha256 in self.adapters_of(run)? {
            let from = self.store.blobs().join(&sha256);
            copy_folder(&from, &to.join("blobs").join(&sha256))?;
        }
        let left = Left {
            run,
            leaving: Leaving::Bundle,
            role: None,
            to,
        };
        self.log_departure(&left, &leaks, departure)
    }

    /// Blob folders of the adapters that a run's later stages, its demo and its exports read. The one that wrote the summaries
    /// is read by its own stage alone, and would be a fifth of a bundle.
    fn adapters_of(&self, run: &str) -> Result<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        let stages = self.store.stages(run)?.into_iter();
        for stage in stages.filter(|stage| stage.name != StageName::Summaries) {
            let rows = self
                .store
                .artifacts(run, stage.name, Some(ArtifactKind::Adapter))?;
            let adapters: Vec<TrainedAdapter> = artifact::read(&rows)?;
            found.extend(adapters.into_iter().map(|adapter| adapter.sha256));
        }
        Ok(found)
    }
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

/// Copies the folders of `from` that `to` lacks.
fn copy_blobs(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).map_err(|error| Error::io(FileAction::Read, from, &error))? {
        let folder = entry
            .map_err(|error| Error::io(FileAction::Read, from, &error))?
            .path();
        let Some(name) = folder.file_name() else {
            continue;
        };
        if !to.join(name).exists() {
            copy_folder(&folder, &to.join(name))?;
        }
    }
    Ok(())
}

/// Copies the files of a folder; the copy gets its name once it is whole.
fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    let parent = to.parent().unwrap_or(to);
    host::private::create_folder(parent)
        .map_err(|error| Error::io(FileAction::Write, parent, &error))?;
    let half = tempfile::tempdir_in(parent)
        .map_err(|error| Error::io(FileAction::Write, parent, &error))?;
    for entry in fs::read_dir(from).map_err(|error| Error::io(FileAction::Read, from, &error))? {
        let file = entry.map_err(|error| Error::io(FileAction::Read, from, &error))?;
        host::file::copy(&file.path(), &half.path().join(file.file_name()))
            .map_err(|error| Error::io(FileAction::Read, &file.path(), &error))?;
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
    fn the_folder_is_found_above_the_program_and_in_a_package() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        let place = |path: &str| {
            let folder = root.join(path);
            fs::create_dir_all(&folder).unwrap();
            folder
        };
        let bundle = |path: &str| {
            fs::write(place(&format!("{path}/duo-mini")).join("config.json"), "{}").unwrap();
            Some(Bundle {
                folder: root.join(path),
            })
        };
        let program = place("checkout/target/release").join("duologue");
        let found = |program: &Path| Bundle::find(None, program);
        place("checkout/models/duo-mini");
        assert_eq!(found(&program), None, "a folder without the toy is none");
        let checkout = bundle("checkout/models");
        assert_eq!(found(&program), checkout);
        let packaged = bundle("usr/lib/duologue/models");
        assert_eq!(found(&place("usr/bin").join("duologue")), packaged);
        let named = |folder: &str| Bundle::find(Some(root.join(folder).into()), &program);
        assert_eq!(
            (named("usr/lib/duologue/models"), named("usr")),
            (packaged, None),
            "a name goes first"
        );
    }

    #[test]
    fn the_toy_stands_in_until_the_real_model_is_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().to_path_buf();
        let bundle = Bundle { folder };
        assert!(!bundle.has_base());
        assert_eq!(bundle.model(), root.path().join(TOY));
        fs::create_dir(bundle.base()).unwrap();
        assert!(!bundle.has_base(), "an empty folder is no model");
        fs::write(bundle.base().join("weights.gguf"), "").unwrap();
        assert_eq!(bundle.model(), root.path().join(BASE));
    }
}
