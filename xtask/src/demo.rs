//! `cargo xtask demo`: Duologue's main job on the sample, from building the programs to a result table and an open
//! window.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build;
use crate::place::Place;
use crate::process::{self, command};
use crate::setup::{self, Need};

/// The splits of the sample and their files: conversations invented for this project, so that no data set has to be
/// fetched.
const SAMPLE: [(&str, &[&str]); 2] = [
    ("train", &["shots.jsonl", "by_hand.jsonl"]),
    ("test", &["test.jsonl"]),
];
const DATASET: &str = "sample";

/// The preset of the demo's recipe: the whole method in minutes on two cores.
const PRESET: &str = "sample";

/// The options of `cargo xtask demo`.
#[derive(Debug)]
pub(crate) struct Options {
    /// Whether to build and run the command line only, and open no window.
    pub(crate) headless: bool,
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
            keep: false,
            model: None,
            set: Vec::new(),
            seed: 1,
            pack: None,
        }
    }
}

/// Sets up, builds, imports the sample, carries out the run, prints its table and opens the window, in this order.
pub(crate) fn run(place: &Place, options: &Options) -> Result<bool> {
    let model = model(place, options.model.as_deref())?;
    if options.headless {
        setup::machine(place, Need::Engine)?;
        build::engine(place)?;
    } else {
        setup::machine(place, Need::Window)?;
        build::run_release(place)?;
    }
    let workspace = place.target.join("demo-workspace");
    if !options.keep {
        setup::remove_folder(&workspace)?;
    }
    fs::create_dir_all(&workspace)
        .with_context(|| format!("{} cannot be made", workspace.display()))?;
    import(place, &workspace)?;
    let run = carry_out(place, &workspace, &model, options)?;
    process::run(duologue(place, &workspace, &["show", &run]))?;
    if let Some(folder) = &options.pack {
        let mut pack = duologue(place, &workspace, &["pack", &run, "--to"]);
        pack.arg(folder);
        process::run(pack)?;
    }
    say!("\nworkspace: {}", workspace.display());
    if options.headless {
        return Ok(true);
    }
    open(place, &workspace)
}

/// The base model's folder: the given folder, or else that of the bundled model.
fn model(place: &Place, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(folder) = given {
        if !folder.join("config.json").is_file() {
            bail!(
                "{} holds no config.json; --model takes a folder in Hugging Face layout \
                 (config.json, tokenizer.json, *.safetensors)",
                folder.display()
            );
        }
        return Ok(std::path::absolute(folder)?);
    }
    Ok(place.duo_mini())
}

/// A call of the command line on the demo's workspace.
fn duologue(place: &Place, workspace: &Path, arguments: &[&str]) -> Command {
    let program = place.program("release", "duologue");
    let mut command = command::<&str>(place, &program.to_string_lossy(), &[]);
    command.arg("--workspace").arg(workspace).args(arguments);
    command
}

fn import(place: &Place, workspace: &Path) -> Result<()> {
    let known = duologue(place, workspace, &["--json", "datasets"]).output();
    let known = known
        .map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned())
        .unwrap_or_default();
    if known.contains(&format!("\"name\":\"{DATASET}\"")) {
        say!("the workspace already holds `{DATASET}`");
        return Ok(());
    }
    for (split, files) in SAMPLE {
        let mut import = duologue(
            place,
            workspace,
            &["import", "--name", DATASET, "--split", split],
        );
        import.args(
            files
                .iter()
                .map(|file| place.duo_mini().join("sample").join(file)),
        );
        process::run(import)?;
    }
    Ok(())
}

/// Runs the method with its progress on the terminal (standard error) and returns the run's name.
///
/// Standard output goes to a file and not to a pipe, so that the run still ends in good order if this program is
/// interrupted.
fn carry_out(place: &Place, workspace: &Path, model: &Path, options: &Options) -> Result<String> {
    let events = workspace.join("demo-run.jsonl");
    let file =
        File::create(&events).with_context(|| format!("{} cannot be written", events.display()))?;
    let mut run = duologue(
        place,
        workspace,
        &["--json", "run", "--dataset", DATASET, "--preset", PRESET],
    );
    run.arg("--model")
        .arg(model)
        .arg("--seed")
        .arg(options.seed.to_string());
    for field in &options.set {
        run.args(["--set", field]);
    }
    run.stdout(file);
    let outcome = process::run(run);
    let log = fs::read_to_string(&events).unwrap_or_default();
    if let Err(error) = outcome {
        let last = log.lines().last().unwrap_or_default();
        return Err(error.context(last.to_owned()));
    }
    let name = log.lines().rev().find_map(|line| text_field(line, "run"));
    name.with_context(|| format!("the run named itself nowhere in {}", events.display()))
}

/// The text of a field in one compact JSON line (run names need no escapes).
fn text_field(line: &str, field: &str) -> Option<String> {
    let (_, after) = line.split_once(&format!("\"{field}\":\""))?;
    after.split_once('"').map(|(text, _)| text.to_owned())
}

/// Opens the window on the workspace and waits until it is closed.
fn open(place: &Place, workspace: &Path) -> Result<bool> {
    let has_display = ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    let window = place.program("release", "duologue-desktop");
    if cfg!(target_os = "linux") && !has_display {
        say!(
            "there is no display here, so no window is opened; it is {}",
            window.display()
        );
        return Ok(true);
    }
    say!("opening the window; close it to come back here");
    let mut command = command::<&str>(place, &window.to_string_lossy(), &[]);
    command
        .env("DUOLOGUE_WORKSPACE", workspace)
        .env("DUOLOGUE_BIN", place.program("release", "duologue"));
    command.env("DUOLOGUE_DUO_MINI", place.duo_mini());
    process::run(command)?;
    Ok(true)
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
        let error = model(&place, Some(&place.root.join("xtask")))
            .unwrap_err()
            .to_string();
        assert!(error.contains("config.json"), "{error}");
    }
}
