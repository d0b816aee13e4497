//! Experiments in the workspace: their cells are ordinary runs in the ordinary queue, so that pausing, resuming and a
//! killed worker are what they are for a run. Nothing of a result is stored: the table and the comparisons are computed
//! from what the runs have made, whenever somebody asks.

use std::collections::BTreeMap;

use contract::problem::{Locked, RunProblem};
use contract::{
    Budget, Control, ErrorCode, ExperimentCell, ExperimentName, ExperimentReport,
    ExperimentStanding, ExperimentSummary, RunId, RunStanding, RunStatus, StageStanding,
};
use host::{Identity, Liveness};
use serde_json::json;
use store::{ExperimentCellRow, ExperimentRow, QueueRow, RunRow};

use super::compare::comparisons;
use super::curve::curves;
use super::domains::Transfer;
use super::grid::{Arm, Cell, arms};
use super::scores::{CellPlace, CellScores, of_run};
use super::spec::Spec;
use super::table::{synthesizers, table};
use crate::error::{Result, corrupt};
use crate::session::Session;

/// Who is asked whether a worker lives, and when.
#[derive(Clone, Copy)]
pub struct Now<'a> {
    /// Milliseconds since 1970.
    pub now_ms: i64,
    /// Whether a process still lives.
    pub liveness: &'a dyn Fn(&Identity) -> Liveness,
}

/// A stored experiment.
#[derive(Clone, Debug)]
pub struct KeptExperiment {
    /// Its row.
    pub row: ExperimentRow,
    /// Its file.
    pub spec: Spec,
    /// Its cells in their order.
    pub cells: Vec<ExperimentCellRow>,
}

impl KeptExperiment {
    /// What was given up to end in time.
    ///
    /// # Errors
    /// A stored value of another form.
    pub fn budget(&self) -> Result<Option<Budget>> {
        let read = |value: &serde_json::Value| serde_json::from_value(value.clone());
        let budget = self.row.budget.as_ref().map(read).transpose();
        budget.map_err(|error| corrupt("budget", &error))
    }
}

/// The rows of cells: one that still asks for the same recipe keeps the run that it had.
///
/// # Errors
/// None for recipes that can be written.
pub fn cell_rows(cells: &[Cell], before: &[ExperimentCellRow]) -> Result<Vec<ExperimentCellRow>> {
    let row = |cell: &Cell| {
        let recipe_sha256 = cell.recipe_sha256()?;
        let is_same = |row: &&ExperimentCellRow| {
            (&row.dataset, &row.model, row.seed, &row.recipe_sha256)
                == (&cell.dataset, &cell.model, cell.seed, &recipe_sha256)
        };
        Ok(ExperimentCellRow {
            arm: cell.arm.clone(),
            dataset: cell.dataset.clone(),
            model: cell.model.clone(),
            seed: cell.seed,
            run_id: before
                .iter()
                .find(is_same)
                .and_then(|row| row.run_id.clone()),
            recipe_sha256,
        })
    };
    cells.iter().map(row).collect()
}

impl Session {
    /// A stored experiment.
    ///
    /// # Errors
    /// [`store::Error::NotFound`].
    pub fn experiment(&self, name: &ExperimentName) -> Result<KeptExperiment> {
        self.kept(self.store.experiment(name)?)
    }

    /// Whether an experiment has this name.
    ///
    /// # Errors
    /// What the store reports.
    pub fn has_experiment(&self, name: &ExperimentName) -> Result<bool> {
        Ok(self
            .store
            .experiments()?
            .iter()
            .any(|row| row.name == *name))
    }

    fn kept(&self, row: ExperimentRow) -> Result<KeptExperiment> {
        Ok(KeptExperiment {
            spec: Spec::from_toml(&row.spec)?,
            cells: self.store.experiment_cells(row.id)?,
            row,
        })
    }

    /// Stores an experiment with its cells, or brings the one of this name up to date.
    ///
    /// # Errors
    /// What the store reports.
    pub fn keep_experiment(
        &self,
        spec: &Spec,
        cells: &[ExperimentCellRow],
        budget: Option<&Budget>,
        now_ms: i64,
    ) -> Result<KeptExperiment> {
        let text = spec.to_toml()?;
        let row = ExperimentRow {
            id: 0,
            name: spec.name.clone(),
            spec_sha256: store::sha256_hex(text.as_bytes()),
            spec: text,
            budget: budget.map(|budget| json!(budget)),
            created_at_ms: now_ms,
            changed_at_ms: now_ms,
        };
        self.kept(self.store.put_experiment(&row, cells)?)
    }

    /// The experiments, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub fn experiments(&self, now: Now<'_>) -> Result<Vec<ExperimentSummary>> {
        let summary = |row: ExperimentRow| {
            let kept = self.kept(row)?;
            let cells = self.cells(&kept, now)?;
            Ok(ExperimentSummary {
                experiment: kept.row.name.clone(),
                question: kept.spec.question.clone(),
                status: standing(&cells),
                done: done(&cells),
                cells: cells.len(),
                created_at_ms: kept.row.created_at_ms,
            })
        };
        self.store.experiments()?.into_iter().map(summary).collect()
    }

    /// Everything about an experiment, as far as its cells are done.
    ///
    /// # Errors
    /// What the store reports.
    pub fn experiment_report(
        &self,
        name: &ExperimentName,
        now: Now<'_>,
    ) -> Result<ExperimentReport> {
        let kept = self.experiment(name)?;
        let cells = self.cells(&kept, now)?;
        let arms = arms(&kept.spec)?;
        let scores = self.cell_scores(&cells)?;
        let (comparisons, verdicts) = comparisons(&kept.spec, &arms, &scores);
        let table = table(&arms, &scores);
        let transfer = Transfer::new(&comparisons, &table, &scores);
        Ok(ExperimentReport {
            experiment: kept.row.name.clone(),
            question: kept.spec.question.clone(),
            status: standing(&cells),
            done: done(&cells),
            arms: arms.iter().map(Arm::shown).collect(),
            seeds: kept.spec.seeds.list(),
            curves: curves(&arms, &table),
            table,
            synthesizers: synthesizers(&arms, &scores),
            domains: transfer.domains,
            gain_differences: transfer.gain_differences,
            budget: kept.budget()?,
            spec: kept.row.spec,
            comparisons,
            verdicts,
            cells,
        })
    }

    /// The cells of an experiment with where they stand, without their figures.
    ///
    /// # Errors
    /// [`store::Error::NotFound`].
    pub fn experiment_cells(
        &self,
        name: &ExperimentName,
        now: Now<'_>,
    ) -> Result<Vec<ExperimentCell>> {
        self.cells(&self.experiment(name)?, now)
    }

    /// The scores of the cells that are done; a run whose summaries are being rated is left out.
    fn cell_scores(&self, cells: &[ExperimentCell]) -> Result<Vec<CellScores>> {
        let mut scores = Vec::new();
        for cell in cells {
            let run = cell
                .run
                .as_ref()
                .filter(|_| cell.status == RunStanding::Done);
            let Some(sight) = run
                .map(|run| self.may_see(&run.clone()))
                .transpose()?
                .flatten()
            else {
                continue;
            };
            let place = CellPlace {
                arm: &cell.arm,
                dataset: &cell.dataset,
                model: &cell.model,
                seed: cell.seed,
                run: sight.run(),
            };
            scores.push(of_run(&self.store, place)?);
        }
        Ok(scores)
    }

    /// The cells with where they stand.
    fn cells(&self, kept: &KeptExperiment, now: Now<'_>) -> Result<Vec<ExperimentCell>> {
        let waiting: Vec<RunId> = self.queue()?.into_iter().map(|row| row.run_id).collect();
        let cell = |row: &ExperimentCellRow| {
            let mut cell = ExperimentCell {
                arm: row.arm.clone(),
                dataset: row.dataset.clone(),
                model: row.model.clone(),
                seed: row.seed,
                run: row.run_id.clone(),
                status: RunStanding::Created,
                wall_s: 0.0,
                error: None,
            };
            let Some(run) = &row.run_id else {
                return Ok(cell);
            };
            let run = self.store.run(run)?;
            let is_working = self.is_worked_on(&run.id, now.now_ms, now.liveness)?;
            cell.status = match waiting.contains(&run.id) && !is_working {
                true => RunStanding::Queued,
                false => self.cell_standing(&run, is_working)?,
            };
            cell.wall_s = self
                .store
                .stages(&run.id)?
                .iter()
                .map(|stage| stage.wall_s)
                .sum();
            let has_failed = cell.status == RunStanding::Failed;
            cell.error = run.error.filter(|_| has_failed).map(|error| error.code());
            Ok(cell)
        };
        kept.cells.iter().map(cell).collect()
    }

    /// Where a run that does not wait stands: it is done if every part that it asks for is there and up to date.
    fn cell_standing(&self, run: &RunRow, is_working: bool) -> Result<RunStanding> {
        let standing = run.status.standing(is_working);
        if standing != RunStanding::Done {
            return Ok(standing);
        }
        let is_finished = |status| matches!(status, StageStanding::Done | StageStanding::Reused);
        let parts = self.parts(run)?;
        Ok(match parts.iter().all(|part| is_finished(part.status)) {
            true => RunStanding::Done,
            false => RunStanding::Paused,
        })
    }

    /// Puts every cell that is neither done nor stopped for good in the queue, in the order of the cells, and returns how
    /// many wait now. Cells without a run are left to whoever creates them.
    ///
    /// # Errors
    /// What the store reports.
    pub fn enqueue_experiment(&self, name: &ExperimentName, now: Now<'_>) -> Result<usize> {
        let cells = self.cells(&self.experiment(name)?, now)?;
        let is_open = |cell: &&ExperimentCell| {
            use RunStanding::{Cancelled, Done, Running, Starting};
            !matches!(cell.status, Done | Cancelled | Running | Starting)
        };
        let open: Vec<&RunId> = cells
            .iter()
            .filter(is_open)
            .filter_map(|cell| cell.run.as_ref())
            .collect();
        for run in &open {
            self.enqueue(&QueueRow {
                run_id: (*run).clone(),
                from_stage: None,
                until_stage: None,
            })?;
        }
        Ok(open.len())
    }

    /// The first cell of an experiment that waits in the queue.
    ///
    /// # Errors
    /// What the store reports.
    pub fn next_cell(&self, name: &ExperimentName) -> Result<Option<RunId>> {
        let kept = self.experiment(name)?;
        let is_cell = |run: &RunId| {
            kept.cells
                .iter()
                .any(|cell| cell.run_id.as_ref() == Some(run))
        };
        let waiting = self.queue()?.into_iter().map(|row| row.run_id);
        Ok(waiting.into_iter().find(|run| is_cell(run)))
    }

    /// Takes the cells off the queue, and asks the one at work to save and stop.
    ///
    /// # Errors
    /// What the store reports.
    pub fn pause_experiment(&self, name: &ExperimentName, now: Now<'_>) -> Result<()> {
        self.stop_cells(name, Control::Pause, now)
    }

    /// Stops an experiment for good; what is done stays.
    ///
    /// # Errors
    /// What the store reports.
    pub fn cancel_experiment(&self, name: &ExperimentName, now: Now<'_>) -> Result<()> {
        self.stop_cells(name, Control::Cancel, now)
    }

    fn stop_cells(&self, name: &ExperimentName, control: Control, now: Now<'_>) -> Result<()> {
        for cell in self.cells(&self.experiment(name)?, now)? {
            let Some(run) = cell.run else {
                continue;
            };
            self.store.dequeue(&run)?;
            let is_at_work = matches!(cell.status, RunStanding::Running | RunStanding::Starting);
            let is_open = !matches!(cell.status, RunStanding::Done | RunStanding::Cancelled);
            if is_at_work || (control == Control::Cancel && is_open) {
                self.control(&run, control, now.now_ms, now.liveness)?;
            }
        }
        Ok(())
    }

    /// Removes an experiment; its runs stay unless they are to go as well.
    ///
    /// # Errors
    /// A run that is to go and is at work.
    pub fn delete_experiment(
        &self,
        name: &ExperimentName,
        with_runs: bool,
        now: Now<'_>,
    ) -> Result<usize> {
        let kept = self.experiment(name)?;
        let mut removed = 0;
        if with_runs {
            // A cell that is at work keeps the others from going.
            for run in kept.cells.iter().filter_map(|cell| cell.run_id.as_ref()) {
                if let Some(lease) = self.store.lease(run)?
                    && lease.lives(now.now_ms, now.liveness)
                {
                    let (run, pid) = (run.clone(), lease.owner.process.pid);
                    return Err(RunProblem::Locked(Locked::Run { run, pid }).into());
                }
            }
            for run in kept.cells.iter().filter_map(|cell| cell.run_id.as_ref()) {
                self.delete_run(run, now)?;
                removed += 1;
            }
        }
        self.store.delete_experiment(name)?;
        Ok(removed)
    }

    /// After a run has failed: takes the other cells of its experiment off the queue if as many have failed in the same
    /// way as the experiment allows, and returns its name then. A single failure holds nothing but its own cell.
    ///
    /// # Errors
    /// What the store reports.
    pub fn stop_after_failures(&self, run: &RunId) -> Result<Option<ExperimentName>> {
        let Some(row) = self.store.experiment_of_run(run)? else {
            return Ok(None);
        };
        let kept = self.kept(row)?;
        let mut failures: BTreeMap<ErrorCode, usize> = BTreeMap::new();
        for run in kept.cells.iter().filter_map(|cell| cell.run_id.as_ref()) {
            let row = self.store.run(run)?;
            if let (RunStatus::Failed, Some(error)) = (row.status, row.error) {
                *failures.entry(error.code()).or_default() += 1;
            }
        }
        let limit = kept.spec.limits.stop_after_failures.max(1);
        if failures.values().all(|count| *count < limit) {
            return Ok(None);
        }
        for run in kept.cells.iter().filter_map(|cell| cell.run_id.as_ref()) {
            self.store.dequeue(run)?;
        }
        Ok(Some(kept.row.name))
    }
}

fn done(cells: &[ExperimentCell]) -> usize {
    let is_done = |cell: &&ExperimentCell| cell.status == RunStanding::Done;
    cells.iter().filter(is_done).count()
}

/// Where an experiment stands if its cells stand as listed.
fn standing(cells: &[ExperimentCell]) -> ExperimentStanding {
    use RunStanding::{Cancelled, Created, Done, Failed, Queued, Running, Starting};
    let any = |wanted: &[RunStanding]| cells.iter().any(|cell| wanted.contains(&cell.status));
    let every = |wanted: &[RunStanding]| cells.iter().all(|cell| wanted.contains(&cell.status));
    match () {
        () if any(&[Running, Starting]) => ExperimentStanding::Running,
        () if any(&[Queued]) => ExperimentStanding::Queued,
        () if !cells.is_empty() && every(&[Done]) => ExperimentStanding::Done,
        () if every(&[Created]) => ExperimentStanding::Planned,
        () if any(&[Failed]) => ExperimentStanding::Failed,
        () if every(&[Done, Cancelled]) => ExperimentStanding::Cancelled,
        () => ExperimentStanding::Paused,
    }
}
