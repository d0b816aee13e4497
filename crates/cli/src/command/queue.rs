//! queue, and `--queue` of run and resume: runs that begin one after the other.

use std::process::ExitCode;

use contract::{Launch, RunId, Started};
use host::clock::now_ms;
use host::process::liveness;
use project::rows::QueueRow;
use project::session::Session;

use super::work::{copy, start};
use super::{Done, session};
use crate::answer;
use crate::args::{Global, Queue, StageRangeArgs};
use crate::failure::Failure;
use crate::output::{Output, note};

pub(super) fn queue(global: &Global, args: &Queue, output: &Output) -> Done {
    let session = session(global)?;
    if args.hold || args.go {
        session.hold_queue(args.hold)?;
    }
    if args.may_sleep || args.keep_awake {
        session.keep_awake(args.keep_awake)?;
    }
    let started = if args.go {
        start_next(global, &session)?
    } else {
        None
    };
    // The run that has just been started takes itself off the queue.
    let waiting: Vec<QueueRow> = session
        .queue()?
        .into_iter()
        .filter(|row| started.as_ref() != Some(&row.run_id))
        .collect();
    let is_held = session.queue_held()?;
    if let Some(run) = &started {
        output.text(format!("Run {run} begins."));
    }
    let names: Vec<&str> = waiting.iter().map(|row| row.run_id.as_str()).collect();
    output.text(match (waiting.is_empty(), is_held) {
        (true, _) => "No run waits: `duologue run --queue` adds one.".to_owned(),
        (false, true) => format!("Held back (`duologue queue --go`): {}.", names.join(", ")),
        (false, false) => format!("Waiting, the next one first: {}.", names.join(", ")),
    });
    output.result(&answer::Queue {
        started,
        held: is_held,
        keep_awake: session.keeps_awake()?,
        queue: waiting,
    });
    Ok(ExitCode::SUCCESS)
}

/// Puts a run in the queue, and starts it if nothing is at work.
pub(super) fn add(
    global: &Global,
    session: &Session,
    run: &RunId,
    stages: &StageRangeArgs,
    output: &Output,
) -> Done {
    session.enqueue(&QueueRow {
        run_id: run.clone(),
        from_stage: stages.from,
        until_stage: stages.until,
    })?;
    let started = start_next(global, session)?.is_some_and(|next| next == *run);
    let (status, sentence) = match started {
        true => (
            Launch::Started,
            format!("Run {run} goes on in the background: `duologue show {run}`."),
        ),
        false => (
            Launch::Queued,
            format!("Run {run} waits for its turn: `duologue queue`."),
        ),
    };
    output.text(sentence);
    output.result(&Started {
        run: run.clone(),
        status,
    });
    Ok(ExitCode::SUCCESS)
}

/// The next of the queue, after a run has ended. That run is finished, whether or not the next one starts.
pub(super) fn go_on(global: &Global, session: &Session) {
    if let Err(failure) = start_next(global, session) {
        note(&format!(
            "The next run of the queue was not started: {}",
            failure.report().message
        ));
    }
}

/// Starts the worker of the next run, if none is at work and the queue is not held back.
fn start_next(global: &Global, session: &Session) -> Result<Option<RunId>, Failure> {
    let Some(next) = session.next_queued(now_ms(), &liveness)? else {
        return Ok(None);
    };
    let row = session.run(&next.run_id)?;
    // With the run's own threads its results are bit for bit what they would be alone.
    let global = Global {
        threads: Some(row.threads),
        ..copy(global)
    };
    let stages = StageRangeArgs {
        from: next.from_stage,
        until: next.until_stage,
    };
    start(&global, session, &next.run_id, &stages, &["--queued"])?;
    Ok(Some(next.run_id))
}
