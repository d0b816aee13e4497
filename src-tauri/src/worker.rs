//! The `duologue` binary at work for the window: planning and starting runs (which go on by themselves), and the
//! demo's process, which keeps a model loaded and ends when its standard input closes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use contract::problem::ShellProblem;
use contract::{DemoLine, DemoRequest, ErrorReport, LineHead, LineKind, Summarized};
use host::private;
use serde::de::DeserializeOwned;

use crate::command::count;
use crate::dto::{AppError, DemoChoice, DemoEvent};
use crate::error::Answer;
use crate::place::Place;

/// Runs the binary until it has given its answer. What it starts detached goes on; we do not wait for it.
pub(crate) fn ask<T: DeserializeOwned>(place: &Place, arguments: &[String]) -> Answer<T> {
    let mut command = command(place, "window.log")?;
    host::detached::own_group(command.args(arguments));
    let mut child = begin(place, command.stdout(Stdio::piped()))?;
    let mut answer = None;
    // Only up to the last line: a detached worker may hold the pipe open for hours.
    for line in lines(&mut child) {
        answer = last_line(&line);
        if answer.is_some() {
            break;
        }
    }
    // The exit code adds nothing to the last line.
    let _status = child.wait();
    answer.unwrap_or_else(|| Err(silent(place)))
}

/// What a process prints, line by line, as far as it can be read.
pub(crate) fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out = child.stdout.take().into_iter();
    out.flat_map(|out| BufReader::new(out).lines().map_while(Result::ok))
}

/// The answer that a line holds; `None` if it is not the last line of a command.
pub(crate) fn last_line<T: DeserializeOwned>(line: &str) -> Option<Answer<T>> {
    match serde_json::from_str::<LineHead>(line).ok()?.event {
        LineKind::Progress => None,
        LineKind::Result => Some(serde_json::from_str(line).map_err(|error| unreadable(&error))),
        LineKind::Error => Some(match serde_json::from_str::<ErrorReport>(line) {
            Ok(report) => Err(AppError::from(&report)),
            Err(error) => Err(unreadable(&error)),
        }),
    }
}

/// An answer of the binary that is not what it should be.
fn unreadable(error: &serde_json::Error) -> AppError {
    ShellProblem::WindowWorkerAnswer {
        reason: error.to_string(),
    }
    .into()
}

/// The demo's process, at most one at a time.
#[derive(Default)]
pub(crate) struct Demo {
    server: Mutex<Option<Server>>,
}

struct Server {
    choice: DemoChoice,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It holds no state but a loaded model; where it has ended already there is nothing to end.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Demo {
    /// Summarizes one dialogue, passing on each event; the process stays for the next one.
    pub(crate) fn summarize(
        &self,
        place: &Place,
        choice: DemoChoice,
        dialogue: &str,
        send: impl Fn(DemoEvent),
    ) -> Answer<()> {
        let mut slot = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_none_or(|server| server.choice != choice) {
            // The old model leaves memory before the new one comes.
            *slot = None;
            *slot = Some(Server::start(place, choice)?);
        }
        let Some(server) = slot.as_mut() else {
            return Ok(());
        };
        let answer = server.summarize(place, dialogue, send);
        if answer.is_err() {
            *slot = None;
        }
        answer
    }

    /// Ends the process and gives its memory back.
    pub(crate) fn close(&self) {
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Server {
    fn start(place: &Place, choice: DemoChoice) -> Answer<Self> {
        let mut command = command(place, "demo.log")?;
        command.args(["--device", &choice.device]).arg("summarize");
        match &choice.run {
            Some(run) => command.args(["--run", run, "--system", choice.system.as_str()]),
            None => command.args(["--model", &choice.model]),
        };
        command
            .arg("--serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| not_started(&e))?;
        let (Some(mut stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(silent(place));
        };
        give_key(place, &mut stdin);
        Ok(Self {
            choice,
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    fn summarize(&mut self, place: &Place, dialogue: &str, send: impl Fn(DemoEvent)) -> Answer<()> {
        let request = DemoRequest {
            dialogue: dialogue.to_owned(),
        };
        let request = serde_json::to_string(&request).map_err(|error| unreadable(&error))?;
        // A process that has ended cannot be written to; its output tells why it ended.
        let _written = writeln!(self.stdin, "{request}").and_then(|()| self.stdin.flush());
        let mut line = String::new();
        loop {
            line.clear();
            if !self
                .stdout
                .read_line(&mut line)
                .is_ok_and(|bytes| bytes > 0)
            {
                return Err(silent(place));
            }
            match serde_json::from_str::<DemoLine>(&line) {
                Ok(DemoLine::Token { text }) => send(DemoEvent::Token { text }),
                Ok(DemoLine::Summary(summarized)) => {
                    send(summary(summarized));
                    return Ok(());
                }
                Ok(DemoLine::Error(report)) => return Err(AppError::from(&report)),
                Ok(DemoLine::Ready) | Err(_) => {}
            }
        }
    }
}

fn summary(summarized: Summarized) -> DemoEvent {
    DemoEvent::Summary {
        summary: summarized.summary,
        prompt_tokens: count(summarized.prompt_tokens),
        new_tokens: count(summarized.new_tokens),
        ttft_ms: summarized.ttft_ms,
        tokens_per_s: summarized.tokens_per_s,
    }
}

/// `duologue --workspace W --json`, with standard error in the workspace's log.
pub(crate) fn command(place: &Place, log: &str) -> Answer<Command> {
    let mut command = Command::new(place.cli()?);
    command
        .arg("--workspace")
        .arg(&place.workspace)
        .arg("--json");
    if place.key.get().is_some() {
        // What it says may hold conversations: for a protected workspace it is never stored unencrypted.
        command.arg("--key-stdin").stderr(Stdio::null());
        return Ok(command);
    }
    command.stderr(log_file(place, log).map_or_else(Stdio::null, Stdio::from));
    Ok(command)
}

/// Starts a process that reads nothing but the key of its workspace, if that has one.
pub(crate) fn begin(place: &Place, command: &mut Command) -> Answer<Child> {
    let stdin = match place.key.get() {
        Some(_) => Stdio::piped(),
        None => Stdio::null(),
    };
    let mut child = command
        .stdin(stdin)
        .spawn()
        .map_err(|error| not_started(&error))?;
    if let Some(mut stdin) = child.stdin.take() {
        give_key(place, &mut stdin);
    }
    Ok(child)
}

/// Hands a process the key of its workspace; of a plain one, nothing.
fn give_key(place: &Place, stdin: &mut ChildStdin) {
    if let Some(key) = place.key.get() {
        // A process that has ended already says itself why.
        let _ended = writeln!(stdin, "{}", &*key.to_hex());
    }
}

/// A log that cannot be written is no loss: what matters goes to standard output.
fn log_file(place: &Place, name: &str) -> Option<File> {
    private::create_folder(&logs(place)).ok()?;
    let path = logs(place).join(name);
    private::options(&path)
        .create(true)
        .append(true)
        .open(path)
        .ok()
}

fn logs(place: &Place) -> PathBuf {
    place.workspace.join("logs")
}

pub(crate) fn not_started(error: &std::io::Error) -> AppError {
    ShellProblem::WindowWorkerStart {
        reason: error.to_string(),
    }
    .into()
}

pub(crate) fn silent(place: &Place) -> AppError {
    ShellProblem::WindowWorkerStopped {
        logs: logs(place).display().to_string(),
    }
    .into()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Mutex;

    use contract::ErrorCode;
    use serde::de::IgnoredAny;
    use serde_json::json;

    use super::*;
    use crate::dto::ToldError;

    /// A workspace with a shell script in the place of the binary.
    fn place(script: &str) -> (tempfile::TempDir, Place) {
        let folder = tempfile::tempdir().unwrap();
        let cli = folder.path().join("duologue");
        std::fs::write(&cli, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&cli, std::fs::Permissions::from_mode(0o755)).unwrap();
        let workspace = folder.path().join("workspace");
        (
            folder,
            Place {
                workspace,
                cli: Some(cli),
                bundle: None,
                read_only: false,
                missing: None,
                key: crate::place::Unlocked::default(),
            },
        )
    }

    #[test]
    fn result_is_taken_although_a_child_holds_the_pipe() {
        let (_folder, place) = place(
            "sleep 20 & echo '{\"event\":\"result\",\"run\":\"r-1\",\"status\":\"started\"}'",
        );
        let begun = std::time::Instant::now();
        let started: contract::Started = ask(&place, &["run".into()]).unwrap();
        assert_eq!(started.run, "r-1");
        assert!(begun.elapsed().as_secs() < 10);
    }

    #[test]
    fn an_error_keeps_its_code_and_fix() {
        let (_folder, place) = place(
            "echo '{\"event\":\"error\",\"code\":\"too_few_rows\",\"message\":\"few\",\"fix\":\"more\"}'; exit 2",
        );
        let error = ask::<IgnoredAny>(&place, &[]).unwrap_err();
        assert_eq!(
            error,
            AppError::Told(ToldError {
                code: ErrorCode::TooFewRows,
                message: "Few.".to_owned(),
                fix: "More.".to_owned(),
            })
        );
    }

    #[test]
    fn a_crash_is_named() {
        let (_folder, place) = place("echo noise; kill -9 $$");
        assert_eq!(
            ask::<IgnoredAny>(&place, &[]).unwrap_err().code(),
            ErrorCode::WindowWorkerStopped
        );
    }

    #[test]
    fn an_answer_of_another_shape_is_refused() {
        let read = |line: &str| last_line::<contract::Plan>(line).unwrap();
        let sheet = read(r#"{"event":"result","verdict":"ready"}"#);
        assert_eq!(sheet.unwrap_err().code(), ErrorCode::WindowWorkerAnswer);
        let whole = json!({"event": "result", "schema": 1, "verdict": "not_ready", "missing": [{"case": "memory", "need_bytes": 3, "free_bytes": 2}], "parameters": 7,
            "examples": {"shots": 4, "validation": 2, "test": 1, "shots_at_most": 100, "validation_at_most": 100, "unsummarised": 0},
            "probed": true, "recompute": false, "tokens_per_microbatch": 512, "generate_batch_size": 8, "peak_bytes": 9, "disk_bytes": 8, "seconds": 1.5,
            "stages": [{"name": "topics", "peak_bytes": 1, "disk_bytes": 2, "seconds": 0.5}], "systems": [],
            "offers": [{"change": {"case": "settings", "settings": [{"key": "generate_batch_size", "value": "8"}]}, "price": "rounding", "peak_bytes": 1, "seconds": 1.0, "fits": true}],
            "budget": null, "machine": {"memory_free_bytes": null, "disk_free_bytes": 5, "threads": 2}});
        let sheet = read(&whole.to_string()).unwrap();
        assert_eq!((sheet.stages.len(), sheet.machine.threads), (1, 2));
    }

    #[test]
    fn demo_streams_and_keeps_the_process() {
        let (folder, place) = place(
            "echo start >> \"$(dirname \"$0\")/starts\"\nwhile read -r line; do\necho '{\"event\":\"token\",\"text\":\"A \"}'\n\
             echo '{\"event\":\"summary\",\"summary\":\"A b\",\"prompt_tokens\":3,\"new_tokens\":2,\"ttft_ms\":1.5,\"tokens_per_s\":9}'\ndone",
        );
        let demo = Demo::default();
        let choice = DemoChoice {
            model: "m".into(),
            run: None,
            system: contract::System::MrdsSeparate,
            device: "cpu".into(),
        };
        for _ in 0..2 {
            let events = Mutex::new(Vec::new());
            demo.summarize(&place, choice.clone(), "A: b", |event| {
                events.lock().unwrap().push(event)
            })
            .unwrap();
            let events = events.into_inner().unwrap();
            assert!(matches!(&events[0], DemoEvent::Token { text } if text == "A "));
            assert!(matches!(
                &events[1],
                DemoEvent::Summary { new_tokens: 2, .. }
            ));
        }
        assert_eq!(
            std::fs::read_to_string(folder.path().join("starts")).unwrap(),
            "start\n"
        );
        demo.close();
    }
}
