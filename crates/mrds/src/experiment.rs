//! The runs of an experiment: one ordinary run for each cell that has none. If one of them cannot be created, none is.

use std::collections::BTreeMap;

use contract::{Budget, DeviceChoice, ModelName, RunId};
use lm::LanguageModel;
use project::budget::reduced;
use project::experiment::grid::{Cell, arms, cells};
use project::experiment::kept::{KeptExperiment, cell_rows};
use project::experiment::spec::Spec;
use project::session::Session;
use std::path::PathBuf;
use store::ExperimentCellRow;

use crate::error::Result;
use crate::run::RunRequest;
use crate::worker::{create_run, load, prepare_with};

/// How the runs of an experiment are created.
pub struct Creation<'a> {
    /// Its file.
    pub spec: &'a Spec,
    /// The folders of its models, by the names of the file.
    pub models: &'a BTreeMap<ModelName, PathBuf>,
    /// What it gives up to finish in time.
    pub budget: Option<Budget>,
    /// Where it computes.
    pub device: DeviceChoice,
    /// Threads of the computation.
    pub threads: u32,
    /// Memory that programs can still take; `None` if it is not known.
    pub memory_free_bytes: Option<u64>,
    /// Version of the program.
    pub version: &'a str,
    /// Milliseconds since 1970.
    pub now_ms: i64,
}

/// Stores an experiment with the runs of its cells. A stored experiment keeps what it gave up, and the runs of those
/// cells that it still asks for.
///
/// # Errors
/// Whatever prevents a run; nothing is stored then.
pub fn create(session: &Session, creation: &Creation<'_>) -> Result<KeptExperiment> {
    let spec = creation.spec;
    let before = session.experiment(&spec.name).ok();
    let is_same = before.as_ref().is_some_and(|before| before.spec == *spec);
    // Another forecast would make other cuts, and the cells would no longer match those that are done.
    let budget = match (&before, is_same) {
        (Some(before), true) => before.budget()?,
        _ => creation.budget.clone(),
    };
    let mut cells = cells(spec, &arms(spec)?)?;
    if let Some(budget) = &budget {
        for cell in &mut cells {
            cell.recipe = reduced(&cell.recipe, budget)?;
        }
    }
    let earlier = before.map(|before| before.cells).unwrap_or_default();
    let mut rows = cell_rows(&cells, &earlier)?;
    let mut created = Vec::new();
    match create_runs(session, creation, (&cells, &mut rows), &mut created) {
        Ok(()) => Ok(session.keep_experiment(spec, &rows, budget.as_ref(), creation.now_ms)?),
        Err(error) => {
            for run in created {
                session.store().delete_run(&run)?;
            }
            Err(error)
        }
    }
}

/// Creates the runs that are missing. A model is loaded once for all consecutive cells that use it.
fn create_runs(
    session: &Session,
    creation: &Creation<'_>,
    (cells, rows): (&[Cell], &mut [ExperimentCellRow]),
    created: &mut Vec<RunId>,
) -> Result<()> {
    let mut loaded: Option<(RunRequest, LanguageModel)> = None;
    for (cell, row) in cells.iter().zip(rows) {
        if row.run_id.is_some() {
            continue;
        }
        let request = request(creation, cell);
        let fits = |other: &RunRequest| {
            other.model == request.model && other.recipe.quantize == request.recipe.quantize
        };
        let model = match loaded.take() {
            Some((other, model)) if fits(&other) => model,
            _ => load(&request, creation.now_ms)?,
        };
        let prepared = prepare_with(session, &request, model)?;
        let run = create_run(session, &request, &prepared, creation.now_ms)?.id;
        created.push(run.clone());
        row.run_id = Some(run);
        loaded = Some((request, prepared.model));
    }
    Ok(())
}

fn request(creation: &Creation<'_>, cell: &Cell) -> RunRequest {
    let folder = creation.models.get(&cell.model).cloned();
    RunRequest {
        dataset: cell.dataset.clone(),
        model: folder.unwrap_or_else(|| PathBuf::from(cell.model.as_str())),
        recipe: cell.recipe.clone(),
        typed: cell.typed,
        seed: cell.seed,
        device: creation.device,
        threads: creation.threads,
        memory_free_bytes: creation.memory_free_bytes,
        version: creation.version.to_owned(),
        within: None,
        kept: Vec::new(),
    }
}
