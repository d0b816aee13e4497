//! The real binary on invented clinic calls: workspaces, commands, a worker that can be killed.
//!
//! The recipe is as small as it can be without a stage running dry, so that a whole run takes seconds.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use duologue_tests::{Lines, end, output};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::fixture::shared;

/// Name of the data set in every workspace; the first run is `clinic-1`.
pub(crate) const DATASET: &str = "clinic";
/// The first run of a workspace.
pub(crate) const RUN: &str = "clinic-1";
/// Settings of a run of seconds; every one is set, so that no preset changes what is tested.
pub(crate) const TINY: &[&str] = &[
    "shots=6",
    "validation=2",
    "test_items=2",
    "too_long=drop",
    "topic_max_new_tokens=6",
    "synthetic_per_shot=1",
    "summary_max_rounds=3",
    "summary_max_new_tokens=40",
    "lora_rank=4",
    "sft_batch_size=2",
    "sft_max_epochs=4",
    "sft_lr=0.003",
    "generate_batch_size=4",
    "candidates_per_summary=3",
    "candidate_synthetic_limit=1",
    "format_pairs_per_summary=1",
    "checkpoint_summaries=1",
    "dialogue_temperature=0.6",
    "dialogue_max_new_tokens=110",
    "dpo_epochs=1",
    "dpo_batch_size=4",
    "dpo_checkpoints=2",
    "checkpoint_samples=1",
    "dialogue_tries=12",
    "ids_max_iterations=3",
    "rejection_max_tries=2",
    "lr_search=1",
    "icl_examples=1",
    "bootstrap=200",
];

/// Systems of the runs that are killed, paused and redone: one of each kind.
pub(crate) const FEW_SYSTEMS: &str = "systems=zero_shot,sft_real,mrds_separate";

/// The model of the tests, `None` (with a line that says so) where it is absent.
pub(crate) fn model() -> Option<PathBuf> {
    shared("data/models/dialog-7m").map(|path| path.canonicalize().expect("a path"))
}

/// The binary: `DUOLOGUE_BIN`, else the one beside this test's own folder.
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

/// The invented rows.
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

/// What a command left: exit code and JSON lines.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) lines: Vec<Value>,
}

impl Answer {
    /// The last line: the result, or the error.
    pub(crate) fn last(&self) -> &Value {
        self.lines.last().expect("a line of output")
    }

    /// The stages that were said to have this status, in order.
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
    /// With the rows as they are.
    pub(crate) fn new() -> Self {
        Self::with(&rows())
    }

    /// With other rows.
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

    /// The workspace's folder.
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

    /// Runs a command to its end.
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

    /// Runs a command that has to succeed.
    pub(crate) fn ok(&self, args: &[&str]) -> Answer {
        let answer = self.run(args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.last());
        answer
    }

    /// Starts a command and leaves it at work.
    pub(crate) fn start(&self, args: &[&str]) -> Worker {
        let mut child = self
            .command(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        // Nobody reads its messages for people; a full pipe would stop it.
        let mut errors = child.stderr.take().expect("a pipe");
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        let lines = Lines::of(child.stdout.take().expect("a pipe"));
        Worker {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// `duologue show`.
    pub(crate) fn show(&self, run: &str) -> Value {
        self.ok(&["show", run]).last().clone()
    }

    /// The output hash of each stage.
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

    /// The status of each stage.
    pub(crate) fn statuses(&self, run: &str) -> BTreeMap<String, String> {
        let shown = self.show(run);
        let stages = shown["stages"].as_array().expect("stages").iter();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        stages
            .map(|s| (text(&s["name"]), text(&s["status"])))
            .collect()
    }

    /// The artifacts of a stage, of one kind.
    pub(crate) fn items(&self, run: &str, stage: &str, kind: &str) -> Vec<Value> {
        let mut lines = self.ok(&["show", run, "--stage", stage, "--items"]).lines;
        lines.retain(|line| line["kind"] == kind);
        lines
    }
}

/// Arguments that start a run: model, seed, recipe, then whatever else.
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

/// A command at work.
pub(crate) struct Worker {
    child: Child,
    lines: Lines,
    pub(crate) seen: Vec<Value>,
}

impl Worker {
    /// Waits for a line of a kind; false where the process ended without one.
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

    /// Waits until a stage begins to compute.
    pub(crate) fn wait_for_stage(&mut self, stage: &str) -> bool {
        self.wait_for(|line| {
            line["event"] == "stage" && line["status"] == "running" && line["name"] == stage
        })
    }

    /// Ends it without a chance to do anything, and takes its remains away.
    pub(crate) fn kill(mut self) -> Vec<Value> {
        self.child.kill().expect("it can be killed");
        self.finish().lines
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT).expect("it lives");
    }

    /// Whether it still works.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Answer {
        self.wait_for(|_| false);
        let status = end(self.child, "the end of a worker that says nothing more").status;
        Answer {
            code: status.code().unwrap_or(-1),
            lines: self.seen,
        }
    }

    /// The next line; a killed process may leave half a one, which is none.
    fn hear(&mut self) -> Option<Value> {
        let line = self.lines.hear("the next step of a worker")?;
        serde_json::from_str(&line).ok()
    }
}
