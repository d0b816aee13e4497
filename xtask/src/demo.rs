//! `cargo xtask demo`: builds the programs and opens the window on a finished run, while the whole method runs on this
//! machine, and prints a table at the end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use anyhow::{Context, Result, bail};

use crate::base;
use crate::build;
use crate::place::Place;
use crate::process::{self, command};
use crate::setup::{self, Need};

/// The options of `cargo xtask demo`.
#[derive(Debug)]
pub(crate) struct Options {
    /// Whether to build and run the command line only, and open no window.
    pub(crate) headless: bool,
    /// Whether to run the loop on the toy model.
    pub(crate) quick: bool,
    /// Whether to continue with the workspace of the last demo.
    pub(crate) keep: bool,
    /// The base model's folder; `None` for the bundled model.
    pub(crate) model: Option<PathBuf>,
    /// Changes to the recipe, each as `key=value`.
    pub(crate) set: Vec<String>,
    /// Seed of the run.
    pub(crate) seed: u64,
    /// Folder for the run bundle of the finished run; `None` to make no bundle.
    pub(crate) pack: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            headless: false,
            quick: false,
            keep: false,
            model: None,
            set: Vec::new(),
            // The finished run has seed 1: what it computed would be reused.
            seed: 2,
            pack: None,
        }
    }
}

/// What a demo runs: a base model, pairs and the recipe made for them.
struct Show {
    model: PathBuf,
    dataset: &'static str,
    preset: &'static str,
    /// Files of the pairs, by split.
    files: Vec<(&'static str, Vec<PathBuf>)>,
}

/// Sets up, builds, puts the finished run in place, says how long another run takes here, starts that one and opens the
/// window; at the end it prints the table. A run that is to be packed is made without the finished one.
pub(crate) fn run(place: &Place, options: &Options) -> Result<bool> {
    let need = if options.headless {
        Need::Engine
    } else {
        Need::Window
    };
    setup::machine(place, need)?;
    let show = show(place, options)?;
    if options.headless {
        build::engine(place)?;
    } else {
        build::run_release(place)?;
    }
    let workspace = place.target.join("demo-workspace");
    if !options.keep {
        setup::remove_folder(&workspace)?;
    }
    fs::create_dir_all(&workspace)
        .with_context(|| format!("{} cannot be made", workspace.display()))?;
    if options.pack.is_none() {
        let mut sample = duologue(place, &workspace, &["sample", "--from"]);
        sample.arg(place.models());
        process::run(sample)?;
    }
    bring_data(place, &workspace, &show)?;
    // Tells how long the next step takes; the speed is measured with the model itself.
    process::run(call(place, &workspace, "plan", &show, options))?;
    let events = workspace.join("demo-run.jsonl");
    let mut working = start(place, &workspace, &show, options, &events)?;
    let opened = !options.headless && open(place, &workspace, &mut working)?;
    if opened && working.try_wait()?.is_none() {
        say!(
            "the window is closed, and the run goes on; Ctrl-C stops it safely, and `--keep` continues it"
        );
    }
    let run = finish(working, &events)?;
    process::run(duologue(place, &workspace, &["show", &run]))?;
    if let Some(folder) = &options.pack {
        let mut pack = duologue(place, &workspace, &["pack", &run, "--to"]);
        pack.arg(folder);
        // Its conversations are invented: whatever the run repeats belongs to nobody.
        pack.args(["--override-leak", "the sample's conversations are invented"]);
        process::run(pack)?;
    }
    say!("\nworkspace: {}", workspace.display());
    Ok(true)
}

/// What is shown: the practice on the real base model, or the toy's own pairs if these are asked for or nothing else is
/// available.
fn show(place: &Place, options: &Options) -> Result<Show> {
    let real = |model, files| Show {
        model,
        dataset: "physiotherapy",
        preset: "sample",
        files,
    };
    let practice = ["train", "validation", "test"].map(|split| {
        let file = format!("{split}.jsonl");
        (split, vec![place.models().join("practice").join(file)])
    });
    if let Some(folder) = &options.model {
        return Ok(real(given(folder)?, practice.into()));
    }
    let base = if options.quick {
        None
    } else {
        base::bring(place)?
    };
    let Some(base) = base else {
        let why = if options.quick {
            "as asked"
        } else {
            "the real one is not here"
        };
        say!(
            "base model: duo-mini ({why}), a toy of seven million weights that invents facts: it shows the loop at work, \
             not what the method can do"
        );
        let sample = place.duo_mini().join("sample");
        let files = |names: &[&str]| names.iter().map(|name| sample.join(name)).collect();
        return Ok(Show {
            model: place.duo_mini(),
            dataset: "sample",
            preset: "quick",
            files: vec![
                ("train", files(&["shots.jsonl", "by_hand.jsonl"])),
                ("test", files(&["test.jsonl"])),
            ],
        });
    };
    say!("base model: SmolLM2-135M-Instruct");
    Ok(real(base, practice.into()))
}

/// The folder of a base model that was named.
fn given(folder: &Path) -> Result<PathBuf> {
    let holds_model = folder.join("config.json").is_file()
        || fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|file| {
                file.path()
                    .extension()
                    .is_some_and(|ending| ending == "gguf")
            });
    if !holds_model {
        bail!(
            "{} holds no config.json and no GGUF file; --model takes a folder in Hugging Face layout \
             (config.json, tokenizer.json, *.safetensors) or with one GGUF file",
            folder.display()
        );
    }
    Ok(std::path::absolute(folder)?)
}

/// A call of the command line on the demo's workspace.
fn duologue(place: &Place, workspace: &Path, arguments: &[&str]) -> Command {
    let program = place.program("release", "duologue");
    let mut command = command::<&str>(place, &program.to_string_lossy(), &[]);
    command.arg("--workspace").arg(workspace).args(arguments);
    command
}

/// Imports the pairs.
fn bring_data(place: &Place, workspace: &Path, show: &Show) -> Result<()> {
    let known = duologue(place, workspace, &["--json", "datasets"]).output();
    let known = known
        .map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned())
        .unwrap_or_default();
    if known.contains(&format!("\"name\":\"{}\"", show.dataset)) {
        say!("the workspace already holds `{}`", show.dataset);
        return Ok(());
    }
    for (split, files) in &show.files {
        let mut import = duologue(
            place,
            workspace,
            &["import", "--name", show.dataset, "--split", split],
        );
        import.args(files);
        process::run(import)?;
    }
    Ok(())
}

/// A call of `plan` or `run` with the demo's data, model and recipe.
fn call(place: &Place, workspace: &Path, word: &str, show: &Show, options: &Options) -> Command {
    let mut call = duologue(
        place,
        workspace,
        &[word, "--dataset", show.dataset, "--preset", show.preset],
    );
    call.arg("--model").arg(&show.model);
    for field in &options.set {
        call.args(["--set", field]);
    }
    call
}

/// Starts the method, with its progress on the terminal (standard error).
///
/// Standard output goes to a file and not to a pipe, so that the run still ends cleanly if this program is interrupted.
fn start(
    place: &Place,
    workspace: &Path,
    show: &Show,
    options: &Options,
    events: &Path,
) -> Result<Child> {
    let file =
        File::create(events).with_context(|| format!("{} cannot be written", events.display()))?;
    let mut run = call(place, workspace, "run", show, options);
    run.arg("--json")
        .arg("--seed")
        .arg(options.seed.to_string())
        .stdout(file);
    process::start(&mut run)
}

/// Waits for the method and returns the run's name.
fn finish(mut working: Child, events: &Path) -> Result<String> {
    let status = working.wait()?;
    let log = fs::read_to_string(events).unwrap_or_default();
    if !status.success() {
        let last = log.lines().last().unwrap_or_default();
        bail!("the run stopped ({status}): {last}");
    }
    let name = log.lines().rev().find_map(|line| text_field(line, "run"));
    name.with_context(|| format!("the run named itself nowhere in {}", events.display()))
}

/// The text of a field in one compact JSON line (run names need no escapes).
fn text_field(line: &str, field: &str) -> Option<String> {
    let (_, after) = line.split_once(&format!("\"{field}\":\""))?;
    after.split_once('"').map(|(text, _)| text.to_owned())
}

/// Opens the window on the workspace while the run is at work, and waits until it is closed; `false` where there is no
/// display.
fn open(place: &Place, workspace: &Path, working: &mut Child) -> Result<bool> {
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let window = place.program("release", "duologue-desktop");
    if cfg!(target_os = "linux") && !has_display {
        say!(
            "there is no display here, so no window is opened; it is {}",
            window.display()
        );
        return Ok(false);
    }
    say!("opening the window; close it to come back here");
    let mut command = command::<&str>(place, &window.to_string_lossy(), &[]);
    command
        .env("DUOLOGUE_WORKSPACE", workspace)
        .env("DUOLOGUE_BIN", place.program("release", "duologue"))
        .env("DUOLOGUE_MODELS", place.models());
    let closed = process::run(command);
    if closed.is_err() {
        // Nobody expects a run to continue after this program has ended.
        let _stopped = working.kill();
    }
    closed.map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_read_from_its_last_line() {
        assert_eq!(
            text_field(r#"{"event":"result","run":"r-7","n":1}"#, "run").as_deref(),
            Some("r-7")
        );
        assert_eq!(
            text_field(r#"{"event":"result","command":"run"}"#, "run"),
            None
        );
    }

    #[test]
    fn a_folder_without_a_model_is_refused() {
        let place = Place::find().unwrap();
        let error = given(&place.root.join("xtask")).unwrap_err().to_string();
        assert!(error.contains("config.json"), "{error}");
        assert!(given(&place.duo_mini()).is_ok());
    }
}
