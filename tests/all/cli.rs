//! The command line against its contract (`docs/cli.md`): the real binary, invented data, temporary folders.
//!
//! `Said::new` checks the output of every command with `--json`. Each line of standard output is one compact JSON
//! object, the last line is the result or the error with its fields, and the exit code fits that line.

mod audit;
mod bad_input;
mod bench;
mod data;
mod deid;
mod docs;
mod export;
mod forget;
mod formats;
mod hub;
mod hub_server;
mod intake;
mod ledger;
#[cfg(target_os = "linux")]
mod login;
mod model;
mod network;
mod office;
mod plan;
mod pretrain;
mod protect;
mod report;
mod run;
mod steer;
mod study;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use duologue_tests::output;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::fixture;
use crate::program::binary;

/// A temporary folder with a workspace and files in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// A place below the build's folder, for a `static` that is never dropped. Removes places that earlier processes
    /// left there, if they are more than an hour old.
    fn that_stays() -> Self {
        const PREFIX: &str = "cli-run-";
        const OLD: std::time::Duration = std::time::Duration::from_secs(3600);
        let root = Path::new(env!("CARGO_TARGET_TMPDIR"));
        for entry in std::fs::read_dir(root)
            .expect("the build's folder")
            .flatten()
        {
            let age = entry
                .metadata()
                .and_then(|m| m.modified())
                .ok()
                .and_then(|time| time.elapsed().ok());
            if entry.file_name().to_string_lossy().starts_with(PREFIX)
                && age.is_some_and(|age| age > OLD)
            {
                // Another process may be removing the same folder.
                let _gone = std::fs::remove_dir_all(entry.path());
            }
        }
        Self {
            folder: tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir_in(root)
                .expect("a folder"),
        }
    }

    fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Path of `name` in the folder, as an argument.
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file and returns its path as an argument.
    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        let folder = path.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("a folder made");
        std::fs::write(&path, content).expect("a file written");
        path.display().to_string()
    }

    /// Writes rows as a JSON Lines file and returns its path as an argument.
    fn write_rows(&self, name: &str, rows: &[Value]) -> String {
        self.write(
            name,
            rows.iter()
                .map(|row| format!("{row}\n"))
                .collect::<String>(),
        )
    }

    /// Copies `tests/golden/llama-tiny`, so that a test can damage the copy; returns its folder.
    fn copy_of_model(&self, name: &str) -> PathBuf {
        let copy = self.folder.path().join(name);
        std::fs::create_dir(&copy).expect("a folder");
        for entry in std::fs::read_dir(fixture::golden("llama-tiny")).expect("the golden model") {
            let path = entry.expect("an entry").path();
            std::fs::copy(&path, copy.join(path.file_name().expect("a name"))).expect("a copy");
        }
        copy
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.arg("--workspace").arg(self.workspace());
        if !args.contains(&"--threads") {
            command.args(["--threads", "1"]);
        }
        command.args(args);
        command
            .env_remove("DUOLOGUE_WORKSPACE")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command with `--json` and checks the form of its output.
    fn json(&self, args: &[&str]) -> Said {
        Said::new(args, &output(self.command(args).arg("--json")))
    }

    /// Runs a command with `--json` that has to succeed, and returns its result.
    fn ok(&self, args: &[&str]) -> Value {
        let answer = self.json(args);
        assert_eq!(answer.code, 0, "{args:?}: {}", answer.last);
        answer.last
    }

    /// Runs a command with `--json` that has to fail with this exit code and error code, and returns the error.
    fn fails(&self, args: &[&str], exit: i32, code: &str) -> Value {
        let answer = self.json(args);
        assert_eq!(
            (answer.code, answer.last["code"].as_str()),
            (exit, Some(code)),
            "{args:?}: {}",
            answer.last
        );
        answer.last
    }

    /// Runs a command without `--json`, as a person would, and returns standard output and standard error.
    fn human(&self, args: &[&str], exit: i32) -> (String, String) {
        let output = output(&mut self.command(args));
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(exit), "{args:?}: {out}{err}");
        assert!(!err.contains("panicked"), "{args:?}: {err}");
        (out, err)
    }

    /// Imports rows as a data set called `name`, and returns the result.
    fn import(&self, name: &str, rows: &[Value]) -> Value {
        let file = self.write_rows(&format!("{name}.jsonl"), rows);
        self.ok(&["import", &file, "--name", name])
    }

    /// What the workspace holds: data sets with all their examples, runs with their state, models.
    fn holds(&self) -> Value {
        let datasets = self.ok(&["datasets"])["datasets"].clone();
        let names = datasets
            .as_array()
            .expect("data sets")
            .iter()
            .map(|d| d["name"].as_str().expect("a name"));
        let examples: Vec<Vec<Value>> = names
            .map(|name| self.json(&["datasets", name, "--items"]).lines)
            .collect();
        json!([
            datasets,
            examples,
            self.ok(&["runs"])["runs"],
            self.ok(&["models", "list"])["models"]
        ])
    }

    /// Asserts that a command fails with this exit code and error code and leaves the workspace as it was. The message
    /// and the fix together have to contain all `words`. Returns the error.
    fn refuses(&self, args: &[&str], exit: i32, code: &str, words: &[&str]) -> Value {
        let before = self.holds();
        let error = self.fails(args, exit, code);
        assert_eq!(self.holds(), before, "{args:?} changed the workspace");
        let message = format!("{} {}", error["message"], error["fix"]);
        for word in words {
            assert!(
                message.contains(word),
                "{args:?}: `{word}` is not in {message}"
            );
        }
        let (out, err) = self.human(args, exit);
        assert!(out.is_empty(), "{args:?}: {out}");
        assert!(
            err.contains("duologue: ") && err.contains("What to do: "),
            "{args:?}: {err}"
        );
        error
    }
}

/// The checked output of a command with `--json`.
struct Said {
    code: i32,
    /// All lines except the last.
    lines: Vec<Value>,
    last: Value,
}

impl Said {
    fn new(args: &[&str], output: &Output) -> Self {
        let text = std::str::from_utf8(&output.stdout).expect("UTF-8");
        let errors = String::from_utf8_lossy(&output.stderr);
        let mut lines: Vec<Value> = text.lines().map(|line| compact(args, line)).collect();
        let last = lines
            .pop()
            .unwrap_or_else(|| panic!("{args:?} said nothing: {errors}"));
        assert!(!errors.contains("panicked"), "{args:?}: {errors}");
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{args:?} was killed: {errors}"));
        assert!(
            lines.iter().all(|line| line["event"] != "result"),
            "{args:?}: a result before the end"
        );
        assert_eq!(last["schema"], 1, "{args:?}: {last}");
        match last["event"].as_str() {
            Some("result") => {
                assert!(last["command"].is_string(), "{args:?}: {last}");
                assert!(
                    [0, 1, 130].contains(&code),
                    "{args:?}: {code} with a result"
                );
            }
            Some("error") => {
                assert!([1, 2, 3].contains(&code), "{args:?}: {code} with an error");
                for key in ["code", "message", "fix"] {
                    assert!(
                        !last[key].as_str().unwrap_or_default().is_empty(),
                        "{args:?}: no {key} in {last}"
                    );
                }
            }
            other => panic!("{args:?} ends with {other:?}: {last}"),
        }
        Self { code, lines, last }
    }
}

fn compact(args: &[&str], line: &str) -> Value {
    let value: Value =
        serde_json::from_str(line).unwrap_or_else(|e| panic!("{args:?}: {line}: {e}"));
    assert!(value.is_object(), "{args:?}: {line}");
    assert_eq!(value.to_string(), line, "{args:?}: not compact");
    value
}

/// Path of the golden model `llama-tiny`, as an argument.
fn tiny() -> String {
    fixture::golden("llama-tiny").display().to_string()
}

/// A row in the form in which `import` reads it.
fn row(id: &str, split: &str, dialogue: &str, summary: &str) -> Value {
    json!({"id": id, "split": split, "dialogue": dialogue, "summary": summary})
}

/// Invented rows, all different, with the given number of rows for each split.
fn rows(train: usize, validation: usize, test: usize) -> Vec<Value> {
    let of_split = |split: &'static str, n: usize| {
        (0..n).map(move |i| {
            let dialogue = format!("Ann: Is the {split} bus {i} late?\nBo: Yes, by {i} minutes.");
            row(
                &format!("{split}-{i}"),
                split,
                &dialogue,
                &format!("Bo tells Ann that bus {i} is late."),
            )
        })
    };
    of_split("train", train)
        .chain(of_split("validation", validation))
        .chain(of_split("test", test))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("no number: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value}"))
}
