//! Starting, carrying out and resuming runs: what a [`Session`] does with weights.
//!
//! A run is worked on under a lease (process, token, heartbeat every 2 s), so that no two processes ever write the same
//! run; a dead owner's lease is taken over.

use contract::problem::{Locked, RunProblem, WrongState};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::{Budget, Control, DeviceChoice, Event, RunId, RunStatus, Scorer, StageName};
use host::{Identity, Liveness};
use lm::LanguageModel;
use lm::text::chat_template::day_of;
use project::hygiene::nothing_to_learn;
use project::recipe::Recipe;
use project::selection::Selection;
use project::session::{Forecast, Session, status_after};
use store::{Acquire, ModelRow, NewRun, Owner, RootKey, RunRow, Store};

use crate::error::{Error, Result};
use crate::event::EventSink;
use crate::forecast::ratio::{self, KeptPart};
use crate::forecast::{Started, next_smaller, settle, started};
use crate::models::{absolute, folder_bytes};
use crate::pipeline;
use crate::run::{Run, RunRequest, StageRange};
use crate::selection::{Selected, choose, pool};

const HEARTBEAT: Duration = Duration::from_secs(2);

/// A checked run that has not been stored yet.
pub struct PreparedRun {
    /// The model, loaded.
    pub model: LanguageModel,
    /// The resolved recipe.
    pub recipe: Recipe,
    /// The chosen examples.
    pub selected: Selected,
    /// Seconds of each stage on this machine.
    pub forecast: Forecast,
    /// What the recipe gave up to end in time; none without a limit.
    pub budget: Option<Budget>,
    parts: Vec<KeptPart>,
    /// The other model that scores, if the recipe names one.
    scorer: Option<ModelRow>,
    dataset_id: i64,
}

/// The process that asks to work on a run.
pub struct Process<'a> {
    /// Which process it is, and a random token.
    pub owner: Owner,
    /// Whether a process is still alive.
    pub liveness: &'a (dyn Fn(&Identity) -> Liveness + Sync),
    /// Milliseconds since 1970.
    pub now_ms: &'a (dyn Fn() -> i64 + Sync),
    /// Set from outside to stop (Ctrl-C).
    pub stop: &'a AtomicBool,
    /// Where progress goes.
    pub sink: &'a dyn EventSink,
}

/// The base model of a run as its recipe describes it, whose template is told the run's day.
pub(crate) fn model_of(
    row: &RunRow,
    recipe: &Recipe,
    device: DeviceChoice,
) -> Result<LanguageModel> {
    let (path, device) = (Path::new(&row.model_path), lm::device::select(device)?);
    let mut model = LanguageModel::load_quantized(path, recipe.quantize, &device)?;
    if let Some(date) = Selection::of_run(row)?
        .template_date
        .and_then(|date| date.parse().ok())
    {
        model.chat.set_date(date);
    }
    Ok(model)
}

/// Loads the model, resolves the recipe (what it leaves to the machine too, so that a resumed run does not ask it
/// again), fits its sizes to the data set and chooses the examples; stores nothing. A chat template that asks for
/// today's date is told the day of `now_ms`, in this run and for good.
pub fn prepare(session: &Session, request: &RunRequest, now_ms: i64) -> Result<PreparedRun> {
    // Known before anything is loaded.
    session.store().dataset(&request.dataset)?;
    prepare_with(session, request, load(request, now_ms)?)
}

/// Loads the model of a run to be created.
pub fn load(request: &RunRequest, now_ms: i64) -> Result<LanguageModel> {
    let quantize = request.recipe.quantize;
    let device = lm::device::select(request.device)?;
    let mut model = LanguageModel::load_quantized(&request.model, quantize, &device)?;
    model.chat.set_date(day_of(now_ms));
    Ok(model)
}

/// As [`prepare`], with the model loaded already; it is found again in the result.
pub fn prepare_with(
    session: &Session,
    request: &RunRequest,
    model: LanguageModel,
) -> Result<PreparedRun> {
    let dataset = session.store().dataset(&request.dataset)?;
    let rows = session.store().examples(dataset.id, None)?;
    if let Some(lack) = nothing_to_learn(&rows) {
        let dataset = request.dataset.clone();
        return Err(RunProblem::NotReady { dataset, lack }.into());
    }
    let mut asked = request.recipe.clone().resolve(model.parameters)?;
    let scorer = find_scorer(session, &mut asked, &model)?;
    let Started {
        budget,
        forecast,
        parts,
    } = started(session, request, &mut asked, &model, &rows)?;
    let pool = pool(&request.dataset, &rows, &asked, request.seed, &model)?;
    let mut recipe = asked.clone();
    recipe.fit(request.typed, pool.available());
    settle(&mut recipe, request, &model, &rows)?;
    let mut selected = pool.take(&recipe)?;
    if let Some(scorer) = &scorer {
        // The workspace knows where its folder is; the run says which model it is.
        recipe.scorer_model = scorer.name.to_string();
        selected.selection.scorer_sha256 = Some(scorer.id.to_string());
    }
    Ok(PreparedRun {
        model,
        recipe,
        selected,
        forecast,
        budget,
        parts,
        scorer,
        dataset_id: dataset.id,
    })
}

/// Finds the other model that a recipe names as its scorer, by folder, or by the id or name that it has in the workspace.
/// What cannot be loaded is refused before the run begins.
fn find_scorer(
    session: &Session,
    recipe: &mut Recipe,
    beside: &LanguageModel,
) -> Result<Option<ModelRow>> {
    if recipe.scorer != Scorer::Model {
        return Ok(None);
    }
    let named = recipe.scorer_model.clone();
    let is_named = |known: &ModelRow| known.id.as_str() == named || known.name.as_str() == named;
    let known = session.store().models()?.into_iter().find(is_named);
    recipe.scorer_model = match known.filter(|_| !Path::new(&named).exists()) {
        Some(known) => known.path,
        None => absolute(Path::new(&named)),
    };
    let folder = Path::new(&recipe.scorer_model);
    let scorer = LanguageModel::load_quantized(folder, recipe.quantize, &beside.decoder.device)?;
    let (path, name) = model_place(session, folder)?;
    Ok(Some(ModelRow {
        bytes: folder_bytes(folder),
        id: scorer.sha256.into(),
        parameters: scorer.parameters,
        name: name.into(),
        path,
        added_at_ms: 0,
    }))
}

/// Stores a prepared run. Its id is the data set's name with a running number.
pub fn create_run(
    session: &Session,
    request: &RunRequest,
    prepared: &PreparedRun,
    now_ms: i64,
) -> Result<RunRow> {
    let (path, name) = model_place(session, &request.model)?;
    session.store().upsert_model(&ModelRow {
        id: prepared.model.sha256.clone().into(),
        name: name.clone().into(),
        path: path.clone(),
        parameters: prepared.model.parameters,
        bytes: folder_bytes(&request.model),
        added_at_ms: now_ms,
    })?;
    if let Some(scorer) = &prepared.scorer {
        session.store().upsert_model(&ModelRow {
            added_at_ms: now_ms,
            ..scorer.clone()
        })?;
    }
    let taken: std::collections::HashSet<RunId> = session
        .store()
        .runs()?
        .into_iter()
        .map(|run| run.id)
        .collect();
    let id = (1..)
        .map(|n| RunId::from(format!("{}-{n}", request.dataset)))
        .find(|id| !taken.contains(id))
        .unwrap_or_default();
    let selection = serde_json::to_value(&prepared.selected.selection)
        .map_err(|e| project::error::corrupt("plan", &e))?;
    session.store().insert_run(&NewRun {
        id: id.clone(),
        dataset_id: prepared.dataset_id,
        model_path: path,
        model_id: prepared.model.sha256.clone().into(),
        model_name: name.into(),
        model_parameters: prepared.model.parameters,
        recipe: prepared.recipe.to_toml()?,
        seed: request.seed,
        shots: selection,
        threads: request.threads,
        device: request.device,
        version: request.version.clone(),
        created_at_ms: now_ms,
        stages: StageName::ALL,
    })?;
    session.keep_forecast(&id, &prepared.forecast)?;
    if let Some(budget) = &prepared.budget {
        session.keep_budget(&id, budget)?;
    }
    ratio::keep(session, &id, &prepared.parts)?;
    Ok(session.store().run(&id)?)
}

/// Takes a run off the queue to work on it. False if it no longer waits, or another run is at work: then this process
/// has nothing to do.
pub fn take_queued(session: &Session, run: &RunId, process: &Process<'_>) -> Result<bool> {
    Ok(session
        .store()
        .acquire_queued(run, &process.owner, (process.now_ms)(), process.liveness)?)
}

/// Works on a run until its last stage, the end of the stage range, an error or a request to stop.
///
/// # Errors
/// [`Error::Locked`] where another process works on it, [`Error::ModelChanged`], [`Error::Interrupted`] on
/// request, and whatever a stage reports. What is finished is kept in every case.
pub fn execute(
    session: &Session,
    run: &RunId,
    stages: StageRange,
    process: &Process<'_>,
) -> Result<RunStatus> {
    // A wrong request is refused before anything in the run changes.
    check_range(&session.store().run(run)?, stages)?;
    let acquired =
        session
            .store()
            .acquire(run, &process.owner, (process.now_ms)(), process.liveness)?;
    if let Acquire::HeldBy { pid } = acquired {
        let run = run.clone();
        return Err(RunProblem::Locked(Locked::Run { run, pid }).into());
    }
    let (over, workspace) = (AtomicBool::new(false), session.workspace().to_owned());
    let key = session.key().cloned();
    let result = std::thread::scope(|scope| {
        let beat = scope.spawn(|| keep_lease((&workspace, key.as_ref()), run, process, &over));
        let result = work(session, run, stages, process);
        over.store(true, Ordering::Relaxed);
        beat.thread().unpark();
        result
    });
    let settled = record_end(session, run, result, process);
    // What was learnt about the machine is not part of the run: without it, the next forecast is simply unchanged.
    let row = session.store().run(run)?;
    let _unlearnt = ratio::learn(session, run, &session.store().parts(run)?, row.threads);
    session.store().release(run, &process.owner.token)?;
    settled
}

fn work(session: &Session, run: &RunId, stages: StageRange, process: &Process<'_>) -> Result<bool> {
    let row = session.store().run(run)?;
    let recipe = Recipe::from_toml(&row.recipe)?;
    let model = model_of(&row, &recipe, row.device)?;
    if model.sha256 != row.model_id.as_str() {
        return Err(RunProblem::ModelChanged {
            file: row.model_path,
        }
        .into());
    }
    let rows = session.store().examples(row.dataset_id, None)?;
    let Selected {
        data,
        test,
        selection,
    } = choose(&row.dataset_name, &rows, &recipe, row.seed, &model)?;
    let stored = Selection::of_run(&row)?;
    let changed = stored.training_sha256 != selection.training_sha256
        || stored.test_sha256 != selection.test_sha256;
    if changed {
        return Err(WrongState::ExamplesChanged {
            run: run.clone(),
            dataset: row.dataset_name,
        }
        .into());
    }
    process.sink.event(&Event::RunStarted { run: run.clone() });
    let (store, sink, stop, now_ms) = (session.store(), process.sink, process.stop, process.now_ms);
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
    pipeline::run(&run, &test, stages)
}

fn check_range(row: &RunRow, stages: StageRange) -> Result<()> {
    let (Some(from), Some(until)) = (stages.from, stages.until) else {
        return Ok(());
    };
    if from <= until {
        return Ok(());
    }
    Err(WrongState::StagesReversed {
        run: row.id.clone(),
        from,
        until,
    }
    .into())
}

/// Records how the work ended.
fn record_end(
    session: &Session,
    run: &RunId,
    result: Result<bool>,
    process: &Process<'_>,
) -> Result<RunStatus> {
    let now_ms = (process.now_ms)();
    match result {
        Ok(complete) => {
            let status = if complete {
                RunStatus::Done
            } else {
                RunStatus::Paused
            };
            session.store().set_run_status(run, status, None, now_ms)?;
            Ok(status)
        }
        Err(error @ Error::Interrupted { .. }) => {
            let control = session.store().control(run)?;
            if control == Some(Control::Discard) {
                session.discard(run)?;
            }
            let status = status_after(control);
            session.store().set_run_status(run, status, None, now_ms)?;
            session.store().set_control(run, None)?;
            if status == RunStatus::Paused {
                Err(error)
            } else {
                Ok(status)
            }
        }
        // Another process has it now, so we must not write anything about it.
        Err(Error::Project(project::Error::Store(error @ store::Error::LeaseLost { .. }))) => {
            Err(error.into())
        }
        Err(error) => {
            let report = Some(error.problem().into());
            session
                .store()
                .set_run_status(run, RunStatus::Failed, report, now_ms)?;
            Err(error)
        }
    }
}

/// Absolute path of a model and its name: that of its download, else the folder's.
fn model_place(session: &Session, folder: &Path) -> Result<(String, String)> {
    let path = absolute(folder);
    if let Some(known) = session
        .store()
        .models()?
        .into_iter()
        .find(|known| known.path == path)
    {
        return Ok((path, known.name.to_string()));
    }
    let name = Path::new(&path)
        .file_name()
        .map_or_else(|| path.clone(), |n| n.to_string_lossy().into_owned());
    Ok((path, name))
}

/// Renews the lease until the work is over; sets the stop flag where the lease is lost.
fn keep_lease(
    (workspace, key): (&Path, Option<&RootKey>),
    run: &RunId,
    process: &Process<'_>,
    over: &AtomicBool,
) {
    let Ok(store) = Store::open_with(workspace, key) else {
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
