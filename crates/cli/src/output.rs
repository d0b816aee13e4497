//! Standard output: JSON Lines with `--json`, else text for people. A reader that has gone away is not an error; a line
//! that could not be written for another reason (a full disk) is.

use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

use contract::ErrorReport;
use serde::Serialize;

/// A result or an error with what every last line has.
#[derive(Serialize)]
struct LastLine<'a, T> {
    event: &'static str,
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'static str>,
    #[serde(flatten)]
    answer: &'a T,
}

/// A line with its time.
#[derive(Serialize)]
struct Timed<'a, T> {
    #[serde(flatten)]
    line: &'a T,
    at_ms: i64,
}

/// Where results go.
pub(crate) struct Output {
    pub(crate) json: bool,
    command: &'static str,
    lost: OnceLock<std::io::Error>,
}

impl Output {
    pub(crate) fn new(json: bool, command: &'static str) -> Self {
        Self {
            json,
            command,
            lost: OnceLock::new(),
        }
    }

    /// Why a line could not be written, where one could not.
    pub(crate) fn lost(&self) -> Option<&std::io::Error> {
        self.lost.get()
    }

    /// One JSON line, only with `--json`. A worker's lines are the log of its run: each says when.
    pub(crate) fn line(&self, value: &impl Serialize) {
        if !self.json {
            return;
        }
        let line = match self.command {
            "worker" => serde_json::to_string(&Timed {
                line: value,
                at_ms: host::clock::now_ms(),
            }),
            _ => serde_json::to_string(value),
        };
        // Only a map whose keys are not strings cannot be written, and we have no such map.
        if let Ok(line) = line {
            self.write(&line);
        }
    }

    /// One line for people, only without `--json`.
    pub(crate) fn text(&self, text: impl AsRef<str>) {
        if !self.json {
            self.write(text.as_ref());
        }
    }

    /// The last line of a successful command.
    pub(crate) fn result(&self, answer: &impl Serialize) {
        self.line(&LastLine {
            event: "result",
            schema: 1,
            command: Some(self.command),
            answer,
        });
    }

    /// The last line of a failed command.
    pub(crate) fn error(&self, report: &ErrorReport) {
        if self.json {
            self.line(&LastLine {
                event: "error",
                schema: 1,
                command: None,
                answer: report,
            });
            return;
        }
        note(&format!("duologue: {}", report.message));
        if !report.fix.is_empty() {
            note(&format!("What to do: {}", report.fix));
        }
    }

    fn write(&self, line: &str) {
        let mut out = std::io::stdout().lock();
        if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush())
            && error.kind() != ErrorKind::BrokenPipe
        {
            let _first = self.lost.set(error);
        }
    }
}

/// A line on standard error.
pub(crate) fn note(text: &str) {
    let _closed = writeln!(std::io::stderr().lock(), "{text}");
}
