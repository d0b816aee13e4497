//! Starting, carrying out and resuming runs: the part of [`Session`] that loads weights (feature `engine`).
//!
//! A run is worked on under a lease (pid, boot id, token, heartbeat every 2 s), so that no two processes ever write
//! the same run; a dead owner's lease is taken over (architecture page, 3.7).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lm::LanguageModel;
use lm::chat_template::day_of;
use serde_json::json;
use store::{Acquire, Control, ModelRow, NewRun, Owner, RunRow, RunStatus, Store};

use crate::error::{Error, Result};
use crate::event::{Event, EventSink};
use crate::forecast::{next_smaller, settle};
use crate::models::{absolute, folder_bytes};
use crate::pipeline::{self, Run, Window};
use crate::plan::{Plan, choose};
use crate::recipe::Recipe;
use crate::session::{Session, status_after};
use crate::stage_name::StageName;

const HEARTBEAT: Duration = Duration::from_secs(2);

/// A run to be created.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// Name of the data set.
    pub dataset: String,
    /// Folder of the base model.
    pub model: PathBuf,
    /// The recipe, unresolved.
    pub recipe: Recipe,
    /// Seed of every random number.
    pub seed: u64,
    /// `cpu`, `cuda:N` or `metal`.
    pub device: String,
    /// Threads of the computation.
    pub threads: u32,
    /// Memory that programs can still take, on a card its own, the model not counted; none where it is not known.
    pub memory_free_bytes: Option<u64>,
    /// Version of the program.
    pub version: String,
}

/// A checked run that has not been stored yet.
pub struct PlannedRun {
    /// The model, loaded.
    pub model: LanguageModel,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// The chosen examples.
    pub plan: Plan,
    dataset_id: i64,
}

/// The process that asks to work on a run.
pub struct Process<'a> {
    /// Its id, boot and a random token.
    pub owner: Owner,
    /// Whether a process of this boot still lives.
    pub pid_alive: &'a (dyn Fn(u32) -> bool + Sync),
    /// Milliseconds since 1970.
    pub now_ms: &'a (dyn Fn() -> i64 + Sync),
    /// Set from outside to stop (Ctrl-C).
    pub stop: &'a AtomicBool,
    /// Where progress goes.
    pub sink: &'a dyn EventSink,
}

/// The base model of a run as its recipe holds it, telling the run's day.
pub(crate) fn model_of(row: &RunRow, recipe: &Recipe, device: &str) -> Result<LanguageModel> {
    let (path, device) = (Path::new(&row.model_path), lm::device::select(device)?);
    let mut model = LanguageModel::load_quantized(path, recipe.quantize.into(), &device)?;
    if let Some(date) = row.shots["template_date"]
        .as_str()
        .and_then(|date| date.parse().ok())
    {
        model.chat.set_date(date);
    }
    Ok(model)
}

impl Session {
    /// Loads the model, resolves the recipe (what it leaves to the machine too, so that a resumed run does not ask it
    /// again) and chooses the examples; stores nothing. A chat template that asks for
    /// today's date is told the day of `now_ms`, in this run and for good.
    pub fn plan(&self, request: &RunRequest, now_ms: i64) -> Result<PlannedRun> {
        let dataset = self.store.dataset(&request.dataset)?;
        let rows = self.store.examples(dataset.id, None)?;
        let quantize = request.recipe.quantize.into();
        let device = lm::device::select(&request.device)?;
        let mut model = LanguageModel::load_quantized(&request.model, quantize, &device)?;
        model.chat.set_date(day_of(now_ms));
        let mut recipe = request.recipe.clone().resolve(model.parameters)?;
        settle(&mut recipe, request, &model, &rows)?;
        let plan = choose(&request.dataset, &rows, &recipe, request.seed, &model)?;
        Ok(PlannedRun {
            model,
            recipe,
            plan,
            dataset_id: dataset.id,
        })
    }

    /// Stores a planned run. Its id is the data set's name with a running number.
    pub fn create_run(
        &self,
        request: &RunRequest,
        planned: &PlannedRun,
        now_ms: i64,
    ) -> Result<RunRow> {
        let (path, name) = self.model_place(&request.model)?;
        self.store.upsert_model(&ModelRow {
            id: planned.model.sha256.clone(),
            name: name.clone(),
            path: path.clone(),
            parameters: planned.model.parameters,
            bytes: folder_bytes(&request.model),
            added_at_ms: now_ms,
        })?;
        let taken: std::collections::HashSet<String> =
            self.store.runs()?.into_iter().map(|run| run.id).collect();
        let id = (1..)
            .map(|n| format!("{}-{n}", request.dataset))
            .find(|id| !taken.contains(id))
            .unwrap_or_default();
        let stages: Vec<&str> = StageName::ALL.iter().map(|stage| stage.as_str()).collect();
        let selection = serde_json::to_value(&planned.plan.selection)
            .map_err(|e| crate::artifact::corrupt("plan", &e))?;
        self.store.insert_run(&NewRun {
            id: id.clone(),
            dataset_id: planned.dataset_id,
            model_path: path,
            model_id: planned.model.sha256.clone(),
            model_name: name,
            model_parameters: planned.model.parameters,
            recipe: planned.recipe.to_toml()?,
            seed: request.seed,
            shots: selection,
            threads: request.threads,
            device: request.device.clone(),
            version: request.version.clone(),
            created_at_ms: now_ms,
            stages: &stages,
        })?;
        Ok(self.store.run(&id)?)
    }

    /// Takes a run off the queue to work on it. False where it waits no longer, or some run is at work: there is
    /// nothing to do for this process then.
    pub fn take_queued(&self, run: &str, process: &Process<'_>) -> Result<bool> {
        Ok(self
            .store
            .acquire_queued(run, &process.owner, (process.now_ms)(), process.pid_alive)?)
    }

    /// Works on a run until its last stage, the window's end, an error or a request to stop.
    ///
    /// # Errors
    /// [`Error::Locked`] where another process works on it, [`Error::ModelChanged`], [`Error::Interrupted`] on
    /// request, and whatever a stage reports. What is finished is kept in every case.
    pub fn execute(&self, run: &str, window: Window, process: &Process<'_>) -> Result<RunStatus> {
        // A wrong wish is refused before anything of the run changes.
        self.check_window(&self.store.run(run)?, window)?;
        let acquired =
            self.store
                .acquire(run, &process.owner, (process.now_ms)(), process.pid_alive)?;
        if let Acquire::HeldBy { pid } = acquired {
            return Err(Error::Locked {
                run: run.to_owned(),
                pid,
            });
        }
        let (over, workspace) = (AtomicBool::new(false), self.workspace().to_owned());
        let result = std::thread::scope(|scope| {
            let beat = scope.spawn(|| keep_lease(&workspace, run, process, &over));
            let result = self.work(run, window, process);
            over.store(true, Ordering::Relaxed);
            beat.thread().unpark();
            result
        });
        let settled = self.settle(run, result, process);
        self.store.release(run, &process.owner.token)?;
        settled
    }

    fn work(&self, run: &str, window: Window, process: &Process<'_>) -> Result<bool> {
        let row = self.store.run(run)?;
        let recipe = Recipe::from_toml(&row.recipe)?;
        let model = model_of(&row, &recipe, &row.device)?;
        if model.sha256 != row.model_id {
            return Err(Error::ModelChanged {
                path: PathBuf::from(&row.model_path),
            });
        }
        let rows = self.store.examples(row.dataset_id, None)?;
        let Plan {
            data,
            test,
            selection,
        } = choose(&row.dataset_name, &rows, &recipe, row.seed, &model)?;
        let changed = row.shots["training_sha256"] != json!(selection.training_sha256)
            || row.shots["test_sha256"] != json!(selection.test_sha256);
        if changed {
            return Err(Error::WrongState {
                what: format!(
                    "the examples of `{}` have changed since run `{run}` began",
                    row.dataset_name
                ),
                fix: "Start a new run; stages that do not depend on the change are taken over."
                    .into(),
            });
        }
        process.sink.event(&Event::RunStarted {
            run: run.to_owned(),
        });
        let (store, sink, stop, now_ms) = (&self.store, process.sink, process.stop, process.now_ms);
        let next_smaller = |stage: StageName| next_smaller(&row, &recipe, &model, &rows, stage);
        let (row, recipe, next_smaller) = (row.clone(), recipe.clone(), &next_smaller);
        let run = Run {
            store,
            row,
            recipe,
            model: &model,
            data,
            sink,
            stop,
            now_ms,
            next_smaller,
        };
        pipeline::run(&run, &test, window)
    }

    fn check_window(&self, row: &RunRow, window: Window) -> Result<()> {
        let (Some(from), Some(until)) = (window.from, window.until) else {
            return Ok(());
        };
        if from <= until {
            return Ok(());
        }
        Err(Error::WrongState {
            what: format!(
                "run `{}` cannot go from {from} until {until}: {until} comes first",
                row.id
            ),
            fix: format!(
                "The stages are, in order: {}.",
                StageName::ALL
                    .iter()
                    .map(|s| s.as_str())
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        })
    }

    /// Puts down how the work ended.
    fn settle(&self, run: &str, result: Result<bool>, process: &Process<'_>) -> Result<RunStatus> {
        let now_ms = (process.now_ms)();
        match result {
            Ok(all) => {
                let status = if all {
                    RunStatus::Done
                } else {
                    RunStatus::Paused
                };
                self.store.set_run_status(run, status, None, now_ms)?;
                Ok(status)
            }
            Err(error @ Error::Interrupted { .. }) => {
                let control = self.store.control(run)?;
                if control == Some(Control::Discard) {
                    self.discard(run)?;
                }
                let status = status_after(control);
                self.store.set_run_status(run, status, None, now_ms)?;
                self.store.set_control(run, None)?;
                if status == RunStatus::Paused {
                    Err(error)
                } else {
                    Ok(status)
                }
            }
            // Another process has it now: not a word about it is ours to write.
            Err(Error::Store(error @ store::Error::LeaseLost { .. })) => Err(error.into()),
            Err(error) => {
                let said =
                    json!({"code": error.code(), "message": error.to_string(), "fix": error.fix()});
                self.store
                    .set_run_status(run, RunStatus::Failed, Some(said), now_ms)?;
                Err(error)
            }
        }
    }

    /// Absolute path of a model and its name: that of its download, else the folder's.
    fn model_place(&self, folder: &Path) -> Result<(String, String)> {
        let path = absolute(folder);
        if let Some(known) = self
            .store
            .models()?
            .into_iter()
            .find(|known| known.path == path)
        {
            return Ok((path, known.name));
        }
        let name = Path::new(&path)
            .file_name()
            .map_or_else(|| path.clone(), |n| n.to_string_lossy().into_owned());
        Ok((path, name))
    }
}

/// Renews the lease until the work is over; sets the stop flag where the lease is lost.
fn keep_lease(workspace: &Path, run: &str, process: &Process<'_>, over: &AtomicBool) {
    let Ok(store) = Store::open(workspace) else {
        return;
    };
    while !over.load(Ordering::Relaxed) {
        std::thread::park_timeout(HEARTBEAT);
        if over.load(Ordering::Relaxed) {
            return;
        }
        if let Ok(false) = store.heartbeat(run, &process.owner.token, (process.now_ms)()) {
            process.stop.store(true, Ordering::Relaxed);
        }
    }
}
