//! export, pack and unpack: what leaves the workspace, and a run that comes in.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use contract::problem::RunProblem;
use contract::{ExportLine, ExportStep, Problem};
use host::clock::now_ms;
use mrds::export::{ExportRequest, export_adapter, export_model};
use project::bundle::Packed;
use project::session::{Departure, Session};

use super::work::model_folder;
use super::{Done, session};
use crate::answer;
use crate::args::{Export, Global, Pack, Unpack};
use crate::failure::Failure;
use crate::output::Output;
use crate::process;

/// Ctrl-C as an export hears it: at the next step.
fn stop_flag() -> Arc<AtomicBool> {
    process::stop_flag("Stopping; nothing is left behind. Press Ctrl-C again to stop at once.")
}

/// Reports each step, and ends at the next one after Ctrl-C.
fn steps(output: &Output, stop: &AtomicBool) -> impl FnMut(ExportStep) -> ControlFlow<()> {
    move |step| {
        output.line(&ExportLine { step });
        match stop.load(Ordering::SeqCst) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

pub(super) fn export(global: &Global, args: &Export, output: &Output) -> Done {
    let format = args.format();
    let export = match (&args.run, &args.model) {
        (Some(run), _) => {
            let which = args.exported().ok_or_else(|| {
                Failure::usage(
                    "--adapter names neither of a run's adapters",
                    "Give --adapter synthesizer or --adapter summarizer.",
                )
            })?;
            let request = ExportRequest {
                run,
                which,
                format,
                to: &args.to,
            };
            let departure = Departure {
                reason: args.override_leak.as_deref(),
                now_ms: now_ms(),
            };
            let stop = stop_flag();
            export_adapter(
                &session(global)?,
                &request,
                &departure,
                &mut steps(output, &stop),
            )?
        }
        (None, Some(model)) => export_model(model, args.adapter.as_deref(), format, &args.to)?,
        (None, None) => {
            return Err(Failure::usage(
                "neither a run nor a model was named",
                "Give RUN or --model.",
            ));
        }
    };
    for file in &export.files {
        output.text(format!("{} ({} bytes)", file.path.display(), file.bytes));
    }
    if let Some(replay) = &export.replay {
        output.text(format!(
            "Checked on {} dialogues: {} (largest difference of a log-probability {:.1e} a token, {:.1e} allowed).",
            replay.items,
            if replay.equal { "it gives what the workspace gives" } else { "IT DIFFERS from the workspace" },
            replay.max_logp_diff_per_token,
            replay.tolerance_per_token,
        ));
    }
    output.result(&export);
    Ok(ExitCode::SUCCESS)
}

pub(super) fn pack(global: &Global, args: &Pack, output: &Output) -> Done {
    let to = &args.to;
    let session = session(global)?;
    let departure = Departure {
        reason: args.override_leak.as_deref(),
        now_ms: now_ms(),
    };
    let (sight, stop) = (session.sight(&args.run)?, stop_flag());
    session.pack_run(&sight, to, &departure, &mut steps(output, &stop))?;
    output.text(format!(
        "`{}` is in {} with its data set, outputs and adapters. The dialogues are in it: give it only to whom they \
         may be shown.",
        args.run,
        to.display()
    ));
    output.result(&answer::Packed {
        run: &args.run,
        path: to,
    });
    Ok(ExitCode::SUCCESS)
}

pub(super) fn unpack(global: &Global, args: &Unpack, output: &Output) -> Done {
    let session = session(global)?;
    let packed = Packed::open(&session, &args.from)?;
    let model = args
        .model
        .as_deref()
        .map(|model| same_model(&session, &packed, model))
        .transpose()?;
    let unpacked = packed.unpack(&session, args.name.as_ref(), model.as_deref())?;
    output.text(format!(
        "The run `{}` is here, with its {} pairs in the data set `{}`.\n\nduologue show {}   # its results",
        unpacked.run, unpacked.examples, unpacked.dataset, unpacked.run
    ));
    if unpacked.model_path.is_none() {
        output.text(format!(
            "\nIts base model `{}` is not among the models of this workspace, so the run can be read and rated, but neither \
             go on nor summarize. To have both, name the model's folder: `duologue unpack DIR --model FOLDER`.",
            unpacked.model
        ));
    }
    output.result(&unpacked);
    Ok(ExitCode::SUCCESS)
}

/// The folder of a model if it is the one that the packed run was made with.
fn same_model(session: &Session, packed: &Packed, model: &str) -> Result<PathBuf, Failure> {
    let folder = model_folder(session, model)?;
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    if lm::model_sha256(&folder)? != packed.run().model_id.as_str() {
        let file = folder.display().to_string();
        return Err(Problem::from(RunProblem::ModelChanged { file }).into());
    }
    Ok(folder)
}
