//! experiment: a file is planned, carried out cell by cell through the queue of runs, and shown.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contract::{
    Budget, ExperimentName, ExperimentPlan, ExperimentReport, ExperimentStanding,
    ExperimentSummary, Machine, ModelName, NewExperiment, ResultMetric, RunStanding, Verdict,
};
use host::clock::now_ms;
use host::machine::disk_free_bytes;
use host::process::liveness;
use mrds::Error;
use mrds::experiment::Creation;
use mrds::forecast::{ExperimentRequest, PlannedModel, plan_experiment};
use mrds::run::StageRange;
use project::experiment::grid::{arms, cells};
use project::experiment::kept::Now;
use project::experiment::preset::{Filling, filled};
use project::experiment::spec::Spec;
use project::session::Session;
use project::within::Within;

use super::plan::{duration, model};
use super::{Done, memory_free_bytes, queue, quoted, read_text, session, workspace};
use crate::answer;
use crate::args::{
    ExperimentAction, ExperimentDelete, ExperimentNew, ExperimentPlanArgs, ExperimentRun, Global,
};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Output, note};
use crate::process;
use crate::progress::Progress;
use crate::table::Table;
use crate::wording;

/// How long a cell waits before it looks again whether another run is still at work.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) fn experiment(global: &Global, action: &ExperimentAction, output: &Output) -> Done {
    match action {
        ExperimentAction::New(args) => new(args, output),
        ExperimentAction::Plan(args) => plan(global, args, output),
        ExperimentAction::Run(args) => run(global, args, output),
        ExperimentAction::Show(args) => show(&session(global)?, &args.name, output),
        ExperimentAction::List => list(global, output),
        ExperimentAction::Resume(args) => {
            let session = session(global)?;
            session.enqueue_experiment(&args.name, now())?;
            go_on(global, &session, &args.name, args.detach, output)
        }
        ExperimentAction::Pause(args) => {
            let session = session(global)?;
            session.pause_experiment(&args.name, now())?;
            stopped(&session, &args.name, output)
        }
        ExperimentAction::Cancel(args) => {
            let session = session(global)?;
            session.cancel_experiment(&args.name, now())?;
            stopped(&session, &args.name, output)
        }
        ExperimentAction::Delete(args) => delete(global, args, output),
    }
}

pub(super) fn now() -> Now<'static> {
    Now {
        now_ms: now_ms(),
        liveness: &liveness,
    }
}

fn new(args: &ExperimentNew, output: &Output) -> Done {
    let spec = filled(
        args.preset,
        Filling {
            name: args.name.clone(),
            datasets: args.dataset.clone(),
            models: args.model.clone(),
            seeds: args.seeds,
            within: args.within,
            set: args.set.clone(),
        },
    )?;
    // Data and models may be filled in by hand.
    let is_whole = !(spec.datasets.is_empty() || spec.models.is_empty());
    let n_cells = match is_whole {
        true => cells(&spec, &arms(&spec)?)?.len(),
        false => 0,
    };
    let text = spec.to_toml()?;
    match &args.to {
        Some(path) => {
            host::file::write(path, text.as_bytes())
                .map_err(|error| project::Error::io(contract::FileAction::Write, path, &error))?;
            output.text(format!(
                "{} is written. See what it takes:\n  duologue experiment plan {}",
                path.display(),
                quoted(&path.display().to_string())
            ));
        }
        None => output.text(text.trim_end()),
    }
    output.result(&NewExperiment {
        path: args.to.as_ref().map(|path| path.display().to_string()),
        spec: text,
        cells: n_cells,
    });
    Ok(ExitCode::SUCCESS)
}

/// The experiment in a file, else the stored one of this name; a time given here replaces its own.
fn spec(session: &Session, named: &str, within: Option<Within>) -> Result<Spec, Failure> {
    let path = Path::new(named);
    let mut spec = match path.is_file() || named.ends_with(".toml") {
        true => read(path)?,
        false => session.experiment(&named.into())?.spec,
    };
    spec.within = within.or(spec.within);
    Ok(spec)
}

fn read(path: &Path) -> Result<Spec, Failure> {
    let in_file = |path: &Path| {
        let file = path.display().to_string();
        move |error: project::Error| Failure::In {
            file,
            row: None,
            error: Box::new(error.into()),
        }
    };
    let spec = Spec::from_toml(&read_text(path)?).map_err(in_file(path))?;
    let Some(recipe) = spec.recipe.clone() else {
        return Ok(spec);
    };
    let beside = path.parent().unwrap_or(Path::new("")).join(recipe);
    spec.with_recipe(&read_text(&beside)?)
        .map_err(in_file(&beside))
}

/// The models of an experiment that are here or in the catalogue.
fn models(session: &Session, spec: &Spec) -> Result<BTreeMap<ModelName, PlannedModel>, Failure> {
    let found = |name: &ModelName| Ok((name.clone(), model(session, name)?));
    spec.models.iter().map(found).collect()
}

fn planned(global: &Global, session: &Session, spec: &Spec) -> Result<ExperimentPlan, Failure> {
    let known = session
        .experiment_cells(&spec.name, now())
        .unwrap_or_default();
    let standing = |cell: &project::experiment::grid::Cell| {
        let is_it = |found: &&contract::ExperimentCell| {
            (&found.arm, &found.dataset, &found.model, found.seed)
                == (&cell.arm, &cell.dataset, &cell.model, cell.seed)
        };
        known.iter().find(is_it).map(|found| found.status)
    };
    let request = ExperimentRequest {
        spec,
        models: &models(session, spec)?,
        device: global.device,
        machine: Machine {
            memory_free_bytes: memory_free_bytes(global.device),
            disk_free_bytes: disk_free_bytes(&workspace(global)?),
            threads: global.threads(),
        },
        standing: &standing,
    };
    Ok(plan_experiment(session, &request)?)
}

fn plan(global: &Global, args: &ExperimentPlanArgs, output: &Output) -> Done {
    let session = session(global)?;
    let spec = spec(&session, &args.experiment, args.within)?;
    let plan = planned(global, &session, &spec)?;
    output.text(describe_plan(&plan));
    output.result(&plan);
    Ok(ExitCode::from(u8::from(plan.verdict == Verdict::NotReady)))
}

fn describe_plan(plan: &ExperimentPlan) -> String {
    let mut table = Table::new(&["arm", "data set", "model", "seed", "time"]);
    for cell in &plan.cells_detail {
        table.row(vec![
            cell.arm.clone(),
            cell.dataset.to_string(),
            cell.model.to_string(),
            cell.seed.to_string(),
            duration(cell.seconds),
        ]);
    }
    let mut text = format!(
        "{table}\n{} cells, {} runs to carry out; {} parts to compute, {} more are shared. About {}, {:.2} GB of memory, \
         {:.2} GB on disk.\n",
        plan.cells,
        plan.runs,
        plan.parts,
        plan.parts_shared,
        duration(plan.seconds),
        plan.peak_bytes as f64 / 1e9,
        plan.disk_bytes as f64 / 1e9,
    );
    for arm in plan.arms.iter().filter(|arm| arm.same_as.is_some()) {
        let twin = arm.same_as.as_deref().unwrap_or_default();
        text += &format!(
            "{} has the recipe of {twin} and is computed with it.\n",
            arm.name
        );
    }
    if let Some(diff) = plan.detectable_diff {
        text += &format!(
            "It finds differences of about {:.1} points.\n",
            100.0 * diff
        );
    }
    if let Some(budget) = &plan.budget {
        text += &describe_budget(budget);
    }
    if plan.missing.is_empty() {
        text += "Ready: nothing is missing.\n";
    }
    for missing in &plan.missing {
        text += &format!("Missing: {}\n", wording::lack(missing));
    }
    text
}

/// What was given up for a time limit, and what can still be detected.
pub(super) fn describe_budget(budget: &Budget) -> String {
    let mut text = match (budget.fits, budget.cut.is_empty()) {
        (true, true) => format!(
            "It fits in {} as it is: about {}.\n",
            duration(budget.within_s),
            duration(budget.seconds)
        ),
        (true, false) => format!(
            "To fit in {} it takes about {} and gives up:\n",
            duration(budget.within_s),
            duration(budget.seconds)
        ),
        (false, _) => format!(
            "It does not fit in {}: the least that can be asked for takes about {}. A smaller model would take less. The \
             least gives up:\n",
            duration(budget.within_s),
            duration(budget.least_s)
        ),
    };
    for cut in &budget.cut {
        text += &format!(
            "  {}: {} instead of {}, which saves {}\n",
            cut.field,
            cut.to,
            cut.from,
            duration(cut.saved_s)
        );
    }
    if let Some(diff) = budget.detectable_diff {
        text += &format!(
            "A difference below {:.1} points then goes unseen.\n",
            100.0 * diff
        );
    }
    text
}

fn run(global: &Global, args: &ExperimentRun, output: &Output) -> Done {
    let session = session(global)?;
    let spec = spec(&session, &args.experiment, args.within)?;
    let plan = planned(global, &session, &spec)?;
    note(describe_plan(&plan).trim_end());
    if let Some(lack) = plan.missing.into_iter().next() {
        let experiment = spec.name.clone();
        let fault = contract::problem::ExperimentFault::NotReady { experiment, lack };
        return Err(project::Error::from(fault).into());
    }
    let folders: BTreeMap<ModelName, PathBuf> = models(&session, &spec)?
        .into_iter()
        .filter_map(|(name, model)| match model {
            PlannedModel::Folder(folder) => Some((name, folder)),
            PlannedModel::Catalogue(_) => None,
        })
        .collect();
    let kept = mrds::experiment::create(
        &session,
        &Creation {
            spec: &spec,
            models: &folders,
            budget: plan.budget,
            device: global.device,
            threads: global.threads() as u32,
            memory_free_bytes: memory_free_bytes(global.device),
            version: env!("CARGO_PKG_VERSION"),
            now_ms: now_ms(),
        },
    )?;
    session.enqueue_experiment(&spec.name, now())?;
    output.line(&answer::ExperimentEvent::ExperimentStarted {
        experiment: &spec.name,
        cells: kept.cells.len(),
    });
    go_on(global, &session, &spec.name, args.detach, output)
}

/// Works on the cells that wait, here or in processes of their own.
fn go_on(
    global: &Global,
    session: &Session,
    name: &ExperimentName,
    detach: bool,
    output: &Output,
) -> Done {
    if detach {
        queue::go_on(global, session);
        return stopped(session, name, output);
    }
    let stop =
        process::stop_flag("Stopping: saving a checkpoint. Press Ctrl-C again to stop at once.");
    let progress = Progress::new(output);
    while let Some(run) = session.next_cell(name)? {
        if stop.load(Ordering::Relaxed) {
            return paused(session, name, output);
        }
        let asked = process::worker(&stop, &progress)?;
        if !mrds::worker::take_queued(session, &run, &asked)? {
            std::thread::sleep(LOOK_AGAIN);
            continue;
        }
        let cell = |status| answer::ExperimentEvent::Cell { run: &run, status };
        output.line(&cell(RunStanding::Running));
        let ended = mrds::worker::execute(session, &run, StageRange::default(), &asked);
        progress.finish();
        match ended {
            Ok(_) => output.line(&cell(RunStanding::Done)),
            Err(Error::Interrupted { .. }) => return paused(session, name, output),
            Err(error) => {
                output.line(&cell(RunStanding::Failed));
                note(&format!("Run {run} has failed: {error}"));
                session.stop_after_failures(&run)?;
            }
        }
    }
    queue::go_on(global, session);
    show(session, name, output)
}

fn paused(session: &Session, name: &ExperimentName, output: &Output) -> Done {
    session.pause_experiment(name, now())?;
    let resume = format!("duologue experiment resume {}", quoted(name));
    output.text(format!(
        "Paused; everything finished is kept. Go on with:\n  {resume}"
    ));
    output.result(&answer::ExperimentPaused {
        experiment: name,
        status: ExperimentStanding::Paused,
        resume: &resume,
    });
    Ok(ExitCode::from(INTERRUPTED))
}

/// The state of an experiment after a request.
fn stopped(session: &Session, name: &ExperimentName, output: &Output) -> Done {
    let found = session.experiments(now())?.into_iter();
    let Some(summary) = found.into_iter().find(|found| found.experiment == *name) else {
        return Ok(ExitCode::SUCCESS);
    };
    output.text(format!(
        "{name}: {}, {} of {} cells done.",
        summary.status, summary.done, summary.cells
    ));
    output.result(&summary);
    Ok(ExitCode::SUCCESS)
}

fn list(global: &Global, output: &Output) -> Done {
    let experiments = session(global)?.experiments(now())?;
    output.text(match experiments.is_empty() {
        true => {
            "No experiment yet: `duologue experiment new PRESET` writes the file of one.".to_owned()
        }
        false => list_table(&experiments).to_string(),
    });
    output.result(&answer::Experiments { experiments });
    Ok(ExitCode::SUCCESS)
}

fn list_table(experiments: &[ExperimentSummary]) -> Table {
    let mut table = Table::new(&["experiment", "status", "cells done", "question"]);
    for experiment in experiments {
        table.row(vec![
            experiment.experiment.to_string(),
            experiment.status.to_string(),
            format!("{} of {}", experiment.done, experiment.cells),
            experiment.question.clone(),
        ]);
    }
    table
}

fn delete(global: &Global, args: &ExperimentDelete, output: &Output) -> Done {
    let removed = session(global)?.delete_experiment(&args.name, args.runs, now())?;
    output.text(format!(
        "{} is removed, and {removed} of its runs.",
        args.name
    ));
    output.result(&answer::ExperimentDeleted {
        experiment: &args.name,
        runs: removed,
    });
    Ok(ExitCode::SUCCESS)
}

fn show(session: &Session, name: &ExperimentName, output: &Output) -> Done {
    let report = session.experiment_report(name, now())?;
    output.text(describe(&report));
    output.result(&report);
    let has_failed = report.status == ExperimentStanding::Failed;
    Ok(ExitCode::from(u8::from(has_failed)))
}

/// Verdicts first, then the figures they are made of.
fn describe(report: &ExperimentReport) -> String {
    let mut text = format!(
        "{}: {}, {} of {} cells done.\n",
        report.experiment,
        report.status,
        report.done,
        report.cells.len()
    );
    for verdict in &report.verdicts {
        text += &format!("\n{}\n", verdict.text.en);
    }
    let transfer = report.domains.iter().map(|domain| &domain.sentence);
    let gains = report.gain_differences.iter().map(|found| &found.sentence);
    let curves = report.curves.iter().map(|curve| &curve.text);
    for words in transfer.chain(gains).chain(curves) {
        text += &format!("\n{}\n", words.en);
    }
    if let Some(budget) = report
        .budget
        .as_ref()
        .filter(|budget| !budget.cut.is_empty())
    {
        text += &format!("\n{}", describe_budget(budget));
    }
    if !report.table.is_empty() {
        text += &format!("\n{}", figures(report));
    }
    if !report.comparisons.is_empty() {
        text += &format!("\n{}", compared(report));
    }
    if !report.synthesizers.is_empty() {
        text += &format!("\n{}", synthesizers(report));
    }
    let mut cells = Table::new(&["arm", "data set", "model", "seed", "run", "status", "time"]);
    for cell in &report.cells {
        cells.row(vec![
            cell.arm.clone(),
            cell.dataset.to_string(),
            cell.model.to_string(),
            cell.seed.to_string(),
            cell.run.as_deref().unwrap_or("-").to_owned(),
            cell.status.to_string(),
            duration(cell.wall_s),
        ]);
    }
    text + &format!("\n{cells}")
}

fn figures(report: &ExperimentReport) -> Table {
    let mut table = Table::new(&[
        "arm",
        "data set",
        "model",
        "system",
        "ROUGE-1",
        "SD",
        "95 % interval",
        "seeds",
        "items",
    ]);
    let main = report
        .table
        .iter()
        .filter(|row| row.metric == ResultMetric::Rouge1);
    for row in main {
        let [low, high] = row.ci95.map(points);
        table.row(vec![
            row.arm.clone(),
            row.dataset.to_string(),
            row.model.to_string(),
            row.system.to_string(),
            points(row.mean),
            row.sd.map_or("-".to_owned(), points),
            format!("{low} to {high}"),
            row.seeds.to_string(),
            row.items.to_string(),
        ]);
    }
    table
}

fn compared(report: &ExperimentReport) -> Table {
    let mut table = Table::new(&[
        "family",
        "data set",
        "of",
        "to",
        "metric",
        "difference",
        "95 % interval",
        "Holm p",
        "detectable",
        "seeds for 1.5",
        "verdict",
    ]);
    for row in &report.comparisons {
        let [low, high] = row.ci95.map(points);
        table.row(vec![
            row.family.clone(),
            row.dataset.as_deref().unwrap_or("all").to_owned(),
            format!("{} ({})", row.of.system, row.of.arm),
            format!("{} ({})", row.to.system, row.to.arm),
            row.metric.to_string(),
            points(row.diff),
            format!("{low} to {high}"),
            row.p_holm.map_or("-".to_owned(), |p| format!("{p:.3}")),
            row.detectable_diff.map_or("-".to_owned(), points),
            row.seeds_for_1_5
                .map_or("-".to_owned(), |seeds| seeds.to_string()),
            row.verdict
                .map_or("not complete".to_owned(), |verdict| verdict.to_string()),
        ]);
    }
    table
}

fn synthesizers(report: &ExperimentReport) -> Table {
    let mut table = Table::new(&[
        "arm",
        "data set",
        "synthesizer",
        "format",
        "SD",
        "CE",
        "copies",
        "s per accepted",
        "seeds",
    ]);
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for row in &report.synthesizers {
        table.row(vec![
            row.arm.clone(),
            row.dataset.to_string(),
            row.system.to_string(),
            percent(row.format_rate),
            row.format_rate_sd.map_or("-".to_owned(), percent),
            row.scorer_ce
                .map_or("-".to_owned(), |ce| format!("{ce:.3}")),
            percent(row.copy_rate),
            row.seconds_per_accepted
                .map_or("-".to_owned(), |seconds| format!("{seconds:.2}")),
            row.seeds.to_string(),
        ]);
    }
    table
}

/// A stored score in points.
fn points(score: f64) -> String {
    format!("{:.2}", 100.0 * score)
}
