//! run, resume, worker: everything that computes a run.

use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use contract::problem::WrongState;
use contract::{Budget, FileAction, Launch, RunId, RunStatus, Started};
use host::awake::Awake;
use host::clock::now_ms;
use host::{detached, private};
use mrds::Error;
use mrds::run::{RunRequest, StageRange};
use project::recipe::{Recipe, Recompute, Typed};
use project::session::Session;

use super::experiment::describe_budget;
use super::plan::duration;
use super::{Done, memory_free_bytes, queue, quoted, recipe, session, typed_fields};
use crate::answer::{ChosenCounts, ChosenExamples, ChosenModel, DryRun, Paused, Shown};
use crate::args::{Global, Resume, Run, StageRangeArgs, Worker};
use crate::failure::{Failure, INTERRUPTED};
use crate::output::{Output, note};
use crate::process;
use crate::progress::Progress;
use crate::unlock;

/// What a user is told about `recompute = on`.
pub(super) const RECOMPUTES: &str = "Trainings compute again what they do not keep: less memory, about 1.3 times the time, the same results.";

pub(super) fn run(global: &Global, args: &Run, output: &Output) -> Done {
    let session = session(global)?;
    let stages = stage_range(&args.stages);
    let (recipe, typed) = chosen(args)?;
    let request = RunRequest {
        dataset: args.dataset.clone(),
        model: model_folder(&session, &args.model)?,
        recipe,
        typed,
        seed: args.seed,
        device: global.device,
        threads: global.threads() as u32,
        memory_free_bytes: memory_free_bytes(global.device),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        within: args.within,
        kept: typed_fields(&args.choice, &[("systems", args.systems.is_some())]),
    };
    let prepared = mrds::worker::prepare(&session, &request, now_ms())?;
    let selection = &prepared.selected.selection;
    let counts = ChosenCounts {
        shots: selection.shots.len(),
        validation: selection.validation.len(),
        test: selection.test.len(),
        dropped: selection.dropped.len(),
        cut: selection.cut.len(),
    };
    note(&format!(
        "{} shots, {} for validation, {} to test on{}; model of {:.1} M parameters.",
        counts.shots,
        counts.validation,
        counts.test,
        match (counts.dropped, counts.cut) {
            (0, 0) => String::new(),
            (dropped, 0) => format!(" ({dropped} too long and left out)"),
            (dropped, cut) => format!(" ({cut} too long and cut at the end, {dropped} left out)"),
        },
        prepared.model.parameters as f64 / 1e6
    ));
    let (asked, taken) = (&request.recipe, &prepared.recipe);
    if (asked.shots, asked.validation) != (taken.shots, taken.validation) {
        note(&format!(
            "The recipe takes at most {} and {}; it was fitted to the data set.",
            asked.shots, asked.validation
        ));
    }
    if prepared.recipe.recompute == Recompute::On {
        note(RECOMPUTES);
    }
    let (texts, tokens) = (
        prepared.recipe.generate_batch_size,
        prepared.recipe.tokens_per_microbatch,
    );
    if texts < request.recipe.generate_batch_size || tokens < request.recipe.tokens_per_microbatch {
        note(&format!(
            "The card has room for {texts} generated texts or {tokens} tokens of a training at once."
        ));
    }
    if let Some(budget) = &prepared.budget {
        note(describe_budget(budget).trim_end());
        if !budget.fits {
            return Err(does_not_fit(budget));
        }
    }
    if args.dry_run {
        output.text("Everything is in order; nothing was started.");
        output.result(&DryRun {
            dry_run: true,
            dataset: ChosenExamples {
                name: &args.dataset,
                counts,
            },
            seed: args.seed,
            model: ChosenModel {
                id: &prepared.model.sha256,
                parameters: prepared.model.parameters,
            },
            recipe: &prepared.recipe,
            budget: prepared.budget.as_ref(),
        });
        return Ok(ExitCode::SUCCESS);
    }
    let row = mrds::worker::create_run(&session, &request, &prepared, now_ms())?;
    drop(prepared);
    if args.queue {
        return queue::add(global, &session, &row.id, &args.stages, output);
    }
    if args.detach {
        return detach(global, &session, &row.id, &args.stages, output);
    }
    work(global, &session, &row.id, stages, false, output)
}

/// Even the smallest run takes longer than the time allowed.
fn does_not_fit(budget: &Budget) -> Failure {
    Failure::usage(
        format!(
            "the run does not fit in {}: the least that can be asked for takes about {}",
            duration(budget.within_s),
            duration(budget.least_s)
        ),
        "Give it more time with --within, or choose a smaller model: `duologue models list --catalogue`.",
    )
}

fn chosen(args: &Run) -> Result<(Recipe, Typed), Failure> {
    let (mut recipe, mut typed) = recipe(&args.choice)?;
    recipe.type_sizes(&mut typed, args.shots, args.validation)?;
    if let Some(systems) = &args.systems {
        recipe.systems.clone_from(systems);
    }
    recipe.validate()?;
    Ok((recipe, typed))
}

/// A folder, or the id or name of a model used before.
pub(super) fn model_folder(session: &Session, model: &str) -> Result<PathBuf, Failure> {
    if Path::new(model).exists() {
        return Ok(PathBuf::from(model));
    }
    let known = session
        .models()?
        .into_iter()
        .find(|known| known.id == model || known.name == model);
    known.map(|known| PathBuf::from(known.path)).ok_or_else(|| {
        Failure::file(
            Path::new(model),
            None,
            "there is no such folder, and no model of this id or name was used before",
            "Name the model's folder; `duologue models list` lists the models used in this workspace.",
        )
    })
}

fn stage_range(args: &StageRangeArgs) -> StageRange {
    StageRange {
        from: args.from,
        until: args.until,
    }
}

pub(super) fn resume(global: &Global, args: &Resume, output: &Output) -> Done {
    let session = session(global)?;
    let row = session.run(&args.run)?;
    let stages = stage_range(&args.stages);
    if row.status == RunStatus::Cancelled && stages.from.is_none() {
        return Err(WrongState::Cancelled { run: row.id }.into());
    }
    // The run's own device and threads, unless others are asked for: only then are the results bit for bit the same.
    let threads = global.threads.or(Some(row.threads));
    let global = Global {
        device: row.device,
        threads,
        ..copy(global)
    };
    process::set_threads(global.threads());
    if !args.add.is_empty() {
        session.add_systems(&row.id, &args.add)?;
    }
    if let Some(rounds) = args.rounds {
        session.set_rounds(&row.id, rounds)?;
    }
    if args.queue {
        return queue::add(&global, &session, &row.id, &args.stages, output);
    }
    if args.detach {
        return detach(&global, &session, &row.id, &args.stages, output);
    }
    work(&global, &session, &row.id, stages, false, output)
}

pub(super) fn copy(global: &Global) -> Global {
    Global {
        workspace: global.workspace.clone(),
        passphrase_file: global.passphrase_file.clone(),
        unlocked: global.unlocked.clone(),
        network: global.network.clone(),
        ..*global
    }
}

pub(super) fn worker(global: &Global, args: &Worker, output: &Output) -> Done {
    detached::leave_session();
    let session = session(global)?;
    work(
        global,
        &session,
        &args.run,
        stage_range(&args.stages),
        args.queued,
        output,
    )
}

/// Works on a run in this process, with progress, until it ends or is stopped; then the next of the queue begins.
fn work(
    global: &Global,
    session: &Session,
    run: &RunId,
    stages: StageRange,
    queued: bool,
    output: &Output,
) -> Done {
    let stop =
        process::stop_flag("Stopping: saving a checkpoint. Press Ctrl-C again to stop at once.");
    let progress = Progress::new(output);
    let asked = process::worker(&stop, &progress)?;
    if queued && !mrds::worker::take_queued(session, run, &asked)? {
        return Ok(ExitCode::SUCCESS);
    }
    let awake = stay_awake(session, run)?;
    let ended = mrds::worker::execute(session, run, stages, &asked);
    if awake.is_some() {
        session.note_awake(None)?;
    }
    drop(awake);
    progress.finish();
    if ended.is_err()
        && let Some(experiment) = session.stop_after_failures(run)?
    {
        note(&format!(
            "Experiment {experiment} is paused: its cells fail in the same way."
        ));
    }
    // Whoever pauses a run wants the machine for something else.
    if !matches!(ended, Err(Error::Interrupted { .. })) {
        queue::go_on(global, session);
    }
    match ended {
        Ok(_) => {
            let Some(sight) = session.may_see(run)? else {
                output.text("Finished. Its figures are closed while people rate its summaries.");
                output.result(&session.status(run)?);
                return Ok(ExitCode::SUCCESS);
            };
            let shown = session.show(&sight)?;
            let budget = session.budget(run)?;
            output.text(super::runs::describe(&shown, false));
            if !session.auditable_synthesizers(run)?.is_empty() {
                output.text(offer_of_audit(run));
            }
            output.result(&Shown {
                report: &shown,
                budget,
            });
            Ok(ExitCode::SUCCESS)
        }
        Err(Error::Interrupted { .. }) => {
            let command = resume_command(global, session, run);
            output.text(format!(
                "Paused; everything finished is kept. Go on with:\n  {command}"
            ));
            output.result(&Paused {
                run,
                status: RunStatus::Paused,
                resume: &command,
            });
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error) => Err(error.into()),
    }
}

/// Keeps the computer awake for a run, if that is wanted and the system agrees, and says so.
fn stay_awake(session: &Session, run: &RunId) -> Result<Option<Awake>, Failure> {
    if !session.keeps_awake()? {
        return Ok(None);
    }
    let awake = Awake::hold(&format!("run {run} is at work"));
    if awake.is_some() {
        session.note_awake(Some(run))?;
        note(
            "The computer stays awake while this run works; `duologue queue --may-sleep` lets it sleep from the next run on.",
        );
    }
    Ok(awake)
}

/// People can say what no figure says about made-up dialogues.
fn offer_of_audit(run: &RunId) -> String {
    format!(
        "Next, let people judge its made-up dialogues beside real ones:\n  duologue study create --run {} --kind dialogues \
         --raters NAME,NAME",
        quoted(run)
    )
}

fn resume_command(global: &Global, session: &Session, run: &RunId) -> String {
    let workspace = global.workspace.as_ref().map_or(String::new(), |_| {
        format!(
            "--workspace {} ",
            quoted(&session.workspace().display().to_string())
        )
    });
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let run = if run.chars().all(plain) {
        run.to_string()
    } else {
        quoted(run)
    };
    format!("duologue {workspace}resume {run}")
}

/// Starts `duologue worker` as a process of its own and returns at once.
fn detach(
    global: &Global,
    session: &Session,
    run: &RunId,
    stages: &StageRangeArgs,
    output: &Output,
) -> Done {
    start(global, session, run, stages, &[])?;
    output.text(format!(
        "Run {run} goes on in the background: `duologue show {run}`."
    ));
    output.result(&Started {
        run: run.clone(),
        status: Launch::Started,
    });
    Ok(ExitCode::SUCCESS)
}

/// Starts a worker's process.
pub(super) fn start(
    global: &Global,
    session: &Session,
    run: &RunId,
    stages: &StageRangeArgs,
    more: &[&str],
) -> Result<(), Failure> {
    let key = session.key();
    let io = |error: std::io::Error| {
        project::Error::io(FileAction::Start, Path::new("duologue worker"), &error)
    };
    let exe = std::env::current_exe().map_err(io)?;
    let mut command = detached::background(&exe);
    command
        .arg("--workspace")
        .arg(session.workspace())
        .arg("--json")
        .arg("--threads")
        .arg(global.threads().to_string());
    command.args(["worker", "--run", run]).args(more);
    for (option, stage) in [("--from", &stages.from), ("--until", &stages.until)] {
        if let Some(stage) = stage {
            command.arg(option).arg(stage.as_str());
        }
    }
    if let Some(key) = key {
        command.arg(unlock::KEY_STDIN);
        // A worker's output contains conversations: in a protected workspace it is never stored in plain text.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(io)?;
        unlock::hand_over(key, &mut child);
        return Ok(());
    }
    let log = log_file(session, run)?;
    let errors = log.try_clone().map_err(io)?;
    command
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .spawn()
        .map_err(io)?;
    Ok(())
}

fn log_file(session: &Session, run: &RunId) -> Result<std::fs::File, Failure> {
    let path = session.log_of(run);
    let io = |error: std::io::Error| project::Error::io(FileAction::Write, &path, &error);
    if let Some(folder) = path.parent() {
        private::create_folder(folder).map_err(io)?;
    }
    Ok(private::options(&path)
        .create(true)
        .append(true)
        .open(&path)
        .map_err(io)?)
}
