//! A test's own workspace, folders and processes, and the command line at work in them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use contract::{RunStatus, StageName, StageStatus};
use serde_json::Value;
use store::Store;
use tempfile::TempDir;

use super::process::{self, Process};
use super::settings::{SEED, TINY, TWO_SYSTEMS, data};
use super::{Programs, programs};

/// Everything that belongs to one test; dropping it ends what the test has started.
pub(crate) struct Desk {
    /// The programs under test.
    pub(crate) programs: Programs,
    /// The workspace.
    pub(crate) workspace: PathBuf,
    home: TempDir,
}

impl Desk {
    /// An empty desk; `None` where there is no window to drive.
    pub(crate) fn new() -> Option<Self> {
        let programs = programs()?;
        let home = tempfile::tempdir().unwrap();
        let workspace = home.path().join("workspace");
        Some(Self {
            programs,
            workspace,
            home,
        })
    }

    /// What every process of this test inherits.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let home = |name: &str| self.home.path().join(name);
        vec![
            ("DUOLOGUE_WORKSPACE", self.workspace.clone()),
            ("DUOLOGUE_BIN", self.programs.cli.clone()),
            (
                "DUOLOGUE_MODELS",
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../models"),
            ),
            ("XDG_DATA_HOME", home("data")),
            ("XDG_CONFIG_HOME", home("config")),
            ("XDG_CACHE_HOME", home("cache")),
        ]
    }

    /// The line of the environment that identifies this test's processes.
    pub(crate) fn marker(&self) -> String {
        format!("DUOLOGUE_WORKSPACE={}", self.workspace.display())
    }

    /// Living processes of the window: the application and its web processes.
    pub(crate) fn window_processes(&self) -> Vec<Process> {
        let is_web = |exe: &Path| {
            exe.file_name().is_some_and(|name| {
                name.to_string_lossy().starts_with("WebKit") && name != "WebKitWebDriver"
            })
        };
        let mut found = process::with_environment(&self.marker());
        found.retain(|process| process.exe == self.programs.app || is_web(&process.exe));
        found
    }

    /// Process ids of the running applications.
    pub(crate) fn apps(&self) -> Vec<i32> {
        let processes = self.window_processes().into_iter();
        processes
            .filter(|process| process.exe == self.programs.app)
            .map(|process| process.pid)
            .collect()
    }

    /// Whether the application itself lives.
    pub(crate) fn app_lives(&self) -> bool {
        !self.apps().is_empty()
    }

    /// A path in this desk's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Ends the window as a crash would: every process of it, without warning.
    pub(crate) fn kill_window(&self) {
        let mut processes = self.window_processes();
        processes.sort_by_key(|process| process.exe != self.programs.app);
        processes
            .iter()
            .for_each(|process| process::kill_now(process.pid));
        wait("the killed window has gone", 20, || {
            (!self.app_lives()).then_some(())
        });
    }

    /// Runs the command line to its end and returns its last line.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Value {
        let output = duologue_tests::output(
            Command::new(&self.programs.cli)
                .args(["--workspace"])
                .arg(&self.workspace)
                .arg("--json")
                .args(arguments)
                .envs(self.environment()),
        );
        let text = String::from_utf8_lossy(&output.stdout);
        let last = text.lines().last().unwrap_or_default();
        assert!(
            output.status.success(),
            "{arguments:?}: {last} {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(last).unwrap()
    }

    /// Imports the data set `clinic_intake`.
    pub(crate) fn import(&self) {
        self.cli(&[
            "import",
            data().to_str().unwrap(),
            "--name",
            "clinic_intake",
        ]);
    }

    /// The store of this workspace.
    pub(crate) fn store(&self) -> Store {
        Store::open(&self.workspace).unwrap()
    }

    /// The one run of this workspace.
    pub(crate) fn only_run(&self) -> String {
        let runs = self.store().runs().unwrap();
        assert_eq!(runs.len(), 1, "one run is expected");
        runs[0].id.to_string()
    }

    /// Number of the process that works on a run, where one does.
    pub(crate) fn worker(&self, run: &str) -> Option<i32> {
        let pid = self
            .store()
            .lease(&run.into())
            .unwrap()?
            .owner
            .process
            .pid
            .cast_signed();
        process::with_environment(&self.marker())
            .iter()
            .any(|process| process.pid == pid)
            .then_some(pid)
    }

    /// Waits until a stage is being worked on and has made its first step.
    pub(crate) fn wait_for_stage(&self, run: &str, stage: StageName) {
        wait(&format!("{stage} is running"), 120, || {
            let row = self.store().stage(&run.into(), stage).unwrap();
            assert_ne!(
                row.status,
                StageStatus::Done,
                "{stage} ended before it was seen running"
            );
            (row.status == StageStatus::Running
                && row
                    .progress
                    .as_ref()
                    .is_some_and(|last| last.step.step >= 1))
            .then_some(())
        });
    }

    /// Waits until a run is done; fails at once when it has failed.
    pub(crate) fn wait_until_done(&self, run: &str) {
        wait("the run is done", 180, || {
            let row = self.store().run(&run.into()).unwrap();
            assert_ne!(row.status, RunStatus::Failed, "{:?}", row.error);
            (row.status == RunStatus::Done).then_some(())
        });
    }

    /// Hash of the output of every stage that the run needs, in order.
    pub(crate) fn hashes(&self, run: &str) -> Vec<(StageName, String)> {
        let stages = self.store().stages(&run.into()).unwrap();
        let hashes: Vec<(StageName, String)> = stages
            .into_iter()
            .filter_map(|row| Some((row.name, row.output_sha256?)))
            .collect();
        assert!(!hashes.is_empty(), "nothing was computed");
        hashes
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        process::with_environment(&self.marker())
            .iter()
            .for_each(|process| process::kill_now(process.pid));
    }
}

/// A run of the tiny settings with two systems, done once by the command line without any interruption.
pub(crate) fn finished(model: &Path) -> &'static Desk {
    static FINISHED: OnceLock<Desk> = OnceLock::new();
    FINISHED.get_or_init(|| {
        let desk = Desk::new().expect("only asked for where there is a window");
        desk.import();
        let settings: Vec<String> = TINY
            .iter()
            .chain([&TWO_SYSTEMS])
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let mut words = vec![
            "run",
            "--dataset",
            "clinic_intake",
            "--model",
            model.to_str().unwrap(),
        ];
        words.extend(["--preset", "small", "--seed", SEED]);
        settings
            .iter()
            .for_each(|setting| words.extend(["--set", setting]));
        let begun = Instant::now();
        let answer = desk.cli(&words);
        assert_eq!(answer["status"], "done");
        println!(
            "the uninterrupted run took {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        desk
    })
}

/// Asks until there is an answer; fails after `limit_s` seconds.
pub(crate) fn wait<T>(what: &str, limit_s: u64, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(limit_s);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "not within {limit_s} s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
