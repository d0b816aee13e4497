//! sample and pack: the project that comes with Duologue, and a run as a workspace of its own.

use std::path::PathBuf;
use std::process::ExitCode;

use project::sample::{FOLDER_VARIABLE, bundled_model};

use super::{Done, quoted, session};
use crate::answer::Packed;
use crate::args::{Global, Pack, Sample};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn sample(global: &Global, args: &Sample, output: &Output) -> Done {
    let model = match &args.from {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => bundled()?,
    };
    let taken = session(global)?.take_sample(&model)?;
    let (run, model) = (&taken.run, quoted(&taken.model.to_string_lossy()));
    let here = if taken.known {
        "is here already"
    } else {
        "is here"
    };
    output.text(format!(
        "The sample {here}: {} invented pairs in the data set `{}`, a small model, and the finished run `{run}`.\n\n\
         duologue show {run}                                     # its results\n\
         duologue summarize --run {run} chat.txt                 # its summarizer\n\
         duologue run --dataset {} --model {model} --preset sample --seed 2   # the same again, in minutes",
        taken.examples, taken.dataset, taken.dataset
    ));
    output.result(&taken);
    Ok(ExitCode::SUCCESS)
}

/// The model that lies with this program.
fn bundled() -> Result<PathBuf, Failure> {
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .ok();
    program
        .as_deref()
        .and_then(|program| bundled_model(std::env::var_os(FOLDER_VARIABLE), program))
        .ok_or_else(|| {
            Failure::usage(
                "the model of the sample was not found beside this program",
                "Name its folder: `duologue sample --from models/duo-mini`.",
            )
        })
}

pub(super) fn pack(global: &Global, args: &Pack, output: &Output) -> Done {
    let to = &args.to;
    session(global)?.pack_run(&args.run, to)?;
    output.text(format!(
        "`{}` is in {} with its data set, outputs and adapters. The dialogues are in it: give it only to whom they \
         may be shown.",
        args.run,
        to.display()
    ));
    output.result(&Packed {
        run: &args.run,
        path: to,
    });
    Ok(ExitCode::SUCCESS)
}
