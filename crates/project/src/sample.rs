//! What comes with Duologue in its folder `models`: a small published base model, a toy one, and the sample project, so
//! that everything can be looked at, rated and tried before anything is trained.
//!
//! The sample is a practice's invented conversations with a finished run on them. The run is kept as a run bundle: a
//! workspace with this run alone ([`crate::bundle`]).

use contract::Sample;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::bundle::Packed;
use crate::error::Result;
use crate::session::Session;

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

/// Environment variable that names the folder, for programs that are elsewhere.
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
    /// [`crate::Error::Store`] where a data set or run of the user has its name; [`crate::Error::Problem`] where the
    /// bundle holds no sample.
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
                let packed = Packed::open(self, &bundle.packed())?;
                packed.take(self, &DATASET.into(), &model_path)?;
                false
            }
        };
        let row = self.store.run(&RUN.into())?;
        let counts = self.store.dataset(&row.dataset_name)?.counts;
        Ok(Sample {
            dataset: row.dataset_name,
            run: row.id,
            has_model: bundle.has_base(),
            model: model_path.into_owned(),
            examples: counts.train + counts.validation + counts.test,
            known,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
