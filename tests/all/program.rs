//! Runs the real binary on invented clinic calls: workspaces, commands, and workers that can be killed.
//!
//! The recipe is as small as it can be without leaving a stage nothing to work on, so that a complete run takes
//! seconds.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use duologue_tests::{Lines, end, output};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// Name of the data set in every workspace.
pub(crate) const DATASET: &str = "clinic";
/// Name of the first run in every workspace.
pub(crate) const RUN: &str = "clinic-1";
/// Why whatever a run of these conversations gives away may leave the workspace.
pub(crate) const INVENTED: [&str; 2] = ["--override-leak", "the conversations are invented"];
/// Settings of a run that takes seconds; so few updates of an alignment have to be large ones to change anything. All of these are given explicitly, so that no preset changes what is tested.
pub(crate) const TINY: &[&str] = &[
    "shots=6",
    "validation=2",
    "test_items=2",
    "too_long=drop",
    "topic_max_new_tokens=6",
    "synthetic_per_shot=1",
    "summary_max_rounds=6",
    "summary_max_new_tokens=60",
    "lora_rank=4",
    "sft_batch_size=2",
    "sft_max_epochs=4",
    "sft_lr=0.003",
    "generate_batch_size=4",
    "candidates_per_summary=3",
    "candidate_synthetic_limit=1",
    "format_pairs_per_summary=1",
    "checkpoint_summaries=1",
    "dialogue_temperature=0.5",
    "dialogue_max_new_tokens=128",
    "dpo_epochs=1",
    "dpo_lr=0.001",
    "dpo_batch_size=4",
    "dpo_checkpoints=2",
    "checkpoint_samples=1",
    "dialogue_tries=12",
    "ids_max_iterations=10",
    "rejection_max_tries=2",
    "lr_search=1",
    "icl_examples=1",
    "bootstrap=200",
];

/// Systems of the runs that are killed, paused and repeated: one of each kind.
pub(crate) const FEW_SYSTEMS: &str = "systems=zero_shot,sft_real,mrds_separate";

/// Folder of the model that the tests use: duo-mini with an adapter of its own merged into it, made once for each build
/// folder. The toy was taught broken forms on purpose, so few of a tiny run's dialogues would pass; this one keeps the form
/// in most of them.
pub(crate) fn model() -> PathBuf {
    static MERGED: OnceLock<PathBuf> = OnceLock::new();
    MERGED.get_or_init(merged).clone()
}

fn merged() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (toy, adapter) = (root.join("../models/duo-mini"), root.join("data/in_form"));
    let bytes = [
        toy.join("model.safetensors"),
        adapter.join("adapter_model.safetensors"),
    ]
    .map(|file| std::fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display())));
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let made = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{:016x}", hasher.finish()))
        .join("duo-mini-in-form");
    if made.is_dir() {
        return made;
    }
    let parent = made.parent().expect("a folder");
    std::fs::create_dir_all(parent).expect("a folder");
    let half = tempfile::tempdir_in(parent).expect("a folder");
    let answer = Workspace::new().run(&[
        "export",
        "--model",
        &toy.display().to_string(),
        "--adapter",
        &adapter.display().to_string(),
        "--as",
        "merged",
        "--to",
        &half.path().join("model").display().to_string(),
    ]);
    assert_eq!(answer.code, 0, "{:?}", answer.lines.last());
    // Another test program may have been faster; then its folder is as good.
    let renamed = std::fs::rename(half.path().join("model"), &made);
    assert!(renamed.is_ok() || made.is_dir(), "{renamed:?}");
    made
}

/// Path of the binary: `DUOLOGUE_BIN`, or else `duologue` in the folder above this test program's.
pub(crate) fn binary() -> PathBuf {
    let beside = || {
        let test = std::env::current_exe().expect("this program's path");
        let deps = test.parent().expect("a folder");
        deps.parent()
            .expect("a folder")
            .join(format!("duologue{}", std::env::consts::EXE_SUFFIX))
    };
    let path = std::env::var_os("DUOLOGUE_BIN").map_or_else(beside, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: run `cargo build -p duologue` first",
        path.display()
    );
    path
}

/// Rows of the invented clinic calls, from `tests/data/clinic_intake.jsonl`.
pub(crate) fn rows() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/clinic_intake.jsonl");
    let text = std::fs::read_to_string(&path).expect("the invented rows");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a row"))
        .collect()
}

/// A workspace in a temporary folder, with the clinic's rows imported.
pub(crate) struct Workspace {
    folder: TempDir,
}

/// The outcome of a command: its exit code (-1 if a signal ended it) and its JSON lines.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) lines: Vec<Value>,
}

impl Answer {
    /// The last line: the result, or the error.
    pub(crate) fn last(&self) -> &Value {
        self.lines.last().expect("a line of output")
    }

    /// Names of the stages that reported this status, in order.
    pub(crate) fn stages(&self, status: &str) -> Vec<&str> {
        stages_said(&self.lines, status)
    }
}

fn stages_said<'l>(lines: &'l [Value], status: &str) -> Vec<&'l str> {
    let events = lines
        .iter()
        .filter(|line| line["event"] == "stage" && line["status"] == status);
    events.filter_map(|line| line["name"].as_str()).collect()
}

impl Workspace {
    /// A workspace with all rows of the clinic calls.
    pub(crate) fn new() -> Self {
        Self::with(&rows())
    }

    /// A workspace with these rows as its data set.
    pub(crate) fn with(rows: &[Value]) -> Self {
        let workspace = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        let file = workspace.folder.path().join("rows.jsonl");
        let text: String = rows.iter().map(|row| format!("{row}\n")).collect();
        std::fs::write(&file, text).expect("rows written");
        let file = file.display().to_string();
        let imported = workspace.ok(&["import", &file, "--name", DATASET]);
        assert_eq!(imported.last()["imported"], rows.len());
        workspace
    }

    /// Path of the workspace, below the temporary folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(["--json", "--threads", "1", "--workspace"])
            .arg(self.path())
            .args(args);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// Runs a command to its end and returns its answer, of at least one line.
    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        let output = output(&mut self.command(args));
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}")))
            .collect();
        assert!(
            !lines.is_empty(),
            "{args:?} said: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Answer {
            code: output.status.code().unwrap_or(-1),
            lines,
        }
    }

    /// Runs a command that has to end with exit code 0.
    pub(crate) fn ok(&self, args: &[&str]) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.last());
        answer
    }

    /// Starts a command and returns while it is at work.
    pub(crate) fn start(&self, args: &[&str]) -> Worker {
        let mut child = self
            .command(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // Nobody reads what the command writes for people, but a full pipe would stop it: so this is thrown away.
        let mut errors = child.stderr.take().expect("a pipe");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        let lines = Lines::of(child.stdout.take().expect("a pipe"));
        Worker {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Result of `duologue show` for a run.
    pub(crate) fn show(&self, run: &str) -> Value {
        self.ok(&["show", run]).last().clone()
    }

    /// SHA-256 of the output of each stage that has one, by the stage's name.
    pub(crate) fn hashes(&self, run: &str) -> BTreeMap<String, String> {
        let shown = self.show(run);
        let stages = shown["stages"].as_array().expect("stages").iter();
        stages
            .filter_map(|s| {
                Some((
                    s["name"].as_str()?.to_owned(),
                    s["output_sha256"].as_str()?.to_owned(),
                ))
            })
            .collect()
    }

    /// Status of each stage, by the stage's name.
    pub(crate) fn statuses(&self, run: &str) -> BTreeMap<String, String> {
        let shown = self.show(run);
        let stages = shown["stages"].as_array().expect("stages").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        stages
            .map(|s| (text(&s["name"]), text(&s["status"])))
            .collect()
    }

    /// The artifacts of one kind that a stage has made.
    pub(crate) fn items(&self, run: &str, stage: &str, kind: &str) -> Vec<Value> {
        let mut lines = self.ok(&["show", run, "--stage", stage, "--items"]).lines;
        lines.retain(|line| line["kind"] == kind);
        lines
    }
}

/// Arguments that start a run: model, seed, the settings [`TINY`] and `sets`, then `more`.
pub(crate) fn run_args<'a>(
    model: &'a str,
    seed: &'a str,
    sets: &[&'a str],
    more: &[&'a str],
) -> Vec<&'a str> {
    let mut args = vec![
        "run",
        "--dataset",
        DATASET,
        "--model",
        model,
        "--seed",
        seed,
    ];
    for set in TINY.iter().chain(sets) {
        args.extend(["--set", set]);
    }
    args.extend(more);
    args
}

/// A command at work, and the lines that it has written so far (`seen`).
pub(crate) struct Worker {
    child: Child,
    lines: Lines,
    pub(crate) seen: Vec<Value>,
}

impl Worker {
    /// Waits for a line that `wanted` accepts; false if the process ended before it wrote one.
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> bool {
        while let Some(line) = self.hear() {
            let found = wanted(&line);
            self.seen.push(line);
            if found {
                return true;
            }
        }
        false
    }

    /// Waits until a stage begins to compute; false if the process ended first.
    pub(crate) fn wait_for_stage(&mut self, stage: &str) -> bool {
        self.wait_for(|line| {
            line["event"] == "stage" && line["status"] == "running" && line["name"] == stage
        })
    }

    /// Kills the process without warning, waits for its end, and returns all lines that it wrote.
    pub(crate) fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("it can be killed");
        self.finish().lines
    }

    /// Sends SIGINT, as Ctrl-C in a terminal does.
    pub(crate) fn interrupt(&self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).expect("it lives");
    }

    /// Whether the process is still running.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Waits for the process to end, and returns its exit code and all lines that it wrote.
    pub(crate) fn finish(mut self) -> Answer {
        self.wait_for(|_| false);
        let status = end(self.child, "the end of a worker that says nothing more").status;
        Answer {
            code: status.code().unwrap_or(-1),
            lines: self.seen,
        }
    }

    /// The next line as JSON; `None` at the end of the output, or if a killed process left only half a line.
    fn hear(&mut self) -> Option<Value> {
        let line = self.lines.hear("the next step of a worker")?;
        serde_json::from_str(&line).ok()
    }
}
