//! [`Session`]: the one API of both shells, the command line and the window.
//!
//! This file holds data sets, runs and settings as far as no weights are needed; `study` adds the rating, `worker`
//! (feature `engine`) what computes.

mod copy;
mod hand;
mod intake;
mod leaving;
mod queue;

use contract::problem::WrongState;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use contract::{
    ArtifactKind, Backing, Budget, Control, DatasetName, FileAction, Kept, Label, ModelId,
    ModelName, Part, Progress, RunId, RunStatus, StageName, StageStanding, StageStatus,
    SummaryToBack, System,
};
use host::{Identity, Liveness};
use serde::Serialize;
use serde_json::{Value, json};
use store::{
    ArtifactEdit, ArtifactPage, DatasetRow, MetricPointRow, ModelRow, PartRow, RootKey, RunRow,
    Sight, StageRow, StopRequest, Store,
};

pub use hand::WrittenExample;
pub use intake::{ImportReport, ImportRequest, MinMax};
pub use leaving::{Departure, Left, OnStep, announce};

use crate::artifact::{Rule, output_sha256, read};
use crate::backing;
use crate::error::{Error, Result};
use crate::import::{self, Import, ImportOptions};
use crate::leak_audit;
use crate::part::{Finished, PartState, asked, inputs_sha256};
use crate::recipe::Recipe;
use crate::report::run::{Found, RunReport};
use crate::report::{SystemResult, tables};
use crate::rounds::{Courses, first_artifacts};

/// The folder of pasted texts while they are imported.
const INBOX: &str = "inbox";

/// An open workspace.
pub struct Session {
    pub(crate) store: Store,
}

/// A stage whose artifacts may be seen at any time. Those of `evaluate` are what people rate without knowing who wrote
/// them: they need a [`Sight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Browsable(StageName);

impl Browsable {
    /// The stage, unless it is `evaluate`.
    pub fn new(stage: StageName) -> Option<Self> {
        (stage != StageName::Evaluate).then_some(Self(stage))
    }
}

/// A run in a list.
#[derive(Clone, Debug, Serialize)]
pub struct RunSummary {
    /// The run's id.
    pub run: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// Its data set.
    pub dataset: DatasetName,
    /// Name of its base model.
    pub model: ModelName,
    /// Seed of its random numbers.
    pub seed: u64,
    /// When it was created.
    pub created_at_ms: i64,
    /// Its stages and where they stand.
    pub stages: Vec<StageState>,
    /// Parts that have a system's or a synthesizer's name, in order; none of a run that was carried out before there were
    /// parts. Kept out of lists that programs read: `show` has them with their hashes.
    #[serde(skip)]
    pub parts: Vec<PartState>,
    /// What it compares.
    #[serde(skip)]
    pub systems: Vec<System>,
    /// What somebody calls it, and noted about it.
    #[serde(flatten)]
    pub label: Label,
}

/// A stage in a list.
#[derive(Clone, Debug, Serialize)]
pub struct StageState {
    /// The stage.
    pub name: StageName,
    /// Where it stands; a worker that has died is not known here.
    pub status: StageStanding,
    /// Last sign of progress; none before the first.
    pub progress: Option<Progress>,
    /// Seconds so far.
    pub wall_s: f64,
}

/// Where a stage stands if its parts stand as listed.
fn together(parts: &[StageStanding]) -> StageStanding {
    use StageStanding::{Done, Failed, Reused, Running, Stale, Unneeded, Waiting};
    let any = |standing| parts.contains(&standing);
    let is_finished = any(Done) || any(Reused);
    match parts {
        [] => Unneeded,
        _ if any(Failed) => Failed,
        _ if any(Running) => Running,
        _ if any(Stale) => Stale,
        // Some of its parts are there.
        _ if is_finished && any(Waiting) => Running,
        _ if any(Done) => Done,
        _ if is_finished => Reused,
        _ => Waiting,
    }
}

impl Session {
    /// Opens a workspace, and creates it if there is none.
    pub fn open(workspace: &Path) -> Result<Self> {
        Self::open_with(workspace, None)
    }

    /// The same with the key of a protected workspace.
    pub fn open_with(workspace: &Path, key: Option<&RootKey>) -> Result<Self> {
        Ok(Self {
            store: Store::open_with(workspace, key)?,
        })
    }

    /// The key of this workspace, to be handed over standard input to a process that works on it; `None` for a plain one.
    pub fn key(&self) -> Option<&RootKey> {
        self.store.vault().key()
    }

    /// The tables below, for the rooms that compute. The shells ask the session itself.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The workspace's folder.
    pub fn workspace(&self) -> &Path {
        self.store.workspace()
    }

    /// The file of a run's log.
    pub fn log_of(&self, run: &RunId) -> PathBuf {
        self.store.logs().join(format!("{run}.log"))
    }

    /// Reads files without storing anything.
    pub fn inspect(&self, files: &[PathBuf], options: &ImportOptions) -> Result<Import> {
        self.read_files(files, options)
    }

    /// Reads files of an import; what was pasted comes through the vault of the workspace.
    pub(crate) fn read_files(&self, files: &[PathBuf], options: &ImportOptions) -> Result<Import> {
        let vault = self.store.vault();
        if !vault.is_protected() {
            return Ok(import::read(files, options)?);
        }
        let inbox = self.workspace().join(INBOX);
        let (pasted, others): (Vec<_>, Vec<_>) = files
            .iter()
            .cloned()
            .partition(|file| file.parent() == Some(inbox.as_path()));
        let pasted = pasted.into_iter().map(|file| -> Result<_> {
            let bytes = vault.read(&file)?;
            Ok((file, bytes))
        });
        let pasted = pasted.collect::<Result<Vec<_>>>()?;
        Ok(import::read_with(&others, pasted, options)?)
    }

    /// Keeps a pasted text in the workspace until it is imported.
    pub fn keep_text(&self, file: &Path, text: &str) -> Result<()> {
        Ok(self.store.vault().write(file, text.as_bytes())?)
    }

    /// The log of a run as it is stored; `None` if it is in clear and can be read from its file, piece by piece.
    pub fn sealed_log(&self, file: &Path) -> Result<Option<Vec<u8>>> {
        let vault = self.store.vault();
        if !vault.is_protected() {
            return Ok(None);
        }
        match file.exists() {
            true => Ok(Some(vault.read(file)?)),
            false => Ok(Some(Vec::new())),
        }
    }

    /// The data sets.
    pub fn datasets(&self) -> Result<Vec<DatasetRow>> {
        Ok(self.store.datasets()?)
    }

    /// Removes a data set that no run uses.
    pub fn delete_dataset(&self, name: &DatasetName) -> Result<()> {
        let dataset = self.store.dataset(name)?;
        Ok(self.store.delete_dataset(dataset.id)?)
    }

    /// The models used so far.
    pub fn models(&self) -> Result<Vec<ModelRow>> {
        Ok(self.store.models()?)
    }

    /// Forgets a model; its files stay.
    pub fn remove_model(&self, id: &ModelId) -> Result<()> {
        Ok(self.store.remove_model(id)?)
    }

    /// The runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>> {
        self.store
            .runs()?
            .iter()
            .map(|row| self.summary(row))
            .collect()
    }

    /// Where a run stands: for polling while it works.
    pub fn status(&self, run: &RunId) -> Result<RunSummary> {
        self.summary(&self.store.run(run)?)
    }

    fn summary(&self, row: &RunRow) -> Result<RunSummary> {
        let mut parts = self.parts(row)?;
        let stages = self
            .stages_of(row, &parts)?
            .into_iter()
            .map(|(stage, status)| StageState {
                name: stage.name,
                status,
                progress: stage.progress,
                wall_s: stage.wall_s,
            });
        let stages = stages.collect();
        parts.retain(|part| part.row.is_some() && part.part != Part::Whole(part.part.stage()));
        Ok(RunSummary {
            run: row.id.clone(),
            status: row.status,
            dataset: row.dataset_name.clone(),
            model: row.model_name.clone(),
            seed: row.seed,
            created_at_ms: row.created_at_ms,
            stages,
            parts,
            systems: Recipe::from_toml(&row.recipe)?.systems,
            label: self.store.label(Kept::Run, &row.id)?,
        })
    }

    /// The run's row: recipe, seed, model, error.
    pub fn run(&self, run: &RunId) -> Result<RunRow> {
        Ok(self.store.run(run)?)
    }

    /// The stages with where they stand: as their parts do. What was carried out before there were parts stands where its
    /// row says.
    pub fn stages(&self, row: &RunRow) -> Result<Vec<(StageRow, StageStanding)>> {
        self.stages_of(row, &self.parts(row)?)
    }

    fn stages_of(
        &self,
        row: &RunRow,
        parts: &[PartState],
    ) -> Result<Vec<(StageRow, StageStanding)>> {
        let is_old = parts.iter().all(|part| part.row.is_none());
        let standing = |stage: &StageRow| {
            let of_stage = parts
                .iter()
                .filter(|part| part.part.stage() == stage.name)
                .map(|part| part.status);
            let is_kept = is_old && stage.status != StageStatus::Waiting;
            match is_kept {
                true => StageStanding::from(stage.status),
                false => together(&of_stage.collect::<Vec<_>>()),
            }
        };
        let stages = self.store.stages(&row.id)?.into_iter();
        Ok(stages
            .map(|stage| {
                let standing = standing(&stage);
                (stage, standing)
            })
            .collect())
    }

    /// The parts that a run's recipe asks for, in the order of the method, later rounds as far as they are due; a finished
    /// one whose inputs have changed since is stale.
    pub fn parts(&self, row: &RunRow) -> Result<Vec<PartState>> {
        let recipe = Recipe::from_toml(&row.recipe)?;
        let mut rows: BTreeMap<Part, PartRow> = self
            .store
            .parts(&row.id)?
            .into_iter()
            .map(|part| (part.part, part))
            .collect();
        let mut fresh: BTreeMap<Part, Finished> = BTreeMap::new();
        let mut parts = Vec::new();
        let courses = Courses::of(&self.store, &row.id, &recipe)?;
        for part in asked(&recipe)
            .into_iter()
            .filter(|part| courses.is_due(*part))
        {
            let found = rows.remove(&part);
            let mut status = found
                .as_ref()
                .map_or(StageStanding::Waiting, |found| found.status.into());
            if let Some(found) = found.as_ref().filter(|found| found.is_finished()) {
                let finished = |earlier| fresh.get(&earlier).cloned();
                let expected = inputs_sha256(row, &recipe, part, &finished)?;
                match &found.output_sha256 {
                    Some(sha256) if expected == found.inputs_sha256 => {
                        let finished = Finished {
                            sha256: sha256.clone(),
                            n_out: found.n_out,
                        };
                        fresh.insert(part, finished);
                    }
                    _ => status = StageStanding::Stale,
                }
            }
            parts.push(PartState {
                part,
                row: found,
                status,
            });
        }
        Ok(parts)
    }

    /// Adds systems to those that a run compares. The next worker computes their parts alone.
    ///
    /// # Errors
    /// [`Error::Store`] for an unknown run.
    pub fn add_systems(&self, run: &RunId, systems: &[System]) -> Result<()> {
        let row = self.store.run(run)?;
        let mut recipe = Recipe::from_toml(&row.recipe)?;
        for system in systems {
            if !recipe.systems.contains(system) {
                recipe.systems.push(*system);
            }
        }
        Ok(self.store.update_run_recipe(run, &recipe.to_toml()?)?)
    }

    /// Sets how often a run goes round at most. The next worker continues after the last round that it finished.
    ///
    /// # Errors
    /// [`Error::Store`] for an unknown run, and the recipe's where there cannot be as many rounds.
    pub fn set_rounds(&self, run: &RunId, rounds: u32) -> Result<()> {
        let mut recipe = Recipe::from_toml(&self.store.run(run)?.recipe)?;
        recipe.set(&format!("rounds={rounds}"))?;
        Ok(self.store.update_run_recipe(run, &recipe.to_toml()?)?)
    }

    /// Points of a run's curves.
    pub fn metric_points(
        &self,
        run: &RunId,
        stage: Option<StageName>,
    ) -> Result<Vec<MetricPointRow>> {
        Ok(self.store.metric_points(run, stage)?)
    }

    /// Artifacts of a stage, page by page, the latest version of each.
    pub fn items(
        &self,
        run: &RunId,
        stage: Browsable,
        kind: Option<ArtifactKind>,
        offset: u32,
        limit: u32,
    ) -> Result<ArtifactPage> {
        let page = self
            .store
            .artifacts_page(run, stage.0, kind, offset, limit)?;
        Ok(page)
    }

    /// What the last stage of a run made, page by page: outputs with their authors, and figures.
    pub fn evaluated(
        &self,
        sight: &Sight,
        kind: Option<ArtifactKind>,
        offset: u32,
        limit: u32,
    ) -> Result<ArtifactPage> {
        let stage = StageName::Evaluate;
        let page = self
            .store
            .artifacts_page(sight.run(), stage, kind, offset, limit)?;
        Ok(page)
    }

    /// The figures of a run's systems once more, from its stored outputs; `wanted` chooses some of them
    /// and leaves with them what they are compared with.
    pub fn evaluate(&self, sight: &Sight, wanted: Option<&[System]>) -> Result<Vec<SystemResult>> {
        let run = self.store.run(sight.run())?;
        let recipe = Recipe::from_toml(&run.recipe)?;
        tables::evaluated(&self.store, &run, &recipe, wanted)
    }

    /// What was measured of each summary of the test split, from which the figures of [`Session::evaluate`] follow.
    pub fn scores(&self, sight: &Sight) -> Result<Vec<tables::Score>> {
        tables::scores(&self.store, &self.store.run(sight.run())?)
    }

    /// Compares a summary with its conversation.
    ///
    /// # Errors
    /// [`contract::problem::StorageProblem`] and the like if the run that is named cannot be read.
    pub fn back(&self, asked: &SummaryToBack) -> Result<Backing> {
        let examples = match &asked.run {
            Some(run) => self.store.examples(self.run(run)?.dataset_id, None)?,
            None => Vec::new(),
        };
        let known = examples
            .iter()
            .map(|row| (row.dialogue.as_str(), row.references.as_slice()));
        let alone = std::iter::once((asked.dialogue.as_str(), &[] as &[String]));
        Ok(backing::back(
            asked,
            &backing::vocabulary_of(known.chain(alone)),
        ))
    }

    /// Every summary of the test split beside its conversation.
    pub fn backings(&self, sight: &Sight) -> Result<Vec<tables::Backed>> {
        tables::backings(&self.store, &self.store.run(sight.run())?)
    }

    /// Replaces an artifact by a person's version. What follows the part becomes stale.
    pub fn edit_item(&self, run: &RunId, part: Part, edit: &ArtifactEdit<'_>) -> Result<u32> {
        let version = self.store.edit_artifact(run, part, edit)?;
        let rows = self.store.part_artifacts(run, part, None)?;
        let sha256 = output_sha256(
            rows.iter()
                .map(|row| (row.kind.as_str(), row.item, &row.payload)),
        );
        self.store.set_output_sha256(run, part, &sha256)?;
        Ok(version)
    }

    /// Whether a process works on the run. One that was killed leaves its lease behind.
    pub fn is_worked_on(
        &self,
        run: &RunId,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<bool> {
        Ok(self
            .store
            .lease(run)?
            .is_some_and(|lease| lease.lives(now_ms, liveness)))
    }

    /// Asks a run's worker to pause, cancel or discard. A run that nobody works on changes at once.
    pub fn control(
        &self,
        run: &RunId,
        control: Control,
        now_ms: i64,
        liveness: &dyn Fn(&Identity) -> Liveness,
    ) -> Result<RunStatus> {
        let row = self.store.run(run)?;
        if matches!(row.status, RunStatus::Done | RunStatus::Cancelled) {
            return Err(WrongState::NothingToStop {
                run: row.id,
                status: row.status,
            }
            .into());
        }
        if row.status == RunStatus::Failed && control == Control::Pause {
            return Err(WrongState::NothingToPause { run: row.id }.into());
        }
        let at_rest = status_after(Some(control));
        let stop = StopRequest { control, at_rest };
        if self.store.ask_to_stop(run, stop, now_ms, liveness)? {
            return Ok(RunStatus::Running);
        }
        if control == Control::Discard {
            self.discard(run)?;
        }
        Ok(at_rest)
    }

    /// Throws the partial results and checkpoints of a run away.
    pub fn discard(&self, run: &RunId) -> Result<()> {
        // A failed stage keeps partial results too.
        let unfinished =
            |s: &&StageRow| matches!(s.status, StageStatus::Running | StageStatus::Failed);
        for stage in self.store.stages(run)?.iter().filter(unfinished) {
            self.store.clear_work(run, stage.name)?;
        }
        let folder = self.store.checkpoints().join(run.as_str());
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::io(FileAction::Remove, &folder, &error))
            }
            _ => Ok(()),
        }
    }

    /// A run with everything it found (`duologue show`).
    pub fn show(&self, sight: &Sight) -> Result<RunReport> {
        let row = self.store.run(sight.run())?;
        let artifacts = |stage, kind| first_artifacts(&self.store, &row.id, stage, kind);
        let adapters = |stage| read(&artifacts(stage, ArtifactKind::Adapter)?);
        let rules: Vec<Rule> = read(&artifacts(StageName::Candidates, ArtifactKind::FormatRule)?)?;
        let checkpoints = read(&artifacts(StageName::Align, ArtifactKind::Checkpoint)?)?;
        let figures = |kind| artifacts(StageName::Evaluate, kind);
        let recipe = Recipe::from_toml(&row.recipe)?;
        let results = read(&figures(ArtifactKind::Result)?)?;
        RunReport::new(
            &row,
            self.stages(&row)?,
            &self.parts(&row)?,
            &self.store.dataset_by_id(row.dataset_id)?.name,
            Found {
                format_rule: rules.into_iter().next().map(|rule| rule.rule),
                aligned: adapters(StageName::Align)?,
                checkpoints,
                summarizers: adapters(StageName::Summarizer)?,
                synthesizers: read(&figures(ArtifactKind::SynthesizerResult)?)?,
                results: tables::stored(&self.store, &row, &recipe, results)?,
                rounds: Courses::of(&self.store, &row.id, &recipe)?.shown(
                    &self.store,
                    &row.id,
                    &recipe,
                )?,
                leaks: leak_audit::kept(&self.store, &row)?,
            },
        )
    }

    /// A setting of the workspace.
    pub fn setting(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.store.setting(key)?)
    }

    /// Keeps the seconds that were forecast for each stage of a run, for the time that is left of it.
    pub fn keep_forecast(&self, run: &RunId, seconds: &Forecast) -> Result<()> {
        let seconds = serde_json::to_value(seconds)
            .map_err(|error| crate::error::corrupt("forecast", &error))?;
        self.set_setting(&forecast_key(run), &seconds)
    }

    /// Keeps what a run gave up to end in time.
    pub fn keep_budget(&self, run: &RunId, budget: &Budget) -> Result<()> {
        self.set_setting(&budget_key(run), &json!(budget))
    }

    /// What a run gave up to end in time; none if it had no limit.
    pub fn budget(&self, run: &RunId) -> Result<Option<Budget>> {
        let kept = self.setting(&budget_key(run))?;
        Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()))
    }

    /// The seconds that were forecast for each stage of a run; empty if none were kept.
    pub fn forecast(&self, run: &RunId) -> Result<Forecast> {
        let kept = self.setting(&forecast_key(run))?.unwrap_or_default();
        Ok(serde_json::from_value(kept).unwrap_or_default())
    }

    /// Changes a setting.
    pub fn set_setting(&self, key: &str, value: &Value) -> Result<()> {
        Ok(self.store.set_setting(key, value)?)
    }
}

/// Seconds by stage.
pub type Forecast = BTreeMap<StageName, f64>;

/// The setting has the name from when only the window kept it.
pub(crate) fn forecast_key(run: &RunId) -> String {
    format!("window.forecast.{run}")
}

pub(crate) fn budget_key(run: &RunId) -> String {
    format!("budget.{run}")
}

/// Where a run stands once it heard a request to stop, or Ctrl-C (`None`).
pub fn status_after(control: Option<Control>) -> RunStatus {
    match control {
        Some(Control::Cancel | Control::Discard) => RunStatus::Cancelled,
        _ => RunStatus::Paused,
    }
}
