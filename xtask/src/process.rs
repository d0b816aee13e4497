//! Running other programs: with their output on the terminal, or with each line inspected on its way there.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::place::Place;

/// How long output is still read after a program has ended. A grandchild left behind can hold the pipe open.
const DRAIN: Duration = Duration::from_secs(3);

/// A command that runs in the repository and builds into its target folder.
pub(crate) fn command<S: AsRef<OsStr>>(place: &Place, program: &str, arguments: &[S]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&place.root)
        .env("CARGO_TARGET_DIR", &place.target);
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo(place: &Place, arguments: &[&str]) -> Command {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(place, &cargo, arguments)
}

/// npm, under the name it has on this system.
pub(crate) fn npm(place: &Place, arguments: &[&str]) -> Command {
    command(
        place,
        if cfg!(windows) { "npm.cmd" } else { "npm" },
        arguments,
    )
}

/// Runs a program with its output on the terminal; an error names the command and its exit status.
pub(crate) fn run(mut command: Command) -> Result<()> {
    say!("   $ {}", line(&command));
    let status = command.status().with_context(|| not_started(&command))?;
    if !status.success() {
        bail!(
            "`{}` failed ({status}); its own message is above",
            line(&command)
        );
    }
    Ok(())
}

/// Starts a program with its output on the terminal and does not wait for it.
pub(crate) fn start(command: &mut Command) -> Result<Child> {
    say!("   $ {}", line(command));
    command.spawn().with_context(|| not_started(command))
}

/// Runs a program and returns its standard output; `None` where it is missing or fails.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a program, prints each line of its standard output and hands it to `look`; returns whether it succeeded.
pub(crate) fn watch(mut command: Command, mut look: impl FnMut(&str)) -> Result<bool> {
    say!("   $ {}", line(&command));
    let mut child = command
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()
        .with_context(|| not_started(&command))?;
    let lines = read_lines(
        child
            .stdout
            .take()
            .context("a piped program has no output")?,
    );
    let mut show = |line: String| {
        say!("{line}");
        look(&line);
    };
    let status = loop {
        match lines.recv_timeout(Duration::from_millis(200)) {
            Ok(line) => show(line),
            Err(RecvTimeoutError::Disconnected) => break child.wait()?,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(status) = child.try_wait()? {
                    break status;
                }
            }
        }
    };
    let end = Instant::now() + DRAIN;
    while let Ok(line) = lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
        show(line);
    }
    Ok(status.success())
}

/// Lines of a pipe, read on a thread of their own so that the reader may stop before the pipe closes.
fn read_lines(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut bytes = Vec::new();
        while matches!(pipe.read_until(b'\n', &mut bytes), Ok(read) if read > 0) {
            let line = String::from_utf8_lossy(&bytes)
                .trim_end_matches(['\n', '\r'])
                .to_owned();
            if sender.send(line).is_err() {
                break;
            }
            bytes.clear();
        }
    });
    receiver
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| quoted(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}

fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains(char::is_whitespace) {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

fn not_started(command: &Command) -> String {
    format!(
        "`{}` could not be started; is it installed and on the PATH?",
        command.get_program().to_string_lossy()
    )
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_are_seen_and_the_status_is_kept() {
        let mut seen = Vec::new();
        assert!(
            !watch(shell("echo one; printf two; exit 3"), |line| seen
                .push(line.to_owned()))
            .unwrap()
        );
        assert_eq!(seen, ["one", "two"]);
    }

    #[test]
    fn a_grandchild_that_keeps_the_pipe_open_does_not_hold_the_step() {
        let start = Instant::now();
        assert!(watch(shell("sleep 20 & echo done"), |_| {}).unwrap());
        assert!(start.elapsed() < Duration::from_secs(15));
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(shell("exit 1")).unwrap_err().to_string();
        assert!(error.contains("sh -c 'exit 1'"), "{error}");
    }
}
