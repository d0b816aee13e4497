//! `cargo xtask`: set-up, demo, checks, screenshots and release builds of Duologue, from one command each.
//!
//! Depends on only a few small crates, because on a fresh machine it is compiled before anything else is known to work.
//! The flow is: `main` reads the arguments, `setup` makes the machine ready, then one of `demo`, `checks`, `build`.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a terminal program: its output is its purpose"
)]

/// Prints a line. A reader that has gone (`cargo xtask --help | head`) must not stop the program, let alone make it
/// panic.
macro_rules! say {
    ($($part:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($part)*);
    }};
}

mod base;
mod build;
mod checks;
mod corpus;
mod cuda;
mod demo;
mod mini;
mod outcome;
mod place;
mod process;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::place::Place;

const HELP: &str = "\
Set-up, demo and checks of Duologue.

usage: cargo xtask COMMAND [OPTIONS]

  demo      carry out the whole method on this machine, with SmolLM2-135M-Instruct on the conversations of
            models/practice, and open the window on it; the forecast is printed first, the table last
              --quick          the whole loop on the toy model, duo-mini, in minutes
              --headless       build and run the command line only; open no window
              --model DIR      a model in Hugging Face layout (config.json, tokenizer.json, *.safetensors) or with
                               one GGUF file, instead of the bundled one
              --seed N         other random numbers; default: 2 (the finished run has 1)
              --pack DIR       write the finished run to this new folder, as the bundled one was
              --set KEY=VALUE  change a field of the recipe (repeatable); `duologue recipe --print` lists them
              --keep           go on with the demo workspace of last time instead of a fresh one
  model     fetch the base model of the demo (98 MB, once); `demo`, `build` and `test` do it too
  test      run every check, cheapest first; closes with `N passed, N failed, N skipped`
              STEP..           only these steps (`cargo xtask test --list` names them)
  real-models  fetch three published models (840 MB, once) and check tokens, templates, log-probabilities and greedy
            continuations of each against transformers
  sanitize  the engine's unit tests under AddressSanitizer, which sees wrong pointers (Linux, x86-64; minutes)
  screens   take screenshots of the real window on a virtual display (Linux)
              --to DIR         where to put them; default: target/screens
  corpus    write training text for the toy base model and its pairs, all of it invented
              --out DIR        train.jsonl, val.jsonl, shots.jsonl and test.jsonl go there
              --seed S         another corpus; default: 1
              --items N        conversations in train.jsonl; default: 60000
              --wrong PERCENT  dialogues in a wrong form; default: 35
              --lists PERCENT  short lists of words to be repeated, in place of conversations; default: 0
              --list-words N   the longest such list; default: 60
  duo-mini  make the toy base model anew, from the corpus on (about an hour on two cores); interrupted, it goes on
  build     release builds of the command line and the window
              --cuda           the command line only, for NVIDIA cards too (it starts without one as well); the
                               first time it takes a quarter of an hour

Each command first installs what is missing (Debian, Ubuntu) or says what to install (elsewhere).
CARGO_TARGET_DIR is honoured.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Carries out one command line; `false` means that it ran and something failed, which has already been reported.
fn dispatch(arguments: &[String]) -> Result<bool> {
    let Some((command, options)) = arguments.split_first() else {
        say!("{HELP}");
        return Ok(false);
    };
    if command == "help"
        || arguments
            .iter()
            .any(|argument| argument == "--help" || argument == "-h")
    {
        say!("{HELP}");
        return Ok(true);
    }
    let place = Place::find()?;
    match command.as_str() {
        "demo" => demo::run(&place, &demo_options(options)?),
        "test" => checks::run(&place, options),
        "duo-mini" => match options {
            [] => mini::run(&place),
            [other, ..] => bail!("duo-mini takes no option, but was given `{other}`"),
        },
        "model" => match options {
            [] => bring_model(&place),
            [other, ..] => bail!("model takes no option, but was given `{other}`"),
        },
        "real-models" => match options {
            [] => base::check_all(&place),
            [other, ..] => bail!("real-models takes no option, but was given `{other}`"),
        },
        "corpus" => corpus::run(&place, &corpus::options(options)?),
        "sanitize" => checks::sanitize(&place, options),
        "screens" => checks::screens(&place, &screens_folder(&place, options)?),
        "build" => match options {
            [] => build::run(&place),
            [option] if option == "--cuda" => build::run_cuda(&place),
            [other, ..] => bail!("build takes `--cuda` and nothing else, but was given `{other}`"),
        },
        _ => bail!("there is no command `{command}`; `cargo xtask --help` lists them"),
    }
}

/// Fetches the base model of the demo and says where it is.
fn bring_model(place: &Place) -> Result<bool> {
    setup::machine(place, setup::Need::Engine)?;
    let folder = base::bring(place)?;
    match &folder {
        Some(folder) => say!("base model: {}", folder.display()),
        None => say!("without it the demo runs on the toy model, duo-mini"),
    }
    Ok(folder.is_some())
}

fn demo_options(arguments: &[String]) -> Result<demo::Options> {
    let mut options = demo::Options::default();
    let mut words = arguments.iter();
    while let Some(argument) = words.next() {
        let mut value = || match words.next() {
            Some(value) => Ok(value.clone()),
            None => bail!("{argument} needs a value; `cargo xtask --help` says which"),
        };
        match argument.as_str() {
            "--headless" => options.headless = true,
            "--quick" => options.quick = true,
            "--keep" => options.keep = true,
            "--model" => options.model = Some(PathBuf::from(value()?)),
            "--set" => options.set.push(value()?),
            "--seed" => options.seed = value()?.parse().context("--seed takes a whole number")?,
            "--pack" => options.pack = Some(PathBuf::from(value()?)),
            _ => bail!("demo does not know `{argument}`; `cargo xtask --help` lists its options"),
        }
    }
    Ok(options)
}

fn screens_folder(place: &Place, arguments: &[String]) -> Result<PathBuf> {
    match arguments {
        [] => Ok(place.target.join("screens")),
        [flag, folder] if flag == "--to" => Ok(std::path::absolute(folder)?),
        _ => bail!("screens takes `--to DIR` and nothing else"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn demo_reads_its_options() {
        let options = demo_options(&words(
            "--headless --model m --set synthesizer.lr=1e-3 --set seed=2",
        ))
        .unwrap();
        assert!(options.headless && !options.keep);
        assert_eq!(options.model, Some(PathBuf::from("m")));
        assert_eq!(options.set, ["synthesizer.lr=1e-3", "seed=2"]);
    }

    #[test]
    fn a_missing_value_and_an_unknown_option_are_named() {
        assert!(
            demo_options(&words("--model"))
                .unwrap_err()
                .to_string()
                .contains("--model needs a value")
        );
        assert!(
            demo_options(&words("--fast"))
                .unwrap_err()
                .to_string()
                .contains("`--fast`")
        );
        assert!(
            dispatch(&words("dance"))
                .unwrap_err()
                .to_string()
                .contains("`dance`")
        );
    }
}
