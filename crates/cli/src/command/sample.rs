//! sample: the project that comes with Duologue.

use std::path::PathBuf;
use std::process::ExitCode;

use project::sample::{Bundle, FOLDER_VARIABLE};

use super::{Done, quoted, session};
use crate::args::{Global, Sample};
use crate::failure::Failure;
use crate::output::Output;

pub(super) fn sample(global: &Global, args: &Sample, output: &Output) -> Done {
    let taken = session(global)?.take_sample(&bundle(args.from.clone())?)?;
    let (run, model) = (&taken.run, quoted(&taken.model));
    let here = if taken.known {
        "is here already"
    } else {
        "is here"
    };
    output.text(format!(
        "The sample {here}: {} invented pairs in the data set `{}` and the finished run `{run}`.\n\n\
         duologue show {run}   # its results",
        taken.examples, taken.dataset
    ));
    if taken.has_model {
        output.text(format!(
            "duologue summarize --run {run} chat.txt   # its summarizer\n\
             duologue run --dataset {} --model {model} --preset sample --seed 2   # the same again; `plan` says how long",
            taken.dataset
        ));
    } else {
        output.text(format!(
            "\nIts base model is not in {model}, so its summarizer cannot be tried: `cargo xtask model` in the checkout \
             fetches it (98 MB, once)."
        ));
    }
    output.result(&taken);
    Ok(ExitCode::SUCCESS)
}

/// What comes with this program, or is in a named folder.
fn bundle(named: Option<PathBuf>) -> Result<Bundle, Failure> {
    let program = std::env::current_exe()
        .and_then(|path| path.canonicalize())
        .unwrap_or_default();
    let named = named.map(|folder| std::path::absolute(&folder).unwrap_or(folder));
    let named = named.map_or_else(
        || std::env::var_os(FOLDER_VARIABLE),
        |folder| Some(folder.into_os_string()),
    );
    Bundle::find(named, &program).ok_or_else(|| {
        Failure::usage(
            "the sample was not found",
            "Name the folder `models` of the checkout: `duologue sample --from models`.",
        )
    })
}
